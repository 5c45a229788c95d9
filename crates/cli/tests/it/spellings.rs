//! Documents as others write them, and how strictly they are read; parameters from the command line.

use crate::setup::Place;

/// A value of `datasources.toml`.
fn field(place: &Place, name: &str) -> String {
    let text = std::fs::read_to_string(place.path("datasources.toml")).unwrap();
    let rest = text.split(&format!("{name} = \"")).nth(1).unwrap();
    rest.split('"').next().unwrap().to_string()
}

/// A DataX document from `reader` into the table `person`; `more` follows reader and writer.
fn datax(place: &Place, reader: &str, more: &str) -> String {
    let (url, user) = (field(place, "jdbcUrl"), field(place, "username"));
    let password = std::fs::read_to_string(place.path("pg.secret")).unwrap();
    format!(
        r#"{{
  "job": {{
    "setting": {{ "speed": {{ "channel": 2 }}, "errorLimit": {{ "record": 0, "percentage": 0.02 }} }},
    "content": [{{
      "reader": {reader},
      "writer": {{ "name": "postgresqlwriter", "parameter": {{ "username": "{user}", "password": "{password}", "column": ["id", "name"],
        "preSql": ["delete from person"], "batchSize": 2048, "connection": [ {{ "jdbcUrl": "{url}", "table": ["person"] }} ] }} }}{more}
    }}]
  }}
}}"#
    )
}

