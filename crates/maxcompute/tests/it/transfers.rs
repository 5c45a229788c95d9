//! The client against a scripted server: requests as they are on the wire, and what faults do to them.

use std::time::Duration;

use futures::TryStreamExt;
use maxcompute::client::{BatchSize, ErrorClass, ReadRequest, UploadMode, UploadStatus};
use maxcompute::compression::Compression;
use maxcompute::record::{Decoded, Encoder};
use maxcompute::types::Type;
use serde_json::json;

use crate::cells::batch_of;
use crate::server::{Reply, Request, Server};

fn schema() -> serde_json::Value {
    json!({"columns": [
        {"name": "id", "type": "bigint", "nullable": true, "column_id": "0"},
        {"name": "name", "type": "string", "nullable": true, "column_id": "1"},
    ], "partitionKeys": [{"name": "pt", "type": "string"}]})
}

fn download(status: &str) -> Reply {
    let answer =
        json!({"DownloadID": "d1", "Status": status, "RecordCount": 100, "Schema": schema()});
    Reply::new(200, answer.to_string())
}

fn upload(status: &str, blocks: &[u32]) -> Reply {
    let blocks: Vec<_> = blocks
        .iter()
        .map(|id| json!({"BlockID": id, "RecordCount": 5}))
        .collect();
    let answer = json!({"UploadID": "u1", "Status": status, "Schema": schema(), "UploadedBlockList": blocks});
    Reply::new(200, answer.to_string())
}

fn body(rows: std::ops::Range<u64>) -> Vec<u8> {
    let types = [Type::BigInt, Type::String];
    let rows: Vec<_> = rows
        .map(|row| vec![json!(row), json!(format!("row {row}"))])
        .collect();
    let mut body = Vec::new();
    let mut encoder = Encoder::new(&types);
    encoder.encode(&batch_of(&types, &rows), &mut body).unwrap();
    encoder.finish(&mut body);
    body
}

/// The rows that a read request asks for.
fn range(request: &Request) -> std::ops::Range<u64> {
    let (_, range) = request.line.split_once("rowrange=%28").unwrap();
    let (range, _) = range.split_once("%29").unwrap();
    let (start, count) = range.split_once("%2C").unwrap();
    let (start, count): (u64, u64) = (start.parse().unwrap(), count.parse().unwrap());
    start..start + count
}

fn request(rows: std::ops::Range<u64>) -> ReadRequest {
    ReadRequest {
        rows,
        columns: None,
        compression: Compression::Raw,
        batch: BatchSize {
            rows: 8,
            bytes: 1 << 20,
        },
    }
}

fn ids(batches: &[Decoded]) -> Vec<i64> {
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    batches
        .iter()
        .flat_map(|decoded| {
            decoded
                .batch
                .column(0)
                .as_primitive::<Int64Type>()
                .values()
                .to_vec()
        })
        .collect()
}

#[tokio::test]
async fn a_broken_read_goes_on_at_the_first_row_that_is_missing() {
    let server = Server::start(|number, request| match number {
        0 => download("INITIATING"),
        1 => download("NORMAL"),
        2 => Reply::new(503, r#"{"Code":"ServiceUnavailable","Message":"x"}"#),
        // The first answer breaks off, the second has a wrong byte, the third lost its footer.
        3 => Reply {
            cut: Some(700),
            ..Reply::new(200, body(range(request)))
        },
        4 => {
            let mut body = body(range(request));
            body[300] ^= 1;
            Reply::new(200, body)
        }
        5 => {
            let mut body = body(range(request));
            body.truncate(body.len() - 5);
            Reply::new(200, body)
        }
        _ => {
            let body = Compression::Zstd.encode(&body(range(request))).unwrap();
            Reply {
                headers: vec![("content-encoding", "zstd".to_owned())],
                ..Reply::new(200, body)
            }
        }
    })
    .await;
    let partition = "pt=x".parse().unwrap();
    let download = server
        .client
        .create_download("t", Some(&partition))
        .await
        .unwrap();
    assert_eq!(download.record_count, 100);
    let batches: Vec<Decoded> = server
        .client
        .read(&download, request(10..90))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ids(&batches), (10..90).collect::<Vec<i64>>());
    let lines = server.lines();
    assert_eq!(
        lines[0],
        "POST /projects/p/tables/t?partition=pt%3Dx&downloads&asyncmode=true&curr_project=p"
    );
    assert_eq!(
        lines[1],
        "GET /projects/p/tables/t?partition=pt%3Dx&downloadid=d1&curr_project=p"
    );
    let starts: Vec<u64> = server.requests()[2..]
        .iter()
        .map(|request| range(request).start)
        .collect();
    assert_eq!(starts.len(), 5);
    assert_eq!(starts[..2], [10, 10]);
    assert!(
        starts.is_sorted() && starts[4] > 10 && starts[4] < 90,
        "{starts:?}"
    );
}

