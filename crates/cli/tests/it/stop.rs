//! Runs that are asked to stop.

use std::io::{BufRead, BufReader};
use std::process::Child;

use crate::kill::{CHECKSUM, FROM_POSTGRESQL, job, slow_job, stop, to_postgresql};
use crate::setup::Place;

fn interrupt(child: &Child) {
    let sent = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn sigint_leaves_nothing_in_maxcompute_until_the_run_is_continued() {
    let place = Place::new().await;
    let writer = r#"{"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "target", "column": ["*"], "truncate": false, "blockSizeInMB": 8}}"#;
    let expected = slow_job(&place, writer).await;
    place.maxcompute_sql("CREATE TABLE target (id BIGINT, name STRING, amount DECIMAL(15,2), at TIMESTAMP, flag BOOLEAN)").await;
    place
        .sql("CREATE TABLE target (LIKE source INCLUDING ALL)")
        .await;
    let back = job(
        r#"{"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "target", "column": ["*"]}}"#,
        &to_postgresql("insert"),
    );
    let mut child = place.start(&["run", "job.json"]);
    stop(&place, &mut child, "-INT").await;
    let ran = place
        .finished(child.wait_with_output().unwrap())
        .fails(5, &["longshore run --resume"]);
    assert!(ran.output.contains("interrupted"), "{}", ran.output);
    let run = place.latest_run().unwrap();
    place.write("back.json", &back);
    place.run(&["run", "back.json"]).ok();
    assert_eq!(place.value("SELECT count(*) FROM target").await, "0");
    place.run(&["run", "--resume", &run]).ok();
    place.run(&["run", "back.json"]).ok();
    let checksum = format!("SELECT {CHECKSUM} FROM target t");
    assert_eq!(place.value(&checksum).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sigint_does_not_wait_for_a_statement_before_the_load() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE source (id int); CREATE TABLE target (id int); SELECT pg_advisory_lock(7)")
        .await;
    let writer = to_postgresql("insert").replace("truncate target", "select pg_advisory_lock(7)");
    let reader = FROM_POSTGRESQL.replace(r#", "splitPk": "id""#, "");
    place.write("job.json", &job(&reader, &writer));
    let mut child = place.start(&["run", "job.json", "--quiet"]);
    while place.value(WAITING_FOR_A_LOCK).await == "0" {
        assert_eq!(child.try_wait().unwrap(), None, "the run ended by itself");
        tokio::task::yield_now().await;
    }
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(5));
}

/// How many sessions wait for an advisory lock.
const WAITING_FOR_A_LOCK: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sigint_does_not_wait_for_what_the_first_one_waits_for() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE source (id int); CREATE TABLE target (id int); SELECT pg_advisory_lock(7)")
        .await;
    // A statement after the load that comes to no end.
    let writer = to_postgresql("insert").replace(
        r#""preSql""#,
        r#""postSql": ["select pg_advisory_lock(7)"], "preSql""#,
    );
    let reader = FROM_POSTGRESQL.replace(r#", "splitPk": "id""#, "");
    place.write("job.json", &job(&reader, &writer));
    let mut child = place.start(&["run", "job.json", "--quiet"]);
    while place.value(WAITING_FOR_A_LOCK).await == "0" {
        assert_eq!(child.try_wait().unwrap(), None, "the run ended by itself");
        tokio::task::yield_now().await;
    }
    interrupt(&child);
    let mut messages = BufReader::new(child.stderr.take().unwrap()).lines();
    let asked = messages.find(|line| line.as_ref().unwrap().contains("once more to stop at once"));
    assert!(asked.is_some());
    assert_eq!(child.try_wait().unwrap(), None, "it waits");
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(5));
}
