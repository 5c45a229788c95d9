//! `/api/v1/projects/{project}/instances` and what can be done with one.

use serde_json::{Value, json};

use crate::harness::Kept;
use crate::scene::{ENDLESS, QUICK, Scene, WRONG};

const CYCLE: &str = "2026-03-04T10:30:00";

/// At half past ten, half an hour after the beginning.
fn soon(more: Value) -> Value {
    let mut rule = json!({"cycle": {"kind": "day", "at": "10:30"}, "zone": "UTC", "generation": "immediately",
        "parameters": {"bizdate": "$bizdate"}});
    let fields = rule.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    rule
}

#[tokio::test]
async fn a_frozen_instance_waits_until_it_is_unfrozen() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let (job, witness) = (
            scene.job("orders", QUICK).await,
            scene.job("witness", QUICK).await,
        );
        for job in [&job, &witness] {
            scene.schedule(job, soon(json!({})), json!([])).await;
        }
        let frozen = scene.act(&job, CYCLE, "freeze", json!(null)).await.ok();
        assert_eq!(frozen["isFrozen"], true);
        scene.at("2026-03-04T10:30:00Z").await;
        scene
            .until_states(&witness, &["03-04T10:30 succeeded"])
            .await;
        assert_eq!(
            scene.instance(&job, CYCLE).await["waitsFor"],
            json!([{"kind": "frozen"}])
        );
        scene.act(&job, CYCLE, "unfreeze", json!(null)).await.ok();
        scene.until_states(&job, &["03-04T10:30 succeeded"]).await;
        let again = scene.act(&job, CYCLE, "freeze", json!(null)).await;
        assert_eq!(again.refused(409), "conflict");
    }
}

#[tokio::test]
async fn a_schedule_may_freeze_all_its_instances_or_let_them_succeed_without_running() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let (frozen, dry) = (
            scene.job("frozen", QUICK).await,
            scene.job("dry", WRONG).await,
        );
        scene
            .schedule(&frozen, soon(json!({"kind": "frozen"})), json!([]))
            .await;
        scene
            .schedule(&dry, soon(json!({"kind": "dryRun"})), json!([]))
            .await;
        scene.at("2026-03-04T10:30:00Z").await;
        scene.until_states(&dry, &["03-04T10:30 succeeded"]).await;
        let done = scene.instance(&dry, CYCLE).await;
        assert_eq!(done["runId"], json!(null));
        assert_eq!(done["message"], "a dry run succeeds without running");
        assert_eq!(
            scene.instance(&frozen, CYCLE).await["waitsFor"],
            json!([{"kind": "frozen"}])
        );
    }
}

#[tokio::test]
async fn a_failure_is_repeated_as_the_rule_says_and_can_be_marked() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let (job, after) = (
            scene.job("orders", WRONG).await,
            scene.job("after", QUICK).await,
        );
        let rerun = json!({"rerun": {"policy": "afterFailure", "times": 1, "delayMinutes": 1}});
        scene.schedule(&job, soon(rerun), json!([])).await;
        let on_job = json!([{"job": job, "kind": "sameCycle"}]);
        scene.schedule(&after, soon(json!({})), on_job).await;
        scene.at("2026-03-04T10:30:00Z").await;
        let repeated = loop {
            let one = scene.instance(&job, CYCLE).await;
            if one["attempts"] == 1 && one["state"] == "waiting" {
                break one;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        };
        assert_eq!(
            repeated["message"],
            "its run failed; this is repetition 1 of 1"
        );
        assert_eq!(
            repeated["waitsFor"],
            json!([{"kind": "repetition", "at": "2026-03-04T10:31:00Z"}])
        );
        scene.at("2026-03-04T10:31:00Z").await;
        scene.until_states(&job, &["03-04T10:30 failed"]).await;
        assert_eq!(scene.instance(&job, CYCLE).await["attempts"], 2);
        let id = scene.instance(&job, CYCLE).await["id"]
            .as_str()
            .unwrap()
            .to_string();
        let runs = scene
            .admin
            .get(&scene.path(&format!("runs?instance={id}")))
            .await
            .ok();
        assert_eq!(runs["items"].as_array().unwrap().len(), 2);
        assert_eq!(runs["items"][0]["kind"], "scheduled");

        let waits = scene.instance(&after, CYCLE).await["waitsFor"].clone();
        assert_eq!(waits[0]["kind"], "upstream");
        assert_eq!(waits[0]["jobName"], "orders");
        assert_eq!(waits[0]["state"], "failed");
        let upstream = scene
            .admin
            .get(&scene.path(&format!("instances/{id}/downstream")))
            .await
            .ok();
        assert_eq!(upstream[0]["jobName"], "after");
        scene
            .act(&job, CYCLE, "mark-succeeded", json!(null))
            .await
            .ok();
        scene.until_states(&after, &["03-04T10:30 succeeded"]).await;
        // The policy of the schedule lets failed instances run again, and this one counts as succeeded now.
        let refused = scene.act(&job, CYCLE, "rerun", json!({})).await;
        assert_eq!(refused.refused(409), "conflict");
        scene
            .act(&after, CYCLE, "rerun", json!({"scope": "downstream"}))
            .await
            .ok();
        loop {
            let one = scene.instance(&after, CYCLE).await;
            if one["attempts"] == 2 && one["state"] == "succeeded" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn overlapping_cycles_wait_are_skipped_or_stop_the_old_one() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let mut jobs = Vec::new();
        for overlap in ["wait", "skip", "stopOld"] {
            let job = scene.job(overlap, ENDLESS).await;
            let rule = json!({"cycle": {"kind": "minute", "every": 1, "from": "10:30", "to": "10:31"},
                "zone": "UTC", "generation": "immediately", "overlap": overlap});
            scene.schedule(&job, rule, json!([])).await;
            jobs.push(job);
        }
        scene.at("2026-03-04T10:30:00Z").await;
        for job in &jobs {
            scene
                .until_states(job, &["03-04T10:30 running", "03-04T10:31 waiting"])
                .await;
        }
        scene.at("2026-03-04T10:31:00Z").await;
        scene
            .until_states(&jobs[1], &["03-04T10:30 running", "03-04T10:31 skipped"])
            .await;
        scene
            .until_states(&jobs[2], &["03-04T10:30 stopped", "03-04T10:31 running"])
            .await;
        scene
            .until_states(&jobs[0], &["03-04T10:30 running", "03-04T10:31 waiting"])
            .await;
        let held = scene.instance(&jobs[0], "2026-03-04T10:31:00").await;
        assert_eq!(held["waitsFor"], json!([{"kind": "overlap"}]));
        scene.act(&jobs[0], CYCLE, "stop", json!(null)).await.ok();
        scene
            .until_states(&jobs[0], &["03-04T10:30 stopped", "03-04T10:31 running"])
            .await;
    }
}

