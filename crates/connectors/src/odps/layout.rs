//! Which columns a job reads, what is asked of the service for them, and how its batches become the
//! job's batches.
//!
//! The service is always asked in table order, since the clients of the vendor disagree about any
//! other; partition columns never travel and are filled in here.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow_schema::{Schema, SchemaRef};
use arrow_select::filter::filter;
use maxcompute::record::Decoded;
use maxcompute::types::{Column as Stored, PartitionSpec, TableSchema};
use sdk::{
    Column, Error, Kind, ReadBatch, Result, UnreadableRow, cell_to_json, list_names, nearest,
};

use super::typemap;

/// Longer lists of columns are not sent but read whole: the request line of the service is limited.
const MAX_PRUNED_COLUMNS: usize = 100;

/// Where one column of the job comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    /// This column of the answer.
    Answer(usize),
    /// The partition's value of this key.
    Key(String),
}

/// The columns of a read.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    columns: Vec<Column>,
    schema: SchemaRef,
    origins: Vec<Origin>,
    asked: Option<Vec<String>>,
}

impl Layout {
    /// Finds the job's columns among those of the table.
    pub(super) fn new(table: &str, schema: &TableSchema, names: &[String]) -> Result<Layout> {
        let wanted = find_columns(table, schema, names)?;
        let columns: Vec<Column> = wanted
            .iter()
            .map(|found| match found {
                Found::Data(index) => typemap::data_column(&schema.columns[*index]),
                Found::Key(index) => typemap::partition_column(&schema.partition_keys[*index]),
            })
            .collect();
        let mut asked: Vec<usize> = wanted
            .iter()
            .filter_map(|found| match found {
                Found::Data(index) => Some(*index),
                Found::Key(_) => None,
            })
            .collect();
        asked.sort_unstable();
        asked.dedup();
        let asks_all = asked.len() == schema.columns.len() || asked.len() > MAX_PRUNED_COLUMNS;
        if asks_all {
            asked = (0..schema.columns.len()).collect();
        }
        let origins = wanted
            .into_iter()
            .map(|found| match found {
                Found::Data(index) => Origin::Answer(asked.partition_point(|asked| *asked < index)),
                Found::Key(index) => Origin::Key(schema.partition_keys[index].name.clone()),
            })
            .collect();
        let fields: Vec<_> = columns.iter().map(Column::field).collect();
        let names = || {
            asked
                .iter()
                .map(|index| schema.columns[*index].name.clone())
                .collect()
        };
        Ok(Layout {
            columns,
            schema: Arc::new(Schema::new(fields)),
            origins,
            asked: (!asks_all).then(names),
        })
    }

    /// The job's columns.
    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Names of the data columns to ask for, in table order; `None` stands for all.
    pub(super) fn asked(&self) -> Option<&[String]> {
        self.asked.as_deref()
    }

    /// Whether rows need to be fetched at all: partition columns alone are known beforehand.
    pub(super) fn asks_nothing(&self) -> bool {
        self.asked.as_ref().is_some_and(Vec::is_empty)
    }

    /// Rows that consist of partition values only.
    pub(super) fn constants(
        &self,
        row_count: usize,
        partition: Option<&PartitionSpec>,
    ) -> Result<RecordBatch> {
        self.checked(self.arrange(&[], row_count, partition)?, row_count)
    }

