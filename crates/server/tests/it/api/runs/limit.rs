//! Trials that read some of the rows.

use serde_json::json;

use crate::harness::{Kept, Running};
use crate::workshop::{Workshop, counting};

#[tokio::test]
async fn a_trial_reads_as_many_rows_as_it_may() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let setting = json!({"speed": {"concurrent": 3}});
        let job = shop.job("count", &counting(100_000, &setting)).await;
        let trial = json!({"kind": "trial", "limitRows": 1_234});
        let run = shop.run(&job, trial).await;
        let ended = shop.ended(&run).await;
        assert_eq!(ended["state"], "succeeded", "{ended}");
        assert_eq!(
            (
                &ended["rowsRead"],
                &ended["rowsWritten"],
                &ended["limitRows"]
            ),
            (&json!(1_234), &json!(1_234), &json!(1_234))
        );
        assert_eq!(ended["report"]["limitRows"], 1_234);
        let notice = ended["report"]["notices"][0].as_str().unwrap();
        assert!(
            notice.contains("the first 1,234 rows were read"),
            "{notice}"
        );
        // Running it again is the same trial.
        let again = admin.post(&format!("{run}/rerun"), json!({})).await.ok();
        let again = format!("{}/runs/{}", shop.path, again["id"].as_str().unwrap());
        assert_eq!(shop.ended(&again).await["rowsRead"], 1_234);
    }
}

#[tokio::test]
async fn only_a_trial_is_limited_and_only_within_bounds() {
    let (_server, admin) = Running::start(Kept::Sqlite).await;
    let shop = Workshop::new(&admin, "sales").await;
    let job = shop.job("count", &counting(1, &json!({}))).await;
    let path = format!("{}/jobs/{job}/runs", shop.path);
    for body in [
        json!({"limitRows": 10}),
        json!({"kind": "manual", "limitRows": 10}),
        json!({"kind": "trial", "limitRows": 0}),
        json!({"kind": "trial", "limitRows": 1_000_001}),
    ] {
        let refused = admin.post(&path, body.clone()).await;
        assert_eq!(refused.refused(422), "invalid", "{body}");
        let problem = &refused.body["error"]["problems"][0];
        assert_eq!(problem["pointer"], "/limitRows", "{body}");
    }
}
