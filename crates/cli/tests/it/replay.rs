//! Dirty rows on their way back: mended, fed back, stopped half-way and continued.

use crate::setup::{Place, Ran};

const ROWS_OF_U: &str = "SELECT string_agg(u::text, ' ' ORDER BY id) FROM u";

/// A table of four rows of which two cannot arrive: one does not convert, the other meets its key in the
/// target. Returns the run with these dirty rows, their cause mended.
async fn mended(place: &Place) -> String {
    place
        .sql(
            "CREATE TABLE t (id bigint PRIMARY KEY, n text, b bytea);
             INSERT INTO t VALUES (1, '1', '\\x00ff'), (2, 'two', '\\x0a'), (3, '3', '\\x2a00'), (4, NULL, NULL);
             CREATE TABLE u (id bigint PRIMARY KEY, n int, b bytea);
             INSERT INTO u VALUES (3, 0, NULL)",
        )
        .await;
    place.write(
        "job.json",
        r#"{"type": "job", "version": "1.0", "configuration": {
            "reader": {"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "t", "column": ["*"]}},
            "writer": {"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "u", "column": ["*"],
                "postSql": ["select 1 / (4 - count(*)) from u"]}},
            "setting": {"errorLimit": {"record": 2}, "retries": 0}}}"#,
    );
    place.run(&["run", "job.json"]).ok();
    let run = place.latest_run().unwrap();
    let file = dirty_rows(place, &run);
    let dirty = std::fs::read_to_string(&file).unwrap();
    assert!(
        dirty.contains(r#""stage":"convert""#) && dirty.contains(r#""stage":"write""#),
        "{dirty}"
    );
    std::fs::write(&file, dirty.replace(r#""two""#, "2")).unwrap();
    place.sql("DELETE FROM u WHERE id = 3").await;
    run
}

fn dirty_rows(place: &Place, run: &str) -> std::path::PathBuf {
    place
        .path("state")
        .join("runs")
        .join(run)
        .join("dirty.jsonl")
}

/// The run that a message says how to continue.
fn continued(ran: &Ran) -> String {
    let command = ran.messages.lines().find_map(|line| {
        let rest = line.strip_prefix("continue with: longshore run --resume ")?;
        rest.split(' ').next()
    });
    command.expect(&ran.messages).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn dirty_rows_are_mended_and_fed_back() {
    let place = Place::new().await;
    let run = mended(&place).await;
    place.run(&["replay", &run]).ok();
    assert_eq!(
        place.value(ROWS_OF_U).await,
        r#"(1,1,"\\x00ff") (2,2,"\\x0a") (3,3,"\\x2a00") (4,,)"#
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_was_stopped_is_continued_as_a_replay() {
    let place = Place::new().await;
    let run = mended(&place).await;
    // The rows that were not converted go first, then those that the target refused. Neither can.
    place
        .sql(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$;
             CREATE TRIGGER full_disk BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION full_disk()",
        )
        .await;
    let first = continued(&place.run(&["replay", &run]).fails(1, &["disk is full"]));
    place
        .run(&["run", "--resume", &first])
        .fails(1, &["disk is full"]);
    let file = dirty_rows(&place, &run);
    let rows = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, rows.replace(r#""id":2"#, r#""id":5"#)).unwrap();
    place
        .run(&["run", "--resume", &first])
        .fails(2, &["dirty.jsonl has changed since the run began"]);
    std::fs::write(&file, rows).unwrap();
    place
        .sql("CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN IF NEW.id = 3 THEN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END IF; RETURN NEW; END $$")
        .await;
    let second = continued(
        &place
            .run(&["run", "--resume", &first])
            .fails(1, &["disk is full"]),
    );
    assert_ne!(first, second);
    let two_of_three = r#"(1,1,"\\x00ff") (2,2,"\\x0a") (4,,)"#;
    assert_eq!(place.value(ROWS_OF_U).await, two_of_three);
    place.sql("DROP TRIGGER full_disk ON u").await;
    // However often either part is continued, every row arrives once.
    for run in [&first, &first, &second] {
        place.run(&["run", "--resume", run]).ok();
        assert_eq!(
            place.value(ROWS_OF_U).await,
            r#"(1,1,"\\x00ff") (2,2,"\\x0a") (3,3,"\\x2a00") (4,,)"#
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_replay_would_not_use_is_refused() {
    let place = Place::new().await;
    let run = mended(&place).await;
    place
        .run(&["replay", &run, "job.json"])
        .fails(2, &["there is no dirty-row file", "longshore replay RUN"]);
    place.run(&["replay", &run, "--bizdate", "20240101"]).fails(
        2,
        &["a run brings its parameters with it", "leave them out"],
    );
    std::fs::copy(dirty_rows(&place, &run), place.path("rows.jsonl")).unwrap();
    place.run(&["replay", "rows.jsonl"]).fails(
        2,
        &[
            "name the job document",
            "longshore replay dirty.jsonl job.json",
        ],
    );
    place.run(&["replay", "rows.jsonl", "job.json"]).ok();
    assert_eq!(place.value("SELECT count(*) FROM u").await, "4");
    // The replay set nothing aside.
    let replay = place.latest_run().unwrap();
    place
        .run(&["replay", &replay])
        .fails(2, &["left no dirty rows", "longshore run --resume"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_run_that_has_not_succeeded_are_not_fed_back() {
    let place = Place::new().await;
    place
        .sql(
            "CREATE TABLE t (id bigint PRIMARY KEY, n text); INSERT INTO t VALUES (1, '1'), (2, 'two');
             CREATE TABLE u (id bigint PRIMARY KEY, n int);
             CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$;
             CREATE TRIGGER full_disk BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION full_disk()",
        )
        .await;
    place.write(
        "job.json",
        r#"{"type": "job", "version": "1.0", "configuration": {
            "reader": {"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "t", "column": ["*"]}},
            "writer": {"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "u", "column": ["*"]}},
            "setting": {"retries": 0}}}"#,
    );
    let run = continued(&place.run(&["run", "job.json"]).fails(1, &["disk is full"]));
    assert!(dirty_rows(&place, &run).is_file());
    place
        .run(&["replay", &run])
        .fails(2, &["has not succeeded", "longshore run --resume"]);
    // What made the row dirty is mended at the source, and the run brings it along.
    place
        .sql("DROP TRIGGER full_disk ON u; UPDATE t SET n = '2' WHERE id = 2")
        .await;
    place.run(&["run", "--resume", &run]).ok();
    place
        .run(&["replay", &run])
        .fails(2, &["left no dirty rows"]);
    assert_eq!(place.value(ROWS_OF_U).await, "(1,1) (2,2)");
}

/// Makes a row dirty on their way to `writer`, mends it, and feeds it back.
async fn fed_back_to(place: &Place, writer: &str) {
    place
        .sql("CREATE TABLE t (id bigint PRIMARY KEY, n text); INSERT INTO t VALUES (1, '1'), (2, 'two'), (3, '3')")
        .await;
    place.write(
        "job.json",
        &format!(
            r#"{{"type": "job", "version": "1.0", "configuration": {{
            "reader": {{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "t",
                "column": ["id", {{"expression": "cast(n as bigint)", "name": "n"}}]}}}},
            "writer": {writer}, "setting": {{"errorLimit": {{"record": 1}}}}}}}}"#
        ),
    );
    place.run(&["run", "job.json"]).ok();
    let run = place.latest_run().unwrap();
    let file = dirty_rows(place, &run);
    let dirty = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, dirty.replace(r#""two""#, r#""2""#)).unwrap();
    let ran = place.run(&["replay", &run]).ok();
    assert!(ran.output.contains("rows written  1"), "{}", ran.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_fed_back_to_files_beside_those_of_the_run() {
    for mode in [
        "",
        r#", "writeMode": "nonConflict""#,
        r#", "writeMode": "truncate""#,
    ] {
        let place = Place::new().await;
        let writer = format!(
            r#"{{"plugin": "file", "parameter": {{"path": "out", "fileName": "t.csv"{mode}}}}}"#
        );
        fed_back_to(&place, &writer).await;
        let mut lines = Vec::new();
        for entry in std::fs::read_dir(place.path("out")).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            lines.extend(text.lines().map(str::to_string));
        }
        lines.sort_unstable();
        assert_eq!(lines, ["1,1", "2,2", "3,3"], "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_fed_back_to_a_table_that_the_job_replaces() {
    let place = Place::new().await;
    place
        .maxcompute_sql("CREATE TABLE u (id BIGINT, n BIGINT)")
        .await;
    fed_back_to(
        &place,
        r#"{"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "u", "column": ["*"], "truncate": true}}"#,
    )
    .await;
    place.sql("CREATE TABLE u (id bigint, n bigint)").await;
    place.write(
        "back.json",
        r#"{"type": "job", "version": "1.0", "configuration": {
            "reader": {"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "u", "column": ["*"]}},
            "writer": {"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "u", "column": ["*"]}}}}"#,
    );
    place.run(&["run", "back.json"]).ok();
    assert_eq!(place.value(ROWS_OF_U).await, "(1,1) (2,2) (3,3)");
}
