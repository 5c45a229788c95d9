//! Writing: modes, dirty rows, delivery.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use sdk::{Kind, TaskId};
use serde_json::json;

use super::{Schema, plan, write_all};

/// Rows of an id and a name.
pub(super) fn people(rows: impl IntoIterator<Item = (i32, Option<String>)>) -> RecordBatch {
    let (ids, names): (Vec<i32>, Vec<Option<String>>) = rows.into_iter().unzip();
    let ids: ArrayRef = Arc::new(Int32Array::from(ids));
    let names: ArrayRef = Arc::new(StringArray::from(names));
    RecordBatch::try_from_iter_with_nullable([("id", ids, false), ("name", names, true)]).unwrap()
}

pub(super) fn named(ids: impl IntoIterator<Item = i32>) -> RecordBatch {
    people(ids.into_iter().map(|id| (id, Some(format!("name {id}")))))
}

#[tokio::test]
async fn update_replaces_and_ignore_keeps_what_is_there() {
    let schema = Schema::new("modes").await;
    schema
        .run(
            "CREATE TABLE t (id int PRIMARY KEY, name text, kept text DEFAULT 'k'); \
              INSERT INTO t VALUES (1, 'old', 'mine'), (2, 'old', 'mine')",
        )
        .await;
    let columns = json!(["id", "name"]);
    let batch = || {
        people([(2, "a"), (3, "b"), (3, "c"), (4, "d")].map(|(id, name)| (id, Some(name.into()))))
    };
    let parameters = json!({ "table": "t", "column": columns, "writeMode": "update" });
    let writer = schema.writer(parameters).await;
    let outcome = write_all(writer.as_ref(), vec![batch()]).await.unwrap();
    assert_eq!((outcome.written, outcome.refused.len()), (4, 0));
    let all = "SELECT string_agg(id || name || kept, ' ' ORDER BY id) FROM t";
    assert_eq!(schema.value(all).await, "1oldmine 2amine 3ck 4dk");

    schema.run("DELETE FROM t WHERE id > 2").await;
    let parameters = json!({ "table": "t", "column": columns, "writeMode": "ignore" });
    let writer = schema.writer(parameters).await;
    let outcome = write_all(writer.as_ref(), vec![batch()]).await.unwrap();
    assert_eq!((outcome.written, outcome.refused.len()), (4, 0));
    assert_eq!(schema.value(all).await, "1oldmine 2amine 3bk 4dk");
}

#[tokio::test]
async fn a_chosen_key_with_nulls_decides_conflicts() {
    let schema = Schema::new("chosen").await;
    schema
        .run("CREATE TABLE t (id int, name text UNIQUE); INSERT INTO t VALUES (1, 'x'), (2, NULL)")
        .await;
    let parameters = json!({ "table": "t", "writeMode": "update(name)" });
    let writer = schema.writer(parameters).await;
    let rows = [(5, Some("x")), (6, None), (7, None)];
    let batch = people(rows.map(|(id, name)| (id, name.map(str::to_string))));
    write_all(writer.as_ref(), vec![batch]).await.unwrap();
    let all = "SELECT string_agg(id || coalesce(name, '-'), ' ' ORDER BY id) FROM t";
    assert_eq!(schema.value(all).await, "2- 5x 6- 7-");

    let parameters = json!({ "table": "t", "writeMode": "update" });
    let error = schema
        .writer(parameters)
        .await
        .schema(&[])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    // Such a key is refused before anything runs, and the unique indexes are named.
    let parameters = json!({ "table": "t", "writeMode": "update", "conflictKey": "id", "preSql": ["DELETE FROM t"] });
    let writer = schema.writer(parameters).await;
    let error = write_all(writer.as_ref(), vec![named([1])])
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind(), Kind::Config);
    assert_eq!(error.hint_text(), Some("there is a unique index of (name)"));
    assert_eq!(schema.value(all).await, "2- 5x 6- 7-");
}

