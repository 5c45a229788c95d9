//! Dirty rows: each is found, all others are written, whatever the reason and however many there are.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use sdk::TaskId;
use serde_json::json;

use super::writing::{named, people};
use super::{Outcome, Schema, plan, write_all};

pub(super) fn refused_ids(outcome: &Outcome) -> BTreeSet<i32> {
    let id = |row: &RecordBatch| row.column(0).as_primitive::<Int32Type>().value(0);
    outcome.refused.iter().map(|(_, _, row)| id(row)).collect()
}

#[tokio::test]
async fn a_few_conflicts_are_cut_out() {
    let schema = Schema::new("few").await;
    schema
        .run("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (500, 'old')")
        .await;
    let writer = schema.writer(json!({ "table": "t" })).await;
    let outcome = write_all(writer.as_ref(), vec![named(0..1000), named(1000..2000)])
        .await
        .unwrap();
    assert_eq!(outcome.written, 1999);
    assert_eq!(refused_ids(&outcome), BTreeSet::from([500]));
    assert!(
        outcome.refused[0].1.contains("duplicate key"),
        "{}",
        outcome.refused[0].1
    );
    assert_eq!(
        schema
            .value("SELECT count(*) || min(name) FROM t WHERE id >= 500")
            .await,
        "1500name 1000"
    );
    assert_eq!(
        schema.value("SELECT name FROM t WHERE id = 500").await,
        "old"
    );
}

#[tokio::test]
async fn many_conflicts_are_found_set_wise_with_the_table_and_among_themselves() {
    let schema = Schema::new("many").await;
    schema
        .run(
            "CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE); \
             INSERT INTO t SELECT i, 'old ' || i FROM generate_series(0, 19998, 2) AS i; \
             INSERT INTO t VALUES (-1, 'name 7')",
        )
        .await;
    let writer = schema.writer(json!({ "table": "t" })).await;
    // Even numbers are there; 7 is refused by its name; 1 and 3 come twice; a row whose only rival
    // is itself refused (id 20001 with the name of the refused 7's double) goes in.
    let mut rows: Vec<(i32, Option<String>)> = (0..20_000)
        .map(|id| (id, Some(format!("name {id}"))))
        .collect();
    rows.push((1, Some("again".into())));
    rows.push((30_000, Some("name 3".into())));
    rows.push((4, Some("fresh".into())));
    rows.push((30_001, Some("fresh".into())));
    rows.push((30_002, None));
    rows.push((30_003, None));
    let outcome = write_all(writer.as_ref(), vec![people(rows)])
        .await
        .unwrap();
    let refused = refused_ids(&outcome);
    assert_eq!(outcome.written, 9_999 + 3);
    assert_eq!(outcome.refused.len(), 10_000 + 1 + 3);
    assert!(refused.contains(&7) && refused.contains(&30_000) && !refused.contains(&30_001));
    assert_eq!(
        schema
            .value("SELECT count(*) FROM t WHERE name = 'fresh'")
            .await,
        "1"
    );
    assert_eq!(schema.value("SELECT count(*) FROM t").await, "20003");
}

