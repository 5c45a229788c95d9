//! `/api/v1/accounts` and `/api/v1/access-keys`.

use serde_json::{Value, json};
use std::time::Duration;

use crate::api::datasources::pointers;
use crate::harness::{ADMIN, Kept, PASSWORD, Running};
use crate::workshop::Workshop;

#[tokio::test]
async fn every_problem_of_a_new_account_is_named() {
    let (_server, admin) = Running::start(Kept::Sqlite).await;
    let body = json!({"name": "1 st", "password": "short"});
    let answer = admin.post("/api/v1/accounts", body).await;
    assert_eq!(answer.refused(422), "invalid");
    let problems = answer.body["error"]["problems"].as_array().unwrap();
    let pointers: Vec<_> = problems
        .iter()
        .map(|p| p["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/name", "/password"]);
}

#[tokio::test]
async fn a_sub_account_has_at_most_the_rights_of_its_parent() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let parent = server.account(&admin, "parent").await;
        let body = json!({"name": "child", "password": PASSWORD});
        let child = parent.post("/api/v1/accounts", body).await.ok();
        let parent_id = parent.get("/api/v1/session").await.ok()["account"]["id"].clone();
        assert_eq!(child["parentId"], parent_id);
        let child_client = server.sign_in("child").await;
        let grandchild = json!({"name": "grandchild", "password": PASSWORD});
        let answer = child_client.post("/api/v1/accounts", grandchild).await;
        assert_eq!(answer.refused(403), "forbidden");

        let project = admin
            .post("/api/v1/projects", json!({"name": "sales"}))
            .await
            .ok();
        let members = format!(
            "/api/v1/projects/{}/members",
            project["id"].as_str().unwrap()
        );
        let developer = json!({"role": "developer"});
        let early = admin
            .put(&format!("{members}/child"), developer.clone())
            .await;
        assert_eq!(early.refused(403), "forbidden", "its parent is no member");
        assert_eq!(
            admin
                .put(&format!("{members}/parent"), json!({"role": "visitor"}))
                .await
                .status,
            204
        );
        let above = admin.put(&format!("{members}/child"), developer).await;
        assert_eq!(above.refused(403), "forbidden", "its parent is a visitor");
    }
}

#[tokio::test]
async fn a_sub_account_and_its_keys_lose_what_their_parent_loses() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let parent = server.account(&admin, "parent").await;
        let body = json!({"name": "child", "password": PASSWORD});
        parent.post("/api/v1/accounts", body).await.ok();
        let child = server.sign_in("child").await;
        let role = async |name: &str, role: &str| {
            let path = format!("{}/members/{name}", shop.path);
            let put = admin.put(&path, json!({"role": role})).await;
            assert_eq!(put.status, 204, "{put:?}");
        };
        role("parent", "developer").await;
        role("child", "developer").await;
        let project = shop.path.rsplit('/').next().unwrap();
        let key = json!({"projectId": project, "role": "owner"});
        let key = child.post("/api/v1/access-keys", key).await.ok();
        let text = |field: &str| key[field].as_str().unwrap().to_string();
        let bearer = format!("Bearer {}:{}", text("id"), text("secret"));
        let program = server.client().with_authorization(&bearer);

        let folders = format!("{}/folders", shop.path);
        let number = std::sync::atomic::AtomicU32::new(0);
        let statuses = async || {
            let mut statuses = Vec::new();
            for client in [&child, &program] {
                let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let folder = json!({"path": format!("f{number}")});
                statuses.push(client.get(&shop.path).await.status);
                statuses.push(client.post(&folders, folder).await.status);
            }
            statuses
        };
        // The key says that it may be an owner, which nobody gave to its account.
        let groups = format!("{}/resource-groups", shop.path);
        let group = program.post(&groups, json!({"name": "near"})).await;
        assert_eq!(group.refused(403), "forbidden");
        assert_eq!(statuses().await, [200, 201, 200, 201]);
        role("parent", "visitor").await;
        assert_eq!(statuses().await, [200, 403, 200, 403]);
        let path = format!("{}/members/parent", shop.path);
        assert_eq!(admin.delete(&path).await.status, 204);
        assert_eq!(statuses().await, [404; 4]);
        role("parent", "developer").await;
        assert_eq!(statuses().await, [200, 201, 200, 201]);
        let accounts = admin.get("/api/v1/accounts").await.ok();
        let items = accounts["items"].as_array().unwrap();
        let row = items.iter().find(|one| one["name"] == "parent").unwrap();
        let path = format!("/api/v1/accounts/{}", row["id"].as_str().unwrap());
        let etag = admin.get(&path).await.etag();
        let disable = json!({"isActive": false});
        admin.edit("PATCH", &path, &etag, Some(disable)).await.ok();
        assert_eq!(statuses().await, [401; 4]);
    }
}

