//! Bad input, tried as a hostile user would: each gives one clear message with the way out.

use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use futures::StreamExt;
use sdk::{Error, Kind, Listing};
use serde_json::{Value, json};

use super::Folder;
use crate::drive::{browser, options, prepare, read, read_all, reader, run_task, write, writer};

async fn read_fault(folder: &Folder, parameters: &Value) -> Error {
    read("file", &folder.config(), parameters)
        .await
        .expect_err("this cannot be read")
}

fn batch() -> RecordBatch {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    RecordBatch::try_from_iter([("id", ids)]).unwrap()
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let folder = Folder::with(&[("a.csv", b"id,name\n1,x\n"), ("empty/.keep", b"")]);
    for (parameters, kind, message) in [
        (
            json!({"path": "b.csv"}),
            Kind::NotFound,
            "b.csv: no such file",
        ),
        (
            json!({"path": "a.csv/b.csv"}),
            Kind::NotFound,
            "b.csv: no such file",
        ),
        (
            json!({"path": "*.json"}),
            Kind::NotFound,
            "no file matches the path \"*.json\"",
        ),
        (
            json!({"path": "empty"}),
            Kind::NotFound,
            "no file matches the path \"empty\"",
        ),
        (json!({"path": []}), Kind::Config, "`path` is empty"),
        (
            json!({"path": "a.csv", "column": ["nam"]}),
            Kind::NotFound,
            "a.csv has no column \"nam\"",
        ),
        (
            json!({"path": "a.csv", "column": [{"index": 2}]}),
            Kind::NotFound,
            "no field at index 2",
        ),
        (
            json!({"path": "a.csv", "column": [{"type": "long"}]}),
            Kind::Config,
            "column 0 of the job: one of `index`, `name` and `value`",
        ),
        (
            json!({"path": "a.csv", "column": [{"index": 0, "type": "lung"}]}),
            Kind::Config,
            "unknown type `lung`, did you mean `long`?",
        ),
        (
            json!({"path": "a.csv", "column": ["*", "id"]}),
            Kind::Config,
            "`*` cannot stand beside",
        ),
        (
            json!({"path": "a.csv", "column": ["id"], "header": false}),
            Kind::Config,
            "names 1 columns, but",
        ),
        (
            json!({"path": "a.csv", "header": true, "skipHeader": false}),
            Kind::Config,
            "`header` and `skipHeader` contradict",
        ),
        (
            json!({"path": "a.csv", "fieldDelimiter": "||"}),
            Kind::Config,
            "must be one ASCII character",
        ),
        (
            json!({"path": "a.csv", "nullFormat": "a,b"}),
            Kind::Config,
            "`nullFormat` holds the character of `fieldDelimiter`",
        ),
        (
            json!({"path": "a.csv", "quote": ","}),
            Kind::Config,
            "are the same character",
        ),
        (
            json!({"path": "a.csv", "encoding": "klingon"}),
            Kind::Config,
            "unknown encoding",
        ),
        (
            json!({"path": "a.csv", "fileFormat": "parquet"}),
            Kind::Data,
            "as a Parquet file",
        ),
        (
            json!({"path": "a.csv", "compress": "gzip"}),
            Kind::Data,
            "damaged or cut short",
        ),
    ] {
        let error = read_fault(&folder, &parameters).await;
        assert_eq!(error.kind(), kind, "{parameters}: {error}");
        assert!(error.message().contains(message), "{parameters}: {error}");
    }
}

