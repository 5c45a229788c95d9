//! What becomes of runs long after their end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::harness::{ADMIN, Kept, Running};
use crate::scene::{ENDLESS, QUICK, Scene, WRONG};
use crate::workshop::{Workshop, counting};

const DAY: Duration = Duration::from_secs(24 * 3_600);

async fn keep(admin: &Client, days: u32) {
    let path = "/api/v1/settings";
    let seen = admin.get(path).await;
    let etag = seen.etag();
    let mut settings = seen.ok();
    settings["keepRunsDays"] = json!(days);
    admin.edit("PUT", path, &etag, Some(settings)).await.ok();
}

fn id(run: &str) -> &str {
    run.rsplit('/').next().unwrap()
}

/// Waits until a run is gone.
async fn until_gone(admin: &Client, run: &str) {
    for _ in 0..1_200 {
        if admin.get(run).await.status == 404 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{run} stays");
}

async fn until_no_folder(server: &Running, run: &str) {
    let folder = server.config.folder.join(id(run));
    for _ in 0..1_200 {
        if !folder.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{folder:?} stays");
}

#[tokio::test]
async fn old_runs_go_with_all_that_was_kept_of_them() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        keep(&admin, 30).await;
        let shop = Workshop::new(&admin, "sales").await;
        let job = shop.job("count", &counting(10, &json!({}))).await;
        let wrong = shop.job("wrong", WRONG).await;
        let old = shop.run(&job, json!({})).await;
        assert_eq!(shop.ended(&old).await["state"], "succeeded");
        let failed = shop.run(&wrong, json!({})).await;
        assert_eq!(shop.ended(&failed).await["state"], "failed");
        let last = shop.run(&job, json!({})).await;
        assert_eq!(shop.ended(&last).await["state"], "succeeded");
        let endless = shop
            .run(&shop.job("endless", ENDLESS).await, json!({}))
            .await;
        shop.until(&endless, |seen| seen["state"] == "running")
            .await;
        // Another project keeps its runs for longer, and one for ever.
        let mut others = Vec::new();
        for (name, days) in [("longer", 60), ("ever", 0)] {
            let other = Workshop::new(&admin, name).await;
            let etag = admin.get(&other.path).await.etag();
            let body = json!({"settings": {"keepRunsDays": days}});
            admin
                .edit("PATCH", &other.path, &etag, Some(body))
                .await
                .ok();
            let run = other.run(&other.job("wrong", WRONG).await, json!({})).await;
            other.ended(&run).await;
            others.push(run);
        }
        let stays = server.config.folder.join(id(&last)).join("log.jsonl");
        assert!(stays.is_file() && server.config.folder.join(id(&failed)).is_dir());

        server.clock.advance(DAY * 31);
        let admin = server.sign_in(ADMIN).await;
        for run in [&old, &failed] {
            until_gone(&admin, run).await;
            until_no_folder(&server, run).await;
        }
        assert!(stays.is_file());
        for run in [&last, &endless, &others[0], &others[1]] {
            assert_eq!(admin.get(run).await.status, 200, "{run}");
        }
        assert_eq!(server.count("SELECT count(*) FROM removed_run").await, 0);
        let orphans =
            "SELECT (SELECT count(*) FROM run_event WHERE run_id NOT IN (SELECT id FROM run))
            + (SELECT count(*) FROM run_sample WHERE run_id NOT IN (SELECT id FROM run))";
        assert_eq!(server.count(orphans).await, 0);
        let audit = admin.get(&format!("{}/audit", shop.path)).await.ok();
        assert!(
            audit.to_string().contains("run.start"),
            "the audit log stays"
        );
        assert_eq!(
            server.count("SELECT count(*) FROM session").await,
            1,
            "only the new one"
        );

        server.clock.advance(DAY * 31);
        let admin = server.sign_in(ADMIN).await;
        until_gone(&admin, &others[0]).await;
        assert_eq!(admin.get(&others[1]).await.status, 200);
        assert_eq!(admin.get(&last).await.status, 200);
    }
}