#[tokio::test]
async fn access_keys_bear_calls_until_they_end() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let end = server.clock.now() + Duration::from_secs(3_600);
        let key = admin
            .post(
                "/api/v1/access-keys",
                json!({"description": "nightly", "expiresAt": end}),
            )
            .await
            .ok();
        let (id, secret) = (key["id"].as_str().unwrap(), key["secret"].as_str().unwrap());
        let bearer = admin.with_authorization(&format!("Bearer {id}:{secret}"));
        assert_eq!(bearer.get("/api/v1/session").await.status, 200);
        assert_eq!(
            bearer
                .post("/api/v1/projects", json!({"name": "by_key"}))
                .await
                .status,
            201
        );
        let wrong = admin.with_authorization(&format!("Bearer {id}:{secret}x"));
        assert_eq!(
            wrong.get("/api/v1/session").await.refused(401),
            "unauthenticated"
        );
        let listed = admin.get("/api/v1/access-keys").await.ok();
        assert!(
            !listed.to_string().contains(secret),
            "a secret is shown once"
        );
        assert!(listed["items"][0]["lastUsedAt"].is_string());
        server.clock.advance(Duration::from_secs(3_601));
        assert_eq!(bearer.get("/api/v1/session").await.status, 401);
    }
}

#[tokio::test]
async fn a_key_of_a_project_enters_no_other_one_and_administers_nothing() {
    let (_server, admin) = Running::start(Kept::Sqlite).await;
    let one = admin
        .post("/api/v1/projects", json!({"name": "one"}))
        .await
        .ok();
    let two = admin
        .post("/api/v1/projects", json!({"name": "two"}))
        .await
        .ok();
    let body = json!({"projectId": one["id"], "role": "visitor"});
    let key = admin.post("/api/v1/access-keys", body).await.ok();
    let authorization = format!(
        "Bearer {}:{}",
        key["id"].as_str().unwrap(),
        key["secret"].as_str().unwrap()
    );
    let bearer = admin.with_authorization(&authorization);
    let path = |project: &serde_json::Value| {
        format!("/api/v1/projects/{}", project["id"].as_str().unwrap())
    };
    let seen = bearer.get(&path(&one)).await;
    let etag = seen.etag();
    assert!(
        !seen.ok()["rights"]
            .as_array()
            .unwrap()
            .iter()
            .any(|right| right == "jobsEdit")
    );
    assert_eq!(bearer.get(&path(&two)).await.refused(404), "notFound");
    let edit = bearer
        .edit("PATCH", &path(&one), &etag, Some(json!({"title": "mine"})))
        .await;
    assert_eq!(edit.refused(403), "forbidden");
    assert_eq!(
        bearer.get("/api/v1/settings").await.refused(403),
        "forbidden"
    );
    assert_eq!(
        bearer
            .post("/api/v1/access-keys", json!({}))
            .await
            .refused(403),
        "forbidden"
    );
    assert_eq!(
        admin
            .delete(&format!(
                "/api/v1/access-keys/{}",
                key["id"].as_str().unwrap()
            ))
            .await
            .status,
        204
    );
    assert_eq!(
        bearer.get(&path(&one)).await.refused(401),
        "unauthenticated"
    );
}

