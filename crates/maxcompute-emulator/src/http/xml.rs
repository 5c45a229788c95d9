//! The little XML that the REST service needs.

use serde::Deserialize;

/// Text for an element or a double-quoted attribute. Characters that XML cannot hold become U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(character),
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(character),
        }
    }
    out
}

/// Text as a CDATA section, or several where the text holds the end mark.
pub(crate) fn cdata(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|character| match character {
            '\t' | '\n' | '\r' => character,
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            _ => character,
        })
        .collect();
    format!("<![CDATA[{}]]>", clean.replace("]]>", "]]]]><![CDATA[>"))
}

/// The document that submits a job.
#[derive(Debug, Deserialize)]
#[serde(rename = "Instance")]
struct InstanceDocument {
    #[serde(rename = "Job")]
    job: JobElement,
}

#[derive(Debug, Deserialize)]
struct JobElement {
    #[serde(rename = "Tasks")]
    tasks: TasksElement,
}

#[derive(Debug, Deserialize)]
struct TasksElement {
    #[serde(rename = "SQL")]
    sql: Vec<SqlElement>,
}

#[derive(Debug, Deserialize)]
struct SqlElement {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Config", default)]
    config: ConfigElement,
    #[serde(rename = "Query")]
    query: String,
}

#[derive(Debug, Default, Deserialize)]
struct ConfigElement {
    #[serde(rename = "Property", default)]
    properties: Vec<PropertyElement>,
}

#[derive(Debug, Deserialize)]
struct PropertyElement {
    #[serde(rename = "Name", default)]
    name: String,
    #[serde(rename = "Value", default)]
    value: String,
}

/// The one SQL task of a job.
#[derive(Debug)]
pub(crate) struct SqlTask {
    pub(crate) name: String,
    pub(crate) query: String,
    /// The JSON text of the settings, empty if there are none.
    pub(crate) settings: String,
}

/// Reads the document that submits a job.
pub(crate) fn parse_job(document: &str) -> Result<SqlTask, String> {
    let parsed: InstanceDocument = quick_xml::de::from_str(document)
        .map_err(|error| format!("the job cannot be read: {error}"))?;
    let mut tasks = parsed.job.tasks.sql;
    let task = tasks.pop().ok_or("the job has no SQL task")?;
    if !tasks.is_empty() {
        return Err("a job has exactly one SQL task here".to_owned());
    }
    let mut settings = String::new();
    for property in task.config.properties {
        if property.name == "settings" {
            settings = property.value;
        }
    }
    Ok(SqlTask {
        name: task.name,
        query: task.query,
        settings,
    })
}

#[cfg(test)]
mod tests {
    use super::{cdata, escape, parse_job};

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(
            escape("<a b=\"&\">\0"),
            "&lt;a b=&quot;&amp;&quot;&gt;\u{fffd}"
        );
        assert_eq!(cdata("a]]>b\u{1}"), "<![CDATA[a]]]]><![CDATA[>b\u{fffd}]]>");
    }

    #[test]
    fn jobs_are_read_with_split_sections() {
        let document = r#"<?xml version="1.0" encoding="utf-8"?>
<Instance><Job><Priority>9</Priority><Tasks><SQL><Name>T1</Name>
<Config><Property><Name>uuid</Name><Value>x</Value></Property>
<Property><Name>settings</Name><Value>{"a":"b &amp; c"}</Value></Property></Config>
<Query><![CDATA[select ']]]]><![CDATA[>' from t;]]></Query></SQL></Tasks>
<DAG><RunMode>Sequence</RunMode></DAG></Job></Instance>"#;
        let task = parse_job(document).expect("a job");
        assert_eq!(task.name, "T1");
        assert_eq!(task.query, "select ']]>' from t;");
        assert_eq!(task.settings, r#"{"a":"b & c"}"#);
    }

    #[test]
    fn other_documents_are_refused() {
        for bad in [
            "",
            "x",
            "<Instance/>",
            "<Instance><Job><Tasks></Tasks></Job></Instance>",
            "<a><b></a></b>",
        ] {
            assert!(parse_job(bad).is_err(), "{bad}");
        }
    }
}