#[tokio::test]
async fn a_key_that_no_mode_goes_by_is_refused() {
    let schema = Schema::new("idle_key").await;
    schema
        .run("CREATE TABLE t (id int PRIMARY KEY, name text)")
        .await;
    for (mode, named) in [
        (json!(null), "`insert`"),
        (json!("insert"), "`insert`"),
        (json!("copy"), "`copy`"),
    ] {
        let mut parameters = json!({ "table": "t", "conflictKey": ["id"] });
        if !mode.is_null() {
            parameters["writeMode"] = mode;
        }
        let writer = schema.writer(parameters).await;
        let error = writer.schema(&[]).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(
            error.message().contains(&format!("`writeMode` {named}")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_statements_for_servers_without_on_conflict_do_the_same() {
    let schema = Schema::new("greenplum6").await;
    schema
        .run("CREATE TABLE t (id int PRIMARY KEY, name text, kept text DEFAULT 'k')")
        .await;
    for (statements, expected) in [
        (
            include_str!("greenplum6_update.sql"),
            "1oldmine 2amine 3ck 4dk",
        ),
        (
            include_str!("greenplum6_ignore.sql"),
            "1oldmine 2oldmine 3bk 4dk",
        ),
    ] {
        let statements = statements.replace("\"public\"", &schema.name);
        let (create, merge) = statements.trim_end().split_once('\n').unwrap();
        schema
            .run(&format!(
                "TRUNCATE t; INSERT INTO t VALUES (1, 'old', 'mine'), (2, 'old', 'mine'); BEGIN; {create}; \
                 INSERT INTO longshore_stage VALUES (2, 'a', 0), (3, 'b', 1), (3, 'c', 2), (4, 'd', 3); {merge}; COMMIT"
            ))
            .await;
        let all = "SELECT string_agg(id || name || kept, ' ' ORDER BY id) FROM t";
        assert_eq!(schema.value(all).await, expected);
    }
}

#[tokio::test]
async fn a_seal_of_another_server_is_not_answered_from_this_one() {
    let schema = Schema::new("identity").await;
    schema.run("CREATE TABLE t (id int, name text)").await;
    let writer = schema.writer(json!({ "table": "t" })).await;
    let columns = writer.schema(&[]).await.unwrap();
    let prepared = writer.prepare(&plan(columns)).await.unwrap();
    let mut task = writer.task(&prepared, TaskId(0)).await.unwrap();
    task.write(named([1])).await.unwrap();
    let seal = task.seal().await.unwrap().state;
    task.publish().await.unwrap();
    let mut seal: serde_json::Value = seal.read().unwrap();
    let server = seal["server"].as_str().unwrap().to_string();
    let cluster = "SELECT system_identifier || '/' FROM pg_control_system()";
    assert!(server.starts_with(&schema.value(cluster).await), "{server}");
    // A replica that took over counts a new timeline, and may have given the number to somebody else.
    seal["server"] = json!(format!("{}9", &server[..server.len() - 1]));
    let seal = sdk::State::new(&seal).unwrap();
    let error = writer.recover(&prepared, TaskId(0), &seal).await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.kind(), error.retryable()),
        (Kind::Conflict, sdk::Retry::Never)
    );
    assert!(error.message().contains("another server"), "{error}");
}

#[tokio::test]
async fn text_reaches_types_that_have_no_binary_form_here() {
    let schema = Schema::new("cast").await;
    schema
        .run("CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, name inet)")
        .await;
    let writer = schema.writer(json!({ "table": "t" })).await;
    let rows = [(7, Some("10.0.0.1/8")), (8, Some("no address")), (9, None)];
    let batch = people(rows.map(|(id, name)| (id, name.map(str::to_string))));
    let outcome = write_all(writer.as_ref(), vec![batch]).await.unwrap();
    assert_eq!(outcome.written, 2);
    assert_eq!(outcome.refused.len(), 1);
    assert!(
        outcome.refused[0]
            .1
            .contains("invalid input syntax for type inet")
    );
    let all = "SELECT string_agg(id || coalesce(name::text, '-'), ' ' ORDER BY id) FROM t";
    assert_eq!(schema.value(all).await, "710.0.0.1/8 9-");
}

/// The forms that the engine gives to durations and intervals of other stores.
#[tokio::test]
async fn spans_as_text_become_intervals() {
    let schema = Schema::new("spans").await;
    schema.run("CREATE TABLE t (id int, name interval)").await;
    let writer = schema.writer(json!({ "table": "t" })).await;
    let spans = [
        "PT86402.000003S",
        "PT-0.5S",
        "PT0S",
        "1 years 2 mons",
        "-1 years -2 mons",
        "0 years 0 mons",
    ];
    let rows = (0..).zip(spans.map(|span| Some(span.to_string())));
    let outcome = write_all(writer.as_ref(), vec![people(rows)])
        .await
        .unwrap();
    assert_eq!(
        (outcome.written, outcome.refused.len()),
        (6, 0),
        "{:?}",
        outcome.refused
    );
    let all = "SELECT string_agg(name::text, ', ' ORDER BY id) FROM t";
    assert_eq!(
        schema.value(all).await,
        "24:00:02.000003, -00:00:00.5, 00:00:00, 1 year 2 mons, -1 years -2 mons, 00:00:00"
    );
}

#[tokio::test]
async fn statements_run_once_and_a_continued_run_does_not_repeat_them() {
    let schema = Schema::new("statements").await;
    schema
        .run("CREATE TABLE \"T 1\" (id int, name text); CREATE TABLE log (what text)")
        .await;
    let parameters = json!({
        "table": "\"T 1\"",
        "preSql": ["INSERT INTO log VALUES ('pre'); DELETE FROM @table"],
        "postSql": ["INSERT INTO log SELECT 'post' || count(*) FROM @table;"],
    });
    let writer = schema.writer(parameters).await;
    let columns = writer.schema(&[]).await.unwrap();
    let prepared = writer.prepare(&plan(columns.clone())).await.unwrap();
    let again = sdk::WritePlan {
        previous: Some(prepared.clone()),
        ..plan(columns)
    };
    assert_eq!(writer.prepare(&again).await.unwrap(), prepared);
    let mut task = writer.task(&prepared, TaskId(3)).await.unwrap();
    task.write(named([1, 2])).await.unwrap();
    let seal = task.seal().await.unwrap();
    let count = "SELECT count(*) FROM \"T 1\"";
    assert_eq!(
        schema.value(count).await,
        "0",
        "sealed rows are not visible"
    );
    let error = writer
        .recover(&prepared, TaskId(3), &seal.state)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.retryable()),
        (Kind::Conflict, sdk::Retry::Now)
    );
    let receipt = task.publish().await.unwrap();
    assert_eq!(receipt.task, TaskId(3));
    let recovered = writer
        .recover(&prepared, TaskId(3), &seal.state)
        .await
        .unwrap();
    assert_eq!(recovered, Some(receipt.clone()));
    writer.commit(&prepared, &[receipt]).await.unwrap();
    let log = "SELECT string_agg(what, ' ' ORDER BY ctid) FROM log";
    assert_eq!(schema.value(log).await, "pre post2");
}

