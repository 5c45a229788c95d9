//! What editors ask for: checks, the schema, templates.

use serde_json::{Value, json};

use super::{IMPORT, STREAM, pointers, project};
use crate::harness::{Kept, Running};

#[tokio::test]
async fn a_document_is_checked_without_being_saved() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let validate = format!("{project}/jobs/validate");
        let document = STREAM
            .replace("\"long\"", "\"${kind}\"")
            .replace("10}", "\"${rows}\"}");
        let body = json!({"document": document, "variables": {"kind": "'long'", "rows": "1${dd}"}, "bizdate": "2026-02-28"});
        let report = admin.post(&validate, body).await.ok();
        assert_eq!(report["isValid"], true, "{report}");
        assert_eq!(report["spelling"], "longshore");
        assert_eq!(report["job"]["channels"], 1);
        assert_eq!(report["job"]["source"]["connector"], "stream");
        let values: Vec<(&Value, &Value)> = report["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|parameter| (&parameter["reference"], &parameter["value"]))
            .collect();
        assert_eq!(
            values,
            [
                (&json!("${kind}"), &json!("long")),
                (&json!("${rows}"), &json!("128"))
            ]
        );

        let seed = admin
            .post(&validate, json!({"document": IMPORT}))
            .await
            .ok();
        assert_eq!(seed["datasources"], json!(["odps_first", "l_PostGreSql"]));
        assert_eq!(seed["parameters"][0]["value"], "20260303");
        let listed = admin.get(&format!("{project}/jobs")).await.ok();
        assert_eq!(listed["items"], json!([]));
        let wrong = admin
            .post(&validate, json!({"document": "{}", "bizdate": "31.2."}))
            .await;
        assert_eq!(pointers(&wrong.body), ["/bizdate"]);
    }
}

#[tokio::test]
async fn every_problem_of_a_document_has_its_place() {
    let (_server, admin) = Running::start(Kept::Sqlite).await;
    let project = project(&admin, "sales").await;
    let document = "{\n  \"type\": \"jbo\",\n  \"version\": \"1.0\"\n  \"configuration\": {\n    \"reader\": {\"plugin\": \"strem\", \"parameter\": {}},\n    \
        \"writer\": {\"plugin\": \"postgresql\", \"parameter\": {\"datasource\": {\"password\": \"hunter2\"}, \"tabel\": \"t\"}},\n    \
        \"setting\": {\"speed\": {\"concurrent\": 5000}}\n  }\n}";
    let body = json!({"document": document, "variables": {"x y": "1"}});
    let report = admin
        .post(&format!("{project}/jobs/validate"), body)
        .await
        .ok();
    assert_eq!(report["isValid"], false);
    let places: Vec<(u64, u64, &str)> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| {
            (
                problem["line"].as_u64().unwrap(),
                problem["column"].as_u64().unwrap(),
                problem["pointer"].as_str().unwrap(),
            )
        })
        .collect();
    for wanted in [
        (2, 11, "/type"),
        (5, 26, "/configuration/reader/plugin"),
        (6, 81, "/configuration/writer/parameter/datasource/password"),
        (6, 93, "/configuration/writer/parameter/tabel"),
        (7, 41, "/configuration/setting/speed/concurrent"),
    ] {
        assert!(places.contains(&wanted), "{wanted:?} is not in {report:#}");
    }
    assert!(
        places.iter().any(|(line, ..)| *line == 3),
        "the missing comma is not in {report:#}"
    );
    assert!(places.is_sorted_by_key(|(line, column, _)| (*line, *column)));
    assert_eq!(report["variableProblems"][0]["pointer"], "/variables/x y");
    assert!(!report.to_string().contains("hunter2"));
}

#[tokio::test]
async fn editors_get_a_schema_and_templates() {
    let (_server, admin) = Running::start(Kept::Sqlite).await;
    let project = project(&admin, "sales").await;
    let schema = admin.get(&format!("{project}/jobs/schema")).await.ok();
    assert_eq!(schema["title"], "Job document");
    let template = format!("{project}/jobs/template");
    let made = admin
        .get(&format!("{template}?reader=odps&writer=postgres"))
        .await
        .ok();
    let document = made["document"].as_str().unwrap();
    assert!(
        document.contains("\"plugin\": \"postgresql\"") && document.contains("// "),
        "{document}"
    );
    let report = admin
        .post(
            &format!("{project}/jobs/validate"),
            json!({"document": document}),
        )
        .await
        .ok();
    let mut found = pointers(&report);
    found.dedup();
    assert!(
        found
            .iter()
            .all(|pointer| pointer.ends_with("/datasource") || pointer.ends_with("/table")),
        "{report:#}"
    );
    let unknown = admin
        .get(&format!("{template}?reader=odsp&writer=stream"))
        .await;
    assert_eq!(unknown.refused(404), "notFound");
    assert_eq!(unknown.body["error"]["hint"], "did you mean `odps`?");
    assert_eq!(admin.get(&template).await.refused(400), "badRequest");
}
