//! Rows whose foreign key refers to nothing: found together where a query can tell, by halving elsewhere.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, RecordBatch};
use serde_json::json;

use super::conflicts::refused_ids;
use super::writing::{named, people};
use super::{Schema, write_all};

#[tokio::test]
async fn a_chunk_of_orphans_is_sent_once_and_what_is_left_of_it_again() {
    let schema = Schema::new("orphans").await;
    // The default counts the rows that were ever sent: a sequence is not put back with them.
    schema
        .run(
            "CREATE SEQUENCE sent; CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE word (name text PRIMARY KEY); \
             INSERT INTO parent SELECT generate_series(0, 9); \
             INSERT INTO word SELECT 'name ' || i FROM generate_series(0, 4) AS i; \
             CREATE TABLE t (id int REFERENCES parent, name text REFERENCES word, number bigint DEFAULT nextval('sent'))",
        )
        .await;
    let writer = schema
        .writer(json!({ "table": "t", "column": ["id", "name"] }))
        .await;
    let mut rows: Vec<(i32, Option<String>)> = (0..10_000)
        .map(|id| (id, Some(format!("name {id}"))))
        .collect();
    rows.push((3, None));
    let outcome = write_all(writer.as_ref(), vec![people(rows)])
        .await
        .unwrap();
    assert_eq!((outcome.written, outcome.refused.len()), (6, 9_995));
    assert_eq!(
        schema
            .value("SELECT string_agg(id || coalesce(name, '-'), ' ' ORDER BY id, name) FROM t")
            .await,
        "0name 0 1name 1 2name 2 3name 3 3- 4name 4"
    );
    assert_eq!(refused_ids(&outcome), (5..10_000).collect());
    for (column, reason, _) in &outcome.refused {
        assert!(matches!(column.as_deref(), Some("id" | "name")));
        assert!(
            reason.contains("violates foreign key constraint")
                && reason.contains("the row that it refers to is not there"),
            "{reason}"
        );
    }
    let sent = schema.value("SELECT last_value FROM sent").await;
    assert!(
        sent.parse::<u32>().unwrap() < 11_000,
        "{sent} rows were sent"
    );
}

#[tokio::test]
async fn a_table_that_refers_to_itself_is_not_judged_by_what_it_held() {
    let schema = Schema::new("itself").await;
    schema
        .run("CREATE TABLE t (id int PRIMARY KEY, boss int REFERENCES t)")
        .await;
    let writer = schema.writer(json!({ "table": "t" })).await;
    let bosses: Int32Array = (0..100)
        .map(|id| match id {
            0 => None,
            50 => Some(999),
            _ => Some(0),
        })
        .collect();
    let columns: [(&str, ArrayRef); 2] = [
        ("id", Arc::new(Int32Array::from_iter_values(0..100))),
        ("boss", Arc::new(bosses)),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let outcome = write_all(writer.as_ref(), vec![batch]).await.unwrap();
    assert_eq!(refused_ids(&outcome), BTreeSet::from([50]));
    assert_eq!(outcome.written, 99);
}

/// The server checks foreign keys with the rights of the table's owner.
#[tokio::test]
async fn parents_that_the_writer_may_not_read_are_no_orphans() {
    let schema = Schema::new("unseen").await;
    let role = format!("{}_role", schema.name);
    schema
        .run(&format!(
            "CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent SELECT generate_series(0, 97); \
             CREATE TABLE t (id int REFERENCES parent, name text); CREATE ROLE {role}; \
             GRANT USAGE ON SCHEMA {0} TO {role}; GRANT SELECT, INSERT ON t TO {role}",
            schema.name
        ))
        .await;
    let hidden = "GRANT SELECT ON parent TO PUBLIC; ALTER TABLE parent ENABLE ROW LEVEL SECURITY";
    for change in ["SELECT 1", hidden] {
        schema.run(change).await;
        let writer = schema
            .writer(json!({ "table": "t", "session": [format!("SET ROLE {role}")] }))
            .await;
        let outcome = write_all(writer.as_ref(), vec![named(0..100)])
            .await
            .unwrap();
        assert_eq!(refused_ids(&outcome), BTreeSet::from([98, 99]), "{change}");
        assert_eq!(outcome.written, 98, "{change}");
    }
    schema
        .run(&format!(
            "DROP SCHEMA {} CASCADE; DROP ROLE {role}",
            schema.name
        ))
        .await;
}
