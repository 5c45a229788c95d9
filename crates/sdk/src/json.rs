//! Single cells and rows as JSON, for dirty-row files and previews. Not for bulk work.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use serde_json::{Map, Value, json};

/// Timestamps with full precision and ISO 8601 separators.
const FORMAT: FormatOptions<'static> = FormatOptions::new().with_display_error(true);

/// The key of the object that stands for bytes.
const HEX: &str = "hex";

/// One cell as JSON. Integers of 64 bits and decimals become strings when a JSON reader could round
/// them; bytes become `{"hex": "00ff"}`; anything else that JSON has no form for becomes its text.
pub fn cell_to_json(array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64 => {
            let text = text(array, row);
            match text.parse::<i64>() {
                Ok(number) if number.unsigned_abs() < 1 << 53 => Value::from(number),
                _ => Value::String(text),
            }
        }
        DataType::Utf8 => Value::String(array.as_string::<i32>().value(row).to_string()),
        DataType::LargeUtf8 => Value::String(array.as_string::<i64>().value(row).to_string()),
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            (0..items.len())
                .map(|item| cell_to_json(items.as_ref(), item))
                .collect()
        }
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            fields
                .iter()
                .zip(columns)
                .map(|(field, column)| (field.name().clone(), cell_to_json(column, row)))
                .collect()
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            json!({ HEX: text(array, row) })
        }
        _ => Value::String(text(array, row)),
    }
}

/// The bytes of a cell that [`cell_to_json`] wrote as `{"hex": …}`; `None` if it is anything else.
pub fn bytes_from_json(cell: &Value) -> Option<Vec<u8>> {
    let digits = cell.get(HEX)?.as_str()?.as_bytes();
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    pairs
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

/// One row as a JSON object in column order.
pub fn row_to_json(batch: &RecordBatch, row: usize) -> Map<String, Value> {
    let schema = batch.schema();
    schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| (field.name().clone(), cell_to_json(column.as_ref(), row)))
        .collect()
}

fn text(array: &dyn Array, row: usize) -> String {
    match ArrayFormatter::try_new(array, &FORMAT) {
        Ok(formatter) => formatter.value(row).to_string(),
        Err(error) => format!("({error})"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        ArrayRef, BinaryArray, Decimal128Array, Int64Array, TimestampMicrosecondArray,
    };
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_keep_their_precision() {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("big", Arc::new(Int64Array::from(vec![i64::MAX]))),
            ("small", Arc::new(Int64Array::from(vec![-7]))),
            (
                "amount",
                Arc::new(
                    Decimal128Array::from(vec![-150])
                        .with_precision_and_scale(15, 2)
                        .unwrap(),
                ),
            ),
            (
                "at",
                Arc::new(TimestampMicrosecondArray::from(vec![1]).with_timezone("UTC")),
            ),
            ("bytes", Arc::new(BinaryArray::from(vec![&b"\x00\xff"[..]]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        assert_eq!(
            Value::Object(row_to_json(&batch, 0)),
            json!({"big": "9223372036854775807", "small": -7, "amount": "-1.50",
                   "at": "1970-01-01T00:00:00.000001Z", "bytes": {"hex": "00ff"}})
        );
    }

    #[test]
    fn bytes_come_back_from_their_digits() {
        assert_eq!(bytes_from_json(&json!({"hex": "00fF"})), Some(vec![0, 255]));
        assert_eq!(bytes_from_json(&json!({"hex": "0"})), None);
        assert_eq!(bytes_from_json(&json!({"hex": "zz"})), None);
        assert_eq!(bytes_from_json(&json!("00")), None);
    }
}
