//! The JSON Schema of job documents, for editors: they complete and check while somebody types.
//!
//! It describes Longshore's own spelling with the liberties that documents may take. What it does not know
//! (parameters, columns of the source, other spellings) is left to the check of the whole document.

use sdk::{Connector, Registry, SHORTHAND};
use serde_json::{Map, Value, json};

/// The schema for the connectors of a build.
pub(crate) fn of(registry: &Registry) -> Value {
    let steps = |suffix: &str, schema: fn(&Connector) -> Option<Value>| {
        let variants: Vec<Value> = registry
            .connectors()
            .iter()
            .filter_map(|connector| Some(step(connector, suffix, schema(connector)?)))
            .collect();
        json!({"oneOf": variants})
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Job document",
        "type": "object",
        "required": ["type", "version", "configuration"],
        "additionalProperties": false,
        "properties": {
            "type": {"const": "job"},
            "version": {"const": "1.0"},
            "configuration": {
                "type": "object",
                "required": ["reader", "writer"],
                "additionalProperties": false,
                "properties": {
                    "reader": described(steps("reader", Connector::reader_schema), "Where rows come from."),
                    "writer": described(steps("writer", Connector::writer_schema), "Where rows go to."),
                    "filter": {
                        "type": "string",
                        "description": "SQL condition over the columns read; only rows for which it is true go on.",
                    },
                    "transformer": {
                        "type": "array",
                        "description": "Changes to rows between reader and writer, in order.",
                        "items": {
                            "type": "object",
                            "required": ["name"],
                            "properties": {
                                "name": {"enum": ["dx_substr", "dx_pad", "dx_replace", "dx_filter", "dx_digest"]},
                                "parameter": {"type": "object"},
                            },
                        },
                    },
                    "setting": setting(),
                },
            },
        },
    })
}

fn setting() -> Value {
    let number =
        |description: &str| json!({"type": ["number", "string"], "description": description});
    json!({
        "type": "object",
        "description": "Channels, limits and retries.",
        "additionalProperties": false,
        "properties": {
            "speed": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "concurrent": number("Channels that run at once, 1 to 1024; 1 when absent."),
                    "mbps": number("MiB per second of the whole job; no limit when absent."),
                    "byte": number("Bytes per second of the whole job, instead of `mbps`."),
                    "record": number("Rows per second of the whole job; no limit when absent."),
                    "throttle": {
                        "type": ["boolean", "string"],
                        "description": "`false` switches `mbps` off.",
                    },
                },
            },
            "errorLimit": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "record": number("The most dirty rows a run survives; 0 for none, any number when absent."),
                    "percentage": number("The largest share of dirty rows among rows read, 0 to 1."),
                },
            },
            "retries": number("How often a failed task is tried again, 0 to 100; 3 when absent."),
        },
    })
}

fn step(connector: &Connector, suffix: &str, parameter: Value) -> Value {
    let names: Vec<String> = [connector.name]
        .into_iter()
        .chain(connector.aliases.iter().copied())
        .flat_map(|name| [name.to_owned(), format!("{name}{suffix}")])
        .collect();
    let mut parameter = relaxed(parameter);
    if let Value::Object(fields) = &mut parameter {
        fields.shift_remove("$schema");
        fields.shift_remove("title");
        let properties = fields
            .entry("properties")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(properties) = properties {
            if let Some(column) = properties.get_mut("column") {
                *column = columns(column.take());
            }
            properties.insert("datasource".to_owned(), datasource());
        }
    }
    json!({
        "type": "object",
        "title": connector.title,
        "required": ["plugin", "parameter"],
        "additionalProperties": false,
        "properties": {
            "plugin": {"enum": names},
            "parameter": parameter,
        },
    })
}

fn datasource() -> Value {
    json!({
        "type": ["string", "object"],
        "description": "Name of a registered data source, or its fields without secrets.",
    })
}

/// Columns may also be constants and expressions, whatever the connector.
fn columns(schema: Value) -> Value {
    let description = schema.get("description").cloned();
    let mut items = json!({"type": ["string", "number", "boolean", "null", "object"]});
    if let Some(fields) = schema
        .get("anyOf")
        .and_then(|variants| variants.pointer("/0/items"))
    {
        items = json!({"anyOf": [fields, items]});
    }
    let mut columns = json!({"type": "array", "items": items});
    if let Some(description) = description {
        columns["description"] = description;
    }
    columns
}

fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = description.into();
    schema
}

/// A connector's schema with the liberties of documents: scalars may be strings, a list of one may stand
/// without brackets, an object that has a shorthand may be that.
fn relaxed(schema: Value) -> Value {
    let Value::Object(mut fields) = schema else {
        return schema;
    };
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = fields.get_mut(key) {
            *inner = relaxed(inner.take());
        }
    }
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        for property in properties.values_mut() {
            *property = relaxed(property.take());
        }
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(Value::Array(mut variants)) = fields.shift_remove(key) {
            for variant in &mut variants {
                *variant = relaxed(variant.take());
            }
            // What was one of several may be two of them now.
            fields.insert("anyOf".to_owned(), Value::Array(variants));
        }
    }
    let mut types: Vec<Value> = match fields.get("type") {
        Some(Value::Array(types)) => types.clone(),
        Some(one) => vec![one.clone()],
        None => return Value::Object(fields),
    };
    let has = |types: &[Value], name: &str| types.iter().any(|known| known == name);
    let is_scalar = ["integer", "number", "boolean"]
        .iter()
        .any(|name| has(&types, name));
    let is_short = has(&types, "object") && fields.contains_key(SHORTHAND);
    if (is_scalar || is_short) && !has(&types, "string") {
        types.push("string".into());
        fields.insert("type".to_owned(), Value::Array(types.clone()));
    }
    if has(&types, "array")
        && let Some(item) = fields.get("items").cloned()
    {
        let description = fields.get("description").cloned();
        let mut either = json!({"anyOf": [Value::Object(fields), item]});
        if let Some(description) = description {
            either["description"] = description;
        }
        return either;
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn liberties_are_part_of_the_schema() {
        let schema = relaxed(json!({"type": "object", "properties": {
            "table": {"type": "array", "items": {"type": "string"}, "description": "What to read."},
            "rows": {"type": ["integer", "null"], "minimum": 0},
        }}));
        assert_eq!(
            schema["properties"]["rows"]["type"],
            json!(["integer", "null", "string"])
        );
        let table = &schema["properties"]["table"];
        assert_eq!(table["anyOf"][1], json!({"type": "string"}));
        assert_eq!(table["description"], "What to read.");
    }

    #[test]
    fn every_connector_has_its_sides() {
        let registry = connectors::registry();
        let schema = of(&registry);
        let sides = schema
            .pointer("/properties/configuration/properties")
            .unwrap();
        for (side, has) in [
            (
                "reader",
                (|c: &Connector| c.reader_schema().is_some()) as fn(&Connector) -> bool,
            ),
            ("writer", |c| c.writer_schema().is_some()),
        ] {
            let variants = sides[side]["oneOf"].as_array().unwrap();
            let wanted = registry
                .connectors()
                .iter()
                .filter(|connector| has(connector));
            for (variant, connector) in variants.iter().zip(wanted.clone()) {
                assert_eq!(variant["properties"]["plugin"]["enum"][0], connector.name);
                let parameter = &variant["properties"]["parameter"]["properties"];
                assert!(parameter["datasource"].is_object(), "{variant}");
            }
            assert_eq!(variants.len(), wanted.count());
        }
    }
}
