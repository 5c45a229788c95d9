//! Drives a run: splits, preparation, the tasks over the channels, commit or abort, report.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use chrono::Utc;
use job::Setting;
use sdk::{Error, Receipt, Result, Split, Splits, State, TaskId, WritePlan};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::dirty::DirtyRows;
use crate::failure::Failure;
use crate::ledger::{Event, Ledger, TaskState};
use crate::meter::{Counts, Meter, Progress};
use crate::plan::Plan;
use crate::report::{Report, TaskReport};
use crate::task::{Pipeline, run_split};
use crate::wrap::{Backoff, RateLimit, off_the_runtime, with_retries};

/// What a run works with, besides its plan.
#[derive(Clone)]
pub struct RunContext {
    /// The durable memory; a run continues whatever its history says.
    pub ledger: Arc<dyn Ledger>,
    /// Where dirty rows go.
    pub dirty: Arc<DirtyRows>,
    /// Live figures.
    pub meter: Arc<Meter>,
    /// Stops the run cleanly; it can be resumed.
    pub cancel: CancellationToken,
}

/// How far the caller has read when dirty rows are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// More rows may follow.
    Underway,
    /// The caller's split is read, and not yet counted as done.
    EndOfSplit,
}

/// Without an estimate of the source, a share of fewer rows than these says little about all of them.
const TELLING_ROWS: u64 = 100_000;

/// The rows that a share of dirty rows is taken of; `None` while it is too early to say. The rows that
/// the source expects count before they are read, so that a bad beginning does not condemn a good whole.
fn rows_to_judge_by(progress: &Progress, reading: Reading) -> Option<u64> {
    let read = progress.counts.rows_read;
    let splits_read = match reading {
        Reading::Underway => progress.splits_done,
        Reading::EndOfSplit => progress.splits_done + 1,
    };
    match progress.rows_expected {
        _ if splits_read >= progress.splits_total => Some(read),
        Some(expected) => Some(read.max(expected)),
        None => (read >= TELLING_ROWS).then_some(read),
    }
}

impl RunContext {
    /// Notes a step in the ledger.
    pub(crate) async fn record(&self, event: Event) -> Result<()> {
        let ledger = self.ledger.clone();
        off_the_runtime(move || ledger.record(event)).await
    }

    /// Gives a step up as soon as the run is to stop.
    pub(crate) async fn unless_stopped<T>(
        &self,
        step: impl Future<Output = T>,
    ) -> std::result::Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Failure::Interrupted),
            value = step => Ok(value),
        }
    }

    /// Fails as soon as more rows are dirty than the job tolerates.
    pub(crate) fn check_dirty_limit(
        &self,
        setting: &Setting,
        reading: Reading,
    ) -> std::result::Result<(), Failure> {
        let progress = self.meter.progress();
        let Counts {
            rows_dirty: dirty,
            rows_read: read,
            ..
        } = progress.counts;
        let limit = &setting.dirty_limit;
        if let Some(most) = limit.records.filter(|most| dirty > *most) {
            let limit = if most == 0 {
                "none".to_string()
            } else {
                format!("at most {most}")
            };
            return Err(Failure::TooManyDirtyRows { dirty, read, limit });
        }
        match limit.percentage.zip(rows_to_judge_by(&progress, reading)) {
            Some((share, rows)) if dirty as f64 > share * rows as f64 => {
                let limit = format!("at most {}% of the rows", share * 100.0);
                Err(Failure::TooManyDirtyRows { dirty, read, limit })
            }
            _ => Ok(()),
        }
    }
}

/// The end of a run.
#[derive(Debug)]
pub struct Ended {
    /// What it did.
    pub report: Report,
    /// Why it did not succeed, if so.
    pub failure: Option<Failure>,
    /// Whether the target was touched, by this process or an earlier one of the run.
    pub started: bool,
}

/// Runs a planned job to its end and reports it. Continues the run if its ledger has a history.
pub async fn run(plan: Plan, context: RunContext) -> Ended {
    let start = Utc::now();
    let mut driver = Driver {
        backoff: Backoff::new(plan.setting.retries),
        splits: Vec::new(),
        reports: Arc::new(Mutex::new(Vec::new())),
        notices: Vec::new(),
        started: false,
        context,
    };
    let before = driver.context.ledger.history();
    let failure = driver.drive(plan).await.err();
    let mut report = Report::new(start, driver.context.meter.progress(), failure.as_ref());
    report.notices = driver.notices;
    report.splits = std::mem::take(&mut *lock(&driver.reports));
    report.splits.sort_by_key(|task| task.task);
    let dirty = &driver.context.dirty;
    if before.committed || before.giving_up || before.aborted {
        // Somebody may have mended the rows since.
        report.dirty_file = dirty.joint_file();
    } else {
        match dirty.finish(driver.splits.len() as u32) {
            Ok(file) => report.dirty_file = file,
            Err(error) => report.notices.push(error.to_string()),
        }
    }
    report.resumable &=
        !(before.giving_up || before.aborted) && driver.context.ledger.history().prepared.is_some();
    Ended {
        report,
        failure,
        started: driver.started,
    }
}

