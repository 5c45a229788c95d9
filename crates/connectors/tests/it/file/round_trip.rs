//! What is written is what is read: random values and the extremes of every type.

use std::sync::Arc;

use arrow_array::builder::{FixedSizeBinaryBuilder, Int32Builder, ListBuilder};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
    Int16Array, Int32Array, Int64Array, RecordBatch, StringArray, Time64MicrosecondArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{Field, Schema};
use proptest::prelude::{ProptestConfig, Strategy, any, proptest};
use proptest::{collection, option};
use sdk::{Column, Extension};
use serde_json::{Value, json};

use super::Folder;
use crate::drive::{read_all, reader, write};

/// The extremes of each type, and NULL.
fn extremes() -> RecordBatch {
    let digits = 10_i128.pow(38) - 1;
    let mut uuids = FixedSizeBinaryBuilder::new(16);
    uuids.append_value([0; 16]).unwrap();
    uuids.append_value([255; 16]).unwrap();
    uuids.append_null();
    let times = vec![Some(i64::MIN), Some(i64::MAX), None];
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "boolean",
            Arc::new(BooleanArray::from(vec![Some(true), Some(false), None])),
        ),
        (
            "smallint",
            Arc::new(Int16Array::from(vec![Some(i16::MIN), Some(i16::MAX), None])),
        ),
        (
            "integer",
            Arc::new(Int32Array::from(vec![Some(i32::MIN), Some(i32::MAX), None])),
        ),
        (
            "bigint",
            Arc::new(Int64Array::from(vec![Some(i64::MIN), Some(i64::MAX), None])),
        ),
        (
            "real",
            Arc::new(Float32Array::from(vec![
                Some(f32::MIN_POSITIVE),
                Some(f32::MAX),
                None,
            ])),
        ),
        (
            "double",
            Arc::new(Float64Array::from(vec![
                Some(5e-324),
                Some(f64::NEG_INFINITY),
                None,
            ])),
        ),
        (
            "decimal(38,10)",
            Arc::new(
                Decimal128Array::from(vec![Some(-digits), Some(1), None])
                    .with_precision_and_scale(38, 10)
                    .unwrap(),
            ),
        ),
        (
            "string",
            Arc::new(StringArray::from(vec![
                Some(""),
                Some("\\N,\"\r\n\u{0}é😀"),
                None,
            ])),
        ),
        (
            "bytes",
            Arc::new(BinaryArray::from(vec![
                Some(&b""[..]),
                Some(&b"\x00\xff"[..]),
                None,
            ])),
        ),
        (
            "date",
            Arc::new(Date32Array::from(vec![
                Some(i32::MIN),
                Some(i32::MAX),
                None,
            ])),
        ),
        (
            "time",
            Arc::new(Time64MicrosecondArray::from(vec![
                Some(0),
                Some(86_399_999_999),
                None,
            ])),
        ),
        (
            "timestamp",
            Arc::new(TimestampMicrosecondArray::from(times.clone())),
        ),
        (
            "timestamptz",
            Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")),
        ),
        ("uuid", Arc::new(uuids.finish())),
    ];
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| {
            let mut column = Column::new(*name, array.data_type().clone());
            column.extension = (*name == "uuid").then_some(Extension::Uuid);
            column.field()
        })
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Schema::new(fields).into(), arrays).unwrap()
}

/// Writes and reads with types given by the columns' names.
async fn there_and_back(
    batch: &RecordBatch,
    name: &str,
    typed: bool,
    extra: &Value,
) -> RecordBatch {
    let folder = Folder::new();
    let mut to = json!({"path": ".", "fileName": name});
    let mut from = json!({"path": "*", "minSplitBytes": 64});
    for (key, value) in extra.as_object().unwrap() {
        to[key] = value.clone();
        if !matches!(key.as_str(), "header" | "compression") {
            from[key] = value.clone();
        }
    }
    if typed {
        let schema = batch.schema();
        from["column"] = schema
            .fields()
            .iter()
            .map(|field| json!({"name": field.name(), "type": field.name()}))
            .collect();
        from["header"] = json!(true);
        to["header"] = json!(true);
    }
    let outcome = write("file", &folder.config(), &to, batch).await.unwrap();
    assert_eq!(
        (outcome.row_count, outcome.refused.len()),
        (batch.num_rows() as u64, 0)
    );
    let reader = reader("file", &folder.config(), &from).await.unwrap();
    let rows = read_all(reader.as_ref(), 5).await.unwrap();
    assert!(rows.unreadable.is_empty(), "{:?}", rows.unreadable);
    rows.batch
}

