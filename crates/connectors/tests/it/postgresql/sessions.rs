//! The statements of `session`, seen by what they do in every connection of a reader and a writer.

use serde_json::json;

use super::writing::named;
use super::{Schema, read_all, write_all};

#[tokio::test]
async fn session_statements_decide_where_a_reader_looks_and_what_it_sees() {
    let schema = Schema::new("looks").await;
    let other = format!("{}_other", schema.name);
    schema
        .run(&format!(
            "CREATE TABLE t (id int PRIMARY KEY, word text, length interval); INSERT INTO t VALUES (0, 'wrong', '2 days'); \
             CREATE SCHEMA {other}; CREATE TABLE {other}.t (LIKE t INCLUDING ALL); \
             INSERT INTO {other}.t SELECT i, 'right', '1 day' FROM generate_series(1, 4000) AS i; ANALYZE {other}.t"
        ))
        .await;
    let session = json!([
        format!("SET search_path = {other}"),
        "SET intervalstyle = 'iso_8601'"
    ]);
    let reader = schema
        .reader(json!({ "table": "t", "splitPk": "id", "session": session }))
        .await;
    let splits = read_all(reader.as_ref(), false, 3).await;
    assert!(splits.len() > 1, "every split has a connection of its own");
    let mut row_count = 0;
    for read in splits.iter().flatten() {
        for row in 0..read.batch.num_rows() {
            let row = sdk::row_to_json(&read.batch, row);
            assert_eq!(
                (&row["word"], &row["length"]),
                (&json!("right"), &json!("P1D"))
            );
        }
        row_count += read.batch.num_rows();
    }
    assert_eq!(row_count, 4000);
    // Its transaction reads the table until its sessions end.
    drop(reader);
    schema.run(&format!("DROP SCHEMA {other} CASCADE")).await;
}

#[tokio::test]
async fn session_statements_decide_where_and_as_whom_a_writer_writes() {
    let schema = Schema::new("writes").await;
    let (other, role) = (
        format!("{}_other", schema.name),
        format!("{}_role", schema.name),
    );
    schema
        .run(&format!(
            "CREATE TABLE t (id int PRIMARY KEY, name text); CREATE SCHEMA {other}; CREATE ROLE {role}; \
             CREATE TABLE {other}.t (id int PRIMARY KEY, name text, who text DEFAULT current_user); \
             CREATE TABLE {other}.log (what text, who text DEFAULT current_user); \
             GRANT USAGE ON SCHEMA {other} TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA {other} TO {role}"
        ))
        .await;
    let session = json!([
        format!("SET search_path = {other}"),
        format!("SET ROLE {role}")
    ]);
    for mode in ["insert", "update"] {
        let writer = schema
            .writer(json!({
                "table": "t", "column": ["id", "name"], "writeMode": mode, "session": session,
                "preSql": ["INSERT INTO log VALUES ('before')"], "postSql": ["INSERT INTO log VALUES ('after')"]
            }))
            .await;
        let outcome = write_all(writer.as_ref(), vec![named(0..10)])
            .await
            .unwrap();
        assert_eq!((outcome.written, outcome.refused.len()), (10, 0), "{mode}");
        let rows = format!("SELECT count(*) || ' ' || max(who) FROM {other}.t");
        assert_eq!(schema.value(&rows).await, format!("10 {role}"), "{mode}");
        let log = format!(
            "SELECT string_agg(what, ' ' ORDER BY ctid) || ' ' || max(who) FROM {other}.log"
        );
        assert_eq!(schema.value(&log).await, format!("before after {role}"));
        schema
            .run(&format!("TRUNCATE {other}.t, {other}.log"))
            .await;
    }
    assert_eq!(schema.value("SELECT count(*) FROM t").await, "0");
    schema
        .run(&format!("DROP SCHEMA {other} CASCADE; DROP ROLE {role}"))
        .await;
}
