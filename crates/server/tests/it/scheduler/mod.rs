//! Schedules over days, under a clock that is moved.

mod crash;
mod crash_rows;
mod repeat;
mod resubmit;

use serde_json::json;

use crate::harness::Kept;
use crate::scene::{QUICK, Scene};

#[tokio::test]
async fn a_submitted_schedule_runs_from_the_next_day_on() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let job = scene.job("orders", QUICK).await;
        let rule = json!({"cycle": {"kind": "day", "at": "02:30"}, "zone": "Europe/Berlin",
            "parameters": {"bizdate": "$bizdate"}});
        scene.schedule(&job, rule, json!([])).await;
        assert_eq!(scene.states(&job).await, [""; 0]);
        // Half past eleven at night in Berlin.
        scene.at("2026-03-04T22:30:00Z").await;
        scene.until_states(&job, &["03-05T02:30 waiting"]).await;
        let made = scene.instance(&job, "2026-03-05T02:30:00").await;
        assert_eq!(made["bizdate"], "2026-03-04");
        assert_eq!(made["dueAt"], "2026-03-05T01:30:00Z");
        assert_eq!(
            made["waitsFor"],
            json!([{"kind": "time", "at": "2026-03-05T01:30:00Z"}])
        );
        scene.at("2026-03-05T01:30:00Z").await;
        scene.until_states(&job, &["03-05T02:30 succeeded"]).await;
        let done = scene.instance(&job, "2026-03-05T02:30:00").await;
        let run = scene.path(&format!("runs/{}", done["runId"].as_str().unwrap()));
        let run = scene.admin.get(&run).await.ok();
        assert_eq!(run["kind"], "scheduled");
        assert_eq!(run["bizdate"], "2026-03-04");
        assert_eq!(run["variables"], json!({"bizdate": "20260304"}));
        assert_eq!(run["rowsWritten"], 10);
        let list = scene.admin.get(&scene.path("schedules")).await.ok();
        assert_eq!(list["items"][0]["last"]["state"], "succeeded");
        assert_eq!(list["items"][0]["nextDueAt"], "2026-03-06T01:30:00Z");
    }
}

#[tokio::test]
async fn days_off_have_dry_runs_and_upstream_comes_first() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let (weekly, daily) = (
            scene.job("weekly", QUICK).await,
            scene.job("daily", QUICK).await,
        );
        // 5 March 2026 is a Thursday.
        let mondays = json!({"cycle": {"kind": "week", "days": ["monday"], "at": "03:00"}, "zone": "UTC",
            "parameters": {"bizdate": "$bizdate"}});
        scene.schedule(&weekly, mondays, json!([])).await;
        let rule = json!({"cycle": {"kind": "day", "at": "01:00"}, "zone": "UTC", "parameters": {"bizdate": "$bizdate"}});
        scene
            .schedule(&daily, rule, json!([{"job": weekly, "kind": "sameCycle"}]))
            .await;
        scene.at("2026-03-04T23:30:00Z").await;
        scene.until_states(&weekly, &["03-05T03:00 waiting"]).await;
        scene.until_states(&daily, &["03-05T01:00 waiting"]).await;
        scene.at("2026-03-05T02:00:00Z").await;
        let waits = scene.instance(&daily, "2026-03-05T01:00:00").await["waitsFor"].clone();
        assert_eq!(waits[0]["kind"], "upstream");
        assert_eq!(waits[0]["cycleAt"], "2026-03-05T03:00:00");
        scene.at("2026-03-05T03:00:00Z").await;
        scene.until_states(&daily, &["03-05T01:00 succeeded"]).await;
        let upstream = scene.instance(&weekly, "2026-03-05T03:00:00").await;
        assert_eq!(upstream["isDryRun"], true);
        assert_eq!(upstream["runId"], json!(null));
    }
}

#[tokio::test]
async fn a_schedule_that_is_submitted_again_replaces_what_has_not_begun() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let (first, second) = (
            scene.job("first", QUICK).await,
            scene.job("second", QUICK).await,
        );
        let at = |time: &str| json!({"cycle": {"kind": "day", "at": time}, "zone": "UTC", "parameters": {"bizdate": "$bizdate"}});
        scene.schedule(&first, at("02:00"), json!([])).await;
        scene
            .schedule(
                &second,
                at("04:00"),
                json!([{"job": first, "kind": "sameCycle"}]),
            )
            .await;
        scene.at("2026-03-04T23:45:00Z").await;
        scene.until_states(&second, &["03-05T04:00 waiting"]).await;
        scene.schedule(&first, at("06:00"), json!([])).await;
        assert_eq!(scene.states(&first).await, ["03-05T06:00 waiting"]);
        // Whoever waited for the cycle of before waits for the one of now.
        scene.at("2026-03-05T04:00:00Z").await;
        let waits = scene.instance(&second, "2026-03-05T04:00:00").await["waitsFor"].clone();
        assert_eq!(waits[0]["cycleAt"], "2026-03-05T06:00:00");
        scene.at("2026-03-05T06:00:00Z").await;
        scene
            .until_states(&second, &["03-05T04:00 succeeded"])
            .await;
    }
}

#[tokio::test]
async fn after_an_outage_each_schedule_catches_up_as_it_says() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let mut jobs = Vec::new();
        for policy in ["latest", "all", "none"] {
            let job = scene.job(policy, QUICK).await;
            let rule = json!({"cycle": {"kind": "day", "at": "02:00"}, "zone": "UTC",
                "catchUp": {"policy": policy}, "parameters": {"bizdate": "$bizdate"}});
            scene.schedule(&job, rule, json!([])).await;
            jobs.push(job);
        }
        // The servers of three nights were not there.
        scene.at("2026-03-07T12:00:00Z").await;
        let [first, second, third] = ["03-05T02:00", "03-06T02:00", "03-07T02:00"];
        let of = |day: &str, state: &str| format!("{day} {state}");
        for (job, states) in [
            (&jobs[0], ["skipped", "skipped", "succeeded"]),
            (&jobs[1], ["succeeded", "succeeded", "succeeded"]),
            (&jobs[2], ["skipped", "skipped", "skipped"]),
        ] {
            let expected = [
                of(first, states[0]),
                of(second, states[1]),
                of(third, states[2]),
            ];
            let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
            scene.until_states(job, &expected).await;
        }
        let skipped = scene.instance(&jobs[0], "2026-03-05T02:00:00").await;
        assert_eq!(
            skipped["message"],
            "it came due while no server ran, and the newest cycle runs instead"
        );
        let runs = scene.path(&format!("runs?job={}", jobs[1]));
        let runs = scene.admin.get(&runs).await.ok();
        let order: Vec<&serde_json::Value> = runs["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| &run["bizdate"])
            .collect();
        // Latest first: the oldest went first, one after the other.
        assert_eq!(order, ["2026-03-06", "2026-03-05", "2026-03-04"]);
    }
}
