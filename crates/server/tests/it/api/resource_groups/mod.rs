//! `/api/v1/projects/{project}/resource-groups`

use serde_json::json;

use super::datasources::{Place, pointers};
use crate::harness::Kept;

#[tokio::test]
async fn groups_are_made_used_and_deleted() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let groups = format!("{}/resource-groups", place.project);
        let listed = place.admin.get(&groups).await.ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
        assert_eq!(listed["items"][0]["name"], "default");

        let body =
            json!({"name": "near-db", "slots": 2, "egress": ["192.0.2.0/24", " 2001:db8::1 "]});
        let made = place.admin.post(&groups, body.clone()).await;
        assert_eq!(
            (made.status, made.etag().as_str()),
            (201, "\"1\""),
            "{made:?}"
        );
        assert_eq!(made.body["egress"], json!(["192.0.2.0/24", "2001:db8::1"]));
        assert_eq!(
            place.admin.post(&groups, body).await.refused(409),
            "conflict"
        );
        let own = json!({"name": "default"});
        assert_eq!(
            place.admin.post(&groups, own).await.refused(409),
            "conflict"
        );
        let wrong = json!({
            "name": "near db", "slots": 20000, "description": "x".repeat(201),
            "egress": ["192.0.2.1/24", "db.example.org", "192.0.2.7"],
        });
        let refused = place.admin.post(&groups, wrong).await;
        assert_eq!(
            pointers(&refused),
            ["/description", "/egress/0", "/egress/1", "/name", "/slots"]
        );

        let source = json!({"name": "a", "connector": "stream", "resourceGroup": "near-db"});
        let source = place.admin.post(&place.sources(), source).await.ok();
        let path = format!("{groups}/near-db");
        let used = place.admin.edit("DELETE", &path, "\"1\"", None).await;
        assert_eq!(used.refused(409), "conflict");
        assert_eq!(
            used.body["error"]["message"],
            "resource group `near-db` is used by the datasources `a`"
        );
        let source = format!("{}/{}", place.sources(), source["id"].as_str().unwrap());
        let away = json!({"resourceGroup": "default"});
        place
            .admin
            .edit("PATCH", &source, "\"1\"", Some(away))
            .await
            .ok();

        let visitor = place.member("visitor").await;
        assert_eq!(visitor.get(&path).await.ok()["slots"], 2);
        let more = json!({"slots": 3});
        let refused = visitor
            .edit("PATCH", &path, "\"1\"", Some(more.clone()))
            .await;
        assert_eq!(refused.refused(403), "forbidden");
        let changed = place
            .admin
            .edit("PATCH", &path, "\"1\"", Some(more.clone()))
            .await;
        assert_eq!(changed.etag(), "\"2\"");
        assert_eq!(
            changed.body["egress"],
            json!(["192.0.2.0/24", "2001:db8::1"])
        );
        let late = place.admin.edit("PATCH", &path, "\"1\"", Some(more)).await;
        assert_eq!(late.refused(412), "changed");
        let gone = place.admin.edit("DELETE", &path, "\"2\"", None).await;
        assert_eq!(gone.status, 204, "{gone:?}");
        assert_eq!(place.admin.get(&path).await.refused(404), "notFound");
    }
}

#[tokio::test]
async fn the_default_group_is_always_there() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let path = format!("{}/resource-groups/default", place.project);
        let shown = place.admin.get(&path).await;
        assert_eq!(shown.etag(), "\"0\"");
        let limit = json!({"slots": 5});
        let changed = place
            .admin
            .edit("PATCH", &path, "\"0\"", Some(limit.clone()))
            .await;
        assert_eq!(changed.etag(), "\"1\"");
        assert_eq!(changed.ok()["slots"], 5);
        let late = place.admin.edit("PATCH", &path, "\"0\"", Some(limit)).await;
        assert_eq!(late.refused(412), "changed");
        let refused = place.admin.edit("DELETE", &path, "\"1\"", None).await;
        assert_eq!(refused.refused(409), "conflict");
        let listed = place
            .admin
            .get(&format!("{}/resource-groups", place.project))
            .await
            .ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
        assert_eq!(listed["items"][0]["slots"], 5);
    }
}
