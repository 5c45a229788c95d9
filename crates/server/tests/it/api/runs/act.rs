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

        let again = admin
            .post(&format!("{run}/rerun"), json!({"version": "same"}))
            .await
            .ok();
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
        let job = shop.job("count", &counting(3_000, &slow)).await;
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
        assert_eq!(ended["rowsWritten"], 3_000);
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
        let first = shop.ended(&first).await;
        let (second, urgent) = (shop.ended(&second).await, shop.ended(&urgent).await);
        let time = |run: &serde_json::Value, key: &str| run[key].as_str().unwrap().to_string();
        for run in [&first, &second, &urgent] {
            assert_eq!(run["state"], "succeeded", "{run}");
        }
        assert!(second["number"].as_i64() < urgent["number"].as_i64());
        assert!(time(&urgent, "startedAt") <= time(&second, "startedAt"));
    }
}
