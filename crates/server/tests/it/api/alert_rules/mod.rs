//! `/api/v1/projects/{project}/alert-rules`.

use serde_json::{Value, json};

use super::datasources::{Place, pointers};
use crate::harness::Kept;
use crate::workshop::{Workshop, counting};

async fn channel(place: &Place) -> String {
    let body =
        json!({"name": "chat", "kind": "slack", "config": {"url": "https://hooks.example.org/x"}});
    let path = format!("{}/alert-channels", place.project);
    place.admin.post(&path, body).await.ok()["id"]
        .as_str()
        .unwrap()
        .to_string()
}

#[tokio::test]
async fn a_rule_is_made_changed_switched_and_deleted() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let channel = channel(&place).await;
        let shop = Workshop {
            owner: place.admin.clone(),
            path: place.project.clone(),
        };
        let job = shop.job("orders", &counting(1, &json!({}))).await;
        let rules = format!("{}/alert-rules", place.project);
        let body = json!({"name": "night", "object": {"kind": "jobs", "jobs": [job]},
            "triggers": [{"kind": "failed"}, {"kind": "late", "by": "26:30"}, {"kind": "dirtyOver", "rows": 0},
                {"kind": "overtime", "minutes": 90},
                {"kind": "lateCycles", "cycles": [{"number": 1, "by": "01:00"}, {"number": 24, "by": "25:00"}]}],
            "channels": [channel], "groupMinutes": 5, "leastMinutes": 60, "mostADay": 3,
            "quietHours": {"from": "22:00", "to": "07:00", "zone": "Asia/Shanghai", "then": "hold"}});
        let made = place.admin.post(&rules, body.clone()).await;
        let etag = made.etag();
        let made = made.ok();
        assert_eq!(made["isEnabled"], true);
        for (field, value) in body.as_object().unwrap() {
            assert_eq!(&made[field], value, "{field}");
        }
        assert_eq!(
            place.admin.post(&rules, body.clone()).await.refused(409),
            "conflict"
        );
        let path = format!("{rules}/{}", made["id"].as_str().unwrap());

        let mut changed = body.clone();
        changed["object"] = json!({"kind": "project"});
        changed.as_object_mut().unwrap().remove("quietHours");
        assert_eq!(
            place.admin.put(&path, changed.clone()).await.refused(428),
            "revisionRequired"
        );
        let put = place
            .admin
            .edit("PUT", &path, &etag, Some(changed.clone()))
            .await;
        let next = put.etag();
        assert_eq!(put.ok()["quietHours"], json!(null));
        let late = place.admin.edit("PUT", &path, &etag, Some(changed)).await;
        assert_eq!(late.refused(412), "changed");
        let off = place
            .admin
            .edit("POST", &format!("{path}/disable"), &next, None)
            .await;
        let etag = off.etag();
        assert_eq!(off.ok()["isEnabled"], false);
        let on = place
            .admin
            .edit("POST", &format!("{path}/enable"), &etag, None)
            .await;
        let etag = on.etag();
        assert_eq!(on.ok()["isEnabled"], true);

        let visitor = place.member("visitor").await;
        assert_eq!(visitor.get(&rules).await.ok()["items"][0]["name"], "night");
        assert_eq!(visitor.edit("DELETE", &path, &etag, None).await.status, 403);
        assert_eq!(
            place.admin.edit("DELETE", &path, &etag, None).await.status,
            204
        );
        assert_eq!(place.admin.get(&path).await.refused(404), "notFound");
        let audit = place
            .admin
            .get(&format!("{}/audit", place.project))
            .await
            .ok()
            .to_string();
        for verb in ["create", "update", "disable", "enable", "delete"] {
            assert!(audit.contains(&format!("alertRule.{verb}")), "{verb}");
        }
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_its_field() {
    let place = Place::new(Kept::Sqlite).await;
    let channel = channel(&place).await;
    let rules = format!("{}/alert-rules", place.project);
    let refused = |body: Value| place.admin.post(&rules, body);
    let wrong = json!({"name": "", "object": {"kind": "jobs", "jobs": ["nobody", "nobody"]},
        "triggers": [{"kind": "late", "by": "48:00"}, {"kind": "failed"}, {"kind": "failed"},
            {"kind": "sourceDown", "everyMinutes": 0}, {"kind": "overtime", "minutes": 10_081},
            {"kind": "lateCycles", "cycles": [{"number": 0, "by": "01:00"}, {"number": 1, "by": "1"},
                {"number": 1, "by": "01:00"}]}],
        "channels": [], "groupMinutes": 1441, "leastMinutes": 1441, "mostADay": 0,
        "quietHours": {"from": "24:00", "to": "7", "zone": "Shanghai", "then": "drop"}});
    assert_eq!(
        pointers(&refused(wrong.clone()).await),
        [
            "/channels",
            "/groupMinutes",
            "/leastMinutes",
            "/mostADay",
            "/name",
            "/object/jobs/0",
            "/object/jobs/1",
            "/object/jobs/1",
            "/quietHours/from",
            "/quietHours/to",
            "/quietHours/zone",
            "/triggers/0/by",
            "/triggers/2",
            "/triggers/3",
            "/triggers/3/everyMinutes",
            "/triggers/4/minutes",
            "/triggers/5/cycles/0/number",
            "/triggers/5/cycles/1/by",
            "/triggers/5/cycles/2"
        ]
    );
    let empty = json!({"name": "x", "object": {"kind": "datasources", "datasources": []}, "triggers": [],
        "channels": [channel, "nobody"], "quietHours": {"from": "07:00", "to": "07:00", "zone": "UTC", "then": "hold"}});
    assert_eq!(
        pointers(&refused(empty).await),
        [
            "/channels/1",
            "/object/datasources",
            "/quietHours/to",
            "/triggers"
        ]
    );
    for (pointer, value) in [
        ("/object/kind", json!("planet")),
        ("/triggers/0/kind", json!("full moon")),
        ("/quietHours/then", json!("shout")),
        ("/unknown", json!(1)),
    ] {
        let mut body = wrong.clone();
        match body.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => body["unknown"] = value,
        }
        assert_eq!(refused(body).await.refused(422), "invalid", "{pointer}");
    }
}

#[tokio::test]
async fn a_rule_of_another_project_is_not_found() {
    let place = Place::new(Kept::Sqlite).await;
    let channel = channel(&place).await;
    let body = json!({"name": "x", "object": {"kind": "project"}, "triggers": [{"kind": "failed"}],
        "channels": [channel]});
    let made = place
        .admin
        .post(&format!("{}/alert-rules", place.project), body.clone())
        .await
        .ok();
    let other = place
        .admin
        .post("/api/v1/projects", json!({"name": "other"}))
        .await
        .ok();
    let other = format!("/api/v1/projects/{}", other["id"].as_str().unwrap());
    let there = format!("{other}/alert-rules/{}", made["id"].as_str().unwrap());
    assert_eq!(place.admin.get(&there).await.status, 404);
    let there = format!("{other}/alert-channels/{channel}");
    assert_eq!(place.admin.get(&there).await.status, 404);
    // Nor can its channels be named.
    let refused = place
        .admin
        .post(&format!("{other}/alert-rules"), body)
        .await;
    assert_eq!(pointers(&refused), ["/channels/0"]);
}
