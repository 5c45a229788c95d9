//! `/api/v1/connectors`: the same for everybody who is signed in.

use serde_json::{Value, json};

use crate::harness::{Kept, Running};

#[tokio::test]
async fn connectors_say_what_they_can_do() {
    let (server, admin) = Running::start(Kept::Sqlite).await;
    let user = server.account(&admin, "user").await;
    let path = "/api/v1/connectors";
    assert_eq!(
        server.client().get(path).await.refused(401),
        "unauthenticated"
    );
    let listed = user.get(path).await.ok();
    let items = listed["items"].as_array().unwrap();
    let find = |name: &str| items.iter().find(|item| item["name"] == name).unwrap();
    assert_eq!(
        find("stream")["capabilities"],
        json!({"reader": true, "writer": true, "browser": false})
    );
    assert_eq!(find("file")["family"], "files");
    assert_eq!(find("postgresql")["tier"]["name"], "tested");
    assert_eq!(find("postgresql")["title"], "PostgreSQL");
    for item in items {
        let name = item["name"].as_str().unwrap();
        let one = user.get(&format!("{path}/{name}")).await.ok();
        assert_eq!(one["title"], item["title"]);
        for (schema, capability) in [("readerSchema", "reader"), ("writerSchema", "writer")] {
            let offered = item["capabilities"][capability] == true;
            assert_eq!(one[schema]["type"] == "object", offered, "{name} {schema}");
        }
    }
    let postgresql = user.get(&format!("{path}/adbpg")).await.ok();
    assert_eq!(postgresql["name"], "postgresql");
    let password = &postgresql["datasourceSchema"]["properties"]["password"];
    assert_eq!(password["writeOnly"], true);
    assert_eq!(
        user.get(&format!("{path}/none")).await.refused(404),
        "notFound"
    );
    secrets_are_marked(&listed, &user).await;
}

/// A field that is named like a secret must be marked as one, or it would be shown.
async fn secrets_are_marked(listed: &Value, user: &crate::client::Client) {
    for item in listed["items"].as_array().unwrap() {
        let name = item["name"].as_str().unwrap();
        let one = user.get(&format!("/api/v1/connectors/{name}")).await.ok();
        let fields = one["datasourceSchema"]["properties"].as_object();
        for (field, schema) in fields.into_iter().flatten() {
            let lower = field.to_lowercase();
            let named = ["password", "secret", "token", "accesskey"];
            if named.iter().any(|word| lower.contains(word)) && !lower.ends_with("id") {
                assert_eq!(schema["writeOnly"], true, "{name} {field}");
            }
        }
    }
}

#[tokio::test]
async fn forms_speak_the_language_of_the_reader() {
    let (_server, admin) = Running::start(Kept::Sqlite).await;
    let path = "/api/v1/connectors/odps";
    let english = admin.get(path).await;
    let chinese = admin.with_language("zh-CN,zh;q=0.9,en;q=0.8");
    let answer = chinese.get(path).await;
    for (answer, language) in [(&english, "en"), (&answer, "zh")] {
        assert_eq!(answer.headers["vary"], "Accept-Language");
        assert_eq!(answer.headers["content-language"], language);
    }
    assert_ne!(answer.etag(), english.etag());
    let table = |body: &Value| body["readerSchema"]["properties"]["table"].clone();
    assert_eq!(table(&english.body)["title"], Value::Null);
    assert_eq!(table(&answer.body)["title"], "表");
    assert_eq!(table(&answer.body)["description"], "表名。");
    // What is no text stays as it is.
    assert_eq!(table(&answer.body)["type"], table(&english.body)["type"]);
    let modes = &answer.body["readerSchema"]["properties"]["splitMode"]["oneOf"][1];
    assert_eq!(modes["description"], "一个任务读取一个完整的分区。");
    let again = chinese.with_known(&answer.etag()).get(path).await;
    assert_eq!((again.status, again.etag()), (304, answer.etag()));
    let other = admin.with_known(&answer.etag()).get(path).await;
    assert_eq!(other.status, 200, "another language is another answer");
    let listed = chinese.get("/api/v1/connectors").await.ok();
    let items = listed["items"].as_array().unwrap();
    let file = items.iter().find(|item| item["name"] == "file").unwrap();
    assert_eq!(file["title"], "本地文件");
}