    /// Puts an answer into the job's order and takes out the rows that Arrow cannot hold.
    pub(super) fn batch(
        &self,
        decoded: Decoded,
        partition: Option<&PartitionSpec>,
    ) -> Result<ReadBatch> {
        let Decoded { batch, bad_cells } = decoded;
        let row_count = batch.num_rows();
        let columns = self.arrange(batch.columns(), row_count, partition)?;
        if bad_cells.is_empty() {
            return self.checked(columns, row_count).map(ReadBatch::from);
        }
        let mut keep = vec![true; row_count];
        let mut unreadable = Vec::new();
        for cell in bad_cells {
            // A column that the job does not read cannot spoil its rows.
            let Some(place) = self
                .origins
                .iter()
                .position(|origin| *origin == Origin::Answer(cell.column))
            else {
                continue;
            };
            let Some(keep) = keep.get_mut(cell.row) else {
                return Err(Error::internal("a bad cell lies outside its batch"));
            };
            if std::mem::replace(keep, false) {
                let cells = self.columns.iter().zip(&columns);
                unreadable.push(UnreadableRow {
                    column: Some(self.columns[place].name.clone()),
                    reason: cell.reason,
                    row: cells
                        .map(|(column, array)| (column.name.clone(), cell_to_json(array, cell.row)))
                        .collect(),
                });
            }
        }
        let row_count = keep.iter().filter(|keep| **keep).count();
        let keep = BooleanArray::from(keep);
        let columns: std::result::Result<Vec<ArrayRef>, _> =
            columns.iter().map(|array| filter(array, &keep)).collect();
        let batch = self.checked(columns?, row_count)?;
        Ok(ReadBatch { batch, unreadable })
    }

    /// The arrays of an answer in the job's order, with the partition's values among them.
    fn arrange(
        &self,
        answer: &[ArrayRef],
        row_count: usize,
        partition: Option<&PartitionSpec>,
    ) -> Result<Vec<ArrayRef>> {
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.origins.len());
        for origin in &self.origins {
            columns.push(match origin {
                Origin::Answer(index) => answer
                    .get(*index)
                    .ok_or_else(|| {
                        Error::internal("the service sent fewer columns than asked for")
                    })?
                    .clone(),
                Origin::Key(key) => {
                    let value = partition
                        .and_then(|partition| partition.value(key))
                        .ok_or_else(|| {
                            Error::internal(format!("a split does not say its `{key}`"))
                        })?;
                    Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
                        value, row_count,
                    )))
                }
            });
        }
        Ok(columns)
    }

    /// The batch of columns that hold no NULL where the table permits none.
    fn checked(&self, columns: Vec<ArrayRef>, row_count: usize) -> Result<RecordBatch> {
        for (column, array) in self.columns.iter().zip(&columns) {
            if !column.nullable && array.null_count() > 0 {
                return Err(Error::new(
                    Kind::Data,
                    format!(
                        "column `{}` is NOT NULL but the service sent NULL",
                        column.name
                    ),
                ));
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(row_count));
        Ok(RecordBatch::try_new_with_options(
            self.schema.clone(),
            columns,
            &options,
        )?)
    }
}

/// A column of a table, by its index among its like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Data(usize),
    Key(usize),
}

/// Finds columns by their names in any case; `*` stands for all data columns. All names that do not
/// exist are told at once.
pub(super) fn find_columns(
    table: &str,
    schema: &TableSchema,
    names: &[String],
) -> Result<Vec<Found>> {
    let place = |columns: &[Stored], name: &str| {
        columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name))
    };
    let mut found = Vec::with_capacity(names.len());
    let mut unknown = Vec::new();
    for name in names {
        if name == "*" {
            found.extend((0..schema.columns.len()).map(Found::Data));
        } else if let Some(index) = place(&schema.columns, name) {
            found.push(Found::Data(index));
        } else if let Some(index) = place(&schema.partition_keys, name) {
            found.push(Found::Key(index));
        } else {
            unknown.push(name.as_str());
        }
    }
    match unknown.as_slice() {
        [] => Ok(found),
        unknown => Err(no_such_columns(table, schema, unknown)),
    }
}

fn no_such_columns(table: &str, schema: &TableSchema, unknown: &[&str]) -> Error {
    let all = schema.columns.iter().chain(&schema.partition_keys);
    let known: Vec<&str> = all.map(|column| column.name.as_str()).collect();
    let near: Option<Vec<&str>> = unknown
        .iter()
        .map(|name| nearest(name, known.iter().copied()))
        .collect();
    let message = match unknown {
        [one] => format!("column `{one}` does not exist in table `{table}`"),
        many => format!(
            "columns {} do not exist in table `{table}`",
            in_backticks(many)
        ),
    };
    let error = Error::new(Kind::NotFound, message);
    match near {
        Some(near) => error.hint(format!("did you mean {}?", in_backticks(&near))),
        None => error.hint(format!("the table has the columns {}", list_names(known))),
    }
}

