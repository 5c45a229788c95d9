//! Does runs: claims them from the queue within the limits, holds them by a lease, and records how they end.
//!
//! `claim` chooses, `resolve` reads what a run is to do, `execute` does it up to its last row while `heart` keeps
//! its claim alive, and `record` notes how it ended; `ledger` is the run's memory in the store, `log` what people
//! read of it, and `splits` what they see of its parts; `stop` ends runs that wait. A server that dies leaves its runs
//! with a lease that ends, and whoever claims them then continues from their ledger.

mod claim;
mod execute;
mod heart;
mod ledger;
pub(crate) mod log;
mod record;
mod resolve;
mod splits;
mod stop;

pub(crate) use execute::ProgressView;
pub(crate) use record::RunError;
pub(crate) use stop::stop;

use std::collections::HashMap;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::config::Shutdown;
use crate::state::App;
use crate::store::run::Run;
use crate::store::{StoreError, StoreResult};

/// The queue is looked at this often, besides when a run is asked for here.
const TICK: Duration = Duration::from_secs(1);

/// Why a run is to stop.
#[derive(Clone, Debug)]
pub(super) struct Stops {
    /// The server ends; the run goes back to the queue.
    pub(super) server: CancellationToken,
    /// Whatever stops the run, the server's end included.
    pub(super) run: CancellationToken,
    /// Cancelled, and the run with it, when it takes longer than it may.
    pub(super) late: CancellationToken,
    /// Cancelled when the run may belong to another server by now; everything is dropped where it is.
    pub(super) lost: CancellationToken,
}

fn task_of(ended: &Result<(Id, ()), JoinError>) -> Id {
    match ended {
        Ok((id, ())) => *id,
        Err(error) => error.id(),
    }
}

/// The runs that this server works on, by their tasks.
type Live = HashMap<Id, String>;

/// Claims and does runs until the server stops.
pub(crate) async fn work(app: App) {
    let mut running = JoinSet::new();
    let mut live = Live::new();
    let hand_over = CancellationToken::new();
    while !app.stop.is_cancelled() {
        while let Some(ended) = running.try_join_next_with_id() {
            live.remove(&task_of(&ended));
        }
        let free = usize::try_from(app.config.slots)
            .unwrap_or(usize::MAX)
            .saturating_sub(running.len());
        let since = (Instant::now(), app.clock.micros());
        match claim::claim(&app, free, &live).await {
            Ok(runs) => {
                for run in runs {
                    let stops = Stops {
                        server: hand_over.clone(),
                        run: hand_over.child_token(),
                        late: CancellationToken::new(),
                        lost: CancellationToken::new(),
                    };
                    let id = run.id.clone();
                    let span = tracing::info_span!(
                        "run",
                        otel.name = "run",
                        run.id = run.id,
                        project.id = run.project_id,
                        job.id = run.job_id,
                        job.name = run.job_name,
                        instance.id = run.instance_id,
                        state = tracing::field::Empty,
                    );
                    let task = running.spawn(hold(app.clone(), run, stops, since).instrument(span));
                    live.insert(task.id(), id);
                }
            }
            Err(error) => tracing::error!(?error, "the queue of runs could not be read"),
        }
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = app.queued.notified() => {}
            () = sleep_until(Instant::now() + TICK) => {}
            Some(ended) = running.join_next_with_id(), if !running.is_empty() => {
                live.remove(&task_of(&ended));
            }
        }
    }
    if let Shutdown::Finish(longest) = app.config.shutdown {
        let all = async { while running.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(longest, all).await;
    }
    hand_over.cancel();
    while running.join_next().await.is_some() {}
}

/// Does a run that was claimed `since`, while its lease is renewed.
async fn hold(app: App, run: Run, stops: Stops, since: (Instant, i64)) {
    if let Err(error) = execute::run(&app, run, stops, since).await {
        match error {
            StoreError::Changed => {
                app.metrics.run_lost();
                tracing::warn!("another server has taken the run over");
            }
            error => tracing::error!(?error, "the end of the run could not be noted"),
        }
    }
}

/// Repeats a step until the store takes it; a claim that was lost is not repeated.
pub(super) async fn until_stored<'a, T>(
    mut step: impl FnMut() -> BoxFuture<'a, StoreResult<T>>,
) -> StoreResult<T> {
    let mut wait = Duration::from_millis(100);
    for _ in 0..8 {
        match step().await {
            Err(StoreError::Database(error)) => {
                tracing::warn!(%error, "the metadata store did not answer; trying again");
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            ended => return ended,
        }
    }
    step().await
}

#[cfg(test)]
mod tests;
