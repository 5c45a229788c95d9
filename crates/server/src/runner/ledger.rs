//! The ledger of a run in the store, so that whichever server claims the run continues it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use engine::{Event, History, Ledger, TaskState};
use futures::FutureExt;
use sdk::{Error, Kind, Result, TaskId};
use tokio::runtime::Handle;

use crate::state::App;
use crate::store::run::{self, Held};
use crate::store::{StoreError, StoreResult};

/// Events go to the store before they count. A server whose claim was lost notes nothing any more.
pub(super) struct StoreLedger {
    app: App,
    held: Held,
    runtime: Handle,
    /// How many events there are. Held while one is stored, by threads for blocking work only.
    count: Mutex<i64>,
    /// Never held while something waits, since the runtime's own threads read it.
    history: Mutex<History>,
}

impl StoreLedger {
    /// Reads what the run's earlier owners noted.
    pub(super) async fn open(app: &App, held: &Held) -> StoreResult<StoreLedger> {
        let mut c = app.store.read().await?;
        let (mut history, mut count) = (History::default(), 0);
        for text in run::events(&mut c, &held.id).await? {
            let event: Event = serde_json::from_str(&text)
                .map_err(|error| StoreError::Database(sqlx::Error::Decode(Box::new(error))))?;
            history.apply(event);
            count += 1;
        }
        Ok(StoreLedger {
            app: app.clone(),
            held: held.clone(),
            runtime: Handle::current(),
            count: Mutex::new(count),
            history: Mutex::new(history),
        })
    }

    fn known(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn store(&self, number: i64, event: &str) -> StoreResult<()> {
        let (held, event) = (self.held.clone(), event.to_string());
        self.app
            .store
            .together(move |c| {
                async move { run::add_event(c, &held, number, &event).await }.boxed()
            })
            .await
    }
}

impl Ledger for StoreLedger {
    fn history(&self) -> History {
        self.known().clone()
    }

    fn task(&self, task: TaskId) -> TaskState {
        self.known().tasks.get(&task).cloned().unwrap_or_default()
    }

    /// Called on a thread for blocking work. Events are numbered and stored under one lock, which keeps their
    /// order.
    fn record(&self, event: Event) -> Result<()> {
        let text = serde_json::to_string(&event)
            .map_err(|error| Error::internal("an event cannot be written").source(error))?;
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let number = *count;
        let stored = self
            .runtime
            .block_on(super::until_stored(|| self.store(number, &text).boxed()));
        match stored {
            Ok(()) => {
                *count += 1;
                self.known().apply(event);
                Ok(())
            }
            Err(StoreError::Changed) => Err(Error::new(
                Kind::Conflict,
                "the run belongs to another server by now",
            )
            .hint("this server was away for longer than its claim; nothing needs to be done")),
            Err(error) => {
                tracing::error!(error = ?error, "the ledger of a run cannot be written");
                Err(Error::new(
                    Kind::Unreachable,
                    "the run's ledger could not be written to the metadata store",
                )
                .hint("the run can be resumed when the store answers again"))
            }
        }
    }
}
