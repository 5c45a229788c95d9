//! Groups of events, hours in which nobody is disturbed, and how often somebody is.

use serde_json::json;

use super::{Alerts, dirty, kinds};
use crate::harness::Kept;
use crate::scene::WRONG;

#[tokio::test]
async fn what_happens_within_the_window_is_one_message() {
    for kept in Kept::BOTH {
        let mut alerts = Alerts::start(kept).await;
        alerts
            .rule(
                json!([{"kind": "failed"}, {"kind": "dirtyOver", "rows": 0}]),
                json!({"groupMinutes": 10}),
            )
            .await;
        let job = alerts.scene.job("orders", &dirty(0)).await;
        alerts.run(&job).await;
        alerts.scene.at("2026-03-04T10:05:00Z").await;
        alerts.run(&job).await;
        assert_eq!(alerts.listener.posts().len(), 0);
        alerts.scene.at("2026-03-04T10:10:00Z").await;
        let told = alerts.until("state=sent", |seen| !seen.is_empty()).await;
        assert_eq!(told.len(), 1, "{told:#?}");
        assert_eq!(told[0]["message"]["count"], 4);
        assert_eq!(
            kinds(&told[0]["message"]),
            ["failed", "dirtyOver", "failed", "dirtyOver"]
        );
        // The window is over, so another one begins.
        alerts.run(&job).await;
        alerts.scene.at("2026-03-04T10:20:00Z").await;
        let told = alerts.until("state=sent", |seen| seen.len() == 2).await;
        assert_eq!(told[0]["message"]["count"], 2);
    }
}

#[tokio::test]
async fn a_message_lists_twenty_events_and_counts_all() {
    let mut alerts = Alerts::start(Kept::Sqlite).await;
    alerts
        .rule(json!([{"kind": "failed"}]), json!({"groupMinutes": 10}))
        .await;
    let job = alerts.scene.job("orders", WRONG).await;
    let shop = alerts.shop();
    let mut runs = Vec::new();
    for _ in 0..22 {
        runs.push(shop.run(&job, json!({})).await);
    }
    for run in &runs {
        shop.ended(run).await;
    }
    alerts.scene.at("2026-03-04T10:10:00Z").await;
    let told = alerts.until("state=sent", |seen| !seen.is_empty()).await;
    assert_eq!(told[0]["message"]["count"], 22);
    assert_eq!(kinds(&told[0]["message"]).len(), 20);
}

#[tokio::test]
async fn quiet_hours_hold_events_and_end_with_one_message() {
    for kept in Kept::BOTH {
        let mut alerts = Alerts::start(kept).await;
        // Ten o'clock in UTC is six in the afternoon in Shanghai.
        let hours = json!({"quietHours": {"from": "17:30", "to": "18:30", "zone": "Asia/Shanghai", "then": "hold"}});
        alerts.rule(json!([{"kind": "failed"}]), hours).await;
        let job = alerts.scene.job("orders", WRONG).await;
        alerts.run(&job).await;
        alerts.scene.at("2026-03-04T10:29:59Z").await;
        alerts.run(&job).await;
        assert_eq!(alerts.listener.posts().len(), 0);
        alerts.scene.at("2026-03-04T10:30:00Z").await;
        let told = alerts.until("state=sent", |seen| !seen.is_empty()).await;
        assert_eq!(
            (told.len(), &told[0]["message"]["count"]),
            (1, &json!(2)),
            "{told:#?}"
        );
        assert_eq!(told[0]["createdAt"], "2026-03-04T10:30:00Z");
        alerts.run(&job).await;
        let told = alerts.until("state=sent", |seen| seen.len() == 2).await;
        assert_eq!(told[0]["message"]["count"], 1);
    }
}

