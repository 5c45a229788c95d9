//! Data sources that go down and come back.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{Alerts, kinds};
use crate::api::datasources::Database;
use crate::harness::Kept;

/// A way to a server that can be closed.
async fn relay(to: String, port: u16) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            let to = to.clone();
            tokio::spawn(async move {
                let mut there = TcpStream::connect(to).await.unwrap();
                tokio::io::copy_bidirectional(&mut here, &mut there)
                    .await
                    .ok();
            });
        }
    });
    (port, task)
}

#[tokio::test]
async fn a_source_that_goes_down_is_told_once_and_once_when_it_is_back() {
    for kept in Kept::BOTH {
        let alerts = Alerts::start(kept).await;
        let database = Database::new();
        let (host, name) = database.place.split_once('/').unwrap();
        let (port, up) = relay(host.to_string(), 0).await;
        let mut config = database.config();
        config["jdbcUrl"] = json!([format!("jdbc:postgresql://127.0.0.1:{port}/{name}")]);
        let body = json!({"name": "orders", "connector": "postgresql", "config": config});
        let source = alerts
            .scene
            .admin
            .post(&alerts.scene.path("datasources"), body)
            .await
            .ok();
        let id = source["id"].as_str().unwrap();
        let object = json!({"object": {"kind": "datasources", "datasources": [id]}});
        alerts
            .rule(json!([{"kind": "sourceDown", "everyMinutes": 5}]), object)
            .await;
        let path = alerts.scene.path(&format!("datasources/{id}"));
        let shop = alerts.shop();
        shop.until(&path, |seen| seen["state"] == "passed").await;

        up.abort();
        up.await.unwrap_err();
        // Later by the interval, the next test is made; a second one finds nothing new.
        for time in ["2026-03-04T10:05:00Z", "2026-03-04T10:10:00Z"] {
            alerts.scene.server.clock.set(time.parse().unwrap());
            let tested = |seen: &Value| seen["state"] == "failed" && seen["testedAt"] == time;
            shop.until(&path, tested).await;
        }
        let (_, up) = relay(host.to_string(), port).await;
        alerts
            .scene
            .server
            .clock
            .set("2026-03-04T10:15:00Z".parse().unwrap());
        let told = alerts.until("state=sent", |seen| seen.len() > 1).await;
        assert_eq!(told.len(), 2, "{told:#?}");
        let [back, down] = [&told[0]["message"], &told[1]["message"]];
        assert_eq!(
            (kinds(down), kinds(back)),
            (vec!["sourceDown"], vec!["sourceUp"])
        );
        let event = &down["events"][0];
        assert_eq!(event["datasource"], json!({"id": id, "name": "orders"}));
        assert_eq!(event["at"], "2026-03-04T10:05:00Z");
        assert!(
            event["error"].as_str().unwrap().starts_with("connect: "),
            "{event}"
        );
        assert!(
            !told
                .iter()
                .any(|one| one.to_string().contains(&database.password))
        );
        up.abort();
    }
}

/// The server may fail in ways that say nothing of the data source.
#[tokio::test]
async fn a_test_that_the_server_could_not_make_is_not_told_as_a_source_that_is_down() {
    const TESTS: &str = "SELECT max(fence) FROM alert_watch";
    for kept in Kept::BOTH {
        let alerts = Alerts::start(kept).await;
        let server = &alerts.scene.server;
        let body = json!({"name": "orders", "connector": "postgresql", "config": Database::new().config()});
        let path = alerts.scene.path("datasources");
        let source = alerts.scene.admin.post(&path, body).await.ok();
        let id = source["id"].as_str().unwrap();
        let object = json!({"object": {"kind": "datasources", "datasources": [id]}});
        alerts
            .rule(json!([{"kind": "sourceDown", "everyMinutes": 5}]), object)
            .await;
        let path = alerts.scene.path(&format!("datasources/{id}"));
        let passed = |seen: &Value| seen["state"] == "passed";
        alerts.shop().until(&path, passed).await;
        let damage = "UPDATE datasource SET config = 'x' || config";
        server.execute(damage).await.unwrap();
        let before = server.count(TESTS).await;
        // The one that follows is made once the time of the failed one is over.
        for (number, minutes) in [(1, 5), (2, 2)] {
            server.clock.advance(Duration::from_secs(60 * minutes));
            let begun = Instant::now();
            while server.count(TESTS).await < before + number {
                assert!(begun.elapsed() < Duration::from_secs(30), "no test");
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        }
        let told =
            "SELECT (SELECT count(*) FROM alert_event) + (SELECT max(is_down) FROM alert_watch)";
        assert_eq!(server.count(told).await, 0);
    }
}
