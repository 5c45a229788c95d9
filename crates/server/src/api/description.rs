//! What the descriptions of many routes have in common, said in one place.

use serde_json::{Value, json};

use super::caller::COOKIE_NAME;

/// Adds how callers prove who they are, a name of its own for each operation, what a revision looks like, how
/// large numbers may be, and what each answer means.
pub(crate) fn complete(api: &mut Value) {
    widen(api);
    api["components"]["securitySchemes"] = json!({
        "accessKey": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE_NAME},
    });
    let paths = api["paths"].as_object_mut().into_iter().flatten();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            operation["operationId"] = name(method, path).into();
            if operation["x-right"] != "public" {
                operation["security"] = json!([{"accessKey": []}, {"session": []}]);
            }
            let answers = operation["responses"].as_object_mut();
            for (status, answer) in answers.into_iter().flatten() {
                if answer["description"].as_str().is_none_or(str::is_empty) {
                    answer["description"] = meaning(status).into();
                }
            }
            let parameters = operation.get_mut("parameters");
            let parameters = parameters.and_then(Value::as_array_mut);
            for parameter in parameters.into_iter().flatten() {
                if parameter["name"] == "If-Match" {
                    parameter["description"] = "The `ETag` of what is changed.".into();
                    parameter["schema"] = json!({"type": "string", "pattern": "^\"[0-9]{1,18}\"$"});
                }
            }
        }
    }
}

/// The name of an operation in generated clients: `GET /api/v1/jobs/{job}/runs` is `getJobsByJobRuns`.
fn name(method: &str, path: &str) -> String {
    let words = path.trim_start_matches("/api/v1").split(['/', '-', '_']);
    words.fold(method.to_string(), |mut name, word| {
        let parameter = word.strip_prefix('{').map(|word| word.trim_matches('}'));
        if parameter.is_some() {
            name.push_str("By");
        }
        let mut letters = parameter.unwrap_or(word).chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}

/// What an answer means, where its route does not say more.
fn meaning(status: &str) -> &'static str {
    match status {
        "200" => "It is done.",
        "201" => "It is made.",
        "202" => "It has begun.",
        "204" => "It is done, and there is nothing to tell.",
        "503" => "Not now.",
        _ => "Why it is not done.",
    }
}

/// What is 32 bits wide and not negative holds twice as much as the format `int32` says.
fn widen(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let is = |name: &str, wanted: Value| fields.get(name) == Some(&wanted);
            if is("format", "int32".into()) && is("minimum", 0.into()) {
                fields.insert("format".to_string(), "int64".into());
                let most = fields.entry("maximum").or_insert(Value::Null);
                if most.is_null() {
                    *most = u32::MAX.into();
                }
            }
            fields.values_mut().for_each(widen);
        }
        Value::Array(items) => items.iter_mut().for_each(widen),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn operations_have_names_of_their_own() {
        let api = crate::openapi();
        let operations = api["paths"].as_object().unwrap().values();
        let names: Vec<&str> = operations
            .flat_map(|operations| operations.as_object().unwrap().values())
            .map(|operation| operation["operationId"].as_str().unwrap())
            .collect();
        let own: HashSet<&str> = names.iter().copied().collect();
        assert_eq!(own.len(), names.len(), "{names:?}");
        assert!(own.contains("getProjectsByProjectJobs"), "{names:?}");
    }

    /// A reference to nothing stops every generator of clients.
    #[test]
    fn every_reference_leads_somewhere() {
        fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
            match value {
                Value::Object(fields) => {
                    found.extend(fields.get("$ref").and_then(Value::as_str));
                    fields.values().for_each(|value| references(value, found));
                }
                Value::Array(items) => items.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let api = crate::openapi();
        let mut found = Vec::new();
        references(&api, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let pointer = reference.trim_start_matches('#');
            assert!(api.pointer(pointer).is_some(), "{reference}");
        }
    }
}
