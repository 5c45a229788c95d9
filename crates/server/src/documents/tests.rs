//! Documents as a server checks them, without a store.

use serde_json::Value;

use super::outline::{LONGEST_LABEL, MOST_PARAMETERS};
use super::*;

const IMPORT: &str = include_str!("../../../../examples/import.json");

fn surroundings(environment: Environment, datasources: &[(&str, &str, &str)]) -> Surroundings {
    Surroundings {
        registry: connectors::registry(),
        environment,
        datasources: datasources
            .iter()
            .map(|(name, side, connector)| {
                (name.to_string(), side.to_string(), connector.to_string())
            })
            .collect(),
        now: "2026-03-04T10:00:00".parse().unwrap(),
        bizdate: None,
    }
}

fn seed() -> Surroundings {
    surroundings(
        Environment::Prod,
        &[
            ("l_PostGreSql", "prod", "postgresql"),
            ("odps_first", "prod", "odps"),
        ],
    )
}

fn check(surroundings: &Surroundings, text: &str) -> Checked {
    surroundings.check(text, &Variables::new())
}

/// Line, column and message of each problem.
fn places(checked: &Checked) -> Vec<(u32, u32, &str)> {
    let all = checked.problems.iter();
    all.map(|p| {
        (
            p.line.unwrap_or(0),
            p.column.unwrap_or(0),
            p.message.as_str(),
        )
    })
    .collect()
}

#[test]
fn the_seeds_document_is_right_and_known() {
    let checked = check(&seed(), IMPORT);
    assert_eq!(places(&checked), []);
    assert!(!checked.has_errors());
    assert_eq!(checked.datasources, ["odps_first", "l_PostGreSql"]);
    let source = checked.sides.source.unwrap();
    assert_eq!(
        (
            source.connector.as_str(),
            source.datasource.as_deref(),
            source.table.as_deref()
        ),
        ("odps", Some("odps_first"), Some("hpg"))
    );
    assert_eq!(checked.parameters[0].reference, "${bdp.system.bizdate}");
    assert_eq!(checked.parameters[0].value.as_deref(), Some("20260303"));
    let outline = checked.outline.unwrap();
    assert_eq!(
        (outline.channels, outline.bytes_per_second),
        (7, Some(7 << 20))
    );
}

#[test]
fn unknown_data_sources_are_placed_and_the_nearest_is_named() {
    let text = IMPORT.replace("\"l_PostGreSql\"", "\"L_postgresql\"");
    let checked = check(&seed(), &text);
    assert_eq!(
        places(&checked),
        [(24, 23, "there is no datasource `L_postgresql`")]
    );
    let problem = &checked.problems[0];
    assert_eq!(
        problem.pointer,
        "/configuration/writer/parameter/datasource"
    );
    assert_eq!(
        problem.hint.as_deref(),
        Some("did you mean `l_PostGreSql`?")
    );

    let none = check(&surroundings(Environment::Prod, &[]), IMPORT);
    assert_eq!(none.problems.len(), 2);
    let hint = none.problems[0].hint.as_deref().unwrap();
    assert!(hint.contains("no data source yet"), "{hint}");

    let far = check(
        &surroundings(Environment::Prod, &[("warehouse", "prod", "odps")]),
        IMPORT,
    );
    assert_eq!(
        far.problems[0].hint.as_deref(),
        Some("this project has `warehouse`")
    );
}

#[test]
fn a_data_source_must_have_the_plugins_type_and_the_right_side() {
    let known = [
        ("l_PostGreSql", "prod", "odps"),
        ("odps_first", "prod", "maxcompute"),
    ];
    let checked = check(&surroundings(Environment::Prod, &known), IMPORT);
    assert_eq!(
        places(&checked),
        [(
            24,
            23,
            "datasource `l_PostGreSql` is of type `odps`, the plugin is `postgresql`"
        )]
    );
    let checked = check(&surroundings(Environment::Dev, &known), IMPORT);
    assert_eq!(checked.problems.len(), 2);
    assert_eq!(
        checked.problems[0].message,
        "datasource `odps_first` has no side for development"
    );
}

#[test]
fn problems_of_all_kinds_are_found_at_once() {
    let text = r#"{"type": "job", "version": "1.0", "configuration": {
  "reader": {"plugin": "odps", "parameter": {"datasource": "odps_frist", "tabel": "hpg", "column": ["*"], "table": "${nothing}"}},
  "writer": {"plugin": "postgres", "parameter": {"datasource": "l_PostGreSql", "table": "t", "writeMode": "x", "batchSize": "many"}},
  "setting": {"speed": {"concurrent": 0}}, "colour": 1}}"#;
    let checked = check(&seed(), text);
    let found: Vec<(u32, &str)> = checked
        .problems
        .iter()
        .map(|problem| (problem.line.unwrap(), problem.pointer.as_str()))
        .collect();
    for wanted in [
        (2, "/configuration/reader/parameter/datasource"),
        (2, "/configuration/reader/parameter/tabel"),
        (2, "/configuration/reader/parameter/table"),
        (3, "/configuration/writer/parameter/batchSize"),
        (4, "/configuration/setting/speed/concurrent"),
        (4, "/configuration/colour"),
    ] {
        assert!(
            found.contains(&wanted),
            "{wanted:?} is not in {:#?}",
            checked.problems
        );
    }
    assert!(found.is_sorted_by_key(|(line, _)| *line));
}

