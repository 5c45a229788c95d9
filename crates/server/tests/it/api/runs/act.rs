//! What can be done with a run, and the limits of the queue.

use serde_json::json;

use crate::harness::{Kept, Running};
use crate::workshop::{Workshop, counting};

#[tokio::test]
async fn a_failed_run_says_why_and_what_to_do_and_can_be_run_again() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let strict = json!({"errorLimit": {"record": 0}});
        let document = counting(10, &strict).replace(
            r#"{"name":"id","type":"long","incr":"1,1"}"#,
            r#"{"name":"id","type":"long","incr":"1,1"},{"expression":"cast(concat('x', id) as bigint)","name":"bad"}"#,
        );
        let job = shop.job("count", &document).await;
        let run = shop.run(&job, json!({})).await;
        let ended = shop.ended(&run).await;
        assert_eq!(ended["state"], "failed", "{ended}");
        assert_eq!(ended["error"]["kind"], "dirty rows");
        assert!(
            ended["error"]["message"]
                .as_str()
                .unwrap()
                .contains("dirty"),
            "{ended}"
        );

        let keyed = admin.with_idempotency_key("again");
        let rerun = format!("{run}/rerun");
        let again = keyed.post(&rerun, json!({"version": "same"})).await.ok();
        let twice = keyed.post(&rerun, json!({"version": "same"})).await.ok();
        assert_eq!(again, twice, "the answer was lost, the run is one");
        let all = admin.get(&format!("{}/runs", shop.path)).await.ok();
        assert_eq!(all["items"].as_array().unwrap().len(), 2);
        let again = format!("{}/runs/{}", shop.path, again["id"].as_str().unwrap());
        assert_eq!(shop.ended(&again).await["attempt"], 2);
        let marked = admin
            .post(&format!("{again}/mark-succeeded"), json!({}))
            .await
            .ok();
        assert_eq!(marked["state"], "succeeded");
        let twice = admin
            .post(&format!("{again}/mark-succeeded"), json!({}))
            .await;
        assert_eq!(twice.refused(409), "conflict");
    }
}

#[tokio::test]
async fn a_run_is_stopped_and_goes_on_where_it_was() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let slow = json!({"speed": {"concurrent": 4, "record": 1_000}});
        let job = shop.job("count", &counting(12_000, &slow)).await;
        let run = shop.run(&job, json!({})).await;
        shop.until(&run, |seen| seen["rowsRead"].as_i64() > Some(0))
            .await;
        assert_eq!(
            admin.post(&format!("{run}/stop"), json!({})).await.status,
            202
        );
        let stopped = shop.ended(&run).await;
        assert_eq!(stopped["state"], "stopped", "{stopped}");
        let again = admin.post(&format!("{run}/stop"), json!({})).await;
        assert_eq!(again.refused(409), "conflict");

        assert_eq!(
            admin.post(&format!("{run}/resume"), json!({})).await.status,
            202
        );
        let ended = shop.until(&run, |seen| seen["state"] == "succeeded").await;
        assert_eq!(ended["rowsWritten"], 12_000);
        assert_eq!(ended["attempt"], 2);
    }
}

#[tokio::test]
async fn a_project_runs_no_more_at_once_than_it_may() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let etag = admin.get(&shop.path).await.etag();
        let limit = json!({"settings": {"runsAtOnce": 1}});
        admin
            .edit("PATCH", &shop.path, &etag, Some(limit))
            .await
            .ok();
        let slow = json!({"speed": {"record": 1_000}});
        let job = shop.job("count", &counting(1_000, &slow)).await;
        let first = shop.run(&job, json!({})).await;
        shop.until(&first, |seen| seen["state"] == "running").await;
        let second = shop.run(&job, json!({})).await;
        let urgent = shop.run(&job, json!({"priority": 9})).await;
        let mut order: Vec<String> = Vec::new();
        for _ in 0..1_200 {
            let running = format!("{}/runs?state=running", shop.path);
            let running = admin.get(&running).await.ok()["items"].clone();
            let running = running.as_array().unwrap();
            assert!(running.len() <= 1, "{running:#?}");
            for run in running {
                let path = format!("{}/runs/{}", shop.path, run["id"].as_str().unwrap());
                if !order.contains(&path) {
                    order.push(path);
                }
            }
            let last = admin.get(&second).await.ok();
            if last["endedAt"].is_string() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        assert_eq!(order, [first.clone(), urgent.clone(), second.clone()]);
        for run in [&first, &second, &urgent] {
            assert_eq!(shop.ended(run).await["state"], "succeeded", "{run}");
        }
    }
}
