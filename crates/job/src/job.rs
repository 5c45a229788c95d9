//! The job: what a document says, in types.
//!
//! Owns the plain data that the engine plans from and that a worker can be sent.
//! How it is read from a document is left to `read`; what connectors make of `parameter` is left to them.

mod setting;
mod step;
mod transformer;

use serde::{Deserialize, Serialize};

pub use self::setting::{DirtyLimit, Setting};
pub use self::step::{ColumnItem, Constant, Datasource, Step};
pub use self::transformer::{Comparison, Digest, Effect, LetterCase, Side, Transformer};
use crate::origins::Origins;

/// A synchronization job: read from one place, write to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Where rows come from.
    pub reader: Step,
    /// Where rows go to.
    pub writer: Step,
    /// SQL condition over the columns read; only rows for which it is true go on.
    pub filter: Option<String>,
    /// Changes to rows between reader and writer, in order.
    pub transformers: Vec<Transformer>,
    /// Channels, limits and retries.
    pub setting: Setting,
    /// Where each part of the job stands in the document.
    pub origins: Origins,
}
