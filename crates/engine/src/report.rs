//! The closing report of a run: for people as a table, for programs as JSON.

use std::fmt;
use std::path::PathBuf;

use chrono::{DateTime, SecondsFormat, Utc};
use sdk::TaskId;
use serde::Serialize;

use crate::failure::Failure;
use crate::meter::{Counts, Progress};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Every row is with the target or in the dirty-row file.
    Succeeded,
    /// It failed; published splits stay with the target.
    Failed,
    /// It was stopped and can be resumed.
    Interrupted,
}

/// How far a task is that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TaskPhase {
    /// An attempt is under way, or the next one is waited for.
    Running,
    /// Its rows are published.
    Done,
    /// It has failed for good, and with it the run.
    Failed,
}

/// The figures of one split.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskReport {
    /// Its number.
    pub task: TaskId,
    /// What it covers.
    pub split: String,
    /// How far it is.
    pub state: TaskPhase,
    /// Attempts in this process; 0 when an earlier process finished it.
    pub attempts: u32,
    /// Seconds that the last attempt took so far.
    pub seconds: f64,
    /// Its counts. Of a failed task, those of its last attempt, which the sums of the run leave out unless dirty
    /// rows ended the run; nothing of it is written.
    #[serde(flatten)]
    pub counts: Counts,
}

/// What a run did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// Why, if not well.
    pub error: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether the same run can be continued.
    pub resumable: bool,
    /// When this process began it, RFC 3339.
    pub start: String,
    /// When it ended.
    pub end: String,
    /// Sums over all splits, those of earlier processes included.
    #[serde(flatten)]
    pub counts: Counts,
    /// Times and retries of this process.
    pub timing: Timing,
    /// At most so many rows were to be read, if the run was limited.
    pub limit_rows: Option<u64>,
    /// The dirty rows, if there are any.
    pub dirty_file: Option<PathBuf>,
    /// What the user should know, for example why a split key was not used.
    pub notices: Vec<String>,
    /// Per split that was begun and not interrupted, in task order.
    pub splits: Vec<TaskReport>,
}

/// Times of a run in seconds.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Timing {
    /// From cutting the source into splits to the end.
    pub seconds: f64,
    /// Rows read per second of this process.
    pub rows_per_second: f64,
    /// Bytes read per second of this process.
    pub bytes_per_second: f64,
    /// Waiting for the reader, summed over channels.
    pub wait_reader_seconds: f64,
    /// Waiting for the writer, summed over channels.
    pub wait_writer_seconds: f64,
    /// Attempts beyond the first.
    pub retries: u64,
}

impl Report {
    pub(crate) fn new(start: DateTime<Utc>, progress: Progress, failure: Option<&Failure>) -> Self {
        Report {
            outcome: match failure {
                None => Outcome::Succeeded,
                Some(Failure::Interrupted) => Outcome::Interrupted,
                Some(_) => Outcome::Failed,
            },
            error: failure.map(ToString::to_string),
            hint: failure.and_then(Failure::hint).map(str::to_string),
            resumable: failure.is_some_and(Failure::resumable),
            start: start.to_rfc3339_opts(SecondsFormat::Millis, true),
            end: Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
            counts: progress.counts,
            timing: Timing {
                seconds: progress.elapsed.as_secs_f64(),
                rows_per_second: progress.rows_per_second(),
                bytes_per_second: progress.bytes_per_second(),
                wait_reader_seconds: progress.wait_reader.as_secs_f64(),
                wait_writer_seconds: progress.wait_writer.as_secs_f64(),
                retries: progress.retries,
            },
            limit_rows: None,
            dirty_file: None,
            notices: Vec::new(),
            splits: Vec::new(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
            Outcome::Interrupted => "interrupted",
        };
        let mut rows = vec![
            ("outcome", outcome.to_string()),
            ("start", self.start.clone()),
            ("end", self.end.clone()),
            ("time", format!("{:.3} s", self.timing.seconds)),
            ("rows read", grouped(self.counts.rows_read)),
            ("rows filtered", grouped(self.counts.rows_filtered)),
            ("rows written", grouped(self.counts.rows_written)),
            ("rows dirty", grouped(self.counts.rows_dirty)),
            (
                "bytes read",
                format!("{:.1} MiB", mebibytes(self.counts.bytes_read as f64)),
            ),
            (
                "rate",
                format!(
                    "{} rows/s, {:.1} MiB/s",
                    grouped(self.timing.rows_per_second as u64),
                    mebibytes(self.timing.bytes_per_second)
                ),
            ),
            (
                "wait for reader",
                format!("{:.3} s", self.timing.wait_reader_seconds),
            ),
            (
                "wait for writer",
                format!("{:.3} s", self.timing.wait_writer_seconds),
            ),
            ("splits", self.splits.len().to_string()),
            ("retries", self.timing.retries.to_string()),
        ];
        if let Some(file) = &self.dirty_file {
            rows.push(("dirty rows in", file.display().to_string()));
        }
        for (name, value) in rows {
            writeln!(f, "{name:>16}  {value}")?;
        }
        Ok(())
    }
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn mebibytes(bytes: f64) -> f64 {
    bytes / (1024.0 * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!(
            [0, 999, 1000, 1234567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
