//! Asking for runs, and what is kept of them.

use serde_json::json;

use crate::harness::{Kept, Running};
use crate::workshop::{Workshop, counting};

#[tokio::test]
async fn a_run_is_done_and_everything_about_it_is_kept() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let job = shop.job("count", &counting(1_000, &json!({}))).await;
        let body = json!({"bizdate": "2026-03-02", "variables": {"region": "north"}});
        let run = shop.run(&job, body).await;
        let ended = shop.ended(&run).await;
        assert_eq!(ended["state"], "succeeded", "{ended}");
        assert_eq!(
            (&ended["number"], &ended["rowsWritten"]),
            (&json!(1), &json!(1_000))
        );
        assert_eq!(ended["bizdate"], "2026-03-02");
        assert_eq!(ended["cycleAt"], "2026-03-03T00:00:00");
        assert_eq!(ended["variables"], json!({"region": "north"}));
        assert_eq!(ended["report"]["rowsRead"], 1_000);
        assert!(ended["document"].as_str().unwrap().contains("rowCount"));

        let log = admin.get(&format!("{run}/log")).await.ok();
        let lines = log["lines"].as_array().unwrap();
        assert_eq!(lines.last().unwrap()["message"], "succeeded");
        let next = log["nextOffset"].as_u64().unwrap();
        let rest = admin.get(&format!("{run}/log?offset={next}")).await.ok();
        assert_eq!(rest["lines"], json!([]));
        let found = admin.get(&format!("{run}/log?search=MOVING")).await.ok();
        assert_eq!(found["lines"].as_array().unwrap().len(), 1);

        let series = admin.get(&format!("{run}/series")).await.ok();
        let last = series.as_array().unwrap().last().unwrap();
        assert_eq!(last["rowsWritten"], 1_000);
        let events = admin.get(&format!("{run}/events")).await.ok();
        assert!(events.as_str().unwrap().contains("\"state\":\"succeeded\""));
        let dirty = admin.get(&format!("{run}/dirty-rows")).await.ok();
        assert_eq!(dirty["rows"], json!([]));

        for (filter, count) in [
            ("state=succeeded", 1),
            ("state=failed", 0),
            ("kind=manual", 1),
            ("bizdate=2026-03-02", 1),
            ("bizdate=2026-03-01", 0),
            (&format!("job={job}"), 1),
            ("number=1", 1),
            ("number=2", 0),
        ] {
            let listed = admin
                .get(&format!("{}/runs?{filter}", shop.path))
                .await
                .ok();
            assert_eq!(listed["items"].as_array().unwrap().len(), count, "{filter}");
        }
    }
}

#[tokio::test]
async fn every_problem_of_a_request_is_named() {
    let (_server, admin) = Running::start(Kept::Sqlite).await;
    let shop = Workshop::new(&admin, "sales").await;
    let document = counting(1, &json!({}));
    let body = json!({"name": "draft", "mode": "script", "document": document});
    let job = admin.post(&format!("{}/jobs", shop.path), body).await.ok();
    let path = format!("{}/jobs/{}/runs", shop.path, job["id"].as_str().unwrap());
    let body = json!({"priority": 99, "resourceGroup": "nowhere"});
    let refused = admin.post(&path, body).await;
    assert_eq!(refused.refused(422), "invalid");
    let problems = refused.body["error"]["problems"].as_array().unwrap();
    let pointers: Vec<_> = problems
        .iter()
        .map(|p| p["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/version", "/priority", "/resourceGroup"]);
    let trial = admin.post(&path, json!({"kind": "trial"})).await;
    assert_eq!(trial.status, 202, "a draft can be tried");
}

#[tokio::test]
async fn a_key_makes_a_request_count_once() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let job = shop.job("count", &counting(1, &json!({}))).await;
        let path = format!("{}/jobs/{job}/runs", shop.path);
        let keyed = admin.with_idempotency_key("nightly-7");
        let first = keyed.post(&path, json!({"priority": 7})).await.ok();
        let second = keyed.post(&path, json!({"priority": 7})).await.ok();
        assert_eq!(first, second);
        let other = keyed.post(&path, json!({"priority": 8})).await;
        assert_eq!(other.refused(409), "conflict");
        let listed = admin.get(&format!("{}/runs", shop.path)).await.ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn two_requests_with_one_key_at_once_get_one_answer() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let job = shop.job("count", &counting(1, &json!({}))).await;
        let path = format!("{}/jobs/{job}/runs", shop.path);
        for round in 0..10 {
            let keyed = admin.with_idempotency_key(&format!("round {round}"));
            let ask = || keyed.post(&path, json!({}));
            let (first, second, third) = tokio::join!(ask(), ask(), ask());
            let first = first.ok();
            assert_eq!(first, second.ok());
            assert_eq!(first, third.ok());
        }
        let all = admin.get(&format!("{}/runs", shop.path)).await.ok();
        assert_eq!(all["items"].as_array().unwrap().len(), 10);
    }
}

