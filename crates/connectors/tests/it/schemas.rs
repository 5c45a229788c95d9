//! The schemas of all connectors keep to what a form can draw: objects, scalars, choices, lists of
//! scalars or objects, maps of texts, and each of these or null; and every field has help text.

use serde_json::Value;

/// The schema without the part that only allows null.
fn not_null(schema: &Value) -> &Value {
    let variants = schema["anyOf"].as_array();
    match variants.map(Vec::as_slice) {
        Some([one, null]) if null["type"] == "null" => one,
        _ => schema,
    }
}

fn type_of(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::String(name) => Some(name),
        Value::Array(names) => match names.as_slice() {
            [name, null] if null == "null" => name.as_str(),
            _ => None,
        },
        _ => None,
    }
}

/// Where the schema leaves the subset.
fn strays(schema: &Value, at: &str, found: &mut Vec<String>) {
    let schema = not_null(schema);
    if let Some(variants) = schema["oneOf"].as_array() {
        let constants = variants.iter().all(|variant| variant["const"].is_string());
        let tagged = variants
            .iter()
            .all(|variant| type_of(variant) == Some("object"));
        if !constants && !tagged {
            found.push(format!(
                "{at}: a choice that is neither of names nor of objects"
            ));
        }
        return;
    }
    if schema["enum"].is_array() {
        return;
    }
    match type_of(schema) {
        Some("string" | "integer" | "number" | "boolean") => {}
        Some("array") => match type_of(not_null(&schema["items"])) {
            Some("array") => found.push(format!("{at}: a list of lists")),
            _ => strays(&schema["items"], &format!("{at}[]"), found),
        },
        Some("object") if schema["additionalProperties"].is_object() => {
            if type_of(&schema["additionalProperties"]) != Some("string") {
                found.push(format!("{at}: a map of something else than texts"));
            }
        }
        Some("object") => {
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                let at = format!("{at}.{name}");
                if field["description"].as_str().is_none_or(str::is_empty) {
                    found.push(format!("{at}: no help text"));
                }
                strays(field, &at, found);
            }
        }
        _ => found.push(format!("{at}: {schema}")),
    }
}

#[test]
fn a_form_can_draw_every_schema() {
    let mut found = Vec::new();
    for connector in connectors::registry().connectors() {
        let schemas = [
            ("datasource", Some(connector.config_schema())),
            ("reader", connector.reader_schema()),
            ("writer", connector.writer_schema()),
        ];
        for (part, schema) in schemas {
            if let Some(schema) = schema {
                strays(&schema, &format!("{} {part}", connector.name), &mut found);
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
