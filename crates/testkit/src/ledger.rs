//! A ledger that stops working after so many events, as a killed process would.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use engine::{Event, FileLedger, History, Ledger, TaskState};
use sdk::{Error, Result, TaskId};

/// Records `events` events, then fails. Whether the last event still reaches the disk decides on
/// which side of it the process died.
pub struct DyingLedger {
    inner: FileLedger,
    left: AtomicI64,
}

impl DyingLedger {
    /// A ledger at `path` that dies instead of recording the event after the first `events`.
    pub fn open(path: &Path, events: i64) -> Result<Self> {
        Ok(DyingLedger {
            inner: FileLedger::open(path)?,
            left: AtomicI64::new(events),
        })
    }

    /// Whether it has died.
    pub fn died(&self) -> bool {
        self.left.load(Ordering::SeqCst) < 0
    }
}

impl Ledger for DyingLedger {
    fn history(&self) -> History {
        self.inner.history()
    }

    fn task(&self, task: TaskId) -> TaskState {
        self.inner.task(task)
    }

    fn record(&self, event: Event) -> Result<()> {
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.left.store(-1, Ordering::SeqCst);
            return Err(Error::internal("the process was killed"));
        }
        self.inner.record(event)
    }
}
