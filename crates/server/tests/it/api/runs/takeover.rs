//! Runs outlive the servers that do them.

use serde_json::json;
use std::time::Duration;

use crate::harness::{Kept, Running};
use crate::workshop::{Workshop, counting};

fn slow() -> String {
    counting(3_000, &json!({"speed": {"concurrent": 4, "record": 1_000}}))
}

#[tokio::test]
async fn a_server_that_stops_hands_its_runs_over() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let job = shop.job("count", &slow()).await;
        let run = shop.run(&job, json!({})).await;
        shop.until(&run, |seen| seen["rowsRead"].as_i64() > Some(0))
            .await;
        let server = server.restart().await;
        let shop = shop.at(&server.address);
        let ended = shop.ended(&run).await;
        assert_eq!(ended["state"], "succeeded", "{ended}");
        assert_eq!(ended["rowsWritten"], 3_000);
        let log = shop
            .owner
            .get(&format!("{run}/log?search=to+continue+it"))
            .await
            .ok();
        assert_eq!(log["lines"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_dies_leaves_its_runs_to_whoever_comes_after_the_lease() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let job = shop.job("count", &slow()).await;
        let run = shop.run(&job, json!({})).await;
        shop.until(&run, |seen| seen["rowsRead"].as_i64() > Some(0))
            .await;
        let server = server.die_and_restart().await;
        let shop = shop.at(&server.address);
        let seen = shop.owner.get(&run).await.ok();
        assert_eq!(
            seen["state"], "running",
            "nobody knows yet that its server is gone"
        );
        server.clock.advance(Duration::from_secs(60));
        let ended = shop.ended(&run).await;
        assert_eq!(ended["state"], "succeeded", "{ended}");
        assert_eq!(ended["rowsWritten"], 3_000);
    }
}
