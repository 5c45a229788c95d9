//! What the schema of a field says beyond its shape, and what follows for the values.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::parameters::{FieldProblem, Flaw};

/// The mark of a field that is accepted and changes nothing. Its text says why.
pub const WITHOUT_EFFECT: &str = "x-without-effect";

/// The mark of a field that holds addresses. Its list names the parameters behind their `?` that are
/// accepted and change nothing.
pub const ADDRESS_WITHOUT_EFFECT: &str = "x-address-without-effect";

/// The mark of a writer's field, with the value that the field has in a job that adds its rows to what
/// is there and does nothing else to the target; null for a field that such a job has not.
pub const WHEN_ADDING: &str = "x-when-adding";

/// Everything in a configuration that is accepted and changes nothing, each key once.
pub fn without_effect(value: &Value, schema: &Value) -> Vec<FieldProblem> {
    let mut found = Vec::new();
    collect(value, schema, "", &mut found);
    let mut told = BTreeSet::new();
    found.retain(|problem| told.insert(problem.message.clone()));
    found
}

/// Makes a writer's parameters those of a job that adds its rows to what is there.
pub fn make_adding(parameter: &mut Map<String, Value>, schema: &Value) {
    for (key, field) in properties(schema) {
        match field.get(WHEN_ADDING) {
            None => {}
            Some(Value::Null) => {
                parameter.shift_remove(key);
            }
            Some(value) => {
                parameter.insert(key.clone(), value.clone());
            }
        }
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let fields = schema.get("properties").and_then(Value::as_object);
    fields.into_iter().flatten()
}

fn collect(value: &Value, schema: &Value, pointer: &str, found: &mut Vec<FieldProblem>) {
    for key in ["anyOf", "oneOf"] {
        for variant in schema
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            collect(value, variant, pointer, found);
        }
    }
    if let (Value::Array(values), Some(items)) = (value, schema.get("items")) {
        for (index, value) in values.iter().enumerate() {
            collect(value, items, &format!("{pointer}/{index}"), found);
        }
    }
    for (key, field) in properties(schema) {
        let Some(value) = value.get(key).filter(|value| !value.is_null()) else {
            continue;
        };
        let pointer = format!("{pointer}/{key}");
        if let Some(why) = field.get(WITHOUT_EFFECT).and_then(Value::as_str) {
            found.push(idle(&pointer, &format!("`{key}` has no effect: {why}")));
            continue;
        }
        if let Some(Value::Array(names)) = field.get(ADDRESS_WITHOUT_EFFECT) {
            for name in parameters_of(value) {
                if names.iter().any(|idle| idle == name) {
                    let message =
                        format!("`{name}` in `{key}` has no effect: it concerns another driver");
                    found.push(idle(&pointer, &message));
                }
            }
        }
        collect(value, field, &pointer, found);
    }
}

fn idle(pointer: &str, message: &str) -> FieldProblem {
    FieldProblem {
        flaw: Flaw::WithoutEffect,
        ..FieldProblem::new(pointer, message).hint("take it out; nothing changes")
    }
}

/// The names of the parameters of one address or several.
fn parameters_of(addresses: &Value) -> Vec<&str> {
    let texts = match addresses {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        single => Vec::from_iter(single.as_str()),
    };
    let queries = texts.into_iter().filter_map(|text| text.split_once('?'));
    let pairs = queries.flat_map(|(_, query)| query.split('&'));
    pairs
        .map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_that_change_nothing_are_found_wherever_they_stand() {
        let schema = json!({"properties": {
            "batchSize": {"type": "integer", WITHOUT_EFFECT: "rows are streamed"},
            "url": {"type": "array", ADDRESS_WITHOUT_EFFECT: ["tuning"]},
            "csv": {"anyOf": [{"properties": {"safe": {WITHOUT_EFFECT: "it is always safe"}}}, {"type": "null"}]},
            "list": {"items": {"properties": {"idle": {WITHOUT_EFFECT: "nobody asked"}}}},
            "used": {"type": "string"}
        }});
        let value = json!({
            "batchSize": 1, "url": ["x://h/d?tuning=1&used=2", "x://i/d?tuning"], "csv": {"safe": true},
            "list": [{}, {"idle": 1}], "used": "tuning"
        });
        let found: Vec<_> = without_effect(&value, &schema)
            .into_iter()
            .map(|problem| (problem.pointer, problem.message))
            .collect();
        let expected = [
            ("/batchSize", "`batchSize` has no effect: rows are streamed"),
            (
                "/url",
                "`tuning` in `url` has no effect: it concerns another driver",
            ),
            ("/csv/safe", "`safe` has no effect: it is always safe"),
            ("/list/1/idle", "`idle` has no effect: nobody asked"),
        ];
        assert_eq!(
            found,
            expected.map(|(pointer, message)| (pointer.to_string(), message.to_string()))
        );
        assert!(without_effect(&json!({"batchSize": null}), &schema).is_empty());
    }

    #[test]
    fn a_job_that_adds_neither_clears_nor_runs_statements() {
        let schema = json!({"properties": {
            "writeMode": {WHEN_ADDING: "append"}, "preSql": {WHEN_ADDING: null}, "path": {"type": "string"}
        }});
        let Value::Object(mut parameter) = json!({"path": "out", "preSql": ["truncate"]}) else {
            unreachable!()
        };
        make_adding(&mut parameter, &schema);
        assert_eq!(
            Value::Object(parameter),
            json!({"path": "out", "writeMode": "append"})
        );
    }
}
