//! One run, from the version of its job to its report.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate};
use engine::{DirtyRows, Ended, Meter, Outcome, Progress, Report, Resolved, RunContext};
use futures::FutureExt;
use job::{Document, Options, Parameters, Problems};
use sdk::{Error, Kind};
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::heart::{Heart, Lease, deadline, figures};
use super::ledger::StoreLedger;
use super::log::{Level, RunLog, Stage, folder};
use super::{Stops, until_stored};
use crate::state::App;
use crate::store::run::{self, End, Held, Run};
use crate::store::{StoreError, StoreResult, job_version};
use crate::{datasources, runs, scheduler};

/// How far a run is, as it is stored and shown.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProgressView {
    /// Bytes of values read.
    bytes_read: u64,
    rows_filtered: u64,
    splits_done: u64,
    splits_total: u64,
    rows_expected: Option<u64>,
    /// The share that is done, 0 to 1.
    fraction: Option<f64>,
    eta_seconds: Option<f64>,
    rows_per_second: f64,
    bytes_per_second: f64,
    wait_reader_seconds: f64,
    wait_writer_seconds: f64,
    retries: u64,
}

impl From<&Progress> for ProgressView {
    fn from(progress: &Progress) -> Self {
        ProgressView {
            bytes_read: progress.counts.bytes_read,
            rows_filtered: progress.counts.rows_filtered,
            splits_done: progress.splits_done,
            splits_total: progress.splits_total,
            rows_expected: progress.rows_expected,
            fraction: progress.fraction(),
            eta_seconds: progress.eta().map(|eta| eta.as_secs_f64()),
            rows_per_second: progress.rows_per_second(),
            bytes_per_second: progress.bytes_per_second(),
            wait_reader_seconds: progress.wait_reader.as_secs_f64(),
            wait_writer_seconds: progress.wait_writer.as_secs_f64(),
            retries: progress.retries,
        }
    }
}

/// Why a run did not succeed, as it is stored and shown.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunError {
    pub(super) message: String,
    hint: Option<String>,
    /// Whether the same run can be continued.
    resumable: bool,
}

impl RunError {
    /// Of a run that was lost with its server so often.
    pub(super) fn no_server_survives(times: i64) -> RunError {
        RunError {
            message: format!(
                "the run was lost with its server {times} times without getting any further"
            ),
            hint: Some(
                "it may need more memory than its servers have: lower `speed.concurrent`, or split \
                 the data into more runs, then resume it"
                    .to_string(),
            ),
            resumable: true,
        }
    }
}

/// Does a run that was claimed `since`, and notes how it ended.
pub(super) async fn run(app: &App, run: Run, stops: Stops, since: Instant) -> StoreResult<()> {
    let held = Held {
        id: run.id.clone(),
        fence: run.fence,
    };
    let log = RunLog::open(&app.config.folder, &run.id);
    let again = if run.fence > 1 {
        ", to continue it"
    } else {
        ""
    };
    log.say(
        Level::Info,
        Stage::Submit,
        format!("server {} has taken the run{again}", app.server_id),
    );
    let meter = Arc::new(Meter::default());
    // The heart stops with this function, however it ends.
    let mut heart = JoinSet::new();
    heart.spawn(
        Heart {
            app: app.clone(),
            held: held.clone(),
            meter: meter.clone(),
            stops: stops.clone(),
            deadline: deadline(&run, app.clock.micros()),
            lease: Lease::granted(app, since, app.clock.micros()),
        }
        .beat(),
    );
    let doing = Doing {
        app,
        row: &run,
        log: &log,
        meter: &meter,
        stops: &stops,
    };
    let done = tokio::select! {
        biased;
        () = stops.lost.cancelled() => return Err(StoreError::Changed),
        done = AssertUnwindSafe(execute(&doing)).catch_unwind() => done,
    };
    heart.shutdown().await;
    if stops.lost.is_cancelled() {
        return Err(StoreError::Changed);
    }
    record(&doing, &held, done.unwrap_or_else(|_| Err(panicked()))).await
}

