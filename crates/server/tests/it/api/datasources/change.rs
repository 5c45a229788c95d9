//! Changes keep secrets that nobody sees, for the hosts that they were given for.

use serde_json::{Value, json};

use super::{Place, pointers, somewhere};
use crate::client::Answer;
use crate::harness::Kept;

#[tokio::test]
async fn a_change_names_what_it_saw() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let path = place.add("orders", "postgresql", somewhere()).await;
        let change = json!({"description": "new"});
        let edit = async |etag: &str| {
            let change = Some(change.clone());
            place.admin.edit("PATCH", &path, etag, change).await
        };
        let changed = edit("\"1\"").await;
        assert_eq!(changed.etag(), "\"2\"");
        assert_eq!(changed.ok()["description"], "new");
        assert_eq!(edit("\"1\"").await.refused(412), "changed");
        let blind = place.admin.edit("DELETE", &path, "\"1\"", None).await;
        assert_eq!(blind.refused(412), "changed");
        assert_eq!(
            place.admin.delete(&path).await.refused(428),
            "revisionRequired"
        );
        assert_eq!(place.admin.get(&path).await.etag(), "\"2\"");
        let renamed = json!({"name": "other"});
        let renamed = place
            .admin
            .edit("PATCH", &path, "\"2\"", Some(renamed))
            .await;
        assert_eq!(renamed.status, 422, "{renamed:?}");
        let gone = place.admin.edit("DELETE", &path, "\"2\"", None).await;
        assert_eq!(gone.status, 204, "{gone:?}");
        assert_eq!(place.admin.get(&path).await.refused(404), "notFound");
    }
}

#[tokio::test]
async fn secrets_stay_with_their_host() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let path = place.add("orders", "postgresql", somewhere()).await;
        let change = async |config: Value| {
            let etag = place.admin.get(&path).await.etag();
            let body = Some(json!({"config": config}));
            place.admin.edit("PATCH", &path, &etag, body).await
        };
        let host = |host: &str| format!("jdbc:postgresql://{host}/sales");
        let stored =
            json!({"jdbcUrl": [host("db.example.org")], "username": "bob", "password": null});
        let kept = change(stored.clone()).await.ok();
        assert_eq!(kept["config"]["password"], Value::Null);
        assert!(kept["config"].get("password").is_some(), "{kept}");
        let moved = json!({"jdbcUrl": [host("evil.example.org")], "username": "bob"});
        let refused = change(moved).await;
        assert_eq!(pointers(&refused), ["/config/password"]);
        // The unsaved form is held to the same.
        let form = json!({
            "datasource": path.rsplit('/').next().unwrap(), "connector": "postgresql",
            "config": {"jdbcUrl": [host("evil.example.org")], "username": "bob"},
        });
        let refused = place
            .admin
            .post(&format!("{}/test", place.sources()), form)
            .await;
        assert_eq!(pointers(&refused), ["/config/password"]);

        let cleared =
            json!({"jdbcUrl": [host("db.example.org")], "username": "bob", "password": ""});
        let cleared = change(cleared).await.ok();
        assert!(cleared["config"].get("password").is_none(), "{cleared}");
        let typed =
            json!({"jdbcUrl": [host("b.example.org")], "username": "bob", "password": "hunter2-b"});
        let typed = change(typed).await.ok();
        assert!(typed["config"].get("password").is_some(), "{typed}");
    }
}

#[tokio::test]
async fn no_answer_holds_a_secret() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        // The secrets go all the way to the connector, which finds nobody there.
        place.settings(json!({"outboundLoopback": true})).await;
        let mut answers: Vec<Answer> = Vec::new();
        let config = json!({
            "jdbcUrl": [
                "jdbc:postgresql://ann:hunter2-url@localhost:1/sales",
                "jdbc:postgresql://localhost:1/sales?user=ann&password=hunter2-query",
            ],
            "password": "hunter2-field",
        });
        let body = json!({"name": "orders", "connector": "postgresql", "config": config});
        let made = place.admin.post(&place.sources(), body).await;
        let path = format!("{}/{}", place.sources(), made.body["id"].as_str().unwrap());
        let shown = made.body["config"].clone();
        answers.push(made);
        assert_eq!(
            shown["jdbcUrl"],
            json!([
                "jdbc:postgresql://ann@localhost:1/sales",
                "jdbc:postgresql://localhost:1/sales?user=ann"
            ])
        );
        answers.push(place.admin.get(&path).await);
        answers.push(place.admin.get(&place.sources()).await);
        // What was shown is sent back, with a mistake and without.
        let mut wrong = shown.clone();
        wrong["sslMode"] = json!("never");
        for config in [wrong, shown] {
            let body = Some(json!({"config": config}));
            answers.push(place.admin.edit("PATCH", &path, "\"1\"", body).await);
        }
        assert_eq!(answers[answers.len() - 1].status, 200);
        let form = json!({
            "datasource": path.rsplit('/').next().unwrap(), "connector": "postgresql",
            "config": {"jdbcUrl": "jdbc:postgresql://u:hunter2 x@a b/c", "password": {"is": "hunter2-object"}},
        });
        answers.push(
            place
                .admin
                .post(&format!("{}/test", place.sources()), form)
                .await,
        );
        answers.push(place.admin.post(&format!("{path}/test"), json!(null)).await);
        for rest in [
            "tables",
            "columns?table=t",
            "preview?table=t",
            "ddl?table=t",
            "users",
        ] {
            answers.push(place.admin.get(&format!("{path}/{rest}")).await);
        }
        let etag = place.admin.get(&path).await.etag();
        let exchanged = json!({"config": {
            "jdbcUrl": "jdbc:postgresql://localhost:1/sales", "username": "ann", "password": "hunter2-new",
        }});
        answers.push(
            place
                .admin
                .edit("PATCH", &path, &etag, Some(exchanged))
                .await,
        );
        let etag = place.admin.get(&path).await.etag();
        answers.push(place.admin.edit("DELETE", &path, &etag, None).await);
        let noted = place.admin.get(&format!("{}/audit", place.project)).await;
        let text = noted.body.to_string();
        for action in [
            "datasource.create",
            "datasource.update",
            "datasource.delete",
        ] {
            assert!(text.contains(action), "{text}");
        }
        assert!(text.contains(r#""secrets":"changed""#), "{text}");
        answers.push(noted);
        answers.push(place.admin.get("/api/v1/audit").await);
        for answer in answers {
            let text = format!("{:?} {}", answer.headers, answer.body);
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
