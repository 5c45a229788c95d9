//! Single cells and rows as JSON, for dirty-row files and previews. Not for bulk work.

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, Field, TimeUnit};
use serde_json::{Map, Value, json};

use crate::Day;

/// Timestamps with full precision and ISO 8601 separators.
const FORMAT: FormatOptions<'static> = FormatOptions::new().with_display_error(true);
const DAY_MICROS: i64 = 86_400_000_000;

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
        DataType::List(_) => items_to_json(&array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => items_to_json(&array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => items_to_json(&array.as_fixed_size_list().value(row)),
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let [keys, values] = [0, 1].map(|place| entries.column(place).as_ref());
            (0..entries.len())
                .map(|entry| {
                    let key = match cell_to_json(keys, entry) {
                        Value::String(text) => text,
                        other => other.to_string(),
                    };
                    (key, cell_to_json(values, entry))
                })
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
        // Sixteen bytes are a UUID as a rule, which people know as bare digits.
        DataType::FixedSizeBinary(size) if *size != 16 => json!({ HEX: text(array, row) }),
        _ => Value::String(text(array, row)),
    }
}

fn items_to_json(items: &dyn Array) -> Value {
    (0..items.len())
        .map(|item| cell_to_json(items, item))
        .collect()
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

/// One row as a JSON object in column order. Sixteen bytes are a UUID if their field says so.
pub fn row_to_json(batch: &RecordBatch, row: usize) -> Map<String, Value> {
    let schema = batch.schema();
    schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| {
            let cell = match (column.data_type(), cell_to_json(column.as_ref(), row)) {
                (DataType::FixedSizeBinary(_), Value::String(digits)) if !is_uuid(field) => {
                    json!({ HEX: digits })
                }
                (_, cell) => cell,
            };
            (field.name().clone(), cell)
        })
        .collect()
}

fn is_uuid(field: &Field) -> bool {
    field.extension_type_name() == Some("arrow.uuid")
}

fn text(array: &dyn Array, row: usize) -> String {
    let formatted = ArrayFormatter::try_new(array, &FORMAT)
        .and_then(|formatter| formatter.value(row).try_to_string());
    match formatted {
        Ok(text) => text,
        Err(error) => far_moment(array, row).unwrap_or_else(|| format!("({error})")),
    }
}

/// A date or timestamp of a year that Arrow stores but its formatter does not know, six digits and
/// more, in ISO 8601.
fn far_moment(array: &dyn Array, row: usize) -> Option<String> {
    match array.data_type() {
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>().value(row);
            Some(far_date(i64::from(days)))
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let value = array.as_primitive::<TimestampMicrosecondType>().value(row);
            let date = far_date(value.div_euclid(DAY_MICROS));
            let (seconds, micros) = {
                let of_day = value.rem_euclid(DAY_MICROS);
                (of_day / 1_000_000, of_day % 1_000_000)
            };
            let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
            let end = if zone.is_some() { "Z" } else { "" };
            Some(format!(
                "{date}T{hour:02}:{minute:02}:{second:02}.{micros:06}{end}"
            ))
        }
        _ => None,
    }
}

fn far_date(days: i64) -> String {
    let Day { year, month, day } = Day::of(days);
    format!("{year:+}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::{
        FixedSizeListBuilder, Int32Builder, LargeListBuilder, MapBuilder, StringBuilder,
    };
    use arrow_array::{
        ArrayRef, BinaryArray, Decimal128Array, FixedSizeBinaryArray, Int64Array,
        TimestampMicrosecondArray,
    };
    use arrow_schema::Schema;
    use serde_json::json;

    use super::*;
    use crate::{Column, Extension};

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
    fn containers_are_json_all_the_way_down() {
        let mut map = MapBuilder::new(None, Int32Builder::new(), StringBuilder::new());
        map.keys().append_value(7);
        map.values().append_value("a\"b");
        map.keys().append_value(8);
        map.values().append_null();
        map.append(true).unwrap();
        assert_eq!(
            cell_to_json(&map.finish(), 0),
            json!({"7": "a\"b", "8": null})
        );
        let mut list = LargeListBuilder::new(StringBuilder::new());
        list.append_value([Some("x, y"), None]);
        assert_eq!(cell_to_json(&list.finish(), 0), json!(["x, y", null]));
        let mut pair = FixedSizeListBuilder::new(Int32Builder::new(), 2);
        pair.values().append_slice(&[1, 2]);
        pair.append(true);
        assert_eq!(cell_to_json(&pair.finish(), 0), json!([1, 2]));
        let bytes = FixedSizeBinaryArray::try_from_iter([[0u8, 255]].into_iter()).unwrap();
        assert_eq!(cell_to_json(&bytes, 0), json!({"hex": "00ff"}));
    }

    #[test]
    fn sixteen_bytes_of_a_row_are_a_uuid_where_the_field_says_so() {
        let bytes = FixedSizeBinaryArray::try_from_iter([[7u8; 16]].into_iter()).unwrap();
        let sixteen = DataType::FixedSizeBinary(16);
        let uuid = Column {
            extension: Some(Extension::Uuid),
            ..Column::new("uuid", sixteen.clone())
        };
        let fields = vec![uuid.field(), Column::new("digest", sixteen).field()];
        let columns: Vec<ArrayRef> = vec![Arc::new(bytes.clone()), Arc::new(bytes)];
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        let digits = "07".repeat(16);
        assert_eq!(
            Value::Object(row_to_json(&batch, 0)),
            json!({"uuid": digits, "digest": {"hex": digits}})
        );
    }

    #[test]
    fn bytes_come_back_from_their_digits() {
        assert_eq!(bytes_from_json(&json!({"hex": "00fF"})), Some(vec![0, 255]));
        assert_eq!(bytes_from_json(&json!({"hex": "0"})), None);
        assert_eq!(bytes_from_json(&json!({"hex": "zz"})), None);
        assert_eq!(bytes_from_json(&json!("00")), None);
    }

    #[test]
    fn far_away_years_are_written_out() {
        let far = TimestampMicrosecondArray::from(vec![i64::MAX]).with_timezone("UTC");
        assert_eq!(cell_to_json(&far, 0), "+294247-01-10T04:00:54.775807Z");
        let days = arrow_array::Date32Array::from(vec![2_145_042_905]);
        assert_eq!(cell_to_json(&days, 0), "+5874897-12-31");
        let days = arrow_array::Date32Array::from(vec![i32::MIN]);
        assert_eq!(cell_to_json(&days, 0), "-5877641-06-23");
    }
}
