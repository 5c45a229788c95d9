//! Tests of what is said about bodies that are not right.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only what reading says is of interest")]
struct Form {
    name: String,
    mode: Mode,
    #[serde(default)]
    count: u32,
    #[serde(default)]
    parts: Vec<Part>,
    password: Option<sdk::Secret>,
    day: Option<chrono::NaiveDate>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    rule: Option<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Mode {
    Wizard,
    Script,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only what reading says is of interest")]
struct Part {
    path: String,
    size: u8,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only what reading says is of interest")]
enum Rule {
    Day { at: String },
    Cron { text: String },
}

/// `pointer: message [hint]` of each problem, by pointer.
fn told(body: Value) -> Vec<String> {
    let error = read::<Form>(body.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.code(), Code::Invalid, "{error:?}");
    let line = |problem: Problem| match &problem.hint {
        Some(hint) => format!("{}: {} [{hint}]", problem.pointer, problem.message),
        None => format!("{}: {}", problem.pointer, problem.message),
    };
    let mut lines: Vec<String> = problems::<Form>(body).into_iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn every_problem_is_told_at_once_and_at_its_field() {
    let body = serde_json::json!({
        "nmae": "orders", "mode": "scirpt", "count": -1, "password": ["hunter2"],
        "parts": [{"path": "a", "size": 1}, {"path": 5, "size": 300, "colour": "red"}, 7],
        "variables": {"a/b": true}, "day": "tomorrow",
    });
    assert_eq!(
        told(body),
        [
            "/count: `count` must be a whole number from 0 to 4294967295, and is a negative number",
            "/day: `day` is not right: input contains invalid characters",
            "/mode: `mode` must be one of `wizard`, `script` [did you mean `script`?]",
            "/name: `name` is missing",
            "/nmae: there is no field `nmae` here [did you mean `name`?]",
            "/parts/1/colour: there is no field `colour` here [there are `path`, `size`]",
            "/parts/1/path: `path` must be a text, and is a number",
            "/parts/1/size: `size` must be a whole number from 0 to 255, and is a number",
            "/parts/2: `/parts/2` must be an object, and is a number",
            "/password: `password` must be a text, and is a list",
            "/variables/a~1b: `a/b` must be a text, and is true or false",
        ]
    );
}

#[test]
fn what_is_missing_is_told_together() {
    assert_eq!(
        told(serde_json::json!({"parts": [{}]})),
        [
            "/mode: `mode` is missing",
            "/name: `name` is missing",
            "/parts/0/path: `path` is missing",
            "/parts/0/size: `size` is missing",
        ]
    );
}

#[test]
fn a_body_of_another_sort_is_told_as_a_whole() {
    for (text, sort) in [
        ("[]", "a list"),
        ("\"hunter2\"", "a text"),
        ("null", "null"),
    ] {
        let body = serde_json::from_str(text).unwrap();
        assert_eq!(
            told(body),
            [format!(": the body must be an object, and is {sort}")]
        );
    }
    let twice = br#"{"name": "a", "name": "b", "mode": "script"}"#;
    let error = read::<Form>(twice).unwrap_err();
    assert_eq!(error.message(), "the body names a field twice");
}

#[test]
fn a_choice_inside_is_told_at_least_at_its_place() {
    let body =
        serde_json::json!({"name": "a", "mode": "script", "rule": {"kind": "day", "att": "00:15"}});
    assert_eq!(
        told(body),
        [
            "/rule/at: `at` is missing",
            "/rule/att: there is no field `att` here [did you mean `at`?]",
        ]
    );
    let body = serde_json::json!({"name": "a", "mode": "script", "rule": {"kind": "day", "at": 5}});
    assert_eq!(
        told(body),
        ["/rule: `rule` has a field that must be a text, and is a number"]
    );
}

#[test]
fn no_message_repeats_a_value() {
    let body = serde_json::json!({"name": {"hunter2": "hunter2"}, "mode": "script", "count": "hunter2",
        "parts": "hunter2", "day": ["hunter2"]});
    let said = told(body).join("\n");
    assert_eq!(said.lines().count(), 4, "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn what_is_no_json_is_a_bad_request() {
    for text in ["", "{", "{\"name\": }", "name=orders"] {
        let error = read::<Form>(text.as_bytes()).unwrap_err();
        assert_eq!(error.code(), Code::BadRequest, "{text}");
        assert!(
            error.message().starts_with("the body is not JSON: "),
            "{error:?}"
        );
    }
}

#[test]
fn json_is_known_by_its_media_type() {
    let says = |text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, text.parse().unwrap());
        says_json(&headers)
    };
    assert!(says("application/json") && says("Application/JSON; charset=utf-8"));
    assert!(says("application/merge-patch+json"));
    assert!(!says("text/plain") && !says("application/x-www-form-urlencoded"));
    assert!(!says_json(&HeaderMap::new()));
}
