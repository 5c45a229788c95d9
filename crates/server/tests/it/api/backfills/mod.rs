//! `/api/v1/projects/{project}/backfills` and what can be done with one.

use std::time::Duration;

mod end;

use serde_json::{Value, json};

use crate::harness::Kept;
use crate::scene::{ENDLESS, QUICK, Scene};

impl Scene {
    /// Waits until a backfill is in a state.
    async fn until_backfill(&self, path: &str, state: &str) -> Value {
        for _ in 0..600 {
            let seen = self.admin.get(path).await.ok();
            if seen["state"] == state {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{}", self.admin.get(path).await.ok());
    }

    async fn backfill(&self, body: Value) -> String {
        let made = self.admin.post(&self.path("backfills"), body).await;
        assert_eq!(made.status, 201, "{made:?}");
        self.path(&format!("backfills/{}", made.body["id"].as_str().unwrap()))
    }
}

#[tokio::test]
async fn three_days_of_a_job_and_what_waits_for_it() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let (first, second) = (
            scene.job("first", QUICK).await,
            scene.job("second", QUICK).await,
        );
        let at = |time: &str| json!({"cycle": {"kind": "day", "at": time}, "zone": "UTC"});
        scene.schedule(&first, at("02:00"), json!([])).await;
        let on_first = json!([{"job": first, "kind": "sameCycle"}]);
        scene.schedule(&second, at("01:00"), on_first).await;
        scene.at("2026-03-04T12:00:00Z").await;
        let body = json!({"jobs": [first], "downstream": "all", "from": "2026-02-27", "to": "2026-03-01",
            "variables": {"bizdate": "${yyyy-mm-dd}"}});
        let preview = scene
            .admin
            .post(&scene.path("backfills/preview"), body.clone())
            .await
            .ok();
        assert_eq!(preview["instanceCount"], 6);
        assert_eq!(preview["jobs"], json!([first, second]));
        assert_eq!(preview["conflicts"], json!([]));
        let path = scene.backfill(body).await;
        let done = scene.until_backfill(&path, "succeeded").await;
        assert_eq!(done["states"], json!({"succeeded": 6}));
        assert_eq!(done["days"].as_array().unwrap().len(), 6);
        assert_eq!(done["days"][0]["bizdate"], "2026-02-27");
        let mut order = Vec::new();
        for one in scene
            .admin
            .get(&scene.path("runs?kind=backfill"))
            .await
            .ok()["items"]
            .as_array()
            .unwrap()
        {
            order.insert(
                0,
                format!(
                    "{} {}",
                    one["bizdate"].as_str().unwrap(),
                    one["jobName"].as_str().unwrap()
                ),
            );
        }
        assert_eq!(
            order,
            [
                "2026-02-27 first",
                "2026-02-27 second",
                "2026-02-28 first",
                "2026-02-28 second",
                "2026-03-01 first",
                "2026-03-01 second"
            ]
        );
        let one = scene.instance(&first, "2026-02-28T02:00:00").await;
        let run = scene.path(&format!("runs/{}", one["runId"].as_str().unwrap()));
        assert_eq!(
            scene.admin.get(&run).await.ok()["variables"],
            json!({"bizdate": "2026-02-27"})
        );
        // The schedule's own instances are others.
        assert!(
            scene
                .instances("state=waiting")
                .await
                .iter()
                .all(|one| one["backfillId"].is_null())
        );
    }
}

