//! `/metrics`.

use std::time::Duration;

use serde_json::json;

use crate::client::{Answer, Client};
use crate::harness::{Kept, Running};
use crate::workshop::{Workshop, counting};

async fn text(client: &Client) -> String {
    let answer = client.get("/metrics").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let kind = answer.headers["content-type"].to_str().unwrap().to_string();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    answer.ok().as_str().unwrap().to_string()
}

/// The value of a series.
#[track_caller]
fn value(text: &str, series: &str) -> f64 {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    let line = line.unwrap_or_else(|| panic!("{series} is not in\n{text}"));
    line.parse().unwrap()
}

#[tokio::test]
async fn figures_are_for_administrators_and_named_networks() {
    let (server, admin) = Running::start(Kept::Sqlite).await;
    let refused = server.client().get("/metrics").await;
    assert_eq!(refused.refused(401), "unauthenticated");
    let user = server.account(&admin, "user").await;
    assert_eq!(user.get("/metrics").await.refused(403), "forbidden");
    let key = json!({"description": "scraper"});
    let key = admin.post("/api/v1/access-keys", key).await.ok();
    let (id, secret) = (key["id"].as_str().unwrap(), key["secret"].as_str().unwrap());
    let scraper = server
        .client()
        .with_authorization(&format!("Bearer {id}:{secret}"));
    text(&scraper).await;

    let networks = |name: &str| vec![name.to_string()];
    let (near, _) = Running::start_with(Kept::Sqlite, |config| {
        config.observe.metrics_networks = networks("127.0.0.0/8");
    })
    .await;
    text(&near.client()).await;
    // Whoever is in the network may read figures and nothing else.
    let answer: Answer = near.client().get("/api/v1/settings").await;
    assert_eq!(answer.refused(401), "unauthenticated");
    let (far, _) = Running::start_with(Kept::Sqlite, |config| {
        config.observe.metrics_networks = networks("10.0.0.0/8");
    })
    .await;
    let liar = far.client().with_forwarded_for("10.0.0.1");
    assert_eq!(liar.get("/metrics").await.refused(401), "unauthenticated");
}

#[tokio::test]
async fn requests_and_runs_are_counted_without_ids() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let job = shop.job("count", &counting(1_000, &json!({}))).await;
        let run = shop.run(&job, json!({})).await;
        assert_eq!(shop.ended(&run).await["state"], "succeeded");
        admin.get("/api/v1/no/such/path").await;
        admin.send("BREW", "/healthz", None, None).await;

        let text = text(&admin).await;
        let route = r#"route="/api/v1/projects/{project}/jobs/{job}/runs""#;
        let series =
            format!(r#"longshore_http_requests_total{{method="POST",{route},status="202"}}"#);
        assert_eq!(value(&text, &series), 1.0);
        let series =
            format!(r#"longshore_http_request_duration_seconds_count{{method="POST",{route}}}"#);
        assert_eq!(value(&text, &series), 1.0);
        let series = r#"longshore_http_requests_total{method="GET",route="none",status="404"}"#;
        assert_eq!(value(&text, series), 1.0);
        assert!(
            text.contains(r#"method="other",route="/healthz""#),
            "{text}"
        );
        for id in shop.path.rsplit('/').take(1).chain([job.as_str()]) {
            assert!(!text.contains(id), "{text}");
        }
        for (series, expected) in [
            (r#"longshore_runs_ended_total{state="succeeded"}"#, 1.0),
            (r#"longshore_rows_total{kind="read"}"#, 1_000.0),
            (r#"longshore_rows_total{kind="written"}"#, 1_000.0),
            (r#"longshore_rows_total{kind="dirty"}"#, 0.0),
            (r#"longshore_runs{state="running"}"#, 0.0),
            ("longshore_slots", f64::from(server.config.slots)),
            ("longshore_lease_losses_total", 0.0),
        ] {
            assert_eq!(value(&text, series), expected, "{series}");
        }
        assert!(value(&text, "longshore_read_bytes_total") > 0.0);
        assert!(value(&text, "longshore_scheduler_lag_seconds") < 30.0);
        let idle = r#"longshore_store_connections{pool="read",state="idle"}"#;
        assert!(value(&text, idle) >= 0.0);
    }
}

#[tokio::test]
async fn the_queue_says_how_long_it_is_and_how_old() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        // A server is in the list from its first heartbeat on.
        let mut here = admin.get("/api/v1/servers").await.ok();
        while here["items"][0].is_null() {
            tokio::task::yield_now().await;
            here = admin.get("/api/v1/servers").await.ok();
        }
        let id = here["items"][0]["id"].as_str().unwrap();
        let drain = format!("/api/v1/servers/{id}/drain");
        admin.post(&drain, json!({})).await.ok();
        let shop = Workshop::new(&admin, "sales").await;
        let job = shop.job("count", &counting(1, &json!({}))).await;
        let run = shop.run(&job, json!({})).await;
        server.clock.advance(Duration::from_secs(90));
        let waiting = text(&admin).await;
        assert_eq!(value(&waiting, r#"longshore_runs{state="queued"}"#), 1.0);
        assert_eq!(value(&waiting, "longshore_queue_oldest_seconds"), 90.0);
        let undrain = format!("/api/v1/servers/{id}/undrain");
        admin.post(&undrain, json!({})).await.ok();
        shop.ended(&run).await;
        let done = text(&admin).await;
        assert_eq!(value(&done, r#"longshore_runs{state="queued"}"#), 0.0);
        assert_eq!(value(&done, "longshore_queue_oldest_seconds"), 0.0);
    }
}
