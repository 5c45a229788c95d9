//! Live figures of a run: counters that tasks add to and anybody may read.

use std::ops::{AddAssign, SubAssign};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use sdk::TaskId;
use serde::{Deserialize, Serialize};

use crate::report::{TaskPhase, TaskReport};
use tasks::Tasks;

mod tasks;

/// Row and byte counts of one attempt, one task or a whole run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Rows that the source delivered, unreadable ones included.
    pub rows_read: u64,
    /// Rows that the filter dropped.
    pub rows_filtered: u64,
    /// Rows that could not be read, converted or written.
    pub rows_dirty: u64,
    /// Rows that the target accepted.
    pub rows_written: u64,
    /// Bytes of values read, as Arrow holds them.
    pub bytes_read: u64,
}

impl Counts {
    /// Every row that was read is accounted for exactly once.
    pub(crate) fn balanced(&self) -> bool {
        self.rows_read == self.rows_filtered + self.rows_dirty + self.rows_written
    }
}

impl AddAssign<&Counts> for Counts {
    fn add_assign(&mut self, other: &Counts) {
        self.rows_read += other.rows_read;
        self.rows_filtered += other.rows_filtered;
        self.rows_dirty += other.rows_dirty;
        self.rows_written += other.rows_written;
        self.bytes_read += other.bytes_read;
    }
}

impl SubAssign<&Counts> for Counts {
    fn sub_assign(&mut self, other: &Counts) {
        self.rows_read -= other.rows_read;
        self.rows_filtered -= other.rows_filtered;
        self.rows_dirty -= other.rows_dirty;
        self.rows_written -= other.rows_written;
        self.bytes_read -= other.bytes_read;
    }
}

/// Counters shared by all tasks of a run.
#[derive(Debug)]
pub struct Meter {
    started: Instant,
    /// Behind one lock, since limits compare them with each other. It is taken for each batch, not for each row.
    rows: Mutex<Rows>,
    retries: AtomicU64,
    splits_done: AtomicU64,
    splits_total: AtomicU64,
    rows_expected: AtomicU64,
}

#[derive(Debug, Default)]
struct Rows {
    counts: Counts,
    recalled: Recalled,
    tasks: Tasks,
}

/// Which side of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Reader,
    Writer,
}

/// What earlier processes of the run had finished when this one began.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recalled {
    rows: u64,
    bytes: u64,
    splits: u64,
}

/// A reading of the meter at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// Sums over all tasks, failed attempts taken out again.
    pub counts: Counts,
    /// Time since the run began in this process.
    pub elapsed: Duration,
    /// Time that tasks spent waiting for the reader, summed over channels.
    pub wait_reader: Duration,
    /// Time that tasks spent waiting for the writer, summed over channels.
    pub wait_writer: Duration,
    /// Time that tasks took, their waits included, summed over channels.
    pub task_time: Duration,
    /// Attempts beyond the first.
    pub retries: u64,
    /// Splits finished.
    pub splits_done: u64,
    /// Splits in all, 0 until planned.
    pub splits_total: u64,
    /// Rows expected from the source's own estimate, if it has one.
    pub rows_expected: Option<u64>,
    pub(crate) recalled: Recalled,
}

impl Progress {
    /// The share that is done, 0 to 1: by rows where the source could estimate them, else by splits.
    pub fn fraction(&self) -> Option<f64> {
        if self.splits_total > 0 && self.splits_done == self.splits_total {
            return Some(1.0);
        }
        self.share(self.counts.rows_read, self.splits_done)
    }

    fn share(&self, rows: u64, splits: u64) -> Option<f64> {
        match self.rows_expected {
            // An estimate may be too low; the last percent is kept for the end.
            Some(expected) if expected > 0 => Some((rows as f64 / expected as f64).min(0.99)),
            _ if self.splits_total > 0 => Some(splits as f64 / self.splits_total as f64),
            _ => None,
        }
    }

    /// The time left at the pace of this process; `None` until there is something to go by.
    pub fn eta(&self) -> Option<Duration> {
        let fraction = self.fraction()?;
        let here = fraction - self.share(self.recalled.rows, self.recalled.splits)?;
        (here > 0.0).then(|| self.elapsed.mul_f64((1.0 - fraction) / here))
    }

    /// Rows that this process read per second.
    pub fn rows_per_second(&self) -> f64 {
        self.per_second(self.counts.rows_read.saturating_sub(self.recalled.rows))
    }

    /// Bytes that this process read per second.
    pub fn bytes_per_second(&self) -> f64 {
        self.per_second(self.counts.bytes_read.saturating_sub(self.recalled.bytes))
    }

    fn per_second(&self, amount: u64) -> f64 {
        amount as f64 / self.elapsed.as_secs_f64().max(1e-3)
    }
}

impl Default for Meter {
    fn default() -> Self {
        Meter {
            started: Instant::now(),
            rows: Mutex::default(),
            retries: AtomicU64::new(0),
            splits_done: AtomicU64::new(0),
            splits_total: AtomicU64::new(0),
            rows_expected: AtomicU64::new(0),
        }
    }
}

