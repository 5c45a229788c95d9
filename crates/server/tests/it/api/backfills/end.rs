//! How backfills end, and that they go on when somebody mends what ended them.

use serde_json::json;

use crate::harness::Kept;
use crate::scene::{QUICK, Scene, WRONG};

#[tokio::test]
async fn a_backfill_ends_when_its_first_day_fails_and_goes_on_when_that_is_mended() {
    for kept in Kept::BOTH {
        let scene = Scene::start(kept).await;
        let job = scene.job("orders", WRONG).await;
        let body = json!({"jobs": [job], "from": "2026-02-01", "to": "2026-02-03"});
        let path = scene.backfill(body).await;
        scene.until_backfill(&path, "failed").await;
        scene
            .until_states(
                &job,
                &[
                    "02-02T00:00 failed",
                    "02-03T00:00 waiting",
                    "02-04T00:00 waiting",
                ],
            )
            .await;
        let first = "2026-02-02T00:00:00";
        scene
            .act(&job, first, "mark-succeeded", json!(null))
            .await
            .ok();
        scene
            .until_states(
                &job,
                &[
                    "02-02T00:00 succeeded",
                    "02-03T00:00 failed",
                    "02-04T00:00 waiting",
                ],
            )
            .await;
        scene.until_backfill(&path, "failed").await;
        // The run of the second day counts as succeeded, and then the one of the third is resumed.
        let second = scene.instance(&job, "2026-02-03T00:00:00").await;
        let run = scene.path(&format!("runs/{}", second["runId"].as_str().unwrap()));
        let marked = scene
            .admin
            .post(&format!("{run}/mark-succeeded"), json!({}))
            .await;
        assert_eq!(marked.status, 200, "{marked:?}");
        scene
            .until_states(
                &job,
                &[
                    "02-02T00:00 succeeded",
                    "02-03T00:00 succeeded",
                    "02-04T00:00 failed",
                ],
            )
            .await;
        scene.until_backfill(&path, "failed").await;
        let third = scene
            .act(&job, "2026-02-04T00:00:00", "rerun", json!({}))
            .await;
        assert_eq!(third.status, 202, "{third:?}");
        scene.until_backfill(&path, "failed").await;
        let third = scene.instance(&job, "2026-02-04T00:00:00").await;
        assert_eq!(third["attempts"], 2);
        scene
            .act(&job, "2026-02-04T00:00:00", "mark-succeeded", json!(null))
            .await
            .ok();
        scene.until_backfill(&path, "succeeded").await;
    }
}

#[tokio::test]
async fn a_backfill_runs_nothing_that_its_schedule_does_not_run() {
    for kept in Kept::BOTH {
        let scene = Scene::start(kept).await;
        let (dry, frozen, minutes) = (
            scene.job("dry", WRONG).await,
            scene.job("frozen", QUICK).await,
            scene.job("minutes", QUICK).await,
        );
        let rule = |kind: &str| json!({"cycle": {"kind": "day", "at": "02:00"}, "zone": "UTC", "kind": kind});
        scene.schedule(&dry, rule("dryRun"), json!([])).await;
        scene.schedule(&frozen, rule("frozen"), json!([])).await;
        let body = |job: &str, to: &str| json!({"jobs": [job], "from": "2026-02-01", "to": to});
        let path = scene.backfill(body(&dry, "2026-02-01")).await;
        scene.until_backfill(&path, "succeeded").await;
        let one = scene.instance(&dry, "2026-02-02T02:00:00").await;
        assert_eq!(
            (&one["isDryRun"], &one["runId"]),
            (&json!(true), &json!(null))
        );
        scene.backfill(body(&frozen, "2026-02-01")).await;
        let one = scene.instance(&frozen, "2026-02-02T02:00:00").await;
        assert_eq!(one["isFrozen"], true);
        assert_eq!(one["waitsFor"], json!([{"kind": "frozen"}]));

        let rule = json!({"cycle": {"kind": "minute", "every": 1}, "zone": "UTC"});
        scene.schedule(&minutes, rule, json!([])).await;
        let refused = scene
            .admin
            .post(&scene.path("backfills"), body(&minutes, "2027-01-31"))
            .await;
        assert_eq!(refused.refused(422), "invalid");
        assert_eq!(
            refused.body["error"]["message"],
            "that would be more than 10000 instances"
        );
    }
}
