//! A ledger that stops working after so many events, as a killed process would.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use engine::{Event, FileLedger, History, Ledger, TaskState};
use futures::future::BoxFuture;
use sdk::{Error, Result, TaskId};

/// On which side of an event a process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// What the event tells of has happened, and nobody notes it.
    BeforeNoting,
    /// The event is on the disk, and nothing follows.
    AfterNoting,
}

/// Records `events` events, then dies on one side of the next.
pub struct DyingLedger {
    inner: FileLedger,
    left: AtomicI64,
    death: Death,
}

impl DyingLedger {
    /// A ledger at `path` that dies at the event after the first `events`.
    pub fn open(path: &Path, events: i64, death: Death) -> Result<Self> {
        Ok(DyingLedger {
            inner: FileLedger::open(path)?,
            left: AtomicI64::new(events),
            death,
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

    fn record(&self, event: Event) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let left = self.left.fetch_sub(1, Ordering::SeqCst);
            if left > 0 || (left == 0 && self.death == Death::AfterNoting) {
                self.inner.record(event).await?;
            }
            if left > 0 {
                return Ok(());
            }
            Err(Error::internal("the process was killed"))
        })
    }
}
