//! The schemas of all connectors keep to what a form can draw: objects, scalars, choices, lists of
//! scalars or objects, maps of texts, and each of these or null; and every field has help text.

use std::collections::BTreeSet;

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

/// Where a form has texts: every field's title and every help text, those of choices included.
fn texts(schema: &Value, at: &str, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            if schema["description"].is_string() {
                found.insert(format!("{at}/description"));
            }
            for name in schema["properties"].as_object().into_iter().flatten() {
                found.insert(format!("{at}/properties/{}/title", name.0));
            }
            for (key, value) in fields.iter().filter(|(key, _)| *key != "default") {
                texts(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                texts(item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_form_speaks_chinese() {
    for connector in connectors::registry().connectors() {
        let mut wanted = BTreeSet::from(["/title".to_string()]);
        let schemas = [
            ("datasource", Some(connector.config_schema())),
            ("reader", connector.reader_schema()),
            ("writer", connector.writer_schema()),
        ];
        for (form, schema) in schemas {
            texts(
                &schema.unwrap_or_default(),
                &format!("/{form}"),
                &mut wanted,
            );
        }
        let words = connector.words_in("zh");
        let known: BTreeSet<String> = words.pointers().map(str::to_string).collect();
        let missing: Vec<_> = wanted.difference(&known).collect();
        let idle: Vec<_> = known.difference(&wanted).collect();
        let name = connector.name;
        assert!(missing.is_empty(), "zh.json of {name} lacks {missing:#?}");
        assert!(
            idle.is_empty(),
            "zh.json of {name} has {idle:#?} for nothing"
        );
    }
}
