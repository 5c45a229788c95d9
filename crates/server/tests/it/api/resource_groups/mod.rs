//! `/api/v1/projects/{project}/resource-groups`

use serde_json::json;

use super::datasources::{Place, pointers};
use crate::harness::Kept;
use crate::workshop::Workshop;

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

/// A job that reads from the source `a` and writes to `b`.
const COPY: &str = r#"{"type": "job", "version": "1.0", "configuration": {
    "reader": {"plugin": "stream", "parameter": {"datasource": "a", "rowCount": 1, "column": [{"name": "id", "type": "long"}]}},
    "writer": {"plugin": "stream", "parameter": {"datasource": "b"}}}}"#;

#[tokio::test]
async fn a_run_takes_the_group_named_or_that_of_schedule_or_sources() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let groups = format!("{}/resource-groups", place.project);
        for name in ["near-db", "far_db", "own"] {
            place.admin.post(&groups, json!({"name": name})).await.ok();
        }
        let mut sources = Vec::new();
        for name in ["a", "b"] {
            sources.push(place.add(name, "stream", json!({})).await);
        }
        let shop = Workshop {
            owner: place.admin.clone(),
            path: place.project.clone(),
        };
        let job = shop.job("copy", COPY).await;
        let group = async |body: serde_json::Value| {
            let run = shop.run(&job, body).await;
            place.admin.get(&run).await.ok()["resourceGroup"].clone()
        };
        let assign = async |source: &str, group: &str| {
            let etag = place.admin.get(source).await.etag();
            let body = json!({"resourceGroup": group});
            place
                .admin
                .edit("PATCH", source, &etag, Some(body))
                .await
                .ok();
        };
        assert_eq!(group(json!({})).await, "default");
        assign(&sources[0], "near-db").await;
        assert_eq!(group(json!({})).await, "near-db");
        assert_eq!(group(json!({"resourceGroup": "far_db"})).await, "far_db");
        assign(&sources[1], "far_db").await;
        let two = place
            .admin
            .post(&format!("{}/jobs/{job}/runs", shop.path), json!({}))
            .await;
        assert_eq!(two.refused(409), "conflict");
        assert_eq!(
            two.body["error"]["message"],
            "datasource `a` is in resource group `near-db` and datasource `b` in `far_db`, but a run has one"
        );

        let schedule = format!("{}/jobs/{job}/schedule", shop.path);
        let rule = |group: &str| {
            json!({"cycle": {"kind": "minute", "every": 5}, "zone": "UTC", "priority": 12,
            "generation": "immediately", "resourceGroup": group})
        };
        let wrong = place.admin.put(&schedule, rule("nowhere")).await;
        assert_eq!(pointers(&wrong), ["/priority", "/resourceGroup"]);
        let mut right = rule("own");
        right["priority"] = json!(5);
        let put = place.admin.put(&schedule, right).await;
        assert_eq!(put.status, 200, "{put:?}");
        let submit = format!("{schedule}/submit");
        let submitted = place.admin.edit("POST", &submit, &put.etag(), None).await;
        assert_eq!(submitted.status, 200, "{submitted:?}");
        assert_eq!(group(json!({})).await, "own");
        let used = place
            .admin
            .edit("DELETE", &format!("{groups}/own"), "\"1\"", None)
            .await;
        assert_eq!(used.refused(409), "conflict");
        assert!(
            used.body["error"]["message"]
                .as_str()
                .unwrap()
                .contains("`copy`")
        );

        // The runs of its instances take it, too.
        place
            .server
            .clock
            .advance(std::time::Duration::from_secs(16 * 60));
        let runs = format!("{}/runs?kind=scheduled", shop.path);
        let listed = loop {
            let listed = place.admin.get(&runs).await.ok();
            if listed["items"] != json!([]) {
                break listed;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        };
        assert_eq!(listed["items"][0]["resourceGroup"], "own");
    }
}

#[tokio::test]
async fn a_test_is_for_the_group_named_or_that_of_the_source() {
    let place = Place::new(Kept::Sqlite).await;
    let groups = format!("{}/resource-groups", place.project);
    place
        .admin
        .post(&groups, json!({"name": "near-db"}))
        .await
        .ok();
    let body = json!({"name": "a", "connector": "stream", "resourceGroup": "near-db"});
    let made = place.admin.post(&place.sources(), body).await.ok();
    let test = format!("{}/{}/test", place.sources(), made["id"].as_str().unwrap());
    let report = place.admin.post(&test, json!({})).await.ok();
    assert_eq!(report["resourceGroup"], "near-db");
    let report = place
        .admin
        .post(&format!("{test}?resourceGroup=default"), json!({}))
        .await
        .ok();
    assert_eq!(report["resourceGroup"], "default");
    let wrong = place
        .admin
        .post(&format!("{test}?resourceGroup=nowhere"), json!({}))
        .await;
    assert_eq!(pointers(&wrong), ["/resourceGroup"]);
}
