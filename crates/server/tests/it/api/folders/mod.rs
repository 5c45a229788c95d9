//! `/api/v1/projects/{project}/folders`.

use serde_json::{Value, json};

use crate::api::jobs::{STREAM, names, pointers, project};
use crate::client::Client;
use crate::harness::{Kept, Running};

async fn paths(client: &Client, folders: &str) -> Vec<String> {
    let listed = client.get(folders).await.ok();
    let items = listed["items"].as_array().unwrap().iter();
    items
        .map(|item| item["path"].as_str().unwrap().to_string())
        .collect()
}

async fn rename(client: &Client, folders: &str, from: &str, to: &str) -> (u16, Value) {
    let answer = client
        .edit(
            "PATCH",
            &format!("{folders}?path={from}"),
            "\"1\"",
            Some(json!({"path": to})),
        )
        .await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn a_tree_is_made_renamed_and_pruned() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let (folders, jobs) = (format!("{project}/folders"), format!("{project}/jobs"));
        let made = admin
            .post(&folders, json!({"path": " daily / orders/"}))
            .await;
        assert_eq!(made.status, 201);
        assert_eq!(made.body, json!({"path": "daily/orders", "jobCount": 0}));
        assert_eq!(
            admin
                .post(&folders, json!({"path": "daily"}))
                .await
                .refused(409),
            "conflict"
        );
        let body = json!({"name": "copy", "folder": "daily/orders/new", "mode": "script", "document": STREAM});
        let job = admin.post(&jobs, body).await.ok();
        let body =
            json!({"name": "beside", "folder": "daily2", "mode": "script", "document": STREAM});
        admin.post(&jobs, body).await.ok();
        assert_eq!(
            paths(&admin, &folders).await,
            ["daily", "daily/orders", "daily/orders/new", "daily2"]
        );

        assert_eq!(rename(&admin, &folders, "daily", "hourly/old").await.0, 204);
        let mut all = paths(&admin, &folders).await;
        all.sort();
        assert_eq!(
            all,
            [
                "daily2",
                "hourly",
                "hourly/old",
                "hourly/old/orders",
                "hourly/old/orders/new"
            ]
        );
        let moved = admin
            .get(&format!("{jobs}/{}", job["id"].as_str().unwrap()))
            .await;
        assert_eq!(moved.etag(), "\"2\"");
        assert_eq!(moved.ok()["folder"], "hourly/old/orders/new");
        let below = admin
            .get(&format!("{jobs}?folder=hourly&below=true"))
            .await
            .ok();
        assert_eq!(names(&below), ["copy"]);

        assert_eq!(rename(&admin, &folders, "hourly", "hourly/x").await.0, 409);
        assert_eq!(rename(&admin, &folders, "hourly", "daily2").await.0, 409);
        assert_eq!(rename(&admin, &folders, "nowhere", "x").await.0, 404);
        let (status, body) = rename(&admin, &folders, "hourly", "a/../b").await;
        assert_eq!((status, pointers(&body)), (422, vec!["/path"]));

        let full = admin.delete(&format!("{folders}?path=hourly/old")).await;
        assert_eq!(full.refused(409), "conflict");
        assert_eq!(
            admin.delete(&format!("{folders}?path=")).await.refused(422),
            "invalid"
        );
        let path = format!("{jobs}/{}", job["id"].as_str().unwrap());
        assert_eq!(admin.edit("DELETE", &path, "\"2\"", None).await.status, 204);
        for path in [
            "hourly/old/orders/new",
            "hourly/old/orders",
            "hourly/old",
            "hourly",
        ] {
            assert_eq!(
                admin.delete(&format!("{folders}?path={path}")).await.status,
                204,
                "{path}"
            );
        }
        assert_eq!(paths(&admin, &folders).await, ["daily2"]);
        let audit = admin.get(&format!("{project}/audit?limit=1")).await.ok();
        assert_eq!(audit["items"][0]["action"], "folder.delete");
    }
}
