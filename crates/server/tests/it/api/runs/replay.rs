//! Dirty rows on their way back.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

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

/// Ten rows whose `word` is no number.
fn words() -> String {
    let bad = r#"{"name":"id","type":"long","incr":"1,1"},{"name":"word","value":"x"},{"expression":"cast(word as bigint)","name":"n"}"#;
    counting(10, &json!({})).replace(r#"{"name":"id","type":"long","incr":"1,1"}"#, bad)
}

/// A run of which all ten rows are dirty, and these rows.
async fn set_aside(shop: &Workshop) -> (String, Vec<Value>) {
    let job = shop.job("words", &words()).await;
    let run = shop.run(&job, json!({})).await;
    assert_eq!(shop.ended(&run).await["rowsDirty"], 10);
    let file = shop.owner.get(&format!("{run}/dirty-rows/file")).await;
    let rows = file.text();
    let rows = rows.lines().map(|line| serde_json::from_str(line).unwrap());
    (run, rows.collect())
}

fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

#[tokio::test]
async fn mended_rows_take_the_place_of_those_that_were_kept() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let (run, mut rows) = set_aside(&shop).await;
        for row in &mut rows {
            row["row"]["word"] = json!("7");
        }
        // One is still wrong, and two are given up.
        rows[0]["row"]["word"] = json!("seven");
        rows.truncate(8);
        let keyed = admin.with_idempotency_key("mended-1");
        let path = format!("{run}/replay/rows");
        let started = keyed.lines(&path, &lines(&rows)).await;
        assert_eq!(started.status, 202, "{started:?}");
        let started = started.ok();
        assert_eq!(keyed.lines(&path, &lines(&rows)).await.ok(), started);
        let other = keyed.lines(&path, &lines(&rows[1..])).await;
        assert_eq!(other.refused(409), "conflict", "another body of one key");
        let id = started["runs"][0]["id"].as_str().unwrap();
        let fed = shop.ended(&format!("{}/runs/{id}", shop.path)).await;
        assert_eq!(
            [
                &fed["state"],
                &fed["rowsRead"],
                &fed["rowsWritten"],
                &fed["rowsDirty"]
            ],
            [&json!("succeeded"), &json!(8), &json!(7), &json!(1)],
            "{fed}"
        );
        let left = admin
            .get(&format!("{}/runs/{id}/dirty-rows", shop.path))
            .await;
        assert_eq!(left.ok()["rows"][0]["row"]["word"], "seven");
        let folder = server.config.folder.join(id);
        let file = std::fs::metadata(folder.join("mended.jsonl")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);

        // What is left can be mended in its turn, and the audit log has no cells.
        let twice = admin.lines(&path, &lines(&rows)).await;
        assert_eq!(twice.refused(409), "conflict");
        let left = admin
            .get(&format!("{}/runs/{id}/dirty-rows/file", shop.path))
            .await;
        let mended = left.text().replace("seven", "8");
        let next = format!("{}/runs/{id}/replay/rows", shop.path);
        let next = admin.lines(&next, &mended).await.ok();
        let next = next["runs"][0]["id"].as_str().unwrap();
        let fed = shop.ended(&format!("{}/runs/{next}", shop.path)).await;
        assert_eq!(fed["rowsWritten"], 1, "{fed}");
        let log = admin.get(&format!("{}/audit", shop.path)).await.ok();
        let entries = log["items"].as_array().unwrap().iter();
        let mended: Vec<&Value> = entries
            .filter(|entry| entry["action"] == "run.replay")
            .map(|entry| &entry["after"]["mendedRows"])
            .collect();
        assert_eq!(mended, [&json!(1), &json!(8)]);
        assert!(!log.to_string().contains("seven"));
        let folders = std::fs::read_dir(&server.config.folder).unwrap();
        assert_eq!(folders.count(), 3, "requests that made no run left nothing");
        // A request that its server did not survive has left a folder, and its name was noted before.
        std::fs::create_dir(server.config.folder.join("dropped")).unwrap();
        let noted = "INSERT INTO removed_run (id, not_before) SELECT 'dropped', max(not_before) FROM removed_run";
        server.execute(noted).await.unwrap();
        server.clock.advance(Duration::from_secs(2 * 3_600));
        let begun = Instant::now();
        while server.count("SELECT count(*) FROM removed_run").await > 0 {
            assert!(begun.elapsed() < Duration::from_secs(30), "names are left");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let folders = std::fs::read_dir(&server.config.folder).unwrap();
        assert_eq!(folders.count(), 3, "those of runs stay");
    }
}

#[tokio::test]
async fn rows_that_are_none_of_the_run_are_refused() {
    let (server, admin) = Running::start_with(Kept::Sqlite, |it| it.longest_body = 20_000).await;
    let shop = Workshop::new(&admin, "sales").await;
    let (run, rows) = set_aside(&shop).await;
    let path = format!("{run}/replay/rows");
    let all = lines(&rows);
    let broken = all
        .replacen("\"stage\"", "\"stages\"", 2)
        .replacen("\"stages\"", "\"stage\"", 1);
    for (text, message) in [
        (String::new(), "there are no rows"),
        (format!("{all}{}", lines(&rows[..1])), "there are 11 rows"),
        (broken, "line 2 is not a dirty row"),
        (format!("{all}\n"), "line 11 is not a dirty row"),
        ("{}\n".to_string(), "line 1 is not a dirty row"),
    ] {
        let refused = admin.lines(&path, &text).await;
        assert_eq!(refused.refused(422), "invalid");
        assert!(refused.body.to_string().contains(message), "{refused:?}");
    }
    let as_json = admin.post(&path, rows[0].clone()).await;
    assert_eq!(as_json.refused(400), "badRequest");
    let long = admin.lines(&path, &all.repeat(20)).await;
    assert_eq!(long.refused(413), "tooLarge");
    let odd = admin.lines(&format!("{path}?version=newest"), &all).await;
    assert_eq!(odd.refused(400), "badRequest");
    let developer = server.account(&admin, "developer").await;
    let member = format!("{}/members/developer", shop.path);
    admin.put(&member, json!({"role": "developer"})).await;
    assert_eq!(developer.lines(&path, &all).await.refused(403), "forbidden");
    assert_eq!(
        admin.without_csrf().lines(&path, &all).await.refused(403),
        "forbidden"
    );
    let other = Workshop::new(&admin, "other").await;
    let guessed = path.replace(&shop.path, &other.path);
    assert_eq!(admin.lines(&guessed, &all).await.refused(404), "notFound");
    let runs = admin
        .get(&format!("{}/runs?kind=replay", shop.path))
        .await
        .ok();
    assert_eq!(runs["items"], json!([]));
    // A column too many makes a row dirty again instead of losing its value.
    let mut odd = rows[0].clone();
    odd["row"]["wrod"] = json!("7");
    let started = admin.lines(&path, &lines(&[odd])).await.ok();
    let id = started["runs"][0]["id"].as_str().unwrap();
    let fed = shop.ended(&format!("{}/runs/{id}", shop.path)).await;
    assert_eq!(
        (&fed["rowsDirty"], &fed["rowsWritten"]),
        (&json!(1), &json!(0)),
        "{fed}"
    );
}
