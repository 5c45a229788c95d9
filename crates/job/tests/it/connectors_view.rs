//! What connectors and the engine see of a job: columns, parameters, places for problems of their own.

use job::{Colour, ColumnItem, Constant, Datasource, Job};
use serde_json::json;

use crate::{STREAM, read, seed};

fn text(text: &str) -> Constant {
    Constant::String(text.to_owned())
}

#[test]
fn column_items_are_told_apart() {
    let reader = r#"{"plugin": "postgresql", "parameter": {"datasource": "d", "column": [
        "*", "id", "'it''s'", "''", "1", -2.50, "1e9", true, "FALSE", null, "NULL", "now()", "'a' || 'b'", "\"Name\"",
        {"expression": "a + 1", "name": "b"}, {"expression": "a + 1"}, {"index": 0, "type": "long"}]}}"#;
    let (job, _) = read(&seed(reader, STREAM)).expect("a job");
    let name = |name: &str| ColumnItem::Name(name.to_owned());
    let number = |digits: &str| ColumnItem::Constant(Constant::Number(digits.to_owned()));
    let field = json!({"index": 0, "type": "long"});
    let expected = [
        ColumnItem::All,
        name("id"),
        ColumnItem::Constant(text("it's")),
        ColumnItem::Constant(text("")),
        number("1"),
        number("-2.50"),
        number("1e9"),
        ColumnItem::Constant(Constant::Boolean(true)),
        ColumnItem::Constant(Constant::Boolean(false)),
        ColumnItem::Constant(Constant::Null),
        ColumnItem::Constant(Constant::Null),
        name("now()"),
        name("'a' || 'b'"),
        name("\"Name\""),
        ColumnItem::Expression {
            name: Some("b".to_owned()),
            sql: "a + 1".to_owned(),
        },
        ColumnItem::Expression {
            name: None,
            sql: "a + 1".to_owned(),
        },
        ColumnItem::Field(field.as_object().cloned().expect("an object")),
    ];
    assert_eq!(job.reader.columns, expected);
    assert_eq!(job.reader.datasource, Datasource::Named("d".to_owned()));
    assert!(job.reader.parameter.is_empty());
}

#[test]
fn a_writer_takes_words_as_names_and_no_constants() {
    let writer = r#"{"plugin": "file", "parameter": {"column": ["true", "null", "1"]}}"#;
    let (job, _) = read(&seed(STREAM, writer)).expect("a job");
    let names: Vec<_> = job
        .writer
        .columns
        .iter()
        .map(|column| matches!(column, ColumnItem::Name(_)))
        .collect();
    assert_eq!(names, [true, true, true]);

    let writer = r#"{"plugin": "file", "parameter": {"column": ["'a'", 1, "b", "b", "", ["c"]]}}"#;
    let problems = read(&seed(STREAM, writer)).expect_err("four mistakes");
    let messages: Vec<_> = problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "a writer's column must be a name",
            "a writer's column must be a name",
            "column `b` is written twice",
            "a column has no name",
            "a column must be a string, a constant or an object, not a list",
        ]
    );
}

