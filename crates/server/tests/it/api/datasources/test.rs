//! Tests of connections, against the real server of the tests.

use serde_json::{Value, json};

use super::{Database, Place, pointers};
use crate::harness::Kept;

fn stages(report: &Value) -> Vec<&str> {
    let stages = report["stages"].as_array().unwrap();
    stages
        .iter()
        .map(|stage| stage["name"].as_str().unwrap())
        .collect()
}

fn failure(report: &Value) -> (&str, &Value) {
    assert_eq!(report["passed"], false, "{report}");
    let last = report["stages"].as_array().unwrap().last().unwrap();
    (last["name"].as_str().unwrap(), &last["failure"])
}

#[tokio::test]
async fn a_connection_is_tested_stage_by_stage() {
    let database = Database::new();
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        place.settings(json!({"outboundLoopback": true})).await;
        let form = format!("{}/test", place.sources());
        let mut body = json!({"connector": "postgresql", "config": database.config()});
        let report = place.admin.post(&form, body.clone()).await.ok();
        assert_eq!(report["passed"], true, "{report}");
        assert_eq!(
            stages(&report),
            ["policy", "resolve", "connect", "tls", "login", "tables"]
        );
        assert!(report["tookMs"].is_u64() && report["stages"][2]["tookMs"].is_u64());
        body["resourceGroup"] = json!("far");
        let refused = place.admin.post(&form, body.clone()).await;
        assert_eq!(pointers(&refused), ["/resourceGroup"]);
        body["resourceGroup"] = json!("default");
        let version = report["stages"][4]["remark"].as_str().unwrap();
        assert!(version.starts_with("PostgreSQL "), "{version}");

        body["config"]["password"] = json!("hunter2-wrong");
        let report = place.admin.post(&form, body.clone()).await.ok();
        let (stage, failed) = failure(&report);
        assert_eq!((stage, &failed["kind"]), ("login", &json!("auth")));
        assert!(failed["hint"].is_string());
        assert!(!report.to_string().contains("hunter2"), "{report}");

        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = closed.local_addr().unwrap();
        drop(closed);
        body["config"]["jdbcUrl"] = json!([format!("jdbc:postgresql://{address}/postgres")]);
        let report = place.admin.post(&form, body).await.ok();
        let (stage, failed) = failure(&report);
        assert_eq!((stage, &failed["kind"]), ("connect", &json!("unreachable")));
    }
}

#[tokio::test]
async fn who_never_answers_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("jdbc:postgresql://{}/x", silent.local_addr().unwrap());
    let mut config = json!({"jdbcUrl": [url], "username": "u", "connectTimeoutSeconds": 1});
    let place = Place::new(Kept::Sqlite).await;
    place.settings(json!({"outboundLoopback": true})).await;
    let form = format!("{}/test", place.sources());
    let body = json!({"connector": "postgresql", "config": config});
    let report = place.admin.post(&form, body).await.ok();
    assert_eq!(failure(&report).0, "tls", "{report}");

    // The connector would wait longer than a person does.
    config["connectTimeoutSeconds"] = json!(300);
    let path = place.add("silent", "postgresql", config).await;
    let (test, tables) = (format!("{path}/test"), format!("{path}/tables"));
    let (report, tables) = tokio::join!(
        place.admin.post(&test, json!(null)),
        place.admin.get(&tables)
    );
    let report = report.ok();
    let (stage, failed) = failure(&report);
    assert_eq!(
        (stage, &failed["message"]),
        ("connect", &json!("no answer within 20 s"))
    );
    assert_eq!(tables.refused(502), "upstream");
}

