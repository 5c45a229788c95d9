//! Dirty rows on their way back.

use serde_json::{Value, json};

use crate::client::Answer;
use crate::harness::{Kept, Running};
use crate::workshop::{Workshop, counting};

/// Ten rows of which none can be converted.
fn dirty() -> String {
    let bad = r#"{"name":"id","type":"long","incr":"1,1"},{"expression":"cast(concat('x', id) as bigint)","name":"n"}"#;
    counting(10, &json!({})).replace(r#"{"name":"id","type":"long","incr":"1,1"}"#, bad)
}

async fn replay(shop: &Workshop, run: &str, body: Value) -> Answer {
    shop.owner.post(&format!("{run}/replay"), body).await
}

/// Publishes another document of a job.
async fn publish(shop: &Workshop, job: &str, document: &str) {
    let path = format!("{}/jobs/{job}", shop.path);
    let etag = shop.owner.get(&path).await.etag();
    let body = json!({"document": document});
    let saved = shop.owner.edit("PATCH", &path, &etag, Some(body)).await;
    assert_eq!(saved.status, 200, "{saved:?}");
    let publish = format!("{path}/publish");
    let etag = saved.etag();
    let published = shop.owner.edit("POST", &publish, &etag, Some(json!({})));
    published.await.ok();
}

#[tokio::test]
async fn rows_are_fed_back_with_the_mended_version_once() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let job = shop.job("count", &dirty()).await;
        let run = shop.run(&job, json!({"bizdate": "2026-03-02"})).await;
        let ended = shop.ended(&run).await;
        assert_eq!(
            (&ended["state"], &ended["rowsDirty"]),
            (&json!("succeeded"), &json!(10))
        );

        // The same version makes the same rows dirty again, and they can be fed back in their turn.
        let keyed = Workshop {
            owner: admin.with_idempotency_key("replay-1"),
            path: shop.path.clone(),
        };
        let first = replay(&keyed, &run, json!({})).await;
        assert_eq!(first.status, 202, "{first:?}");
        let first = first.ok();
        assert_eq!(
            replay(&keyed, &run, json!({})).await.ok(),
            first,
            "one key counts once"
        );
        assert_eq!(first["runs"].as_array().unwrap().len(), 1);
        let first = format!(
            "{}/runs/{}",
            shop.path,
            first["runs"][0]["id"].as_str().unwrap()
        );
        let fed = shop.ended(&first).await;
        assert_eq!(fed["kind"], "replay");
        assert_eq!(fed["originId"], ended["id"]);
        assert_eq!(
            (&fed["state"], &fed["rowsRead"], &fed["rowsDirty"]),
            (&json!("succeeded"), &json!(10), &json!(10))
        );
        assert_eq!(fed["bizdate"], "2026-03-02");
        let seen = admin.get(&run).await.ok();
        assert_eq!(seen["replays"][0]["id"], fed["id"]);

        let twice = replay(&shop, &run, json!({})).await;
        assert_eq!(twice.refused(409), "conflict");
        let rerun = admin.post(&format!("{first}/rerun"), json!({})).await;
        assert_eq!(rerun.refused(409), "conflict");

        publish(&shop, &job, &dirty().replace("concat('x', id)", "id")).await;
        let second = replay(&shop, &first, json!({"version": "current"}))
            .await
            .ok();
        let second = format!(
            "{}/runs/{}",
            shop.path,
            second["runs"][0]["id"].as_str().unwrap()
        );
        let fed = shop.ended(&second).await;
        assert_eq!(
            (&fed["state"], &fed["rowsWritten"]),
            (&json!("succeeded"), &json!(10)),
            "{fed}"
        );
        assert_eq!(fed["jobVersion"], 2);
        let log = admin.get(&format!("{second}/log")).await.ok();
        assert_eq!(
            log["lines"].as_array().unwrap().last().unwrap()["message"],
            "succeeded"
        );
        let none = replay(&shop, &second, json!({})).await;
        assert_eq!(none.refused(409), "conflict");
        assert!(
            none.body.to_string().contains("kept no dirty rows"),
            "{none:?}"
        );

        let once_more = replay(&shop, &run, json!({"again": true, "version": "current"}))
            .await
            .ok();
        let once_more = format!(
            "{}/runs/{}",
            shop.path,
            once_more["runs"][0]["id"].as_str().unwrap()
        );
        assert_eq!(shop.ended(&once_more).await["rowsWritten"], 10);
        let listed = admin
            .get(&format!("{}/runs?kind=replay", shop.path))
            .await
            .ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), 3);
        assert_eq!(
            server
                .count("SELECT count(*) FROM audit WHERE action = 'run.replay'")
                .await,
            3
        );
    }
}

#[tokio::test]
async fn what_cannot_be_fed_back_says_why() {
    let (server, admin) = Running::start(Kept::Sqlite).await;
    let shop = Workshop::new(&admin, "sales").await;
    let strict = counting(10, &json!({"errorLimit": {"record": 0}}));
    let bad = r#"{"name":"id","type":"long","incr":"1,1"},{"expression":"cast('x' as bigint)","name":"n"}"#;
    let strict = strict.replace(r#"{"name":"id","type":"long","incr":"1,1"}"#, bad);
    let failed = shop
        .run(&shop.job("strict", &strict).await, json!({}))
        .await;
    assert_eq!(shop.ended(&failed).await["state"], "failed");
    let refused = replay(&shop, &failed, json!({})).await;
    assert_eq!(refused.refused(409), "conflict");
    assert!(
        refused.body["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("mark it as succeeded")
    );

    let job = shop.job("count", &dirty()).await;
    let run = shop.run(&job, json!({})).await;
    shop.ended(&run).await;
    let other = Workshop::new(&admin, "other").await;
    let guessed = run.replace(&shop.path, &other.path);
    assert_eq!(
        replay(&shop, &guessed, json!({})).await.refused(404),
        "notFound"
    );
    let developer = server.account(&admin, "developer").await;
    let member = format!("{}/members/developer", shop.path);
    admin.put(&member, json!({"role": "developer"})).await;
    let forbidden = developer.post(&format!("{run}/replay"), json!({})).await;
    assert_eq!(forbidden.refused(403), "forbidden");

    let path = format!("{}/jobs/{job}", shop.path);
    let etag = admin.get(&path).await.etag();
    assert_eq!(admin.edit("DELETE", &path, &etag, None).await.status, 204);
    let gone = replay(&shop, &run, json!({})).await;
    assert_eq!(gone.refused(409), "conflict");
    assert!(
        gone.body["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("longshore replay")
    );
}
