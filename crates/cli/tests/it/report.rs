//! What a run shows of itself: type fit before, progress meanwhile, the report at its end.

use std::process::Stdio;

use chrono::DateTime;
use serde_json::Value;

use crate::setup::Place;

fn job(reader: &str, writer: &str, speed: &str) -> String {
    format!(
        r#"{{"type": "job", "version": "1.0", "configuration": {{"reader": {reader}, "writer": {writer}, "setting": {{"speed": {speed}}}}}}}"#
    )
}

fn table(name: &str, more: &str) -> String {
    format!(
        r#"{{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "{name}", "column": ["*"]{more}}}}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_has_every_figure_for_programs_and_for_people() {
    let place = Place::new().await;
    place
        .sql(
            "CREATE TABLE source (id bigint PRIMARY KEY, name text);
             INSERT INTO source SELECT i, 'name ' || i FROM generate_series(1, 5000) i;
             CREATE TABLE target (id bigint PRIMARY KEY, name text); INSERT INTO target VALUES (7, 'there')",
        )
        .await;
    place.write(
        "job.json",
        &job(
            &table("source", r#", "splitPk": "id""#),
            &table("target", ""),
            r#"{"concurrent": 2}"#,
        )
        .replace(
            r#""setting""#,
            r#""filter": "id > 10 or id = 7", "setting""#,
        ),
    );
    let ran = place
        .run(&["run", "job.json", "--quiet", "--report", "report.json"])
        .ok();
    let text = std::fs::read_to_string(place.path("report.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    let figure = |of: &Value, name: &str| {
        of[name]
            .as_u64()
            .unwrap_or_else(|| panic!("{name} in {text}"))
    };
    let sums = [
        "rowsRead",
        "rowsFiltered",
        "rowsWritten",
        "rowsDirty",
        "bytesRead",
    ];
    assert_eq!(
        sums[..4]
            .iter()
            .map(|name| figure(&report, name))
            .collect::<Vec<_>>(),
        [5000, 9, 4990, 1]
    );
    assert!(figure(&report, "bytesRead") > 5000 * 8, "{text}");

    let splits = report["splits"].as_array().unwrap();
    assert!(splits.len() > 2, "{text}");
    for name in sums {
        let sum: u64 = splits.iter().map(|split| figure(split, name)).sum();
        assert_eq!(sum, figure(&report, name), "{name}");
    }
    for split in splits {
        assert_eq!(split["attempts"], 1);
        assert!(
            split["seconds"].as_f64().is_some_and(|time| time > 0.0),
            "{split}"
        );
        assert!(
            split["split"].is_string() && split["task"].is_u64(),
            "{split}"
        );
    }

    let time = |name: &str| DateTime::parse_from_rfc3339(report[name].as_str().unwrap()).unwrap();
    assert!(time("start") <= time("end"), "{text}");
    let timing = |name: &str| {
        report["timing"][name]
            .as_f64()
            .unwrap_or_else(|| panic!("{name} in {text}"))
    };
    let seconds = timing("seconds");
    assert!(seconds > 0.0);
    for (rate, amount) in [
        ("rowsPerSecond", 5000.0),
        ("bytesPerSecond", figure(&report, "bytesRead") as f64),
    ] {
        assert!(
            (timing(rate) * seconds - amount).abs() < amount / 100.0,
            "{rate} in {text}"
        );
    }
    for wait in ["waitReaderSeconds", "waitWriterSeconds"] {
        assert!(
            (0.0..=2.0 * seconds).contains(&timing(wait)),
            "{wait} in {text}"
        );
    }
    assert_eq!(timing("retries"), 0.0);

    let shown = |name: &str| {
        let line = ran
            .output
            .lines()
            .find(|line| line.trim_start().starts_with(name));
        line.unwrap_or_else(|| panic!("{name} in {}", ran.output))
            .trim_start()[name.len()..]
            .trim()
    };
    assert_eq!(shown("outcome"), "succeeded");
    assert_eq!(shown("start"), report["start"].as_str().unwrap());
    assert_eq!(shown("end"), report["end"].as_str().unwrap());
    assert_eq!(shown("time"), format!("{seconds:.3} s"));
    for (name, value) in [
        ("rows read", "5,000"),
        ("rows filtered", "9"),
        ("rows written", "4,990"),
        ("rows dirty", "1"),
        ("retries", "0"),
    ] {
        assert_eq!(shown(name), value, "{name}");
    }
    assert_eq!(shown("splits"), splits.len().to_string());
    assert!(shown("bytes read").ends_with(" MiB"));
    assert!(shown("rate").contains(" rows/s, ") && shown("rate").ends_with(" MiB/s"));
    assert_eq!(
        shown("wait for reader"),
        format!("{:.3} s", timing("waitReaderSeconds"))
    );
    assert_eq!(
        shown("wait for writer"),
        format!("{:.3} s", timing("waitWriterSeconds"))
    );
    assert_eq!(
        shown("dirty rows in"),
        report["dirtyFile"].as_str().unwrap()
    );
}

/// A job that its rate limit keeps going for some seconds.
fn slow() -> String {
    job(
        r#"{"plugin": "stream", "parameter": {"rowCount": 3000, "column": [{"type": "long"}]}}"#,
        r#"{"plugin": "stream", "parameter": {}}"#,
        r#"{"concurrent": 2, "record": 1000}"#,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_plain_lines_where_there_is_no_terminal() {
    let place = Place::new().await;
    place.write("job.json", &slow());
    let ran = place.run(&["run", "job.json"]).ok();
    let line = ran.messages.lines().find(|line| line.contains(" splits"));
    let line = line.unwrap_or_else(|| panic!("no progress in {}", ran.messages));
    for part in [" rows  ", " MiB/s  ", " dirty  ", "/2 splits", " %"] {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(
        !ran.messages.contains('\u{1b}') && !ran.messages.contains('\r'),
        "{:?}",
        ran.messages
    );
    let quiet = place.run(&["run", "job.json", "--quiet"]).ok();
    assert!(!quiet.messages.contains(" splits"), "{}", quiet.messages);
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_one_line_that_renews_itself_on_a_terminal() {
    let place = Place::new().await;
    place.write("job.json", &slow());
    let run = place.longshore(&["run", "job.json"]);
    // A terminal of its own for the executable; what it shows there comes out of the pipe.
    let shown = std::process::Command::new("python3")
        .args([
            "-c",
            "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))",
        ])
        .arg(run.get_program())
        .args(run.get_args())
        .current_dir(run.get_current_dir().unwrap())
        .envs(
            run.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&shown.stdout);
    assert_eq!(
        shown.status.code(),
        Some(0),
        "{text}{}",
        String::from_utf8_lossy(&shown.stderr)
    );
    // The same line is drawn over and over, and cleared in the end.
    assert!(text.matches("/2 splits").count() > 3, "{text:?}");
    assert!(
        text.contains('\u{1b}') && text.contains("outcome  succeeded"),
        "{text:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn check_shows_how_every_column_fits_before_it_refuses_one() {
    let place = Place::new().await;
    place
        .sql(
            "CREATE TABLE source (id bigint, name text, flag boolean, amount numeric(15,2));
             CREATE TABLE target (id bigint, name integer, flag date, amount numeric(9,2));
             CREATE TABLE fitting (id bigint, name integer, flag boolean, amount numeric(9,2))",
        )
        .await;
    let fits = |output: &str| -> Vec<String> {
        let lines = output.lines().take_while(|line| !line.is_empty());
        lines
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    };
    place.write(
        "job.json",
        &job(&table("source", ""), &table("target", ""), "{}"),
    );
    let ran = place.run(&["check", "job.json"]).fails(
        2,
        &["these columns cannot be mapped: flag (boolean) into flag (date)"],
    );
    let shown = fits(&ran.output);
    assert_eq!(shown[0], "source type target type fit");
    assert_eq!(shown[1], "id bigint id bigint lossless");
    assert!(
        shown[2].starts_with("name text name integer checked: texts that are no value of integer make their row dirty"),
        "{shown:?}"
    );
    assert!(
        shown[3].starts_with("flag boolean flag date impossible: boolean cannot become date; "),
        "{shown:?}"
    );
    assert_eq!(
        shown[4],
        "amount numeric(15,2) amount numeric(9,2) checked: numbers that numeric(9,2) cannot hold exactly make their row dirty"
    );
    assert_eq!(shown.len(), 5);
    assert!(!ran.output.contains("split"), "{}", ran.output);

    place.write(
        "job.json",
        &job(&table("source", ""), &table("fitting", ""), "{}"),
    );
    let ran = place.run(&["check", "job.json"]).ok();
    assert_eq!(fits(&ran.output)[3], "flag boolean flag boolean lossless");
    assert!(
        ran.output.contains("1 split over 1 channel"),
        "{}",
        ran.output
    );
    // A run refuses the same, and nothing of it is kept.
    place.write(
        "job.json",
        &job(&table("source", ""), &table("target", ""), "{}"),
    );
    place
        .run(&["run", "job.json"])
        .fails(2, &["these columns cannot be mapped"]);
    assert_eq!(place.latest_run(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limited_run_reads_so_many_rows() {
    let place = Place::new().await;
    let made = r#"{"plugin": "stream", "parameter": {"rowCount": 100000, "column": [{"name": "id", "type": "long"}]}}"#;
    let away = r#"{"plugin": "stream", "parameter": {}}"#;
    place.write("job.json", &job(made, away, r#"{"concurrent": 3}"#));
    let ran = place.run(&[
        "run",
        "job.json",
        "--quiet",
        "--limit-rows",
        "42",
        "--report",
        "report.json",
    ]);
    let told = ran.ok().messages;
    assert!(told.contains("the first 42 rows were read"), "{told}");
    let text = std::fs::read_to_string(place.path("report.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&report["rowsRead"], &report["limitRows"]),
        (&42.into(), &42.into())
    );
    assert!(
        report["splits"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it["state"] == "done")
    );
    for wrong in [
        ["job.json", "--limit-rows=0"],
        ["--resume=x", "--limit-rows=5"],
    ] {
        let [what, limit] = wrong;
        place.run(&["run", what, limit]).fails(2, &["--limit-rows"]);
    }
}
