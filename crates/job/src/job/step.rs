//! One end of a job: connector, data source, columns and parameters.
//!
//! Owns the types of a reader or writer and keeps their secrets out of debug output.
//! The meaning of the parameters is left to the connector.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::secret::MaskedMap;

/// The reader or the writer of a job.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The connector's name: the plugin name without `reader` or `writer`, aliases resolved.
    pub connector: String,
    /// How the system is reached.
    pub datasource: Datasource,
    /// The columns in order; empty when the document names none.
    pub columns: Vec<ColumnItem>,
    /// The other parameters with the keys of Longshore's own spelling; the connector checks them.
    pub parameter: Map<String, Value>,
    /// JSON pointer of this step in the normalised document, `/configuration/reader` for example.
    pub pointer: String,
}

impl Step {
    /// The normalised pointer of a column item, counted from 0.
    pub fn column_pointer(&self, index: usize) -> String {
        format!("{}/parameter/column/{index}", self.pointer)
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field("connector", &self.connector)
            .field("datasource", &self.datasource)
            .field("columns", &self.columns)
            .field("parameter", &MaskedMap(&self.parameter))
            .field("pointer", &self.pointer)
            .finish()
    }
}

/// How a step says what system it talks to.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Datasource {
    /// Not at all, as for the `stream` connector.
    None,
    /// By the name of a registered data source.
    Named(String),
    /// By the fields of a data source, written into the job. They may hold secrets.
    Inline(Map<String, Value>),
}

impl fmt::Debug for Datasource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Named(name) => f.debug_tuple("Named").field(name).finish(),
            Self::Inline(fields) => f.debug_tuple("Inline").field(&MaskedMap(fields)).finish(),
        }
    }
}

/// One entry of a step's `column` list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ColumnItem {
    /// `"*"`: every column of the source in its order.
    All,
    /// A column name as written. A reader of a database may take any SQL expression here, as DataX does.
    Name(String),
    /// The same value in every row; readers only.
    Constant(Constant),
    /// `{"expression": "price * 2", "name": "double_price"}`: computed by Longshore from the columns read.
    Expression {
        /// What the result is called.
        name: Option<String>,
        /// The SQL expression.
        sql: String,
    },
    /// A field of a file or stream by `index`, `name`, `type`, `value` or `format`; the connector checks it.
    Field(Map<String, Value>),
}

/// A value that a job document puts into every row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Constant {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// The digits as written, so that nothing is rounded before the column's type is known.
    Number(String),
    /// The text between the single quotes, with doubled quotes made single.
    String(String),
}
