//! Drives a run: splits, preparation, the tasks over the channels, commit or abort, report.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use chrono::Utc;
use sdk::{Error, Receipt, Result, Split, Splits, State, TaskId, WritePlan};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::context::{Reading, SplitContext};
use crate::dirty::DirtyRows;
use crate::failure::Failure;
use crate::ledger::{Event, Ledger, TaskState};
use crate::meter::Meter;
use crate::plan::Plan;
use crate::report::{Report, TaskPhase, TaskReport, grouped};
use crate::task::{PreparedJob, run_split};
use crate::wrap::{Backoff, RateLimit, with_retries};

/// What a run works with, besides its plan.
#[derive(Clone)]
pub struct RunContext {
    /// The durable memory; a run continues whatever its history says.
    pub ledger: Arc<dyn Ledger>,
    /// Where dirty rows go.
    pub dirty: Arc<DirtyRows>,
    /// Live figures.
    pub meter: Arc<Meter>,
    /// Reads at most so many rows; such a run leaves the source as it is once it has read them.
    pub limit_rows: Option<u64>,
    /// Stops the run cleanly; it can be resumed.
    pub cancel: CancellationToken,
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
    let dirty = context.dirty.clone();
    let (bytes, records) = (
        plan.setting.bytes_per_second,
        plan.setting.records_per_second,
    );
    let context = SplitContext {
        ledger: context.ledger,
        dirty: dirty.clone(),
        limit: Arc::new(RateLimit::new(bytes, records)),
        meter: context.meter,
        limit_rows: context.limit_rows,
        cancel: context.cancel,
    };
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
    report.limit_rows = driver.context.limit_rows;
    report.notices.extend(limited(&report));
    report.splits = std::mem::take(&mut *lock(&driver.reports));
    report.splits.sort_by_key(|task| task.task);
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

/// What is to be known of a run whose rows were limited.
fn limited(report: &Report) -> Option<String> {
    let most = report.limit_rows?;
    let read = match report.counts.rows_read >= most {
        true => format!("the first {} rows were read", grouped(most)),
        false => format!("the run may read {} rows", grouped(most)),
    };
    Some(format!(
        "{read} since it is limited to them; the statements after the read were not run"
    ))
}

struct Driver {
    context: SplitContext,
    backoff: Backoff,
    splits: Vec<Split>,
    reports: Arc<Mutex<Vec<TaskReport>>>,
    notices: Vec<String>,
    started: bool,
}

impl Driver {
    async fn drive(&mut self, plan: Plan) -> std::result::Result<(), Failure> {
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
        self.context.expect(&self.splits);
        if history.committed {
            self.recall_finished();
            return Ok(());
        }
        self.started = true;
        self.prepare(&plan, history.prepared).await?;
        let job = Arc::new(PreparedJob::of_run(plan, &self.context)?);
        let result = match self.run_tasks(&job).await {
            Ok(()) => self.commit(&job).await,
            failed => failed,
        };
        if let Err(failure) = &result
            && !failure.resumable()
        {
            self.give_up(&job.plan, &job.prepared).await;
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

    async fn prepare(&self, plan: &Plan, previous: Option<State>) -> Result<()> {
        let write_plan = WritePlan {
            columns: plan.target_columns.clone(),
            task_count: self.splits.len() as u32,
            previous,
        };
        let prepared = plan.writer.prepare(&write_plan).await?;
        if write_plan.previous.as_ref() != Some(&prepared) {
            let state = prepared;
            self.context.record(Event::Prepared { state }).await?;
        }
        Ok(())
    }

    /// Runs every task that is not done over the job's channels; the first failure stops the rest.
    async fn run_tasks(&self, job: &Arc<PreparedJob>) -> std::result::Result<(), Failure> {
        self.recall_finished();
        // The first failure stops the other channels, and no more than them.
        let context = SplitContext {
            cancel: self.context.cancel.child_token(),
            ..self.context.clone()
        };
        let ids = (0..self.splits.len() as u32).map(TaskId);
        let open: VecDeque<TaskId> = ids
            .filter(|task| !matches!(self.context.ledger.task(*task), TaskState::Done { .. }))
            .collect();
        let channel_count = job.plan.setting.concurrent.min(open.len());
        let open = Arc::new(Mutex::new(open));
        let splits = Arc::new(self.splits.clone());
        let mut channels = JoinSet::new();
        for _ in 0..channel_count {
            let (job, context) = (job.clone(), context.clone());
            let (open, splits) = (open.clone(), splits.clone());
            let (backoff, reports) = (self.backoff, self.reports.clone());
            channels.spawn(async move {
                loop {
                    let Some(task) = lock(&open).pop_front() else {
                        return Ok(());
                    };
                    let split = &splits[task.0 as usize];
                    let ended = run_task(&context, &job, task, split, backoff).await;
                    let phase = match &ended {
                        Ok(()) => TaskPhase::Done,
                        Err(Failure::Interrupted) => {
                            context.meter.gave_up(task);
                            return ended;
                        }
                        Err(_) => TaskPhase::Failed,
                    };
                    lock(&reports).extend(context.meter.ended(task, phase));
                    ended?;
                    context.meter.split_done();
                }
            });
        }
        let mut failure = None;
        while let Some(ended) = channels.join_next().await {
            let ended = ended.unwrap_or_else(|error| {
                Err(Error::internal("a task panicked").source(error).into())
            });
            if let Err(found) = ended {
                context.cancel.cancel();
                // Channels that stop because another one failed have nothing to say of their own.
                if !matches!(
                    failure,
                    Some(Failure::Error(_) | Failure::TooManyDirtyRows { .. })
                ) {
                    failure = Some(found);
                }
            }
        }
        lock(&self.reports).extend(context.meter.broke_off());
        match failure {
            Some(failure) => Err(failure),
            None => context.check_dirty_limit(&job.plan.setting, Reading::Underway),
        }
    }

    /// Counts what earlier processes of this run have done.
    fn recall_finished(&self) {
        for (index, split) in self.splits.iter().enumerate() {
            let task = TaskId(index as u32);
            if let TaskState::Done { counts, .. } = self.context.ledger.task(task) {
                let report = TaskReport {
                    task,
                    split: split.label.clone(),
                    state: TaskPhase::Done,
                    attempts: 0,
                    seconds: 0.0,
                    counts,
                };
                self.context.meter.recall(report.clone());
                lock(&self.reports).push(report);
            }
        }
    }

    async fn commit(&self, job: &PreparedJob) -> std::result::Result<(), Failure> {
        let receipts = self.receipts()?;
        self.context.record(Event::Committing).await?;
        let writer = job.plan.writer.as_ref();
        with_retries(self.backoff, &self.context, || {
            writer.commit(&job.prepared, &receipts)
        })
        .await?;
        // Statements after the read may tell the source that all of it was read.
        if self.context.limit_rows.is_none() {
            job.plan.reader.finish().await?;
        }
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

/// One task with its retries.
async fn run_task(
    context: &SplitContext,
    job: &PreparedJob,
    task: TaskId,
    split: &Split,
    backoff: Backoff,
) -> std::result::Result<(), Failure> {
    let mut attempt = 1;
    loop {
        let error = match run_split(context, job, task, split, attempt).await {
            Ok(_) => return Ok(()),
            Err(Failure::Error(error)) => error,
            Err(other) => return Err(other),
        };
        context.meter.rests(task);
        let Some(wait) = backoff.wait(&error, attempt) else {
            return Err(error.with("split", &split.label).into());
        };
        tracing::warn!(task.id = task.0, attempt, error = %error, wait_ms = wait.as_millis() as u64, "trying the task again");
        context.unless_stopped(tokio::time::sleep(wait)).await?;
        context.meter.retried();
        attempt += 1;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
