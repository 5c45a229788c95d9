//! Columns whose meaning the Arrow type alone does not carry.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, Float64Array};
use arrow_schema::DataType;
use sdk::{Column, Extension};

use super::super::{Conversion, Fit};
use super::text;

#[test]
fn a_uuid_is_sixteen_bytes_with_a_text() {
    let mut uuid = Column::new("id", DataType::FixedSizeBinary(16)).native("uuid");
    uuid.extension = Some(Extension::Uuid);
    let name = Column::new("name", DataType::Utf8).native("text");
    let texts = text(&[
        "0190A6D2-7c9f-7000-8000-0123456789ab",
        "0190a6d27c9f700080000123456789ab",
        "0190a6d2-7c9f-7000-8000-0123456789a",
        "0190a6d27-c9f-7000-8000-0123456789ab",
    ]);
    let read = Conversion::plan(&name, &uuid).apply(&texts).unwrap();
    assert_eq!(
        read.bad.iter().map(|bad| bad.row).collect::<Vec<_>>(),
        [2, 3]
    );
    let back = Conversion::plan(&uuid, &name).apply(&read.array).unwrap();
    let back = back.array.as_string::<i32>();
    assert_eq!(back.value(0), "0190a6d2-7c9f-7000-8000-0123456789ab");
    assert_eq!(back.value(1), back.value(0));
}

/// The same cases as in the tests of `connectors`, whose readers of text files read UUIDs by themselves.
#[test]
fn hyphens_of_a_uuid_stand_at_their_places() {
    let mut uuid = Column::new("id", DataType::FixedSizeBinary(16));
    uuid.extension = Some(Extension::Uuid);
    let texts = text(&[
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "6BA7B8109DAD11D180B400C04FD430C8",
        " {6ba7b810-9dad-11d1-80b4-00c04fd430c8} ",
        "",
        "6ba7b810-9dad-11d1-80b4",
        "6ba7-b8109dad-11d1-80b4-00c04fd430c8",
        "-6ba7b8109dad11d180b400c04fd430c8---",
        "6ba7b8109dad11d180b400c04fd430cg",
        "{6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    ]);
    let name = Column::new("name", DataType::Utf8);
    let read = Conversion::plan(&name, &uuid).apply(&texts).unwrap();
    let bad: Vec<usize> = read.bad.iter().map(|bad| bad.row).collect();
    assert_eq!(bad, [3, 4, 5, 6, 7, 8]);
}

#[test]
fn json_columns_take_json_only() {
    let mut json = Column::new("doc", DataType::Utf8).native("json");
    json.extension = Some(Extension::Json);
    let name = Column::new("name", DataType::Utf8).native("text");
    let texts = text(&["{\"a\": 1.50}", "{a:1}", "[1,2]  ", ""]);
    let read = Conversion::plan(&name, &json).apply(&texts).unwrap();
    assert_eq!(
        read.bad.iter().map(|bad| bad.row).collect::<Vec<_>>(),
        [1, 3]
    );
    assert_eq!(read.array.as_string::<i32>().value(0), "{\"a\": 1.50}");
    assert_eq!(Conversion::plan(&json, &name).fit(), &Fit::Lossless);
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![1.5, f64::NAN]));
    let double = Column::new("x", DataType::Float64);
    let written = Conversion::plan(&double, &json).apply(&numbers).unwrap();
    let written = written.array.as_string::<i32>();
    assert_eq!((written.value(0), written.value(1)), ("1.5", "\"NaN\""));
}
