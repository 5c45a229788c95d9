//! A service that is not there: given up soon at the first contact, waited for once it was known.

use std::time::{Duration, Instant};

use futures::StreamExt;
use maxcompute::client::{BatchSize, ErrorClass, ReadRequest};
use maxcompute::compression::Compression;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::server::{Reply, Server, client};

#[tokio::test]
async fn an_address_where_nobody_listens_fails_within_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(listener.local_addr().unwrap());
    drop(listener);
    let start = Instant::now();
    for _ in 0..2 {
        let error = client.project().await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Unreachable);
        assert!(!error.retryable());
    }
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_address_where_nobody_answers_is_tried_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(listener.local_addr().unwrap());
    let asked = tokio::spawn(async move { client.project().await.unwrap_err() });
    let (_first, _) = listener.accept().await.unwrap();
    let error = asked.await.unwrap();
    assert_eq!(error.class(), ErrorClass::Unreachable);
    assert_eq!(error.message(), "the service did not answer in time");
    let again = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
    assert!(again.is_err());
}

#[tokio::test]
async fn a_service_that_answered_before_is_waited_for() {
    let mut server = Server::start(|_, _| Reply::new(404, "")).await;
    // Even a refusal proves that somebody is there.
    let refused = server.client.project().await.unwrap_err();
    assert_eq!(refused.class(), ErrorClass::NotFound);
    server.stop().await;
    let error = server.client.project().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Transient);
    // The other service has not been heard of yet, whatever is known of the first.
    let error = server.client.create_download("t", None).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unreachable);
}

#[tokio::test]
async fn a_read_that_is_given_up_closes_its_connection_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(listener.local_addr().unwrap());
    let (hear, heard) = tokio::sync::oneshot::channel();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let schema = json!({"columns": [{"name": "id", "type": "bigint"}]});
        let download =
            json!({"DownloadID": "d", "Status": "NORMAL", "RecordCount": 9, "Schema": schema})
                .to_string();
        assert!(stream.read(&mut request).await.unwrap() > 0);
        let length = download.len();
        let answer = format!("HTTP/1.1 200 x\r\ncontent-length: {length}\r\n\r\n{download}");
        stream.write_all(answer.as_bytes()).await.unwrap();
        // The rows begin, and then the service is silent.
        assert!(stream.read(&mut request).await.unwrap() > 0);
        let begin = b"HTTP/1.1 200 x\r\ncontent-length: 1000\r\n\r\n\x08\x02";
        stream.write_all(begin).await.unwrap();
        hear.send(()).unwrap();
        assert_eq!(stream.read(&mut request).await.unwrap_or(0), 0);
    });
    let download = client.create_download("t", None).await.unwrap();
    let request = ReadRequest {
        rows: 0..9,
        columns: None,
        compression: Compression::Raw,
        batch: BatchSize {
            rows: 9,
            bytes: 1 << 20,
        },
    };
    let mut rows = Box::pin(client.read(&download, request));
    tokio::select! {
        _ = rows.next() => panic!("no row is whole"),
        heard = heard => heard.unwrap(),
    }
    // Asked once more, the answer has arrived for certain.
    let asked = tokio::time::timeout(Duration::from_millis(100), rows.next()).await;
    assert!(asked.is_err());
    drop(rows);
    let closed = tokio::time::timeout(Duration::from_secs(10), served).await;
    closed.expect("the connection stays open").unwrap();
}
