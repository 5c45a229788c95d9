//! Tests of what a job's data sources are found by.

use serde_json::json;

use super::*;

fn step(parameter: Value) -> Step {
    Step {
        connector: "file".into(),
        datasource: job::Datasource::None,
        columns: Vec::new(),
        parameter: parameter.as_object().unwrap().clone(),
        pointer: "/configuration/reader".into(),
    }
}

#[test]
fn every_path_of_a_step_is_found() {
    let reader = step(json!({"path": ["a/*.csv", 7], "fileFormat": "csv"}));
    assert_eq!(paths_of(&reader), ["a/*.csv", "7"]);
    let writer = step(json!({"path": "out", "fileName": "../x"}));
    assert_eq!(paths_of(&writer), ["out", "out/../x"]);
    assert!(paths_of(&step(json!({"table": "t"}))).is_empty());
}

#[test]
fn a_missing_side_is_told_from_a_missing_datasource() {
    let known = [("orders".to_string(), "prod".to_string())];
    let side = missing("orders", Environment::Dev, &known);
    assert_eq!(
        side.message(),
        "datasource `orders` has no side for development"
    );
    let near = missing("order", Environment::Prod, &known);
    assert_eq!(near.hint_text(), Some("did you mean `orders`?"));
}

#[test]
fn several_problems_are_one_error() {
    let error = |text: &str| Error::new(Kind::Denied, text).hint("ask");
    let only = one_error(vec![error("a")]);
    assert_eq!((only.kind(), only.message()), (Kind::Denied, "a"));
    let both = one_error(vec![error("a"), error("b")]);
    assert_eq!(
        both.message(),
        "the datasources of the job cannot be used: a; b"
    );
    assert_eq!(both.hint_text(), Some("ask"));
}