#[tokio::test]
async fn a_run_that_takes_too_long_fails_and_is_not_repeated() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let job = scene.job("orders", ENDLESS).await;
        let more = json!({"timeoutMinutes": 1, "rerun": {"policy": "always", "times": 3, "delayMinutes": 1}});
        scene.schedule(&job, soon(more), json!([])).await;
        scene.at("2026-03-04T10:30:00Z").await;
        scene.until_states(&job, &["03-04T10:30 running"]).await;
        scene.at("2026-03-04T10:31:30Z").await;
        scene.until_states(&job, &["03-04T10:30 failed"]).await;
        assert_eq!(
            scene.instance(&job, CYCLE).await["message"],
            "its run took too long"
        );
    }
}

/// What cannot be read is not what the policy forbids: nothing runs again, and the caller is told.
#[tokio::test]
async fn a_rerun_of_all_that_waits_is_whole_or_does_not_happen() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let (job, after) = (
            scene.job("orders", QUICK).await,
            scene.job("after", QUICK).await,
        );
        let rule = soon(json!({"rerun": {"policy": "always"}}));
        scene.schedule(&job, rule.clone(), json!([])).await;
        let waits = json!([{"job": job, "kind": "sameCycle"}]);
        scene.schedule(&after, rule, waits).await;
        scene.at("2026-03-04T10:31:00Z").await;
        scene.until_states(&after, &["03-04T10:30 succeeded"]).await;
        let damage = "UPDATE schedule SET submitted_rule = '{' WHERE dependencies <> '[]'";
        scene.server.execute(damage).await.unwrap();
        let failed = scene
            .act(&job, CYCLE, "rerun", json!({"scope": "downstream"}))
            .await;
        assert_eq!(failed.refused(500), "internal");
        assert_eq!(scene.states(&job).await, ["03-04T10:30 succeeded"]);
    }
}

#[tokio::test]
async fn a_policy_says_which_instances_run_again() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let mut jobs = Vec::new();
        for policy in ["never", "afterFailure", "always"] {
            for (word, document) in [("fails", WRONG), ("works", QUICK)] {
                let job = scene.job(&format!("{policy}_{word}"), document).await;
                let rule = soon(json!({"rerun": {"policy": policy}}));
                scene.schedule(&job, rule, json!([])).await;
                jobs.push((job, policy, word));
            }
        }
        scene.at("2026-03-04T10:30:00Z").await;
        for (job, policy, word) in &jobs {
            let state = if *word == "fails" {
                "failed"
            } else {
                "succeeded"
            };
            scene
                .until_states(job, &[&format!("03-04T10:30 {state}")])
                .await;
            let again = scene.act(job, CYCLE, "rerun", json!({})).await;
            let may = match *policy {
                "never" => false,
                "afterFailure" => *word == "fails",
                _ => true,
            };
            if may {
                assert_eq!(again.status, 202, "{policy} {word}: {again:?}");
                scene
                    .until_states(job, &[&format!("03-04T10:30 {state}")])
                    .await;
            } else {
                assert_eq!(again.refused(409), "conflict", "{policy} {word}");
            }
            let runs = scene.path(&format!("runs?job={job}"));
            let runs = scene.admin.get(&runs).await.ok();
            let count = runs["items"].as_array().unwrap().len();
            assert_eq!(count, 1 + usize::from(may), "{policy} {word}");
        }
    }
}
