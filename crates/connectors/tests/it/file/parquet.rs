//! Parquet files, also against files that other writers make.

use std::sync::Arc;

use arrow_array::builder::StringDictionaryBuilder;
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use parquet::data_type::{Int96, Int96Type};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::json;

use super::Folder;
use crate::drive::{options, read, read_all, reader, write};

fn batch(rows: i64) -> RecordBatch {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
    let texts: ArrayRef = Arc::new(StringArray::from_iter(
        (0..rows).map(|row| (row % 3 > 0).then(|| format!("text {row}"))),
    ));
    RecordBatch::try_from_iter([("id", ids), ("text", texts)]).unwrap()
}

fn file_of(batch: &RecordBatch, group_rows: usize) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group_rows))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

#[tokio::test]
async fn row_groups_cover_every_row_once() {
    let folder = Folder::with(&[("a.parquet", &file_of(&batch(5000), 500))]);
    let parameters = json!({"path": "a.parquet", "minSplitBytes": 1});
    let reader = reader("file", &folder.config(), &parameters).await.unwrap();
    let whole = read_all(reader.as_ref(), 1).await.unwrap();
    assert_eq!((whole.batch.num_rows(), whole.splits.len()), (5000, 1));
    assert_eq!(whole.splits[0].estimated_rows, Some(5000));
    for wanted in [3, 10, 50] {
        let parts = read_all(reader.as_ref(), wanted).await.unwrap();
        assert_eq!(parts.splits.len(), wanted.min(10));
        assert_eq!(parts.batch, whole.batch);
    }
}

#[tokio::test]
async fn columns_are_picked_renamed_and_repeated() {
    let folder = Folder::with(&[("a.parquet", &file_of(&batch(2), 10))]);
    let parameters = json!({"path": "a.parquet", "column": [
        {"index": 1, "name": "t"}, "ID", {"value": "v", "name": "c"}, {"name": "id"},
    ]});
    let rows = read("file", &folder.config(), &parameters).await.unwrap();
    let names: Vec<&str> = rows
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(names, ["t", "id", "c", "id"]);
    assert_eq!(rows.json()[1], json!({"t": "text 1", "id": 1, "c": "v"}));
    let none = json!({"path": "a.parquet", "column": ["nothing"]});
    let error = read("file", &folder.config(), &none).await.unwrap_err();
    assert!(error.message().ends_with("has no column \"nothing\""));
}

#[tokio::test]
async fn columns_of_one_name_are_not_mixed_up() {
    let both = Schema::new(vec![
        Field::new("a", DataType::Int64, true),
        Field::new("a", DataType::Int64, true),
    ]);
    let numbers = |first| -> ArrayRef { Arc::new(Int64Array::from(vec![first])) };
    let twice = RecordBatch::try_new(both.into(), vec![numbers(1), numbers(2)]).unwrap();
    let folder = Folder::with(&[("a.parquet", &file_of(&twice, 10))]);
    for column in [json!(["*"]), json!(["a"])] {
        let parameters = json!({"path": "a.parquet", "column": column});
        let error = read("file", &folder.config(), &parameters)
            .await
            .unwrap_err();
        assert!(
            error.message().ends_with("several columns called \"a\""),
            "{error}"
        );
    }
    let column = json!([{"index": 1, "name": "b"}, {"index": 0, "name": "a"}]);
    let parameters = json!({"path": "a.parquet", "column": column});
    let rows = read("file", &folder.config(), &parameters).await.unwrap();
    assert_eq!(rows.json(), [json!({"b": 2, "a": 1})]);
    for name in ["b.parquet", "b.jsonl"] {
        let parameters = json!({"path": "out", "fileName": name});
        let error = write("file", &folder.config(), &parameters, &twice)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), sdk::Kind::Config, "{error}");
        let parameters = json!({"path": "out", "fileName": name, "column": ["a", "b"]});
        write("file", &folder.config(), &parameters, &twice)
            .await
            .unwrap();
    }
}

