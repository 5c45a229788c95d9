//! `/api/v1/projects`, its members and its audit log.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{ADMIN, Kept, Running};
use crate::scene::{ENDLESS, QUICK, Scene};
use crate::workshop::Workshop;

#[tokio::test]
async fn projects_are_made_seen_changed_and_deleted() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let made = admin
            .post(
                "/api/v1/projects",
                json!({"name": "sales", "description": "orders and so on"}),
            )
            .await
            .ok();
        let path = format!("/api/v1/projects/{}", made["id"].as_str().unwrap());
        let twice = admin
            .post("/api/v1/projects", json!({"name": "sales"}))
            .await;
        assert_eq!(twice.refused(409), "conflict");

        let stranger = server.account(&admin, "stranger").await;
        assert_eq!(stranger.get(&path).await.refused(404), "notFound");
        assert_eq!(
            stranger.get("/api/v1/projects").await.ok()["items"],
            json!([])
        );

        let etag = admin.get(&path).await.etag();
        let blind = admin
            .edit("PATCH", &path, "\"7\"", Some(json!({"title": "x"})))
            .await;
        assert_eq!(blind.refused(412), "changed");
        let changed = admin
            .edit("PATCH", &path, &etag, Some(json!({"title": "Sales"})))
            .await;
        let etag = changed.etag();
        assert_eq!(changed.ok()["title"], "Sales");
        assert_eq!(admin.delete(&path).await.refused(428), "revisionRequired");
        assert_eq!(admin.edit("DELETE", &path, &etag, None).await.status, 204);
        assert_eq!(admin.get(&path).await.refused(404), "notFound");
    }
}

#[tokio::test]
async fn a_deleted_project_is_gone_at_once_and_removed_in_pieces() {
    const MORE_RUNS: &str = "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
        INSERT INTO run (id, project_id, number, job_id, job_name, job_version, environment, kind, attempt, bizdate,
            cycle_at, variables, options, resource_group, priority, state, created_by, queued_at, ended_at, fence,
            stop_requested, rows_read, rows_written, rows_dirty, bytes)
        SELECT 'more' || i, project_id, 1000 + i, job_id, job_name, 1, environment, kind, 1, bizdate, cycle_at, '{}',
            '{}', 'default', 5, 'succeeded', created_by, queued_at, ended_at, 1, 0, 0, 0, 0, 0 FROM run, n";
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let job = scene.job("nightly", QUICK).await;
        let rule = json!({"cycle": {"kind": "hours", "hours": [11, 12], "minute": 0}, "zone": "UTC",
            "generation": "immediately"});
        scene.schedule(&job, rule, json!([])).await;
        let shop = Workshop {
            owner: scene.admin.clone(),
            path: scene.path("").trim_end_matches('/').to_string(),
        };
        let done = shop.run(&job, json!({})).await;
        shop.ended(&done).await;
        scene.server.execute(MORE_RUNS).await.unwrap();
        let endless = shop
            .run(&scene.job("endless", ENDLESS).await, json!({}))
            .await;
        let etag = scene.admin.get(&shop.path).await.etag();
        let refused = scene.admin.edit("DELETE", &shop.path, &etag, None).await;
        assert_eq!(refused.refused(409), "conflict");
        assert_eq!(
            refused.body["error"]["message"],
            "1 runs of project `sales` wait or are under way"
        );
        let stopped = scene
            .admin
            .post(&format!("{endless}/stop"), json!({}))
            .await;
        assert_eq!(stopped.status, 202, "{stopped:?}");
        shop.ended(&endless).await;

        let gone = scene.admin.edit("DELETE", &shop.path, &etag, None).await;
        assert_eq!(gone.status, 204, "{gone:?}");
        for path in [&shop.path, &done] {
            assert_eq!(scene.admin.get(path).await.refused(404), "notFound");
        }
        let listed = scene.admin.get("/api/v1/projects?all=true").await.ok();
        assert_eq!(listed["items"], json!([]));
        let again = json!({"name": "sales"});
        let again = scene.admin.post("/api/v1/projects", again).await;
        assert_eq!(again.status, 201, "the name is free: {again:?}");
        let left = "SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM instance) + (SELECT count(*) FROM job)
            + (SELECT count(*) FROM schedule) + (SELECT count(*) FROM project) - 1";
        let begun = Instant::now();
        while scene.server.count(left).await > 0 {
            assert!(begun.elapsed() < Duration::from_secs(30), "rows are left");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        // Nothing of it is due any more.
        scene.at("2026-03-04T12:30:00Z").await;
        assert_eq!(scene.server.count("SELECT count(*) FROM run").await, 0);
    }
}

