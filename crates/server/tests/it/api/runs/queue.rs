//! How many runs of a data source, and of a resource group, are under way at once.

use serde_json::{Value, json};

use crate::harness::{Kept, Running};
use crate::scene::ENDLESS;
use crate::workshop::Workshop;

/// Stops the first of two runs that may not be under way together. A third, which waits for neither, passes them.
async fn one_after_the_other(shop: &Workshop, [first, second, third]: [(&str, Value); 3]) {
    let first = shop.run(first.0, first.1).await;
    shop.until(&first, |seen| seen["state"] == "running").await;
    let second = shop.run(second.0, second.1).await;
    let third = shop.run(third.0, third.1).await;
    shop.until(&third, |seen| seen["state"] == "running").await;
    assert_eq!(shop.owner.get(&second).await.ok()["state"], "queued");
    let stop = async |run: &str| {
        shop.owner
            .post(&format!("{run}/stop"), json!({}))
            .await
            .status
    };
    assert_eq!(stop(&first).await, 202);
    shop.until(&second, |seen| seen["state"] == "running").await;
    let ended = shop.owner.get(&first).await.ok();
    assert_eq!(ended["state"], "stopped", "{ended}");
    for run in [&second, &third] {
        assert_eq!(stop(run).await, 202);
        shop.ended(run).await;
    }
}

#[tokio::test]
async fn a_data_source_is_used_by_no_more_runs_than_the_project_lets() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let etag = admin.get(&shop.path).await.etag();
        let limit = json!({"settings": {"runsPerDatasource": 1}});
        let path = &shop.path;
        admin.edit("PATCH", path, &etag, Some(limit)).await.ok();
        let mut jobs = Vec::new();
        for (name, reader, writer) in [
            ("first", "a", "b"),
            ("second", "c", "a"),
            ("third", "d", "d"),
        ] {
            let mut document: Value = serde_json::from_str(ENDLESS).unwrap();
            for (side, source) in [("reader", reader), ("writer", writer)] {
                let path = format!("{}/datasources", shop.path);
                let body = json!({"name": source, "connector": "stream"});
                // Some are there already.
                admin.post(&path, body).await;
                document["configuration"][side]["parameter"]["datasource"] = json!(source);
            }
            jobs.push(shop.job(name, &document.to_string()).await);
        }
        let runs = [0, 1, 2].map(|place: usize| (&*jobs[place], json!({})));
        one_after_the_other(&shop, runs).await;
    }
}

#[tokio::test]
async fn a_resource_group_has_so_many_slots() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let groups = format!("{}/resource-groups", shop.path);
        let narrow = json!({"name": "narrow", "slots": 1});
        admin.post(&groups, narrow).await.ok();
        let job = shop.job("endless", ENDLESS).await;
        let narrow = json!({"resourceGroup": "narrow"});
        let runs = [narrow.clone(), narrow, json!({})].map(|body| (&*job, body));
        one_after_the_other(&shop, runs).await;
    }
}