const STREAM: &str = r#"{ "name": "streamreader", "parameter": { "column": [ { "incr": "1,1", "type": "long" }, { "value": "DataX", "type": "string" } ], "sliceRecordCount": 50 } }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_datax_document_runs_as_it_is_and_converts() {
    let place = Place::new().await;
    place.sql("CREATE TABLE person (id int, name text)").await;
    // DataX drops the rows that its filter describes.
    let transformers = r#", "transformer": [
        { "name": "dx_filter", "parameter": { "columnIndex": 0, "paras": [">", "30"] } },
        { "name": "dx_pad", "parameter": { "columnIndex": 1, "paras": ["l", "8", "*"] } } ]"#;
    place.write("datax.json", &datax(&place, STREAM, transformers));
    let rows = "SELECT count(*) || ' ' || min(id) || ' ' || max(id) || ' ' || min(name) || ' ' || max(name) FROM person";
    place.run(&["run", "datax.json"]).ok();
    assert_eq!(place.value(rows).await, "30 1 30 ***DataX ***DataX");
    // The converted document holds what the original holds, its password too; it goes to a file only.
    place
        .run(&["convert", "datax.json", "-o", "converted.json"])
        .ok();
    place.sql("DELETE FROM person").await;
    let ran = place.run(&["run", "converted.json"]).ok();
    assert_eq!(place.value(rows).await, "30 1 30 ***DataX ***DataX");
    assert!(ran.output.contains("rows filtered  70"), "{}", ran.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn lapses_are_warnings_in_datax_documents_and_errors_in_others_unless_said() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE person (id int, name text); CREATE TABLE source AS SELECT i AS id, 'n' AS name FROM generate_series(1, 5) i")
        .await;
    let (url, user) = (field(&place, "jdbcUrl"), field(&place, "username"));
    let password = std::fs::read_to_string(place.path("pg.secret")).unwrap();
    let reader = format!(
        r#"{{ "name": "postgresqlreader", "parameter": {{ "username": "{user}", "password": "{password}", "column": ["*"], "wheer": "id > 2",
            "connection": [ {{ "jdbcUrl": ["{url}"], "table": ["source"] }} ] }} }}"#
    );
    place.write("datax.json", &datax(&place, &reader, ""));
    let count = "SELECT count(*) FROM person";
    let ran = place.run(&["run", "datax.json"]).ok();
    for part in [
        "warning",
        "unknown key `wheer`",
        "did you mean `where`?",
        "it has no effect",
    ] {
        assert!(ran.messages.contains(part), "{part}\n{}", ran.messages);
    }
    assert_eq!(place.value(count).await, "5");
    place.sql("DELETE FROM person").await;
    place.run(&["run", "datax.json", "--strict"]).fails(
        2,
        &["error", "unknown key `wheer`", "did you mean `where`?"],
    );
    assert_eq!(place.value(count).await, "0");

    let own = r#"{"type": "job", "version": "1.0", "configuration": {
        "reader": {"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "source", "column": ["*"], "wheer": "id > 2"}},
        "writer": {"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "person", "column": ["*"]}}}}"#;
    place.write("own.json", own);
    place
        .run(&["run", "own.json"])
        .fails(2, &["error", "unknown key `wheer`"]);
    let ran = place.run(&["run", "own.json", "--lenient"]).ok();
    assert!(
        ran.messages.contains("unknown key `wheer`"),
        "{}",
        ran.messages
    );
    assert_eq!(place.value(count).await, "5");
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_and_times_come_from_the_command_line() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE source AS SELECT i AS id FROM generate_series(1, 9) i; CREATE TABLE target (id int, day text, at text, kind text)")
        .await;
    place.write(
        "job.json",
        r#"{"type": "job", "version": "1.0", "configuration": {
            "reader": {"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "source", "where": "id <= ${most}",
                "column": ["id", "'${bdp.system.bizdate}'", "'$[yyyy-mm-dd hh24:mi:ss-1/24]'", "'${kind}'"]}},
            "writer": {"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "target", "column": ["*"]}},
            "setting": {"errorLimit": {"record": 0}}}}"#,
    );
    let ran = place
        .run(&["run", "job.json", "-p", "most=4"])
        .fails(2, &["kind"]);
    assert!(!ran.messages.contains("`${most}`"), "{}", ran.messages);
    place
        .run(&[
            "run",
            "job.json",
            "-p",
            "most=4",
            "-p",
            r#"kind=say "no""#,
            "--cyctime",
            "20240301083005",
        ])
        .ok();
    assert_eq!(
        place
            .value("SELECT count(*) || ' ' || min(target::text) FROM target")
            .await,
        r#"4 (1,20240229,"2024-03-01 07:30:05","say ""no""")"#
    );
    let shown = place
        .run(&[
            "params",
            "job.json",
            "-p",
            "most=$bizdate",
            "-p",
            "kind=x",
            "--cyctime",
            "20240301083005",
        ])
        .ok();
    for part in ["20240229", "2024-03-01 07:30:05"] {
        assert!(shown.output.contains(part), "{part}\n{}", shown.output);
    }
    for (arguments, said) in [
        (["-p", "most"], "-p most: write it as key=value"),
        (["--cyctime", "today"], "--cyctime: "),
        (["--bizdate", "2024-02-30"], "--bizdate: "),
    ] {
        place
            .run(&[&["run", "job.json"][..], &arguments].concat())
            .fails(2, &[said]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_without_effect_are_named_once_and_hinder_nothing() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE source AS SELECT i AS id FROM generate_series(1, 3) i; CREATE TABLE target (id int)")
        .await;
    let text = std::fs::read_to_string(place.path("datasources.toml")).unwrap();
    let url = field(&place, "jdbcUrl");
    let tuned = format!("{url}?prepareThreshold=0&currentSchema=public&tcpKeepAlive=true");
    place.write("datasources.toml", &text.replace(&url, &tuned));
    place.write(
        "job.json",
        r#"{"type": "job", "version": "1.0", "configuration": {
            "reader": {"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "source", "column": ["*"], "fetchSize": 1024,
                "mandatoryEncoding": "UTF-8", "checkSlave": true}},
            "writer": {"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "target", "column": ["*"],
                "batchSize": 1024, "batchByteSize": "1048576"}}}}"#,
    );
    let ran = place.run(&["run", "job.json"]).ok();
    for said in [
        "`fetchSize` has no effect: rows are streamed by COPY",
        "`mandatoryEncoding` has no effect: ",
        "`checkSlave` has no effect: ",
        "`batchSize` has no effect: ",
        "`batchByteSize` has no effect: ",
        "datasource `l_PostGreSql`: `prepareThreshold` in `jdbcUrl` has no effect: ",
        "datasource `l_PostGreSql`: `tcpKeepAlive` in `jdbcUrl` has no effect: ",
    ] {
        assert_eq!(
            ran.messages.matches(said).count(),
            1,
            "{said}\n{}",
            ran.messages
        );
    }
    assert!(!ran.messages.contains("currentSchema"), "{}", ran.messages);
    assert_eq!(place.value("SELECT count(*) FROM target").await, "3");

    let text = std::fs::read_to_string(place.path("job.json")).unwrap();
    place.write(
        "wrong.json",
        &text.replace("\"batchSize\": 1024", "\"batchSize\": \"many\""),
    );
    let ran = place
        .run(&["run", "wrong.json"])
        .fails(2, &["`batchSize` must be a whole number"]);
    assert!(
        !ran.messages.contains("`batchSize` has no effect"),
        "{}",
        ran.messages
    );

    place.write(
        "job.json",
        r#"{"type": "job", "version": "1.0", "configuration": {
            "reader": {"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "t", "column": ["*"], "maxRetryTime": 3,
                "packageAuthorizedProject": "p"}},
            "writer": {"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "t", "column": ["*"], "truncate": true,
                "maxRetryTime": 3, "consistencyCommit": true, "writeTimeoutInMs": 1}}}}"#,
    );
    place.maxcompute_sql("CREATE TABLE t (id BIGINT)").await;
    let ran = place.run(&["check", "job.json"]).ok();
    for (key, places) in [
        ("maxRetryTime", 2),
        ("packageAuthorizedProject", 1),
        ("consistencyCommit", 1),
        ("writeTimeoutInMs", 1),
    ] {
        let said = format!("`{key}` has no effect: ");
        let found = ran.messages.matches(&said).count();
        assert_eq!(found, places, "{said}\n{}", ran.messages);
    }

    std::fs::create_dir(place.path("in")).unwrap();
    std::fs::write(place.path("in/rows.csv"), "1\n").unwrap();
    place.write(
        "job.json",
        r#"{"type": "job", "version": "1.0", "configuration": {
            "reader": {"plugin": "file", "parameter": {"path": "in", "column": ["*"], "csvReaderConfig": {"skipEmptyRecords": false, "safetySwitch": false}}},
            "writer": {"plugin": "stream", "parameter": {"column": ["*"], "print": true, "fieldDelimiter": ",", "path": "p", "fileName": "f",
                "recordNumBeforeSleep": 1, "sleepTime": 1}}}}"#,
    );
    let ran = place.run(&["run", "job.json"]).ok();
    for key in [
        "skipEmptyRecords",
        "safetySwitch",
        "column",
        "print",
        "fieldDelimiter",
        "path",
        "fileName",
        "recordNumBeforeSleep",
        "sleepTime",
    ] {
        let said = format!("`{key}` has no effect: ");
        let found = ran.messages.matches(&said).count();
        assert_eq!(found, 1, "{said}\n{}", ran.messages);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_text_becomes_null_in_numbers_as_datax_does() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE source (id int, n text, m text, d text, name text); INSERT INTO source VALUES (1, '', '', '', ''), (2, '7', '1.5', '2.25', 'x');
              CREATE TABLE target (id int, n bigint, m numeric, d numeric(9,2), name text)")
        .await;
    let job = |more: &str| {
        format!(
            r#"{{"type": "job", "version": "1.0", "configuration": {{
            "reader": {{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "source", "column": ["*"]}}}},
            "writer": {{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "target", "column": ["*"], "preSql": ["truncate target"]{more}}}}},
            "setting": {{"errorLimit": {{"record": 0}}}}}}}}"#
        )
    };
    for said in ["", r#", "emptyAsNull": true"#] {
        place.write("job.json", &job(said));
        place.run(&["run", "job.json"]).ok();
        assert_eq!(
            place
                .value("SELECT string_agg(target::text, ' ' ORDER BY id) FROM target")
                .await,
            "(1,,,,\"\") (2,7,1.5,2.25,x)"
        );
    }
    place.write("job.json", &job(r#", "emptyAsNull": "false""#));
    place
        .run(&["run", "job.json"])
        .fails(3, &["1 of 2 rows are dirty"]);
}