#[tokio::test]
async fn every_reason_for_refusal_spares_the_rows_around_it() {
    let schema = Schema::new("reasons").await;
    schema
        .run(
            "CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent SELECT generate_series(0, 99); \
             CREATE TABLE t (id int REFERENCES parent CHECK (id <> 10), name varchar(8) NOT NULL, \
             CONSTRAINT no_twenty CHECK (name <> 'name 20')); \
             CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN IF new.id = 30 THEN RAISE EXCEPTION 'thirty is not wanted'; END IF; RETURN new; END $$; \
             CREATE TRIGGER refuse BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        .await;
    let writer = schema.writer(json!({ "table": "t" })).await;
    let mut rows: Vec<(i32, Option<String>)> = (0..120)
        .map(|id| (id, Some(format!("name {id}"))))
        .collect();
    rows[40].1 = None;
    rows[50].1 = Some("far too long".into());
    rows[60].1 = Some("nul\0".into());
    let outcome = write_all(writer.as_ref(), vec![people(rows)])
        .await
        .unwrap();
    let expected: BTreeSet<i32> = [10, 20, 30, 40, 50, 60]
        .into_iter()
        .chain(100..120)
        .collect();
    assert_eq!(refused_ids(&outcome), expected);
    assert_eq!(outcome.written, 94);
    assert_eq!(schema.value("SELECT count(*) FROM t").await, "94");
    let reason = |id: i32| {
        let of = |row: &RecordBatch| row.column(0).as_primitive::<Int32Type>().value(0) == id;
        let (column, reason, _) = outcome.refused.iter().find(|(_, _, row)| of(row)).unwrap();
        (column.clone(), reason.clone())
    };
    assert!(reason(10).1.contains("check constraint"));
    assert!(reason(30).1.contains("thirty is not wanted"));
    assert_eq!(reason(40).0.as_deref(), Some("name"));
    assert_eq!(
        reason(50),
        (
            Some("name".into()),
            "the column takes 8 characters, and the value has 12".into()
        )
    );
    assert!(reason(60).1.contains("NUL byte"));
    assert!(reason(110).1.contains("foreign key"));
}

#[tokio::test]
async fn values_out_of_range_or_too_fine_are_refused_and_never_rounded() {
    let schema = Schema::new("range").await;
    schema
        .run("CREATE TABLE t (id int, d date, ts timestamp(3), n numeric)")
        .await;
    let writer = schema.writer(json!({ "table": "t" })).await;
    let columns: [(&str, ArrayRef); 4] = [
        ("id", Arc::new(Int32Array::from(vec![0, 1, 2, 3, 4, 5]))),
        (
            "d",
            Arc::new(Date32Array::from(vec![0, i32::MIN, i32::MAX, 0, 0, 0])),
        ),
        (
            "ts",
            Arc::new(TimestampMicrosecondArray::from(vec![
                1000,
                0,
                0,
                1,
                i64::MAX,
                i64::MIN,
            ])),
        ),
        (
            "n",
            Arc::new(StringArray::from(vec!["-1.50e2", "0", "0", "0", "0", "0"])),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let outcome = write_all(writer.as_ref(), vec![batch]).await.unwrap();
    assert_eq!(refused_ids(&outcome), BTreeSet::from([1, 2, 3, 4, 5]));
    let columns: Vec<&str> = outcome
        .refused
        .iter()
        .map(|(column, ..)| column.as_deref().unwrap())
        .collect();
    assert_eq!(columns, ["d", "d", "ts", "ts", "ts"]);
    assert_eq!(
        schema.value("SELECT t::text FROM t").await,
        "(0,1970-01-01,\"1970-01-01 00:00:00.001\",-150)"
    );
}

#[tokio::test]
async fn a_row_too_large_for_a_page_is_found_although_it_is_noticed_late() {
    let schema = Schema::new("toolarge").await;
    let columns: Vec<String> = (0..1200).map(|i| format!("c{i}")).collect();
    schema
        .run(&format!(
            "CREATE TABLE t (id int, {} int8)",
            columns.join(" int8, ")
        ))
        .await;
    let writer = schema.writer(json!({ "table": "t" })).await;
    // The server stores a thousand rows at once.
    let ids: ArrayRef = Arc::new(Int32Array::from_iter_values(0..1500));
    let wide: ArrayRef = Arc::new(Int64Array::from_iter(
        (0..1500).map(|row| (row == 7 || row == 8).then_some(1)),
    ));
    let arrays = columns.iter().map(|name| (name.as_str(), wide.clone()));
    let batch = RecordBatch::try_from_iter([("id", ids)].into_iter().chain(arrays)).unwrap();
    let outcome = write_all(writer.as_ref(), vec![batch]).await.unwrap();
    assert_eq!(refused_ids(&outcome), BTreeSet::from([7, 8]));
    assert!(outcome.refused[0].1.contains("row is too big"));
    assert_eq!(schema.value("SELECT count(*) FROM t").await, "1498");
}

#[tokio::test]
async fn names_that_look_like_the_servers_words_blame_no_other_row() {
    let schema = Schema::new("words").await;
    schema
        .run("CREATE TABLE \"t, line 1, column x\" (id int CHECK (id <> 5), name name)")
        .await;
    let writer = schema
        .writer(json!({ "table": "\"t, line 1, column x\"" }))
        .await;
    // The type `name` holds 63 bytes, which are fewer characters here.
    let rows = (0..10).map(|id| (id, Some(if id == 8 { "ü".repeat(40) } else { "n".into() })));
    let outcome = write_all(writer.as_ref(), vec![people(rows)])
        .await
        .unwrap();
    assert_eq!(refused_ids(&outcome), BTreeSet::from([5, 8]));
    assert_eq!(outcome.written, 8);
}

#[tokio::test]
async fn copy_mode_fails_as_a_whole() {
    let schema = Schema::new("copymode").await;
    schema
        .run("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (5, 'old')")
        .await;
    let writer = schema
        .writer(json!({ "table": "t", "writeMode": "copy" }))
        .await;
    let error = write_all(writer.as_ref(), vec![named(0..10)])
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind(), sdk::Kind::Data);
    assert!(!error.to_string().contains("(id)=(5)"), "{error}");
    assert_eq!(schema.value("SELECT count(*) FROM t").await, "1");
}

#[tokio::test]
async fn update_mode_puts_refused_rows_aside_too() {
    let schema = Schema::new("updaterefused").await;
    schema
        .run("CREATE TABLE t (id int PRIMARY KEY CHECK (id % 100 <> 7), name text)")
        .await;
    let writer = schema
        .writer(json!({ "table": "t", "writeMode": "update" }))
        .await;
    let outcome = write_all(writer.as_ref(), vec![named(0..300)])
        .await
        .unwrap();
    assert_eq!(outcome.written, 297);
    assert_eq!(refused_ids(&outcome), BTreeSet::from([7, 107, 207]));
}

/// A table that refuses rows without saying which, and counts the statements that write to it: a sequence is not
/// put back when they are.
async fn counted(name: &str, parents: &str) -> Schema {
    let schema = Schema::new(name).await;
    schema
        .run(&format!(
            "CREATE SEQUENCE statements; \
             CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent {parents}; \
             CREATE TABLE t (id int REFERENCES parent, name text); \
             CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN PERFORM nextval('statements'); RETURN NULL; END $$; \
             CREATE TRIGGER note BEFORE INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION note()"
        ))
        .await;
    schema
}

async fn statements(schema: &Schema) -> u32 {
    let last = schema.value("SELECT last_value FROM statements").await;
    last.parse().unwrap()
}

#[tokio::test]
async fn one_row_that_is_refused_without_its_line_costs_two_statements_for_each_halving() {
    let schema = counted(
        "halving",
        "SELECT i FROM generate_series(0, 9999) AS i WHERE i <> 5000",
    )
    .await;
    let writer = schema.writer(json!({ "table": "t" })).await;
    let outcome = write_all(writer.as_ref(), vec![named(0..10_000)])
        .await
        .unwrap();
    assert_eq!(outcome.written, 9_999);
    assert_eq!(refused_ids(&outcome), BTreeSet::from([5_000]));
    let statements = statements(&schema).await;
    assert!(statements <= 1 + 2 * 14, "{statements}");
}

#[tokio::test]
async fn no_row_is_looked_for_that_the_run_would_not_survive() {
    let schema = counted("intolerant", "VALUES (-1)").await;
    let writer = schema.writer(json!({ "table": "t" })).await;
    let columns = writer.schema(&[]).await.unwrap();
    let prepared = writer.prepare(&plan(columns)).await.unwrap();
    let mut task = writer.task(&prepared, TaskId(0)).await.unwrap();
    task.allow_refused(2);
    task.write(named(0..10_000)).await.unwrap();
    let sealed = task.seal().await.unwrap();
    assert_eq!(sealed.written.refused.len(), 3);
    let statements = statements(&schema).await;
    assert!(statements <= 1 + 2 * 14, "{statements}");
}