#[tokio::test]
async fn quiet_hours_can_drop_events() {
    for kept in Kept::BOTH {
        let mut alerts = Alerts::start(kept).await;
        let hours =
            json!({"quietHours": {"from": "09:00", "to": "11:00", "zone": "UTC", "then": "drop"}});
        alerts.rule(json!([{"kind": "failed"}]), hours).await;
        let job = alerts.scene.job("orders", WRONG).await;
        alerts.run(&job).await;
        let dropped = alerts.until("state=dropped", |seen| !seen.is_empty()).await;
        assert_eq!(
            (&dropped[0]["attempts"], &dropped[0]["sentAt"]),
            (&json!(0), &json!(null))
        );
        alerts.scene.at("2026-03-04T11:00:00Z").await;
        let run = alerts.run(&job).await;
        let told = alerts.until("state=sent", |seen| !seen.is_empty()).await;
        assert_eq!(told[0]["message"]["events"][0]["run"]["id"], run["id"]);
        assert_eq!(alerts.listener.posts().len(), 1);
    }
}

#[tokio::test]
async fn a_group_ends_when_quiet_hours_begin() {
    let mut alerts = Alerts::start(Kept::Sqlite).await;
    let hours = json!({"groupMinutes": 60,
        "quietHours": {"from": "10:30", "to": "12:00", "zone": "UTC", "then": "hold"}});
    alerts.rule(json!([{"kind": "failed"}]), hours).await;
    let job = alerts.scene.job("orders", WRONG).await;
    alerts.run(&job).await;
    alerts.scene.at("2026-03-04T10:30:00Z").await;
    let told = alerts.until("state=sent", |seen| !seen.is_empty()).await;
    assert_eq!(told[0]["createdAt"], "2026-03-04T10:30:00Z");
}

#[tokio::test]
async fn a_message_waits_until_the_one_before_is_old_enough() {
    for kept in Kept::BOTH {
        let mut alerts = Alerts::start(kept).await;
        let more = json!({"leastMinutes": 30,
            "quietHours": {"from": "11:20", "to": "12:00", "zone": "UTC", "then": "hold"}});
        alerts.rule(json!([{"kind": "failed"}]), more).await;
        let job = alerts.scene.job("orders", WRONG).await;
        alerts.run(&job).await;
        alerts.until("state=sent", |seen| seen.len() == 1).await;
        alerts.scene.at("2026-03-04T10:10:00Z").await;
        alerts.run(&job).await;
        alerts.scene.at("2026-03-04T10:29:00Z").await;
        alerts.run(&job).await;
        alerts.scene.at("2026-03-04T10:30:00Z").await;
        let told = alerts.until("state=sent", |seen| seen.len() > 1).await;
        assert_eq!(told.len(), 2, "{told:#?}");
        assert_eq!(told[0]["createdAt"], "2026-03-04T10:30:00Z");
        assert_eq!(told[0]["message"]["count"], 2);
        // Nothing was told for long enough, so this is told at once; what follows would have to wait into quiet hours.
        alerts.scene.at("2026-03-04T11:00:00Z").await;
        alerts.run(&job).await;
        alerts.until("state=sent", |seen| seen.len() == 3).await;
        alerts.run(&job).await;
        alerts.scene.at("2026-03-04T12:00:00Z").await;
        let told = alerts.until("state=sent", |seen| seen.len() > 3).await;
        assert_eq!(told[0]["createdAt"], "2026-03-04T12:00:00Z");
    }
}

#[tokio::test]
async fn further_messages_of_a_day_stand_in_the_history_only() {
    for kept in Kept::BOTH {
        let mut alerts = Alerts::start(kept).await;
        alerts
            .rule(json!([{"kind": "failed"}]), json!({"mostADay": 2}))
            .await;
        let job = alerts.scene.job("orders", WRONG).await;
        for (time, sent, dropped) in [
            ("2026-03-04T10:00:00Z", 1, 0),
            ("2026-03-04T20:00:00Z", 2, 0),
            ("2026-03-05T09:59:00Z", 2, 1),
            ("2026-03-05T10:00:00Z", 3, 1),
            ("2026-03-05T10:01:00Z", 3, 2),
        ] {
            alerts.scene.at(time).await;
            alerts.run(&job).await;
            let all = alerts
                .until("", |seen| {
                    let ended = |one: &&serde_json::Value| {
                        one["state"] != "waiting" && one["state"] != "sending"
                    };
                    seen.iter().filter(ended).count() == sent + dropped
                })
                .await;
            let kept_quiet = all.iter().filter(|one| one["state"] == "dropped").count();
            assert_eq!(kept_quiet, dropped, "{time}: {all:#?}");
        }
        assert_eq!(alerts.listener.posts().len(), 3);
    }
}
