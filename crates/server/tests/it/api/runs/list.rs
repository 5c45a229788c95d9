//! Lists of runs by where, by whom and when.

use serde_json::{Value, json};
use std::time::Duration;

use crate::client::Client;
use crate::harness::{Kept, Running};
use crate::workshop::{Workshop, counting};

/// The numbers of the runs that a filter finds, page by page.
async fn numbers(client: &Client, shop: &Workshop, filter: &str, limit: u32) -> Vec<i64> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{}/runs?{filter}&limit={limit}{cursor}", shop.path);
        let page = client.get(&path).await.ok();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit as usize);
        found.extend(items.iter().map(|run| run["number"].as_i64().unwrap()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[tokio::test]
async fn runs_are_found_by_group_by_account_and_by_beginning() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let group = json!({"name": "night", "description": "", "slots": 2});
        admin
            .post(&format!("{}/resource-groups", shop.path), group)
            .await
            .ok();
        let other = server.account(&admin, "other").await;
        let member = json!({"role": "administrator"});
        admin
            .put(&format!("{}/members/other", shop.path), member)
            .await;
        let session = other.get("/api/v1/session").await.ok();
        let other_id = session["account"]["id"].as_str().unwrap();
        let job = shop.job("count", &counting(1, &json!({}))).await;
        let theirs = Workshop {
            owner: other.clone(),
            path: shop.path.clone(),
        };
        // One run a minute: 1 and 4 in the group, 2, 3 and 5 by somebody else.
        for number in 1..=6 {
            let body: Value = match number {
                1 | 4 => json!({"resourceGroup": "night"}),
                2 => json!({"kind": "trial"}),
                _ => json!({}),
            };
            let by = match number {
                2 | 3 | 5 => &theirs,
                _ => &shop,
            };
            let run = by.run(&job, body).await;
            shop.ended(&run).await;
            server.clock.advance(Duration::from_secs(60));
        }
        let at = |minute: u32| format!("2026-03-04T10:{minute:02}:00Z");
        let by = format!("createdBy={other_id}");
        for (filter, expected) in [
            ("resourceGroup=night".to_string(), vec![4, 1]),
            ("resourceGroup=none".to_string(), vec![]),
            (by.clone(), vec![5, 3, 2]),
            (format!("{by}&kind=trial"), vec![2]),
            (format!("{by}&resourceGroup=night"), vec![]),
            (
                format!("{by}&resourceGroup=default&state=succeeded&job={job}"),
                vec![5, 3, 2],
            ),
            (format!("startedFrom={}", at(2)), vec![6, 5, 4, 3]),
            (format!("startedTo={}", at(2)), vec![2, 1]),
            (
                format!("startedFrom={}&startedTo={}", at(1), at(5)),
                vec![5, 4, 3, 2],
            ),
            (
                format!("startedFrom={}&startedTo={}&{by}", at(1), at(5)),
                vec![5, 3, 2],
            ),
            (
                format!("startedFrom={}&job={job}&resourceGroup=night", at(1)),
                vec![4],
            ),
            (
                format!("startedFrom={}&kind=trial&state=succeeded", at(0)),
                vec![2],
            ),
            (
                "startedFrom=2026-03-04T18:02:00%2B08:00&state=succeeded".to_string(),
                vec![6, 5, 4, 3],
            ),
            (format!("startedFrom={}&bizdate=2026-03-01", at(0)), vec![]),
        ] {
            for limit in [1, 2, 500] {
                let found = numbers(&admin, &shop, &filter, limit).await;
                assert_eq!(found, expected, "{kept:?} {filter} {limit}");
            }
        }
        let runs = format!("{}/runs", shop.path);
        let wrong = admin.get(&format!("{runs}?startedFrom=yesterday")).await;
        assert_eq!(wrong.refused(400), "badRequest");
        // The cursor of a list in another order.
        let page = admin.get(&format!("{runs}?limit=1")).await.ok();
        let cursor = page["nextCursor"].as_str().unwrap();
        let foreign = format!("{runs}?startedFrom={}&cursor={cursor}", at(0));
        assert_eq!(admin.get(&foreign).await.refused(400), "badRequest");
    }
}
