//! Writing: names, modes, what is visible when, and what a repetition does.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use futures::StreamExt;
use sdk::{Kind, TaskId, WritePlan};
use serde_json::json;

use super::Folder;
use crate::drive::{
    columns_of, options, prepare, read, reader, run_task, write, write_tasks, writer,
};

fn batch(values: &[Option<&str>]) -> RecordBatch {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..values.len() as i64));
    let texts: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
    RecordBatch::try_from_iter([("id", ids), ("text", texts)]).unwrap()
}

#[tokio::test]
async fn text_is_quoted_only_where_it_must_be() {
    let folder = Folder::new();
    let parameters = json!({"path": ".", "fileName": "a.csv", "header": true});
    let values = [
        Some("x"),
        None,
        Some(""),
        Some("\\N"),
        Some("a,\"b\""),
        Some("two\r\nlines"),
        Some(" y"),
    ];
    write("file", &folder.config(), &parameters, &batch(&values))
        .await
        .unwrap();
    assert_eq!(
        folder.text("a.csv"),
        "id,text\n0,x\n1,\\N\n2,\"\"\n3,\"\\N\"\n4,\"a,\"\"b\"\"\"\n5,\"two\r\nlines\"\n6,\" y\"\n"
    );
}

#[tokio::test]
async fn postgresql_and_hive_conventions() {
    let folder = Folder::new();
    let parameters =
        json!({"path": ".", "fileName": "pg.csv", "nullFormat": "", "lineDelimiter": "\r\n"});
    let values = [None, Some("\\N"), Some("")];
    write("file", &folder.config(), &parameters, &batch(&values))
        .await
        .unwrap();
    assert_eq!(folder.text("pg.csv"), "0,\r\n1,\\N\r\n2,\"\"\r\n");
    let parameters =
        json!({"path": ".", "fileName": "hive", "fileFormat": "text", "fieldDelimiter": "\\u0001"});
    let values = [
        Some("a,\"b"),
        None,
        Some("two\nlines"),
        Some("x\u{1}y"),
        Some("\\N"),
    ];
    let outcome = write("file", &folder.config(), &parameters, &batch(&values))
        .await
        .unwrap();
    assert_eq!(folder.text("hive.txt"), "0\u{1}a,\"b\n1\u{1}\\N\n");
    assert_eq!((outcome.row_count, outcome.refused.len()), (2, 3));
    assert_eq!(outcome.refused[1].column.as_deref(), Some("text"));
    assert_eq!(*outcome.refused[1].batch, batch(&values));
    assert_eq!(outcome.refused[1].row, 3);
}

#[tokio::test]
async fn nothing_is_visible_before_commit_and_abort_leaves_no_trace() {
    let folder = Folder::with(&[
        ("a.csv", b"old\n"),
        ("a-00001.csv", b"old\n"),
        ("ab.csv", b"kept\n"),
    ]);
    let parameters = json!({"path": ".", "fileName": "a.csv", "writeMode": "truncate"});
    let writer = writer("file", &folder.config(), &parameters).await.unwrap();
    let rows = batch(&[Some("new")]);
    let prepared = prepare(writer.as_ref(), &rows, 1).await.unwrap();
    run_task(writer.as_ref(), &prepared, 0, std::slice::from_ref(&rows))
        .await
        .unwrap();
    assert_eq!(folder.text("a.csv"), "old\n");
    let visible = |folder: &Folder| -> Vec<String> {
        folder
            .names()
            .into_iter()
            .filter(|name| !name.starts_with('.'))
            .collect()
    };
    assert_eq!(visible(&folder), ["a-00001.csv", "a.csv", "ab.csv"]);
    writer.abort(&prepared).await.unwrap();
    assert_eq!(folder.names(), ["a-00001.csv", "a.csv", "ab.csv"]);
    write_tasks(writer.as_ref(), &[vec![rows]]).await.unwrap();
    assert_eq!(folder.names(), ["a.csv", "ab.csv"]);
    assert_eq!(folder.text("a.csv"), "0,new\n");
}

