//! Live figures of a run: counters that tasks add to and anybody may read.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

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

    pub(crate) fn add(&mut self, other: &Counts) {
        self.rows_read += other.rows_read;
        self.rows_filtered += other.rows_filtered;
        self.rows_dirty += other.rows_dirty;
        self.rows_written += other.rows_written;
        self.bytes_read += other.bytes_read;
    }
}

/// Counters shared by all tasks of a run.
#[derive(Debug)]
pub struct Meter {
    started: Instant,
    rows_read: AtomicU64,
    rows_filtered: AtomicU64,
    rows_dirty: AtomicU64,
    rows_written: AtomicU64,
    bytes_read: AtomicU64,
    wait_reader_ns: AtomicU64,
    wait_writer_ns: AtomicU64,
    retries: AtomicU64,
    splits_done: AtomicU64,
    splits_total: AtomicU64,
    rows_expected: AtomicU64,
}

/// A reading of the meter at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Sums over all tasks, failed attempts taken out again.
    pub counts: Counts,
    /// Time since the run began in this process.
    pub elapsed: Duration,
    /// Time that tasks spent waiting for the reader, summed over channels.
    pub wait_reader: Duration,
    /// Time that tasks spent waiting for the writer, summed over channels.
    pub wait_writer: Duration,
    /// Attempts beyond the first.
    pub retries: u64,
    /// Splits finished.
    pub splits_done: u64,
    /// Splits in all, 0 until planned.
    pub splits_total: u64,
    /// Rows expected from the source's own estimate, if it has one.
    pub rows_expected: Option<u64>,
}

impl Progress {
    /// The share that is done, 0 to 1: by rows where the source could estimate them, else by splits.
    pub fn fraction(&self) -> Option<f64> {
        if self.splits_total > 0 && self.splits_done == self.splits_total {
            return Some(1.0);
        }
        match self.rows_expected {
            // An estimate may be too low; the last percent is kept for the end.
            Some(expected) if expected > 0 => {
                Some((self.counts.rows_read as f64 / expected as f64).min(0.99))
            }
            _ if self.splits_total > 0 => Some(self.splits_done as f64 / self.splits_total as f64),
            _ => None,
        }
    }

    /// The time left at the pace so far; `None` until there is something to go by.
    pub fn eta(&self) -> Option<Duration> {
        let fraction = self.fraction().filter(|fraction| *fraction > 0.0)?;
        Some(self.elapsed.mul_f64((1.0 - fraction) / fraction))
    }
}

impl Default for Meter {
    fn default() -> Self {
        Meter {
            started: Instant::now(),
            rows_read: AtomicU64::new(0),
            rows_filtered: AtomicU64::new(0),
            rows_dirty: AtomicU64::new(0),
            rows_written: AtomicU64::new(0),
            bytes_read: AtomicU64::new(0),
            wait_reader_ns: AtomicU64::new(0),
            wait_writer_ns: AtomicU64::new(0),
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
        Progress {
            counts: Counts {
                rows_read: self.rows_read.load(Relaxed),
                rows_filtered: self.rows_filtered.load(Relaxed),
                rows_dirty: self.rows_dirty.load(Relaxed),
                rows_written: self.rows_written.load(Relaxed),
                bytes_read: self.bytes_read.load(Relaxed),
            },
            elapsed: self.started.elapsed(),
            wait_reader: Duration::from_nanos(self.wait_reader_ns.load(Relaxed)),
            wait_writer: Duration::from_nanos(self.wait_writer_ns.load(Relaxed)),
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

    pub(crate) fn add(&self, counts: &Counts) {
        self.rows_read.fetch_add(counts.rows_read, Relaxed);
        self.rows_filtered.fetch_add(counts.rows_filtered, Relaxed);
        self.rows_dirty.fetch_add(counts.rows_dirty, Relaxed);
        self.rows_written.fetch_add(counts.rows_written, Relaxed);
        self.bytes_read.fetch_add(counts.bytes_read, Relaxed);
    }

    /// Takes the counts of a failed attempt out again.
    pub(crate) fn take_back(&self, counts: &Counts) {
        self.rows_read.fetch_sub(counts.rows_read, Relaxed);
        self.rows_filtered.fetch_sub(counts.rows_filtered, Relaxed);
        self.rows_dirty.fetch_sub(counts.rows_dirty, Relaxed);
        self.rows_written.fetch_sub(counts.rows_written, Relaxed);
        self.bytes_read.fetch_sub(counts.bytes_read, Relaxed);
    }

    pub(crate) fn waited_for_reader(&self, since: Instant) {
        self.wait_reader_ns
            .fetch_add(since.elapsed().as_nanos() as u64, Relaxed);
    }

    pub(crate) fn waited_for_writer(&self, since: Instant) {
        self.wait_writer_ns
            .fetch_add(since.elapsed().as_nanos() as u64, Relaxed);
    }

    pub(crate) fn retried(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(crate) fn split_done(&self) {
        self.splits_done.fetch_add(1, Relaxed);
    }
}
