//! What a server says of itself while its store is away.

use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::client::Client;
use crate::harness::{Kept, Running};

/// A way to the store that can be closed, with whatever is on it.
async fn relay(to: String, port: u16) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let mut open = JoinSet::new();
        while let Ok((mut here, _)) = listener.accept().await {
            let to = to.clone();
            open.spawn(async move {
                let mut there = TcpStream::connect(to).await.unwrap();
                tokio::io::copy_bidirectional(&mut here, &mut there)
                    .await
                    .ok();
            });
        }
    });
    (port, task)
}

async fn until(client: &Client, path: &str, status: u16) {
    let begun = Instant::now();
    loop {
        let answer = client.get(path).await;
        if answer.status == status {
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{path}: {answer:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_server_without_its_store_is_alive_and_not_ready() {
    let mut away = None;
    let (server, admin) = Running::start(Kept::Sqlite).await;
    for client in [&admin, &server.client()] {
        for path in ["/healthz", "/readyz"] {
            assert_eq!(client.get(path).await.ok()["status"], "ok");
        }
    }
    drop(server);

    let url = crate::harness::postgresql();
    let (login, place) = url.rsplit_once('@').unwrap();
    let (host, name) = place.split_once('/').unwrap();
    let (port, up) = relay(host.to_string(), 0).await;
    let (server, admin) = Running::start_with(Kept::PostgreSql, |config| {
        let schema = config.store.split_once('?').unwrap().1;
        config.store = format!("{login}@127.0.0.1:{port}/{name}?{schema}");
        away = Some(config.store.clone());
    })
    .await;
    until(&admin, "/readyz", 200).await;
    up.abort();
    up.await.unwrap_err();
    // What it has read of the settings does not count any more.
    server.clock.advance(Duration::from_secs(60));
    until(&admin, "/readyz", 503).await;
    let answer = server.client().get("/readyz").await;
    assert_eq!(answer.refused(503), "unavailable");
    assert_eq!(
        answer.body["error"]["message"],
        "the metadata store does not answer"
    );
    assert!(!answer.body.to_string().contains(&away.unwrap()));
    for client in [&admin, &server.client()] {
        assert_eq!(client.get("/healthz").await.ok()["status"], "ok");
    }
    let (_, up) = relay(host.to_string(), port).await;
    until(&admin, "/readyz", 200).await;
    up.abort();
}
