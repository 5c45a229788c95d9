//! INSERT INTO and INSERT OVERWRITE into a table or one partition.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, new_null_array};
use arrow_schema::{Field, Schema};
use maxcompute::types::Column;

use super::literal;
use super::select::Plan;
use super::sink::RowSink;
use super::statement::{Insert, Literal, Source};
use super::{Output, Session, SqlError};
use crate::clock::now_seconds;
use crate::names::{Spec, new_id};
use crate::store::{Staged, StoreError};

pub(super) fn insert(session: &Session, insert: Insert) -> Result<Output, SqlError> {
    let table = session.stored_table(&insert.table)?;
    let definition = table.definition();
    let spec = Spec::resolve(&insert.partition, &definition.schema.partition_keys)
        .map_err(SqlError::semantic)?;
    let target = Target::new(&definition.schema.columns, &insert.columns)?;
    let mut sink = RowSink::new(session.store, target.columns)?;
    match &insert.source {
        Source::Values(rows) => sink.take(&target.constants(rows)?)?,
        Source::Select(query) => {
            let plan = Plan::new(session, query)?;
            target.expect(plan.columns.len())?;
            plan.run(|batch| sink.take(&target.converted(batch)?))?;
        }
    }
    let segment = sink.finish()?;
    segment.doom();
    match table.add_partition(&spec, now_seconds()) {
        // The partition, or the whole of an unpartitioned table, was there before.
        Ok(()) | Err(StoreError::PartitionExists(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let id = new_id();
    let staged = Staged {
        path: segment.path().to_owned(),
        name: id.clone(),
    };
    table.write(&spec, insert.mode, &[staged], &id)?;
    Ok(Output::Text(String::new()))
}

/// The columns of the table and which of them get values.
struct Target<'a> {
    columns: &'a [Column],
    /// For each column of the table the place of its value, none for NULL.
    places: Vec<Option<usize>>,
    value_count: usize,
}

impl<'a> Target<'a> {
    fn new(columns: &'a [Column], named: &[String]) -> Result<Self, SqlError> {
        if named.is_empty() {
            let places = (0..columns.len()).map(Some).collect();
            return Ok(Self {
                columns,
                places,
                value_count: columns.len(),
            });
        }
        let mut places = vec![None; columns.len()];
        for (place, name) in named.iter().enumerate() {
            let index = columns
                .iter()
                .position(|column| column.name.eq_ignore_ascii_case(name))
                .ok_or_else(|| SqlError::semantic(format!("column {name} cannot be resolved")))?;
            if places[index].replace(place).is_some() {
                return Err(SqlError::semantic(format!("column {name} is named twice")));
            }
        }
        Ok(Self {
            columns,
            places,
            value_count: named.len(),
        })
    }

    fn expect(&self, count: usize) -> Result<(), SqlError> {
        if count == self.value_count {
            return Ok(());
        }
        Err(SqlError::semantic(format!(
            "wrong columns count {count} in data source, requires {}",
            self.value_count
        )))
    }

    fn constants(&self, rows: &[Vec<Literal>]) -> Result<RecordBatch, SqlError> {
        for row in rows {
            self.expect(row.len())?;
        }
        let mut arrays = Vec::with_capacity(self.columns.len());
        for (column, place) in self.columns.iter().zip(&self.places) {
            arrays.push(match place {
                Some(place) => literal::array(&column.r#type, rows.iter().map(|row| &row[*place]))?,
                None => new_null_array(&column.r#type.to_arrow(), rows.len()),
            });
        }
        self.batch(arrays)
    }

    fn converted(&self, batch: &RecordBatch) -> Result<RecordBatch, SqlError> {
        let mut arrays = Vec::with_capacity(self.columns.len());
        for (column, place) in self.columns.iter().zip(&self.places) {
            let target = column.r#type.to_arrow();
            arrays.push(match place {
                Some(place) => literal::convert(batch.column(*place), &target, &column.r#type)?,
                None => new_null_array(&target, batch.num_rows()),
            });
        }
        self.batch(arrays)
    }

    fn batch(&self, arrays: Vec<ArrayRef>) -> Result<RecordBatch, SqlError> {
        let fields: Vec<Field> = self.columns.iter().map(Column::to_arrow).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(SqlError::internal)
    }
}