fn panicked() -> Error {
    Error::internal("the run came upon a defect of Longshore and broke off")
        .hint("please report it with what the server's log says; the run can be resumed")
}

/// A run that is being done, with all that belongs to it.
#[derive(Clone, Copy)]
struct Doing<'a> {
    app: &'a App,
    row: &'a Run,
    log: &'a RunLog,
    meter: &'a Arc<Meter>,
    stops: &'a Stops,
}

async fn execute(doing: &Doing<'_>) -> Result<Ended, Error> {
    let Doing {
        app,
        row,
        log,
        meter,
        stops,
    } = *doing;
    let resolved = resolve(app, row, log).await?;
    log.say(Level::Info, Stage::Wait, "connecting to both sides");
    let plan = tokio::select! {
        () = stops.run.cancelled() => return Err(stopped()),
        plan = engine::plan(resolved) => plan?,
    };
    for column in plan.columns() {
        if let engine::Fit::Checked(how) = &column.fit {
            let text = format!("column {} to {}: {how}", column.source, column.target);
            log.say(Level::Info, Stage::Wait, text);
        }
    }
    let held = Held {
        id: row.id.clone(),
        fence: row.fence,
    };
    let ledger = StoreLedger::open(app, &held).await.map_err(|error| {
        Error::internal("the run's ledger cannot be read").with("error", format!("{error:?}"))
    })?;
    log.say(Level::Info, Stage::Run, "moving rows");
    let context = RunContext {
        ledger: Arc::new(ledger),
        dirty: Arc::new(DirtyRows::new(folder(&app.config.folder, &row.id))),
        meter: meter.clone(),
        cancel: stops.run.clone(),
    };
    Ok(engine::run(plan, context).await)
}

fn stopped() -> Error {
    Error::new(
        Kind::Conflict,
        "the run was stopped before it began to move rows",
    )
}

/// From the stored version to opened connectors; every problem is told in one error.
async fn resolve(app: &App, row: &Run, log: &RunLog) -> Result<Resolved, Error> {
    let store = |error: StoreError| {
        Error::new(Kind::Unreachable, "the metadata store did not answer")
            .with("error", format!("{error:?}"))
    };
    let mut c = app.store.read().await.map_err(store)?;
    let version = job_version::find(&mut c, &row.job_id, row.job_version)
        .await
        .map_err(store)?
        .ok_or_else(|| {
            Error::new(
                Kind::NotFound,
                format!("version {} of the job is gone", row.job_version),
            )
            .hint("run the job's current version")
        })?;
    drop(c);
    let refuse = |problems: &Problems| {
        Error::new(Kind::Config, "the job's document is not right")
            .hint(problems.render(job::Colour::Plain).trim_end())
    };
    let document = Document::parse(&row.job_name, &version.document).map_err(|p| refuse(&p))?;
    let strictness = document.spelling().strictness();
    let options = Options {
        strictness: Some(strictness),
        parameters: parameters(row)?,
    };
    let (job, mut problems) = job::normalise(&document, &options).map_err(|p| refuse(&p))?;
    let sources = datasources::of_run(app, &row.project_id, &row.environment, &job).await?;
    let resolved = engine::resolve(&job, &app.registry, &sources, strictness, &mut problems)
        .ok_or_else(|| refuse(&problems))?;
    if !problems.is_empty() {
        let text = problems.render(job::Colour::Plain);
        log.say(Level::Warning, Stage::Wait, text.trim_end());
    }
    Ok(resolved)
}

/// The values that the run's document refers to: its dates, and its variables as they were resolved.
fn parameters(row: &Run) -> Result<Parameters, Error> {
    let damaged = || Error::internal("a run of the store has no dates");
    let bizdate: NaiveDate = row.bizdate.parse().map_err(|_| damaged())?;
    let cycle = DateTime::from_timestamp_micros(row.cycle_at).ok_or_else(damaged)?;
    let values = serde_json::from_str(&row.variables).map_err(|_| damaged())?;
    runs::constants(bizdate, cycle.naive_utc(), &values)
        .map_err(|error| Error::new(Kind::Config, error.to_string()))
}