struct Driver {
    context: RunContext,
    backoff: Backoff,
    splits: Vec<Split>,
    reports: Arc<Mutex<Vec<TaskReport>>>,
    notices: Vec<String>,
    started: bool,
}

impl Driver {
    async fn drive(&mut self, mut plan: Plan) -> std::result::Result<(), Failure> {
        let ledger = self.context.ledger.clone();
        let mut history = ledger.history();
        self.started = history.prepared.is_some();
        if let (true, false, Some(prepared)) =
            (history.giving_up, history.aborted, &history.prepared)
        {
            self.give_up(&plan, prepared).await;
        }
        if history.giving_up || history.aborted {
            return Err(Error::new(
                sdk::Kind::Conflict,
                "the run was given up and cannot be continued",
            )
            .hint("begin a new run")
            .into());
        }
        if history.splits.is_none() {
            self.plan_splits(&plan).await?;
            history = ledger.history();
        }
        self.splits = history.splits.unwrap_or_default();
        plan.began(history.began.unwrap_or_default())?;
        let expected = self
            .splits
            .iter()
            .map(|split| split.estimated_rows)
            .sum::<Option<u64>>();
        self.context.meter.plan(self.splits.len() as u64, expected);
        if history.committed {
            self.recall_finished();
            return Ok(());
        }
        self.started = true;
        let prepared = self.prepare(&plan, history.prepared).await?;
        let pipeline = Arc::new(Pipeline {
            limit: RateLimit::new(
                plan.setting.bytes_per_second,
                plan.setting.records_per_second,
            ),
            context: RunContext {
                cancel: self.context.cancel.child_token(),
                ..self.context.clone()
            },
            prepared,
            plan,
        });
        let result = match self.run_tasks(&pipeline).await {
            Ok(()) => self.commit(&pipeline).await,
            failed => failed,
        };
        if let Err(failure) = &result
            && !failure.resumable()
        {
            self.give_up(&pipeline.plan, &pipeline.prepared).await;
        }
        result
    }

    async fn plan_splits(&mut self, plan: &Plan) -> std::result::Result<(), Failure> {
        let began_micros = Utc::now().timestamp_micros();
        self.context.unless_stopped(plan.reader.prepare()).await??;
        let planning = with_retries(self.backoff, &self.context, || {
            plan.reader.splits(plan.setting.concurrent)
        });
        let Splits { splits, notices } = self.context.unless_stopped(planning).await??;
        self.notices.extend(notices);
        let planned = Event::Planned {
            splits,
            began_micros,
        };
        self.context.record(planned).await?;
        Ok(())
    }

    async fn prepare(&self, plan: &Plan, previous: Option<State>) -> Result<State> {
        let write_plan = WritePlan {
            columns: plan.target_columns.clone(),
            task_count: self.splits.len() as u32,
            previous,
        };
        let prepared = plan.writer.prepare(&write_plan).await?;
        if write_plan.previous.as_ref() != Some(&prepared) {
            let state = prepared.clone();
            self.context.record(Event::Prepared { state }).await?;
        }
        Ok(prepared)
    }

    /// Runs every task that is not done over the job's channels; the first failure stops the rest.
    async fn run_tasks(&self, pipeline: &Arc<Pipeline>) -> std::result::Result<(), Failure> {
        self.recall_finished();
        let ids = (0..self.splits.len() as u32).map(TaskId);
        let open: VecDeque<TaskId> = ids
            .filter(|task| !matches!(self.context.ledger.task(*task), TaskState::Done { .. }))
            .collect();
        let channel_count = pipeline.plan.setting.concurrent.min(open.len());
        let open = Arc::new(Mutex::new(open));
        let splits = Arc::new(self.splits.clone());
        let mut channels = JoinSet::new();
        for _ in 0..channel_count {
            let (pipeline, open, splits) = (pipeline.clone(), open.clone(), splits.clone());
            let (backoff, reports) = (self.backoff, self.reports.clone());
            channels.spawn(async move {
                loop {
                    let Some(task) = lock(&open).pop_front() else {
                        return Ok(());
                    };
                    let split = &splits[task.0 as usize];
                    let report = run_task(&pipeline, task, split, backoff).await?;
                    lock(&reports).push(report);
                    pipeline.context.meter.split_done();
                }
            });
        }
        let mut failure = None;
        while let Some(ended) = channels.join_next().await {
            let ended = ended.unwrap_or_else(|error| {
                Err(Error::internal("a task panicked").source(error).into())
            });
            if let Err(found) = ended {
                pipeline.context.cancel.cancel();
                // Channels that stop because another one failed have nothing to say of their own.
                if !matches!(
                    failure,
                    Some(Failure::Error(_) | Failure::TooManyDirtyRows { .. })
                ) {
                    failure = Some(found);
                }
            }
        }
        match failure {
            Some(failure) => Err(failure),
            None => {
                let setting = &pipeline.plan.setting;
                pipeline
                    .context
                    .check_dirty_limit(setting, Reading::Underway)
            }
        }
    }

