//! The durable memory of a run: which splits exist, which were claimed, sealed and finished.
//!
//! The ledger, and nothing else, is the truth about a run. Every step is noted before its effect can
//! be forgotten: a seal before the publication it describes, a receipt after it. A run that was
//! killed anywhere can be continued from the events alone (see [`History`]).

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;
use sdk::{Error, Kind, Receipt, Result, Split, State, TaskId};
use serde::{Deserialize, Serialize};

use crate::meter::Counts;
use crate::wrap::off_the_runtime;

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub enum Event {
    /// The splits were made; they and the time stay the same for the rest of the run.
    Planned {
        /// By task id.
        splits: Vec<Split>,
        /// When the run began, in microseconds since 1970: what `now()` yields in every task.
        began_micros: i64,
    },
    /// The target was prepared. A second one with another state makes every task undone.
    Prepared {
        /// What the writer wants to remember.
        state: State,
    },
    /// An attempt of a task began.
    Claimed {
        /// The task.
        task: TaskId,
        /// Counts from 1.
        attempt: u32,
    },
    /// The attempt's rows are with the target but not final.
    Sealed {
        /// The task.
        task: TaskId,
        /// What the writer needs to find out whether they became final.
        seal: State,
        /// The attempt's counts.
        counts: Counts,
    },
    /// The task's rows are final as far as one task can make them.
    Done {
        /// Proof for the commit.
        receipt: Receipt,
        /// The task's counts.
        counts: Counts,
    },
    /// The commit begins. Whoever may not note this any more does not begin it.
    Committing,
    /// The run's rows are visible and the statements after the load have run; the source is still to end.
    Loaded,
    /// The run ended well.
    Committed,
    /// What the run has left at the target begins to be cleared away; nothing else is done with it any more.
    GivingUp,
    /// The run was given up; it cannot be continued.
    Aborted,
}

impl Event {
    /// Whether the run could not go on exactly if a crash of the machine took the event away. A lost
    /// claim claims nothing, and of a sealed task the target itself knows whether it is done; the next
    /// event that is synced takes them along.
    pub fn must_be_synced(&self) -> bool {
        !matches!(self, Event::Claimed { .. } | Event::Done { .. })
    }
}

/// Where events are kept. An event that must be synced is durable once [`Ledger::record`] has taken it, with
/// all events before it; the others can be found out again.
pub trait Ledger: Send + Sync {
    /// What has happened so far.
    fn history(&self) -> History;

    /// What has happened to one task.
    fn task(&self, task: TaskId) -> TaskState;

    /// Notes a step. It is noted, or not, even if nobody waits for the answer any more.
    fn record(&self, event: Event) -> BoxFuture<'_, Result<()>>;
}

/// What is known of a task.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum TaskState {
    /// Nothing of it is with the target, or nothing that counts.
    #[default]
    Open,
    /// Sealed by an attempt whose end is unknown.
    Sealed {
        /// For [`sdk::Writer::recover`].
        seal: State,
        /// The attempt's counts.
        counts: Counts,
    },
    /// Finished.
    Done {
        /// For [`sdk::Writer::commit`].
        receipt: Receipt,
        /// Its counts.
        counts: Counts,
    },
}

/// The state of a run, folded from its events.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// The splits, once planned.
    pub splits: Option<Vec<Split>>,
    /// When they were planned.
    pub began: Option<DateTime<Utc>>,
    /// The writer's state, once prepared.
    pub prepared: Option<State>,
    /// Tasks that are not [`TaskState::Open`].
    pub tasks: BTreeMap<TaskId, TaskState>,
    /// Whether all rows are in the target and nothing is left to do there.
    pub loaded: bool,
    /// Whether the run ended well.
    pub committed: bool,
    /// Whether somebody has begun to give the run up.
    pub giving_up: bool,
    /// Whether the run was given up.
    pub aborted: bool,
}

impl History {
    /// Whether no rows are moved any more, in whatever way the run ended.
    pub(crate) fn is_over(&self) -> bool {
        self.committed || self.giving_up || self.aborted
    }

    /// Takes in what happened next; ledgers kept elsewhere fold their events with it.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Planned {
                splits,
                began_micros,
            } => {
                self.splits = Some(splits);
                self.began = DateTime::from_timestamp_micros(began_micros);
            }
            Event::Prepared { state } => {
                if self.prepared.as_ref() != Some(&state) {
                    self.tasks.clear();
                }
                self.prepared = Some(state);
            }
            Event::Claimed { task, .. } => {
                self.tasks.remove(&task);
            }
            Event::Sealed { task, seal, counts } => {
                self.tasks.insert(task, TaskState::Sealed { seal, counts });
            }
            Event::Done { receipt, counts } => {
                self.tasks
                    .insert(receipt.task, TaskState::Done { receipt, counts });
            }
            Event::Committing => {}
            Event::Loaded => self.loaded = true,
            Event::Committed => self.committed = true,
            Event::GivingUp => self.giving_up = true,
            Event::Aborted => self.aborted = true,
        }
    }
}

