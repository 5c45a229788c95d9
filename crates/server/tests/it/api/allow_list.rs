//! Lists of networks, as those meet them who are on none: on every path, behind proxies and with forged headers.

use serde_json::{Value, json};

use crate::client::Client;
use crate::harness::{ADMIN, Kept, Running};
use crate::workshop::Workshop;

/// The API, the console and a page of it.
const PATHS: [&str; 5] = [
    "/api/v1/welcome",
    "/api/v1/projects",
    "/api/v1/nothing",
    "/",
    "/projects/7/jobs",
];

async fn put(admin: &Client, list: Value) {
    let seen = admin.get("/api/v1/settings").await;
    let mut settings = seen.body.clone();
    settings["allowList"] = list;
    let (path, etag) = ("/api/v1/settings", seen.etag());
    let put = admin.edit("PUT", path, &etag, Some(settings)).await;
    assert_eq!(put.status, 200, "{put:?}");
}

async fn statuses(client: &Client) -> Vec<u16> {
    let mut statuses = Vec::new();
    for path in PATHS {
        statuses.push(client.get(path).await.status);
    }
    statuses
}

#[tokio::test]
async fn nobody_outside_of_the_list_sees_the_api_or_the_console() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start_with(kept, |config| {
            config.trusted_proxies = vec!["127.0.0.1".to_string()];
        })
        .await;
        put(&admin, json!(["10.0.0.0/8", "127.0.0.1"])).await;
        // The last word is the proxy's, and what stands before it was only told to it.
        for inside in ["10.1.2.3", "192.0.2.9, 10.1.2.3"] {
            let seen = statuses(&admin.with_forwarded_for(inside)).await;
            assert_eq!(seen, [200, 200, 404, 200, 200], "{inside}");
        }
        for outside in ["192.0.2.9", "10.1.2.3, 192.0.2.9", "::1"] {
            let client = admin.with_forwarded_for(outside);
            assert_eq!(statuses(&client).await, [403; 5], "{outside}");
            let refused = client.get("/api/v1/projects").await;
            assert_eq!(refused.refused(403), "forbidden");
            let address = outside.rsplit(", ").next().unwrap();
            let message = refused.body["error"]["message"].as_str().unwrap();
            assert!(message.contains(address), "{message}");
        }
        let odd = admin.with_forwarded_for("somewhere");
        assert_eq!(odd.get("/api/v1/welcome").await.refused(400), "badRequest");
    }
}

#[tokio::test]
async fn a_project_admits_its_own_networks_only() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start_with(kept, |config| {
            config.trusted_proxies = vec!["127.0.0.1".to_string()];
        })
        .await;
        let [closed, open] = [
            Workshop::new(&admin, "closed").await,
            Workshop::new(&admin, "open").await,
        ];
        let (inside, outside) = (
            admin.with_forwarded_for("10.1.2.3"),
            admin.with_forwarded_for("10.2.0.1"),
        );
        let etag = admin.get(&closed.path).await.etag();
        let body = json!({"settings": {"allowList": ["10.1.0.0/16"]}});
        let away = outside.edit("PATCH", &closed.path, &etag, Some(body.clone()));
        assert_eq!(away.await.refused(422), "invalid");
        let put = inside.edit("PATCH", &closed.path, &etag, Some(body)).await;
        assert_eq!(put.status, 200, "{put:?}");
        for rest in ["", "/jobs", "/runs", "/datasources"] {
            let path = format!("{}{rest}", closed.path);
            assert_eq!(inside.get(&path).await.status, 200, "{path}");
            assert_eq!(outside.get(&path).await.refused(403), "forbidden");
            let path = format!("{}{rest}", open.path);
            assert_eq!(outside.get(&path).await.status, 200, "{path}");
        }
        let job = json!({"name": "a", "mode": "script", "document": "{}"});
        let made = outside.post(&format!("{}/jobs", closed.path), job).await;
        assert_eq!(made.refused(403), "forbidden");
    }
}

#[tokio::test]
async fn who_is_no_trusted_proxy_speaks_for_nobody() {
    let (server, admin) = Running::start(Kept::Sqlite).await;
    put(&admin, json!(["127.0.0.1"])).await;
    // Nobody can take themselves off the list, so that is done behind the server's back.
    let away =
        r#"UPDATE setting SET value = '{"allowList": ["10.0.0.0/8"]}' WHERE name = 'instance'"#;
    server.execute(away).await.unwrap();
    let server = server.restart().await;
    for client in [
        server.client(),
        server.client().with_forwarded_for("10.1.2.3"),
        admin.at(&server.address).with_forwarded_for("10.1.2.3"),
    ] {
        assert_eq!(statuses(&client).await, [403; 5], "as {ADMIN} or nobody");
    }
}