#[test]
fn a_list_of_no_columns_is_not_taken_for_all_of_them() {
    let empty = STREAM.replace(r#"["*"]"#, "[]");
    for text in [seed(&empty, STREAM), seed(STREAM, &empty)] {
        let problems = read(&text).expect_err("no columns").to_string();
        assert!(
            problems.contains("error: `column` names no columns")
                && problems.contains(r#"write `["id", "name"]`, or `["*"]` for all columns"#),
            "{problems}"
        );
    }
}

#[test]
fn a_list_beside_a_query_is_passed_over() {
    let reader = |column: &str, query: &str| {
        format!(
            r#"{{"plugin": "postgresql", "parameter": {{"datasource": "d", "column": {column}, "querySql": {query}}}}}"#
        )
    };
    let warned = |column: &str, query: &str| {
        let (job, problems) = read(&seed(&reader(column, query), STREAM)).expect("a job");
        (job.reader.columns.len(), problems.to_string())
    };
    let (count, told) = warned(r#"["id", "'x'"]"#, r#""SELECT 1""#);
    assert_eq!(count, 0);
    assert!(
        told.contains("warning: `column` is not used, because `querySql` is given"),
        "{told}"
    );
    let (count, told) = warned(r#"["*"]"#, r#"["SELECT 1"]"#);
    assert_eq!((count, told.contains("warning")), (0, false), "{told}");
    let (count, told) = warned(r#"["id", "name"]"#, r#""""#);
    assert_eq!((count, told.contains("warning")), (2, false), "{told}");

    let computed = reader(r#"["id", {"expression": "id + 1"}]"#, r#""SELECT 1 AS id""#);
    let problems = read(&seed(&computed, STREAM)).expect_err("an expression");
    assert!(
        problems.to_string().contains("compute it in the query"),
        "{problems}"
    );
}

#[test]
fn a_job_survives_the_way_to_a_worker() {
    for example in ["import", "export"] {
        let path = format!(
            "{}/../../examples/{example}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(path).expect("an example");
        let (job, _) = read(&text).expect("a job");
        let sent = serde_json::to_string(&job).expect("plain data");
        let received: Job = serde_json::from_str(&sent).expect("the same data");
        assert_eq!(received, job);
    }
}

#[test]
fn problems_of_connectors_find_their_line() {
    let datax = r#"{"job": {
  "content": [{
    "reader": {"name": "postgresqlreader", "parameter": {
      "username": "u", "password": "hidden",
      "connection": [{"jdbcUrl": ["jdbc:postgresql://h/d"],
        "table": ["nowhere"]}],
      "column": ["id"], "wheer": "id > 1"}},
    "writer": {"name": "streamwriter", "parameter": {}}
  }],
  "setting": {"speed": {"channel": 1}}
}}"#;
    let (job, mut problems) = read(datax).expect("a job");
    assert!(problems.is_empty(), "{problems}");
    let parameter = "/configuration/reader/parameter";
    let missing = job.origins.problem(
        &format!("{parameter}/table"),
        "table `nowhere` does not exist",
        None,
    );
    assert_eq!(
        missing.pointer,
        "/job/content/0/reader/parameter/connection/0/table/0"
    );
    problems.push(missing);
    problems.push(job.origins.key_problem(
        &format!("{parameter}/wheer"),
        "unknown key `wheer`",
        Some("did you mean `where`?".to_owned()),
    ));
    problems.push(job.origins.problem(
        "/configuration/reader/parameter/datasource/password",
        "the password was refused",
        None,
    ));
    problems.push(job.origins.problem(
        &job.writer.column_pointer(3),
        "no column here, so the nearest parent is shown",
        None,
    ));
    let rendered = problems.render(Colour::Plain);
    assert_eq!(
        rendered,
        r#"error: the password was refused
 --> job.json:4:36
  |
4 |       "username": "u", "password": "***",
  |                                    ^^^^^
  = at: job.content[0].reader.parameter.password

error: table `nowhere` does not exist
 --> job.json:6:19
  |
6 |         "table": ["nowhere"]}],
  |                   ^^^^^^^^^
  = at: job.content[0].reader.parameter.connection[0].table[0]

error: unknown key `wheer`
 --> job.json:7:25
  |
7 |       "column": ["id"], "wheer": "id > 1"}},
  |                         ^^^^^^^
  = at: job.content[0].reader.parameter.wheer
  = help: did you mean `where`?

error: no column here, so the nearest parent is shown
 --> job.json:8:53
  |
8 |     "writer": {"name": "streamwriter", "parameter": {}}
  |                                                     ^^
  = at: job.content[0].writer.parameter

job.json: 4 errors
"#
    );
    assert!(problems.render(Colour::Ansi).contains("\u{1b}[1;31merror"));
}

#[test]
fn the_document_described_is_a_job() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/concepts/job-document.md"
    );
    let page = std::fs::read_to_string(path).expect("the description");
    let (_, rest) = page.split_once("```jsonc").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    let (job, warnings) = read(example).expect("a job");
    assert!(warnings.is_empty(), "{warnings}");
    assert_eq!(
        job.reader.columns[2],
        ColumnItem::Constant(text("imported"))
    );
    assert_eq!(job.setting.bytes_per_second, Some(8 * 1024 * 1024));
    assert_eq!(job.setting.dirty_limit.records, Some(0));
}
