//! `/api/v1/projects/{project}/jobs`.

mod change;
mod create;
mod datasources;
mod export;
mod import;
mod list;
mod script;
mod versions;

use serde_json::{Value, json};

use crate::client::Client;

/// The documents of the guide, comments and all.
pub(crate) const IMPORT: &str = include_str!("../../../../../../examples/import.json");
pub(crate) const EXPORT: &str = include_str!("../../../../../../examples/export.json");

/// A document that needs no data source and has no problem.
pub(crate) const STREAM: &str = r#"{
  "type": "job",
  "version": "1.0",
  "configuration": {
    // made-up rows
    "reader": {"plugin": "stream", "parameter": {"column": [{"name": "id", "type": "long"}], "rowCount": 10}},
    "writer": {"plugin": "stream", "parameter": {}}
  }
}
"#;

/// A new project; returns its path.
pub(crate) async fn project(admin: &Client, name: &str) -> String {
    let made = admin
        .post("/api/v1/projects", json!({"name": name}))
        .await
        .ok();
    format!("/api/v1/projects/{}", made["id"].as_str().unwrap())
}

/// A new job in script mode; returns its path and its ETag.
pub(crate) async fn job(
    client: &Client,
    project: &str,
    name: &str,
    document: &str,
) -> (String, String) {
    let body = json!({"name": name, "mode": "script", "document": document});
    let answer = client.post(&format!("{project}/jobs"), body).await;
    let etag = answer.etag();
    let made = answer.ok();
    (
        format!("{project}/jobs/{}", made["id"].as_str().unwrap()),
        etag,
    )
}

/// The pointers of the problems of an answer, of a failed one or of a draft.
pub(crate) fn pointers(body: &Value) -> Vec<&str> {
    let problems = match &body["error"] {
        Value::Null => &body["problems"],
        error => &error["problems"],
    };
    let problems = problems.as_array().unwrap();
    problems
        .iter()
        .map(|problem| problem["pointer"].as_str().unwrap())
        .collect()
}

/// The names of the items of a list.
pub(crate) fn names(body: &Value) -> Vec<&str> {
    let items = body["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}
