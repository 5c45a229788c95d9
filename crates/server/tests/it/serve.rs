//! A server that stops.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use crate::harness::{Kept, Running};

#[tokio::test]
async fn a_caller_that_says_no_more_does_not_keep_a_server_from_stopping() {
    let (server, admin) = Running::start(Kept::Sqlite).await;
    let address = server.address.trim_start_matches("http://");
    let mut stalled = TcpStream::connect(address).unwrap();
    let request = "POST /api/v1/session HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
        content-length: 100\r\n\r\n{";
    stalled.write_all(request.as_bytes()).unwrap();
    assert_eq!(admin.get("/healthz").await.status, 200);
    // The request alone would be given up after a minute.
    let restarted = tokio::time::timeout(Duration::from_secs(40), server.restart()).await;
    assert!(restarted.is_ok());
}
