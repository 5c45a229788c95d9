//! What moves: batches, and the rows that could not.

use std::sync::Arc;

use arrow_array::RecordBatch;

/// Rows read from a split, and rows that the reader found but could not turn into values.
#[derive(Debug)]
pub struct ReadBatch {
    /// The readable rows.
    pub batch: RecordBatch,
    /// Rows that count as read and as dirty.
    pub unreadable: Vec<UnreadableRow>,
}

impl From<RecordBatch> for ReadBatch {
    fn from(batch: RecordBatch) -> Self {
        ReadBatch {
            batch,
            unreadable: Vec::new(),
        }
    }
}

/// A row that the source holds but the reader cannot represent.
#[derive(Debug)]
pub struct UnreadableRow {
    /// The column at fault, if one can be named.
    pub column: Option<String>,
    /// What is wrong with it.
    pub reason: String,
    /// The row by column name as far as it is known, for the dirty-row file.
    pub row: serde_json::Map<String, serde_json::Value>,
}

/// A row that the target refused.
#[derive(Debug)]
pub struct RefusedRow {
    /// The batch that the row came in, as it was given to the writer; its refused rows share it.
    pub batch: Arc<RecordBatch>,
    /// The row's place in the batch, from 0.
    pub row: usize,
    /// The column at fault, if the target names one.
    pub column: Option<String>,
    /// What the target said.
    pub reason: String,
}

/// What became of rows given to a task writer; rows still buffered are reported by a later call.
#[derive(Debug, Default)]
pub struct Written {
    /// Rows that the target accepted.
    pub row_count: u64,
    /// Rows that the target refused.
    pub refused: Vec<RefusedRow>,
}