#[tokio::test]
async fn a_closed_account_is_out_at_once_and_the_last_administrator_stays() {
    let (server, admin) = Running::start(Kept::Sqlite).await;
    let user = server.account(&admin, "user").await;
    let id = user.get("/api/v1/session").await.ok()["account"]["id"]
        .as_str()
        .unwrap()
        .to_string();
    let path = format!("/api/v1/accounts/{id}");
    let etag = admin.get(&path).await.etag();
    let closed = admin
        .edit("PATCH", &path, &etag, Some(json!({"isActive": false})))
        .await;
    assert_eq!(closed.status, 200);
    assert_eq!(user.get("/api/v1/session").await.status, 401);
    let stale = admin
        .edit("PATCH", &path, &etag, Some(json!({"isActive": true})))
        .await;
    assert_eq!(stale.refused(412), "changed");

    let own = admin.get("/api/v1/session").await.ok()["account"]["id"]
        .as_str()
        .unwrap()
        .to_string();
    let own = format!("/api/v1/accounts/{own}");
    let etag = admin.get(&own).await.etag();
    let last = admin
        .edit("PATCH", &own, &etag, Some(json!({"isAdmin": false})))
        .await;
    assert_eq!(last.refused(409), "conflict");
}

#[tokio::test]
async fn ones_own_password_needs_the_old_one_and_ends_other_sessions() {
    let (server, admin) = Running::start(Kept::Sqlite).await;
    let here = server.account(&admin, "user").await;
    let there = server.sign_in("user").await;
    let id = here.get("/api/v1/session").await.ok()["account"]["id"]
        .as_str()
        .unwrap()
        .to_string();
    let path = format!("/api/v1/accounts/{id}/password");
    let wrong = here
        .put(
            &path,
            json!({"old": "not the old one", "new": "another good phrase"}),
        )
        .await;
    assert_eq!(wrong.refused(422), "invalid");
    // However often the new one is not good enough, the old one was not guessed at.
    for _ in 0..10 {
        let short = here
            .put(&path, json!({"old": PASSWORD, "new": "short"}))
            .await;
        assert_eq!(short.refused(422), "invalid");
        assert_eq!(short.body["error"]["problems"][0]["pointer"], "/new");
    }
    let right = here
        .put(
            &path,
            json!({"old": PASSWORD, "new": "another good phrase"}),
        )
        .await;
    assert_eq!(right.status, 204);
    assert_eq!(here.get("/api/v1/session").await.status, 200);
    assert_eq!(there.get("/api/v1/session").await.status, 401);
}

#[tokio::test]
async fn a_key_of_a_project_leaves_the_rest_of_its_account_alone() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let parent = server.account(&admin, "parent").await;
        let body = json!({"name": "child", "password": PASSWORD});
        let child = parent.post("/api/v1/accounts", body).await.ok();
        let child = format!("/api/v1/accounts/{}", child["id"].as_str().unwrap());
        let mut projects = Vec::new();
        for name in ["one", "two"] {
            let made = admin.post("/api/v1/projects", json!({"name": name})).await;
            let id = made.ok()["id"].as_str().unwrap().to_string();
            let path = format!("/api/v1/projects/{id}/members/parent");
            let role = json!({"role": "developer"});
            assert_eq!(admin.put(&path, role).await.status, 204);
            projects.push(id);
        }
        let other = parent.post("/api/v1/access-keys", json!({})).await.ok();
        let body = json!({"projectId": projects[0], "role": "visitor"});
        let key = parent.post("/api/v1/access-keys", body).await.ok();
        let (id, secret) = (key["id"].as_str().unwrap(), key["secret"].as_str().unwrap());
        let bearer = server
            .client()
            .with_authorization(&format!("Bearer {id}:{secret}"));

        let me = bearer.get("/api/v1/session").await.ok();
        let own = format!("/api/v1/accounts/{}", me["account"]["id"].as_str().unwrap());
        for path in [&own, &child] {
            let change = Some(json!({"email": "mine@example.org", "isActive": false}));
            let refused = bearer.edit("PATCH", path, "\"1\"", change).await;
            assert_eq!(refused.refused(403), "forbidden");
        }
        assert_eq!(bearer.get(&child).await.refused(404), "notFound");
        for list in ["accounts", "access-keys"] {
            let refused = bearer.get(&format!("/api/v1/{list}")).await;
            assert_eq!(refused.refused(403), "forbidden");
        }
        let others = format!("/api/v1/access-keys/{}", other["id"].as_str().unwrap());
        assert_eq!(bearer.delete(&others).await.refused(403), "forbidden");
        let listed = bearer.get("/api/v1/projects").await.ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
        assert_eq!(listed["items"][0]["name"], "one");
        // Whoever finds the key can still take it out of the world.
        let own = format!("/api/v1/access-keys/{id}");
        assert_eq!(bearer.delete(&own).await.status, 204);
        assert_eq!(bearer.get("/api/v1/session").await.status, 401);
    }
}

