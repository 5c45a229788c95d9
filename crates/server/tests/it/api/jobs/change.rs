//! What a change makes a version of, what it refuses, and deletion.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{IMPORT, STREAM, job, project};
use crate::client::{Answer, Client};
use crate::harness::{ADMIN, Kept, Running};

async fn patch(client: &Client, path: &str, etag: &str, body: Value) -> Answer {
    client.edit("PATCH", path, etag, Some(body)).await
}

#[tokio::test]
async fn only_another_document_or_variables_make_a_version() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let (path, etag) = job(&admin, &project, "copy", STREAM).await;
        let body = json!({"name": "copy 2", "folder": "a/b", "document": STREAM, "variables": {}, "note": "none"});
        let same = patch(&admin, &path, &etag, body).await;
        let etag = same.etag();
        let same = same.ok();
        assert_eq!(
            (same["draftVersion"].as_i64(), same["name"].as_str()),
            (Some(1), Some("copy 2"))
        );
        let folders = admin.get(&format!("{project}/folders")).await.ok();
        assert_eq!(folders["items"][1], json!({"path": "a/b", "jobCount": 1}));

        let commented = STREAM.replace("made-up", "invented");
        let next = patch(
            &admin,
            &path,
            &etag,
            json!({"document": commented, "note": "a comment"}),
        )
        .await;
        let etag = next.etag();
        let next = next.ok();
        assert_eq!(next["draft"]["number"], 2);
        assert_eq!(next["draft"]["note"], "a comment");
        assert_eq!(next["draft"]["document"], commented);
        let next = patch(&admin, &path, &etag, json!({"variables": {"a": "1"}}))
            .await
            .ok();
        assert_eq!(next["draftVersion"], 3);
        assert_eq!(
            next["problems"][0]["message"],
            "parameter `a` is given and not used"
        );

        server.account(&admin, "user").await;
        let etag = admin.get(&path).await.etag();
        let stranger = patch(&admin, &path, &etag, json!({"owner": "user"})).await;
        assert_eq!(stranger.refused(422), "invalid");
        admin
            .put(
                &format!("{project}/members/user"),
                json!({"role": "developer"}),
            )
            .await;
        let changed = patch(&admin, &path, &etag, json!({"owner": "user"}))
            .await
            .ok();
        assert_eq!(changed["owner"]["name"], "user");
        let audit = admin.get(&format!("{project}/audit")).await.ok();
        assert_eq!(audit["items"][0]["before"]["owner"]["name"], ADMIN);
        assert_eq!(audit["items"][0]["after"]["owner"]["name"], "user");
    }
}

#[tokio::test]
async fn of_two_edits_at_once_one_is_told() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let (path, etag) = job(&admin, &project, "copy", STREAM).await;
        let edits = (0..4).map(|number| {
            let document = STREAM.replace("made-up", &format!("number {number}"));
            patch(&admin, &path, &etag, json!({"document": document}))
        });
        let answers = futures::future::join_all(edits).await;
        let done = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(done, 1, "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(answer.refused(412), "changed");
        }
        let versions = admin.get(&format!("{path}/versions")).await.ok();
        assert_eq!(versions["items"].as_array().unwrap().len(), 2);
        let blind = admin.send("PATCH", &path, None, Some(json!({}))).await;
        assert_eq!(blind.refused(428), "revisionRequired");
    }
}

#[tokio::test]
async fn a_script_does_not_become_a_wizards_job_again() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let body = json!({"name": "copy", "mode": "wizard", "document": STREAM});
        let made = admin.post(&format!("{project}/jobs"), body).await.ok();
        let path = format!("{project}/jobs/{}", made["id"].as_str().unwrap());
        let switched = patch(&admin, &path, "\"1\"", json!({"mode": "script"})).await;
        let etag = switched.etag();
        let switched = switched.ok();
        assert_eq!(switched["mode"], "script");
        assert_eq!(switched["draft"]["number"], 2);
        let back = patch(&admin, &path, &etag, json!({"mode": "wizard"})).await;
        assert_eq!(back.refused(409), "conflict");
        assert!(
            back.body["error"]["hint"]
                .as_str()
                .unwrap()
                .contains("restore")
        );
        let versions = admin.get(&format!("{path}/versions")).await.ok();
        let modes: Vec<&Value> = versions["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| &v["mode"])
            .collect();
        assert_eq!(modes, ["script", "wizard"]);
        let restored = admin
            .edit("POST", &format!("{path}/versions/1/restore"), &etag, None)
            .await
            .ok();
        assert_eq!(
            (&restored["mode"], &restored["draftVersion"]),
            (&json!("wizard"), &json!(3))
        );
    }
}

/// More than go at once.
const INSTANCES: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
    INSERT INTO instance (id, project_id, job_id, backfill_id, lane, step, cycle_at, bizdate, due_at, release_at, state,
        is_dry_run, is_frozen, is_missed, attempts, retries, message, created_at, ended_at, is_held)
    SELECT 'i' || i, project_id, id, '', 0, 0, i, '2026-03-03', 0, 0, 'succeeded', 0, 0, 0, 1, 0, '', 0, 0, 0
    FROM job, n";

#[tokio::test]
async fn a_job_in_use_is_not_deleted() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let (path, etag) = job(&admin, &project, "copy", IMPORT).await;
        let uses = [
            (
                "INSERT INTO schedule (job_id, project_id, rule, dependencies, state, reason, generated_until,
                    generate_at, created_by, created_at, updated_at, revision)
                 SELECT id, project_id, '{}', '[]', 'paused', '', 0, 9000000000000000, owner_id, 0, 0, 1 FROM job",
                "DELETE FROM schedule",
                "job `copy` is scheduled",
            ),
            (
                "INSERT INTO run (id, project_id, number, job_id, job_name, job_version, environment, kind, attempt,
                    bizdate, cycle_at, variables, options, resource_group, priority, state, created_by, queued_at,
                    fence, stop_requested, rows_read, rows_written, rows_dirty, bytes, lease_until)
                 SELECT 'r', project_id, 1, id, name, 1, 'prod', 'trial', 1, '2026-03-03', 0, '{}', '{}', 'default',
                    5, 'running', owner_id, 0, 1, 0, 0, 0, 0, 0, 9000000000000000 FROM job",
                "DELETE FROM run",
                "1 runs of job `copy` wait or are under way",
            ),
        ];
        for (use_it, leave_it, message) in uses {
            server.execute(use_it).await.unwrap();
            let refused = admin.edit("DELETE", &path, &etag, None).await;
            assert_eq!(refused.refused(409), "conflict");
            assert_eq!(refused.body["error"]["message"], message);
            server.execute(leave_it).await.unwrap();
        }
        assert_eq!(
            admin
                .edit("DELETE", &path, "\"7\"", None)
                .await
                .refused(412),
            "changed"
        );
        server.execute(INSTANCES).await.unwrap();
        assert_eq!(admin.edit("DELETE", &path, &etag, None).await.status, 204);
        assert_eq!(admin.get(&path).await.refused(404), "notFound");
        let listed = admin.get(&format!("{project}/jobs")).await.ok();
        assert_eq!(listed["items"], json!([]));
        // Its name is free at once, and what is left of it goes in pieces.
        job(&admin, &project, "copy", IMPORT).await;
        let left = "SELECT (SELECT count(*) FROM instance) + (SELECT count(*) - 1 FROM job)
            + (SELECT count(*) - 1 FROM project)";
        let begun = Instant::now();
        while server.count(left).await > 0 {
            assert!(begun.elapsed() < Duration::from_secs(30), "rows are left");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}
