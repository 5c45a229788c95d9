//! Templates: a document of two connectors with everything that may be said, and what it means.
//!
//! What must be said stands there, what may be said stands in comments. The words are those of the
//! connectors' own descriptions.

use sdk::{Connector, SHORTHAND};
use serde_json::{Map, Value};

/// Lines of comments are broken after so many characters.
const WIDTH: usize = 90;
const INDENT: usize = 8;

/// A document that reads with one connector and writes with another; `None` if one of them cannot.
pub(crate) fn of(reader: &Connector, writer: &Connector) -> Option<String> {
    let source = step(reader, &reader.reader_schema()?);
    let target = step(writer, &writer.writer_schema()?);
    Some(format!(
        r#"{{
  "type": "job",
  "version": "1.0",
  "configuration": {{
    // {reader_title}
    "reader": {{
      "plugin": "{reader_name}",
      "parameter": {{
{source}      }}
    }},
    // {writer_title}
    "writer": {{
      "plugin": "{writer_name}",
      "parameter": {{
{target}      }}
    }},
    // Only rows for which this SQL condition over the columns read is true go on.
    // "filter": "",
    "setting": {{
      "speed": {{
        // Channels that run at once.
        "concurrent": 1,
        // MiB per second of the whole job.
        // "mbps": 10,
      }},
      "errorLimit": {{
        // The most dirty rows a run survives.
        "record": 0,
      }},
    }}
  }}
}}
"#,
        reader_title = reader.title,
        reader_name = reader.name,
        writer_title = writer.title,
        writer_name = writer.name,
    ))
}

fn step(connector: &Connector, parameter: &Value) -> String {
    let mut text = String::new();
    let config = connector.config_schema();
    if !fields(&config).is_empty() {
        comment(&mut text, "The name of a registered data source.");
        line(
            &mut text,
            "datasource",
            "\"\"",
            !required(&config).is_empty(),
        );
    }
    let required = required(parameter);
    let mut optional = Vec::new();
    for (name, schema) in fields(parameter) {
        // Nearly every document says these.
        let is_usual = ["table", "column", "path"].contains(&name.as_str());
        if is_usual || required.contains(&name.as_str()) {
            field(&mut text, &name, &schema, true);
        } else if schema.get("x-ui-advanced").is_none() {
            optional.push((name, schema));
        }
    }
    for (name, schema) in optional {
        field(&mut text, &name, &schema, false);
    }
    text
}

fn fields(schema: &Value) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.cloned().unwrap_or_default()
}

fn required(schema: &Value) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn field(text: &mut String, name: &str, schema: &Value, is_said: bool) {
    if let Some(description) = schema.get("description").and_then(Value::as_str) {
        comment(text, description);
    }
    line(text, name, &sample(name, schema), is_said);
}

fn line(text: &mut String, name: &str, value: &str, is_said: bool) {
    text.extend(std::iter::repeat_n(' ', INDENT));
    if !is_said {
        text.push_str("// ");
    }
    text.push_str(&format!("\"{name}\": {value},\n"));
}

/// A description in lines of its own.
fn comment(text: &mut String, description: &str) {
    let mut width = WIDTH;
    for word in description.split_whitespace() {
        if width + word.chars().count() >= WIDTH {
            if width < WIDTH || text.ends_with(|last| last != '\n') {
                text.push('\n');
            }
            text.extend(std::iter::repeat_n(' ', INDENT));
            text.push_str("//");
            width = 2;
        }
        text.push(' ');
        text.push_str(word);
        width += word.chars().count() + 1;
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// A value of the right form; empty where only the author knows.
fn sample(name: &str, schema: &Value) -> String {
    let kind = |schema: &Value| match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or_default()
            .to_owned(),
        _ => String::new(),
    };
    if name == "column" {
        let items = schema.get("items").unwrap_or(&Value::Null);
        return match kind(items).as_str() {
            "object" if items.get(SHORTHAND).is_none() => r#"[{"type": "string"}]"#.to_owned(),
            _ => r#"["*"]"#.to_owned(),
        };
    }
    if let Some(value) = schema.get("default")
        && !value.is_null()
        && value.as_array().is_none_or(|items| !items.is_empty())
    {
        return value.to_string();
    }
    let choices = schema.get("oneOf").or_else(|| schema.get("anyOf"));
    if let Some(choice) = choices.and_then(|choices| choices.pointer("/0")) {
        return match choice.get("const") {
            Some(value) => value.to_string(),
            None => sample("", choice),
        };
    }
    match kind(schema).as_str() {
        "integer" | "number" => schema
            .get("minimum")
            .map_or("0".to_owned(), Value::to_string),
        "boolean" => "false".to_owned(),
        "object" => "{}".to_owned(),
        "array" => match schema.get("items").map(kind).as_deref() {
            // A list of one may stand without brackets.
            Some("string") => "\"\"".to_owned(),
            _ => "[]".to_owned(),
        },
        _ => "\"\"".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use job::{Document, Options, Parameters};

    use super::*;

    #[test]
    fn every_pair_has_a_template_that_is_a_document() {
        let registry = connectors::registry();
        let now = "2026-03-04T10:00:00".parse().unwrap();
        let mut count = 0;
        for reader in registry.connectors() {
            for writer in registry.connectors() {
                let Some(text) = of(reader, writer) else {
                    continue;
                };
                let document = Document::parse("job.json", &text)
                    .unwrap_or_else(|problems| panic!("{text}\n{problems}"));
                let options = Options::new(Parameters::at(now, None, None));
                let draft = job::read_draft(&document, &options);
                for problem in &draft.problems {
                    // Only what its author must fill in is missing.
                    assert_eq!(
                        problem.message, "`datasource` is empty",
                        "{text}\n{problem:?}"
                    );
                }
                count += 1;
            }
        }
        assert!(count >= 9, "{count}");
    }

    #[test]
    fn long_descriptions_are_broken_into_lines() {
        let mut text = "before\n".to_owned();
        comment(&mut text, &"word ".repeat(40));
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert!(lines.len() > 1, "{text}");
        for line in lines {
            assert!(
                line.starts_with("        // word") && line.len() <= WIDTH + INDENT,
                "{text}"
            );
        }
    }
}
