//! One attempt of one task: read a batch, map it, write it, account for it.
//!
//! [`run_split`] is the function that a cluster places elsewhere. It needs the job planned where it
//! runs, the split, and a [`SplitContext`], and assumes nothing about the process it runs in.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use futures::StreamExt;
use sdk::{
    Column, Error, ReadBatch, Split, State, TaskId, TaskWriter, Written, cell_to_json, row_to_json,
};
use serde_json::{Map, Value};

use crate::context::{Reading, SplitContext};
use crate::dirty::{DirtyRow, DirtyTask, Stage};
use crate::failure::Failure;
use crate::ledger::{Event, TaskState};
use crate::mapping::{BadCell, Mapped, OutputValue};
use crate::meter::{Counts, Side};
use crate::plan::Plan;
use crate::wrap::prefetch;

/// Batches read ahead of the writer.
const READ_AHEAD: usize = 2;

/// A job in the state that its run has brought it to: the same in every process that works on the run.
pub struct PreparedJob {
    pub(crate) plan: Plan,
    pub(crate) prepared: State,
}

impl PreparedJob {
    /// Joins a job that was planned in this process to its run, of which the ledger tells when it began
    /// and how the target was prepared. Fails if that has not happened yet.
    pub fn of_run(mut plan: Plan, context: &SplitContext) -> Result<Self, Error> {
        let history = context.ledger.history();
        let (Some(splits), Some(began), Some(prepared)) =
            (history.splits, history.began, history.prepared)
        else {
            return Err(Error::internal("the run is not prepared yet"));
        };
        plan.began(began)?;
        context.expect(&splits);
        Ok(PreparedJob { plan, prepared })
    }
}

/// Moves one split. On success its rows are published and the ledger says so; on failure nothing of
/// the attempt is written, and the meter has forgotten it unless it ends the run by its dirty rows.
/// Attempts of a split count from 1, follow each other, and are the caller's to repeat.
///
/// An earlier attempt whose end is unknown is settled with the target first, so that no row is
/// written twice.
pub async fn run_split(
    context: &SplitContext,
    job: &PreparedJob,
    task: TaskId,
    split: &Split,
    attempt: u32,
) -> Result<Counts, Failure> {
    context.meter.begin(task, &split.label, attempt);
    if let Some(counts) = settle(context, job, task).await? {
        return Ok(counts);
    }
    let mut run = Attempt {
        context,
        job,
        task,
        counts: Counts::default(),
        dirty: context.dirty.begin(task)?,
    };
    let result = run.run(split, attempt).await;
    if let Err(Failure::TooManyDirtyRows { .. }) = result {
        // No attempt follows, and the report must show the rows that ended the run.
        run.counts = Counts {
            rows_written: run.counts.rows_written,
            ..Counts::default()
        };
    }
    result.map(|()| std::mem::take(&mut run.counts))
}

/// If an earlier attempt got as far as its seal, asks the target what became of it.
async fn settle(
    context: &SplitContext,
    job: &PreparedJob,
    task: TaskId,
) -> Result<Option<Counts>, Failure> {
    let TaskState::Sealed { seal, counts } = context.ledger.task(task) else {
        return Ok(None);
    };
    let answer = job.plan.writer.recover(&job.prepared, task, &seal);
    let Some(receipt) = context.unless_stopped(answer).await?? else {
        return Ok(None);
    };
    context.record(Event::Done { receipt, counts }).await?;
    context.meter.add(task, &counts);
    Ok(Some(counts))
}

struct Attempt<'a> {
    context: &'a SplitContext,
    job: &'a PreparedJob,
    task: TaskId,
    counts: Counts,
    dirty: Box<dyn DirtyTask>,
}

/// The meter forgets whatever an attempt still counts when it ends, be it by a panic.
impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.context.meter.take_back(&self.counts);
    }
}

