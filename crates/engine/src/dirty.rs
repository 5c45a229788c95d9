//! Dirty rows on disk: one JSON line per row, with the reason, kept until somebody mends them.
//!
//! Each attempt of a task begins its own file anew, so that a retried task does not list a row twice;
//! the end of a process joins the files of all tasks into `dirty.jsonl`, which is there whole or not at
//! all. While a run may go on, the files of the tasks are what counts, and the next process forgets the
//! joint one. Once the run is over the joint one is all there is, and people may mend it.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use chrono::{SecondsFormat, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;
use sdk::{Error, Kind, Result, TaskId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ledger::{History, sync_folder_of};
use crate::wrap::off_the_runtime;

/// Where on its way a row failed; tells how to read its `row`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Stage {
    /// `row` has the reader's columns.
    Read,
    /// `row` has the reader's columns.
    Convert,
    /// `row` has the writer's columns.
    Write,
}

/// One line of the dirty-row file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DirtyRow {
    /// When it was found, RFC 3339 in UTC.
    pub(crate) time: String,
    /// The task that found it.
    pub(crate) task: TaskId,
    /// Where it failed.
    pub(crate) stage: Stage,
    /// The column at fault, if one can be named.
    pub(crate) column: Option<String>,
    /// What is wrong.
    pub(crate) reason: String,
    /// The source's key columns, if it has any.
    pub(crate) key: Map<String, Value>,
    /// The whole row.
    pub(crate) row: Map<String, Value>,
}

impl DirtyRow {
    pub(crate) fn now(task: TaskId, stage: Stage, column: Option<String>, reason: String) -> Self {
        DirtyRow {
            time: Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
            task,
            stage,
            column,
            reason,
            key: Map::new(),
            row: Map::new(),
        }
    }

    pub(crate) fn line(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|error| Error::internal("cannot write a dirty row").source(error))
    }
}

/// Where the dirty rows of a run go.
pub trait DirtySink: Send + Sync {
    /// Begins the rows of a task anew: those of an earlier attempt are forgotten.
    fn begin(&self, task: TaskId) -> Result<Box<dyn DirtyTask>>;
}

/// Takes the dirty rows of one attempt of one task.
pub trait DirtyTask: Send {
    /// Takes a row: one line of JSON, without its end.
    fn add(&mut self, line: &str) -> Result<()>;

    /// Makes the rows durable; called before the attempt's rows are published.
    fn sync(&mut self) -> BoxFuture<'_, Result<()>>;
}

/// The folder that a run keeps its dirty rows in.
#[derive(Debug, Clone)]
pub struct DirtyRows {
    folder: PathBuf,
}

impl DirtyRows {
    /// Uses `folder`, which must exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        DirtyRows {
            folder: folder.into(),
        }
    }

    /// Forgets the joint file: the run goes on, so its rows may become others.
    pub(crate) fn reopen(&self) -> Result<()> {
        let joint = self.joint_path();
        match fs::remove_file(&joint) {
            Ok(()) => sync_folder_of(&joint).map_err(|error| cannot_write(&joint, error)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(cannot_write(&joint, error)),
        }
    }

    /// Joins the files of tasks `0..task_count` in order.
    fn join(&self, task_count: u32) -> Result<Option<PathBuf>> {
        let joint = self.joint_path();
        let unfinished = joint.with_extension("jsonl.part");
        let mut output: Option<File> = None;
        for task in 0..task_count {
            let path = self.task_path(TaskId(task));
            let mut input = match File::open(&path) {
                Ok(input) => input,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(cannot_write(&path, error)),
            };
            let output = match &mut output {
                Some(output) => output,
                None => output.insert(
                    File::create(&unfinished).map_err(|error| cannot_write(&unfinished, error))?,
                ),
            };
            std::io::copy(&mut input, output).map_err(|error| cannot_write(&unfinished, error))?;
        }
        let Some(output) = output else {
            return Ok(None);
        };
        output
            .sync_all()
            .and_then(|()| fs::rename(&unfinished, &joint))
            .and_then(|()| sync_folder_of(&joint))
            .map_err(|error| cannot_write(&joint, error))?;
        Ok(Some(joint))
    }

    /// The end of a process that found the run as `before` and leaves it as `now`. Returns the joint file if any
    /// row was dirty. It is on the disk before the files of the tasks go, so a process that dies between the two
    /// loses nothing, and whoever finds the run over takes it as it is: people may have mended its rows.
    pub(crate) fn end(&self, before: &History, now: &History) -> Result<Option<PathBuf>> {
        let task_count = now.splits.as_ref().map_or(0, Vec::len) as u32;
        let joint = match self.joint_file().filter(|_| before.is_over()) {
            Some(joint) => Some(joint),
            None => self.join(task_count)?,
        };
        if now.is_over() {
            for task in 0..task_count {
                self.forget(TaskId(task))?;
            }
        }
        Ok(joint)
    }

    /// Removes the file of a task, if it has one.
    fn forget(&self, task: TaskId) -> Result<()> {
        let path = self.task_path(task);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot_write(&path, error)),
            _ => Ok(()),
        }
    }

    /// The joint file of all tasks, as the end of the run left it.
    pub fn joint_file(&self) -> Option<PathBuf> {
        Some(self.joint_path()).filter(|path| path.is_file())
    }

    fn joint_path(&self) -> PathBuf {
        self.folder.join("dirty.jsonl")
    }

    fn task_path(&self, task: TaskId) -> PathBuf {
        self.folder.join(format!("dirty-{:06}.jsonl", task.0))
    }
}

impl DirtySink for DirtyRows {
    fn begin(&self, task: TaskId) -> Result<Box<dyn DirtyTask>> {
        self.forget(task)?;
        Ok(Box::new(TaskFile {
            path: self.task_path(task),
            file: None,
        }))
    }
}

/// The dirty rows of one attempt of one task; no file without a row.
#[derive(Debug)]
struct TaskFile {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl DirtyTask for TaskFile {
    fn add(&mut self, line: &str) -> Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let file =
                    File::create(&self.path).map_err(|error| cannot_write(&self.path, error))?;
                self.file.insert(BufWriter::new(file))
            }
        };
        file.write_all(line.as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .map_err(|error| cannot_write(&self.path, error))
    }

    fn sync(&mut self) -> BoxFuture<'_, Result<()>> {
        async {
            let Some(file) = &mut self.file else {
                return Ok(());
            };
            let flushed = file.flush().and_then(|()| file.get_ref().try_clone());
            let file = flushed.map_err(|error| cannot_write(&self.path, error))?;
            let path = self.path.clone();
            off_the_runtime(move || {
                file.sync_all()
                    .and_then(|()| sync_folder_of(&path))
                    .map_err(|error| cannot_write(&path, error))
            })
            .await
        }
        .boxed()
    }
}

fn cannot_write(path: &Path, error: std::io::Error) -> Error {
    // Neither the job nor its data are at fault, so the run may be resumed.
    Error::new(
        Kind::Unreachable,
        format!("cannot keep dirty rows in {}", path.display()),
    )
    .hint("check the space left and the permissions of the state folder, then resume the run")
    .source(error)
}