#[tokio::test]
async fn administrators_who_unmake_each_other_leave_one() {
    let (server, admin) = Running::start(Kept::PostgreSql).await;
    let other = server.again().await;
    for round in 0..6 {
        let name = format!("second{round}");
        let body = json!({"name": name, "password": PASSWORD, "isAdmin": true});
        admin.post("/api/v1/accounts", body).await.ok();
        let second = other.sign_in(&name).await;
        let mut ways = Vec::new();
        for client in [&admin, &second] {
            let me = client.get("/api/v1/session").await.ok();
            let path = format!("/api/v1/accounts/{}", me["account"]["id"].as_str().unwrap());
            ways.push((client.get(&path).await.etag(), path));
        }
        let unmake = || Some(json!({"isAdmin": false}));
        let (first, second) = tokio::join!(
            admin.edit("PATCH", &ways[1].1, &ways[1].0, unmake()),
            second.edit("PATCH", &ways[0].1, &ways[0].0, unmake()),
        );
        let left = "SELECT count(*) FROM account WHERE is_admin = 1 AND state = 'active'";
        assert_eq!(server.count(left).await, 1, "{first:?} {second:?}");
        if second.status == 200 {
            // The next round begins with the same administrator.
            let raise = "UPDATE account SET is_admin = 1 WHERE name = 'root'";
            server.execute(raise).await.unwrap();
            let lower = "UPDATE account SET is_admin = 0 WHERE name <> 'root'";
            server.execute(lower).await.unwrap();
        }
    }
}

#[tokio::test]
async fn owners_who_unmake_each_other_leave_one() {
    let (server, admin) = Running::start(Kept::PostgreSql).await;
    let other = server.again().await;
    server.account(&admin, "second").await;
    let second = other.sign_in("second").await;
    for round in 0..6 {
        let body = json!({"name": format!("project{round}")});
        let project = admin.post("/api/v1/projects", body).await.ok();
        let id = project["id"].as_str().unwrap();
        let member = |name: &str| format!("/api/v1/projects/{id}/members/{name}");
        let owner = json!({"role": "owner"});
        assert_eq!(admin.put(&member("second"), owner).await.status, 204);
        let (of_second, of_first) = (member("second"), member(ADMIN));
        let (one, two) = tokio::join!(admin.delete(&of_second), second.delete(&of_first));
        let listed = admin.get("/api/v1/projects?all=true&limit=500").await.ok();
        assert!(listed.to_string().contains(id));
        let left = "SELECT count(*) FROM project WHERE NOT EXISTS
                (SELECT 1 FROM member WHERE project_id = project.id AND role = 'owner')";
        assert_eq!(server.count(left).await, 0, "{one:?} {two:?}");
    }
}

