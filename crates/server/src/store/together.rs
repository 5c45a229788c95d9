//! Small writes that share a commit.
//!
//! A commit of SQLite waits for the disk, and there is one writer, so runs that each commit for themselves wait for
//! one another. Here whoever gets the writer takes along what others want to write by then, and nobody has an answer
//! before the commit. If a step fails, which is rare, all are undone and taken again, each in a savepoint of its own.
//! PostgreSQL shares commits by itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use tokio::sync::oneshot;

use super::{Connection, Engine, Store, StoreError, StoreResult, WriteTransaction, savepoint};

/// A transaction takes along so many steps at most, so that none of them waits long for its answer.
const MOST: usize = 256;

/// What waits for the writer.
#[derive(Clone, Default)]
pub(super) struct Waiting {
    steps: Arc<Mutex<Vec<Box<dyn Step>>>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// A step of a shared transaction and the place for its answer.
trait Step: Send {
    /// Whether it did what it should; if not, it is undone.
    fn take<'c>(&'c mut self, c: &'c mut Connection) -> BoxFuture<'c, bool>;
    /// The transaction is committed, or why it is not.
    fn answer(self: Box<Self>, committed: Result<(), &str>);
}

struct Typed<F, T> {
    write: F,
    done: Option<StoreResult<T>>,
    answer: oneshot::Sender<StoreResult<T>>,
}

impl<F, T> Step for Typed<F, T>
where
    F: for<'c> Fn(&'c mut Connection) -> BoxFuture<'c, StoreResult<T>> + Send,
    T: Send,
{
    fn take<'c>(&'c mut self, c: &'c mut Connection) -> BoxFuture<'c, bool> {
        Box::pin(async move {
            let done = (self.write)(c).await;
            let is_ok = done.is_ok();
            self.done = Some(done);
            is_ok
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), &str>) {
        let answer = match (self.done, committed) {
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(failed("the step was not taken")),
            (_, Err(reason)) => Err(failed(reason)),
        };
        // Whoever asked may have given up.
        let _ = self.answer.send(answer);
    }
}

fn failed(reason: &str) -> StoreError {
    StoreError::Database(sqlx::Error::Protocol(reason.to_string()))
}

impl Store {
    /// Writes in a transaction that it may share with others who use this; what it returns is committed. A step
    /// that fails undoes nothing but itself. It may be undone and taken again because of another one, so it does
    /// nothing but write.
    pub(crate) async fn together<T, F>(&self, write: F) -> StoreResult<T>
    where
        F: for<'c> Fn(&'c mut Connection) -> BoxFuture<'c, StoreResult<T>> + Send + 'static,
        T: Send + 'static,
    {
        if self.engine == Engine::PostgreSql {
            let mut t = self.begin().await?;
            let value = write(&mut t).await?;
            t.commit().await?;
            return Ok(value);
        }
        let (answer, answered) = oneshot::channel();
        self.waiting.add(Box::new(Typed {
            write,
            done: None,
            answer,
        }));
        // One for each step, so that none is left over. They are tasks of their own because whoever asked may be
        // dropped while it writes for others.
        let store = self.clone();
        tokio::spawn(async move { store.take_turn().await });
        answered
            .await
            .unwrap_or_else(|_| Err(failed("the store was closed in the middle of a write")))
    }

    /// Takes the steps that wait once the writer is free, if nobody else has taken them meanwhile.
    async fn take_turn(&self) {
        let _turn = self.waiting.turn.lock().await;
        if self.waiting.is_empty() {
            return;
        }
        let begun = self.begin().await;
        let mut steps = self.waiting.take();
        let committed = match begun {
            Ok(transaction) => self.commit(transaction, &mut steps).await,
            Err(error) => Err(error),
        };
        let committed = committed.map_err(|error| format!("{error:?}"));
        for step in steps {
            step.answer(committed.as_ref().map(drop).map_err(String::as_str));
        }
    }

    async fn commit(
        &self,
        mut t: WriteTransaction,
        steps: &mut [Box<dyn Step>],
    ) -> StoreResult<()> {
        let mut is_well = true;
        for step in &mut *steps {
            is_well = step.take(&mut t).await;
            if !is_well {
                break;
            }
        }
        if is_well {
            return Ok(t.commit().await?);
        }
        t.rollback().await?;
        if steps.len() == 1 {
            return Ok(());
        }
        let mut t = self.begin().await?;
        for step in steps {
            let mut point = savepoint(&mut t).await?;
            match step.take(&mut point).await {
                true => point.commit().await?,
                false => point.rollback().await?,
            }
        }
        Ok(t.commit().await?)
    }
}

impl Waiting {
    fn steps(&self) -> MutexGuard<'_, Vec<Box<dyn Step>>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, step: Box<dyn Step>) {
        self.steps().push(step);
    }

    fn is_empty(&self) -> bool {
        self.steps().is_empty()
    }

    /// The steps that have waited longest.
    fn take(&self) -> Vec<Box<dyn Step>> {
        let mut steps = self.steps();
        let most = steps.len().min(MOST);
        steps.drain(..most).collect()
    }
}