#[tokio::test]
async fn days_go_backwards_in_groups_when_asked_and_never_before_what_they_wait_for() {
    for kept in Kept::BOTH {
        let scene = Scene::start(kept).await;
        let job = scene.job("orders", QUICK).await;
        let body = json!({"jobs": [job], "from": "2026-02-01", "to": "2026-02-05", "groups": 2, "order": "descending"});
        let preview = scene
            .admin
            .post(&scene.path("backfills/preview"), body.clone())
            .await
            .ok();
        let lanes: Vec<String> = preview["instances"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                format!(
                    "{} {}",
                    one["group"],
                    &one["bizdate"].as_str().unwrap()[8..]
                )
            })
            .collect();
        assert_eq!(lanes, ["0 03", "0 02", "0 01", "1 05", "1 04"]);
        let path = scene.backfill(body).await;
        scene.until_backfill(&path, "succeeded").await;

        let rule = json!({"cycle": {"kind": "day", "at": "02:00"}, "zone": "UTC"});
        scene
            .schedule(&job, rule, json!([{"job": job, "kind": "previousCycle"}]))
            .await;
        let body =
            json!({"jobs": [job, "nobody"], "from": "2026-02-05", "to": "2026-02-01", "groups": 6});
        let refused = scene.admin.post(&scene.path("backfills"), body).await;
        assert_eq!(refused.refused(422), "invalid");
        let problems = refused.body["error"]["problems"].as_array().unwrap();
        let pointers: Vec<&str> = problems
            .iter()
            .map(|one| one["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(pointers, ["/to", "/groups", "/jobs/1"]);
        let body =
            json!({"jobs": [job], "from": "2026-02-01", "to": "2026-02-05", "order": "descending"});
        let refused = scene.admin.post(&scene.path("backfills"), body).await;
        assert_eq!(
            refused.body["error"]["message"],
            "job `orders` waits for an earlier day"
        );
    }
}

#[tokio::test]
async fn a_backfill_is_paused_resumed_and_stopped() {
    for kept in Kept::BOTH {
        let scene = Scene::start(kept).await;
        let job = scene.job("orders", ENDLESS).await;
        let body = json!({"jobs": [job], "from": "2026-02-01", "to": "2026-02-03"});
        let path = scene.backfill(body.clone()).await;
        scene
            .until_states(
                &job,
                &[
                    "02-02T00:00 running",
                    "02-03T00:00 waiting",
                    "02-04T00:00 waiting",
                ],
            )
            .await;
        let held = scene.instance(&job, "2026-02-03T00:00:00").await;
        assert_eq!(held["waitsFor"], json!([{"kind": "earlierDay"}]));
        let preview = scene
            .admin
            .post(&scene.path("backfills/preview"), body)
            .await
            .ok();
        assert_eq!(preview["conflicts"].as_array().unwrap().len(), 3);

        let paused = scene
            .admin
            .post(&format!("{path}/pause"), json!(null))
            .await
            .ok();
        assert_eq!(paused["state"], "paused");
        let held = scene.instance(&job, "2026-02-03T00:00:00").await;
        assert_eq!(
            held["waitsFor"],
            json!([{"kind": "backfillPaused"}, {"kind": "earlierDay"}])
        );
        let held = "SELECT count(*) FROM instance WHERE state = 'waiting' AND is_held = 1";
        assert_eq!(scene.server.count(held).await, 2);
        let again = scene
            .admin
            .post(&format!("{path}/pause"), json!(null))
            .await;
        assert_eq!(again.refused(409), "conflict");
        assert_eq!(
            scene
                .admin
                .post(&format!("{path}/resume"), json!(null))
                .await
                .status,
            200
        );
        assert_eq!(scene.server.count(held).await, 0);
        scene
            .admin
            .post(&format!("{path}/stop"), json!(null))
            .await
            .ok();
        scene
            .until_states(
                &job,
                &[
                    "02-02T00:00 stopped",
                    "02-03T00:00 stopped",
                    "02-04T00:00 stopped",
                ],
            )
            .await;
        let list = scene.admin.get(&scene.path("backfills")).await.ok();
        assert_eq!(list["items"][0]["state"], "stopped");
    }
}

#[tokio::test]
async fn what_is_left_out_takes_along_what_waits_for_it_alone() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        // `last` waits for `left` alone, `both` for `left` and for `first`.
        let mut jobs = Vec::new();
        for name in ["first", "left", "last", "both"] {
            jobs.push(scene.job(name, QUICK).await);
        }
        let [first, left, last, both] = &jobs[..] else {
            panic!("{jobs:?}");
        };
        let rule = json!({"cycle": {"kind": "day", "at": "02:00"}, "zone": "UTC"});
        let on = |jobs: &[&String]| -> Value {
            let one = |job: &&String| json!({"job": job, "kind": "sameCycle"});
            jobs.iter().map(one).collect()
        };
        for (job, waits) in [
            (first, on(&[])),
            (left, on(&[first])),
            (last, on(&[left])),
            (both, on(&[left, first])),
        ] {
            scene.schedule(job, rule.clone(), waits).await;
        }
        scene.at("2026-03-04T12:00:00Z").await;
        let body = json!({"jobs": [first], "downstream": "all", "except": [left],
            "from": "2026-03-01", "to": "2026-03-02"});
        let preview = scene.path("backfills/preview");
        let preview = scene.admin.post(&preview, body.clone()).await.ok();
        assert_eq!(preview["jobs"], json!([first, both]));
        let path = scene.backfill(body).await;
        let done = scene.until_backfill(&path, "succeeded").await;
        assert_eq!(done["states"], json!({"succeeded": 4}));
        for job in [left, last] {
            let runs = scene.path(&format!("runs?kind=backfill&job={job}"));
            assert_eq!(scene.admin.get(&runs).await.ok()["items"], json!([]));
        }
    }
}

/// Somebody asks for the days, so they run now, with their own dates.
#[tokio::test]
async fn days_to_come_run_at_once_with_their_own_dates() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let job = scene.job("orders", QUICK).await;
        let rule = json!({"cycle": {"kind": "day", "at": "02:00"}, "zone": "UTC"});
        scene.schedule(&job, rule, json!([])).await;
        scene.at("2026-03-04T12:00:00Z").await;
        let body = json!({"jobs": [job], "from": "2027-01-01", "to": "2027-01-02"});
        let path = scene.backfill(body).await;
        let done = scene.until_backfill(&path, "succeeded").await;
        assert_eq!(done["states"], json!({"succeeded": 2}));
        let runs = scene.path("runs?kind=backfill");
        let runs = scene.admin.get(&runs).await.ok();
        let runs = runs["items"].as_array().unwrap().iter();
        let mut days: Vec<_> = runs.map(|run| run["bizdate"].clone()).collect();
        days.sort_by_key(ToString::to_string);
        assert_eq!(days, ["2027-01-01", "2027-01-02"]);
    }
}
