//! `/api/v1/audit` and that of a project: what was done with one thing.

use serde_json::{Value, json};

use crate::harness::{Kept, Running};
use crate::workshop::{Workshop, counting};

#[tokio::test]
async fn what_was_done_with_one_thing_is_found() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let other = Workshop::new(&admin, "other").await;
        let document = counting(1, &json!({}));
        let job = shop.job("orders", &document).await;
        shop.job("items", &document).await;
        let actions = async |path: String| -> Vec<String> {
            let listed = admin.get(&path).await.ok();
            let items: &Vec<Value> = listed["items"].as_array().unwrap();
            let actions = items.iter().map(|item| item["action"].as_str().unwrap());
            actions.map(str::to_string).collect()
        };
        let both = ["job.publish", "job.create"];
        for place in [&format!("{}/audit", shop.path), "/api/v1/audit"] {
            assert_eq!(actions(format!("{place}?object={job}")).await, both);
            assert!(actions(format!("{place}?object=none")).await.is_empty());
            let first = admin
                .get(&format!("{place}?object={job}&limit=1"))
                .await
                .ok();
            assert_eq!(first["items"][0]["action"], "job.publish");
            let next = first["nextCursor"].as_str().unwrap();
            let path = format!("{place}?object={job}&limit=1&cursor={next}");
            assert_eq!(actions(path).await, ["job.create"]);
        }
        let elsewhere = format!("{}/audit?object={job}", other.path);
        assert!(actions(elsewhere).await.is_empty());
    }
}