#[tokio::test]
async fn paths_stay_below_the_root() {
    let outside = Folder::with(&[("secret.csv", b"1\n")]);
    let folder = Folder::with(&[("a.csv", b"1\n")]);
    std::os::unix::fs::symlink(outside.path("secret.csv"), folder.path("link.csv")).unwrap();
    for path in [
        "../secret.csv".to_string(),
        outside.path("secret.csv").to_string_lossy().into_owned(),
        "link.csv".to_string(),
        "l*.csv".to_string(),
    ] {
        let error = read_fault(&folder, &json!({"path": path})).await;
        assert_eq!(error.kind(), Kind::Denied, "{path}: {error}");
    }
    let parameters = json!({"path": "../x", "fileName": "a"});
    let error = writer("file", &folder.config(), &parameters)
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind(), Kind::Denied);
    std::os::unix::fs::symlink(outside.root(), folder.path("way-out")).unwrap();
    let parameters = json!({"path": "way-out", "fileName": "a"});
    let error = write("file", &folder.config(), &parameters, &batch())
        .await
        .expect_err("the folder lies outside");
    assert_eq!(error.kind(), Kind::Denied);
    let parameters = json!({"path": "way-out/new", "fileName": "a"});
    let error = write("file", &folder.config(), &parameters, &batch())
        .await
        .expect_err("the folder would lie outside");
    assert_eq!(error.kind(), Kind::Denied);
    assert_eq!(outside.names(), ["secret.csv"]);
    let inside = folder.path("a.csv").to_string_lossy().into_owned();
    assert!(
        read("file", &folder.config(), &json!({"path": inside}))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn compressed_data_that_is_cut_short_is_an_error() {
    let text: String = (0..50_000)
        .map(|row| format!("{row},{}\n", row * 7919))
        .collect();
    let zstd = zstd::encode_all(text.as_bytes(), 3).unwrap();
    let folder = Folder::with(&[("a.csv.zst", &zstd[..zstd.len() / 2])]);
    let error = read_fault(&folder, &json!({"path": "a.csv.zst"})).await;
    assert_eq!(error.kind(), Kind::Data);
    assert!(error.message().contains("damaged or cut short"), "{error}");
}

#[tokio::test]
async fn a_cell_of_100_mib_passes_and_a_longer_row_is_refused() {
    let mut text = vec![b'x'; 100 << 20];
    text.extend_from_slice(b",1\ny,2\n");
    let folder = Folder::with(&[("a.csv", &text)]);
    let rows = read("file", &folder.config(), &json!({"path": "a.csv"}))
        .await
        .unwrap();
    assert_eq!(rows.batch.num_rows(), 2);
    let texts = rows
        .batch
        .column(0)
        .as_any()
        .downcast_ref::<StringArray>()
        .unwrap();
    assert_eq!(texts.value(0).len(), 100 << 20);
    let parameters = json!({"path": "a.csv", "maxRowBytes": 50 << 20});
    let error = read_fault(&folder, &parameters).await;
    assert_eq!(error.kind(), Kind::Data);
    assert!(
        error.message().ends_with("is longer than 50 MiB"),
        "{error}"
    );
    assert!(
        error
            .hint_text()
            .unwrap()
            .contains("a quote that is not closed")
    );
}

#[tokio::test]
async fn a_file_that_changes_during_the_job_is_refused() {
    let folder = Folder::with(&[("a.csv", b"1\n")]);
    let reader = reader("file", &folder.config(), &json!({"path": "a.csv"}))
        .await
        .unwrap();
    let columns = reader.schema().await.unwrap();
    let splits = reader.splits(1).await.unwrap().splits;
    folder.put("a.csv", b"1\n2\n");
    let mut stream = reader.read(&splits[0], &options(&columns)).await.unwrap();
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_refused() {
    let rows = "1,some text\n".repeat(20_000);
    let folder = Folder::with(&[("a.csv", rows.as_bytes())]);
    let reader = reader("file", &folder.config(), &json!({"path": "a.csv"}))
        .await
        .unwrap();
    let columns = reader.schema().await.unwrap();
    let splits = reader.splits(1).await.unwrap().splits;
    let mut stream = reader.read(&splits[0], &options(&columns)).await.unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    // The decoder waits for room in its queue, long before the end of the file.
    folder.put("a.csv", b"1,short\n");
    let mut last = None;
    while let Some(read) = stream.next().await {
        last = Some(read);
    }
    let error = last.unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict, "{error}");
}

#[tokio::test]
async fn only_regular_files_are_read() {
    let folder = Folder::with(&[("in/a.csv", b"1\n")]);
    let _socket = std::os::unix::net::UnixListener::bind(folder.path("in/b.csv")).unwrap();
    let rows = read("file", &folder.config(), &json!({"path": "in"}))
        .await
        .unwrap();
    assert_eq!(rows.batch.num_rows(), 1);
    let named = read_fault(&folder, &json!({"path": "in/b.csv"})).await;
    let device = read("file", &json!({}), &json!({"path": "/dev/null"})).await;
    for error in [named, device.unwrap_err()] {
        assert_eq!(error.kind(), Kind::Unsupported);
        assert!(
            error.message().ends_with("is not a regular file"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_name_that_is_no_text_is_refused() {
    let folder = Folder::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xE9.csv");
    std::fs::write(folder.root().join(name), "1\n").unwrap();
    let error = read_fault(&folder, &json!({"path": "*.csv"})).await;
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.message().ends_with("is not valid UTF-8"), "{error}");
}

#[tokio::test]
async fn targets_that_cannot_be_written() {
    let folder = Folder::with(&[("file", b"")]);
    for (parameters, kind, message) in [
        (
            json!({"path": "file", "fileName": "a"}),
            Kind::Config,
            "a file is in the way",
        ),
        (
            json!({"path": ".", "fileName": "a/b"}),
            Kind::Config,
            "cannot be a `fileName`",
        ),
        (
            json!({"path": ".", "fileName": "a".repeat(250)}),
            Kind::Config,
            "the name is too long",
        ),
        (
            json!({"path": ".", "fileName": "a", "suffix": "/../../b"}),
            Kind::Config,
            "cannot be a `suffix`",
        ),
        (
            json!({"path": ".", "fileName": "a.csv", "compress": "snappy"}),
            Kind::Unsupported,
            "compressed with snappy",
        ),
        (
            json!({"path": ".", "fileName": "a", "encoding": "utf-16"}),
            Kind::Unsupported,
            "cannot write files in UTF-16LE",
        ),
        (
            json!({"path": ".", "fileName": "a", "header": ["x", "y"]}),
            Kind::Config,
            "`header` has 2 names for 1 columns",
        ),
        (
            json!({"path": ".", "fileName": "a", "column": ["x", "y"]}),
            Kind::Config,
            "lists 2 columns, but 1 are read",
        ),
        (
            json!({"path": ".", "fileName": "a", "dateFormat": "QQQ"}),
            Kind::Config,
            "`QQQ`, which is not understood",
        ),
    ] {
        let error = write("file", &folder.config(), &parameters, &batch())
            .await
            .expect_err("this cannot be written");
        assert_eq!(error.kind(), kind, "{parameters}: {error}");
        assert!(error.message().contains(message), "{parameters}: {error}");
        assert_eq!(folder.names(), ["file"]);
    }
}

#[tokio::test]
async fn a_job_writes_no_more_files_than_it_can_number() {
    let folder = Folder::new();
    let parameters = json!({"path": ".", "fileName": "a.csv"});
    let writer = writer("file", &folder.config(), &parameters).await.unwrap();
    let error = prepare(writer.as_ref(), &batch(), 100_001)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    prepare(writer.as_ref(), &batch(), 100_000).await.unwrap();
}

#[tokio::test]
async fn a_staged_file_that_vanished_fails_the_commit() {
    let folder = Folder::new();
    let parameters = json!({"path": ".", "fileName": "a.csv"});
    let writer = writer("file", &folder.config(), &parameters).await.unwrap();
    let prepared = prepare(writer.as_ref(), &batch(), 1).await.unwrap();
    let (_, receipt) = run_task(writer.as_ref(), &prepared, 0, &[batch()])
        .await
        .unwrap();
    std::fs::remove_file(folder.path(&folder.names()[0])).unwrap();
    let error = writer.commit(&prepared, &[receipt]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    assert!(error.message().ends_with("is gone"), "{error}");
}

#[tokio::test]
async fn browsing() {
    let folder = Folder::with(&[
        ("in/a.csv", b"1,x\n2,y\n"),
        ("b.jsonl", b"{\"id\": 1}\n"),
        (".hidden", b""),
    ]);
    let browser = browser("file", &folder.config()).await;
    let ping = browser.ping().await;
    assert!(
        ping[0]
            .outcome
            .as_ref()
            .unwrap()
            .ends_with("holds 3 entries")
    );
    let tables = browser.list(Listing::Tables, "", 10).await.unwrap();
    let tables: Vec<(&str, &str)> = tables
        .iter()
        .map(|table| (table.name.as_str(), table.kind.as_str()))
        .collect();
    assert_eq!(
        tables,
        [("b.jsonl", "JSON lines file"), ("in/a.csv", "CSV file")]
    );
    assert_eq!(
        browser
            .list(Listing::Tables, "IN/", 10)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        browser.columns("b.jsonl").await.unwrap()[0].column.name,
        "id"
    );
    assert_eq!(browser.preview("in/a.csv", 1).await.unwrap().num_rows(), 1);
    folder.put("names.csv", b"id,first name\n1,x\n");
    folder.put("dates.csv", b"x,2024-01-31\ny,2024-02-01\n");
    for (table, names, rows) in [
        ("names.csv", ["id", "first name"], 1),
        ("dates.csv", ["column1", "column2"], 2),
    ] {
        let columns = browser.columns(table).await.unwrap();
        let seen: Vec<&str> = columns
            .iter()
            .map(|browsed| browsed.column.name.as_str())
            .collect();
        assert_eq!(seen, names);
        let preview = browser.preview(table, 20).await.unwrap();
        assert_eq!(preview.num_rows(), rows, "{table}");
        assert_eq!(preview.schema().field(0).name(), names[0]);
    }
    let missing = super::super::drive::browser("file", &json!({"root": folder.path("none")})).await;
    assert!(missing.ping().await[0].outcome.is_err());
    let all = reader(
        "file",
        &json!({}),
        &json!({"path": folder.root().join("in")}),
    )
    .await
    .unwrap();
    assert_eq!(read_all(all.as_ref(), 4).await.unwrap().batch.num_rows(), 2);
}
