//! SIGKILL at random points, then resume, until the run is done: counts and checksums are equal.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::setup::Place;

impl Place {
    /// The events of the latest run so far.
    fn ledger(&self) -> String {
        let run = self.latest_run().unwrap_or_default();
        let ledger = self
            .path("state")
            .join("runs")
            .join(run)
            .join("ledger.jsonl");
        std::fs::read_to_string(ledger).unwrap_or_default()
    }

    /// Forgets all runs: the next one is a new one, and a finished one must not be taken for it.
    fn start_anew(&self) {
        std::fs::remove_dir_all(self.path("state")).unwrap();
    }
}

const ROWS: u32 = 120_000;
pub(crate) const CHECKSUM: &str = "count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric)";

/// Starts the run, kills it at random, resumes it and kills it again, until it ends well.
/// Returns how many kills hit.
async fn run_under_fire(place: &Place, job: &str, seed: u64) -> u32 {
    let mut random = seed | 1;
    let mut kills = 0;
    loop {
        let resume = place.latest_run();
        let mut child = match &resume {
            Some(run) if kills > 0 => place.start(&["run", "--resume", run, "--quiet"]),
            _ => place.start(&["run", job, "--quiet"]),
        };
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // Later attempts live longer, so that the test comes to an end.
        let life = Duration::from_millis(random % 400 + u64::from(kills) * 60);
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if started.elapsed() > life {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        };
        match status {
            Some(status) => {
                let ran = place.finished(child.wait_with_output().unwrap());
                assert!(
                    status.success(),
                    "seed {seed}, after {kills} kills: {}\n{}",
                    ran.output,
                    ran.messages
                );
                return kills;
            }
            // A kill before the run had a folder has nothing to resume.
            None if place.latest_run().is_some() => kills += 1,
            None => {}
        }
    }
}

async fn source(place: &Place) -> String {
    place
        .sql(&format!(
            "CREATE TABLE source (id bigint PRIMARY KEY, name text, amount numeric(15,2), at timestamptz, flag bool);
             INSERT INTO source SELECT i, CASE WHEN i % 9 = 0 THEN NULL ELSE 'name ' || i END, i * 0.37, timestamptz '2024-01-01 00:00:00+00' + i * interval '1.000001 s', i % 2 = 0 FROM generate_series(1, {ROWS}) i"
        ))
        .await;
    place
        .value(&format!("SELECT {CHECKSUM} FROM source t"))
        .await
}

pub(crate) fn job(reader: &str, writer: &str) -> String {
    format!(
        r#"{{"type": "job", "version": "1.0", "configuration": {{"reader": {reader}, "writer": {writer},
            "setting": {{"speed": {{"concurrent": 2}}, "errorLimit": {{"record": 0}}}}}}}}"#
    )
}

pub(crate) const FROM_POSTGRESQL: &str = r#"{"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "source", "column": ["*"], "splitPk": "id"}}"#;

pub(crate) fn to_postgresql(mode: &str) -> String {
    format!(
        r#"{{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "target", "column": ["*"], "preSql": ["truncate target"], "writeMode": "{mode}"}}}}"#
    )
}

const MAXCOMPUTE_TABLE: &str = "CREATE TABLE target (id BIGINT, name STRING, amount DECIMAL(15,2), at TIMESTAMP, flag BOOLEAN)";

const FROM_MAXCOMPUTE: &str = r#"{"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "target", "column": ["*"]}}"#;

fn to_maxcompute(truncate: bool) -> String {
    format!(
        r#"{{"plugin": "odps", "parameter": {{"datasource": "odps_first", "table": "target", "column": ["*"], "truncate": {truncate}, "blockSizeInMB": 8}}}}"#
    )
}

