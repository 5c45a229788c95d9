//! The connector `stream`.

use arrow_array::Array;
use arrow_schema::DataType;
use sdk::{Kind, TaskId};
use serde_json::{Value, json};

use crate::drive::{prepare, read, read_all, reader, writer};

fn parameters(rows: u64) -> Value {
    json!({"rowCount": rows, "column": [
        {"type": "long"},
        {"name": "small", "type": "smallint", "random": "-3,3"},
        {"name": "amount", "type": "decimal(38,2)", "nullRatio": 0.25},
        {"name": "at", "type": "date", "random": "2014-07-07 00:00:00, 2016-07-07 00:00:00"},
        {"name": "day", "type": "date", "incr": "2024-02-28,1"},
        {"name": "text", "random": "0,30"},
        {"name": "flag", "type": "bool", "random": "0,10"},
        {"name": "ratio", "type": "double", "random": "-1.5,1.5"},
        {"name": "key", "type": "uuid"},
        {"name": "raw", "type": "bytes"},
        {"name": "moment", "type": "timestamptz", "incr": "2024-01-01 00:00:00Z,60"},
        {"name": "same", "type": "date", "value": "29/02/2024", "dateFormat": "dd/MM/yyyy"},
        {"name": "empty", "value": ""},
    ]})
}

#[tokio::test]
async fn rows_do_not_depend_on_how_they_are_split() {
    let reader = reader("stream", &json!({}), &parameters(5000))
        .await
        .unwrap();
    let one = read_all(reader.as_ref(), 1).await.unwrap();
    let seven = read_all(reader.as_ref(), 7).await.unwrap();
    assert_eq!((one.splits.len(), seven.splits.len()), (1, 7));
    assert_eq!(one.batch.num_rows(), 5000);
    assert_eq!(one.batch, seven.batch);
    let mut other = parameters(5000);
    other["seed"] = json!(2);
    let other = read("stream", &json!({}), &other).await.unwrap();
    assert_eq!(one.batch.column(0), other.batch.column(0));
    assert_ne!(one.batch.column(5), other.batch.column(5));
}

#[tokio::test]
async fn values_are_of_their_types_and_within_their_bounds() {
    let rows = read("stream", &json!({}), &parameters(4000)).await.unwrap();
    let first = &rows.json()[0];
    assert_eq!(first["column1"], json!(1));
    assert_eq!(first["day"], json!("2024-02-28"));
    assert_eq!(first["moment"], json!("2024-01-01T00:00:00Z"));
    let third = &rows.json()[2];
    assert_eq!(third["column1"], json!(3));
    assert_eq!(third["day"], json!("2024-03-01"));
    assert_eq!(third["moment"], json!("2024-01-01T00:02:00Z"));
    let mut smalls = std::collections::BTreeSet::new();
    for row in rows.json() {
        smalls.insert(row["small"].as_i64().unwrap());
        let at = row["at"].as_str().unwrap();
        assert!(("2014-07-07".."2016-07-08").contains(&&at[..10]), "{at}");
        assert!(row["text"].as_str().unwrap().len() <= 30);
        assert_eq!(row["flag"], json!(true));
        assert_eq!(row["same"], json!("2024-02-29"));
        assert_eq!(row["empty"], json!(""));
        let ratio: f64 = row["ratio"].as_str().unwrap().parse().unwrap();
        assert!((-1.5..=1.5).contains(&ratio));
    }
    assert_eq!(Vec::from_iter(smalls), [-3, -2, -1, 0, 1, 2, 3]);
    let nulls = rows.batch.column(2).null_count();
    assert!((800..1200).contains(&nulls), "{nulls}");
    assert_eq!(rows.batch.column(0).null_count(), 0);
    assert_eq!(rows.columns[2].data_type, DataType::Decimal128(38, 2));
}

