//! The XML documents of the REST service.
//!
//! Owns their shapes as they are on the wire (`PROTOCOL.md`, sections 4 and 5); what callers see is in
//! [`super::rest`] and [`super::sql`]. Unknown elements are passed over.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::{Error, ErrorClass};

/// Reads an answer; `what` names it in the error.
pub(super) fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Error> {
    quick_xml::de::from_str(text).map_err(|error| {
        Error::new(
            ErrorClass::Protocol,
            format!("the answer about {what} cannot be read: {error}"),
        )
    })
}

/// Makes text safe inside a CDATA section.
pub(super) fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ProjectDocument {
    pub(super) name: String,
    pub(super) owner: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TableList {
    #[serde(default)]
    pub(super) table: Vec<TableItem>,
    pub(super) marker: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TableItem {
    pub(super) name: String,
    pub(super) r#type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TableDocument {
    pub(super) schema: Text,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) r#type: String,
}

/// An element of which only the text matters.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Text {
    #[serde(rename = "$text")]
    pub(super) text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PartitionList {
    #[serde(default)]
    pub(super) partition: Vec<PartitionItem>,
    pub(super) marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PartitionItem {
    #[serde(default)]
    pub(super) column: Vec<PartitionKey>,
}

#[derive(Deserialize)]
pub(super) struct PartitionKey {
    #[serde(rename = "@Name")]
    pub(super) name: String,
    #[serde(rename = "@Value")]
    pub(super) value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct InstanceDocument {
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) tasks: TaskList,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TaskList {
    pub(super) task: Vec<TaskItem>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TaskItem {
    pub(super) status: String,
    pub(super) result: Option<TaskResult>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct TaskResult {
    #[serde(rename = "@Transform")]
    pub(super) transform: Option<String>,
    #[serde(rename = "$text")]
    pub(super) text: String,
}
