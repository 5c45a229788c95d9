//! What is told, and what is not.

use serde_json::{Value, json};

use super::{Alerts, dirty, kinds};
use crate::harness::Kept;
use crate::scene::{QUICK, WRONG};

#[tokio::test]
async fn a_failed_run_is_told_with_everything_that_is_known() {
    for kept in Kept::BOTH {
        let alerts = Alerts::start(kept).await;
        alerts.rule(json!([{"kind": "failed"}]), json!({})).await;
        let job = alerts.scene.job("orders", WRONG).await;
        let run = alerts.run(&job).await;
        assert_eq!(run["state"], "failed");
        let body = alerts.listener.until(1).await[0].json();
        assert_eq!(body["rule"]["name"], "night");
        assert_eq!(body["count"], 1);
        let event = &body["events"][0];
        assert_eq!(event["kind"], "failed");
        assert_eq!(event["job"], json!({"id": job, "name": "orders"}));
        assert_eq!(event["run"]["id"], run["id"]);
        assert_eq!(event["run"]["number"], 1);
        assert_eq!(event["run"]["rowsDirty"], run["rowsDirty"]);
        assert_eq!(
            (&event["state"], &event["bizdate"]),
            (&json!("failed"), &run["bizdate"])
        );
        let message = run["error"]["message"].as_str().unwrap();
        assert_eq!(event["error"], json!(message.lines().next().unwrap()));
        let link = format!(
            "http://127.0.0.1/projects/{}/runs/{}",
            alerts.scene.project,
            run["id"].as_str().unwrap()
        );
        assert_eq!(event["link"], json!(link));
        let told = alerts.until("state=sent", |seen| seen.len() == 1).await;
        assert_eq!(
            (&told[0]["id"], &told[0]["attempts"]),
            (&body["id"], &json!(1))
        );
        assert_eq!(told[0]["message"]["events"], body["events"]);
    }
}

#[tokio::test]
async fn a_rule_tells_only_of_what_it_names() {
    let alerts = Alerts::start(Kept::Sqlite).await;
    let [mine, other] = [
        alerts.scene.job("mine", QUICK).await,
        alerts.scene.job("other", QUICK).await,
    ];
    let named = json!({"name": "of jobs", "object": {"kind": "jobs", "jobs": [mine]}});
    alerts
        .rule(json!([{"kind": "finished"}, {"kind": "failed"}]), named)
        .await;
    // Somebody runs these by hand, and a trial is nobody's business.
    let named = json!({"name": "of schedules", "object": {"kind": "schedules", "jobs": [mine]}});
    alerts.rule(json!([{"kind": "finished"}]), named).await;
    let resting = alerts
        .rule(json!([{"kind": "finished"}]), json!({"name": "resting"}))
        .await;
    let etag = alerts.scene.admin.get(&resting).await.etag();
    alerts
        .scene
        .admin
        .edit("POST", &format!("{resting}/disable"), &etag, None)
        .await
        .ok();
    alerts.run(&other).await;
    let shop = alerts.shop();
    let trial = shop.run(&mine, json!({"kind": "trial"})).await;
    shop.ended(&trial).await;
    let run = alerts.run(&mine).await;
    let told = alerts
        .until("", |seen| {
            !seen.is_empty() && seen.iter().all(|one| one["state"] == "sent")
        })
        .await;
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(kinds(&told[0]["message"]), ["finished"]);
    assert_eq!(told[0]["message"]["events"][0]["run"]["id"], run["id"]);
    assert_eq!(told[0]["message"]["rule"]["name"], "of jobs");
}

#[tokio::test]
async fn dirty_rows_are_told_from_the_count_on_that_the_rule_names() {
    for kept in Kept::BOTH {
        let alerts = Alerts::start(kept).await;
        for (name, rows) in [("over two", 2), ("over three", 3)] {
            alerts
                .rule(
                    json!([{"kind": "dirtyOver", "rows": rows}]),
                    json!({"name": name}),
                )
                .await;
        }
        let job = alerts.scene.job("orders", &dirty(10)).await;
        let run = alerts.run(&job).await;
        assert_eq!(
            (&run["state"], &run["rowsDirty"]),
            (&json!("succeeded"), &json!(3)),
            "{run}"
        );
        let told = alerts.until("state=sent", |seen| !seen.is_empty()).await;
        assert_eq!(told.len(), 1);
        let message = &told[0]["message"];
        assert_eq!(
            (&message["rule"]["name"], kinds(message)),
            (&json!("over two"), vec!["dirtyOver"])
        );
        assert_eq!(message["events"][0]["limit"], "2");
    }
}