impl Attempt<'_> {
    async fn run(&mut self, split: &Split, attempt: u32) -> Result<(), Failure> {
        let PreparedJob { plan, prepared } = self.job;
        let (context, task) = (self.context, self.task);
        context.record(Event::Claimed { task, attempt }).await?;
        let mut options = plan.options.clone();
        (options.batch_rows, options.batch_bytes) = context
            .limit
            .batch_size(options.batch_rows, options.batch_bytes);
        let read = async {
            match context.has_read_enough() {
                true => Ok(futures::stream::empty().boxed()),
                false => plan.reader.read(split, &options).await,
            }
        };
        let opened = async { tokio::try_join!(read, plan.writer.task(prepared, task)) };
        let (batches, mut writer) = context.unless_stopped(opened).await??;
        let mut batches = prefetch(batches, READ_AHEAD);
        while !context.has_read_enough() {
            let waits = context.meter.waits(task, Side::Reader);
            let next = context.unless_stopped(batches.next()).await?;
            drop(waits);
            let Some(batch) = next else { break };
            self.move_batch(batch?, writer.as_mut()).await?;
        }
        drop(batches);
        if let Some(most) = context.refusals_left(&plan.setting) {
            writer.allow_refused(most);
        }
        let waits = context.meter.waits(task, Side::Writer);
        let sealed = context.unless_stopped(writer.seal()).await??;
        self.account_written(sealed.written)?;
        context.check_dirty_limit(&plan.setting, Reading::EndOfSplit)?;
        self.check_balance(split)?;
        self.dirty.sync().await?;
        let (seal, counts) = (sealed.state, self.counts);
        context.record(Event::Sealed { task, seal, counts }).await?;
        // From here on the attempt runs to its end: a stop would leave its fate open without need.
        let receipt = writer.publish().await?;
        drop(waits);
        context.record(Event::Done { receipt, counts }).await?;
        Ok(())
    }

    async fn move_batch(
        &mut self,
        read: ReadBatch,
        writer: &mut dyn TaskWriter,
    ) -> Result<(), Failure> {
        let (context, plan) = (self.context, &self.job.plan);
        let ReadBatch { batch, unreadable } = self.admit(read);
        let row_count = (batch.num_rows() + unreadable.len()) as u64;
        let byte_count = value_bytes(&batch);
        let pass = context.limit.pass(byte_count, row_count);
        context.unless_stopped(pass).await?;
        self.count(Counts {
            bytes_read: byte_count,
            ..Counts::default()
        });
        for row in unreadable {
            let mut dirty = DirtyRow::now(self.task, Stage::Read, row.column, row.reason);
            dirty.row = row.row;
            self.set_aside(dirty)?;
        }
        let Mapped {
            batch: mapped,
            filtered_rows,
            dirty,
        } = plan.mapping.apply(&batch)?;
        self.count(Counts {
            rows_filtered: filtered_rows,
            ..Counts::default()
        });
        for (row, BadCell { column, reason }) in dirty {
            let mut dirty = DirtyRow::now(self.task, Stage::Convert, column, reason);
            dirty.row = self.source_row(&batch, row);
            self.set_aside(dirty)?;
        }
        if mapped.num_rows() > 0 {
            if let Some(most) = context.refusals_left(&plan.setting) {
                writer.allow_refused(most);
            }
            let waits = context.meter.waits(self.task, Side::Writer);
            let written = context.unless_stopped(writer.write(mapped)).await??;
            drop(waits);
            self.account_written(written)?;
        }
        context.check_dirty_limit(&plan.setting, Reading::Underway)
    }

    fn account_written(&mut self, written: Written) -> Result<(), Error> {
        self.count(Counts {
            rows_written: written.row_count,
            ..Counts::default()
        });
        for refused in written.refused {
            let mut dirty = DirtyRow::now(self.task, Stage::Write, refused.column, refused.reason);
            dirty.row = self.target_row(&refused.batch, refused.row);
            self.set_aside(dirty)?;
        }
        Ok(())
    }

    fn set_aside(&mut self, mut dirty: DirtyRow) -> Result<(), Error> {
        dirty.key = self.key_of(&dirty);
        self.dirty.add(&dirty.line()?)?;
        self.count(Counts {
            rows_dirty: 1,
            ..Counts::default()
        });
        Ok(())
    }

    /// Counts the rows of a batch as read, and cuts off those that are beyond the limit of the run.
    fn admit(&mut self, read: ReadBatch) -> ReadBatch {
        let ReadBatch {
            batch,
            mut unreadable,
        } = read;
        let row_count = batch.num_rows() + unreadable.len();
        let (meter, most) = (&self.context.meter, self.context.limit_rows);
        let admitted = meter.admit(self.task, row_count as u64, most);
        self.counts.rows_read += admitted;
        // The minimum with a `usize` fits one.
        let good = admitted.min(batch.num_rows() as u64) as usize;
        unreadable.truncate(admitted as usize - good);
        ReadBatch {
            batch: batch.slice(0, good),
            unreadable,
        }
    }

    fn count(&mut self, counts: Counts) {
        self.counts += &counts;
        self.context.meter.add(self.task, &counts);
    }

    fn check_balance(&self, split: &Split) -> Result<(), Error> {
        if self.counts.balanced() {
            return Ok(());
        }
        Err(Error::internal(format!(
            "the rows of {} do not add up: {:?}",
            split.label, self.counts
        ))
        .hint("this is a defect of Longshore; please report it"))
    }

    /// A row as the reader gave it, wire forms as text.
    fn source_row(&self, batch: &RecordBatch, row: usize) -> Map<String, Value> {
        let plan = &self.job.plan;
        readable_row(
            batch,
            row,
            |index| Some((plan.source_columns.get(index)?, index)),
            plan,
        )
    }

    /// A row as the writer got it, wire forms as text.
    fn target_row(&self, batch: &RecordBatch, row: usize) -> Map<String, Value> {
        let plan = &self.job.plan;
        let source_of = |index: usize| match plan.mapping.outputs.get(index)?.value {
            OutputValue::Wire(source) => Some((&plan.target_columns[index], source)),
            _ => None,
        };
        readable_row(batch, row, source_of, plan)
    }

    /// The source's key columns within a dirty row, found by name or by the column they are mapped to.
    fn key_of(&self, dirty: &DirtyRow) -> Map<String, Value> {
        let plan = &self.job.plan;
        let mut key = Map::new();
        for (index, column) in plan
            .source_columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.key)
        {
            let name = match dirty.stage {
                Stage::Read | Stage::Convert => Some(&column.name),
                Stage::Write => plan
                    .mapping
                    .outputs
                    .iter()
                    .find(|output| output.value.is_source(index))
                    .map(|output| &output.column.name),
            };
            if let Some(value) = name.and_then(|name| dirty.row.get(name)) {
                key.insert(column.name.clone(), value.clone());
            }
        }
        key
    }
}