async fn record(doing: &Doing<'_>, held: &Held, done: Result<Ended, Error>) -> StoreResult<()> {
    let Doing {
        app,
        row,
        log,
        meter,
        stops,
    } = *doing;
    let figures = figures(&meter.progress());
    let (mut state, report, mut error) = match &done {
        Ok(ended) => ending(&ended.report, stops),
        Err(error) => (
            if stops.server.is_cancelled() {
                run::QUEUED
            } else if stops.run.is_cancelled() {
                run::STOPPED
            } else {
                run::FAILED
            },
            None,
            Some(RunError {
                message: error.to_string(),
                hint: error.hint_text().map(str::to_string),
                resumable: error.kind() == Kind::Internal,
            }),
        ),
    };
    if state == run::QUEUED {
        log.say(
            Level::Info,
            Stage::End,
            "the server stops; another one continues",
        );
        return until_stored(|| hand_over(app, held).boxed()).await;
    }
    let is_late = state == run::STOPPED && stops.late.is_cancelled();
    if is_late {
        state = run::FAILED;
        error = Some(RunError {
            message: "the run took longer than it may and was stopped".to_string(),
            hint: Some(
                "resume it, make it faster, or give its schedule a longer timeout".to_string(),
            ),
            resumable: error.is_some_and(|error| error.resumable),
        });
    }
    if let Ok(ended) = &done {
        for notice in &ended.report.notices {
            log.say(Level::Warning, Stage::End, notice);
        }
    }
    match &error {
        None => log.say(Level::Info, Stage::End, "succeeded"),
        Some(error) => {
            let hint = error.hint.as_ref().map(|hint| format!("\n{hint}"));
            let text = format!("{state}: {}{}", error.message, hint.unwrap_or_default());
            log.say(Level::Error, Stage::End, text);
        }
    }
    let report = report.map(|report| report.to_string());
    let error = error.and_then(|error| serde_json::to_string(&error).ok());
    let end = End {
        state,
        at: app.clock.micros(),
        figures,
        report: report.as_deref(),
        error: error.as_deref(),
    };
    let ended = if is_late {
        scheduler::Ended::TimedOut
    } else {
        scheduler::Ended::of(state)
    };
    until_stored(|| finish(app, row, held, &end, ended).boxed()).await
}

async fn hand_over(app: &App, held: &Held) -> StoreResult<()> {
    let mut t = app.store.begin().await?;
    run::hand_over(&mut t, held).await?;
    Ok(t.commit().await?)
}

async fn finish(
    app: &App,
    row: &Run,
    held: &Held,
    end: &End<'_>,
    ended: scheduler::Ended,
) -> StoreResult<()> {
    let mut t = app.store.begin().await?;
    let state = run::finish(&mut t, held, end).await?;
    let ended = match state.as_str() {
        // Somebody asked for that while it failed.
        run::STOPPED => scheduler::Ended::Stopped,
        _ => ended,
    };
    run::add_sample(&mut t, &held.id, end.at, end.figures).await?;
    scheduler::run_ended(app, &mut t, row, ended).await?;
    Ok(t.commit().await?)
}

/// The state that a report stands for, the report without paths of this machine, and the error.
fn ending(report: &Report, stops: &Stops) -> (&'static str, Option<Value>, Option<RunError>) {
    let state = match report.outcome {
        Outcome::Succeeded => run::SUCCEEDED,
        Outcome::Failed => run::FAILED,
        Outcome::Interrupted if stops.server.is_cancelled() => run::QUEUED,
        Outcome::Interrupted => run::STOPPED,
    };
    let mut value = serde_json::to_value(report).ok();
    if let Some(Value::Object(fields)) = &mut value {
        fields.remove("dirtyFile");
    }
    let error = report.error.as_ref().map(|message| RunError {
        message: message.clone(),
        hint: report.hint.clone(),
        resumable: report.resumable,
    });
    (state, value, error)
}