#[tokio::test]
async fn a_connection_that_always_breaks_is_not_called_damage() {
    let server = Server::start(|number, request| match number {
        0 => download("NORMAL"),
        _ => Reply {
            cut: Some(0),
            ..Reply::new(200, body(range(request)))
        },
    })
    .await;
    let download = server.client.create_download("t", None).await.unwrap();
    let read = server.client.read(&download, request(0..90));
    let error = read.try_collect::<Vec<Decoded>>().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Transient, "{error}");
    assert_eq!(error.message(), "the connection to the service broke");
}

#[tokio::test]
async fn answers_without_end_are_not_kept() {
    let server = Server::start(|number, _| match number {
        0 => Reply::new(200, vec![b' '; (64 << 20) + 1]),
        // What was read is no document any more, and the status says enough.
        _ => Reply::new(404, format!(r#"{{"Code":"{}"}}"#, "x".repeat(1 << 20))),
    })
    .await;
    let error = server.client.project().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Protocol);
    assert_eq!(
        error.message(),
        "the service answered with more than 64 MiB"
    );
    let error = server.client.project().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotFound);
    assert!(error.message().len() < 3_000, "{error}");
    assert_eq!(server.lines().len(), 2, "neither was asked for again");
}

#[test]
fn a_read_that_waits_takes_no_thread_from_another() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        let server = Server::start(|number, request| match number {
            0 => download("NORMAL"),
            _ => Reply::new(200, body(range(request))),
        })
        .await;
        let download = server.client.create_download("t", None).await.unwrap();
        let read = || Box::pin(server.client.read(&download, request(0..90)));
        let mut waiting = read();
        let first = waiting.try_next().await.unwrap().unwrap();
        let other = read().try_collect::<Vec<Decoded>>();
        let other = tokio::time::timeout(Duration::from_secs(60), other).await;
        let other = other.expect("it waits for the first read").unwrap();
        assert_eq!(ids(&other), (0..90).collect::<Vec<i64>>());
        let rest: Vec<Decoded> = waiting.try_collect().await.unwrap();
        assert_eq!(ids(&[vec![first], rest].concat()), ids(&other));
    });
}

#[tokio::test]
async fn columns_are_asked_in_table_order_and_errors_end_the_stream() {
    let server = Server::start(|number, _| match number {
        0 => download("NORMAL"),
        1 => Reply::new(200, body(0..2)),
        _ => Reply::new(404, r#"{"Code":"NoSuchDownload","Message":"gone"}"#),
    })
    .await;
    let download = server.client.create_download("t", None).await.unwrap();
    let of = |names: &[&str]| ReadRequest {
        columns: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        ..request(0..2)
    };
    let swapped = server.client.read(&download, of(&["name", "id"]));
    let error = swapped.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Invalid, "{error}");
    let batches: Vec<Decoded> = server
        .client
        .read(&download, of(&["id", "name"]))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ids(&batches), [0, 1]);
    assert!(
        server.lines()[1].contains("&columns=id%2Cname&"),
        "{:?}",
        server.lines()
    );

    let error = server
        .client
        .read(&download, request(0..2))
        .try_collect::<Vec<_>>()
        .await
        .unwrap_err();
    assert_eq!(
        (error.class(), error.code()),
        (ErrorClass::NotFound, "NoSuchDownload")
    );
    let empty: Vec<Decoded> = server
        .client
        .read(&download, request(5..5))
        .try_collect()
        .await
        .unwrap();
    assert!(empty.is_empty());
    assert_eq!(server.lines().len(), 3);
}

