//! What keeps a claim alive while a run is done, and ends the run when that cannot be.

use std::sync::Arc;
use std::time::Duration;

use engine::{Meter, Progress};
use tokio::time::Instant;

use super::Stops;
use super::execute::ProgressView;
use super::splits::Servers;
use crate::metrics::Tally;
use crate::runs::RunOptions;
use crate::state::{App, Parts};
use crate::store::StoreResult;
use crate::store::run::{self, Figures, Held, Run, progress};

/// The claim is renewed and the progress noted this often.
const BEAT: Duration = Duration::from_secs(1);
/// Every so many beats a sample is kept for the run's chart.
const BEATS_A_SAMPLE: u32 = 5;
const MINUTE_MICROS: i64 = 60 * 1_000_000;

/// When a run has taken as long as it may. The time that it lay without a server does not count.
pub(super) fn deadline(run: &Run, now: i64) -> Option<i64> {
    let options: RunOptions = serde_json::from_str(&run.options).ok()?;
    let limit = i64::from(options.timeout_minutes) * MINUTE_MICROS;
    (limit > 0).then_some(now + limit)
}

/// How long a claim surely lasts.
#[derive(Clone, Copy)]
pub(super) struct Lease {
    /// A little before the others may claim the run, by this machine's running time.
    ends: Instant,
    /// When they may, in microseconds since 1970.
    until: i64,
}

impl Lease {
    /// What was asked for `since`, and granted at `now` at the earliest.
    pub(super) fn granted(app: &App, since: Instant, now: i64) -> Lease {
        let lease = app.config.lease;
        Lease {
            ends: since + lease - lease / 10,
            until: now + i64::try_from(lease.as_micros()).unwrap_or(i64::MAX),
        }
    }
}

/// What keeps a claim alive.
pub(super) struct Heart {
    pub(super) app: App,
    pub(super) held: Held,
    pub(super) meter: Arc<Meter>,
    pub(super) tally: Arc<Tally>,
    pub(super) servers: Arc<Servers>,
    pub(super) stops: Stops,
    pub(super) deadline: Option<i64>,
    pub(super) lease: Lease,
}

impl Heart {
    /// Renews the claim until it is aborted; stops the run when somebody asks for that, and gives it up when the
    /// claim is lost, or has ended and cannot be renewed.
    pub(super) async fn beat(mut self) {
        let mut beats = 0_u32;
        loop {
            tokio::time::sleep(BEAT).await;
            let now = self.app.clock.micros();
            if self.deadline.is_some_and(|deadline| now >= deadline) {
                self.stops.late.cancel();
                self.stops.run.cancel();
            }
            let since = Instant::now();
            let renewed = tokio::select! {
                renewed = self.renew(beats) => renewed,
                () = tokio::time::sleep_until(self.lease.ends) => Ok(None),
            };
            match renewed {
                Ok(Some(stop)) => {
                    self.lease = Lease::granted(&self.app, since, now);
                    if stop {
                        self.stops.run.cancel();
                    }
                }
                Ok(None) => return self.stops.lost.cancel(),
                Err(error) => {
                    tracing::warn!(?error, "a claim was not renewed");
                    if self.app.clock.micros() >= self.lease.until {
                        return self.stops.lost.cancel();
                    }
                }
            }
            beats = beats.wrapping_add(1);
        }
    }

    /// Whether the run is to stop; nothing if it belongs to another server.
    async fn renew(&self, beats: u32) -> StoreResult<Option<bool>> {
        let now = self.meter.progress();
        let text = serde_json::to_string(&ProgressView::from(&now)).unwrap_or_default();
        let figures = figures(&now);
        let splits = self.servers.splits(&self.meter);
        let mut t = self.app.store.begin().await?;
        let Parts { store, clock, .. } = &*self.app;
        let lease = i64::try_from(self.app.config.lease.as_micros()).unwrap_or(i64::MAX);
        let until = store.shared_time(&mut t, clock).await? + lease;
        let stop = run::renew(&mut t, &self.held, until, figures, &text).await?;
        if stop.is_some() {
            progress::put_splits(&mut t, &self.held.id, &splits).await?;
            if beats.is_multiple_of(BEATS_A_SAMPLE) {
                progress::add_sample(&mut t, &self.held.id, clock.micros(), figures).await?;
            }
        }
        t.commit().await?;
        self.app.metrics.moved(&self.tally, figures);
        Ok(stop)
    }
}

/// How far a run is, as it is stored.
pub(super) fn figures(progress: &Progress) -> Figures {
    let figure = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let time = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    Figures {
        rows_read: figure(progress.counts.rows_read),
        rows_written: figure(progress.counts.rows_written),
        rows_dirty: figure(progress.counts.rows_dirty),
        bytes: figure(progress.counts.bytes_read),
        task_ms: time(progress.task_time),
        wait_reader_ms: time(progress.wait_reader),
        wait_writer_ms: time(progress.wait_writer),
    }
}
