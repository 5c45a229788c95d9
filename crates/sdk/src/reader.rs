//! The contract of a source.

use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::{Column, ReadBatch, Result, Split, Splits};

/// Batches of one split, in the source's order.
pub type BatchStream = BoxStream<'static, Result<ReadBatch>>;

/// How the engine wants the batches.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// Per column of the schema: deliver it in its wire form (see [`crate::Wire`]).
    pub wire: Vec<bool>,
    /// A batch ends at this many rows …
    pub batch_rows: usize,
    /// … or soon after this many bytes of values, whichever is first.
    pub batch_bytes: usize,
}

/// A source, opened and ready. Shared by all tasks of a job in this process.
#[async_trait]
pub trait Reader: Send + Sync {
    /// The columns that batches have, in the order of the job's column list. Asked once, first.
    async fn schema(&self) -> Result<Vec<Column>>;

    /// Makes the source ready: statements before the read. Called once when a run begins, before
    /// [`Reader::splits`], and by nothing that only looks at the job.
    async fn prepare(&self) -> Result<()> {
        Ok(())
    }

    /// Cuts the source into about `wanted` or more parts. Every row is in exactly one of them.
    /// Whatever makes parallel reads one consistent picture (a snapshot) lives as long as the reader.
    async fn splits(&self, wanted: usize) -> Result<Splits>;

    /// Reads one split. Calls may run at the same time. Reading a split twice gives the same rows,
    /// or the reader's documentation says why not. Dropping the stream stops the read.
    async fn read(&self, split: &Split, options: &ReadOptions) -> Result<BatchStream>;

    /// Ends a run whose target has been committed: statements after the read. A run that is killed
    /// meanwhile calls it again when it is resumed.
    async fn finish(&self) -> Result<()> {
        Ok(())
    }

    /// A value in wire form as text, for the dirty-row file. `column` counts in schema order.
    fn wire_text(&self, column: usize, bytes: &[u8]) -> String {
        let _ = column;
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
