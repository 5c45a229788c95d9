//! What a newcomer meets: messages, exit codes, looking around, documents of three spellings.

use crate::setup::Place;

fn job(reader: &str, writer: &str) -> String {
    format!(
        r#"{{"type": "job", "version": "1.0", "configuration": {{"reader": {reader}, "writer": {writer}, "setting": {{"errorLimit": {{"record": 0}}}}}}}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_of_a_document_is_shown_with_its_line() {
    let place = Place::new().await;
    place.write(
        "job.json",
        &job(
            r#"{"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSQL", "table": "t", "column": ["*"]}}"#,
            "\n{\"plugin\": \"odsp\", \"parameter\": {\"datasource\": \"odps_first\", \"table\": \"t\"}}",
        ),
    );
    place.run(&["run", "job.json"]).fails(
        2,
        &[
            "job.json:1:",
            "there is no datasource `l_PostGreSQL`",
            "did you mean `l_PostGreSql`?",
            "job.json:2:",
            "there is no connector `odsp`",
            "did you mean `odps`?",
        ],
    );
    place.write(
        "job.json",
        &job(
            r#"{"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "tabel": "t", "column": ["*"]}}"#,
            r#"{"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "t", "truncate": "maybe"}}"#,
        ),
    );
    place.run(&["check", "job.json"]).fails(
        2,
        &[
            "unknown key `tabel`",
            "did you mean `table`?",
            "`truncate` must be true or false",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_of_document_and_connectors_come_together() {
    let place = Place::new().await;
    place.write(
        "job.json",
        r#"{"type": "job", "version": "1.0", "configuration": {
"reader": {"plugin": "postgresql", "parameter": {"datasource": "nowhere", "tabel": "t", "column": ["*"]}},
"writer": {"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "t", "column": "*", "truncate": "${unknown}"}},
"seting": {}}}"#,
    );
    let ran = place.run(&["run", "job.json"]).fails(
        2,
        &[
            "there is no datasource `nowhere`",
            "unknown key `tabel`",
            "parameter `unknown` has no value",
            "unknown key `seting`",
            "did you mean `setting`?",
        ],
    );
    // In the order of the text, and what could not be read is not wrong a second time.
    let lines: Vec<_> = ran
        .messages
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("--> job.json:"))
        .collect();
    assert!(lines.is_sorted(), "{}", ran.messages);
    assert!(
        !ran.messages.contains("must be true or false"),
        "{}",
        ran.messages
    );

    place.write(
        "job.json",
        &job(
            r#"{"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "source_gone", "column": ["*"]}}"#,
            r#"{"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "target_gone", "column": ["*"]}}"#,
        ),
    );
    place.run(&["check", "job.json"]).fails(
        2,
        &[
            "source, datasource",
            "source_gone",
            "target, datasource",
            "target_gone",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_things_are_named_with_the_nearest_that_exist() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE orders (id bigint, note text)")
        .await;
    let reading = |table: &str, column: &str| {
        job(
            &format!(
                r#"{{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "{table}", "column": ["{column}"]}}}}"#
            ),
            r#"{"plugin": "stream", "parameter": {}}"#,
        )
    };
    place.write("job.json", &reading("order", "id"));
    place
        .run(&["run", "job.json"])
        .fails(2, &["order", "orders"]);
    place.write("job.json", &reading("orders", "nite"));
    place.run(&["run", "job.json"]).fails(2, &["nite", "note"]);
    place
        .run(&["run", "nowhere.json"])
        .fails(2, &["nowhere.json"]);
    place
        .run(&["ping", "l_PostGreSq"])
        .fails(2, &["did you mean `l_PostGreSql`?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_or_refusing_source_is_exit_code_4() {
    let place = Place::new().await;
    place.sql("CREATE TABLE t (id bigint)").await;
    place.write(
        "job.json",
        &job(
            r#"{"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "t", "column": ["*"]}}"#,
            r#"{"plugin": "stream", "parameter": {}}"#,
        ),
    );
    place.run(&["run", "job.json"]).ok();
    std::fs::write(place.path("pg.secret"), "wrong").unwrap();
    place.run(&["run", "job.json"]).fails(4, &["password"]);
    let ping = place.run(&["ping", "l_PostGreSql"]);
    assert_eq!(ping.code, Some(4));
    assert!(ping.output.contains("login    failed"), "{}", ping.output);
    assert!(
        ping.output.contains("password authentication failed") && ping.output.contains("hint: "),
        "{}",
        ping.output
    );
    let text = std::fs::read_to_string(place.path("datasources.toml")).unwrap();
    let port = text
        .split("127.0.0.1:")
        .nth(1)
        .unwrap()
        .split('/')
        .next()
        .unwrap()
        .to_string();
    place.write(
        "datasources.toml",
        &text.replace(&format!("127.0.0.1:{port}/"), "127.0.0.1:1/"),
    );
    place
        .run(&["run", "job.json"])
        .fails(4, &["127.0.0.1:1", "refused"]);
    let ping = place.run(&["ping", "l_PostGreSql"]);
    assert_eq!(ping.code, Some(4));
    let failed = ping.output.lines().find(|line| line.starts_with("connect"));
    assert!(
        failed.is_some_and(|line| line.contains("failed")
            && line.contains("127.0.0.1:1")
            && line.contains("refused")),
        "{}",
        ping.output
    );
    assert!(!ping.output.contains("login"), "{}", ping.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_dirty_rows_than_tolerated_is_exit_code_3() {
    let place = Place::new().await;
    place.sql("CREATE TABLE t (id bigint, n text); INSERT INTO t VALUES (1, '1'), (2, 'two'); CREATE TABLE u (id bigint, n int)").await;
    place.write("job.json", &copy_of_t_to_u());
    place
        .run(&["run", "job.json"])
        .fails(3, &["1 of 2 rows are dirty"]);
    assert_eq!(place.value("SELECT count(*) FROM u").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_around_shows_tables_columns_and_rows() {
    let place = Place::new().await;
    place.sql("CREATE TABLE public.person (id bigint PRIMARY KEY, name text); INSERT INTO person VALUES (1, 'one'), (2, NULL)").await;
    let ping = place.run(&["ping", "l_PostGreSql"]).ok();
    let stages: Vec<_> = ping.output.lines().map(stage_of_ping).collect();
    assert_eq!(stages, ["resolve", "connect", "tls", "login", "tables"]);
    place.run(&["ping", "odps_first"]).ok();
    assert!(
        place
            .run(&["tables", "l_PostGreSql"])
            .ok()
            .output
            .contains("public.person")
    );
    let columns = place
        .run(&["columns", "l_PostGreSql", "public.person"])
        .ok();
    assert!(
        columns.output.contains("bigint") && columns.output.contains("key"),
        "{}",
        columns.output
    );
    let preview = place
        .run(&["preview", "l_PostGreSql", "public.person"])
        .ok();
    assert_eq!(preview.output, "id  name\n1   one\n2   NULL\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_shown_with_their_values() {
    let place = Place::new().await;
    let example = crate::setup::example("import.json");
    let ran = place
        .run(&["params", example.to_str().unwrap(), "--bizdate", "20240229"])
        .ok();
    assert!(
        ran.output.contains("${bdp.system.bizdate}  20240229"),
        "{}",
        ran.output
    );
    place
        .run(&["params", example.to_str().unwrap(), "--bizdate", "20240230"])
        .fails(2, &["20240230"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_counts_splits_and_the_channels_they_need() {
    let place = Place::new().await;
    place
        .sql(
            "CREATE TABLE t (id bigint PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 1000)",
        )
        .await;
    let reading = |more: &str| {
        job(
            &format!(r#"{{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "t", "column": ["*"]{more}}}}}"#),
            r#"{"plugin": "stream", "parameter": {}}"#,
        )
        .replace(r#""setting": {"#, r#""setting": {"speed": {"concurrent": 2}, "#)
    };
    for (more, counted) in [
        ("", "1 split over 1 channel\n"),
        (r#", "splitPk": "id""#, "10 splits over 2 channels\n"),
    ] {
        place.write("job.json", &reading(more));
        let ran = place.run(&["check", "job.json"]).ok();
        assert!(ran.output.contains(counted), "{}", ran.output);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_cannot_be_written_is_found_out_before_rows_move() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE t (id bigint); INSERT INTO t VALUES (1); CREATE TABLE u (id bigint)")
        .await;
    place.write("job.json", &copy_of_t_to_u());
    place
        .run(&["run", "job.json", "--report", "nowhere/report.json"])
        .fails(2, &["cannot write the report", "nowhere/report.json"]);
    assert_eq!(place.value("SELECT count(*) FROM u").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_to_read_what_is_said() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE t (id bigint); INSERT INTO t VALUES (1); CREATE TABLE u (id bigint)")
        .await;
    place.write("job.json", &copy_of_t_to_u());
    // A pipe whose reader has gone, as that of `longshore … | head` at last.
    let closed = || std::io::pipe().unwrap().1;
    for arguments in [
        &["connectors"][..],
        &["ping", "l_PostGreSql"],
        &["check", "job.json"],
        &["run", "job.json"],
        &["run", "nowhere.json"],
    ] {
        let status = place
            .longshore(arguments)
            .stdout(closed())
            .stderr(closed())
            .status()
            .unwrap();
        let expected = if arguments[1..] == ["nowhere.json"] {
            2
        } else {
            0
        };
        assert_eq!(status.code(), Some(expected), "{arguments:?}");
    }
    assert_eq!(place.value("SELECT count(*) FROM u").await, "1");
}

/// The stage that a line of `ping` tells of, which must have gone well and have taken a time.
fn stage_of_ping(line: &str) -> &str {
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!((words[1], words[3]), ("ok", "ms"), "{line}");
    let milliseconds: f64 = words[2].parse().expect(line);
    assert!((0.0..60_000.0).contains(&milliseconds), "{line}");
    words[0]
}

fn copy_of_t_to_u() -> String {
    let step = |table: &str| {
        format!(
            r#"{{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "{table}", "column": ["*"]}}}}"#
        )
    };
    job(&step("t"), &step("u"))
}
