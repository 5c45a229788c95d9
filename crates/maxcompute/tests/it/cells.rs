//! Builds Arrow arrays from the JSON cells of the vectors, by other means than the codec.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Decimal256Type, DurationNanosecondType,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, IntervalYearMonthType,
    TimestampMillisecondType, TimestampNanosecondType,
};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, ListArray, MapArray, PrimitiveArray, RecordBatch,
    RecordBatchOptions, StringArray, StructArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer, i256};
use arrow_schema::{DataType, Field, Schema};
use maxcompute::types::Type;
use serde_json::Value;

use crate::vectors::unhex;

pub(crate) fn batch_of(types: &[Type], rows: &[Vec<Value>]) -> RecordBatch {
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    for (index, r#type) in types.iter().enumerate() {
        let cells: Vec<Value> = rows.iter().map(|row| row[index].clone()).collect();
        fields.push(Field::new(format!("c{index}"), r#type.to_arrow(), true));
        arrays.push(array_of(r#type, &cells));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options).unwrap()
}

pub(crate) fn array_of(r#type: &Type, cells: &[Value]) -> ArrayRef {
    match r#type {
        Type::TinyInt => numbers::<Int8Type>(r#type, cells, |cell| integer(cell) as i8),
        Type::SmallInt => numbers::<Int16Type>(r#type, cells, |cell| integer(cell) as i16),
        Type::Int => numbers::<Int32Type>(r#type, cells, |cell| integer(cell) as i32),
        Type::BigInt => numbers::<Int64Type>(r#type, cells, integer),
        Type::Float => numbers::<Float32Type>(r#type, cells, |cell| double(cell) as f32),
        Type::Double => numbers::<Float64Type>(r#type, cells, double),
        Type::Date => numbers::<Date32Type>(r#type, cells, |cell| integer(cell) as i32),
        Type::Datetime => numbers::<TimestampMillisecondType>(r#type, cells, integer),
        Type::Timestamp | Type::TimestampNtz => {
            numbers::<TimestampNanosecondType>(r#type, cells, nanoseconds)
        }
        Type::IntervalDayTime => numbers::<DurationNanosecondType>(r#type, cells, nanoseconds),
        Type::IntervalYearMonth => {
            numbers::<IntervalYearMonthType>(r#type, cells, |cell| integer(cell) as i32)
        }
        Type::Decimal { precision, scale } if *precision <= 38 => {
            numbers::<Decimal128Type>(r#type, cells, |cell| {
                scaled(cell.as_str().unwrap(), *scale).parse().unwrap()
            })
        }
        Type::Decimal { scale, .. } => numbers::<Decimal256Type>(r#type, cells, |cell| {
            i256::from_string(&scaled(cell.as_str().unwrap(), *scale)).unwrap()
        }),
        Type::Boolean => Arc::new(BooleanArray::from_iter(cells.iter().map(Value::as_bool))),
        Type::String | Type::Varchar(_) | Type::Char(_) | Type::Json => {
            Arc::new(StringArray::from_iter(cells.iter().map(Value::as_str)))
        }
        Type::Binary => Arc::new(BinaryArray::from_iter(
            cells.iter().map(|cell| cell["hex"].as_str().map(unhex)),
        )),
        Type::Array(item) => {
            let (offsets, parts) = flatten(cells);
            let DataType::List(field) = r#type.to_arrow() else {
                panic!("an array is a list");
            };
            Arc::new(ListArray::new(
                field,
                offsets,
                array_of(item, &parts),
                nulls(cells),
            ))
        }
        Type::Map(key, value) => {
            let (offsets, pairs) = flatten(cells);
            let keys: Vec<Value> = pairs.iter().map(|pair| pair[0].clone()).collect();
            let values: Vec<Value> = pairs.iter().map(|pair| pair[1].clone()).collect();
            let DataType::Map(field, _) = r#type.to_arrow() else {
                panic!("a map is a map");
            };
            let DataType::Struct(fields) = field.data_type() else {
                panic!("entries are a struct");
            };
            let entries = StructArray::new(
                fields.clone(),
                vec![array_of(key, &keys), array_of(value, &values)],
                None,
            );
            Arc::new(MapArray::new(field, offsets, entries, nulls(cells), false))
        }
        Type::Struct(fields) => {
            let parts = fields.iter().enumerate().map(|(index, (_, field))| {
                let column: Vec<Value> = cells.iter().map(|cell| cell[index].clone()).collect();
                array_of(field, &column)
            });
            let DataType::Struct(arrow_fields) = r#type.to_arrow() else {
                panic!("a struct is a struct");
            };
            Arc::new(StructArray::new(
                arrow_fields,
                parts.collect(),
                nulls(cells),
            ))
        }
    }
}

fn numbers<T: ArrowPrimitiveType>(
    r#type: &Type,
    cells: &[Value],
    convert: impl Fn(&Value) -> T::Native,
) -> ArrayRef {
    let values = cells
        .iter()
        .map(|cell| (!cell.is_null()).then(|| convert(cell)));
    let array: PrimitiveArray<T> = values.collect();
    Arc::new(array.with_data_type(r#type.to_arrow()))
}

fn integer(cell: &Value) -> i64 {
    cell.as_i64().unwrap()
}

fn double(cell: &Value) -> f64 {
    cell.as_f64().unwrap()
}

fn nanoseconds(cell: &Value) -> i64 {
    integer(&cell[0]) * 1_000_000_000 + integer(&cell[1])
}

/// Decimal text as the text of its scaled integer.
fn scaled(text: &str, scale: u8) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<width$}", width = usize::from(scale))
}

fn nulls(cells: &[Value]) -> Option<NullBuffer> {
    let valid: Vec<bool> = cells.iter().map(|cell| !cell.is_null()).collect();
    valid.contains(&false).then(|| NullBuffer::from(valid))
}

fn flatten(cells: &[Value]) -> (OffsetBuffer<i32>, Vec<Value>) {
    let lists = cells
        .iter()
        .map(|cell| cell.as_array().cloned().unwrap_or_default());
    let lists: Vec<Vec<Value>> = lists.collect();
    let offsets = OffsetBuffer::from_lengths(lists.iter().map(Vec::len));
    (offsets, lists.into_iter().flatten().collect())
}

#[test]
fn cells_become_the_values_they_say() {
    let cells = [serde_json::json!("-1.5"), Value::Null];
    let array = array_of(&"decimal(10,2)".parse().unwrap(), &cells);
    assert_eq!(array.as_primitive::<Decimal128Type>().value(0), -150);
    assert!(array.is_null(1));
}
