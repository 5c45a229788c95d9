//! Documents on their way out.

use serde_json::{Value, json};

use super::{STREAM, job, project};
use crate::harness::{Kept, Running};

#[tokio::test]
async fn any_version_is_exported_as_it_was_written() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let (path, etag) = job(&admin, &project, "Äpfel \"1\"", STREAM).await;
        let datax = r#"{"job": {"content": [{"reader": {"name": "streamreader", "parameter":
            {"column": [{"type": "long"}], "sliceRecordCount": 1}}, "writer": {"name": "streamwriter", "parameter": {}}}],
            "setting": {"speed": {"channel": 2}}}} # the end"#;
        let changed = admin
            .edit("PATCH", &path, &etag, Some(json!({"document": datax})))
            .await;
        assert_eq!(changed.status, 200);

        let first = admin
            .get(&format!("{path}/export?format=original&version=1"))
            .await;
        assert_eq!(first.body, STREAM);
        let disposition = first.headers["content-disposition"].to_str().unwrap();
        assert_eq!(
            disposition,
            "attachment; filename=\"_pfel__1_.json\"; filename*=UTF-8''%C3%84pfel%20%221%22.json"
        );
        let original = admin.get(&format!("{path}/export?format=original")).await;
        assert_eq!(original.body, datax);
        let converted = admin.get(&format!("{path}/export")).await;
        let text = converted.body.as_str().unwrap();
        assert!(
            text.contains("\"configuration\"") && text.contains("# the end"),
            "{text}"
        );
        assert_eq!(
            admin
                .get(&format!("{path}/export?version=5"))
                .await
                .refused(404),
            "notFound"
        );
        assert_eq!(
            admin
                .get(&format!("{path}/export?format=zip"))
                .await
                .refused(400),
            "badRequest"
        );

        let (path, _) = job(&admin, &project, "broken", "{").await;
        assert_eq!(
            admin.get(&format!("{path}/export")).await.refused(422),
            "invalid"
        );
        assert_eq!(
            admin
                .get(&format!("{path}/export?format=original"))
                .await
                .body,
            "{"
        );
    }
}

/// A document with things that only Longshore has words for.
const OWN: &str = r#"{"type": "job", "version": "1.0", "configuration": {
    "reader": {"plugin": "postgresql", "parameter": {"datasource": "shop", "table": "orders", "column": ["id"]}},
    "writer": {"plugin": "stream", "parameter": {}},
    "filter": "id > 1", "setting": {"speed": {"concurrent": 2}}}}"#;

#[tokio::test]
async fn what_another_program_cannot_say_is_listed_or_left_out() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let (path, _) = job(&admin, &project, "own", OWN).await;
        for (format, mark) in [("datax", "postgresqlreader"), ("dataworks2", "stepType")] {
            let refused = admin.get(&format!("{path}/export?format={format}")).await;
            assert_eq!(refused.refused(422), "invalid");
            let problems = refused.body["error"]["problems"].as_array().unwrap();
            let lost: Vec<_> = problems
                .iter()
                .filter(|one| one["severity"] == "error")
                .collect();
            assert_eq!(lost.len(), 1, "{problems:?}");
            assert_eq!(
                (&lost[0]["pointer"], &lost[0]["line"]),
                (&json!("/configuration/filter"), &json!(4))
            );
            let left = admin
                .get(&format!("{path}/export?format={format}&lossy=true"))
                .await;
            assert_eq!(left.status, 200, "{left:?}");
            let told: Value =
                serde_json::from_str(left.headers["x-problems"].to_str().unwrap()).unwrap();
            assert_eq!(told.as_array().unwrap().len(), problems.len());
            let text = left.body.to_string();
            assert!(text.contains(mark) && !text.contains("id > 1"), "{text}");
        }
        let datax = admin
            .get(&format!("{path}/export?format=datax&lossy=true"))
            .await;
        let connection = &datax.body["job"]["content"][0]["reader"]["parameter"];
        assert_eq!(connection["password"], "${shop_password}");
        assert_eq!(
            connection["connection"],
            json!([{"jdbcUrl": ["${shop_jdbcUrl}"], "table": ["orders"]}])
        );
        assert_eq!(datax.body["job"]["setting"]["speed"], json!({"channel": 2}));
    }
}

#[tokio::test]
async fn what_was_exported_comes_in_again() {
    let (_server, admin) = Running::start(Kept::Sqlite).await;
    let project = project(&admin, "sales").await;
    let (path, _) = job(&admin, &project, "first", STREAM).await;
    let document = async |path: &str| {
        let text = admin.get(&format!("{path}/export")).await.text();
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        serde_json::from_str::<Value>(&lines.collect::<String>()).unwrap()
    };
    let first = document(&path).await;
    for format in ["longshore", "original", "dataworks2"] {
        let text = admin
            .get(&format!("{path}/export?format={format}"))
            .await
            .text();
        let body = json!({"jobs": [{"name": format, "document": text}]});
        let made = admin
            .post(&format!("{project}/jobs/import"), body)
            .await
            .ok();
        let made = format!(
            "{project}/jobs/{}",
            made["jobs"][0]["job"]["id"].as_str().unwrap()
        );
        assert_eq!(document(&made).await, first, "{format}");
    }
}
