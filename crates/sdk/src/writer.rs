//! The contract of a target: prepare, write per task in two steps, commit once.
//!
//! A task ends in two steps so that a kill at any moment is harmless. [`TaskWriter::seal`] makes the
//! target accept everything but show nothing; the engine notes the seal in the ledger; then
//! [`TaskWriter::publish`] makes it final. After a kill between the two, [`Writer::recover`] tells
//! from the seal alone whether the rows are there.

use arrow_array::RecordBatch;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Column, Result, State, TaskId, Written};

/// What a writer learns before the first task.
#[derive(Debug, Clone)]
pub struct WritePlan {
    /// Columns of every batch, in the order of [`Writer::schema`]. A column may come in wire form
    /// where both sides agreed; the batch's own field says so.
    pub columns: Vec<Column>,
    /// Task ids are `0..task_count`.
    pub task_count: u32,
    /// The state that [`Writer::prepare`] returned in an earlier process of the same run.
    pub previous: Option<State>,
}

/// A target, opened and ready. Shared by all tasks of a job in this process.
#[async_trait]
pub trait Writer: Send + Sync {
    /// The target's columns in the order of the job's column list. `source` are the columns that
    /// will be mapped onto them by position; targets that have no schema of their own derive it, and
    /// without any source have no columns or fail.
    async fn schema(&self, source: &[Column]) -> Result<Vec<Column>>;

    /// Makes the target ready, once per run: statements before the load, partitions, staging.
    /// With `previous`, continues it and returns the same state; if it can no longer be continued
    /// (nothing of it visible), prepares anew and returns another state, and the engine then
    /// repeats every task.
    async fn prepare(&self, plan: &WritePlan) -> Result<State>;

    /// Opens the writer of one attempt of a task. An earlier attempt of the same task that was not
    /// published leaves no rows once this one is published.
    async fn task(&self, prepared: &State, task: TaskId) -> Result<Box<dyn TaskWriter>>;

    /// Whether a task that was sealed by a process now dead was published: its receipt if so, `None`
    /// if it certainly left no rows. An error of kind `Conflict` if nobody can tell.
    async fn recover(
        &self,
        prepared: &State,
        task: TaskId,
        seal: &State,
    ) -> Result<Option<Receipt>>;

    /// Ends the run with the receipts of all tasks, ordered by task: makes staged rows visible, then
    /// runs statements after the load. Repeating it after a lost answer is harmless, or the writer's
    /// documentation says what happens.
    async fn commit(&self, prepared: &State, receipts: &[Receipt]) -> Result<()>;

    /// Gives the run up: removes whatever is not visible. Rows already published stay.
    async fn abort(&self, prepared: &State) -> Result<()>;
}

/// One attempt of one task.
#[async_trait]
pub trait TaskWriter: Send {
    /// How many more rows may be refused. Once there are more, the run ends whatever the others are, so a writer
    /// may stop looking for further ones and leave the rest of its rows unwritten and unreported.
    fn allow_refused(&mut self, most: u64) {
        let _ = most;
    }

    /// Takes a batch. Rows may be buffered (bounded) and reported by a later call.
    async fn write(&mut self, batch: RecordBatch) -> Result<Written>;

    /// Hands everything over to the target, invisible or revocable still. No `write` follows.
    async fn seal(&mut self) -> Result<Sealed>;

    /// Makes the sealed rows final as far as one task can.
    async fn publish(self: Box<Self>) -> Result<Receipt>;
}

/// The outcome of [`TaskWriter::seal`].
#[derive(Debug)]
pub struct Sealed {
    /// Rows that were still buffered.
    pub written: Written,
    /// What [`Writer::recover`] needs to tell whether the publication happened.
    pub state: State,
}

/// Proof that a task's rows are with the target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Whose rows.
    pub task: TaskId,
    /// What [`Writer::commit`] needs, for example block numbers or temporary file names.
    pub state: State,
}