#[test]
fn a_half_written_document_still_tells_its_sides() {
    let text = r#"{"type": "job", "version": "1.0", "configuration": {
        "reader": {"plugin": "odps", "parameter": {"datasource": "odps_first"}},
        "writer": {"plugin": "", "parameter": {}}}}"#;
    let checked = check(&seed(), text);
    assert!(checked.has_errors());
    assert_eq!(checked.datasources, ["odps_first"]);
    assert_eq!(checked.sides.source.unwrap().connector, "odps");
    let empty: Vec<&Problem> = checked
        .problems
        .iter()
        .filter(|problem| problem.pointer.starts_with("/configuration/writer"))
        .collect();
    assert_eq!(empty.len(), 1, "{empty:#?}");
}

#[test]
fn variables_are_checked_and_do_not_hide_each_other() {
    let text = IMPORT.replace("\"hpg\"", "\"${table}\"");
    let variables = |pairs: &[(&str, &str)]| -> Variables {
        pairs
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect()
    };
    let checked = seed().check(&text, &variables(&[("table", "h_${yyyymm-1}")]));
    assert_eq!(places(&checked), []);
    assert_eq!(
        checked.sides.source.unwrap().table.as_deref(),
        Some("h_202602")
    );

    let checked = seed().check(
        &text,
        &variables(&[("table", "$[yyyy-"), ("1st", "x"), ("apiToken", "'x'")]),
    );
    let at: Vec<&str> = checked
        .variable_problems
        .iter()
        .map(|p| p.pointer.as_str())
        .collect();
    assert_eq!(
        at,
        ["/variables/1st", "/variables/apiToken", "/variables/table"]
    );
    assert!(
        checked
            .problems
            .iter()
            .all(|problem| problem.severity == Severity::Warning)
    );
    assert!(checked.has_errors());
}

#[test]
fn secrets_are_found_and_not_repeated() {
    let text = IMPORT.replace(
        "\"datasource\": \"l_PostGreSql\"",
        "\"datasource\": {\"jdbcUrl\": \"jdbc:postgresql://h/d\", \"username\": \"u\", \"password\": \"hunter2\"}",
    );
    let checked = check(&seed(), &text);
    assert_eq!(checked.secrets.len(), 1);
    assert_eq!(
        checked.secrets[0].pointer,
        "/configuration/writer/parameter/datasource/password"
    );
    assert!(checked.problems.contains(&checked.secrets[0]));
    assert!(!format!("{checked:?}").contains("hunter2"));
}

#[test]
fn scheduled_numbers_are_known_in_a_check() {
    let text = IMPORT.replace("\"hpg\"", "\"t_${id}\"");
    let variables = [("id".to_owned(), "$jobid".to_owned())].into();
    assert_eq!(places(&seed().check(&text, &variables)), []);
}

#[test]
fn broken_and_hostile_texts_have_few_problems_and_places() {
    let checked = check(&seed(), "{\n  \"a\": }");
    assert_eq!(
        (checked.problems.len(), checked.problems[0].line),
        (1, Some(2))
    );
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(check(&seed(), &deep).has_errors());
    let long = " ".repeat(Document::LONGEST + 1);
    assert!(
        check(&seed(), &long).problems[0]
            .message
            .contains("at most")
    );
    let many: Vec<String> = (0..5_000)
        .map(|key| format!("\"k{key}\": \"${{p{key}}}\""))
        .collect();
    let checked = check(&seed(), &format!("{{{}}}", many.join(",")));
    assert_eq!(checked.problems.len(), MOST_PROBLEMS + 1);
    assert_eq!(checked.parameters.len(), MOST_PARAMETERS);
    assert!(checked.has_errors());
    let named = IMPORT.replace("odps_first", &"x".repeat(5_000));
    let checked = check(&seed(), &named);
    assert_eq!(checked.datasources, ["l_PostGreSql"]);
    let source = serde_json::to_value(checked.sides.source).unwrap();
    assert!(
        source["datasource"]
            .as_str()
            .is_some_and(|name| name.len() == LONGEST_LABEL)
    );
    assert_ne!(source, Value::Null);
}
