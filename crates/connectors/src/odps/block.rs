//! One attempt of one writing task: rows become blocks, blocks are sent while the next one fills.
//!
//! Owns the buffers and their bound; turning batches into table rows is left to `rows`, and making
//! blocks visible to `write`. A task has block ids of its own, and every attempt begins with the
//! first of them, so that it overwrites what an earlier attempt sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::RecordBatch;
use async_trait::async_trait;
use bytes::Bytes;
use maxcompute::client::{Block, Upload};
use maxcompute::compression::Compression;
use maxcompute::record::Encoder;
use sdk::{Error, Kind, Receipt, Result, Sealed, State, TaskId, TaskWriter, Written};
use serde::{Deserialize, Serialize};
use tokio_util::task::AbortOnDropHandle;

use super::fault;
use super::rows::{RowForm, Sorted};
use super::table::Table;

/// A block smaller than this costs more as a request than it saves as memory.
const SMALLEST_BLOCK: usize = 4 << 20;

/// What all tasks of a writer may hold together, unless one and a half blocks need more.
const SHARED_BYTES: usize = 96 << 20;

/// What a task leaves behind: the state of its seal and of its receipt.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Blocks {
    pub blocks: Vec<Block>,
}

/// Encoded bytes held by all tasks of a writer.
#[derive(Debug)]
pub(super) struct Budget {
    held: AtomicUsize,
    limit: usize,
    block_bytes: usize,
}

impl Budget {
    pub(super) fn new(block_bytes: usize) -> Arc<Self> {
        let limit = SHARED_BYTES.max(block_bytes.saturating_add(block_bytes / 2));
        Arc::new(Budget {
            held: AtomicUsize::new(0),
            limit,
            block_bytes,
        })
    }

    /// Whether all tasks together hold so much that this buffer should go before it is full.
    fn is_short(&self, bytes: usize) -> bool {
        bytes >= SMALLEST_BLOCK && self.held.load(Ordering::Relaxed) >= self.limit
    }
}

/// Bytes counted against the budget until they are freed.
#[derive(Debug)]
struct Held {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Held {
    fn nothing(budget: &Arc<Budget>) -> Self {
        Held {
            budget: budget.clone(),
            bytes: 0,
        }
    }