#[tokio::test]
async fn what_no_store_keeps_and_what_nobody_may_see_is_refused_at_its_field() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let job = shop.job("count", &counting(1, &json!({}))).await;
        let runs = format!("{}/jobs/{job}/runs", shop.path);
        let schedule = format!("{}/jobs/{job}/schedule", shop.path);
        let rule = |parameters: serde_json::Value| json!({"cycle": {"kind": "day", "at": "01:00"}, "zone": "UTC", "parameters": parameters});
        let backfill = |variables: serde_json::Value| json!({"jobs": [job], "from": "2026-01-01", "to": "2026-01-02", "variables": variables});
        let backfills = format!("{}/backfills", shop.path);
        let (zero, secret) = (json!({"ds": "x\0"}), json!({"dbPassword": "x"}));
        for (answer, pointer) in [
            (
                admin.post(&runs, json!({"variables": zero})).await,
                "/variables/ds",
            ),
            (
                admin.put(&schedule, rule(zero.clone())).await,
                "/parameters/ds",
            ),
            (
                admin.post(&backfills, backfill(zero.clone())).await,
                "/variables/ds",
            ),
            (
                admin.post(&runs, json!({"variables": secret})).await,
                "/variables/dbPassword",
            ),
            (
                admin.put(&schedule, rule(secret.clone())).await,
                "/parameters/dbPassword",
            ),
            (
                admin.post(&backfills, backfill(secret.clone())).await,
                "/variables/dbPassword",
            ),
        ] {
            assert_eq!(answer.refused(422), "invalid");
            let problems = answer.body["error"]["problems"].as_array().unwrap();
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0]["pointer"], pointer);
        }
        let run = shop.run(&job, json!({})).await;
        shop.ended(&run).await;
        let far = admin.get(&format!("{run}/log?offset={}", u64::MAX)).await;
        assert_eq!(far.ok()["lines"], json!([]));
    }
}

#[tokio::test]
async fn yesterday_is_that_of_the_schedule() {
    let (server, admin) = Running::start(Kept::Sqlite).await;
    let shop = Workshop::new(&admin, "sales").await;
    let job = shop.job("count", &counting(1, &json!({}))).await;
    let path = format!("{}/jobs/{job}/schedule", shop.path);
    let rule = json!({"cycle": {"kind": "day", "at": "01:00"}, "zone": "Pacific/Kiritimati"});
    let etag = admin.put(&path, rule).await.etag();
    let submit = format!("{path}/submit");
    admin.edit("POST", &submit, &etag, None).await.ok();
    let run = shop.run(&job, json!({})).await;
    // On the Line Islands it is midnight already: 5 March.
    assert_eq!(shop.ended(&run).await["bizdate"], "2026-03-04");
    drop(server);
}

#[tokio::test]
async fn roles_and_projects_bound_what_can_be_run_and_seen() {
    let (server, admin) = Running::start(Kept::Sqlite).await;
    let shop = Workshop::new(&admin, "sales").await;
    let other = Workshop::new(&admin, "other").await;
    let job = shop.job("count", &counting(1, &json!({}))).await;
    let run = shop.run(&job, json!({})).await;
    let id = run.rsplit('/').next().unwrap();
    let guessed = admin.get(&format!("{}/runs/{id}", other.path)).await;
    assert_eq!(guessed.refused(404), "notFound");
    let guessed = admin
        .post(&format!("{}/jobs/{job}/runs", other.path), json!({}))
        .await;
    assert_eq!(guessed.refused(404), "notFound");

    let visitor = server.account(&admin, "visitor").await;
    admin
        .put(
            &format!("{}/members/visitor", shop.path),
            json!({"role": "visitor"}),
        )
        .await;
    assert_eq!(visitor.get(&run).await.status, 200);
    let start = visitor
        .post(&format!("{}/jobs/{job}/runs", shop.path), json!({}))
        .await;
    assert_eq!(start.refused(403), "forbidden");
    let rows = visitor.get(&format!("{run}/dirty-rows")).await;
    assert_eq!(
        rows.refused(403),
        "forbidden",
        "cells are not for everybody"
    );
}