/// One row as JSON; `wire_source` names the column and its number at the reader for wire forms.
fn readable_row<'a>(
    batch: &RecordBatch,
    row: usize,
    wire_source: impl Fn(usize) -> Option<(&'a Column, usize)>,
    plan: &Plan,
) -> Map<String, Value> {
    if !batch
        .schema_ref()
        .fields()
        .iter()
        .any(|field| Column::is_wire(field))
    {
        return row_to_json(batch, row);
    }
    let schema = batch.schema();
    let cells =
        schema
            .fields()
            .iter()
            .zip(batch.columns())
            .enumerate()
            .map(|(index, (field, array))| {
                let value = match wire_source(index) {
                    Some((_, source)) if Column::is_wire(field) && array.is_valid(row) => {
                        Value::String(
                            plan.reader
                                .wire_text(source, array.as_binary::<i32>().value(row)),
                        )
                    }
                    _ => cell_to_json(array.as_ref(), row),
                };
                (field.name().clone(), value)
            });
    cells.collect()
}

/// Bytes of the values, whatever the capacity of the buffers that hold them.
fn value_bytes(batch: &RecordBatch) -> u64 {
    batch
        .columns()
        .iter()
        .map(|array| array.to_data().get_slice_memory_size().unwrap_or(0) as u64)
        .sum()
}
