//! Parameters of every kind, right and wrong.

use schemars::JsonSchema;
use serde::Deserialize;

use super::*;

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Parameters {
    table: Vec<String>,
    #[serde(default)]
    split_pk: Option<String>,
    #[serde(default)]
    fetch_size: Option<u32>,
    #[serde(default)]
    truncate: bool,
    #[serde(default)]
    write_mode: Mode,
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    split_factor: Option<u32>,
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    labels: Map<String, Value>,
}

#[derive(Debug, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Insert,
    Update,
}

#[test]
fn liberties_of_job_documents_are_put_right() {
    let value = json!({"table": "person", "splitPk": "", "fetchSize": "1024", "truncate": "true", "writeMode": "UPDATE"});
    assert_eq!(
        parse::<Parameters>(&value),
        Ok(Parameters {
            table: vec!["person".into()],
            split_pk: None,
            fetch_size: Some(1024),
            truncate: true,
            write_mode: Mode::Update,
            split_factor: None,
            seed: 0,
            labels: Map::new(),
        })
    );
}

#[test]
fn maps_take_any_key_and_value() {
    let value =
        json!({"table": [], "labels": {"a": 1, "b/c": [null]}, "seed": u64::MAX.to_string()});
    let parameters = parse::<Parameters>(&value).unwrap();
    assert_eq!(Value::Object(parameters.labels), value["labels"]);
    assert_eq!(parameters.seed, u64::MAX);
}

/// A type that refuses what its schema lets pass.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
struct Even(usize);

impl TryFrom<String> for Even {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.len() % 2 {
            0 => Ok(Even(text.len())),
            _ => Err(format!("`{text}` is odd")),
        }
    }
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Picky {
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    name: Option<Even>,
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    list: Vec<Even>,
    #[serde(default)]
    number: i64,
    #[serde(flatten)]
    more: More,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct More {
    #[schemars(with = "Option<String>")]
    mode: Option<Even>,
}

#[test]
fn what_a_type_refuses_is_reported_at_its_field() {
    let places = |value: Value| {
        let problems = parse::<Picky>(&value).unwrap_err().into_iter();
        let places = problems.map(|problem| (problem.pointer, problem.message));
        places.collect::<Vec<_>>()
    };
    let is_odd = |pointer: &str, text: &str| (pointer.to_string(), format!("`{text}` is odd"));
    assert_eq!(
        places(json!({"name": "a", "list": ["bb", "c"], "mode": "ddd"})),
        [
            is_odd("/name", "a"),
            is_odd("/list/1", "c"),
            is_odd("/mode", "ddd")
        ]
    );
    assert_eq!(
        places(json!({"name": "", "mode": "e"})),
        [is_odd("/mode", "e")]
    );
    assert_eq!(
        places(json!({"name": "", "number": u64::MAX})),
        [(
            "/number".to_string(),
            "`number` must be from -9223372036854775808 to 9223372036854775807".to_string()
        )]
    );
    let beyond = places(json!({"name": "", "number": i64::MAX as u64 + 1}));
    assert_eq!(beyond[0].0, "/number");
    assert_eq!(
        parse::<Picky>(&json!({"name": "", "mode": "ff"})).map(|picky| picky.more.mode),
        Ok(Some(Even(2)))
    );
}

#[test]
fn numbers_out_of_range_are_reported_at_their_field() {
    let value =
        json!({"table": [], "splitFactor": "0", "fetchSize": u64::from(u32::MAX) + 1, "seed": -1});
    let problems = parse::<Parameters>(&value).unwrap_err();
    let lines: Vec<_> = problems
        .iter()
        .map(|problem| (problem.pointer.as_str(), problem.message.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            ("/splitFactor", "`splitFactor` must be from 1 to 100"),
            ("/fetchSize", "`fetchSize` must be from 0 to 4294967295"),
            ("/seed", "`seed` must be 0 or more"),
        ]
    );
    for split_factor in [1, 100] {
        let value = json!({"table": [], "splitFactor": split_factor});
        assert!(parse::<Parameters>(&value).is_ok());
    }
}

#[test]
fn a_text_stands_for_an_object_where_the_schema_says_so() {
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[schemars(extend("x-shorthand" = "name"))]
    struct Column {
        name: String,
        #[serde(default)]
        index: Option<u32>,
    }

    let columns = json!(["id", {"name": "age", "index": "2"}, 3]);
    let column = |name: &str, index| Column {
        name: name.to_string(),
        index,
    };
    assert_eq!(
        parse::<Vec<Column>>(&columns),
        Ok(vec![
            column("id", None),
            column("age", Some(2)),
            column("3", None)
        ])
    );
    let problems = parse::<Vec<Column>>(&json!([["id"]])).unwrap_err();
    assert_eq!(
        problems[0].message,
        "the value must be an object, not a list"
    );
}

#[test]
fn every_problem_is_reported_at_once() {
    let problems =
        parse::<Parameters>(&json!({"splitPK": "id", "fetchSize": "many", "writeMode": "upate"}))
            .unwrap_err();
    let lines: Vec<String> = problems
        .iter()
        .map(|p| {
            format!(
                "{} | {} | {}",
                p.pointer,
                p.message,
                p.hint.as_deref().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "/splitPK | unknown key `splitPK` | did you mean `splitPk`?",
            "/fetchSize | `fetchSize` must be a whole number, not that text | -",
            "/writeMode | `writeMode` cannot be that text | did you mean `update`? possible values are `insert`, `update`",
            " | `table` is missing | -",
        ]
    );
}
