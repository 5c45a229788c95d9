//! What an attempt of a task works with wherever it is placed, and the rules that hold for all tasks
//! of a run together.

use std::sync::Arc;

use job::Setting;
use sdk::{Result, Split};
use tokio_util::sync::CancellationToken;

use crate::dirty::DirtySink;
use crate::failure::Failure;
use crate::ledger::{Event, Ledger};
use crate::meter::{Counts, Meter, Progress};
use crate::wrap::Throttle;

/// What [`run_split`](crate::run_split) works with, besides the job. Nothing in it is bound to the
/// process or the folder of the run's driver.
#[derive(Clone)]
pub struct SplitContext {
    /// The run's durable memory.
    pub ledger: Arc<dyn Ledger>,
    /// Where dirty rows go.
    pub dirty: Arc<dyn DirtySink>,
    /// The job's rate limit.
    pub limit: Arc<dyn Throttle>,
    /// Live figures.
    pub meter: Arc<Meter>,
    /// Reads at most so many rows over all splits of the run.
    pub limit_rows: Option<u64>,
    /// Stops the attempt cleanly; the run can be resumed.
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

/// The limit of dirty rows, and the figures at the time when a writer was told what is left of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tolerance {
    most: u64,
    counts: Counts,
}

impl Tolerance {
    /// How many more dirty rows there may be.
    pub(crate) fn left(&self) -> u64 {
        self.most.saturating_sub(self.counts.rows_dirty)
    }

    /// Fails if the writer refused more rows than were left, for it may have looked no further. That ends
    /// the run even if other attempts have since taken back what they had counted.
    pub(crate) fn check(&self, refused: u64) -> std::result::Result<(), Failure> {
        if refused <= self.left() {
            return Ok(());
        }
        Err(Failure::TooManyDirtyRows {
            dirty: self.counts.rows_dirty + refused,
            read: self.counts.rows_read,
            limit: at_most(self.most),
        })
    }
}

impl SplitContext {
    /// Tells the meter what is to come.
    pub(crate) fn expect(&self, splits: &[Split]) {
        let rows = splits.iter().map(|split| split.estimated_rows);
        let rows: Option<u64> = rows.sum();
        let most = self.limit_rows.unwrap_or(u64::MAX);
        self.meter
            .plan(splits.len() as u64, rows.map(|rows| rows.min(most)));
    }

    /// Whether a limited run has read all the rows that it may.
    pub(crate) fn has_read_enough(&self) -> bool {
        let read = self.meter.progress().counts.rows_read;
        self.limit_rows.is_some_and(|most| read >= most)
    }

    /// Notes a step in the ledger.
    pub(crate) async fn record(&self, event: Event) -> Result<()> {
        self.ledger.record(event).await
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

    /// How many dirty rows the run survives as it is now, if their number is limited.
    pub(crate) fn tolerance(&self, setting: &Setting) -> Option<Tolerance> {
        let most = setting.dirty_limit.records?;
        let counts = self.meter.progress().counts;
        Some(Tolerance { most, counts })
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
            let limit = at_most(most);
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

/// A limit in words.
fn at_most(rows: u64) -> String {
    match rows {
        0 => "none".to_string(),
        rows => format!("at most {rows}"),
    }
}

#[cfg(test)]
mod tests {
    use sdk::TaskId;

    use super::*;

    #[test]
    fn a_share_of_dirty_rows_is_judged_once_it_tells_something() {
        use Reading::{EndOfSplit, Underway};
        let judged = |read: u64, expected: Option<u64>, splits_done: u64, reading| {
            let meter = Meter::default();
            meter.plan(3, expected);
            meter.add(
                TaskId(0),
                &Counts {
                    rows_read: read,
                    ..Counts::default()
                },
            );
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
