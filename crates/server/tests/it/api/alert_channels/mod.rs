//! `/api/v1/projects/{project}/alert-channels`.

mod test;

use serde_json::{Value, json};

use super::datasources::{Place, pointers};
use crate::harness::Kept;

fn mail() -> Value {
    json!({"name": "the team", "kind": "mail", "config": {
        "host": "mail.example.org", "username": "alerts", "password": "hunter2-a",
        "from": "Longshore <alerts@example.org>", "to": ["team@example.org"]}})
}

#[tokio::test]
async fn a_channel_is_made_shown_changed_and_deleted_without_its_secrets() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let channels = format!("{}/alert-channels", place.project);
        let made = place.admin.post(&channels, mail()).await;
        let etag = made.etag();
        let made = made.ok();
        assert_eq!(made["config"]["password"], json!(null));
        assert_eq!(made["config"]["username"], "alerts");
        let again = place.admin.post(&channels, mail()).await;
        assert_eq!(again.refused(409), "conflict");
        let robot = json!({"name": "chat", "kind": "dingTalk", "config": {
            "url": "https://oapi.dingtalk.com/robot/send?access_token=hunter2-b", "secret": "hunter2-c"}});
        let robot = place.admin.post(&channels, robot).await.ok();
        assert_eq!(robot["config"], json!({"url": null, "secret": null}));

        let path = format!("{channels}/{}", made["id"].as_str().unwrap());
        // The password stays as long as it is sent to the same host.
        let mut config = made["config"].clone();
        config["to"] = json!(["team@example.org", "night@example.org"]);
        let body = json!({"name": "all", "config": config});
        let changed = place.admin.edit("PATCH", &path, &etag, Some(body)).await;
        let etag = changed.etag();
        let changed = changed.ok();
        assert_eq!(
            (&changed["name"], &changed["config"]["to"][1]),
            (&json!("all"), &json!("night@example.org"))
        );
        let mut config = changed["config"].clone();
        config["host"] = json!("mail.attacker.example");
        let body = json!({"config": config});
        let moved = place.admin.edit("PATCH", &path, &etag, Some(body)).await;
        assert_eq!(pointers(&moved), ["/config/password"]);
        let late = place
            .admin
            .edit("PATCH", &path, "\"1\"", Some(json!({})))
            .await;
        assert_eq!(late.refused(412), "changed");

        let listed = place.admin.get(&channels).await.ok();
        let names: Vec<&Value> = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["name"])
            .collect();
        assert_eq!(names, ["all", "chat"]);
        let first = place.admin.get(&format!("{channels}?limit=1")).await.ok();
        let next = format!(
            "{channels}?limit=1&cursor={}",
            first["nextCursor"].as_str().unwrap()
        );
        assert_eq!(
            place.admin.get(&next).await.ok()["items"][0]["name"],
            "chat"
        );

        let visitor = place.member("visitor").await;
        let seen = visitor.get(&path).await.ok();
        assert_eq!((&seen["name"], seen.get("config")), (&json!("all"), None));
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
            .ok();
        let text = audit.to_string();
        assert!(
            text.contains("alertChannel.create") && text.contains("alertChannel.delete"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_its_field() {
    let place = Place::new(Kept::Sqlite).await;
    let channels = format!("{}/alert-channels", place.project);
    for (kind, config, expected) in [
        (
            "mail",
            json!({"host": "a b", "from": "nobody", "to": ["x@example.org", "y"], "security": "none",
            "username": "u", "password": "hunter2", "rootCertificate": "x"}),
            vec![
                "/config/from",
                "/config/host",
                "/config/security",
                "/config/to/1",
            ],
        ),
        (
            "mail",
            json!({"host": "h", "from": "a@example.org", "to": [], "username": "u", "rootCertificate": "x"}),
            vec!["/config/password", "/config/rootCertificate", "/config/to"],
        ),
        (
            "mail",
            json!({"port": 70000, "too": 1}),
            vec![
                "/config/from",
                "/config/host",
                "/config/port",
                "/config/to",
                "/config/too",
            ],
        ),
        (
            "webhook",
            json!({"url": "file:///etc/passwd", "secret": "short"}),
            vec!["/config/secret", "/config/url"],
        ),
        ("webhook", json!({}), vec!["/config/secret", "/config/url"]),
        (
            "slack",
            json!({"url": "hooks.example.org", "secret": "x"}),
            vec!["/config/secret"],
        ),
    ] {
        let mut expected = expected;
        expected.push("/name");
        let body = json!({"name": " ", "kind": kind, "config": config});
        let refused = place.admin.post(&channels, body).await;
        assert_eq!(pointers(&refused), expected, "{kind} {}", refused.body);
        assert!(!refused.body.to_string().contains("hunter2"));
    }
    let unknown = json!({"name": "x", "kind": "pigeon", "config": {}});
    assert_eq!(
        place.admin.post(&channels, unknown).await.refused(422),
        "invalid"
    );
}

#[tokio::test]
async fn a_channel_that_rules_name_stays() {
    let place = Place::new(Kept::Sqlite).await;
    let channels = format!("{}/alert-channels", place.project);
    let made = place.admin.post(&channels, mail()).await;
    let etag = made.etag();
    let id = made.ok()["id"].as_str().unwrap().to_string();
    let rule = json!({"name": "night", "object": {"kind": "project"}, "triggers": [{"kind": "failed"}],
        "channels": [id]});
    let rules = format!("{}/alert-rules", place.project);
    place.admin.post(&rules, rule).await.ok();
    let refused = place
        .admin
        .edit("DELETE", &format!("{channels}/{id}"), &etag, None)
        .await;
    assert_eq!(refused.refused(409), "conflict");
    assert!(
        refused.body["error"]["message"]
            .as_str()
            .unwrap()
            .ends_with("named by the rules `night`")
    );
}

#[tokio::test]
async fn every_kind_describes_its_settings() {
    let place = Place::new(Kept::Sqlite).await;
    let kinds = place.admin.get("/api/v1/alert-channel-kinds").await.ok();
    let kinds = kinds["items"].as_array().unwrap();
    let names: Vec<&str> = kinds
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["mail", "webhook", "dingTalk", "weCom", "feishu", "slack"]
    );
    for kind in kinds {
        for (name, field) in kind["schema"]["properties"].as_object().unwrap() {
            assert!(
                field["description"].is_string(),
                "{name} of {}",
                kind["kind"]
            );
            let is_secret = ["secret", "password"].contains(&&**name);
            assert!(
                !is_secret || field["writeOnly"] == true,
                "{name} of {}",
                kind["kind"]
            );
        }
    }
}

#[tokio::test]
async fn the_settings_speak_the_language_of_the_reader() {
    let place = Place::new(Kept::Sqlite).await;
    let path = "/api/v1/alert-channel-kinds";
    let english = place.admin.get(path).await.ok();
    let answer = place.admin.with_language("zh-CN,zh;q=0.9").get(path).await;
    assert_eq!(answer.headers["content-language"], "zh");
    let kinds = answer.body["items"].as_array().unwrap();
    for (kind, plain) in kinds.iter().zip(english["items"].as_array().unwrap()) {
        let name = &kind["kind"];
        let (said, plain) = (&kind["schema"], &plain["schema"]);
        assert_ne!(said["description"], plain["description"], "{name}");
        for (field, schema) in said["properties"].as_object().unwrap() {
            let before = &plain["properties"][field];
            assert!(schema["title"].is_string(), "{field} of {name}");
            assert_ne!(
                schema["description"], before["description"],
                "{field} of {name}"
            );
            // What is no text stays as it is.
            assert_eq!(schema["type"], before["type"], "{field} of {name}");
        }
    }
    let choice = |body: &Value| {
        body["items"][0]["schema"]["properties"]["security"]["oneOf"][2]["description"].clone()
    };
    assert_eq!(choice(&english), "From the first byte on.");
    assert_eq!(choice(&answer.body), "从第一个字节起加密。");
}