#[tokio::test]
async fn the_number_of_rows_is_in_all_or_per_split() {
    let column = json!([{"value": "x"}]);
    for (parameters, wanted, rows, splits) in [
        (json!({"rowCount": 0, "column": column}), 3, 0, 0),
        (json!({"rowCount": 2, "column": column}), 3, 2, 2),
        (
            json!({"sliceRecordCount": "10", "column": column}),
            3,
            30,
            3,
        ),
        (json!({"sliceRecordCount": 0, "column": column}), 3, 0, 0),
    ] {
        let reader = reader("stream", &json!({}), &parameters).await.unwrap();
        let all = read_all(reader.as_ref(), wanted).await.unwrap();
        assert_eq!(
            (all.batch.num_rows(), all.splits.len()),
            (rows, splits),
            "{parameters}"
        );
    }
}

#[tokio::test]
async fn the_widest_bounds_are_kept() {
    let most = u64::MAX;
    let parameters = json!({"rowCount": 100, "column": [
        {"name": "flag", "type": "bool", "random": format!("{most},{most}")},
        {"name": "ratio", "type": "double", "random": "-1.7e308,1.7e308"},
        {"name": "whole", "type": "long", "random": format!("{},{}", i64::MIN, i64::MAX)},
        {"name": "text", "random": "1048576,1048576"},
    ]});
    let rows = read("stream", &json!({}), &parameters).await.unwrap();
    for row in rows.json() {
        let ratio: f64 = row["ratio"].as_str().unwrap().parse().unwrap();
        assert!(ratio.is_finite(), "{ratio}");
        assert_eq!(row["text"].as_str().unwrap().len(), 1 << 20);
    }
}

#[tokio::test]
async fn impossible_columns_are_refused() {
    for (column, message) in [
        (json!({"random": "5,1"}), "leaves no value to choose"),
        (
            json!({"random": "0,18446744073709551615"}),
            "at most 1048576 characters",
        ),
        (json!({"random": "5"}), "must be two values"),
        (
            json!({"type": "int", "random": "1,3000000000"}),
            "\"3000000000\" is not a int in range",
        ),
        (
            json!({"type": "date", "value": "2023-02-29"}),
            "\"2023-02-29\" is not a date",
        ),
        (json!({"value": "1", "incr": "1,1"}), "only one of"),
        (json!({"type": "json"}), "needs a `value`"),
        (
            json!({"type": "bool", "incr": "1,1"}),
            "`incr` has no meaning",
        ),
        (json!({"nullRatio": 2}), "`nullRatio` must be between"),
        (json!({"type": "lung"}), "did you mean `long`?"),
    ] {
        let parameters = json!({"rowCount": 1, "column": [column]});
        let error = reader("stream", &json!({}), &parameters)
            .await
            .err()
            .unwrap();
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.message().contains(message), "{error}");
    }
    for parameters in [
        json!({"column": [{}]}),
        json!({"column": [{}], "rowCount": 1, "sliceRecordCount": 1}),
        json!({"column": [], "rowCount": 1}),
    ] {
        let error = reader("stream", &json!({}), &parameters)
            .await
            .err()
            .unwrap();
        assert_eq!(error.kind(), Kind::Config, "{error}");
    }
}

#[tokio::test]
async fn the_writer_counts_and_keeps_nothing() {
    let rows = read("stream", &json!({}), &parameters(100))
        .await
        .unwrap()
        .batch;
    let settings = json!({"print": true, "fieldDelimiter": ",", "sleepTime": "5", "column": ["*"]});
    let writer = writer("stream", &json!({}), &settings).await.unwrap();
    let prepared = prepare(writer.as_ref(), &rows, 1).await.unwrap();
    let mut task = writer.task(&prepared, TaskId(0)).await.unwrap();
    assert_eq!(task.write(rows).await.unwrap().row_count, 100);
    let sealed = task.seal().await.unwrap();
    assert_eq!(sealed.written.row_count, 0);
    let receipt = task.publish().await.unwrap();
    let again = writer
        .recover(&prepared, TaskId(0), &sealed.state)
        .await
        .unwrap();
    assert_eq!(again, None);
    for _ in 0..2 {
        writer
            .commit(&prepared, std::slice::from_ref(&receipt))
            .await
            .unwrap();
        writer.abort(&prepared).await.unwrap();
    }
}