#[tokio::test]
async fn settings_that_cannot_be_read_keep_the_runs_of_their_project_only() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        keep(&admin, 30).await;
        let mut runs = Vec::new();
        for name in ["damaged", "whole"] {
            let shop = Workshop::new(&admin, name).await;
            let run = shop.run(&shop.job("wrong", WRONG).await, json!({})).await;
            shop.ended(&run).await;
            runs.push(run);
        }
        let damage = "UPDATE project SET settings = '{' WHERE name = 'damaged'";
        server.execute(damage).await.unwrap();
        server.clock.advance(DAY * 31);
        let admin = server.sign_in(ADMIN).await;
        until_gone(&admin, &runs[1]).await;
        // Folders go after all projects were looked at.
        until_no_folder(&server, &runs[1]).await;
        assert_eq!(server.count("SELECT count(*) FROM run").await, 1);
    }
}

#[tokio::test]
async fn runs_that_something_still_refers_to_stay() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        keep(&scene.admin, 10).await;
        let job = scene.job("orders", QUICK).await;
        let rule = json!({"cycle": {"kind": "day", "at": "10:30"}, "zone": "UTC", "generation": "immediately",
            "effective": {"to": "2026-03-04"}});
        scene.schedule(&job, rule, json!([])).await;
        scene.at("2026-03-04T10:31:00Z").await;
        scene.until_states(&job, &["03-04T10:30 succeeded"]).await;
        let instance = scene.instance(&job, "2026-03-04T10:30:00").await;
        let run = scene.path(&format!("runs/{}", instance["runId"].as_str().unwrap()));
        // A later success of the same kind, so that this one is not the last.
        let newer = "INSERT INTO run (id, project_id, number, job_id, job_name, job_version, environment, kind,
                attempt, bizdate, cycle_at, variables, options, resource_group, priority, state, created_by,
                queued_at, ended_at, fence, stop_requested, rows_read, rows_written, rows_dirty, bytes)
            SELECT 'zzz', project_id, 99, job_id, job_name, job_version, environment, kind, 1, bizdate, cycle_at,
                '{}', '{}', 'default', 5, 'succeeded', created_by, queued_at, ended_at, 1, 0, 0, 0, 0, 0 FROM run";
        scene.server.execute(newer).await.unwrap();
        // The instance is not over, and does not begin either.
        let held = "UPDATE instance SET state = 'waiting', is_frozen = 1";
        scene.server.execute(held).await.unwrap();
        // Whatever may go of the failed runs, goes.
        let shop = Workshop {
            owner: scene.admin.clone(),
            path: scene.path("").trim_end_matches('/').to_string(),
        };
        let wrong = scene.job("wrong", WRONG).await;
        let gone = shop.run(&wrong, json!({})).await;
        shop.ended(&gone).await;
        scene.at("2026-03-20T10:00:00Z").await;
        until_gone(&scene.admin, &gone).await;
        assert_eq!(scene.admin.get(&run).await.status, 200);

        let over = "UPDATE instance SET state = 'succeeded'";
        scene.server.execute(over).await.unwrap();
        scene.at("2026-03-20T11:00:00Z").await;
        until_gone(&scene.admin, &run).await;
        // The last instance of a job stays.
        let instance = scene.instance(&job, "2026-03-04T10:30:00").await;
        assert_eq!(instance["runId"], Value::Null);
        assert_eq!(scene.admin.get(&scene.path("runs/zzz")).await.status, 200);
    }
}

