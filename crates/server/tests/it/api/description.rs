//! The description of the API speaks as the API does.

use serde_json::{Value, json};

use super::datasources::{Place, somewhere};
use crate::harness::Kept;
use crate::workshop::{Workshop, counting};

/// A value of this schema, with every field that it describes.
fn example(api: &Value, name: &str, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = api.pointer(reference.trim_start_matches('#')).unwrap();
        return example(api, name, target);
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match (schema["type"].as_str(), name) {
        (Some("object"), _) => {
            let fields = schema["properties"].as_object().unwrap().iter();
            fields
                .map(|(name, schema)| (name.clone(), example(api, name, schema)))
                .collect()
        }
        (Some("array"), _) => json!([example(api, name, &schema["items"])]),
        (Some("integer"), _) => json!(1),
        (Some("boolean"), _) => json!(true),
        (Some("string"), "dates") => json!("03-01"),
        (Some("string"), "text") => json!("0 5 * * *"),
        (Some("string"), "to") => json!("23:59"),
        (Some("string"), _) => json!("01:00"),
        (other, _) => panic!("{name}: {other:?}"),
    }
}

fn examples(api: &Value, of: &str) -> Vec<Value> {
    let variants = &api["components"]["schemas"][of]["oneOf"];
    let variants = variants.as_array().unwrap().iter();
    variants.map(|it| example(api, of, it)).collect()
}

#[tokio::test]
async fn what_is_described_is_accepted() {
    let api = server::openapi();
    let place = Place::new(Kept::Sqlite).await;
    let shop = Workshop {
        owner: place.admin.clone(),
        path: place.project.clone(),
    };
    let job = shop.job("orders", &counting(1, &json!({}))).await;
    let preview = format!("{}/jobs/{job}/schedule/preview", place.project);
    let cycles = examples(&api, "Cycle");
    assert_eq!(cycles.len(), 8);
    for cycle in cycles {
        let body = json!({"rule": {"cycle": cycle, "zone": "UTC"}});
        let answer = place.admin.post(&preview, body).await;
        assert_eq!(answer.status, 200, "{cycle}: {answer:?}");
    }
    let body =
        json!({"name": "chat", "kind": "slack", "config": {"url": "https://hooks.example.org/x"}});
    let channels = format!("{}/alert-channels", place.project);
    let channel = place.admin.post(&channels, body).await.ok();
    let rules = format!("{}/alert-rules", place.project);
    let source = place.add("orders", "postgresql", somewhere()).await;
    let datasource = source.rsplit('/').next().unwrap();
    for trigger in examples(&api, "Trigger") {
        let kind = trigger["kind"].clone();
        let object = match kind.as_str() {
            Some("sourceDown") => json!({"kind": "datasources", "datasources": [datasource]}),
            _ => json!({"kind": "project"}),
        };
        let body = json!({"name": kind, "object": object, "triggers": [trigger],
            "channels": [channel["id"]], "groupMinutes": 5});
        let answer = place.admin.post(&rules, body).await;
        assert_eq!(answer.status, 201, "{kind}: {answer:?}");
    }
}

fn names(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(properties) = value["properties"].as_object() {
                found.extend(properties.keys().cloned());
            }
            if let (Some(name), true) = (value["name"].as_str(), value["in"] == "query") {
                found.push(name.to_string());
            }
            fields.values().for_each(|value| names(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| names(value, found)),
        _ => {}
    }
}

#[test]
fn all_names_are_in_camel_case() {
    let mut found = Vec::new();
    names(&server::openapi(), &mut found);
    assert!(found.len() > 300, "{}", found.len());
    found.retain(|name| name.contains('_'));
    assert!(found.is_empty(), "{found:?}");
}
