//! `/api/v1/servers`.

use std::time::Duration;

use serde_json::{Value, json};
use server::Shutdown;

use crate::client::Client;
use crate::harness::{ADMIN, Kept, Running};
use crate::scene::ENDLESS;
use crate::workshop::{Workshop, counting};

/// Waits until the list of servers is as wanted.
async fn until(client: &Client, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let listed = async {
        loop {
            let list = client.get("/api/v1/servers").await.ok();
            let items = list["items"].as_array().unwrap().clone();
            if wanted(&items) {
                return items;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let listed = tokio::time::timeout(Duration::from_secs(60), listed).await;
    listed.expect("the servers did not become as wanted")
}

async fn switch(client: &Client, server: &Value, verb: &str) -> Value {
    let id = server["id"].as_str().unwrap();
    let path = format!("/api/v1/servers/{id}/{verb}");
    client.post(&path, json!({})).await.ok()
}

#[tokio::test]
async fn a_drained_server_leaves_new_runs_to_others() {
    for kept in Kept::BOTH {
        let (first, admin) = Running::start(kept).await;
        let one = until(&admin, |items| items.len() == 1).await.remove(0);
        assert_eq!(one["isHere"], true);
        assert_eq!(one["isDraining"], false);
        assert_eq!(one["isAlive"], true);
        assert_eq!(one["slots"], 4);
        assert_eq!(one["version"], env!("CARGO_PKG_VERSION"));
        assert!(first.address.ends_with(one["address"].as_str().unwrap()));

        let second = first.again().await;
        let items = until(&admin, |items| items.len() == 2).await;
        let other = items.iter().find(|item| item["isHere"] == false).unwrap();
        assert_eq!(switch(&admin, &one, "drain").await["isDraining"], true);
        let shop = Workshop::new(&admin, "sales").await;
        let job = shop.job("count", &counting(1, &json!({}))).await;
        // The drained server is the one that is woken by the request.
        for _ in 0..3 {
            let run = shop.run(&job, json!({})).await;
            assert_eq!(shop.ended(&run).await["state"], "succeeded");
            let log = admin.get(&format!("{run}/log")).await.ok();
            let taken = log["lines"][0]["message"].as_str().unwrap().to_string();
            assert!(taken.contains(other["id"].as_str().unwrap()), "{taken}");
        }
        switch(&admin, other, "drain").await;
        let slow = json!({"speed": {"record": 1_000}});
        let slow = shop.job("slow", &counting(2_000, &slow)).await;
        let run = shop.run(&slow, json!({})).await;
        assert_eq!(admin.get(&run).await.ok()["state"], "queued");
        assert_eq!(switch(&admin, &one, "undrain").await["isDraining"], false);
        let held = until(&admin, |items| items[0]["running"] == 1).await;
        assert_eq!(held[0]["id"], one["id"]);
        shop.ended(&run).await;

        let audit = admin.get("/api/v1/audit").await.ok();
        assert_eq!(audit["items"][0]["action"], "server.undrain");
        let none = "/api/v1/servers/00000000-0000-7000-8000-000000000000/drain";
        assert_eq!(admin.post(none, json!({})).await.refused(404), "notFound");
        let page = admin.get("/api/v1/servers?limit=1").await.ok();
        let next = page["nextCursor"].as_str().unwrap();
        let rest = admin.get(&format!("/api/v1/servers?cursor={next}")).await;
        assert_eq!(rest.ok()["items"][0]["id"], other["id"]);
        drop(second);
    }
}

#[tokio::test]
async fn a_server_that_finishes_its_runs_is_there_until_they_have_ended() {
    for kept in Kept::BOTH {
        let (first, admin) = Running::start_with(kept, |config| {
            config.shutdown = Shutdown::Finish(Duration::from_secs(60));
        })
        .await;
        let one = until(&admin, |items| items.len() == 1).await.remove(0);
        let shop = Workshop::new(&admin, "sales").await;
        let run = shop
            .run(&shop.job("endless", ENDLESS).await, json!({}))
            .await;
        shop.until(&run, |seen| seen["state"] == "running").await;
        let second = first.again().await;
        let shop = shop.at(&second.address);
        first.begin_to_stop();
        // For less than the lease of the run.
        first.clock.advance(Duration::from_secs(15));
        until(&shop.owner, |items| {
            let mut found = items.iter().filter(|item| item["id"] == one["id"]);
            found.any(|item| item["heartbeatAgeSeconds"] == 0 && item["running"] == 1)
        })
        .await;
        let stopped = shop.owner.post(&format!("{run}/stop"), json!({})).await;
        assert_eq!(stopped.status, 202, "{stopped:?}");
        shop.ended(&run).await;
        until(&shop.owner, |items| {
            items.len() == 1 && items[0]["isHere"] == true
        })
        .await;
    }
}

#[tokio::test]
async fn a_server_that_is_gone_is_seen_missing_and_forgotten_later() {
    for kept in Kept::BOTH {
        let (first, admin) = Running::start(kept).await;
        let old = until(&admin, |items| items.len() == 1).await.remove(0);
        let server = first.die_and_restart().await;
        let admin = admin.at(&server.address);
        until(&admin, |items| items.len() == 2).await;
        server.clock.advance(Duration::from_secs(60));
        let is_missing = |item: &Value| item["isAlive"] == false && item["id"] == old["id"];
        let items = until(&admin, |items| {
            items.iter().any(is_missing) && items.iter().any(|item| item["isAlive"] == true)
        })
        .await;
        let missing = items.iter().find(|item| is_missing(item)).unwrap();
        assert_eq!(missing["heartbeatAgeSeconds"], 60);
        server.clock.advance(Duration::from_secs(3_600));
        until(&admin, |items| {
            items.len() == 1 && items[0]["isHere"] == true
        })
        .await;

        // One that stops takes itself off.
        let server = server.restart().await;
        let admin = server.sign_in(ADMIN).await;
        let items = until(&admin, |items| !items.is_empty()).await;
        assert_eq!(items.len(), 1);
        assert_eq!(items[0]["isHere"], true);
    }
}
