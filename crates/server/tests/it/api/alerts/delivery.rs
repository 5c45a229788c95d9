//! Messages that cannot be sent at once, and servers that die.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::Alerts;
use crate::harness::{ADMIN, Kept};
use crate::listener::Reply;
use crate::scene::WRONG;

#[tokio::test]
async fn a_message_is_tried_eight_times_and_then_given_up() {
    for kept in Kept::BOTH {
        let alerts = Alerts::start(kept).await;
        alerts
            .listener
            .answer(Reply::Status(503, "later".to_string()));
        alerts.rule(json!([{"kind": "failed"}]), json!({})).await;
        let job = alerts.scene.job("orders", WRONG).await;
        alerts.run(&job).await;
        let mut pause = Duration::from_secs(30);
        for attempt in 1..8 {
            let waits = |seen: &[Value]| seen.first().is_some_and(|one| one["attempts"] == attempt);
            let seen = alerts.until("state=waiting", waits).await;
            assert!(
                seen[0]["error"].as_str().unwrap().contains("503"),
                "{seen:?}"
            );
            let next = alerts.scene.server.clock.now() + pause;
            let next_at: chrono::DateTime<chrono::Utc> =
                seen[0]["nextAt"].as_str().unwrap().parse().unwrap();
            assert_eq!(next_at, next);
            alerts.scene.server.clock.advance(pause);
            pause *= 2;
        }
        let failed = alerts.until("state=failed", |seen| !seen.is_empty()).await;
        assert_eq!(
            (&failed[0]["attempts"], &failed[0]["nextAt"]),
            (&json!(8), &json!(null))
        );
        assert!(failed[0]["error"].as_str().unwrap().contains("503"));
        let posts = alerts.listener.posts();
        assert_eq!(posts.len(), 8);
        assert!(posts.iter().all(|post| post.body == posts[0].body));
    }
}

#[tokio::test]
async fn a_message_that_was_being_sent_by_a_server_that_died_is_sent_again() {
    for kept in Kept::BOTH {
        let mut alerts = Alerts::start(kept).await;
        alerts.listener.answer(Reply::Silence);
        alerts.rule(json!([{"kind": "failed"}]), json!({})).await;
        let job = alerts.scene.job("orders", WRONG).await;
        alerts.run(&job).await;
        alerts.listener.until(1).await;
        alerts.scene.server = alerts.scene.server.die_and_restart().await;
        alerts.scene.admin = alerts.scene.server.sign_in(ADMIN).await;
        alerts.listener.answer(Reply::Status(200, "ok".to_string()));
        assert_eq!(
            alerts.until("", |seen| seen.len() == 1).await[0]["state"],
            "sending"
        );
        alerts.scene.server.clock.advance(Duration::from_secs(60));
        let told = alerts.until("state=sent", |seen| !seen.is_empty()).await;
        assert_eq!((told.len(), &told[0]["attempts"]), (1, &json!(2)));
        let posts = alerts.listener.posts();
        assert_eq!(posts.len(), 2);
        assert_eq!(
            posts[0].header("x-longshore-id"),
            posts[1].header("x-longshore-id")
        );
    }
}

#[tokio::test]
async fn two_servers_tell_each_event_once() {
    let alerts = Alerts::start(Kept::PostgreSql).await;
    let others = [
        alerts.scene.server.again().await,
        alerts.scene.server.again().await,
    ];
    alerts.rule(json!([{"kind": "failed"}]), json!({})).await;
    let job = alerts.scene.job("orders", WRONG).await;
    let shop = alerts.shop();
    let mut runs = Vec::new();
    for number in 0..18 {
        // Each server is asked.
        let shop = match number % 3 {
            0 => alerts.shop(),
            other => shop.at(&others[other - 1].address),
        };
        runs.push(shop.run(&job, json!({})).await);
    }
    for run in &runs {
        shop.ended(run).await;
    }
    let told = alerts
        .until("state=sent", |seen| seen.len() == runs.len())
        .await;
    let told: BTreeSet<&str> = told
        .iter()
        .map(|one| one["message"]["events"][0]["run"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(told.len(), runs.len());
    assert_eq!(alerts.listener.posts().len(), runs.len());
}

#[tokio::test]
async fn a_server_that_dies_before_the_group_is_complete_loses_nothing() {
    for kept in Kept::BOTH {
        let mut alerts = Alerts::start(kept).await;
        alerts
            .rule(json!([{"kind": "failed"}]), json!({"groupMinutes": 10}))
            .await;
        let job = alerts.scene.job("orders", WRONG).await;
        alerts.run(&job).await;
        alerts.scene.server = alerts.scene.server.die_and_restart().await;
        alerts.scene.at("2026-03-04T10:10:00Z").await;
        let told = alerts.until("state=sent", |seen| !seen.is_empty()).await;
        assert_eq!((told.len(), &told[0]["message"]["count"]), (1, &json!(1)));
    }
}
