//! `/api/v1/session` and the first administrator.

mod oidc;

use serde_json::json;
use std::time::Duration;

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
    let (server, _) = Running::start(Kept::Sqlite).await;
    let client = server.client();
    let wrong = json!({"name": ADMIN, "password": "wrong horse battery"});
    let nobody = json!({"name": "nobody", "password": "wrong horse battery"});
    assert_eq!(
        client.post("/api/v1/session", nobody).await.refused(401),
        "unauthenticated"
    );
    let tries = (0..12).map(|_| client.post("/api/v1/session", wrong.clone()));
    let answers = futures::future::join_all(tries).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!(looked_at, 5, "the others wait");
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
