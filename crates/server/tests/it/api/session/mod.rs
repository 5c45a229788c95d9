//! `/api/v1/session` and the first administrator.

mod oidc;

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{ADMIN, Kept, PASSWORD, Running};

#[tokio::test]
async fn the_one_time_token_makes_one_administrator() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let me = admin.get("/api/v1/session").await.ok();
        assert_eq!(me["account"]["name"], ADMIN);
        assert_eq!(me["account"]["isAdmin"], true);
        let again = json!({"token": "x", "name": "second", "password": PASSWORD});
        let answer = server.client().post("/api/v1/setup", again).await;
        assert_eq!(answer.refused(401), "unauthenticated");
        let welcome = server.client().get("/api/v1/welcome").await.ok();
        assert_eq!(welcome["needsSetup"], false);
    }
}

#[tokio::test]
async fn a_session_ends_with_its_cookie_and_survives_a_restart() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let cookie = server
            .client()
            .post(
                "/api/v1/session",
                json!({"name": ADMIN, "password": PASSWORD}),
            )
            .await;
        let text = cookie.headers["set-cookie"].to_str().unwrap();
        for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(text.contains(part), "{text}");
        }
        let server = server.restart().await;
        let admin = admin.at(&server.address);
        assert_eq!(admin.get("/api/v1/session").await.status, 200);
        assert_eq!(admin.delete("/api/v1/session").await.status, 204);
        assert_eq!(admin.get("/api/v1/session").await.status, 401);

        let late = server.sign_in(ADMIN).await;
        server.clock.advance(Duration::from_secs(13 * 3_600));
        assert_eq!(late.get("/api/v1/session").await.status, 401);
    }
}

#[tokio::test]
async fn guessing_is_slowed_down_and_counted_while_it_happens() {
    for kept in Kept::BOTH {
        guess(kept).await;
    }
}

async fn guess(kept: Kept) {
    let (server, admin) = Running::start(kept).await;
    let client = server.client();
    let wrong = json!({"name": ADMIN, "password": "wrong horse battery"});
    let nobody = json!({"name": "nobody", "password": "wrong horse battery"});
    assert_eq!(
        client.post("/api/v1/session", nobody).await.refused(401),
        "unauthenticated"
    );
    let audited = "SELECT count(*) FROM audit WHERE action = 'session.refused'";
    assert_eq!(server.count(audited).await, 0, "anybody could fill the log");
    let tries = (0..12).map(|_| client.post("/api/v1/session", wrong.clone()));
    let answers = futures::future::join_all(tries).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!(looked_at, 5, "the others wait");
    assert_eq!(server.count(audited).await, 5);
    let figures = admin.get("/metrics").await.text();
    assert!(
        figures.contains("longshore_sign_ins_refused_total 6"),
        "{figures}"
    );
    let right = json!({"name": ADMIN, "password": PASSWORD});
    let waits = client.post("/api/v1/session", right.clone()).await;
    assert_eq!(waits.refused(429), "throttled");
    assert!(waits.headers.contains_key("retry-after"));
    server.clock.advance(Duration::from_secs(31));
    assert_eq!(client.post("/api/v1/session", right).await.status, 200);
}

#[tokio::test]
async fn a_change_needs_the_token_of_the_session() {
    let (_server, admin) = Running::start(Kept::Sqlite).await;
    let body = json!({"name": "sales"});
    let forged = admin.without_csrf();
    let answer = forged.post("/api/v1/projects", body.clone()).await;
    assert_eq!(answer.refused(403), "forbidden");
    assert_eq!(forged.get("/api/v1/projects").await.status, 200);
    assert_eq!(admin.post("/api/v1/projects", body).await.status, 201);
}

#[tokio::test]
async fn a_cookie_that_somebody_else_chose_is_never_signed_in() {
    let (server, _) = Running::start(Kept::Sqlite).await;
    let fixed = server.client().with_cookie("longshore_session=chosen");
    let body = json!({"name": ADMIN, "password": PASSWORD});
    let answer = fixed.post("/api/v1/session", body).await;
    assert_eq!(answer.status, 200);
    let given = answer.headers["set-cookie"].to_str().unwrap();
    assert!(!given.contains("chosen"), "{given}");
    assert_eq!(fixed.get("/api/v1/session").await.status, 401);
}

/// A body that does not come holds nothing that others need, whoever it claims to be from.
#[tokio::test]
async fn slow_bodies_keep_nobody_from_the_store() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let key = admin.post("/api/v1/access-keys", json!({})).await.ok();
        let head = format!(
            "POST /api/v1/projects HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: 100\r\nx-longshore-date: 2026-03-04T10:00:00Z\r\n\
             authorization: LONGSHORE-HMAC-SHA256 Credential={}, SignedHeaders=host;x-longshore-date, \
             Signature={}\r\nexpect: 100-continue\r\n\r\n",
            key["id"].as_str().unwrap(),
            "0".repeat(64)
        );
        let address = server.address.trim_start_matches("http://");
        let mut slow = Vec::new();
        for _ in 0..30 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            // The server asks for the body once it reads it, so by then it knows the key.
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 100");
            slow.push(stream);
        }
        assert_eq!(admin.get("/api/v1/session").await.status, 200);
        drop(slow);
    }
}

#[tokio::test]
async fn a_path_that_is_no_text_is_refused_like_anything_else() {
    let (_server, admin) = Running::start(Kept::Sqlite).await;
    for path in ["/api/v1/projects/%ff", "/api/v1/access-keys/%ff"] {
        let answer = admin.delete(path).await;
        assert_eq!(answer.refused(400), "badRequest");
        assert!(answer.body["error"]["hint"].is_string(), "{answer:?}");
    }
}