    /// Counts what earlier processes of this run have done.
    fn recall_finished(&self) {
        for (index, split) in self.splits.iter().enumerate() {
            let task = TaskId(index as u32);
            if let TaskState::Done { counts, .. } = self.context.ledger.task(task) {
                self.context.meter.recall(&counts);
                let split = split.label.clone();
                lock(&self.reports).push(TaskReport {
                    task,
                    split,
                    attempts: 0,
                    seconds: 0.0,
                    counts,
                });
            }
        }
    }

    async fn commit(&self, pipeline: &Pipeline) -> std::result::Result<(), Failure> {
        let receipts = self.receipts()?;
        self.context.record(Event::Committing).await?;
        let writer = pipeline.plan.writer.as_ref();
        with_retries(self.backoff, &self.context, || {
            writer.commit(&pipeline.prepared, &receipts)
        })
        .await?;
        pipeline.plan.reader.finish().await?;
        self.context.record(Event::Committed).await?;
        Ok(())
    }

    fn receipts(&self) -> Result<Vec<Receipt>> {
        let tasks = (0..self.splits.len() as u32).map(TaskId);
        tasks
            .map(|task| match self.context.ledger.task(task) {
                TaskState::Done { receipt, .. } => Ok(receipt),
                _ => Err(Error::internal(format!(
                    "task {task} ended without a receipt"
                ))),
            })
            .collect()
    }

    /// A process that may not note this any more leaves the target alone: somebody else works on it.
    async fn give_up(&self, plan: &Plan, prepared: &State) {
        if let Err(error) = self.context.record(Event::GivingUp).await {
            tracing::warn!(error = %error, "cannot note that the run is given up, so nothing is cleaned up");
            return;
        }
        if let Err(error) = plan.writer.abort(prepared).await {
            tracing::warn!(error = %error, "cannot clean up after the failed run");
        }
        if let Err(error) = self.context.record(Event::Aborted).await {
            tracing::warn!(error = %error, "cannot note that the run was given up");
        }
    }
}

/// One task with its retries. An attempt whose end is unknown is settled with the target before
/// another one begins, so that no row is written twice.
async fn run_task(
    pipeline: &Pipeline,
    task: TaskId,
    split: &Split,
    backoff: Backoff,
) -> std::result::Result<TaskReport, Failure> {
    let context = &pipeline.context;
    let mut attempt = 1;
    loop {
        let since = Instant::now();
        let result = match settle(pipeline, task).await {
            Ok(Some(counts)) => Ok(counts),
            Ok(None) => run_split(pipeline, task, split, attempt).await,
            Err(failure) => Err(failure),
        };
        let error = match result {
            Ok(counts) => {
                let seconds = since.elapsed().as_secs_f64();
                return Ok(TaskReport {
                    task,
                    split: split.label.clone(),
                    attempts: attempt,
                    seconds,
                    counts,
                });
            }
            Err(Failure::Error(error)) => error,
            Err(other) => return Err(other),
        };
        let Some(wait) = backoff.wait(&error, attempt) else {
            return Err(error.with("split", &split.label).into());
        };
        tracing::warn!(task.id = task.0, attempt, error = %error, wait_ms = wait.as_millis() as u64, "trying the task again");
        context.unless_stopped(tokio::time::sleep(wait)).await?;
        context.meter.retried();
        attempt += 1;
    }
}

/// If an earlier attempt got as far as its seal, asks the target what became of it.
async fn settle(pipeline: &Pipeline, task: TaskId) -> std::result::Result<Option<Counts>, Failure> {
    let context = &pipeline.context;
    let TaskState::Sealed { seal, counts } = context.ledger.task(task) else {
        return Ok(None);
    };
    let writer = pipeline.plan.writer.as_ref();
    let answer = writer.recover(&pipeline.prepared, task, &seal);
    let Some(receipt) = context.unless_stopped(answer).await?? else {
        return Ok(None);
    };
    context.record(Event::Done { receipt, counts }).await?;
    context.meter.add(&counts);
    Ok(Some(counts))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_dirty_rows_is_judged_once_it_tells_something() {
        use Reading::{EndOfSplit, Underway};
        let judged = |read: u64, expected: Option<u64>, splits_done: u64, reading| {
            let meter = Meter::default();
            meter.plan(3, expected);
            meter.add(&Counts {
                rows_read: read,
                ..Counts::default()
            });
            for _ in 0..splits_done {
                meter.split_done();
            }
            rows_to_judge_by(&meter.progress(), reading)
        };
        assert_eq!(judged(10, Some(1000), 0, Underway), Some(1000));
        assert_eq!(judged(2000, Some(1000), 0, Underway), Some(2000));
        assert_eq!(judged(TELLING_ROWS - 1, None, 1, Underway), None);
        assert_eq!(judged(TELLING_ROWS, None, 0, Underway), Some(TELLING_ROWS));
        assert_eq!(judged(10, None, 1, EndOfSplit), None);
        assert_eq!(judged(10, None, 2, EndOfSplit), Some(10));
        assert_eq!(judged(10, Some(1000), 3, Underway), Some(10));
    }
}
