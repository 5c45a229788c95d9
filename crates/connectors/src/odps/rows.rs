//! From a batch as the engine gives it to rows as the table stores them.
//!
//! Owns what happens to values on the way: columns that the job leaves out, empty and overlong text,
//! and the separation of rows that the table would refuse. Works on whole columns.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringArray, new_null_array,
};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use maxcompute::record::check_with_limit;
use maxcompute::types::{Column, Type};
use sdk::{Error, RefusedRow, Result};

use super::config::{LongText, OverLengthRule};

/// Bytes that rows of NULL may take at once: columns that the job leaves out are NULL, so a narrow batch
/// can become very wide.
const WIDE_BYTES: usize = 4 << 20;

/// How rows of a job become rows of the table.
#[derive(Debug)]
pub(super) struct RowForm {
    columns: Vec<Column>,
    types: Vec<Type>,
    schema: SchemaRef,
    /// Per column of the table, its place in the job's batches.
    sources: Vec<Option<usize>>,
    empty_as_null: bool,
    long_text: LongText,
    max_field_bytes: usize,
}

/// What the job says about values.
#[derive(Debug, Clone)]
pub(super) struct ValueRules {
    pub empty_as_null: bool,
    pub long_text: LongText,
    /// The service's own limit.
    pub max_field_bytes: usize,
}

/// Rows ready to be encoded, and rows that must not be.
#[derive(Debug)]
pub(super) struct Sorted {
    pub rows: RecordBatch,
    pub refused: Vec<RefusedRow>,
}