/// As Spark and Hive write timestamps.
#[tokio::test]
async fn old_timestamps_reach_beyond_the_nanoseconds_of_64_bits() {
    let message = "message rows { OPTIONAL INT96 at; }";
    let schema = Arc::new(parse_message_type(message).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let values = [5_373_484, 1_721_426, 2_440_588].map(|julian_day| {
        let mut value = Int96::new();
        value.set_data(1_000, 0, julian_day);
        value
    });
    let typed = column.typed::<Int96Type>();
    typed.write_batch(&values, Some(&[1, 1, 1]), None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    let folder = Folder::with(&[("a.parquet", &writer.into_inner().unwrap())]);
    let rows = read("file", &folder.config(), &json!({"path": "a.parquet"}))
        .await
        .unwrap();
    let texts: Vec<String> = rows
        .json()
        .iter()
        .map(|row| row["at"].to_string())
        .collect();
    assert_eq!(
        texts,
        [
            "\"9999-12-31T00:00:00.000001\"",
            "\"0001-01-01T00:00:00.000001\"",
            "\"1970-01-01T00:00:00.000001\"",
        ]
    );
}

#[tokio::test]
async fn dictionaries_arrive_as_plain_text() {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    builder.extend([Some("a"), None, Some("a")]);
    let column: ArrayRef = Arc::new(builder.finish());
    let batch = RecordBatch::try_from_iter([("d", column)]).unwrap();
    let folder = Folder::with(&[("a.parquet", &file_of(&batch, 10))]);
    let rows = read("file", &folder.config(), &json!({"path": "*.parquet"}))
        .await
        .unwrap();
    assert_eq!(
        rows.json(),
        [json!({"d": "a"}), json!({"d": null}), json!({"d": "a"})]
    );
}

/// A dictionary makes the file small and leaves the batches as they are.
#[tokio::test]
async fn batches_are_bounded_by_what_their_rows_really_hold() {
    let text = "x".repeat(20_000);
    let texts: ArrayRef = Arc::new(StringArray::from(vec![text.as_str(); 3000]));
    let batch = RecordBatch::try_from_iter([("text", texts)]).unwrap();
    for statistics in [EnabledStatistics::Chunk, EnabledStatistics::None] {
        let properties = WriterProperties::builder()
            .set_statistics_enabled(statistics)
            .build();
        let mut writer =
            ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        let folder = Folder::with(&[("a.parquet", &writer.into_inner().unwrap())]);
        let reader = reader("file", &folder.config(), &json!({"path": "a.parquet"}))
            .await
            .unwrap();
        let columns = reader.schema().await.unwrap();
        let splits = reader.splits(1).await.unwrap().splits;
        let options = options(&columns);
        let mut stream = reader.read(&splits[0], &options).await.unwrap();
        let mut rows = 0;
        while let Some(read) = stream.next().await {
            let batch = read.unwrap().batch;
            rows += batch.num_rows();
            assert!(batch.num_rows() * text.len() <= options.batch_bytes);
        }
        assert_eq!(rows, 3000);
    }
}

#[tokio::test]
async fn compressions_and_row_groups_are_as_asked() {
    let folder = Folder::new();
    for compression in ["zstd", "snappy", "gzip", "none"] {
        let name = format!("{compression}.parquet");
        let parameters = json!({"path": ".", "fileName": name, "compress": compression,
                                "rowGroupSize": 400});
        write("file", &folder.config(), &parameters, &batch(1000))
            .await
            .unwrap();
        let parameters = json!({"path": name, "minSplitBytes": 1});
        let reader = reader("file", &folder.config(), &parameters).await.unwrap();
        let rows = read_all(reader.as_ref(), 9).await.unwrap();
        assert_eq!((rows.batch.num_rows(), rows.splits.len()), (1000, 3));
        assert_eq!(rows.batch.columns(), batch(1000).columns());
    }
    assert!(folder.bytes("none.parquet").len() > folder.bytes("zstd.parquet").len());
}

#[tokio::test]
async fn files_of_different_types_are_refused() {
    let other: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let other = RecordBatch::try_from_iter([("id", other)]).unwrap();
    let folder = Folder::with(&[
        ("a.parquet", &file_of(&batch(3), 10)),
        ("b.parquet", &file_of(&other, 10)),
    ]);
    let parameters = json!({"path": "*.parquet", "column": ["id"]});
    let error = read("file", &folder.config(), &parameters)
        .await
        .unwrap_err();
    assert!(
        error
            .message()
            .contains("is Utf8, but Int64 in the first file"),
        "{error}"
    );
}
