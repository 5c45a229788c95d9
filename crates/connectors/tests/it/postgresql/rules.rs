//! Rows that break a declared rule of the table: found together where a query can tell, one by one elsewhere.

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
            reason.contains("violates foreign key constraint"),
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
async fn a_chunk_that_breaks_checks_and_not_null_is_sent_a_few_times() {
    let schema = Schema::new("checks").await;
    // The engine would not send a NULL to this table; a writer of its own leaves it to the server.
    schema
        .run(
            "CREATE SEQUENCE sent; CREATE TABLE parent (id int PRIMARY KEY); \
             INSERT INTO parent SELECT generate_series(0, 9999); \
             CREATE FUNCTION \"Odd\"(n int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT n % 2 = 1'; \
             CREATE TABLE t (id int REFERENCES parent, name text NOT NULL, number bigint DEFAULT nextval('sent'), \
             CONSTRAINT few CHECK (id < 5 OR length(name) > 8), CONSTRAINT odd CHECK (\"Odd\"(id)))",
        )
        .await;
    let writer = schema
        .writer(json!({ "table": "t", "column": ["id", "name"] }))
        .await;
    // The names of ids from 1,000 on are longer; every fourth is NULL.
    let rows = (0..10_000).map(|id| (id, (id % 4 != 3).then(|| format!("name {id}"))));
    let outcome = write_all(writer.as_ref(), vec![people(rows)])
        .await
        .unwrap();
    let good = |id: &i32| id % 4 == 1 && (*id < 5 || *id >= 1_000);
    let refused: BTreeSet<i32> = (0..10_000).filter(|id| !good(id)).collect();
    assert_eq!(refused_ids(&outcome), refused);
    assert_eq!(outcome.written, 2_251);
    let count = |part: &str| {
        let reasons = outcome.refused.iter().map(|(_, reason, _)| reason);
        reasons.filter(|reason| reason.contains(part)).count()
    };
    assert_eq!(count("violates not-null constraint"), 2_500);
    assert_eq!(
        count("check constraint \"few\"") + count("check constraint \"odd\""),
        7_749 - 2_500
    );
    let sent = schema.value("SELECT last_value FROM sent").await;
    assert!(
        sent.parse::<u32>().unwrap() < 60_000,
        "{sent} rows were sent"
    );
}

#[tokio::test]
async fn a_trigger_that_mends_rows_is_not_anticipated() {
    let schema = Schema::new("mended").await;
    schema
        .run(
            "CREATE TABLE t (id int CHECK (id % 10 <> 5), name text); \
             CREATE FUNCTION mend() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN IF new.id < 500 THEN new.id := new.id * 10; END IF; RETURN new; END $$; \
             CREATE TRIGGER mend BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION mend()",
        )
        .await;
    let writer = schema.writer(json!({ "table": "t" })).await;
    let outcome = write_all(writer.as_ref(), vec![named(0..600)])
        .await
        .unwrap();
    let expected: BTreeSet<i32> = (500..600).filter(|id| id % 10 == 5).collect();
    assert_eq!(refused_ids(&outcome), expected);
    assert_eq!(outcome.written, 590);
}

#[tokio::test]
async fn nulls_that_a_trigger_fills_are_sent_and_others_are_not() {
    let schema = Schema::new("filled").await;
    schema
        .run(
            "CREATE SEQUENCE sent; CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1), (2); \
             CREATE TABLE filled (id int, name text NOT NULL, number bigint DEFAULT nextval('sent')); \
             CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN new.name := coalesce(new.name, 'nobody'); RETURN new; END $$; \
             CREATE TRIGGER fill BEFORE INSERT ON filled FOR EACH ROW EXECUTE FUNCTION fill(); \
             CREATE TABLE bare (id int REFERENCES parent, name text NOT NULL, number bigint DEFAULT nextval('sent'))",
        )
        .await;
    let reader =
        json!({ "querySql": "SELECT 1 AS id, NULL::text AS name UNION ALL SELECT 2, 'Ann'" });
    for (table, counts, rows) in [("filled", (2, 0), "1nobody 2Ann"), ("bare", (1, 1), "2Ann")] {
        let writer = json!({ "table": table, "column": ["id", "name"] });
        assert_eq!(schema.run_job(&reader, &writer).await, counts, "{table}");
        let seen = format!("SELECT string_agg(id || name, ' ' ORDER BY id) FROM {table}");
        assert_eq!(schema.value(&seen).await, rows);
    }
    assert_eq!(schema.value("SELECT last_value FROM sent").await, "3");
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
