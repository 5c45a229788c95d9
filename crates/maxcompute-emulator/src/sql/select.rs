//! SELECT: partitions are chosen by their values, rows by comparisons, columns by name.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
};
use arrow_buffer::BooleanBuffer;
use arrow_schema::{Field, Schema};
use arrow_select::filter::filter_record_batch;
use maxcompute::types::{Column, TableSchema, Type};

use super::condition::passing;
use super::literal;
use super::sink::{Csv, RowSink};
use super::statement::{Condition, Item, Literal, Query};
use super::{Output, ResultRows, Session, SqlError};
use crate::arrow_rows::Batches;
use crate::names::Spec;
use crate::record::{Layout, Projection};
use crate::store::{RowRange, Snapshot, write_rows};

const BATCH_ROWS: u64 = 4096;

/// Runs a query and keeps its rows.
pub(super) fn select(session: &Session, query: &Query) -> Result<Output, SqlError> {
    let plan = Plan::new(session, query)?;
    let columns = plan.columns.clone();
    let mut sink = RowSink::new(session.store, &columns)?;
    let mut csv = Csv::new(&columns);
    plan.run(|batch| {
        sink.take(batch)?;
        csv.take(batch)
    })?;
    let segment = sink.finish()?;
    segment.doom();
    let schema = TableSchema {
        columns,
        partition_keys: Vec::new(),
    };
    Ok(Output::Rows(ResultRows {
        schema,
        segment: Arc::new(segment),
        csv: csv.into_text(),
    }))
}

/// Where a column of the result comes from.
enum Origin {
    /// A data column, by its index in the table.
    Data(usize),
    /// A partition key, by its index.
    Key(usize),
    Constant(Literal),
}

/// A query whose names were found.
pub(super) struct Plan<'a> {
    /// The columns of the result.
    pub(super) columns: Vec<Column>,
    origins: Vec<Origin>,
    counts_rows: bool,
    schema: TableSchema,
    partitions: Vec<(Spec, Snapshot)>,
    data_conditions: Vec<(usize, &'a Condition)>,
    limit: u64,
}

impl<'a> Plan<'a> {
    pub(super) fn new(session: &Session, query: &'a Query) -> Result<Self, SqlError> {
        let mut plan = Self {
            columns: Vec::new(),
            origins: Vec::new(),
            counts_rows: false,
            schema: TableSchema::default(),
            partitions: Vec::new(),
            data_conditions: Vec::new(),
            limit: query.limit.unwrap_or(u64::MAX),
        };
        if let Some(name) = &query.table {
            let table = session.stored_table(name)?;
            plan.schema = table.definition().schema.clone();
            plan.partitions = table.snapshots()?;
        }
        plan.choose_items(&query.items)?;
        let key_conditions = plan.place_conditions(&query.conditions)?;
        let full_scan = session.setting("odps.sql.allow.fullscan") == Some("true");
        if plan.schema.is_partitioned() && key_conditions.is_empty() && !full_scan {
            return Err(SqlError::semantic(
                "physical plan generation failed: the table is full scan with all partitions, \
                 please specify partition predicates",
            ));
        }
        plan.prune(&key_conditions)?;
        Ok(plan)
    }

    fn find(&self, name: &str) -> Result<(Origin, &Column), SqlError> {
        let same = |column: &Column| column.name.eq_ignore_ascii_case(name);
        if let Some(index) = self.schema.columns.iter().position(same) {
            return Ok((Origin::Data(index), &self.schema.columns[index]));
        }
        if let Some(index) = self.schema.partition_keys.iter().position(same) {
            return Ok((Origin::Key(index), &self.schema.partition_keys[index]));
        }
        Err(SqlError::semantic(format!(
            "column {name} cannot be resolved"
        )))
    }

