//! A server that speaks TLS itself, and what every answer says to browsers.

use std::path::PathBuf;

use server::{Clock, Equipment, KeyRing, Server, Tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::Client;
use crate::harness::{ADMIN, Kept, PASSWORD, Running};

/// The certificates that the PostgreSQL server of the tests has too.
fn certificates() -> PathBuf {
    std::env::var_os("LONGSHORE_TEST_POSTGRESQL_CERTIFICATES")
        .expect("LONGSHORE_TEST_POSTGRESQL_CERTIFICATES is not set: run `cargo xtask test`")
        .into()
}

fn pair(certificate: &str, key: &str) -> Tls {
    Tls {
        certificate: certificates().join(certificate),
        key: certificates().join(key),
    }
}

/// A server with a certificate for `localhost`, and a browser that trusts who signed it.
async fn started() -> (Running, Client) {
    let running = Running::start_without_admin(Kept::Sqlite, |config| {
        config.tls = Some(pair("server.crt", "server.key"));
        config.address = "https://localhost".to_string();
    })
    .await;
    let authority = std::fs::read(certificates().join("ca.crt")).unwrap();
    let client = Client::new(&format!("https://localhost:{}", port(&running)));
    let address = running.address.rsplit('/').next().unwrap();
    let http = reqwest::Client::builder()
        .no_proxy()
        .resolve("localhost", address.parse().unwrap())
        .tls_certs_only([reqwest::Certificate::from_pem(&authority).unwrap()])
        .build()
        .unwrap();
    (running, client.through(http))
}

fn port(running: &Running) -> &str {
    running.address.rsplit(':').next().unwrap()
}

#[tokio::test]
async fn https_works_and_says_so_to_browsers() {
    let (running, client) = started().await;
    let answer = client.get("/healthz").await;
    assert_eq!(answer.status, 200);
    let header = |name: &str| answer.headers[name].to_str().unwrap().to_string();
    assert_eq!(header("strict-transport-security"), "max-age=31536000");
    let token = running.setup_token.clone().unwrap();
    let body = serde_json::json!({"token": token, "name": ADMIN, "password": PASSWORD});
    let answer = client.post("/api/v1/setup", body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.ends_with("; Secure"), "{cookie}");

    // Somebody else's certificate is not trusted.
    let stranger = reqwest::Client::builder().no_proxy().build().unwrap();
    let refused = stranger.get(format!("https://localhost:{}/healthz", port(&running)));
    assert!(refused.send().await.is_err());
}

#[tokio::test]
async fn plain_http_is_turned_away_and_the_server_goes_on() {
    let (running, client) = started().await;
    let address = running.address.rsplit('/').next().unwrap();
    let mut plain = TcpStream::connect(address).await.unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    plain.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // The connection ends, by the one or the other side's close; nothing of the API comes over it.
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert_eq!(client.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_key_of_another_certificate_is_told_at_the_start() {
    for (tls, missing) in [
        (pair("server.crt", "client.key"), "client.key"),
        (pair("none.crt", "server.key"), "none.crt"),
        (pair("server.key", "server.key"), "server.key"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Running::config(Kept::Sqlite, folder.path()).await;
        config.tls = Some(tls);
        let equipment = Equipment {
            registry: connectors::registry(),
            keys: KeyRing::parse(&KeyRing::generate("test").unwrap()).unwrap(),
            clock: Clock::system(),
            console: server::Console::Embedded,
        };
        let error = match Server::open(config, equipment).await {
            Ok(_) => panic!("the server has started"),
            Err(error) => error,
        };
        let text = error.to_string();
        assert!(text.starts_with("cannot use the certificate"), "{text}");
        assert!(text.contains(missing), "{text}");
        assert_eq!(
            error.hint_text(),
            Some("both must be PEM files that belong together")
        );
    }
}

#[tokio::test]
async fn every_answer_has_the_headers_that_protect_browsers() {
    let (running, admin) = Running::start(Kept::Sqlite).await;
    for (client, path) in [
        (&admin, "/api/v1/settings"),
        (&running.client(), "/api/v1/settings"),
        (&running.client(), "/healthz"),
        (&running.client(), "/api/v1/no/such/path"),
        (&running.client(), "/"),
    ] {
        let answer = client.get(path).await;
        // The console's page holds no data, and asks each time whether it is still the newest.
        let cached = if path == "/" { "no-cache" } else { "no-store" };
        for (name, expected) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", cached),
        ] {
            assert_eq!(answer.headers[name], expected, "{path}");
        }
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(answer.headers.contains_key("x-request-id"), "{path}");
        // Over plain HTTP it would lock people out.
        assert!(!answer.headers.contains_key("strict-transport-security"));
    }
}
