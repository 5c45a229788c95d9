//! The log of a run, page by page.

use serde_json::json;

use crate::harness::{Kept, Running};
use crate::scene::ENDLESS;
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

#[tokio::test]
async fn a_file_that_is_not_there_is_no_empty_file() {
    let (server, admin) = Running::start(Kept::Sqlite).await;
    let shop = Workshop::new(&admin, "sales").await;
    let endless = shop
        .run(&shop.job("endless", ENDLESS).await, json!({}))
        .await;
    shop.until(&endless, |seen| seen["state"] == "running")
        .await;
    let early = admin.get(&format!("{endless}/dirty-rows/file")).await;
    assert_eq!(early.refused(409), "conflict");

    let clean = shop
        .run(
            &shop.job("clean", &counting(10, &json!({}))).await,
            json!({}),
        )
        .await;
    shop.ended(&clean).await;
    let none = admin.get(&format!("{clean}/dirty-rows/file")).await;
    assert_eq!((none.status, none.text()), (200, String::new()));

    let plain = r#"{"name":"id","type":"long","incr":"1,1"}"#;
    let bad = format!(r#"{plain},{{"expression":"cast(concat('x', id) as bigint)","name":"n"}}"#);
    let dirty = counting(10, &json!({})).replace(plain, &bad);
    let dirty = shop.run(&shop.job("dirty", &dirty).await, json!({})).await;
    assert_eq!(shop.ended(&dirty).await["rowsDirty"], 10);
    for file in ["log/file", "dirty-rows/file"] {
        let found = admin.get(&format!("{dirty}/{file}")).await;
        assert!(found.status == 200 && !found.text().is_empty(), "{found:?}");
    }
    // As on a server that has a folder of its own.
    let id = dirty.rsplit('/').next().unwrap();
    std::fs::remove_dir_all(server.config.folder.join(id)).unwrap();
    for file in ["log/file", "dirty-rows/file"] {
        let gone = admin.get(&format!("{dirty}/{file}")).await;
        assert_eq!(gone.refused(404), "notFound");
        let hint = gone.body["error"]["hint"].as_str().unwrap();
        assert!(hint.contains("share the folder"), "{hint}");
    }
}
