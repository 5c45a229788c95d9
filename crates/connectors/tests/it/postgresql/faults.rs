//! What goes wrong in the middle: a connection that dies, a statement that is cancelled.

use futures::StreamExt;
use sdk::{Kind, Retry, TaskId};
use serde_json::json;

use super::writing::named;
use super::{Schema, open_writer, options, plan};

/// Ends the connections that this schema's jobs hold.
async fn kill(schema: &Schema) {
    let sql = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{}'",
        schema.name
    );
    assert_ne!(
        schema.rows(&sql).await.len(),
        0,
        "there is a connection to kill"
    );
}

fn marked(schema: &Schema) -> serde_json::Value {
    let mut config = schema.config();
    let url = config["jdbcUrl"].as_str().unwrap();
    config["jdbcUrl"] = json!(format!("{url}&ApplicationName={}", schema.name));
    config
}

#[tokio::test]
async fn a_read_whose_connection_dies_fails_so_that_it_can_be_repeated() {
    let schema = Schema::new("readkill").await;
    let query =
        json!({ "querySql": "SELECT i, repeat('x', 1000) FROM generate_series(1, 10000000) AS i" });
    let reader = super::open_reader(&marked(&schema), &query).await.unwrap();
    reader.schema().await.unwrap();
    let split = reader.splits(1).await.unwrap().splits.remove(0);
    let mut stream = reader.read(&split, &options(vec![])).await.unwrap();
    stream.next().await.unwrap().unwrap();
    kill(&schema).await;
    let error = loop {
        match stream.next().await.expect("a cut stream is no end") {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(
        (error.kind(), error.retryable()),
        (Kind::Unreachable, Retry::Now),
        "{error}"
    );
    assert!(
        error.message().starts_with("cannot read query 1"),
        "{error}"
    );
}

#[tokio::test]
async fn a_write_whose_connection_dies_fails_so_that_it_can_be_repeated() {
    let schema = Schema::new("writekill").await;
    schema.run("CREATE TABLE t (id int, name text)").await;
    let writer = open_writer(&marked(&schema), &json!({ "table": "t" }))
        .await
        .unwrap();
    let columns = writer.schema(&[]).await.unwrap();
    let prepared = writer.prepare(&plan(columns)).await.unwrap();
    let mut task = writer.task(&prepared, TaskId(0)).await.unwrap();
    task.write(named(0..10)).await.unwrap();
    kill(&schema).await;
    let error = loop {
        if let Err(error) = task.write(named(0..100_000)).await {
            break error;
        }
    };
    assert_eq!(
        (error.kind(), error.retryable()),
        (Kind::Unreachable, Retry::Now),
        "{error}"
    );
    assert_eq!(schema.value("SELECT count(*) FROM t").await, "0");
}

#[tokio::test]
async fn a_refusal_in_the_middle_of_a_read_is_an_error_and_not_an_end() {
    let schema = Schema::new("midread").await;
    let query =
        json!({ "querySql": "SELECT 1 / (50000 - i) FROM generate_series(1, 100000) AS i" });
    let reader = schema.reader(query).await;
    reader.schema().await.unwrap();
    let split = reader.splits(1).await.unwrap().splits.remove(0);
    let mut stream = reader.read(&split, &options(vec![])).await.unwrap();
    let mut rows = 0;
    let error = loop {
        match stream.next().await.expect("a refusal is no end") {
            Ok(batch) => rows += batch.batch.num_rows(),
            Err(error) => break error,
        }
    };
    assert!((1..50_000).contains(&rows));
    assert_eq!(error.kind(), Kind::Data);
    assert_eq!(error.message(), "cannot read query 1: division by zero");
}

#[tokio::test]
async fn missing_rights_and_wrong_statements_say_what_failed() {
    let schema = Schema::new("rights").await;
    schema
        .run(&format!(
            "CREATE TABLE t (id int); CREATE ROLE {0}_role; GRANT USAGE ON SCHEMA {0} TO {0}_role",
            schema.name
        ))
        .await;
    let role = json!([format!("SET ROLE {}_role", schema.name)]);
    let reader = schema
        .reader(json!({ "table": "t", "session": role }))
        .await;
    reader.schema().await.unwrap();
    let split = reader.splits(1).await.unwrap().splits.remove(0);
    let error = reader.read(&split, &options(vec![])).await.err().unwrap();
    assert_eq!(error.kind(), Kind::Denied);
    let reader = schema
        .reader(json!({ "table": "t", "session": ["SELEC"] }))
        .await;
    let error = reader.schema().await.unwrap_err();
    assert!(
        error.message().starts_with("`session` statement 1 failed"),
        "{error}"
    );
    let writer = schema
        .writer(json!({ "table": "t", "preSql": ["SELECT 1", "SELECT nope"] }))
        .await;
    let columns = writer.schema(&[]).await.unwrap();
    let error = writer.prepare(&plan(columns)).await.unwrap_err();
    assert!(
        error.message().starts_with("`preSql` statement 2 failed"),
        "{error}"
    );
    schema
        .run(&format!(
            "REVOKE USAGE ON SCHEMA {0} FROM {0}_role; DROP ROLE {0}_role",
            schema.name
        ))
        .await;
}