#[tokio::test]
async fn lists_go_on_where_the_page_before_ended() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        for number in 0..5 {
            let body = json!({"name": format!("p{number}")});
            assert_eq!(admin.post("/api/v1/projects", body).await.status, 201);
        }
        let mut names = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/projects?limit=2&cursor={cursor}");
            let page = admin.get(&path).await.ok();
            let items = page["items"].as_array().unwrap().clone();
            assert!(items.len() <= 2);
            names.extend(
                items
                    .iter()
                    .map(|item| item["name"].as_str().unwrap().to_string()),
            );
            match page["nextCursor"].as_str() {
                Some(next) => cursor = next.to_string(),
                None => break,
            }
        }
        assert_eq!(names, ["p0", "p1", "p2", "p3", "p4"]);
        let found = admin.get("/api/v1/projects?search=P3").await.ok();
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
        assert_eq!(
            admin.get("/api/v1/projects?limit=0").await.refused(422),
            "invalid"
        );
        assert_eq!(
            admin.get("/api/v1/projects?cursor=%00").await.refused(400),
            "badRequest"
        );
    }
}

#[tokio::test]
async fn members_have_roles_and_a_project_keeps_an_owner() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let user = server.account(&admin, "user").await;
        let project = admin
            .post("/api/v1/projects", json!({"name": "sales"}))
            .await
            .ok();
        let path = format!("/api/v1/projects/{}", project["id"].as_str().unwrap());
        let of = |name: &str| format!("{path}/members/{name}");
        assert_eq!(
            admin
                .put(&of("user"), json!({"role": "administrator"}))
                .await
                .status,
            204
        );
        let wrong = admin.put(&of("user"), json!({"role": "boss"})).await;
        assert_eq!(wrong.status, 422, "{wrong:?}");
        assert_eq!(
            user.put(&of("user"), json!({"role": "owner"}))
                .await
                .refused(403),
            "forbidden"
        );
        assert_eq!(user.delete(&of(ADMIN)).await.refused(403), "forbidden");
        assert_eq!(admin.delete(&of(ADMIN)).await.refused(409), "conflict");
        let members = user.get(&format!("{path}/members")).await.ok();
        assert_eq!(members["items"].as_array().unwrap().len(), 2);
        assert_eq!(admin.delete(&of("user")).await.status, 204);
        assert_eq!(user.get(&path).await.refused(404), "notFound");
    }
}

#[tokio::test]
async fn what_was_done_is_noted_and_cannot_be_changed() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let project = admin
            .post("/api/v1/projects", json!({"name": "sales"}))
            .await
            .ok();
        let path = format!("/api/v1/projects/{}", project["id"].as_str().unwrap());
        let etag = admin.get(&path).await.etag();
        admin
            .edit("PATCH", &path, &etag, Some(json!({"title": "Sales"})))
            .await
            .ok();
        let entries = admin.get(&format!("{path}/audit")).await.ok();
        let entry = &entries["items"][0];
        assert_eq!(entry["action"], "project.update");
        assert_eq!(entry["accountName"], ADMIN);
        assert_eq!(entry["address"], "127.0.0.1");
        assert_eq!(entry["before"]["title"], "sales");
        assert_eq!(entry["after"]["title"], "Sales");
        let mut statements = vec!["UPDATE audit SET account_name = 'x'", "DELETE FROM audit"];
        if matches!(kept, Kept::PostgreSql) {
            statements.push("TRUNCATE audit");
        }
        for statement in statements {
            let refused = server.execute(statement).await.unwrap_err();
            assert!(refused.contains("append-only"), "{refused}");
        }
    }
}

#[tokio::test]
async fn an_allow_list_admits_its_networks_and_nobody_locks_themselves_out() {
    let (server, admin) = Running::start(Kept::Sqlite).await;
    let settings = admin.get("/api/v1/settings").await;
    let put = |list: serde_json::Value| {
        let mut body = settings.body.clone();
        body["allowList"] = list;
        body
    };
    let etag = settings.etag();
    let out = admin
        .edit(
            "PUT",
            "/api/v1/settings",
            &etag,
            Some(put(json!(["10.0.0.0/8", "x"]))),
        )
        .await;
    assert_eq!(out.refused(422), "invalid");
    assert_eq!(out.body["error"]["problems"][0]["pointer"], "/allowList/1");
    let out = admin
        .edit(
            "PUT",
            "/api/v1/settings",
            &etag,
            Some(put(json!(["10.0.0.0/8"]))),
        )
        .await;
    assert_eq!(out.refused(422), "invalid");
    let list = json!(["10.0.0.0/8", "127.0.0.1"]);
    assert_eq!(
        admin
            .edit("PUT", "/api/v1/settings", &etag, Some(put(list)))
            .await
            .status,
        200
    );
    // Nobody believes a client that is no trusted proxy.
    let forged = server.client().with_forwarded_for("10.0.0.1");
    assert_eq!(forged.get("/api/v1/welcome").await.status, 200);
}

#[tokio::test]
async fn a_project_is_not_made_with_an_allow_list_that_nobody_can_read() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let body = json!({"name": "1", "settings": {"allowList": ["somewhere"]}});
        let refused = admin.post("/api/v1/projects", body).await;
        assert_eq!(refused.refused(422), "invalid");
        let problems = refused.body["error"]["problems"].as_array().unwrap();
        let mut pointers: Vec<_> = problems.iter().map(|one| &one["pointer"]).collect();
        pointers.sort_by_key(|pointer| pointer.to_string());
        assert_eq!(pointers, ["/name", "/settings/allowList/0"]);
    }
}