    fn choose_items(&mut self, items: &[Item]) -> Result<(), SqlError> {
        for (number, item) in items.iter().enumerate() {
            let unnamed = |alias: &Option<String>| alias.clone().unwrap_or(format!("_c{number}"));
            let (origin, name, kind) = match item {
                Item::All => {
                    self.choose_all()?;
                    continue;
                }
                Item::Column { name, alias } => {
                    let (origin, column) = self.find(name)?;
                    let name = alias.clone().unwrap_or(column.name.clone());
                    (origin, name, column.r#type.clone())
                }
                Item::Count { alias } if items.len() == 1 => {
                    self.counts_rows = true;
                    (
                        Origin::Constant(Literal::Null),
                        unnamed(alias),
                        Type::BigInt,
                    )
                }
                Item::Count { .. } => {
                    return Err(SqlError::semantic("COUNT(*) stands alone here"));
                }
                Item::Constant { value, alias } => (
                    Origin::Constant(value.clone()),
                    unnamed(alias),
                    value.natural_type(),
                ),
            };
            self.origins.push(origin);
            self.columns.push(Column::new(name, kind));
        }
        Ok(())
    }

    fn choose_all(&mut self) -> Result<(), SqlError> {
        if self.schema.columns.is_empty() {
            return Err(SqlError::semantic("there is no table for *"));
        }
        for (index, column) in self.schema.columns.iter().enumerate() {
            self.origins.push(Origin::Data(index));
            self.columns
                .push(Column::new(&column.name, column.r#type.clone()));
        }
        for (index, key) in self.schema.partition_keys.iter().enumerate() {
            self.origins.push(Origin::Key(index));
            self.columns
                .push(Column::new(&key.name, key.r#type.clone()));
        }
        Ok(())
    }

    /// Keeps the conditions on data and returns those on partition keys.
    fn place_conditions(
        &mut self,
        conditions: &'a [Condition],
    ) -> Result<Vec<(usize, &'a Condition)>, SqlError> {
        let mut on_keys = Vec::new();
        for condition in conditions {
            match self.find(&condition.column)?.0 {
                Origin::Data(index) => self.data_conditions.push((index, condition)),
                Origin::Key(index) => on_keys.push((index, condition)),
                Origin::Constant(_) => {}
            }
        }
        Ok(on_keys)
    }

    fn prune(&mut self, conditions: &[(usize, &Condition)]) -> Result<(), SqlError> {
        let mut kept = Vec::new();
        'partitions: for (spec, snapshot) in std::mem::take(&mut self.partitions) {
            for (index, condition) in conditions {
                let kind = &self.schema.partition_keys[*index].r#type;
                let value = key_array(&spec.values()[*index], kind, 1)?;
                if !passing(&condition.test, &value, kind)?.value(0) {
                    continue 'partitions;
                }
            }
            kept.push((spec, snapshot));
        }
        self.partitions = kept;
        Ok(())
    }

    /// The data columns that must be read, in table order.
    fn needed(&self) -> Vec<usize> {
        let mut needed = BTreeSet::new();
        for origin in &self.origins {
            if let Origin::Data(index) = origin {
                needed.insert(*index);
            }
        }
        for (index, _) in &self.data_conditions {
            needed.insert(*index);
        }
        needed.into_iter().collect()
    }

    /// Hands the rows of the result on, in batches.
    pub(super) fn run(
        &self,
        mut take: impl FnMut(&RecordBatch) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let mut counted = 0;
        let mut left = self.limit;
        if self.schema.columns.is_empty() && left > 0 {
            return take(&self.assemble(None, &Spec::default(), 1)?);
        }
        for (spec, snapshot) in &self.partitions {
            if self.counts_rows && self.data_conditions.is_empty() {
                counted += snapshot.row_count();
                continue;
            }
            let wanted = if self.counts_rows { u64::MAX } else { left };
            self.scan(snapshot, wanted, |batch, row_count| {
                if self.counts_rows {
                    counted += row_count as u64;
                    return Ok(());
                }
                let row_count = row_count.min(usize::try_from(left).unwrap_or(usize::MAX));
                if row_count == 0 {
                    return Ok(());
                }
                left -= row_count as u64;
                take(&self.assemble(batch, spec, row_count)?)
            })?;
        }
        if self.counts_rows && self.limit > 0 {
            let count: ArrayRef = Arc::new(Int64Array::from(vec![counted as i64]));
            take(&self.batch(vec![count], 1)?)?;
        }
        Ok(())
    }

    /// Reads the rows of one partition that pass the conditions on data: the needed columns and the number of rows.
    fn scan(
        &self,
        snapshot: &Snapshot,
        limit: u64,
        mut take: impl FnMut(Option<&RecordBatch>, usize) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let mut count = snapshot.row_count();
        if self.data_conditions.is_empty() {
            count = count.min(limit);
        }
        let needed = self.needed();
        if needed.is_empty() {
            for start in (0..count).step_by(BATCH_ROWS as usize) {
                take(None, BATCH_ROWS.min(count - start) as usize)?;
            }
            return Ok(());
        }
        let columns: Vec<Column> = needed
            .iter()
            .map(|index| self.schema.columns[*index].clone())
            .collect();
        let layout = Layout::new(&self.schema.columns);
        let projection = Projection::new(&layout, needed.clone());
        let mut failed = None;
        let mut batches = Batches::new(&columns, |batch| {
            let filtered = self
                .filter(&batch, &needed)
                .and_then(|rows| take(Some(&rows), rows.num_rows()));
            filtered.map_err(|error| {
                let shown = error.to_string();
                failed = Some(error);
                std::io::Error::other(shown)
            })
        });
        let range = RowRange { start: 0, count };
        let read = write_rows(
            &snapshot.segments,
            &layout,
            range,
            Some(projection),
            &mut batches,
        )
        .and_then(|()| batches.finish());
        match (failed, read) {
            (Some(error), _) => Err(error),
            (None, read) => Ok(read?),
        }
    }

    fn filter(&self, batch: &RecordBatch, needed: &[usize]) -> Result<RecordBatch, SqlError> {
        let mut mask = BooleanBuffer::new_set(batch.num_rows());
        for (column, condition) in &self.data_conditions {
            let Some(place) = needed.iter().position(|index| index == column) else {
                continue;
            };
            let kind = &self.schema.columns[*column].r#type;
            mask = &mask & &passing(&condition.test, batch.column(place), kind)?;
        }
        filter_record_batch(batch, &BooleanArray::new(mask, None)).map_err(SqlError::internal)
    }

    /// Rows of the result from rows of the needed columns.
    fn assemble(
        &self,
        batch: Option<&RecordBatch>,
        spec: &Spec,
        row_count: usize,
    ) -> Result<RecordBatch, SqlError> {
        let needed = self.needed();
        let mut arrays = Vec::with_capacity(self.origins.len());
        for (origin, column) in self.origins.iter().zip(&self.columns) {
            arrays.push(match (origin, batch) {
                (Origin::Data(index), Some(batch)) => {
                    let place = needed.partition_point(|needed| needed < index);
                    batch.column(place).slice(0, row_count)
                }
                (Origin::Key(index), _) => {
                    key_array(&spec.values()[*index], &column.r#type, row_count)?
                }
                (Origin::Constant(value), _) => {
                    literal::array(&column.r#type, std::iter::repeat_n(value, row_count))?
                }
                (Origin::Data(_), None) => return Err(SqlError::internal("a column was not read")),
            });
        }
        self.batch(arrays, row_count)
    }

    fn batch(&self, arrays: Vec<ArrayRef>, row_count: usize) -> Result<RecordBatch, SqlError> {
        let fields: Vec<Field> = self.columns.iter().map(Column::to_arrow).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(row_count));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
            .map_err(SqlError::internal)
    }
}

fn key_array(value: &str, kind: &Type, row_count: usize) -> Result<ArrayRef, SqlError> {
    literal::from_texts(kind, StringArray::from(vec![value; row_count]))
}
