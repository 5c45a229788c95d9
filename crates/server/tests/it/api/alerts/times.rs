//! What takes too long, and cycles that have a time of their own to be done by.

use serde_json::json;

use super::{Alerts, kinds};
use crate::harness::Kept;
use crate::scene::{ENDLESS, WRONG};

#[tokio::test]
async fn a_run_that_takes_too_long_is_told_once_while_it_goes_on() {
    for kept in Kept::BOTH {
        let mut alerts = Alerts::start(kept).await;
        let job = alerts.scene.job("orders", ENDLESS).await;
        alerts
            .rule(json!([{"kind": "overtime", "minutes": 5}]), json!({}))
            .await;
        // Nobody has scheduled it.
        let named = json!({"name": "other", "object": {"kind": "schedules", "jobs": [job]}});
        alerts
            .rule(json!([{"kind": "overtime", "minutes": 5}]), named)
            .await;
        let run = alerts.shop().run(&job, json!({})).await;
        alerts
            .shop()
            .until(&run, |seen| seen["rowsRead"].as_i64() > Some(0))
            .await;
        alerts.scene.at("2026-03-04T10:05:15Z").await;
        let told = alerts.until("state=sent", |seen| !seen.is_empty()).await;
        let event = &told[0]["message"]["events"][0];
        assert_eq!(
            [
                &event["kind"],
                &event["at"],
                &event["state"],
                &event["limit"]
            ],
            ["overtime", "2026-03-04T10:05:15Z", "running", "5"]
        );
        assert!(event["run"]["rowsRead"].as_i64() > Some(0), "{event}");
        // Neither a later look nor its end tells that again, but its second attempt is another one.
        alerts.scene.at("2026-03-04T10:20:00Z").await;
        let shop = alerts.shop();
        let stop = shop.owner.post(&format!("{run}/stop"), json!({})).await;
        assert_eq!(stop.status, 202, "{stop:?}");
        shop.ended(&run).await;
        let resumed = shop.owner.post(&format!("{run}/resume"), json!({})).await;
        assert_eq!(resumed.status, 202, "{resumed:?}");
        shop.until(&run, |seen| seen["state"] == "running").await;
        alerts.scene.at("2026-03-04T10:26:00Z").await;
        let told = alerts.until("state=sent", |seen| seen.len() > 1).await;
        assert_eq!(told.len(), 2, "{told:#?}");
        assert_eq!(told[0]["message"]["rule"]["name"], "night");
        assert_eq!(kinds(&told[0]["message"]), ["overtime"]);
        let shop = alerts.shop();
        shop.owner.post(&format!("{run}/stop"), json!({})).await;
        shop.ended(&run).await;
    }
}

#[tokio::test]
async fn each_cycle_of_a_day_may_have_a_time_to_be_done_by() {
    for kept in Kept::BOTH {
        let mut alerts = Alerts::start(kept).await;
        let job = alerts.scene.job("hourly", WRONG).await;
        let rule = json!({"cycle": {"kind": "hours", "hours": [1, 2, 3], "minute": 0}, "zone": "UTC",
            "catchUp": {"policy": "all"}});
        alerts.scene.schedule(&job, rule, json!([])).await;
        let cycles = json!([{"number": 2, "by": "02:30"}, {"number": 3, "by": "24:00"}]);
        alerts
            .rule(json!([{"kind": "lateCycles", "cycles": cycles}]), json!({}))
            .await;
        alerts.scene.at("2026-03-05T03:00:00Z").await;
        let failed = [
            "03-05T01:00 failed",
            "03-05T02:00 failed",
            "03-05T03:00 failed",
        ];
        alerts.scene.until_states(&job, &failed).await;
        // What came due at this very time may have been looked for before it was made.
        alerts.scene.at("2026-03-05T03:00:15Z").await;
        let told = alerts.until("state=sent", |seen| !seen.is_empty()).await;
        assert_eq!(told.len(), 1, "{told:#?}");
        let event = &told[0]["message"]["events"][0];
        assert_eq!(
            [&event["kind"], &event["cycleAt"], &event["limit"]],
            ["late", "2026-03-05T02:00:00", "2026-03-05T02:30:00Z"]
        );
        alerts.scene.at("2026-03-06T00:00:00Z").await;
        let told = alerts.until("state=sent", |seen| seen.len() > 1).await;
        assert_eq!(told.len(), 2, "{told:#?}");
        assert_eq!(
            told[0]["message"]["events"][0]["cycleAt"],
            "2026-03-05T03:00:00"
        );
    }
}