fn in_backticks(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    list_names(names.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use arrow_array::Int64Array;
    use maxcompute::record::BadCell;

    use super::*;

    fn schema() -> TableSchema {
        let stored = |name: &str, r#type: &str| Stored::new(name, r#type.parse().unwrap());
        TableSchema {
            columns: vec![
                stored("a", "bigint"),
                stored("b", "bigint"),
                stored("c", "bigint"),
            ],
            partition_keys: vec![stored("pt", "string")],
        }
    }

    fn layout(names: &[&str]) -> Layout {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        Layout::new("t", &schema(), &names).unwrap()
    }

    fn answer(columns: &[&[i64]]) -> RecordBatch {
        RecordBatch::try_from_iter(columns.iter().enumerate().map(|(index, values)| {
            (
                format!("c{index}"),
                Arc::new(Int64Array::from(values.to_vec())) as ArrayRef,
            )
        }))
        .unwrap()
    }

    fn pt(value: &str) -> PartitionSpec {
        PartitionSpec::new([("pt", value)]).unwrap()
    }

    #[test]
    fn columns_are_asked_in_table_order_and_returned_in_job_order() {
        let layout = layout(&["C", "PT", "a", "c"]);
        assert_eq!(
            layout.asked(),
            Some(["a".to_string(), "c".to_string()].as_slice())
        );
        let decoded = Decoded {
            batch: answer(&[&[1, 2], &[5, 6]]),
            bad_cells: Vec::new(),
        };
        let batch = layout.batch(decoded, Some(&pt("x"))).unwrap().batch;
        let names: Vec<_> = batch
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        assert_eq!(names, ["c", "pt", "a", "c"]);
        assert_eq!(batch.column(0).as_ref(), &Int64Array::from(vec![5, 6]));
        assert_eq!(batch.column(1).as_ref(), &StringArray::from(vec!["x", "x"]));
        assert_eq!(batch.column(2).as_ref(), &Int64Array::from(vec![1, 2]));
    }

    #[test]
    fn a_star_stands_for_data_columns_only() {
        let layout = layout(&["*"]);
        assert_eq!(layout.asked(), None);
        assert_eq!(layout.columns().len(), 3);
    }

    #[test]
    fn partition_columns_alone_need_no_data() {
        let layout = layout(&["pt"]);
        assert!(layout.asks_nothing());
        let batch = layout.constants(3, Some(&pt("20240101"))).unwrap();
        assert_eq!(
            batch.column(0).as_ref(),
            &StringArray::from(vec!["20240101"; 3])
        );
    }

    #[test]
    fn bad_cells_take_out_their_rows_once() {
        let bad = |row, column| BadCell {
            row,
            column,
            reason: "not UTF-8".into(),
        };
        let decoded = Decoded {
            batch: answer(&[&[1, 2, 3], &[4, 5, 6]]),
            bad_cells: vec![bad(1, 1), bad(1, 0)],
        };
        let layout = layout(&["b", "PT", "a"]);
        let read = layout.batch(decoded, Some(&pt("x"))).unwrap();
        assert_eq!(read.batch.column(2).as_ref(), &Int64Array::from(vec![1, 3]));
        assert_eq!(read.unreadable.len(), 1);
        assert_eq!(read.unreadable[0].column.as_deref(), Some("b"));
        // A replay takes just the columns of the job.
        assert_eq!(
            serde_json::Value::Object(read.unreadable[0].row.clone()),
            serde_json::json!({"b": 5, "pt": "x", "a": 2})
        );
    }

    #[test]
    fn unknown_columns_are_named_with_the_nearest() {
        let error = Layout::new("t", &schema(), &["ptt".to_string()]).unwrap_err();
        assert_eq!(error.message(), "column `ptt` does not exist in table `t`");
        assert_eq!(error.hint_text(), Some("did you mean `pt`?"));
        let names = ["ptt", "a", "price"].map(str::to_string);
        let error = Layout::new("t", &schema(), &names).unwrap_err();
        assert_eq!(
            error.message(),
            "columns `ptt`, `price` do not exist in table `t`"
        );
        assert_eq!(
            error.hint_text(),
            Some("the table has the columns a, b, c, pt")
        );
    }
}
