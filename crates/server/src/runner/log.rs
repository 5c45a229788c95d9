//! What people read of a run: a file of JSON lines in the run's folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::{SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a run was when it said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Stage {
    /// It was claimed by a server.
    Submit,
    /// It is made ready.
    Wait,
    /// It moves rows.
    Run,
    /// It has ended.
    End,
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Level {
    /// What happened.
    Info,
    /// What the user should know.
    Warning,
    /// Why it failed.
    Error,
}

/// A line of a run's log.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    /// When, as RFC 3339.
    pub(crate) at: String,
    pub(crate) level: Level,
    pub(crate) stage: Stage,
    pub(crate) message: String,
}

/// The folder of a run; it holds rows, so only its owner may look into it.
pub(crate) fn folder(folder: &Path, run_id: &str) -> PathBuf {
    folder.join(run_id)
}

/// Makes the folder of a run, unless it is there.
pub(crate) fn make_folder(runs: &Path, run_id: &str) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder(runs, run_id))
}

/// The file of a run's log.
pub(crate) fn file(runs: &Path, run_id: &str) -> PathBuf {
    folder(runs, run_id).join("log.jsonl")
}

/// A log that is written to. A disk that is full loses lines, never the run.
pub(crate) struct RunLog {
    file: Option<Mutex<File>>,
}

impl RunLog {
    /// Opens the log of a run and makes its folder.
    pub(crate) fn open(runs: &Path, run_id: &str) -> RunLog {
        let open = || {
            make_folder(runs, run_id)?;
            OpenOptions::new()
                .create(true)
                .append(true)
                .mode(0o600)
                .open(file(runs, run_id))
        };
        match open() {
            Ok(file) => RunLog {
                file: Some(Mutex::new(file)),
            },
            Err(error) => {
                tracing::error!(run.id = run_id, %error, "the log of the run cannot be written");
                RunLog { file: None }
            }
        }
    }

    /// Adds a line, which the log of the server has too, with the id of the run from its span.
    pub(crate) fn say(&self, level: Level, stage: Stage, message: impl Into<String>) {
        let message = message.into();
        // That a run failed is for its people to mend, not for those of the server.
        match level {
            Level::Info => tracing::info!(?stage, "{message}"),
            Level::Warning | Level::Error => tracing::warn!(?stage, "{message}"),
        }
        let line = Line {
            at: Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
            level,
            stage,
            message,
        };
        let (Some(file), Ok(mut text)) = (&self.file, serde_json::to_string(&line)) else {
            return;
        };
        text.push('\n');
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        // One write a line, so that whoever reads along sees whole lines.
        if let Err(error) = file.write_all(text.as_bytes()) {
            tracing::warn!(%error, "a line of a run's log is lost");
        }
    }
}