#[tokio::test]
async fn too_few_rows_are_an_error_and_not_a_repetition() {
    let server = Server::start(|number, _| match number {
        0 => download("NORMAL"),
        _ => Reply::new(200, body(0..3)),
    })
    .await;
    let download = server.client.create_download("t", None).await.unwrap();
    let error = server
        .client
        .read(&download, request(0..4))
        .try_collect::<Vec<_>>()
        .await
        .unwrap_err();
    assert_eq!(error.class(), ErrorClass::Protocol);
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn blocks_are_written_again_and_a_lost_commit_is_settled() {
    let server = Server::start(|number, request| match number {
        0 => upload("NORMAL", &[]),
        1 => Reply::new(
            429,
            r#"{"Code":"FlowExceeded","Message":"slow down","HoldClientMillis":"1"}"#,
        ),
        2 => Reply::new(400, r#"{"Code":"ChecksumError","Message":"damaged"}"#),
        3 => {
            assert_eq!(
                Compression::Deflate.decode(&request.body, 10_000).unwrap(),
                body(0..5)
            );
            Reply::new(200, "")
        }
        4 => upload("NORMAL", &[3]),
        // The commit happens, but its answer is lost, and the repetition is refused.
        5 => Reply {
            cut: Some(3),
            ..upload("CLOSED", &[3])
        },
        6 => Reply::new(400, r#"{"Code":"StatusConflict","Message":"closed"}"#),
        _ => upload("CLOSED", &[]),
    })
    .await;
    let partition = "pt=x".parse().unwrap();
    let upload = server
        .client
        .create_upload("t", Some(&partition), UploadMode::Overwrite)
        .await
        .unwrap();
    let body = body(0..5).into();
    server
        .client
        .write_block(&upload, 3, body, Compression::Deflate)
        .await
        .unwrap();
    server.client.commit(&upload, &[3]).await.unwrap();
    // Another process commits once more.
    server.client.commit(&upload, &[3]).await.unwrap();
    let lines = server.lines();
    assert_eq!(
        lines[0],
        "POST /projects/p/tables/t?partition=pt%3Dx&uploads=1&overwrite=true&create_partition=true&curr_project=p"
    );
    assert_eq!(
        lines[3],
        "PUT /projects/p/tables/t?partition=pt%3Dx&uploadid=u1&blockid=3&curr_project=p"
    );
    assert_eq!(
        lines[5],
        "POST /projects/p/tables/t?partition=pt%3Dx&uploadid=u1&curr_project=p"
    );
    let written = &server.requests()[3].head;
    for header in [
        "content-encoding: deflate",
        "x-odps-tunnel-version: 6",
        "authorization: ODPS id:",
    ] {
        assert!(written.contains(header), "{written}");
    }
}

#[tokio::test]
async fn a_commit_with_other_blocks_changes_nothing() {
    let server = Server::start(|number, _| match number {
        0 => upload("NORMAL", &[]),
        _ => upload("NORMAL", &[1, 2]),
    })
    .await;
    let upload = server
        .client
        .create_upload("t", None, UploadMode::Append)
        .await
        .unwrap();
    assert_eq!(
        server.lines()[0],
        "POST /projects/p/tables/t?uploads=1&curr_project=p"
    );
    let error = server.client.commit(&upload, &[1]).await.unwrap_err();
    assert_eq!(error.code(), "InConsistentBlockList");
    let state = server.client.load_upload(&upload).await.unwrap();
    assert_eq!((state.status, state.blocks.len()), (UploadStatus::Open, 2));
    assert!(
        server.lines()[1..]
            .iter()
            .all(|line| line.starts_with("GET ")),
        "{:?}",
        server.lines()
    );
}

#[tokio::test]
async fn a_statement_is_submitted_twice_only_if_that_is_harmless() {
    let server = Server::start(|number, _| match number {
        0 => Reply::new(500, ""),
        1 => Reply::new(429, ""),
        2 => Reply::new(500, ""),
        3 => Reply {
            headers: vec![(
                "location",
                "http://x/api/projects/p/instances/2024abc".to_owned(),
            )],
            ..Reply::new(201, "")
        },
        _ => Reply::new(
            200,
            "<Instance><Status>Terminated</Status><Tasks><Task Type=\"SQL\"><Name>n</Name>\
             <Status>Failed</Status><Result><![CDATA[ODPS-0130131:Table not found - t]]></Result>\
             </Task></Tasks></Instance>",
        ),
    })
    .await;
    let insert = server.client.run_sql("insert into t values (1)", &[]).await;
    assert_eq!(insert.unwrap_err().status(), Some(500));
    assert_eq!(server.lines().len(), 1);
    let error = server
        .client
        .run_sql("drop table if exists t", &[])
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.class()),
        ("ODPS-0130131", ErrorClass::NotFound)
    );
    assert_eq!(
        server.lines()[0],
        "POST /api/projects/p/instances?curr_project=p"
    );
    assert_eq!(
        server.lines()[4],
        "GET /api/projects/p/instances/2024abc?taskstatus&curr_project=p"
    );
}

#[tokio::test]
async fn missing_partitions_are_told_from_missing_tables() {
    let server = Server::start(|number, _| match number {
        0 => Reply::new(
            404,
            "<Error><Code>NoSuchPartition</Code><Message>m</Message></Error>",
        ),
        1 => Reply::new(
            404,
            "<Error><Code>NoSuchTable</Code><Message>m</Message></Error>",
        ),
        _ => Reply::new(200, "<Partition><Schema>{}</Schema></Partition>"),
    })
    .await;
    let partition = "pt='a b'".parse().unwrap();
    assert!(
        !server
            .client
            .partition_exists("t", &partition)
            .await
            .unwrap()
    );
    assert!(
        server
            .client
            .partition_exists("t", &partition)
            .await
            .is_err()
    );
    assert!(
        server
            .client
            .partition_exists("t", &partition)
            .await
            .unwrap()
    );
    assert_eq!(
        server.lines()[0],
        "GET /api/projects/p/tables/t?partition=pt%3D%27a+b%27&curr_project=p"
    );
}