impl Meter {
    /// The figures now.
    pub fn progress(&self) -> Progress {
        let expected = self.rows_expected.load(Relaxed);
        let rows = self.rows();
        let (counts, recalled, times) = (rows.counts, rows.recalled, rows.tasks.times());
        drop(rows);
        Progress {
            counts,
            recalled,
            elapsed: self.started.elapsed(),
            wait_reader: times.reader,
            wait_writer: times.writer,
            task_time: times.task,
            retries: self.retries.load(Relaxed),
            splits_done: self.splits_done.load(Relaxed),
            splits_total: self.splits_total.load(Relaxed),
            rows_expected: (expected > 0).then_some(expected),
        }
    }

    pub(crate) fn plan(&self, splits: u64, rows_expected: Option<u64>) {
        self.splits_total.store(splits, Relaxed);
        self.rows_expected
            .store(rows_expected.unwrap_or(0), Relaxed);
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The tasks that are under way and the latest that have ended, by number, and how many of those that have
    /// ended are left out.
    pub fn tasks(&self) -> (Vec<TaskReport>, u64) {
        self.rows().tasks.reports()
    }

    /// An attempt of a task begins.
    pub(crate) fn begin(&self, task: TaskId, split: &str, attempt: u32) {
        self.rows().tasks.begin(task, split, attempt);
    }

    pub(crate) fn add(&self, task: TaskId, counts: &Counts) {
        let mut rows = self.rows();
        rows.counts += counts;
        rows.tasks.add(task, counts);
    }

    /// Counts as many of the rows that a task has read as a limit for the whole run leaves, and tells how many
    /// those are.
    pub(crate) fn admit(&self, task: TaskId, row_count: u64, most: Option<u64>) -> u64 {
        let mut rows = self.rows();
        let left = most.map_or(u64::MAX, |most| most.saturating_sub(rows.counts.rows_read));
        let counts = Counts {
            rows_read: row_count.min(left),
            ..Counts::default()
        };
        rows.counts += &counts;
        rows.tasks.add(task, &counts);
        counts.rows_read
    }

    /// Takes the counts of a failed attempt out again; the task itself still tells them.
    pub(crate) fn take_back(&self, counts: &Counts) {
        self.rows().counts -= counts;
    }

    /// A task takes no time until its next attempt.
    pub(crate) fn rests(&self, task: TaskId) {
        self.rows().tasks.rests(task);
    }

    /// A task has ended for good.
    pub(crate) fn ended(&self, task: TaskId, phase: TaskPhase) -> Option<TaskReport> {
        self.rows().tasks.ended(task, phase)
    }

    /// A task was interrupted, and waits again.
    pub(crate) fn gave_up(&self, task: TaskId) {
        self.rows().tasks.gave_up(task);
    }

    /// The tasks that nobody works on any more broke off by a panic.
    pub(crate) fn broke_off(&self) -> Vec<TaskReport> {
        self.rows().tasks.broke_off()
    }

    /// Adds a split that an earlier process of the run finished.
    pub(crate) fn recall(&self, report: TaskReport) {
        let mut rows = self.rows();
        rows.counts += &report.counts;
        rows.recalled.rows += report.counts.rows_read;
        rows.recalled.bytes += report.counts.bytes_read;
        rows.recalled.splits += 1;
        rows.tasks.recall(report);
        self.split_done();
    }

    /// A task waits for one side until the answer is dropped.
    pub(crate) fn waits(&self, task: TaskId, side: Side) -> Waiting<'_> {
        self.rows().tasks.waits(task, side);
        Waiting { meter: self, task }
    }

    pub(crate) fn retried(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(crate) fn split_done(&self) {
        self.splits_done.fetch_add(1, Relaxed);
    }
}

/// A wait that lasts until this is dropped.
pub(crate) struct Waiting<'a> {
    meter: &'a Meter,
    task: TaskId,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.meter.rows().tasks.waited(self.task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: u64) -> Counts {
        Counts {
            rows_read: count,
            bytes_read: 8 * count,
            ..Counts::default()
        }
    }

    #[test]
    fn pace_and_time_left_are_those_of_this_process() {
        let meter = Meter::default();
        meter.plan(10, Some(1000));
        meter.recall(TaskReport {
            task: TaskId(0),
            split: String::new(),
            state: TaskPhase::Done,
            attempts: 0,
            seconds: 0.0,
            counts: rows(900),
        });
        meter.add(TaskId(1), &rows(50));
        let progress = Progress {
            elapsed: Duration::from_secs(10),
            ..meter.progress()
        };
        assert_eq!(progress.splits_done, 1);
        assert_eq!(progress.rows_per_second(), 5.0);
        assert_eq!(progress.bytes_per_second(), 40.0);
        assert_eq!(progress.eta().map(|time| time.as_secs()), Some(10));
        assert_eq!(
            Progress {
                rows_expected: None,
                ..progress
            }
            .eta(),
            None,
            "no split was finished here"
        );
    }
}
