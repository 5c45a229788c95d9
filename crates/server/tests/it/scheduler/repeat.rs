//! Runs that fail half-way and are repeated by themselves.

use serde_json::{Value, json};

use crate::api::datasources::{Database, Place};
use crate::harness::Kept;
use crate::scene::Scene;

const ROWS: u32 = 10_000;

/// A table to copy and one to copy to, which cancels the load of the last row.
fn tables() -> String {
    format!(
        "CREATE TABLE source (id bigint PRIMARY KEY, name text);
         INSERT INTO source SELECT i, 'name ' || i FROM generate_series(1, {ROWS}) i;
         CREATE TABLE target (id bigint, name text);
         CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'no time for it' USING ERRCODE = '57014'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON target FOR EACH ROW WHEN (NEW.id = {ROWS}) EXECUTE FUNCTION refuse()"
    )
}

fn document(schema: &str) -> String {
    let side = |table: &str| json!({"datasource": "here", "column": ["*"], "table": format!("{schema}.{table}")});
    let mut reader = side("source");
    reader["splitPk"] = json!("id");
    json!({"type": "job", "version": "1.0", "configuration": {
        "reader": {"plugin": "postgresql", "parameter": reader},
        "writer": {"plugin": "postgresql", "parameter": side("target")},
        "setting": {"speed": {"concurrent": 2}, "errorLimit": {"record": 0}, "retries": 0},
    }})
    .to_string()
}

#[tokio::test]
async fn every_row_is_there_once_after_a_repetition() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        place.settings(json!({"outboundLoopback": true})).await;
        let database = Database::new();
        let schema = database.schema(&tables()).await;
        place.add("here", "postgresql", database.config()).await;
        let mut scene = Scene {
            project: place.project.rsplit('/').next().unwrap().to_string(),
            server: place.server,
            admin: place.admin,
        };
        let job = scene.job("copy", &document(&schema)).await;
        let rule = json!({"cycle": {"kind": "day", "at": "01:00"}, "zone": "UTC",
            "rerun": {"policy": "always", "times": 1, "delayMinutes": 1}});
        scene.schedule(&job, rule, json!([])).await;
        scene.at("2026-03-04T23:59:00Z").await;
        scene.until_states(&job, &["03-05T01:00 waiting"]).await;
        scene.at("2026-03-05T01:00:00Z").await;
        let failed = scene.path("runs?state=failed");
        let is_one = |list: &Value| list["items"].as_array().is_some_and(|list| list.len() == 1);
        scene.until(&failed, is_one).await;
        let count = format!("SELECT count(*)::text FROM {schema}.target");
        let moved: u32 = database.value(&count).await.parse().unwrap();
        assert!(0 < moved && moved < ROWS, "{moved} rows");
        let mend = format!("DROP TRIGGER refuse ON {schema}.target");
        database.execute(&mend).await;
        scene.at("2026-03-05T01:01:30Z").await;
        scene.until_states(&job, &["03-05T01:00 succeeded"]).await;
        let rows = format!(
            "SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || max(id) FROM {schema}.target"
        );
        assert_eq!(database.value(&rows).await, format!("{ROWS} {ROWS} {ROWS}"));
        let runs = scene.admin.get(&scene.path("runs")).await.ok();
        let runs = runs["items"].as_array().unwrap();
        assert_eq!(runs.len(), 1, "{runs:?}");
        assert_eq!(
            (&runs[0]["attempt"], &runs[0]["rowsWritten"]),
            (&json!(2), &json!(ROWS))
        );
    }
}