/// A ledger in one file of JSON lines, synced as events need it and locked while in use.
pub struct FileLedger {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    file: File,
    history: History,
    /// A step was cut off half-way. Another one behind it would make the file unreadable.
    broken: bool,
}

impl FileLedger {
    /// Opens or creates the ledger at `path`. Fails with `Conflict` while another process holds it.
    /// A last line that a kill cut short is dropped: its step was never reported as done.
    pub fn open(path: &Path) -> Result<Self> {
        let refuse = |error: std::io::Error| {
            Error::new(
                Kind::Config,
                format!("cannot use the run ledger {}", path.display()),
            )
            .hint("check that the state folder exists and is writable")
            .source(error)
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(refuse)?;
        file.try_lock().map_err(|failure| match failure {
            TryLockError::WouldBlock => Error::new(
                Kind::Conflict,
                "the run is being worked on by another process",
            )
            .hint("wait for it to end, or stop it"),
            TryLockError::Error(error) => refuse(error),
        })?;
        sync_folder_of(path).map_err(refuse)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(refuse)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n');
        let whole = whole.map_or(0, |end| end + 1);
        let mut history = History::default();
        let lines = bytes[..whole].split_inclusive(|byte| *byte == b'\n');
        for (index, line) in lines.enumerate() {
            let event = serde_json::from_slice(line).map_err(|error| {
                Error::new(
                    Kind::Data,
                    format!(
                        "line {} of the ledger {} is damaged",
                        index + 1,
                        path.display()
                    ),
                )
                .hint("begin a new run")
                .source(error)
            })?;
            history.apply(event);
        }
        file.set_len(whole as u64).map_err(refuse)?;
        file.seek(SeekFrom::End(0)).map_err(refuse)?;
        Ok(FileLedger {
            inner: Arc::new(Mutex::new(Inner {
                file,
                history,
                broken: false,
            })),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}

impl Ledger for FileLedger {
    fn history(&self) -> History {
        self.lock().history.clone()
    }

    fn task(&self, task: TaskId) -> TaskState {
        let inner = self.lock();
        inner.history.tasks.get(&task).cloned().unwrap_or_default()
    }

    fn record(&self, event: Event) -> BoxFuture<'_, Result<()>> {
        let inner = self.inner.clone();
        off_the_runtime(move || lock(&inner).record(event)).boxed()
    }
}

impl Inner {
    fn record(&mut self, event: Event) -> Result<()> {
        let mut line = serde_json::to_string(&event)
            .map_err(|error| Error::internal("cannot write a ledger event").source(error))?;
        line.push('\n');
        let cannot_write = || {
            Error::new(Kind::Unreachable, "cannot write the run ledger")
                .hint("check the space left in the state folder, then resume the run")
        };
        if self.broken {
            return Err(cannot_write());
        }
        let written = self.file.write_all(line.as_bytes());
        let synced = written.and_then(|()| {
            if event.must_be_synced() {
                self.file.sync_data()
            } else {
                Ok(())
            }
        });
        if let Err(error) = synced {
            self.broken = true;
            return Err(cannot_write().source(error));
        }
        self.history.apply(event);
        Ok(())
    }
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Makes the name of a new file as durable as its content.
pub(crate) fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(label: &str) -> Event {
        let split = Split {
            label: label.to_string(),
            estimated_rows: None,
            state: State::default(),
        };
        Event::Planned {
            splits: vec![split],
            began_micros: 0,
        }
    }

    fn claimed(task: u32) -> Event {
        Event::Claimed {
            task: TaskId(task),
            attempt: 1,
        }
    }

    #[tokio::test]
    async fn a_line_that_a_kill_cut_anywhere_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let ledger = FileLedger::open(&path).unwrap();
        ledger.record(claimed(0)).await.unwrap();
        let kept = std::fs::read(&path).unwrap().len();
        ledger.record(planned("pt=é日")).await.unwrap();
        drop(ledger);
        let whole = std::fs::read(&path).unwrap();
        for length in kept..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let ledger = FileLedger::open(&path).unwrap();
            assert_eq!(ledger.history(), History::default(), "cut at {length}");
            drop(ledger);
            assert_eq!(std::fs::read(&path).unwrap().len(), kept);
        }
    }

    #[tokio::test]
    async fn a_failed_write_ends_the_ledger_instead_of_spoiling_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let ledger = FileLedger::open(&path).unwrap();
        ledger.record(planned("all")).await.unwrap();
        // A file that can only be read stands for a full disk.
        let writable = std::mem::replace(&mut ledger.lock().file, File::open(&path).unwrap());
        assert!(ledger.record(claimed(0)).await.is_err());
        ledger.lock().file = writable;
        let error = ledger.record(claimed(1)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unreachable);
        drop(ledger);
        let history = FileLedger::open(&path).unwrap().history();
        assert_eq!(history.splits.map(|splits| splits.len()), Some(1));
    }
}
