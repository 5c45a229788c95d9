//! Documents that are broken, or ask for what is not there.

use super::{STRICT, from_file, job, postgresql, to_file};
use crate::setup::Place;

#[tokio::test(flavor = "multi_thread")]
async fn broken_documents_are_drawn_where_they_break() {
    let place = Place::new().await;
    let cases: [(&[u8], &[&str]); 6] = [
        (b"", &["the document is empty", "help:"]),
        (
            b"{\"type\": \"job\", \"configuration\": ",
            &["a value is missing after `:`", "job.json:1:"],
        ),
        (b"[1, 2", &["this `[` has no closing `]`"]),
        (
            b"{\"a\": \"\xff\"}",
            &["is not UTF-8 text", "save the document as UTF-8"],
        ),
        (
            &[b'['; 1000],
            &["the document is nested deeper than 100 levels"],
        ),
        (
            br#"{"type": 5, "version": "9", "configuration": {"reader": [], "writer": {"plugin": 7, "parameter": "x"},
                "setting": {"speed": {"concurrent": "many", "mbps": -1}, "errorLimit": {"record": "lots"}}}}"#,
            &[
                "`type` must be a string, not a number",
                "`version` must be \"1.0\"",
                "`reader` must be an object, not a list",
                "`plugin` must be the name of a connector",
                "`parameter` must be an object, not a string",
                "`concurrent` must be a whole number from 1 to 1024, not `many`",
                "`mbps` must be a number above 0",
                "`record` must be a whole number, not `lots`",
                "job.json: 8 errors",
            ],
        ),
    ];
    for (bytes, parts) in cases {
        std::fs::write(place.path("job.json"), bytes).unwrap();
        place.run(&["run", "job.json"]).fails(2, parts);
        place.run(&["check", "job.json"]).fails(2, parts);
    }
    assert_eq!(place.latest_run(), None, "nothing was started");
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_tables_and_columns_are_named() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE t (id int, note text); CREATE TABLE narrow (id int)")
        .await;
    place
        .maxcompute_sql("CREATE TABLE t (id BIGINT, note STRING)")
        .await;
    let out = to_file("t.csv");
    let columns = |plugin: &str, source: &str, table: &str, column: &str| {
        format!(
            r#"{{"plugin": "{plugin}", "parameter": {{"datasource": "{source}", "table": "{table}", "column": ["{column}"]}}}}"#
        )
    };
    let from_pg = |table: &str, column: &str| columns("postgresql", "l_PostGreSql", table, column);
    let from_mc = |table: &str, column: &str| columns("odps", "odps_first", table, column);
    let cases: [(String, String, &[&str]); 9] = [
        (
            from_pg("nope", "*"),
            out.clone(),
            &["source, datasource `l_PostGreSql`", "\"nope\" does not exist"],
        ),
        (
            from_pg("t", "nite"),
            out.clone(),
            &["\"nite\" does not exist", "did you mean `note`?"],
        ),
        (
            from_pg("t", "*"),
            from_pg("nope", "*"),
            &["target, datasource `l_PostGreSql`", "\"nope\" does not exist"],
        ),
        (
            from_pg("t", "*"),
            from_pg("narrow", "*"),
            &["the reader has 2 columns (id, note) and the writer has 1 (id)", "hint:"],
        ),
        (
            from_mc("nope", "*"),
            out.clone(),
            &["source, datasource `odps_first`", "nope"],
        ),
        (from_mc("t", "nite"), out.clone(), &["nite", "note"]),
        (
            from_pg("t", "*"),
            from_mc("nope", "*").replace(r#""column""#, r#""truncate": true, "column""#),
            &["target, datasource `odps_first`", "nope"],
        ),
        (
            from_file("nope.csv", r#"["*"]"#),
            postgresql("t"),
            &["cannot read nope.csv: no such file", "check `path`"],
        ),
        (
            r#"{"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "querySql": "SELECT 1 FROM nope"}}"#.to_string(),
            out,
            &["cannot read query 1", "relation \"nope\" does not exist"],
        ),
    ];
    for (reader, writer, parts) in cases {
        place.refuses(&job(&reader, &writer, STRICT), 2, parts);
    }
    assert_eq!(place.latest_run(), None, "nothing was started");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_sql_is_named_by_its_field() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE t (id int, note text); INSERT INTO t VALUES (1, 'one'); CREATE TABLE target (LIKE t)")
        .await;
    let with = |table: &str, field: &str| {
        postgresql(table).replace(r#""column""#, &format!(r#"{field}, "column""#))
    };
    let query = |sql: &str| {
        format!(
            r#"{{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "querySql": "{sql}"}}}}"#
        )
    };
    let target = postgresql("target");
    let cases: [(String, String, i32, &[&str]); 9] = [
        (
            with("t", r#""where": "id >""#),
            target.clone(),
            2,
            &["cannot read table public.t: syntax error", "mend `where`"],
        ),
        (
            with("t", r#""where": "nite = 'x'""#),
            target.clone(),
            2,
            &["\"nite\" does not exist", "mend `where`"],
        ),
        (
            with("t", r#""where": "id / (id - 1) = 1""#),
            target.clone(),
            1,
            &[
                "division by zero",
                "mend `where`, or the expression in `column`",
            ],
        ),
        (
            query("SELEKT 1"),
            target.clone(),
            2,
            &["cannot read query 1: syntax error", "mend `querySql`"],
        ),
        (
            query("SELECT id / (id - 1), note FROM t"),
            target.clone(),
            1,
            &["cannot read query 1: division by zero", "mend `querySql`"],
        ),
        (
            with("t", r#""preSql": ["SELEKT 1"]"#),
            target.clone(),
            2,
            &[
                "`preSql` query 1: syntax error",
                "mend the reader's `preSql`",
            ],
        ),
        (
            postgresql("t"),
            with("target", r#""preSql": ["TRUNCATE @table", "SELECT 1 / 0"]"#),
            1,
            &[
                "`preSql` statement 2 failed: division by zero",
                "mend `preSql`: no row was written",
            ],
        ),
        (
            postgresql("t"),
            with("target", r#""postSql": ["TRUNCATE nowhere"]"#),
            1,
            &[
                "`postSql` statement 1 failed: relation \"nowhere\" does not exist",
                "all rows are in the table: mend `postSql`",
            ],
        ),
        (
            with("t", r#""splitPk": "id", "where": "id / (id - 1) = 1""#),
            target,
            1,
            &[
                "cannot cut table public.t into parts: division by zero",
                "mend `where`",
            ],
        ),
    ];
    for (reader, writer, code, parts) in cases {
        let setting = r#"{"errorLimit": {"record": 0}, "speed": {"concurrent": 2}}"#;
        place.refuses(&job(&reader, &writer, setting), code, parts);
    }
    assert_eq!(place.value("SELECT count(*) FROM target").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_table_is_a_success_of_no_rows() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE empty (id int, note text); CREATE TABLE target (LIKE empty)")
        .await;
    place
        .maxcompute_sql("CREATE TABLE target (id BIGINT, note STRING)")
        .await;
    let to_maxcompute = r#"{"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "target", "column": ["*"], "truncate": true}}"#;
    place.moves(
        &job(&postgresql("empty"), &postgresql("target"), STRICT),
        0,
        0,
    );
    place.moves(&job(&postgresql("empty"), to_maxcompute, STRICT), 0, 0);
    place.moves(
        &job(
            to_maxcompute.replace(r#", "truncate": true"#, "").as_str(),
            &postgresql("target"),
            STRICT,
        ),
        0,
        0,
    );
    for name in ["empty.csv", "empty.parquet"] {
        place.moves(&job(&postgresql("empty"), &to_file(name), STRICT), 0, 0);
    }
    place.moves(
        &job(
            &from_file("out/empty.parquet", r#"["*"]"#),
            &postgresql("target"),
            STRICT,
        ),
        0,
        0,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_columns_keeps_its_rows_or_is_refused() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE bare (); INSERT INTO bare SELECT FROM generate_series(1, 5); CREATE TABLE target (); CREATE TABLE wide (id int)")
        .await;
    place.moves(
        &job(&postgresql("bare"), &postgresql("target"), STRICT),
        5,
        0,
    );
    assert_eq!(place.value("SELECT count(*) FROM target").await, "5");
    place.refuses(
        &job(&postgresql("bare"), &postgresql("wide"), STRICT),
        2,
        &["the reader has 0 columns () and the writer has 1 (id)"],
    );
    place.maxcompute_sql("CREATE TABLE wide (id BIGINT)").await;
    for (missing, code, part) in [
        (
            "",
            2,
            "the reader has 0 columns () and the writer has 1 (id)",
        ),
        (
            r#", "missingColumns": "null""#,
            2,
            "table `wide` cannot take rows without columns",
        ),
    ] {
        let to_maxcompute = format!(
            r#"{{"plugin": "odps", "parameter": {{"datasource": "odps_first", "table": "wide", "column": ["*"], "truncate": true{missing}}}}}"#
        );
        place.refuses(
            &job(&postgresql("bare"), &to_maxcompute, STRICT),
            code,
            &[part, "hint:"],
        );
    }
    for name in ["bare.parquet", "bare.csv", "bare.jsonl"] {
        place.refuses(
            &job(&postgresql("bare"), &to_file(name), STRICT),
            2,
            &["a file cannot hold rows without columns", "hint:"],
        );
    }
}
