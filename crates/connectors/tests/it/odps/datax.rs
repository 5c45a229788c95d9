//! DataX documents as they are, through the whole engine, and what they ask of the writer.

use std::collections::BTreeMap;

use arrow_schema::DataType;
use sdk::{Column, TaskId};
use serde_json::{Value, json};
use testkit::{TestRun, run_job};

use super::harness::{ACCESS_ID, ACCESS_KEY, PROJECT, Service, error_of, people, plan, write_task};

/// A step with its connection among the parameters.
fn step(service: &Service, name: &str, more: &Value) -> Value {
    let mut parameter = json!({
        "accessId": ACCESS_ID, "accessKey": ACCESS_KEY, "project": PROJECT,
        "odpsServer": service.endpoint()
    });
    let more = more.as_object().unwrap().clone();
    parameter.as_object_mut().unwrap().extend(more);
    json!({"name": name, "parameter": parameter})
}

#[tokio::test]
async fn fewer_columns_than_the_target_and_statements_on_both_sides() {
    let service = Service::start().await;
    service
        .sql("create table src (id bigint, name string);\ncreate table dst (id bigint, name string, tag string);\ncreate table log (what string);\n")
        .await;
    let all = json!({"table": "src", "column": ["*"], "truncate": true});
    service.write(all, &[people(1..4)]).await.unwrap();
    let log = |what: &str| format!("insert into log values ('{what}')");
    let reader = json!({
        "table": "src", "column": ["id", "name"],
        "preSql": [log("before the read")], "postSql": [log("after the read")]
    });
    let writer = json!({
        "table": "dst", "column": ["id", "name", "tag"], "truncate": true,
        "preSql": [log("before the load")], "postSql": [log("after the load")]
    });
    let document = json!({"job": {
        "setting": {"speed": {"channel": 1}},
        "content": [{
            "reader": step(&service, "odpsreader", &reader),
            "writer": step(&service, "odpswriter", &writer)
        }]
    }});
    let folder = tempfile::tempdir().unwrap();
    let test = TestRun {
        document: &document.to_string(),
        registry: &connectors::registry(),
        datasources: &BTreeMap::new(),
        folder: folder.path(),
    };
    let logged = async || {
        let read = service.read(json!({"table": "log", "column": ["*"]})).await;
        let texts = read.unwrap().texts(0);
        texts.into_iter().flatten().collect::<Vec<_>>()
    };
    test.plan().await.unwrap();
    assert_eq!(logged().await, Vec::<String>::new());

    let ended = run_job(&test).await;
    assert!(ended.failure.is_none(), "{:?}", ended.failure);
    assert_eq!(
        logged().await,
        [
            "before the read",
            "before the load",
            "after the load",
            "after the read"
        ]
    );
    let rows = service
        .read(json!({"table": "dst", "column": ["id", "name", "tag"]}))
        .await
        .unwrap();
    assert_eq!(rows.numbers(0), [1, 2, 3]);
    assert_eq!(rows.texts(1)[0].as_deref(), Some("name 1"));
    assert_eq!(rows.texts(2), [None, None, None]);
}

#[tokio::test]
async fn missing_columns_become_null_only_if_that_is_asked_for() {
    let service = Service::start().await;
    service
        .sql("create table w (id bigint, name string, born datetime, tag string);\n")
        .await;
    let source = [
        Column::new("id", DataType::Int64),
        Column::new("n", DataType::Utf8),
    ];
    let names = async |parameter| {
        let writer = service.writer(parameter).await.unwrap();
        let columns = writer.schema(&source).await.unwrap();
        let names: Vec<_> = columns.iter().map(|column| column.name.clone()).collect();
        (writer, columns, names)
    };
    let column = ["id", "tag", "name", "born"];
    let (_, _, all) = names(json!({"table": "w", "column": column, "truncate": true})).await;
    assert_eq!(all, column);

    let parameter =
        json!({"table": "w", "column": column, "truncate": true, "missingColumns": "null"});
    let (writer, columns, first) = names(parameter.clone()).await;
    assert_eq!(first, ["id", "tag"]);
    let prepared = writer.prepare(&plan(columns, 1, None)).await.unwrap();
    let done = write_task(writer.as_ref(), &prepared, TaskId(0), &[people(1..3)])
        .await
        .unwrap();
    writer.commit(&prepared, &[done.receipt]).await.unwrap();
    let rows = service
        .read(json!({"table": "w", "column": ["id", "name", "tag"]}))
        .await
        .unwrap();
    assert_eq!(rows.numbers(0), [1, 2]);
    assert_eq!(rows.texts(1), [None, None]);
    assert_eq!(
        rows.texts(2),
        [Some("name 1".to_string()), Some("name 2".to_string())]
    );

    service
        .sql("create table strict (id bigint, n string, must string not null);\n")
        .await;
    let parameter =
        json!({"table": "strict", "column": ["*"], "truncate": true, "missingColumns": "null"});
    let writer = service.writer(parameter).await.unwrap();
    assert_eq!(
        error_of(writer.schema(&source).await).message(),
        "table `strict` has NOT NULL columns that the job does not write: must"
    );
}
