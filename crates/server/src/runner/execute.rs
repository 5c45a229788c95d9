//! One run, from the version of its job to its report.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use engine::{DirtyRows, Ended, Meter, Progress, RunContext};
use futures::FutureExt;
use sdk::{Error, Kind};
use serde::Serialize;
use tracing::Instrument;
use utoipa::ToSchema;

use super::ledger::StoreLedger;
use super::log::{Level, RunLog, Stage, folder};
use super::record::record;
use super::resolve::resolve;
use super::{Stops, until_stored};
use crate::access::secrets::Secrets;
use crate::lineage;
use crate::lineage::event::Datasets;
use crate::metrics::Tally;
use crate::runs::RunOptions;
use crate::state::App;
use crate::store::run::{self, Figures, Held, Run};
use crate::store::{StoreError, StoreResult};

/// The claim is renewed and the progress noted this often.
const BEAT: Duration = Duration::from_secs(1);
/// Every so many beats a sample is kept for the run's chart.
const BEATS_A_SAMPLE: u32 = 5;
const MINUTE_MICROS: i64 = 60 * 1_000_000;

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

/// Does a claimed run and notes how it ended.
pub(super) async fn run(app: &App, run: Run, stops: Stops) -> StoreResult<()> {
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
    let (meter, tally) = (Arc::new(Meter::default()), Arc::new(Tally::of(&run)));
    let heart = Heart {
        app: app.clone(),
        held: held.clone(),
        meter: meter.clone(),
        tally: tally.clone(),
        deadline: deadline(&run),
    };
    let beat = tokio::spawn(heart.beat(stops.clone()).in_current_span());
    let learnt = Learnt::default();
    let doing = Doing {
        app,
        row: &run,
        log: &log,
        meter: &meter,
        stops: &stops,
        learnt: &learnt,
    };
    let done = execute(&doing).await;
    beat.abort();
    let was_beating = beat.await;
    if let Ok(Beat::Lost) = was_beating {
        return Err(StoreError::Changed);
    }
    app.metrics.moved(&tally, figures(&meter.progress()));
    record(&doing, &held, done).await
}

/// A run that is being done, with all that belongs to it.
#[derive(Clone, Copy)]
pub(super) struct Doing<'a> {
    pub(super) app: &'a App,
    pub(super) row: &'a Run,
    pub(super) log: &'a RunLog,
    pub(super) meter: &'a Arc<Meter>,
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

/// When a run has taken as long as it may.
fn deadline(run: &Run) -> Option<i64> {
    let options: RunOptions = serde_json::from_str(&run.options).ok()?;
    let limit = i64::from(options.timeout_minutes) * MINUTE_MICROS;
    (limit > 0).then_some(run.started_at? + limit)
}

/// Why a heart stopped.
enum Beat {
    /// The run belongs to another server.
    Lost,
}

/// What keeps a run in the hands of its server.
struct Heart {
    app: App,
    held: Held,
    meter: Arc<Meter>,
    tally: Arc<Tally>,
    deadline: Option<i64>,
}

impl Heart {
    /// Renews the claim until it is aborted; stops the run when somebody asks for that, or the claim is lost.
    async fn beat(self, stops: Stops) -> Beat {
        let mut beats = 0_u32;
        loop {
            tokio::time::sleep(BEAT).await;
            let now = self.app.clock.micros();
            if self.deadline.is_some_and(|deadline| now >= deadline) {
                stops.late.cancel();
                stops.run.cancel();
            }
            match self.renew(now, beats.is_multiple_of(BEATS_A_SAMPLE)).await {
                Ok(Some(false)) => {}
                Ok(Some(true)) => stops.run.cancel(),
                Ok(None) => {
                    stops.run.cancel();
                    return Beat::Lost;
                }
                // The lease outlives a short outage; if it does not, the next claim tells.
                Err(error) => tracing::warn!(?error, "a claim was not renewed"),
            }
            beats = beats.wrapping_add(1);
        }
    }

    /// Renews the claim and notes the progress; tells whether the run is to stop, or `None` if it was lost.
    async fn renew(&self, now: i64, is_sampled: bool) -> StoreResult<Option<bool>> {
        let lease = i64::try_from(self.app.config.lease.as_micros()).unwrap_or(i64::MAX);
        let progress = self.meter.progress();
        let text = serde_json::to_string(&ProgressView::from(&progress)).unwrap_or_default();
        let figures = figures(&progress);
        let mut t = self.app.store.begin().await?;
        let stop = run::renew(&mut t, &self.held, now + lease, figures, &text).await?;
        if is_sampled && stop.is_some() {
            run::add_sample(&mut t, &self.held.id, now, figures).await?;
        }
        t.commit().await?;
        self.app.metrics.moved(&self.tally, figures);
        Ok(stop)
    }
}

pub(super) fn figures(progress: &Progress) -> Figures {
    let figure = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    Figures {
        rows_read: figure(progress.counts.rows_read),
        rows_written: figure(progress.counts.rows_written),
        rows_dirty: figure(progress.counts.rows_dirty),
        bytes: figure(progress.counts.bytes_read),
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
    } = *doing;
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

pub(super) fn no_store(error: StoreError) -> Error {
    Error::new(Kind::Unreachable, "the metadata store did not answer")
        .with("error", format!("{error:?}"))
}