#[tokio::test]
async fn texts_of_an_account_have_their_limits() {
    let (_server, admin) = Running::start(Kept::Sqlite).await;
    let long = "x".repeat(255);
    let body = json!({"name": "a", "password": PASSWORD, "displayName": long, "email": long});
    let refused = admin.post("/api/v1/accounts", body).await;
    assert_eq!(pointers(&refused), ["/displayName", "/email"]);
    let me = admin.get("/api/v1/session").await.ok();
    let path = format!("/api/v1/accounts/{}", me["account"]["id"].as_str().unwrap());
    let etag = admin.get(&path).await.etag();
    let change = json!({"email": long, "preferences": {"x": "x".repeat(70_000)}});
    let refused = admin.edit("PATCH", &path, &etag, Some(change)).await;
    assert_eq!(pointers(&refused), ["/email", "/preferences"]);
}

#[tokio::test]
async fn whoever_manages_a_project_lists_its_keys_and_revokes_those_bound_to_it() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let [sales, other] = [
            Workshop::new(&admin, "sales").await,
            Workshop::new(&admin, "other").await,
        ];
        let id = |shop: &Workshop| shop.path.rsplit('/').next().unwrap().to_string();
        let maker = server.account(&admin, "maker").await;
        let manager = server.account(&admin, "manager").await;
        let stranger = server.account(&admin, "stranger").await;
        for (shop, name, role) in [
            (&sales, "maker", "developer"),
            (&other, "maker", "developer"),
            (&sales, "manager", "administrator"),
        ] {
            let put = format!("{}/members/{name}", shop.path);
            let put = admin.put(&put, json!({"role": role})).await;
            assert_eq!(put.status, 204, "{put:?}");
        }
        let mut keys = Vec::new();
        for project in [json!(id(&sales)), json!(id(&other)), json!(null)] {
            let body = json!({"description": "for the night", "projectId": project});
            keys.push(maker.post("/api/v1/access-keys", body).await.ok());
        }
        let body = json!({"description": "of somebody else"});
        stranger.post("/api/v1/access-keys", body).await.ok();

        let path = format!("{}/access-keys", sales.path);
        let listed = manager.get(&path).await.ok();
        let items = listed["items"].as_array().unwrap();
        let mut ids: Vec<_> = items.iter().map(|one| one["id"].clone()).collect();
        let mut wanted = vec![keys[0]["id"].clone(), keys[2]["id"].clone()];
        for list in [&mut ids, &mut wanted] {
            list.sort_by_key(ToString::to_string);
        }
        assert_eq!(ids, wanted);
        assert!(items.iter().all(|one| one["accountName"] == "maker"));
        for key in &keys {
            let secret = key["secret"].as_str().unwrap();
            assert!(!listed.to_string().contains(secret));
        }
        let first = manager.get(&format!("{path}?limit=1")).await.ok();
        let cursor = first["nextCursor"].as_str().unwrap();
        let next = format!("{path}?limit=1&cursor={cursor}");
        let next = manager.get(&next).await.ok();
        assert_ne!(first["items"][0]["id"], next["items"][0]["id"]);

        let of = |key: &Value| format!("{path}/{}", key["id"].as_str().unwrap());
        assert_eq!(maker.get(&path).await.refused(403), "forbidden");
        assert_eq!(maker.delete(&of(&keys[0])).await.refused(403), "forbidden");
        let bearer = format!(
            "Bearer {}:{}",
            keys[0]["id"].as_str().unwrap(),
            keys[0]["secret"].as_str().unwrap()
        );
        let program = server.client().with_authorization(&bearer);
        assert_eq!(program.get(&sales.path).await.status, 200);
        assert_eq!(manager.delete(&of(&keys[0])).await.status, 204);
        assert_eq!(program.get(&sales.path).await.status, 401);
        assert_eq!(manager.delete(&of(&keys[1])).await.refused(404), "notFound");
        assert_eq!(manager.delete(&of(&keys[2])).await.refused(409), "conflict");
        let noted = admin.get(&format!("{}/audit", sales.path)).await.ok();
        let entry = &noted["items"][0];
        assert_eq!(
            (&entry["action"], &entry["accountName"]),
            (&json!("accessKey.revoke"), &json!("manager"))
        );
    }
}
