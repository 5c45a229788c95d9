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
    for stage in ["resolve", "connect", "login", "tables"] {
        assert!(ping.output.contains(stage), "{}", ping.output);
    }
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
async fn a_datax_document_runs_as_it_is_and_converts() {
    let place = Place::new().await;
    place.sql("CREATE TABLE person (id int, name text)").await;
    let text = std::fs::read_to_string(place.path("datasources.toml")).unwrap();
    let url = text
        .split("jdbcUrl = \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_string();
    let user = text
        .split("username = \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_string();
    let password = std::fs::read_to_string(place.path("pg.secret")).unwrap();
    place.write(
        "datax.json",
        &format!(
            r#"{{
  "job": {{
    "setting": {{ "speed": {{ "channel": 2 }}, "errorLimit": {{ "record": 0, "percentage": 0.02 }} }},
    "content": [{{
      "reader": {{ "name": "streamreader", "parameter": {{ "column": [ {{ "value": "10", "type": "long" }}, {{ "value": "DataX", "type": "string" }} ], "sliceRecordCount": 50 }} }},
      "writer": {{ "name": "postgresqlwriter", "parameter": {{ "username": "{user}", "password": "{password}", "column": ["id", "name"],
        "preSql": ["delete from person"], "connection": [ {{ "jdbcUrl": "{url}", "table": ["person"] }} ] }} }}
    }}]
  }}
}}"#
        ),
    );
    place.run(&["run", "datax.json"]).ok();
    assert_eq!(
        place
            .value("SELECT count(*) || ' ' || min(id) || ' ' || max(name) FROM person")
            .await,
        "100 10 DataX"
    );
    // The converted document holds what the original holds, its password too; it goes to a file only.
    place
        .run(&["convert", "datax.json", "-o", "converted.json"])
        .ok();
    place.run(&["run", "converted.json"]).ok();
    assert_eq!(place.value("SELECT count(*) FROM person").await, "100");
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

fn copy_of_t_to_u() -> String {
    let step = |table: &str| {
        format!(
            r#"{{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "{table}", "column": ["*"]}}}}"#
        )
    };
    job(&step("t"), &step("u"))
}