#[tokio::test]
async fn a_cycle_that_is_not_done_in_time_is_told_once() {
    for kept in Kept::BOTH {
        let mut alerts = Alerts::start(kept).await;
        let [late, good] = [
            alerts.scene.job("late", WRONG).await,
            alerts.scene.job("good", QUICK).await,
        ];
        // Two in the morning in Berlin is one in UTC.
        let rule = json!({"cycle": {"kind": "day", "at": "02:00"}, "zone": "Europe/Berlin"});
        for job in [&late, &good] {
            alerts.scene.schedule(job, rule.clone(), json!([])).await;
        }
        alerts
            .rule(json!([{"kind": "late", "by": "26:30"}]), json!({}))
            .await;
        alerts
            .rule(
                json!([{"kind": "late", "by": "01:00"}]),
                json!({"name": "before it is due"}),
            )
            .await;
        alerts.scene.at("2026-03-05T01:00:30Z").await;
        alerts
            .scene
            .until_states(&late, &["03-05T02:00 failed"])
            .await;
        alerts
            .scene
            .until_states(&good, &["03-05T02:00 succeeded"])
            .await;
        alerts.scene.at("2026-03-06T01:29:59Z").await;
        alerts
            .scene
            .until_states(&late, &["03-05T02:00 failed", "03-06T02:00 failed"])
            .await;
        alerts.scene.at("2026-03-06T01:30:15Z").await;
        let told = alerts.until("state=sent", |seen| !seen.is_empty()).await;
        alerts.scene.at("2026-03-07T01:30:30Z").await;
        let told_later = alerts.until("state=sent", |seen| seen.len() > 1).await;
        assert_eq!((told.len(), told_later.len()), (1, 2), "{told_later:#?}");
        let event = &told[0]["message"]["events"][0];
        // Had it been told earlier, it would have been at another time.
        let expected = json!({"kind": "late", "at": "2026-03-06T01:30:15Z", "job": {"id": late, "name": "late"},
            "state": "failed", "bizdate": "2026-03-04", "cycleAt": "2026-03-05T02:00:00",
            "limit": "2026-03-06T01:30:00Z", "error": "its run failed", "link": event["link"]});
        assert_eq!(event, &expected);
        assert_eq!(
            told_later[0]["message"]["events"][0]["cycleAt"],
            "2026-03-06T02:00:00"
        );
    }
}

#[tokio::test]
async fn a_repeated_run_is_told_when_its_last_repetition_failed() {
    let mut alerts = Alerts::start(Kept::Sqlite).await;
    let job = alerts.scene.job("orders", WRONG).await;
    let rule = json!({"cycle": {"kind": "day", "at": "02:00"}, "zone": "UTC",
        "rerun": {"times": 1, "delayMinutes": 1}});
    alerts.scene.schedule(&job, rule, json!([])).await;
    let named = json!({"object": {"kind": "schedules", "jobs": [job]}});
    alerts.rule(json!([{"kind": "failed"}]), named).await;
    alerts.scene.at("2026-03-05T02:00:10Z").await;
    alerts
        .scene
        .until_states(&job, &["03-05T02:00 waiting"])
        .await;
    let first = |seen: &Value| {
        seen["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|run| run["state"] == "failed")
    };
    let runs = format!("{}/runs", alerts.shop().path);
    alerts.shop().until(&runs, first).await;
    alerts.scene.at("2026-03-05T02:01:30Z").await;
    alerts
        .scene
        .until_states(&job, &["03-05T02:00 failed"])
        .await;
    let told = alerts.until("state=sent", |seen| !seen.is_empty()).await;
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0]["message"]["events"][0]["run"]["number"], 2);
}

#[tokio::test]
async fn a_cycle_that_cannot_run_is_told() {
    let mut alerts = Alerts::start(Kept::Sqlite).await;
    let job = alerts.scene.job("orders", QUICK).await;
    let rule = json!({"cycle": {"kind": "day", "at": "02:00"}, "zone": "UTC",
        "parameters": {"bizdate": "$[yyyymmdd-"}});
    let path = alerts.scene.path(&format!("jobs/{job}/schedule"));
    // A rule that is wrong is refused, so the version is taken away behind the server's back.
    assert_eq!(
        alerts.scene.admin.put(&path, rule).await.refused(422),
        "invalid"
    );
    let rule = json!({"cycle": {"kind": "day", "at": "02:00"}, "zone": "UTC"});
    alerts.scene.schedule(&job, rule, json!([])).await;
    alerts
        .scene
        .server
        .execute("UPDATE job SET published_version = NULL")
        .await
        .unwrap();
    alerts.rule(json!([{"kind": "failed"}]), json!({})).await;
    alerts.scene.at("2026-03-05T02:00:10Z").await;
    let told = alerts.until("state=sent", |seen| !seen.is_empty()).await;
    let event = &told[0]["message"]["events"][0];
    assert_eq!(
        event["error"],
        "it cannot run: job `orders` is not published"
    );
    assert_eq!(
        (event.get("run"), &event["cycleAt"]),
        (None, &json!("2026-03-05T02:00:00"))
    );
}

/// Nobody knows when such a cycle would be late; those of other jobs are told all the same.
#[tokio::test]
async fn a_schedule_that_cannot_be_read_does_not_hide_what_is_late_elsewhere() {
    for kept in Kept::BOTH {
        let mut alerts = Alerts::start(kept).await;
        let [damaged, late] = [
            alerts.scene.job("damaged", WRONG).await,
            alerts.scene.job("late", WRONG).await,
        ];
        let rule = json!({"cycle": {"kind": "day", "at": "02:00"}, "zone": "UTC"});
        for job in [&damaged, &late] {
            alerts.scene.schedule(job, rule.clone(), json!([])).await;
        }
        // One rule for each, so that the damaged one is looked at whatever its place is.
        for (name, job) in [("first", &damaged), ("second", &late)] {
            let named = json!({"name": name, "object": {"kind": "schedules", "jobs": [job]}});
            alerts
                .rule(json!([{"kind": "late", "by": "03:00"}]), named)
                .await;
        }
        alerts.scene.at("2026-03-05T02:00:30Z").await;
        for job in [&damaged, &late] {
            alerts
                .scene
                .until_states(job, &["03-05T02:00 failed"])
                .await;
        }
        let damage = "UPDATE schedule SET submitted_rule = '{'
            WHERE job_id = (SELECT id FROM job WHERE name = 'damaged')";
        alerts.scene.server.execute(damage).await.unwrap();
        alerts.scene.at("2026-03-05T03:00:15Z").await;
        let told = alerts.until("state=sent", |seen| !seen.is_empty()).await;
        assert_eq!(told.len(), 1, "{told:#?}");
        assert_eq!(told[0]["message"]["events"][0]["job"]["name"], "late");
    }
}
