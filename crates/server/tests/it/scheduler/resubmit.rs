//! What becomes of instances when a schedule is submitted again, and others wait for it.

use serde_json::{Value, json};

use crate::harness::Kept;
use crate::scene::{QUICK, Scene, WRONG};

fn at(time: &str) -> Value {
    json!({"cycle": {"kind": "day", "at": time}, "zone": "UTC", "parameters": {"bizdate": "$bizdate"}})
}

/// What an instance waits for, shortened to scheduled time and state.
async fn upstream(scene: &Scene, job: &str, cycle_at: &str) -> Vec<String> {
    let one = scene.instance(job, cycle_at).await;
    let waits = one["waitsFor"].as_array().unwrap();
    let upstream = waits.iter().filter(|one| one["kind"] == "upstream");
    upstream
        .map(|one| {
            format!(
                "{} {}",
                one["cycleAt"].as_str().unwrap(),
                one["state"].as_str().unwrap_or("none")
            )
        })
        .collect()
}

#[tokio::test]
async fn whoever_waits_for_todays_cycle_goes_on_waiting_for_it() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let (first, second, own, witness) = (
            scene.job("first", WRONG).await,
            scene.job("second", QUICK).await,
            scene.job("own", WRONG).await,
            scene.job("witness", QUICK).await,
        );
        scene.schedule(&first, at("02:00"), json!([])).await;
        let both =
            json!([{"job": first, "kind": "sameCycle"}, {"job": first, "kind": "previousCycle"}]);
        scene.schedule(&second, at("04:00"), both).await;
        // A dependency on itself can be made once there is something to depend on.
        scene.schedule(&own, at("02:00"), json!([])).await;
        let itself = json!([{"job": own, "kind": "previousCycle"}]);
        scene.schedule(&own, at("02:00"), itself.clone()).await;
        scene.schedule(&witness, at("07:00"), json!([])).await;
        scene.at("2026-03-04T23:45:00Z").await;
        scene.until_states(&witness, &["03-05T07:00 waiting"]).await;
        scene.at("2026-03-05T05:00:00Z").await;
        scene.until_states(&first, &["03-05T02:00 failed"]).await;
        scene.until_states(&own, &["03-05T02:00 failed"]).await;

        scene.schedule(&first, at("06:00"), json!([])).await;
        scene.schedule(&own, at("06:00"), itself).await;
        let today = "2026-03-05T04:00:00";
        assert_eq!(
            upstream(&scene, &second, today).await,
            ["2026-03-05T02:00:00 failed"]
        );
        scene.at("2026-03-05T07:00:00Z").await;
        scene
            .until_states(&witness, &["03-05T07:00 succeeded"])
            .await;
        scene.until_states(&second, &["03-05T04:00 waiting"]).await;

        scene.at("2026-03-05T23:45:00Z").await;
        scene
            .until_states(&witness, &["03-05T07:00 succeeded", "03-06T07:00 waiting"])
            .await;
        // The day before was made by the old rule, so that is what there is to wait for.
        assert_eq!(
            upstream(&scene, &second, "2026-03-06T04:00:00").await,
            ["2026-03-05T02:00:00 failed", "2026-03-06T06:00:00 waiting"]
        );
        assert_eq!(
            upstream(&scene, &own, "2026-03-06T06:00:00").await,
            ["2026-03-05T02:00:00 failed"]
        );
        scene
            .act(&first, "2026-03-05T02:00:00", "mark-succeeded", json!(null))
            .await
            .ok();
        scene
            .until_states(&second, &["03-05T04:00 succeeded", "03-06T04:00 waiting"])
            .await;
    }
}

#[tokio::test]
async fn what_somebody_froze_stays_frozen() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let job = scene.job("orders", QUICK).await;
        let hours = |hours: Value| {
            json!({"cycle": {"kind": "hours", "hours": hours, "minute": 0}, "zone": "UTC",
            "parameters": {"bizdate": "$bizdate"}})
        };
        scene.schedule(&job, hours(json!([1, 2])), json!([])).await;
        scene.at("2026-03-04T23:45:00Z").await;
        scene
            .until_states(&job, &["03-05T01:00 waiting", "03-05T02:00 waiting"])
            .await;
        scene
            .act(&job, "2026-03-05T02:00:00", "freeze", json!(null))
            .await
            .ok();
        scene.schedule(&job, hours(json!([2, 3])), json!([])).await;
        for (cycle, is_frozen) in [
            ("2026-03-05T02:00:00", true),
            ("2026-03-05T03:00:00", false),
        ] {
            assert_eq!(
                scene.instance(&job, cycle).await["isFrozen"],
                is_frozen,
                "{cycle}"
            );
        }
    }
}