#[tokio::test]
async fn instances_go_after_their_runs_unless_something_looks_back_to_them() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        keep(&scene.admin, 10).await;
        let (job, after) = (
            scene.job("orders", QUICK).await,
            scene.job("after", QUICK).await,
        );
        let rule = json!({"cycle": {"kind": "hours", "hours": [10, 11, 12], "minute": 30}, "zone": "UTC",
            "generation": "immediately", "effective": {"to": "2026-03-04"}, "catchUp": {"policy": "all"}});
        scene.schedule(&job, rule.clone(), json!([])).await;
        let waits = json!([{"job": job, "kind": "sameCycle"}]);
        scene.schedule(&after, rule, waits).await;
        let frozen = scene
            .act(&after, "2026-03-04T10:30:00", "freeze", json!(null))
            .await;
        assert!(frozen.status < 300, "{frozen:?}");
        scene.at("2026-03-04T12:31:00Z").await;
        let done = [
            "03-04T10:30 succeeded",
            "03-04T11:30 succeeded",
            "03-04T12:30 succeeded",
        ];
        scene.until_states(&job, &done).await;
        let waiting = ["03-04T10:30 waiting", done[1], done[2]];
        scene.until_states(&after, &waiting).await;
        // A backfill that is over, of an instance that waits for ever for one that failed.
        for statement in [
            "INSERT INTO backfill (id, project_id, spec, state, created_by, created_at, ended_at, revision)
             SELECT 'over', id, '{}', 'failed', 'x', created_at, created_at, 1 FROM project",
            "INSERT INTO instance (id, project_id, job_id, backfill_id, lane, step, cycle_at, bizdate, due_at, release_at,
                state, is_dry_run, is_frozen, is_missed, run_id, attempts, retries, message, created_at, is_held)
             SELECT 'of' || id, project_id, job_id, 'over', 0, 0, cycle_at, bizdate, due_at, release_at, 'waiting', 0, 0, 0,
                NULL, 0, 0, '', created_at, 1 FROM instance",
        ] {
            scene.server.execute(statement).await.unwrap();
        }
        scene.at("2026-03-20T10:00:00Z").await;
        let stay = "SELECT count(*) FROM instance";
        let begun = Instant::now();
        while scene.server.count(stay).await > 4 {
            assert!(begun.elapsed() < Duration::from_secs(30), "instances stay");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let mut left = Vec::new();
        for (name, id) in [("orders", &job), ("after", &after)] {
            let states = scene.states(id).await;
            left.extend(
                states
                    .iter()
                    .map(|state| format!("{name} {}", &state[..11])),
            );
        }
        assert_eq!(
            left,
            [
                "orders 03-04T10:30",
                "orders 03-04T12:30",
                "after 03-04T10:30",
                "after 03-04T12:30"
            ]
        );
        let none = "SELECT (SELECT count(*) FROM backfill)
            + (SELECT count(*) FROM instance_edge WHERE instance_id NOT IN (SELECT id FROM instance))";
        let begun = Instant::now();
        while scene.server.count(none).await > 0 {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "a backfill stays"
            );
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

#[tokio::test]
async fn folders_follow_after_a_kill_and_a_deleted_project() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let job = shop.job("count", &counting(10, &json!({}))).await;
        let killed = shop.run(&job, json!({})).await;
        let ended = shop.run(&job, json!({})).await;
        for run in [&killed, &ended] {
            shop.ended(run).await;
        }
        // As a server leaves it that is killed between the row and the folder.
        for statement in [
            "INSERT INTO removed_run (id) SELECT min(id) FROM run",
            "DELETE FROM run WHERE id IN (SELECT id FROM removed_run)",
        ] {
            server.execute(statement).await.unwrap();
        }
        server.clock.advance(Duration::from_secs(3_600));
        until_no_folder(&server, &killed).await;
        assert!(server.config.folder.join(id(&ended)).is_dir());

        let etag = admin.get(&shop.path).await.etag();
        assert_eq!(
            admin.edit("DELETE", &shop.path, &etag, None).await.status,
            204
        );
        server.clock.advance(Duration::from_secs(3_600));
        until_no_folder(&server, &ended).await;
    }
}
