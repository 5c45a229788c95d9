//! Servers that die at random moments: no instance is lost, none is run twice.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::harness::{ADMIN, Kept, Running};
use crate::scene::{QUICK, Scene};

const JOBS: usize = 12;
const DEATHS: usize = 5;

/// Times at which servers die, in milliseconds after they started; the seed is printed.
#[expect(clippy::print_stdout, reason = "a failure is repeated with the seed")]
pub(super) fn moments() -> Vec<u64> {
    let seed = std::env::var("LONGSHORE_TEST_SEED").ok();
    let mut state = seed.and_then(|text| text.parse().ok()).unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        now.unwrap().as_nanos() as u64
    });
    println!("LONGSHORE_TEST_SEED={state}");
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        200 + (state >> 33) % 1_800
    };
    (0..DEATHS).map(next).collect()
}

/// Every instance, with its runs, each once succeeded.
async fn all_succeeded(scene: &Scene) -> bool {
    let instances = scene.instances("").await;
    let runs = scene.admin.get(&scene.path("runs?limit=500")).await.ok();
    let runs = runs["items"].as_array().unwrap();
    let mut is_done = instances.len() == 2 * JOBS;
    for one in &instances {
        let own: Vec<&Value> = runs
            .iter()
            .filter(|run| run["instanceId"] == one["id"])
            .collect();
        assert!(own.len() <= 1, "{one} has {own:?}");
        assert!(
            ["waiting", "queued", "running", "succeeded"].contains(&one["state"].as_str().unwrap()),
            "{one}"
        );
        is_done &= one["state"] == "succeeded" && own.len() == 1 && own[0]["rowsWritten"] == 10;
    }
    is_done
}

/// A project with jobs of two cycles, of which half wait for the other half.
async fn scene(kept: Kept) -> Scene {
    let mut scene = Scene::start(kept).await;
    let rule = json!({"cycle": {"kind": "hours", "hours": [1, 2], "minute": 0}, "zone": "UTC",
        "catchUp": {"policy": "all", "parallel": 3}});
    let mut upstream = None;
    for number in 0..JOBS {
        let job = scene.job(&format!("job{number}"), QUICK).await;
        let dependencies = match upstream.take() {
            Some(before) => json!([{"job": before, "kind": "sameCycle"}]),
            None => {
                upstream = Some(job.clone());
                json!([])
            }
        };
        scene.schedule(&job, rule.clone(), dependencies).await;
    }
    scene.at("2026-03-04T23:29:59Z").await;
    scene
}

/// Lets leases of the dead end, without a gap that is an outage.
pub(super) fn move_on(server: &Running) {
    server.clock.advance(Duration::from_secs(30));
}

#[tokio::test]
async fn a_server_that_dies_at_random_loses_and_doubles_nothing() {
    for kept in Kept::BOTH {
        let mut scene = scene(kept).await;
        scene.at("2026-03-05T03:00:00Z").await;
        for moment in moments() {
            tokio::time::sleep(Duration::from_millis(moment)).await;
            scene.server = scene.server.die_and_restart().await;
            move_on(&scene.server);
            scene.admin = scene.server.sign_in(ADMIN).await;
            all_succeeded(&scene).await;
        }
        for _ in 0..120 {
            if all_succeeded(&scene).await {
                break;
            }
            move_on(&scene.server);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        assert!(
            all_succeeded(&scene).await,
            "{:#?}",
            scene.instances("").await
        );
    }
}

#[tokio::test]
async fn two_servers_share_the_work_while_one_after_the_other_dies() {
    let mut scene = scene(Kept::PostgreSql).await;
    let mut other = scene.server.again().await;
    scene.at("2026-03-05T03:00:00Z").await;
    for (number, moment) in moments().into_iter().enumerate() {
        tokio::time::sleep(Duration::from_millis(moment)).await;
        if number % 2 == 0 {
            other = other.die_and_restart().await;
        } else {
            scene.server = scene.server.die_and_restart().await;
        }
        move_on(&scene.server);
        scene.admin = scene.server.sign_in(ADMIN).await;
        all_succeeded(&scene).await;
    }
    for _ in 0..120 {
        if all_succeeded(&scene).await {
            break;
        }
        move_on(&scene.server);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(
        all_succeeded(&scene).await,
        "{:#?}",
        scene.instances("").await
    );
    drop(other);
}
