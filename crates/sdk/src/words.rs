//! The texts of a connector's forms in other languages than English, which is that of the sources.

use std::collections::BTreeMap;

use serde_json::Value;

/// Texts by JSON pointer. `/title` names the connector; what is below `/datasource`, `/reader` and `/writer` points
/// into the schema of that form, such as `/reader/properties/table/title`. What is missing stays English.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Words(BTreeMap<String, String>);

impl Words {
    /// Reads a JSON object of pointers and texts.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Words)
    }

    /// The text at a pointer.
    pub fn get(&self, pointer: &str) -> Option<&str> {
        self.0.get(pointer).map(String::as_str)
    }

    /// All pointers that have a text.
    pub fn pointers(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Puts the texts of one form into its schema. A pointer that leads nowhere is passed over.
    pub fn say(&self, form: &str, schema: &mut Value) {
        for (pointer, text) in &self.0 {
            let inside = pointer
                .strip_prefix('/')
                .and_then(|rest| rest.strip_prefix(form))
                .and_then(|rest| rest.rsplit_once('/'));
            let Some((parent, key)) = inside else {
                continue;
            };
            if let Some(Value::Object(fields)) = schema.pointer_mut(parent) {
                fields.insert(key.to_string(), Value::String(text.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_come_to_their_places_and_what_is_missing_stays() {
        let words = r#"{"/title": "表", "/reader/description": "读", "/reader/properties/table/title": "表名",
            "/reader/properties/gone/title": "无", "/writer/description": "写"}"#;
        let words = Words::parse(words).unwrap();
        let mut schema = json!({"description": "read", "properties": {
            "table": {"description": "the table"}, "where": {"description": "a filter"}}});
        words.say("reader", &mut schema);
        assert_eq!(
            schema,
            json!({"description": "读", "properties": {
                "table": {"description": "the table", "title": "表名"}, "where": {"description": "a filter"}}})
        );
        assert_eq!(words.get("/title"), Some("表"));
    }
}
