//! One run, from the version of its job to its report.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};

use engine::{DirtyRows, Ended, Meter, Progress, RunContext};
use futures::FutureExt;
use sdk::{Error, Kind};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument;
use utoipa::ToSchema;

use super::heart::{Heart, Lease, deadline, figures};
use super::ledger::StoreLedger;
use super::log::{Level, RunLog, Stage, folder};
use super::record::record;
use super::resolve::resolve;
use super::splits::{Servers, SplitView};
use super::{Stops, until_stored};
use crate::access::secrets::Secrets;
use crate::lineage;
use crate::lineage::event::Datasets;
use crate::metrics::Tally;
use crate::state::App;
use crate::store::run::{Held, Run};
use crate::store::{StoreError, StoreResult};

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
    /// The splits that are under way and the latest 200 that have ended; absent in lists of runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    splits: Option<Vec<SplitView>>,
    /// How many splits have ended that are not in that list.
    #[serde(skip_serializing_if = "Option::is_none")]
    splits_left_out: Option<u64>,
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
            splits: None,
            splits_left_out: None,
        }
    }
}

/// Does a run that was claimed `since`, by this machine's running time and in microseconds since 1970, and notes how
/// it ended.
pub(super) async fn run(
    app: &App,
    run: Run,
    stops: Stops,
    (since, now): (Instant, i64),
) -> StoreResult<()> {
    let held = Held {
        id: run.id.clone(),
        fence: run.fence,
    };
    if run.stop_requested != 0 {
        // Somebody asked an earlier owner for that, which did not come to it.
        stops.run.cancel();
    }
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
    let (meter, tally) = (Arc::new(Meter::default()), Arc::new(Tally::of(&run)));
    let servers = match run.fence {
        ..=1 => Servers::only(app),
        _ => Servers::of(app, &run.id).await,
    };
    let servers = Arc::new(servers);
    // The heart stops with this function, however it ends.
    let mut heart = JoinSet::new();
    heart.spawn(
        Heart {
            app: app.clone(),
            held: held.clone(),
            meter: meter.clone(),
            tally: tally.clone(),
            servers: servers.clone(),
            stops: stops.clone(),
            deadline: deadline(&run, now),
            lease: Lease::granted(app, since, now),
        }
        .beat()
        .in_current_span(),
    );
    let learnt = Learnt::default();
    let doing = Doing {
        app,
        row: &run,
        log: &log,
        meter: &meter,
        servers: &servers,
        stops: &stops,
        learnt: &learnt,
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
    app.metrics.moved(&tally, figures(&meter.progress()));
    record(&doing, &held, done.unwrap_or_else(|_| Err(panicked()))).await
}

fn panicked() -> Error {
    Error::internal("the run came upon a defect of Longshore and broke off")
        .hint("please report it with what the server's log says; the run can be resumed")
}

/// A run that is being done, with all that belongs to it.
#[derive(Clone, Copy)]
pub(super) struct Doing<'a> {
    pub(super) app: &'a App,
    pub(super) row: &'a Run,
    pub(super) log: &'a RunLog,
    pub(super) meter: &'a Arc<Meter>,
    pub(super) servers: &'a Servers,
    pub(super) stops: &'a Stops,
    pub(super) learnt: &'a Learnt,
}

/// What is found out about a run on the way.
#[derive(Default)]
pub(super) struct Learnt {
    /// Once the columns of both sides are known.
    pub(super) datasets: OnceLock<Datasets>,
    /// The secrets of its data sources, which no message may hold.
    pub(super) secrets: OnceLock<Vec<Secrets>>,
}

impl Learnt {
    /// A text with every secret hidden that a driver may have put into it.
    pub(super) fn hide(&self, text: &str) -> String {
        let secrets = self.secrets.get().into_iter().flatten();
        secrets.fold(text.to_string(), |text, secrets| secrets.hide(&text))
    }
}

async fn execute(doing: &Doing<'_>) -> Result<Ended, Error> {
    let Doing {
        app,
        row,
        log,
        meter,
        stops,
        learnt,
        ..
    } = *doing;
    if stops.run.is_cancelled() {
        return Err(stopped());
    }
    let resolved = resolve(doing).await?;
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
    let datasets = Datasets::of(&plan);
    until_stored(|| lineage::begun(app, row, &datasets).boxed())
        .await
        .map_err(no_store)?;
    learnt.datasets.set(datasets).ok();
    let ledger = StoreLedger::open(app, &held).await.map_err(|error| {
        tracing::error!(error = ?error, "the ledger of a run cannot be read");
        Error::internal("the run's ledger cannot be read")
            .hint("the cause stands in the server's log")
    })?;
    log.say(Level::Info, Stage::Run, "moving rows");
    let context = RunContext {
        ledger: Arc::new(ledger),
        dirty: Arc::new(DirtyRows::new(folder(&app.config.folder, &row.id))),
        meter: meter.clone(),
        limit_rows: row.limit_rows.and_then(|most| u64::try_from(most).ok()),
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

pub(super) fn no_store(error: StoreError) -> Error {
    // People who may see the run need not see what a database says.
    tracing::error!(error = ?error, "the metadata store did not answer a run");
    Error::new(Kind::Unreachable, "the metadata store did not answer")
        .hint("the cause stands in the server's log")
}
