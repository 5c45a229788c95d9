//! A service that is not there: given up soon at the first contact, waited for once it was known.

use std::time::{Duration, Instant};

use maxcompute::client::ErrorClass;
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
