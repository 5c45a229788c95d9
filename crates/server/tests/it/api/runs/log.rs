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
async fn a_file_that_is_not_there_is_no_empty_file_or_page() {
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
    for file in [
        "log",
        "log?before=9",
        "log/file",
        "dirty-rows",
        "dirty-rows/file",
    ] {
        let gone = admin.get(&format!("{dirty}/{file}")).await;
        assert_eq!(gone.refused(404), "notFound");
        let hint = gone.body["error"]["hint"].as_str().unwrap();
        assert!(hint.contains("share the folder"), "{hint}");
    }
}

#[tokio::test]
async fn a_log_is_read_from_its_end_up() {
    let (server, admin) = Running::start(Kept::Sqlite).await;
    let shop = Workshop::new(&admin, "sales").await;
    let job = shop.job("orders", &counting(10, &json!({}))).await;
    let run = shop.run(&job, json!({})).await;
    shop.ended(&run).await;
    // Lines of very different lengths, some longer than what is read at once, and one that is not written to its end.
    let id = run.rsplit('/').next().unwrap();
    let file = server.config.folder.join(id).join("log.jsonl");
    let mut text = String::new();
    for number in 0..500_usize {
        let line = json!({"at": "2026-03-04T10:00:00Z", "stage": "run",
            "level": if number % 7 == 0 { "warning" } else { "info" },
            "message": format!("{number} {}", "é".repeat(if number % 100 == 3 { 50_000 } else { number % 40 }))});
        text.push_str(&format!("{line}\n"));
    }
    let whole = text.len() as u64;
    text.push_str(r#"{"at": "2026-03"#);
    std::fs::write(&file, &text).unwrap();

    let number = |line: &serde_json::Value| -> usize {
        let message = line["message"].as_str().unwrap();
        message.split(' ').next().unwrap().parse().unwrap()
    };
    for (filter, expected) in [
        ("", (0..500).collect::<Vec<usize>>()),
        ("&level=warning", (0..500).step_by(7).collect()),
        ("&search=NOWHERE", Vec::new()),
        ("&search=13%20", (13..500).step_by(100).collect()),
        (
            "&search=99%20&level=warning",
            (99..500).step_by(100).filter(|it| it % 7 == 0).collect(),
        ),
    ] {
        for limit in [1, 3, 99, 1_000] {
            let mut found = Vec::new();
            let mut before = u64::from(u32::MAX);
            loop {
                let path = format!("{run}/log?before={before}&limit={limit}{filter}");
                let page = admin.get(&path).await.ok();
                assert_eq!(page["size"], text.len());
                let lines: Vec<_> = page["lines"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(number)
                    .collect();
                assert!(lines.len() <= limit && lines.is_sorted());
                if before > whole {
                    assert_eq!(
                        (&page["nextOffset"], &page["hasMore"]),
                        (&json!(whole), &json!(false))
                    );
                } else {
                    assert_eq!(
                        (&page["nextOffset"], &page["hasMore"]),
                        (&json!(before), &json!(true))
                    );
                }
                found.splice(0..0, lines);
                before = page["offset"].as_u64().unwrap();
                if before == 0 {
                    break;
                }
            }
            assert_eq!(found, expected, "{filter} {limit}");
        }
    }
    // A place within a line stands for the end of the line above it.
    let first = admin.get(&format!("{run}/log?limit=1")).await.ok();
    let end = first["nextOffset"].as_u64().unwrap();
    let page = admin
        .get(&format!("{run}/log?before={}", end + 5))
        .await
        .ok();
    assert_eq!(page["lines"], first["lines"]);
    assert_eq!(page["nextOffset"], end);
    let page = admin
        .get(&format!("{run}/log?before={}", end - 1))
        .await
        .ok();
    assert_eq!((&page["lines"], &page["offset"]), (&json!([]), &json!(0)));
    // What follows is read from the end of the first page on.
    let tail = admin.get(&format!("{run}/log?offset={whole}")).await.ok();
    assert_eq!(
        (&tail["lines"], &tail["size"]),
        (&json!([]), &json!(text.len()))
    );
}
