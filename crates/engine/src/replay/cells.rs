//! From rows of JSON to a batch of the columns' types.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow_schema::{DataType, Schema};
use sdk::{Column, Extension, ReadBatch, Result, UnreadableRow, bytes_from_json};
use serde_json::Value;

use crate::convert::{BadValue, Conversion, Converted};
use crate::dirty::DirtyRow;

/// Text to the columns' types; rows whose text does not fit stay dirty.
pub(super) fn to_batch(columns: &[Column], rows: Vec<DirtyRow>) -> Result<ReadBatch> {
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    let names: BTreeSet<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut bad: Vec<Option<(String, String)>> = rows
        .iter()
        .map(|row| {
            // A value that would go nowhere: the row is broken still, or a name was mistyped.
            let surplus = row.row.keys().find(|key| !names.contains(key.as_str()))?;
            let reason = format!("there is no column `{surplus}`; take it out of the row");
            Some((surplus.clone(), reason))
        })
        .collect();
    for column in columns {
        let cells = if holds_bytes(column) {
            bytes_of(&rows, &column.name)
        } else {
            texts_of(&rows, &column.name)
        };
        let read_as = Column::new(&column.name, cells.array.data_type().clone());
        let conversion = Conversion::plan(&read_as, column);
        let converted = cells.then(|cells| conversion.apply(cells))?;
        for value in converted.bad {
            bad[value.row].get_or_insert((column.name.clone(), value.reason));
        }
        arrays.push(converted.array);
    }
    let schema = Schema::new(
        columns
            .iter()
            .map(|column| column.field().with_nullable(true))
            .collect::<Vec<_>>(),
    );
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let batch = RecordBatch::try_new_with_options(Arc::new(schema), arrays, &options)?;
    if bad.iter().all(Option::is_none) {
        return Ok(batch.into());
    }
    let good = bad.iter().map(|bad| Some(bad.is_none())).collect();
    let unreadable = rows.into_iter().zip(bad).filter_map(|(row, bad)| {
        let (column, reason) = bad?;
        Some(UnreadableRow {
            column: Some(column),
            reason,
            row: row.row,
        })
    });
    Ok(ReadBatch {
        batch: arrow_select::filter::filter_record_batch(&batch, &good)?,
        unreadable: unreadable.collect(),
    })
}

/// Whether a row shows the column's values as bytes. A UUID is sixteen of them, but shown as text.
fn holds_bytes(column: &Column) -> bool {
    match column.data_type {
        DataType::FixedSizeBinary(_) => column.extension != Some(Extension::Uuid),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        _ => false,
    }
}

fn bytes_of(rows: &[DirtyRow], column: &str) -> Converted {
    let (cells, bad) = cells_of(rows, column, |cell| {
        let bytes = bytes_from_json(cell);
        bytes.ok_or(r#"bytes are written as {"hex": "00ff"}"#)
    });
    Converted {
        array: Arc::new(BinaryArray::from_iter(cells)),
        bad,
    }
}

fn texts_of(rows: &[DirtyRow], column: &str) -> Converted {
    let (cells, bad) = cells_of(rows, column, |cell| match cell {
        Value::String(text) => Ok(text.clone()),
        other if shows_bytes(other) => Err("bytes inside another value cannot be fed back"),
        other => Ok(other.to_string()),
    });
    Converted {
        array: Arc::new(StringArray::from_iter(cells)),
        bad,
    }
}

/// A column's cells. One that a row does not have is bad: nobody knows that it was NULL.
fn cells_of<T>(
    rows: &[DirtyRow],
    column: &str,
    read: impl Fn(&Value) -> std::result::Result<T, &'static str>,
) -> (Vec<Option<T>>, Vec<BadValue>) {
    let mut bad = Vec::new();
    let mut cells = Vec::with_capacity(rows.len());
    for (row, dirty) in rows.iter().enumerate() {
        let cell = match dirty.row.get(column) {
            None => Err("the row has no such column; add it, or null"),
            Some(Value::Null) => Ok(None),
            Some(cell) => read(cell).map(Some),
        };
        cells.push(cell.unwrap_or_else(|reason| {
            let reason = reason.to_string();
            bad.push(BadValue { row, reason });
            None
        }));
    }
    (cells, bad)
}

fn shows_bytes(cell: &Value) -> bool {
    bytes_from_json(cell).is_some()
        || match cell {
            Value::Array(items) => items.iter().any(shows_bytes),
            Value::Object(fields) => fields.values().any(shows_bytes),
            _ => false,
        }
}