#[tokio::test]
async fn a_task_that_was_dropped_leaves_no_rows_and_recovery_knows() {
    let schema = Schema::new("dropped").await;
    schema.run("CREATE TABLE t (id int, name text)").await;
    let writer = schema.writer(json!({ "table": "t" })).await;
    let columns = writer.schema(&[]).await.unwrap();
    let prepared = writer.prepare(&plan(columns)).await.unwrap();
    let mut task = writer.task(&prepared, TaskId(0)).await.unwrap();
    task.write(named(0..10)).await.unwrap();
    let seal = task.seal().await.unwrap();
    drop(task);
    // The server needs a moment to notice that its client is gone.
    let recovered = loop {
        match writer.recover(&prepared, TaskId(0), &seal.state).await {
            Err(error) if error.retryable() == sdk::Retry::Now => tokio::task::yield_now().await,
            other => break other.unwrap(),
        }
    };
    assert_eq!(recovered, None);
    assert_eq!(schema.value("SELECT count(*) FROM t").await, "0");
}

#[tokio::test]
async fn generated_columns_are_left_out_and_cannot_be_named() {
    let schema = Schema::new("generated").await;
    schema
        .run("CREATE TABLE t (id int, twice int GENERATED ALWAYS AS (id * 2) STORED, name text)")
        .await;
    let writer = schema
        .writer(json!({ "table": "t", "column": ["*"] }))
        .await;
    let outcome = write_all(writer.as_ref(), vec![named([4])]).await.unwrap();
    assert_eq!(outcome.written, 1);
    assert_eq!(schema.value("SELECT twice FROM t").await, "8");
    let writer = schema
        .writer(json!({ "table": "t", "column": ["id", "twice"] }))
        .await;
    let error = writer.schema(&[]).await.unwrap_err();
    assert!(
        error.message().contains("column \"twice\" of table"),
        "{error}"
    );
}
