//! Values that the official client cannot write: written and read by the connector alone.

use std::sync::Arc;

use arrow_array::builder::{Decimal256Builder, ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal256Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, Float32Array, Float64Array, Int64Array, RecordBatch};
use arrow_buffer::i256;
use serde_json::json;

use super::harness::Service;

#[tokio::test]
async fn not_a_number_keeps_its_sign_and_payload() {
    let service = Service::start().await;
    service.sql("create table f (a float, b double);\n").await;
    let floats = [
        f32::NAN,
        -f32::NAN,
        f32::NEG_INFINITY,
        -0.0,
        f32::MIN_POSITIVE / 2.0,
    ];
    let doubles = [-f64::NAN, f64::NAN, f64::INFINITY, -0.0, f64::MAX];
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("a", Arc::new(Float32Array::from(floats.to_vec()))),
        ("b", Arc::new(Float64Array::from(doubles.to_vec()))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let parameter = json!({"table": "f", "column": ["*"], "truncate": true});
    service.write(parameter, &[batch]).await.unwrap();
    let rows = service
        .read(json!({"table": "f", "column": ["*"]}))
        .await
        .unwrap();
    let read = &rows.batches[0];
    let bits: Vec<u32> = read
        .column(0)
        .as_primitive::<Float32Type>()
        .values()
        .iter()
        .map(|value| value.to_bits())
        .collect();
    assert_eq!(bits, floats.map(f32::to_bits));
    let bits: Vec<u64> = read
        .column(1)
        .as_primitive::<Float64Type>()
        .values()
        .iter()
        .map(|value| value.to_bits())
        .collect();
    assert_eq!(bits, doubles.map(f64::to_bits));
}

#[tokio::test]
async fn wide_decimals_of_the_first_edition_are_exact() {
    let service = Service::start().await;
    service
        .sql_of_the_first_edition("create table d (amount decimal)")
        .await;
    let text = "999999999999999999999999999999999999999999999999999999";
    let mut builder =
        Decimal256Builder::new().with_data_type(arrow_schema::DataType::Decimal256(54, 18));
    builder.append_value(i256::from_string(text).unwrap());
    builder.append_value(i256::from_string(&format!("-{text}")).unwrap());
    builder.append_null();
    builder.append_value(i256::ONE);
    let amounts = builder.finish();
    let batch =
        RecordBatch::try_from_iter([("amount", Arc::new(amounts.clone()) as ArrayRef)]).unwrap();
    let parameter = json!({"table": "d", "column": ["*"], "truncate": true});
    let refused = service.write(parameter, &[batch]).await.unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    let rows = service
        .read(json!({"table": "d", "column": ["amount"]}))
        .await
        .unwrap();
    assert_eq!(
        rows.batches[0].column(0).as_primitive::<Decimal256Type>(),
        &amounts
    );
}

#[tokio::test]
async fn nested_values_with_bad_parts_are_dirty_rows() {
    let service = Service::start().await;
    service
        .sql("create table n (id bigint, tags array<string>);\n")
        .await;
    let mut tags = ListBuilder::new(StringBuilder::new());
    tags.values().append_value("x".repeat((8 << 20) + 1));
    tags.append(true);
    tags.append(false);
    tags.append(true);
    tags.values().append_value("中文");
    tags.values().append_null();
    tags.append(true);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
        ("tags", Arc::new(tags.finish())),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let parameter = json!({"table": "n", "column": ["*"], "truncate": true});
    let refused = service
        .write(parameter, std::slice::from_ref(&batch))
        .await
        .unwrap();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].column.as_deref(), Some("tags"));
    let rows = service
        .read(json!({"table": "n", "column": ["id", "tags"]}))
        .await
        .unwrap();
    assert_eq!(rows.numbers(0), [2, 3, 4]);
    let read = rows.batches[0].column(1);
    assert_eq!((read.is_null(0), read.is_null(1)), (true, false));
    assert_eq!(
        read.as_list::<i32>().value(2).as_ref(),
        batch.column(1).as_list::<i32>().value(3).as_ref()
    );
}