    fn grow_to(&mut self, bytes: usize) {
        self.budget
            .held
            .fetch_add(bytes - self.bytes, Ordering::Relaxed);
        self.bytes = bytes;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What every task of a writer needs.
pub(super) struct Target {
    pub table: Arc<Table>,
    pub upload: Upload,
    pub form: RowForm,
    pub compression: Compression,
    pub budget: Arc<Budget>,
}

impl Target {
    /// Sends one block and waits until the service has it.
    pub(super) async fn send(&self, block: u32, body: Vec<u8>) -> Result<()> {
        self.table
            .client
            .write_block(&self.upload, block, Bytes::from(body), self.compression)
            .await
            .map_err(|error| {
                fault::describe(
                    error,
                    format_args!("cannot write block {block} of {}", self.table),
                )
            })
    }
}

/// Fills and sends the blocks of one task.
pub(super) struct BlockWriter {
    target: Arc<Target>,
    task: TaskId,
    /// Ids that this task may still use.
    ids: std::ops::Range<u32>,
    encoder: Encoder,
    buffer: Vec<u8>,
    held: Held,
    sending: Option<AbortOnDropHandle<Result<Block>>>,
    sent: Vec<Block>,
}

impl BlockWriter {
    pub(super) fn new(target: Arc<Target>, task: TaskId, ids: std::ops::Range<u32>) -> Self {
        BlockWriter {
            encoder: Encoder::new(target.form.types()),
            held: Held::nothing(&target.budget),
            buffer: Vec::new(),
            target,
            task,
            ids,
            sending: None,
            sent: Vec::new(),
        }
    }

    /// Encodes rows in table form, and sends the block if it is full or memory is short; returns the
    /// rows that have been acknowledged meanwhile.
    async fn append(&mut self, rows: &RecordBatch) -> Result<u64> {
        let budget = self.target.budget.clone();
        if self.buffer.capacity() == 0 {
            // Memory that is not touched is not used, while growing step by step would copy it.
            self.buffer.reserve(budget.block_bytes.min(SHARED_BYTES));
        }
        self.encoder
            .encode(rows, &mut self.buffer)
            .map_err(|error| Error::internal("cannot encode a batch").source(error))?;
        let bytes = self.buffer.len();
        self.held.grow_to(bytes);
        let is_full = bytes >= budget.block_bytes;
        let mut row_count = 0;
        if !is_full && budget.is_short(bytes) {
            // The block under way is this task's own share; it may be all that is missing.
            row_count += self.wait().await?;
        }
        if is_full || budget.is_short(bytes) {
            row_count += self.send().await?;
        }
        Ok(row_count)
    }

    /// Sends the buffer once the block before it has been acknowledged; returns that block's rows.
    async fn send(&mut self) -> Result<u64> {
        let row_count = self.wait().await?;
        let Some(id) = self.ids.next() else {
            return Err(Error::new(
                Kind::Config,
                format!(
                    "task {} fills more blocks than its share of the 20,000 blocks of an upload",
                    self.task
                ),
            )
            .hint("raise `blockSizeInMB`"));
        };
        let encoder = std::mem::replace(&mut self.encoder, Encoder::new(self.target.form.types()));
        let mut body = std::mem::take(&mut self.buffer);
        let held = std::mem::replace(&mut self.held, Held::nothing(&self.target.budget));
        let block = Block {
            id,
            record_count: encoder.records(),
        };
        encoder.finish(&mut body);
        let target = self.target.clone();
        self.sending = Some(AbortOnDropHandle::new(tokio::spawn(async move {
            let sent = target.send(id, body).await;
            drop(held);
            sent.map(|()| block)
        })));
        Ok(row_count)
    }

    /// Waits for the block under way, if any, and returns its rows.
    async fn wait(&mut self) -> Result<u64> {
        let Some(sending) = self.sending.take() else {
            return Ok(0);
        };
        let block = sending
            .await
            .map_err(|error| Error::internal("sending a block broke off").source(error))??;
        let row_count = block.record_count;
        self.sent.push(block);
        Ok(row_count)
    }
}

#[async_trait]
impl TaskWriter for BlockWriter {
    async fn write(&mut self, batch: RecordBatch) -> Result<Written> {
        let mut written = Written::default();
        let step = self.target.form.rows_at_once();
        for start in (0..batch.num_rows()).step_by(step) {
            let part = batch.slice(start, step.min(batch.num_rows() - start));
            let Sorted { rows, refused } = self.target.form.sort(&part)?;
            written.refused.extend(refused);
            written.row_count += self.append(&rows).await?;
        }
        Ok(written)
    }

    async fn seal(&mut self) -> Result<Sealed> {
        let mut row_count = if self.encoder.records() > 0 {
            self.send().await?
        } else {
            0
        };
        row_count += self.wait().await?;
        let written = Written {
            row_count,
            refused: Vec::new(),
        };
        Ok(Sealed {
            written,
            state: State::new(&Blocks {
                blocks: self.sent.clone(),
            })?,
        })
    }

    async fn publish(self: Box<Self>) -> Result<Receipt> {
        // The rows become visible with the upload; until then the blocks only have to be known.
        Ok(Receipt {
            task: self.task,
            state: State::new(&Blocks { blocks: self.sent })?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_short_when_all_tasks_together_hold_the_limit() {
        let budget = Budget::new(64 << 20);
        let mut tasks: Vec<Held> = (0..3).map(|_| Held::nothing(&budget)).collect();
        assert!(!budget.is_short(32 << 20));
        for held in &mut tasks {
            held.grow_to(1 << 20);
            held.grow_to(32 << 20);
        }
        assert!(budget.is_short(32 << 20));
        assert!(!budget.is_short(SMALLEST_BLOCK - 1));
        drop(tasks);
        assert_eq!(budget.held.load(Ordering::Relaxed), 0);
        assert_eq!(Budget::new(256 << 20).limit, 384 << 20);
    }
}
