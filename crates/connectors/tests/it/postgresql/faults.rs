//! What goes wrong in the middle: a connection that dies, a statement that is cancelled.

use futures::StreamExt;
use sdk::{Kind, Retry, TaskId};
use serde_json::json;

use super::writing::{named, people};
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

/// Ends the idle connections that this schema's jobs hold, and waits until they are gone.
async fn kill_idle(schema: &Schema, state: &str) {
    let them = format!(
        "pg_stat_activity WHERE application_name = '{}' AND state = '{state}'",
        schema.name
    );
    let kill = format!("SELECT count(pg_terminate_backend(pid)) FROM {them}");
    assert_eq!(schema.value(&kill).await, "1");
    while schema.value(&format!("SELECT count(*) FROM {them}")).await != "0" {}
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_connection_that_dies_unused_is_not_used() {
    let schema = Schema::new("idlekill").await;
    schema.run("CREATE TABLE t (id int8)").await;
    let reader = super::open_reader(&marked(&schema), &json!({ "table": "t" }))
        .await
        .unwrap();
    reader.schema().await.unwrap();
    kill_idle(&schema, "idle").await;
    assert_eq!(reader.splits(1).await.unwrap().splits.len(), 1);
}

#[tokio::test]
async fn a_snapshot_that_is_lost_stops_the_run_so_that_it_can_be_continued() {
    let schema = Schema::new("snapshotkill").await;
    schema
        .run("CREATE TABLE t (id int8 PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 1000)")
        .await;
    let parameters = json!({ "table": "t", "splitPk": "id" });
    let reader = super::open_reader(&marked(&schema), &parameters)
        .await
        .unwrap();
    reader.schema().await.unwrap();
    let splits = reader.splits(2).await.unwrap().splits;
    kill_idle(&schema, "idle in transaction").await;
    let error = reader
        .read(&splits[0], &options(vec![]))
        .await
        .err()
        .unwrap();
    // Neither of the kinds that make the engine give a run up.
    assert_eq!(
        (error.kind(), error.retryable()),
        (Kind::Conflict, Retry::Never),
        "{error}"
    );
    assert!(
        error.hint_text().unwrap().contains("continue the run"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_has_much_to_say_does_not_stop_a_load() {
    let schema = Schema::new("talkative").await;
    schema
        .run(
            "CREATE TABLE t (id int, name text); \
             CREATE FUNCTION talk() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE WARNING '%', repeat('a long warning ', 100); RETURN new; END $$; \
             CREATE TRIGGER talk BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION talk()",
        )
        .await;
    let writer = schema.writer(json!({ "table": "t" })).await;
    // More than the sockets' buffers hold, both ways.
    let rows = people((0..20_000).map(|id| (id, Some("x".repeat(1000)))));
    let writing = super::write_all(writer.as_ref(), vec![rows]);
    let outcome = tokio::time::timeout(std::time::Duration::from_secs(30), writing).await;
    assert_eq!(outcome.expect("the load hangs").unwrap().written, 20_000);
}

#[tokio::test]
async fn sessions_keep_what_the_job_needs() {
    let schema = Schema::new("settings").await;
    let query = json!({ "querySql": "SELECT name, setting FROM pg_settings \
        WHERE name IN ('idle_session_timeout', 'statement_timeout', 'TimeZone') \
        OR name LIKE 'tcp_keepalives%' ORDER BY lower(name)" });
    let reader = schema.reader(query).await;
    let (batch, _) = super::read_one(reader.as_ref(), false).await;
    let settings: Vec<String> = (0..batch.num_rows())
        .map(|row| serde_json::Value::Object(sdk::row_to_json(&batch, row))["setting"].to_string())
        .collect();
    assert_eq!(
        settings,
        ["0", "0", "4", "60", "15", "UTC"].map(|text| format!("\"{text}\""))
    );
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
