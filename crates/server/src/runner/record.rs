//! The end of a run: its state, its report, its error, and whom it is told.

use std::sync::Arc;

use engine::{Ended, Failure, Ledger, Outcome};
use futures::FutureExt;
use sdk::{Error, Kind};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::execute::{Doing, Learnt, ProgressView};
use super::heart::figures;
use super::ledger::StoreLedger;
use super::log::{Level, Stage};
use super::splits::SplitView;
use super::{Stops, until_stored};
use crate::alerts::tell;
use crate::lineage::event::{Datasets, Ending};
use crate::state::App;
use crate::store::run::{self, End, Figures, Held, Run, progress};
use crate::store::{Connection, StoreError, StoreResult};
use crate::{lineage, scheduler};

/// Why a run did not succeed, as it is stored and shown.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunError {
    /// What sort of failure it is: `config`, `auth`, `unreachable`, `denied`, `not found`, `conflict`, `unsupported`,
    /// `throttled`, `data`, `internal`, `dirty rows`, `stopped` or `timeout`.
    kind: String,
    pub(super) message: String,
    hint: Option<String>,
    /// Whether the same run can be continued.
    resumable: bool,
}

impl RunError {
    /// Of a run that was lost with its server so often.
    pub(super) fn no_server_survives(times: i64) -> RunError {
        RunError {
            kind: Kind::Internal.to_string(),
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

    /// Whether a run of the store says that it can be continued.
    pub(crate) fn is_resumable(run: &Run) -> bool {
        let error: Option<Value> = run
            .error
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok());
        error.is_some_and(|error| error["resumable"] == true)
    }

    /// The same with every secret hidden that a driver may have put into its message.
    fn without_secrets(self, learnt: &Learnt) -> RunError {
        RunError {
            kind: self.kind,
            message: learnt.hide(&self.message),
            hint: self.hint.map(|hint| learnt.hide(&hint)),
            resumable: self.resumable,
        }
    }
}

/// Hides every secret in the texts of a value. Drivers put them into more places than the error.
fn hide_in(value: &mut Value, learnt: &Learnt) {
    match value {
        Value::String(text) => *text = learnt.hide(text),
        Value::Array(items) => items.iter_mut().for_each(|item| hide_in(item, learnt)),
        Value::Object(fields) => fields.values_mut().for_each(|field| hide_in(field, learnt)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Notes how a run ended.
pub(super) async fn record(
    doing: &Doing<'_>,
    held: &Held,
    done: Result<Ended, Error>,
) -> StoreResult<()> {
    let Doing {
        app,
        log,
        meter,
        stops,
        learnt,
        ..
    } = *doing;
    let last = meter.progress();
    let progress = match &done {
        Ok(_) => serde_json::to_string(&ProgressView::from(&last)).ok(),
        Err(_) => None,
    };
    let figures = figures(&last);
    let (mut state, mut report, mut error) = match &done {
        Ok(ended) => ending(ended, doing),
        Err(error) => before_its_rows(error, stops, is_half_moved(app, held).await),
    };
    if state == run::QUEUED {
        log.say(
            Level::Info,
            Stage::End,
            "the server stops; another one continues",
        );
        return match until_stored(|| hand_over(doing, held).boxed()).await {
            Err(StoreError::Changed) => stored_before(doing, held, &[run::QUEUED]).await.map(drop),
            other => other,
        };
    }
    let is_late = state == run::STOPPED && stops.late.is_cancelled();
    if is_late {
        state = run::FAILED;
        error = Some(RunError {
            kind: "timeout".to_string(),
            message: "the run took longer than it may and was stopped".to_string(),
            hint: Some(
                "resume it, make it faster, or give its schedule a longer timeout".to_string(),
            ),
            resumable: error.is_some_and(|error| error.resumable),
        });
    }
    let error = error.map(|error| error.without_secrets(learnt));
    if let Some(report) = &mut report {
        hide_in(report, learnt);
    }
    if let Ok(ended) = &done {
        for notice in &ended.report.notices {
            log.say(Level::Warning, Stage::End, learnt.hide(notice));
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
    let closing = Closing {
        app: app.clone(),
        row: doing.row.clone(),
        held: held.clone(),
        state,
        at: app.clock.micros(),
        figures,
        progress,
        splits: doing.servers.splits(meter),
        report: report.map(|report| report.to_string()),
        message: error.as_ref().map(|error| error.message.clone()),
        error: error.and_then(|error| serde_json::to_string(&error).ok()),
        ended: match is_late {
            true => scheduler::Ended::TimedOut,
            false => scheduler::Ended::of(state),
        },
        datasets: learnt.datasets.get().cloned(),
    };
    let closing = Arc::new(closing);
    let stored = until_stored(|| {
        let closing = closing.clone();
        app.store
            .together(move |c| {
                let closing = closing.clone();
                async move { closing.write(c).await }.boxed()
            })
            .boxed()
    });
    let state = match stored.await {
        Err(StoreError::Changed) => stored_before(doing, held, &[state, run::STOPPED]).await?,
        other => other?,
    };
    tracing::Span::current().record("state", state);
    app.metrics.run_ended(state);
    Ok(())
}

/// Whether rows of a run may be with the target already, by what its ledger says; so its next owner goes on with
/// them unless the run was given up.
async fn is_half_moved(app: &App, held: &Held) -> bool {
    let ledger = until_stored(|| StoreLedger::open(app, held).boxed()).await;
    ledger.is_ok_and(|ledger| {
        let history = ledger.history();
        history.prepared.is_some() && !history.giving_up && !history.aborted
    })
}

/// How a run ended that came to no rows this time; an earlier owner may have moved some.
fn before_its_rows(
    error: &Error,
    stops: &Stops,
    is_half_moved: bool,
) -> (&'static str, Option<Value>, Option<RunError>) {
    let state = if stops.server.is_cancelled() {
        run::QUEUED
    } else if stops.run.is_cancelled() {
        run::STOPPED
    } else {
        run::FAILED
    };
    let error = RunError {
        kind: match state {
            run::STOPPED => run::STOPPED.to_string(),
            _ => error.kind().to_string(),
        },
        message: error.to_string(),
        hint: error.hint_text().map(str::to_string),
        resumable: is_half_moved || Failure::is_resumable(error),
    };
    (state, None, Some(error))
}

/// Which of the states this claim has left the run in already: the answer to a commit that succeeded may have been
/// lost. Nobody else leaves it in one without a claim of their own.
async fn stored_before(
    doing: &Doing<'_>,
    held: &Held,
    states: &[&'static str],
) -> StoreResult<&'static str> {
    let Doing { app, row, .. } = *doing;
    let mut c = app.store.read().await?;
    let found = run::find(&mut c, &row.project_id, &held.id).await?;
    let found = found.filter(|found| found.fence == held.fence);
    let state = found.and_then(|found| states.iter().find(|state| ***state == found.state));
    state.copied().ok_or(StoreError::Changed)
}

async fn hand_over(doing: &Doing<'_>, held: &Held) -> StoreResult<()> {
    let mut t = doing.app.store.begin().await?;
    run::hand_over(&mut t, held).await?;
    progress::put_splits(&mut t, &held.id, &doing.servers.splits(doing.meter)).await?;
    Ok(t.commit().await?)
}

/// The end of a run with all that is noted of it.
struct Closing {
    app: App,
    row: Run,
    held: Held,
    state: &'static str,
    at: i64,
    figures: Figures,
    progress: Option<String>,
    splits: progress::Splits,
    report: Option<String>,
    error: Option<String>,
    message: Option<String>,
    ended: scheduler::Ended,
    datasets: Option<Datasets>,
}

impl Closing {
    /// Returns the state that is stored.
    async fn write(&self, c: &mut Connection) -> StoreResult<&'static str> {
        let Closing { app, row, .. } = self;
        let mut end = End {
            state: self.state,
            at: self.at,
            figures: self.figures,
            progress: self.progress.as_deref(),
            report: self.report.as_deref(),
            error: self.error.as_deref(),
        };
        let mut ended = self.ended;
        if run::finish(c, &self.held, &end).await? == run::STOPPED {
            // Somebody may have asked for that while it failed.
            (end.state, ended) = (run::STOPPED, scheduler::Ended::Stopped);
        }
        if end.state != run::SUCCEEDED || self.splits.left_out > 0 {
            // The report tells few splits as well, but not any more when the run goes on.
            progress::put_splits(c, &self.held.id, &self.splits).await?;
        }
        progress::add_sample(c, &self.held.id, end.at, end.figures).await?;
        scheduler::run_ended(app, c, row, ended).await?;
        tell::run_ended(app, c, row, &end, ended).await?;
        let told = Ending {
            word: lineage::word(end.state),
            at: end.at,
            figures: end.figures,
            message: self.message.as_deref(),
        };
        lineage::ended(app, c, row, &told, self.datasets.as_ref()).await?;
        Ok(end.state)
    }
}

/// The state that a report stands for, the report without paths of this machine and with the servers of its splits,
/// and the error.
fn ending(ended: &Ended, doing: &Doing<'_>) -> (&'static str, Option<Value>, Option<RunError>) {
    let (report, stops) = (&ended.report, doing.stops);
    let state = match report.outcome {
        Outcome::Succeeded => run::SUCCEEDED,
        Outcome::Failed => run::FAILED,
        Outcome::Interrupted if stops.server.is_cancelled() => run::QUEUED,
        Outcome::Interrupted => run::STOPPED,
    };
    let mut value = serde_json::to_value(report).ok();
    if let Some(Value::Object(fields)) = &mut value {
        fields.remove("dirtyFile");
        let splits = report.splits.iter().map(|split| doing.servers.view(split));
        let splits: Vec<SplitView> = splits.collect();
        fields.insert("splits".to_owned(), json!(splits));
    }
    let error = report.error.as_ref().map(|message| RunError {
        kind: match &ended.failure {
            Some(Failure::TooManyDirtyRows { .. }) => "dirty rows".to_string(),
            Some(Failure::Error(error)) => error.kind().to_string(),
            Some(Failure::Interrupted) | None => run::STOPPED.to_string(),
        },
        message: message.clone(),
        hint: report.hint.clone(),
        resumable: report.resumable,
    });
    (state, value, error)
}