#[tokio::test]
async fn every_type_survives_every_format() {
    let batch = extremes();
    for name in ["a.csv", "a.csv.gz", "a.jsonl", "a.jsonl.zst", "a.parquet"] {
        let typed = !name.ends_with("parquet");
        let mut back = there_and_back(&batch, name, typed, &json!({})).await;
        if name.ends_with("parquet") {
            back = RecordBatch::try_new(batch.schema(), back.columns().to_vec()).unwrap();
        }
        for (column, field) in back.columns().iter().zip(batch.schema().fields()) {
            let before = batch.column_by_name(field.name()).unwrap();
            assert_eq!(column, before, "{} in {name}", field.name());
        }
    }
}

#[tokio::test]
async fn lists_become_json_text() {
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value([Some(1), None]);
    lists.append_null();
    let lists: ArrayRef = Arc::new(lists.finish());
    let batch = RecordBatch::try_from_iter([("json", lists)]).unwrap();
    for name in ["a.csv", "a.jsonl"] {
        let back = there_and_back(&batch, name, true, &json!({})).await;
        let expected = StringArray::from(vec![Some("[1,null]"), None]);
        assert_eq!(back.column(0).as_ref(), &expected, "{name}");
    }
}

#[tokio::test]
async fn a_cell_like_a_byte_order_mark_survives() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["\u{feff}", "\u{feff}x"]));
    let batch = RecordBatch::try_from_iter([("string", texts)]).unwrap();
    for name in ["a.csv", "a.jsonl"] {
        let back = there_and_back(&batch, name, false, &json!({})).await;
        assert_eq!(back.column(0), batch.column(0), "{name}");
    }
}

/// Text that is likely to be misread.
fn hostile_text() -> impl Strategy<Value = Option<String>> {
    option::of(proptest::string::string_regex("([,\"\\\\N\r\n \t|xé😀]|\"\"){0,6}").unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn any_text_survives_csv(
        rows in collection::vec((hostile_text(), any::<Option<i64>>(), hostile_text()), 1..40),
        dialect in 0..6_usize,
    ) {
        let extra = [
            json!({}),
            json!({"fieldDelimiter": "|", "quote": "'"}),
            json!({"fieldDelimiter": "\t", "escape": "\\"}),
            json!({"nullFormat": "x", "lineDelimiter": "\r\n"}),
            json!({"fieldDelimiter": " ", "nullFormat": "\\N"}),
            json!({"nullFormat": ""}),
        ][dialect].clone();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("a", Arc::new(rows.iter().map(|row| row.0.clone()).collect::<StringArray>())),
            ("b", Arc::new(rows.iter().map(|row| row.1).collect::<Int64Array>())),
            ("c", Arc::new(rows.iter().map(|row| row.2.clone()).collect::<StringArray>())),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let back = runtime.block_on(there_and_back(&batch, "a.csv", false, &extra));
        for column in [0, 2] {
            assert_eq!(back.column(column), batch.column(column));
        }
        let one = RecordBatch::try_from_iter([("a", batch.column(0).clone())]).unwrap();
        let back = runtime.block_on(there_and_back(&one, "a.csv", false, &extra));
        assert_eq!(back.column(0), one.column(0));
    }

    #[test]
    fn any_text_survives_json(texts in collection::vec(any::<Option<String>>(), 1..40)) {
        let texts: ArrayRef = Arc::new(StringArray::from(texts));
        let batch = RecordBatch::try_from_iter([("string", texts)]).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let back = runtime.block_on(there_and_back(&batch, "a.jsonl", true, &json!({})));
        assert_eq!(back.column(0), batch.column(0));
    }

    #[test]
    fn any_bytes_are_read_or_refused_but_never_crash(
        bytes in collection::vec(proptest::sample::select(b",\"\n\r\\\xFF\xE9a1{}[]:tn".to_vec()), 0..300),
        name in proptest::sample::select(vec!["a.csv", "a.jsonl", "a.parquet", "a.csv.gz"]),
        encoding in proptest::sample::select(vec!["utf-8", "gbk", "utf-16le", "latin1"]),
    ) {
        let folder = Folder::with(&[(name, &bytes)]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let parameters = json!({"path": name, "encoding": encoding, "minSplitBytes": 8});
            let reader = reader("file", &folder.config(), &parameters).await.unwrap();
            let whole = read_all(reader.as_ref(), 1).await;
            let parts = read_all(reader.as_ref(), 6).await;
            match (whole, parts) {
                (Ok(whole), Ok(parts)) => {
                    assert_eq!(whole.batch, parts.batch);
                    assert_eq!(whole.unreadable.len(), parts.unreadable.len());
                }
                (Err(whole), Err(_)) => assert_ne!(whole.kind(), sdk::Kind::Internal, "{whole}"),
                (whole, parts) => panic!("{whole:?} but in parts {parts:?}"),
            }
        });
    }
}
