//! The log of a run, page by page.

use serde_json::json;

use crate::harness::{Kept, Running};
use crate::workshop::{Workshop, counting};

#[tokio::test]
async fn a_place_beyond_the_log_is_an_empty_page() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let job = shop.job("orders", &counting(10, &json!({}))).await;
        let run = shop.run(&job, json!({})).await;
        shop.ended(&run).await;
        let first = admin.get(&format!("{run}/log?limit=2")).await.ok();
        assert_eq!(first["lines"].as_array().unwrap().len(), 2);
        assert_eq!(first["hasMore"], true);
        for offset in [u64::from(u32::MAX), u64::MAX] {
            let page = admin.get(&format!("{run}/log?offset={offset}")).await.ok();
            assert_eq!(page["lines"], json!([]));
            assert_eq!(page["nextOffset"], offset);
        }
    }
}
