//! The end of a run: its state, its report, its error, and whom it is told.

use engine::{Ended, Failure, Outcome};
use futures::FutureExt;
use sdk::{Error, Kind};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::execute::{Doing, ProgressView};
use super::heart::figures;
use super::log::{Level, Stage};
use super::splits::SplitView;
use super::until_stored;
use crate::access::secrets::Secrets;
use crate::alerts::tell;
use crate::lineage::event::Ending;
use crate::store::StoreResult;
use crate::store::run::{self, End, Held, progress};
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

    /// The same with every secret hidden that a driver may have put into its message.
    fn without(self, secrets: Option<&Vec<Secrets>>) -> RunError {
        let hide = |text: String| {
            let secrets = secrets.into_iter().flatten();
            secrets.fold(text, |text, secrets| secrets.hide(&text))
        };
        RunError {
            kind: self.kind,
            message: hide(self.message),
            hint: self.hint.map(hide),
            resumable: self.resumable,
        }
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
    let (mut state, report, mut error) = match &done {
        Ok(ended) => ending(ended, doing),
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
                kind: if stops.run.is_cancelled() {
                    run::STOPPED.to_string()
                } else {
                    error.kind().to_string()
                },
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
        return until_stored(|| hand_over(doing, held).boxed()).await;
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
    let error = error.map(|error| error.without(learnt.secrets.get()));
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
    tracing::Span::current().record("state", state);
    let message = error.as_ref().map(|error| error.message.clone());
    let report = report.map(|report| report.to_string());
    let error = error.and_then(|error| serde_json::to_string(&error).ok());
    let end = End {
        state,
        at: app.clock.micros(),
        figures,
        progress: progress.as_deref(),
        report: report.as_deref(),
        error: error.as_deref(),
    };
    let ended = if is_late {
        scheduler::Ended::TimedOut
    } else {
        scheduler::Ended::of(state)
    };
    until_stored(|| finish(doing, held, &end, (ended, message.as_deref())).boxed()).await?;
    app.metrics.run_ended(state);
    Ok(())
}

async fn hand_over(doing: &Doing<'_>, held: &Held) -> StoreResult<()> {
    let mut t = doing.app.store.begin().await?;
    run::hand_over(&mut t, held).await?;
    progress::put_splits(&mut t, &held.id, &doing.servers.splits(doing.meter)).await?;
    Ok(t.commit().await?)
}

async fn finish(
    doing: &Doing<'_>,
    held: &Held,
    end: &End<'_>,
    (ended, message): (scheduler::Ended, Option<&str>),
) -> StoreResult<()> {
    let Doing { app, row, .. } = *doing;
    let mut t = app.store.begin().await?;
    let state = run::finish(&mut t, held, end).await?;
    let ended = match state.as_str() {
        // Somebody asked for that while it failed.
        run::STOPPED => scheduler::Ended::Stopped,
        _ => ended,
    };
    progress::put_splits(&mut t, &held.id, &doing.servers.splits(doing.meter)).await?;
    progress::add_sample(&mut t, &held.id, end.at, end.figures).await?;
    scheduler::run_ended(app, &mut t, row, ended).await?;
    tell::run_ended(app, &mut t, row, end, ended).await?;
    let told = Ending {
        word: lineage::word(end.state),
        at: end.at,
        figures: end.figures,
        message,
    };
    lineage::ended(app, &mut t, row, &told, doing.learnt.datasets.get()).await?;
    Ok(t.commit().await?)
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