impl RowForm {
    /// `chosen` are indexes into the table's data columns, in the order of the job's columns.
    pub(super) fn new(columns: Vec<Column>, chosen: &[usize], rules: ValueRules) -> Self {
        let mut sources = vec![None; columns.len()];
        for (place, column) in chosen.iter().enumerate() {
            sources[*column] = Some(place);
        }
        let fields: Vec<Field> = columns
            .iter()
            .map(|column| Field::new(&column.name, column.r#type.to_arrow(), true))
            .collect();
        RowForm {
            types: columns.iter().map(|column| column.r#type.clone()).collect(),
            schema: Arc::new(Schema::new(fields)),
            columns,
            sources,
            empty_as_null: rules.empty_as_null,
            long_text: rules.long_text,
            max_field_bytes: rules.max_field_bytes,
        }
    }

    /// The types of all data columns, in table order.
    pub(super) fn types(&self) -> &[Type] {
        &self.types
    }

    /// How many rows to bring into table form at once.
    pub(super) fn rows_at_once(&self) -> usize {
        let row_bytes: usize = self.types.iter().map(Type::array_bytes).sum();
        (WIDE_BYTES / row_bytes.max(1)).max(1)
    }

    /// Brings a batch into table form and takes out the rows that the table would refuse.
    pub(super) fn sort(&self, batch: &RecordBatch) -> Result<Sorted> {
        let row_count = batch.num_rows();
        let columns = self
            .sources
            .iter()
            .zip(&self.columns)
            .map(|(source, column)| match source {
                None => new_null_array(&column.r#type.to_arrow(), row_count),
                Some(place) => self.tidy(batch.column(*place), &column.r#type),
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(row_count));
        let rows = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        let faults = self.faults(&rows)?;
        if faults.is_empty() {
            return Ok(Sorted {
                rows,
                refused: Vec::new(),
            });
        }
        let given = Arc::new(batch.clone());
        let mut keep = vec![true; row_count];
        let mut refused = Vec::with_capacity(faults.len());
        for (row, column, reason) in faults {
            // The first fault of a row stands for the row.
            if std::mem::replace(&mut keep[row], false) {
                refused.push(RefusedRow {
                    batch: given.clone(),
                    row,
                    column: Some(self.columns[column].name.clone()),
                    reason,
                });
            }
        }
        let rows = filter_record_batch(&rows, &BooleanArray::from(keep))?;
        Ok(Sorted { rows, refused })
    }

    /// Row, column and reason of every cell that the table refuses, ordered by row.
    fn faults(&self, rows: &RecordBatch) -> Result<Vec<(usize, usize, String)>> {
        let mut faults: Vec<(usize, usize, String)> =
            check_with_limit(&self.types, rows, self.max_field_bytes)
                .map_err(|error| Error::internal("a batch does not fit the table").source(error))?
                .into_iter()
                .map(|cell| (cell.row, cell.column, cell.reason))
                .collect();
        for (index, (column, array)) in self.columns.iter().zip(rows.columns()).enumerate() {
            if column.nullable || array.null_count() == 0 {
                continue;
            }
            let nulls = (0..array.len()).filter(|row| array.is_null(*row));
            faults.extend(nulls.map(|row| (row, index, "NULL in a NOT NULL column".to_string())));
        }
        faults.sort_by_key(|(row, column, _)| (*row, *column));
        Ok(faults)
    }

    /// Applies `emptyAsNull` and `overLengthRule` to a text column.
    fn tidy(&self, array: &ArrayRef, r#type: &Type) -> ArrayRef {
        let is_text = matches!(r#type, Type::String | Type::Varchar(_) | Type::Char(_));
        // A batch of another type than promised is found when the rows are put together.
        if !is_text || array.data_type() != &DataType::Utf8 {
            return array.clone();
        }
        let text = array.as_string::<i32>();
        let limit = usize::try_from(self.long_text.max_field_length).unwrap_or(usize::MAX);
        let too_long = |length: usize| length > limit;
        let shortened = match self.long_text.over_length_rule {
            OverLengthRule::KeepOn => None,
            OverLengthRule::SetNull => with_nulls(text, too_long),
            OverLengthRule::Truncate => lengths(text).any(too_long).then(|| cut(text, limit)),
        };
        let emptied = if self.empty_as_null {
            with_nulls(shortened.as_ref().unwrap_or(text), |length| length == 0)
        } else {
            None
        };
        match emptied.or(shortened) {
            Some(changed) => Arc::new(changed),
            None => array.clone(),
        }
    }
}

fn lengths(text: &StringArray) -> impl Iterator<Item = usize> + '_ {
    text.offsets()
        .windows(2)
        .map(|pair| pair[1].abs_diff(pair[0]) as usize)
}

/// The same text with NULL wherever the length is one of those; `None` if there is no such value.
fn with_nulls(text: &StringArray, is_null: impl Fn(usize) -> bool) -> Option<StringArray> {
    if !lengths(text).any(&is_null) {
        return None;
    }
    let valid: BooleanBuffer = lengths(text).map(|length| !is_null(length)).collect();
    let nulls = NullBuffer::union(Some(&NullBuffer::new(valid)), text.nulls());
    Some(StringArray::new(
        text.offsets().clone(),
        text.values().clone(),
        nulls,
    ))
}

/// Cuts every value at the last whole character within the limit.
fn cut(text: &StringArray, limit: usize) -> StringArray {
    let mut cut = StringBuilder::with_capacity(text.len(), text.values().len());
    for value in text {
        cut.append_option(value.map(|value| &value[..value.floor_char_boundary(limit)]));
    }
    cut.finish()
}

#[cfg(test)]
mod tests {
    use arrow_array::{Int64Array, TimestampMillisecondArray};

    use super::*;

    fn column(name: &str, r#type: &str, nullable: bool) -> Column {
        Column {
            nullable,
            ..Column::new(name, r#type.parse().unwrap())
        }
    }

    fn form(empty_as_null: bool, rule: OverLengthRule, limit: u64) -> RowForm {
        let columns = vec![
            column("id", "bigint", false),
            column("name", "string", true),
            column("born", "datetime", true),
            column("tag", "varchar(3)", true),
        ];
        let rules = ValueRules {
            empty_as_null,
            long_text: LongText {
                over_length_rule: rule,
                max_field_length: limit,
            },
            max_field_bytes: 64,
        };
        RowForm::new(columns, &[3, 1, 0], rules)
    }

    fn batch(rows: &[(Option<&str>, Option<&str>, Option<i64>)]) -> RecordBatch {
        let columns: Vec<(&str, ArrayRef)> = vec![
            (
                "tag",
                Arc::new(rows.iter().map(|row| row.0).collect::<StringArray>()),
            ),
            (
                "name",
                Arc::new(rows.iter().map(|row| row.1).collect::<StringArray>()),
            ),
            (
                "id",
                Arc::new(rows.iter().map(|row| row.2).collect::<Int64Array>()),
            ),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    fn names(sorted: &Sorted) -> Vec<Option<&str>> {
        sorted.rows.column(1).as_string::<i32>().iter().collect()
    }

    #[test]
    fn wide_tables_take_few_rows_at_once() {
        let rules = || ValueRules {
            empty_as_null: false,
            long_text: LongText {
                over_length_rule: OverLengthRule::KeepOn,
                max_field_length: 9,
            },
            max_field_bytes: 64,
        };
        let wide = vec![column("c", "bigint", true); 1_200];
        assert_eq!(RowForm::new(wide, &[0], rules()).rows_at_once(), 436);
        assert_eq!(
            RowForm::new(Vec::new(), &[], rules()).rows_at_once(),
            WIDE_BYTES
        );
    }

    #[test]
    fn columns_are_put_into_table_order_and_missing_ones_are_null() {
        let sorted = form(false, OverLengthRule::KeepOn, 9)
            .sort(&batch(&[
                (Some("a"), Some(""), Some(1)),
                (None, None, Some(i64::MAX)),
            ]))
            .unwrap();
        assert!(sorted.refused.is_empty());
        assert_eq!(
            sorted.rows.column(0).as_ref(),
            &Int64Array::from(vec![1, i64::MAX])
        );
        assert_eq!(names(&sorted), [Some(""), None]);
        assert_eq!(
            sorted.rows.column(2).as_ref(),
            &TimestampMillisecondArray::from(vec![None::<i64>, None]).with_timezone("UTC")
        );
        assert_eq!(
            sorted.rows.column(3).as_ref(),
            &StringArray::from(vec![Some("a"), None])
        );
    }

    #[test]
    fn refused_rows_are_taken_out_and_the_rest_is_kept() {
        let given = batch(&[
            (Some("abc"), Some("good"), Some(1)),
            (Some("abcd"), Some("x"), Some(i64::MIN)),
            (None, Some("null id"), None),
            (Some("äöü"), Some("good too"), Some(2)),
            (None, Some(&"x".repeat(65)), Some(3)),
        ]);
        let sorted = form(false, OverLengthRule::KeepOn, 9).sort(&given).unwrap();
        assert_eq!(names(&sorted), [Some("good"), Some("good too")]);
        let refused: Vec<_> = sorted
            .refused
            .iter()
            .map(|row| row.column.as_deref())
            .collect();
        assert_eq!(refused, [Some("id"), Some("id"), Some("name")]);
        assert_eq!(sorted.refused[1].reason, "NULL in a NOT NULL column");
        assert_eq!(*sorted.refused[1].batch, given);
        assert_eq!(sorted.refused[1].row, 2);
    }

    #[test]
    fn empty_and_overlong_text_follow_the_rules() {
        let given = batch(&[
            (None, Some(""), Some(1)),
            (Some(""), Some("aä"), Some(2)),
            (None, None, Some(3)),
        ]);
        let given = given.slice(0, 3);
        let sort = |empty: bool, rule: OverLengthRule, limit: u64| {
            form(empty, rule, limit).sort(&given).unwrap()
        };
        assert_eq!(
            names(&sort(true, OverLengthRule::KeepOn, 1)),
            [None, Some("aä"), None]
        );
        assert_eq!(
            names(&sort(false, OverLengthRule::Truncate, 2)),
            [Some(""), Some("a"), None]
        );
        assert_eq!(
            names(&sort(false, OverLengthRule::SetNull, 2)),
            [Some(""), None, None]
        );
        assert_eq!(
            names(&sort(true, OverLengthRule::SetNull, 3)),
            [None, Some("aä"), None]
        );
        assert_eq!(
            names(&sort(true, OverLengthRule::Truncate, 2)),
            [None, Some("a"), None]
        );
        assert_eq!(
            names(
                &form(true, OverLengthRule::KeepOn, 9)
                    .sort(&given.slice(1, 2))
                    .unwrap()
            ),
            [Some("aä"), None]
        );
    }
}
