//! The ledger of a run in the store, so that whichever server claims the run continues it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::{Event, History, Ledger, TaskState};
use futures::FutureExt;
use futures::future::BoxFuture;
use sdk::{Error, Kind, Result, TaskId};

use crate::state::App;
use crate::store::run::{self, Held};
use crate::store::{StoreError, StoreResult};

const SOON: Duration = Duration::from_millis(200);

/// Events go to the store before they count, but for those that need not be synced, which the next one takes along
/// or which follow soon. A server whose claim was lost notes nothing any more.
pub(super) struct StoreLedger {
    inner: Arc<Inner>,
}

struct Inner {
    app: App,
    held: Held,
    notes: tokio::sync::Mutex<Notes>,
    history: Mutex<History>,
}

/// Held while events are stored, which keeps their order.
struct Notes {
    /// How many events are in the store.
    stored: i64,
    /// Those behind them.
    waiting: Vec<String>,
}

impl StoreLedger {
    /// Reads what the run's earlier owners noted, if it had any.
    pub(super) async fn open(app: &App, held: &Held) -> StoreResult<StoreLedger> {
        let noted = match held.fence {
            ..=1 => Vec::new(),
            _ => run::events(&mut *app.store.read().await?, &held.id).await?,
        };
        let (mut history, mut stored) = (History::default(), 0);
        for text in noted {
            let event: Event = serde_json::from_str(&text)
                .map_err(|error| StoreError::Database(sqlx::Error::Decode(Box::new(error))))?;
            history.apply(event);
            stored += 1;
        }
        let waiting = Vec::new();
        Ok(StoreLedger {
            inner: Arc::new(Inner {
                app: app.clone(),
                held: held.clone(),
                notes: tokio::sync::Mutex::new(Notes { stored, waiting }),
                history: Mutex::new(history),
            }),
        })
    }
}

impl Ledger for StoreLedger {
    fn history(&self) -> History {
        self.inner.known().clone()
    }

    fn task(&self, task: TaskId) -> TaskState {
        let history = self.inner.known();
        history.tasks.get(&task).cloned().unwrap_or_default()
    }

    fn record(&self, event: Event) -> BoxFuture<'_, Result<()>> {
        let inner = self.inner.clone();
        async move {
            let noted = tokio::spawn(async move { inner.record(event).await }).await;
            noted.unwrap_or_else(|error| {
                Err(Error::internal("an event was not noted to the end").source(error))
            })
        }
        .boxed()
    }
}

impl Inner {
    fn known(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn record(self: Arc<Self>, event: Event) -> Result<()> {
        let text = serde_json::to_string(&event)
            .map_err(|error| Error::internal("an event cannot be written").source(error))?;
        let mut notes = self.notes.lock().await;
        notes.waiting.push(text);
        if !event.must_be_synced() {
            tokio::spawn(self.clone().store_soon());
        } else if let Err(error) = self.store(&mut notes).await {
            notes.waiting.pop();
            return Err(refused(error));
        }
        self.known().apply(event);
        Ok(())
    }

    /// Stores what the next event has not taken along by then: that of another split may be long in coming.
    async fn store_soon(self: Arc<Self>) {
        tokio::time::sleep(SOON).await;
        let mut notes = self.notes.lock().await;
        if !notes.waiting.is_empty()
            && let Err(error) = self.store(&mut notes).await
        {
            // The next event tries it again.
            tracing::warn!(?error, "events of a run were not stored");
        }
    }

    async fn store(&self, notes: &mut Notes) -> StoreResult<()> {
        let count = notes.waiting.len();
        let step = Arc::new((self.held.clone(), notes.waiting.clone()));
        let first = notes.stored;
        let write = || {
            let step = step.clone();
            let write = self.app.store.together(move |c| {
                let step = step.clone();
                async move { run::add_events(c, &step.0, first, &step.1).await }.boxed()
            });
            write.boxed()
        };
        super::until_stored(write).await?;
        notes.stored += i64::try_from(count).unwrap_or(i64::MAX);
        notes.waiting.clear();
        Ok(())
    }
}

fn refused(error: StoreError) -> Error {
    if let StoreError::Changed = error {
        return Error::new(Kind::Conflict, "the run belongs to another server by now")
            .hint("this server was away for longer than its claim; nothing needs to be done");
    }
    tracing::error!(error = ?error, "the ledger of a run cannot be written");
    Error::new(
        Kind::Unreachable,
        "the run's ledger could not be written to the metadata store",
    )
    .hint("the run can be resumed when the store answers again")
}