fn from_files(format: &str) -> String {
    format!(r#"{{"plugin": "file", "parameter": {{"path": "out", "fileFormat": "{format}"}}}}"#)
}

fn to_files(format: &str) -> String {
    format!(
        r#"{{"plugin": "file", "parameter": {{"path": "out", "fileName": "t", "fileFormat": "{format}", "writeMode": "truncate"}}}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_to_postgresql() {
    for (seed, mode) in [
        (11, "insert"),
        (12, "insert"),
        (13, "update"),
        (14, "ignore"),
        (15, "copy"),
    ] {
        let place = Place::new().await;
        let expected = source(&place).await;
        place
            .sql("CREATE TABLE target (LIKE source INCLUDING ALL)")
            .await;
        place.write("job.json", &job(FROM_POSTGRESQL, &to_postgresql(mode)));
        let kills = run_under_fire(&place, "job.json", seed).await;
        assert_eq!(
            place
                .value(&format!("SELECT {CHECKSUM} FROM target t"))
                .await,
            expected,
            "seed {seed} {mode}"
        );
        assert!(kills > 0, "seed {seed} killed nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_to_maxcompute_and_back() {
    for (seed, truncate) in [(21, true), (23, false)] {
        let place = Place::new().await;
        let expected = source(&place).await;
        place.maxcompute_sql(MAXCOMPUTE_TABLE).await;
        place.write("out.json", &job(FROM_POSTGRESQL, &to_maxcompute(truncate)));
        assert!(run_under_fire(&place, "out.json", seed).await > 0);
        place.start_anew();
        place
            .sql("CREATE TABLE target (LIKE source INCLUDING ALL)")
            .await;
        place.write("back.json", &job(FROM_MAXCOMPUTE, &to_postgresql("insert")));
        assert!(run_under_fire(&place, "back.json", seed + 1).await > 0);
        assert_eq!(
            place
                .value(&format!("SELECT {CHECKSUM} FROM target t"))
                .await,
            expected,
            "truncate: {truncate}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_to_files_and_back() {
    for (seed, format) in [(31, "parquet"), (32, "csv"), (33, "jsonl")] {
        let place = Place::new().await;
        let expected = source(&place).await;
        place.write("out.json", &job(FROM_POSTGRESQL, &to_files(format)));
        std::fs::create_dir(place.path("out")).unwrap();
        assert!(run_under_fire(&place, "out.json", seed).await > 0);
        place.start_anew();
        place
            .sql("CREATE TABLE target (LIKE source INCLUDING ALL)")
            .await;
        place.write(
            "back.json",
            &job(&from_files(format), &to_postgresql("insert")),
        );
        assert!(run_under_fire(&place, "back.json", seed + 10).await > 0);
        assert_eq!(
            place
                .value(&format!("SELECT {CHECKSUM} FROM target t"))
                .await,
            expected,
            "{format}"
        );
    }
}

/// A kill at random may hit before anything is settled; this one comes when a split is finished and
/// others are not, whatever the target.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_two_splits_loses_and_doubles_nothing() {
    for writer in [
        to_postgresql("insert"),
        to_postgresql("update"),
        to_postgresql("ignore"),
        to_postgresql("copy"),
        to_maxcompute(true),
        to_maxcompute(false),
        to_files("jsonl"),
    ] {
        let place = Place::new().await;
        std::fs::create_dir(place.path("out")).unwrap();
        place.maxcompute_sql(MAXCOMPUTE_TABLE).await;
        let expected = slow_job(&place, &writer).await;
        place
            .sql("CREATE TABLE target (LIKE source INCLUDING ALL)")
            .await;
        let mut child = place.start(&["run", "job.json", "--quiet"]);
        while !place.ledger().contains(r#""event":"done""#) {
            assert_eq!(child.try_wait().unwrap(), None, "the run ended by itself");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let before = place.ledger();
        assert!(before.contains(r#""event":"sealed""#), "{before}");
        assert!(!before.contains(r#""event":"committing""#), "{before}");
        let done = before.matches(r#""event":"done""#).count();
        place
            .run(&["run", "--resume", &place.latest_run().unwrap(), "--quiet"])
            .ok();
        let after = place.ledger();
        let splits = after.matches(r#""event":"done""#).count();
        assert!(
            done < splits,
            "{done} of {splits} splits were done\n{before}"
        );
        let back = [
            ("odps", FROM_MAXCOMPUTE.to_string()),
            ("file", from_files("jsonl")),
        ];
        let plugin = |name: &str| writer.contains(&format!(r#""plugin": "{name}""#));
        if let Some((_, reader)) = back.iter().find(|(name, _)| plugin(name)) {
            place.write("back.json", &job(reader, &to_postgresql("insert")));
            place.run(&["run", "back.json", "--quiet"]).ok();
        }
        assert_eq!(
            place
                .value(&format!("SELECT {CHECKSUM} FROM target t"))
                .await,
            expected,
            "{writer}"
        );
    }
}

/// A job slow enough to be stopped in the middle, and its source's checksum.
pub(crate) async fn slow_job(place: &Place, writer: &str) -> String {
    let expected = source(place).await;
    let slow =
        job(FROM_POSTGRESQL, writer).replace(r#""concurrent": 2"#, r#""concurrent": 2, "mbps": 4"#);
    place.write("job.json", &slow);
    expected
}

/// Sends the signal once rows are on their way.
pub(crate) async fn stop(place: &Place, child: &mut Child, signal: &str) {
    while place.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'").await == "0" {
        assert_eq!(child.try_wait().unwrap(), None, "the run ended by itself");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let sent = std::process::Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn sigint_stops_cleanly_and_says_how_to_go_on() {
    let place = Place::new().await;
    let expected = slow_job(&place, &to_postgresql("insert")).await;
    place
        .sql("CREATE TABLE target (LIKE source INCLUDING ALL)")
        .await;
    let mut child = place.start(&["run", "job.json"]);
    stop(&place, &mut child, "-INT").await;
    let run = place
        .finished(child.wait_with_output().unwrap())
        .fails(5, &["longshore run --resume"]);
    assert!(run.output.contains("interrupted"), "{}", run.output);
    place
        .run(&["run", "--resume", &place.latest_run().unwrap()])
        .ok();
    assert_eq!(
        place
            .value(&format!("SELECT {CHECKSUM} FROM target t"))
            .await,
        expected
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_where_it_was_begun_even_if_nobody_listens_to_it() {
    let place = Place::new().await;
    let expected = slow_job(
        &place,
        r#"{"plugin": "file", "parameter": {"path": "out", "fileName": "t.csv", "writeMode": "truncate"}}"#,
    )
    .await;
    let (usual, named) = (place.path("datasources.toml"), place.path("named.toml"));
    std::fs::rename(&usual, &named).unwrap();
    let nobody = || std::io::pipe().unwrap().1;
    let mut child = place
        .longshore(&["run", "job.json", "--datasources", "named.toml"])
        .env_remove("LONGSHORE_DATASOURCES")
        .stdout(nobody())
        .stderr(nobody())
        .spawn()
        .unwrap();
    stop(&place, &mut child, "-TERM").await;
    let stopped = child.wait_with_output().unwrap();
    assert_eq!(stopped.status.code(), Some(5));
    // Elsewhere there are other data sources of the same names, and a folder of the same name.
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::create_dir(elsewhere.path().join("out")).unwrap();
    std::fs::write(
        elsewhere.path().join("datasources.toml"),
        "[l_PostGreSql]\ntype = \"postgresql\"\njdbcUrl = \"jdbc:postgresql://127.0.0.1:1/other\"\nusername = \"u\"\n",
    )
    .unwrap();
    let resumed = place
        .longshore(&[
            "run",
            "--resume",
            &place.latest_run().unwrap(),
            "--report",
            "here.json",
        ])
        .env_remove("LONGSHORE_DATASOURCES")
        .current_dir(elsewhere.path())
        .output()
        .unwrap();
    place.finished(resumed).ok();
    assert!(elsewhere.path().join("here.json").is_file());
    std::fs::rename(&named, &usual).unwrap();
    place
        .sql("CREATE TABLE target (LIKE source INCLUDING ALL)")
        .await;
    place.write(
        "back.json",
        &job(
            r#"{"plugin": "file", "parameter": {"path": "out"}}"#,
            &to_postgresql("insert"),
        ),
    );
    place.run(&["run", "back.json"]).ok();
    assert_eq!(
        place
            .value(&format!("SELECT {CHECKSUM} FROM target t"))
            .await,
        expected
    );
}