#[tokio::test]
async fn each_task_has_a_file_and_append_keeps_the_old_ones() {
    let folder = Folder::new();
    let rows = batch(&[Some("x")]);
    let tasks = [vec![rows.clone()], vec![rows.clone(), rows.clone()], vec![]];
    let parameters = json!({"path": "out/deep", "fileName": "a", "compress": "gzip"});
    let first = writer("file", &folder.config(), &parameters).await.unwrap();
    write_tasks(first.as_ref(), &tasks).await.unwrap();
    let mut names: Vec<String> = std::fs::read_dir(folder.path("out/deep"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["a-00000.csv.gz", "a-00001.csv.gz", "a-00002.csv.gz"]
    );
    let mut parameters = parameters;
    parameters["writeMode"] = json!("append");
    for _ in 0..2 {
        let writer = writer("file", &folder.config(), &parameters).await.unwrap();
        write_tasks(writer.as_ref(), &tasks).await.unwrap();
    }
    let all = read("file", &folder.config(), &json!({"path": "out"}))
        .await
        .unwrap();
    assert_eq!(all.batch.num_rows(), 9);
    parameters["writeMode"] = json!("nonConflict");
    let writer = writer("file", &folder.config(), &parameters).await.unwrap();
    let error = prepare(writer.as_ref(), &rows, 1).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    assert!(
        error.message().ends_with("a-00000.csv.gz exists already"),
        "{error}"
    );
}

#[tokio::test]
async fn a_retried_task_and_a_repeated_commit_change_nothing() {
    for mode in ["truncate", "append", "nonConflict"] {
        let folder = Folder::new();
        let parameters = json!({"path": ".", "fileName": "a.csv", "writeMode": mode});
        let writer = writer("file", &folder.config(), &parameters).await.unwrap();
        let rows = batch(&[Some("x"), Some("y")]);
        let prepared = prepare(writer.as_ref(), &rows, 1).await.unwrap();
        let mut lost = writer.task(&prepared, TaskId(0)).await.unwrap();
        let early = lost.write(rows.clone()).await.unwrap();
        let lost = lost.seal().await.unwrap();
        assert_eq!(early.row_count + lost.written.row_count, 2);
        // Sealed but forgotten: the next attempt takes its place.
        let (_, receipt) = run_task(writer.as_ref(), &prepared, 0, std::slice::from_ref(&rows))
            .await
            .unwrap();
        let recovered = writer
            .recover(&prepared, TaskId(0), &lost.state)
            .await
            .unwrap();
        assert_eq!(recovered, None);
        let recovered = writer
            .recover(&prepared, TaskId(0), &receipt.state)
            .await
            .unwrap();
        assert_eq!(recovered.as_ref(), Some(&receipt));
        for _ in 0..2 {
            writer
                .commit(&prepared, std::slice::from_ref(&receipt))
                .await
                .unwrap();
            assert_eq!(folder.names().len(), 1, "{mode}");
            assert_eq!(folder.text(&folder.names()[0]), "0,x\n1,y\n");
            let recovered = writer
                .recover(&prepared, TaskId(0), &receipt.state)
                .await
                .unwrap();
            assert_eq!(recovered.as_ref(), Some(&receipt));
        }
    }
}

#[tokio::test]
async fn a_run_continues_in_another_process() {
    let folder = Folder::new();
    let parameters = json!({"path": ".", "fileName": "a.csv"});
    let rows = batch(&[Some("x")]);
    let dead = writer("file", &folder.config(), &parameters).await.unwrap();
    let prepared = prepare(dead.as_ref(), &rows, 2).await.unwrap();
    let (_, first) = run_task(dead.as_ref(), &prepared, 0, std::slice::from_ref(&rows))
        .await
        .unwrap();
    drop(dead);
    let next = writer("file", &folder.config(), &parameters).await.unwrap();
    let plan = WritePlan {
        columns: columns_of(&rows),
        task_count: 2,
        previous: Some(prepared.clone()),
    };
    assert_eq!(next.prepare(&plan).await.unwrap(), prepared);
    let (_, second) = run_task(next.as_ref(), &prepared, 1, &[rows])
        .await
        .unwrap();
    next.commit(&prepared, &[first, second]).await.unwrap();
    assert_eq!(folder.names(), ["a-00000.csv", "a-00001.csv"]);
}

#[tokio::test]
async fn two_jobs_that_write_one_file_conflict() {
    let folder = Folder::new();
    let parameters = json!({"path": ".", "fileName": "a.csv"});
    let rows = batch(&[Some("x")]);
    let mut ready = Vec::new();
    for _ in 0..2 {
        let writer = writer("file", &folder.config(), &parameters).await.unwrap();
        let prepared = prepare(writer.as_ref(), &rows, 1).await.unwrap();
        let (_, receipt) = run_task(writer.as_ref(), &prepared, 0, std::slice::from_ref(&rows))
            .await
            .unwrap();
        ready.push((writer, prepared, receipt));
    }
    let (first, prepared, receipt) = &ready[0];
    first
        .commit(prepared, std::slice::from_ref(receipt))
        .await
        .unwrap();
    let (second, prepared, receipt) = &ready[1];
    let error = second
        .commit(prepared, std::slice::from_ref(receipt))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    second.abort(prepared).await.unwrap();
    assert_eq!(folder.names(), ["a.csv"]);
}

#[tokio::test]
async fn a_name_that_is_taken_at_the_commit_keeps_all_files_back() {
    let folder = Folder::new();
    let parameters = json!({"path": ".", "fileName": "a.csv"});
    let writer = writer("file", &folder.config(), &parameters).await.unwrap();
    let rows = batch(&[Some("x")]);
    let prepared = prepare(writer.as_ref(), &rows, 2).await.unwrap();
    let mut receipts = Vec::new();
    for task in 0..2 {
        let rows = std::slice::from_ref(&rows);
        let (_, receipt) = run_task(writer.as_ref(), &prepared, task, rows)
            .await
            .unwrap();
        receipts.push(receipt);
    }
    folder.put("a-00001.csv", b"of another job\n");
    let error = writer.commit(&prepared, &receipts).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    writer.abort(&prepared).await.unwrap();
    assert_eq!(folder.names(), ["a-00001.csv"]);
    assert_eq!(folder.text("a-00001.csv"), "of another job\n");
}

#[tokio::test]
async fn an_older_file_of_the_same_length_is_not_taken_for_the_new_one() {
    let folder = Folder::with(&[("a.csv", b"0,old\n")]);
    let last_year = std::time::SystemTime::now() - std::time::Duration::from_secs(31_536_000);
    let old = std::fs::File::options()
        .append(true)
        .open(folder.path("a.csv"));
    old.unwrap().set_modified(last_year).unwrap();
    let parameters = json!({"path": ".", "fileName": "a.csv", "writeMode": "truncate"});
    let writer = writer("file", &folder.config(), &parameters).await.unwrap();
    let rows = batch(&[Some("new")]);
    let prepared = prepare(writer.as_ref(), &rows, 1).await.unwrap();
    let (_, receipt) = run_task(writer.as_ref(), &prepared, 0, &[rows])
        .await
        .unwrap();
    std::fs::remove_file(folder.path(&folder.names()[0])).unwrap();
    assert_eq!(folder.names(), ["a.csv"]);
    let recovered = writer
        .recover(&prepared, TaskId(0), &receipt.state)
        .await
        .unwrap();
    assert_eq!(recovered, None);
    let error = writer.commit(&prepared, &[receipt]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    assert!(error.message().ends_with("is gone"), "{error}");
}

#[tokio::test]
async fn a_dropped_attempt_removes_its_file() {
    let folder = Folder::new();
    let parameters = json!({"path": ".", "fileName": "a.csv"});
    let writer = writer("file", &folder.config(), &parameters).await.unwrap();
    let rows = batch(&[Some("x")]);
    let prepared = prepare(writer.as_ref(), &rows, 1).await.unwrap();
    let mut task = writer.task(&prepared, TaskId(0)).await.unwrap();
    task.write(rows).await.unwrap();
    assert_eq!(folder.names().len(), 1);
    drop(task);
    let gone = tokio::time::timeout(std::time::Duration::from_secs(10), async {
        while !folder.names().is_empty() {
            tokio::task::yield_now().await;
        }
    });
    gone.await
        .expect("the thread notices that nobody writes any more");
}

/// With as many channels as the runtime has threads for blocking calls.
#[test]
fn readers_leave_room_for_the_writers_that_they_wait_for() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(1)
        .enable_time()
        .build()
        .unwrap();
    let copy = async {
        let folder = Folder::with(&[("a.csv", "1,x\n".repeat(20_000).as_bytes())]);
        let reader = reader("file", &folder.config(), &json!({"path": "a.csv"}))
            .await
            .unwrap();
        let columns = reader.schema().await.unwrap();
        let splits = reader.splits(1).await.unwrap().splits;
        let mut stream = reader.read(&splits[0], &options(&columns)).await.unwrap();
        let first = stream.next().await.unwrap().unwrap().batch;
        let parameters = json!({"path": "out", "fileName": "b.csv"});
        write("file", &folder.config(), &parameters, &first)
            .await
            .unwrap();
    };
    let patience = std::time::Duration::from_secs(30);
    let outcome = runtime.block_on(async { tokio::time::timeout(patience, copy).await });
    outcome.expect("the writer gets a thread");
}

#[tokio::test]
async fn encodings_and_date_formats() {
    let folder = Folder::new();
    let parameters =
        json!({"path": ".", "fileName": "a.csv", "encoding": "gbk", "header": ["编号", "b"]});
    let values = [Some("中"), Some("😀")];
    let outcome = write("file", &folder.config(), &parameters, &batch(&values))
        .await
        .unwrap();
    let bytes = folder.bytes("a.csv");
    let (text, _, broken) = encoding_rs::GBK.decode(&bytes);
    assert_eq!((text.as_ref(), broken), ("编号,b\n0,中\n", false));
    assert_eq!(
        outcome.refused[0].reason,
        "holds a character that GBK does not have"
    );
    let times: ArrayRef = Arc::new(arrow_array::TimestampMicrosecondArray::from(vec![
        Some(951_782_399_123_456),
        None,
    ]));
    let times = RecordBatch::try_from_iter([("at", times)]).unwrap();
    for (format, text) in [
        ("", "2000-02-28 23:59:59.123456\n\\N\n"),
        ("yyyy/MM/dd HH:mm", "2000/02/28 23:59\n\\N\n"),
    ] {
        let parameters = json!({"path": ".", "fileName": "t.csv", "dateFormat": format, "writeMode": "overwrite"});
        write("file", &folder.config(), &parameters, &times)
            .await
            .unwrap();
        assert_eq!(folder.text("t.csv"), text);
    }
}