#[tokio::test]
async fn the_last_test_is_kept_until_the_settings_change() {
    let database = Database::new();
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        place.settings(json!({"outboundLoopback": true})).await;
        let path = place.add("here", "postgresql", database.config()).await;
        let test = format!("{path}/test");
        assert_eq!(
            place.admin.post(&test, json!(null)).await.ok()["passed"],
            true
        );
        let shown = place.admin.get(&path).await;
        let etag = shown.etag();
        let shown = shown.ok();
        assert_eq!(shown["state"], "passed");
        assert_eq!(shown["testedAt"], "2026-03-04T10:00:00Z");
        assert_eq!(shown["lastTest"]["stages"].as_array().unwrap().len(), 6);

        // The form of an edit has no password; the stored one is used.
        let form = json!({
            "datasource": path.rsplit('/').next().unwrap(), "connector": "postgresql", "config": shown["config"],
        });
        let report = place
            .admin
            .post(&format!("{}/test", place.sources()), form)
            .await;
        assert_eq!(report.ok()["passed"], true);

        let described = json!({"description": "still the same"});
        let changed = place
            .admin
            .edit("PATCH", &path, &etag, Some(described))
            .await;
        let etag = changed.etag();
        assert_eq!(changed.ok()["state"], "passed");
        let mut config = shown["config"].clone();
        config["password"] = json!("wrong");
        let body = Some(json!({"config": config}));
        let changed = place.admin.edit("PATCH", &path, &etag, body).await.ok();
        assert_eq!(changed["state"], "untested");
        assert_eq!(
            place.admin.post(&test, json!(null)).await.ok()["passed"],
            false
        );
        let listed = place.admin.get(&place.sources()).await.ok();
        assert_eq!(listed["items"][0]["state"], "failed");
    }
}

#[tokio::test]
async fn the_policy_is_asked_first() {
    let database = Database::new();
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let form = format!("{}/test", place.sources());
        for host in [
            "127.0.0.1:5432",
            "localhost:5432",
            "2130706433",
            "[::1]",
            "169.254.169.254",
            "0xa9fea9fe",
            "[::ffff:169.254.169.254]:80",
        ] {
            let config =
                json!({"jdbcUrl": [format!("jdbc:postgresql://{host}/x")], "username": "u"});
            let body = json!({"connector": "postgresql", "config": config});
            let report = place.admin.post(&form, body).await.ok();
            let (stage, failed) = failure(&report);
            assert_eq!(
                (stage, &failed["kind"]),
                ("policy", &json!("denied")),
                "{host}"
            );
            assert_eq!(stages(&report), ["policy"], "{host}");
        }
        let service = json!({
            "endpoint": "http://169.254.169.254/api", "project": "p", "accessId": "i", "accessKey": "k",
        });
        let body = json!({"connector": "odps", "config": service});
        let report = place.admin.post(&form, body).await.ok();
        assert_eq!(failure(&report).0, "policy");

        // A stored one is held to it for every use.
        let path = place.add("here", "postgresql", database.config()).await;
        let report = place
            .admin
            .post(&format!("{path}/test"), json!(null))
            .await
            .ok();
        assert_eq!(failure(&report).0, "policy");
        let tables = place.admin.get(&format!("{path}/tables")).await;
        assert_eq!(tables.refused(403), "forbidden");
        place.settings(json!({"outboundLoopback": true})).await;
        assert_eq!(place.admin.get(&format!("{path}/tables")).await.status, 200);
        place
            .settings(json!({"outboundLoopback": true, "outboundDeny": ["127.0.0.0/8"]}))
            .await;
        let tables = place.admin.get(&format!("{path}/tables")).await;
        assert_eq!(tables.refused(403), "forbidden");
    }
}

#[tokio::test]
async fn what_has_nothing_to_connect_to_passes() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let path = place.add("made_up", "stream", json!({})).await;
        let report = place
            .admin
            .post(&format!("{path}/test"), json!(null))
            .await
            .ok();
        assert_eq!(report["passed"], true, "{report}");
        let tables = place.admin.get(&format!("{path}/tables")).await;
        assert_eq!(tables.refused(409), "conflict");
    }
}

/// A driver quotes what it was given, here the name of a user that happens to be the password.
#[tokio::test]
async fn no_secret_stands_in_what_a_data_source_refuses() {
    const WORD: &str = "one_word_for_both";
    let database = Database::new();
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        place.settings(json!({"outboundLoopback": true})).await;
        let mut config = database.config();
        config["username"] = json!(WORD);
        config["password"] = json!(WORD);
        let path = place.add("here", "postgresql", config).await;
        let tested = place.admin.post(&format!("{path}/test"), json!({})).await;
        let tables = place.admin.get(&format!("{path}/tables")).await;
        assert_eq!(tested.body["passed"], false, "{tested:?}");
        for answer in [tested, tables] {
            let text = answer.body.to_string();
            assert!(text.contains("***"), "{text}");
            assert!(!text.contains(WORD), "{text}");
        }
    }
}
