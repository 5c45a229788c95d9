//! Runs a decoder on a thread of its own and hands its batches over through a short queue, so that
//! decoding overlaps with whatever the engine does with the previous batch.

use futures::{StreamExt, stream};
use sdk::{BatchStream, Error, ReadBatch, Result};
use tokio::sync::{mpsc, oneshot};

/// Batches waiting between decoder and engine: enough to overlap, few enough to bound memory.
const QUEUED_BATCHES: usize = 2;

/// A thread for work that lasts as long as a task does and may wait for other tasks. Tokio's threads
/// for blocking work are for calls that end by themselves: as many decoders as there are of them
/// would keep the writers that they wait for from ever beginning.
pub(crate) struct Thread<T>(oneshot::Receiver<Result<T>>);

impl<T: Send + 'static> Thread<T> {
    /// Starts the work.
    pub(crate) fn start(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<Thread<T>> {
        let (sender, receiver) = oneshot::channel();
        std::thread::Builder::new()
            .spawn(move || {
                // Nobody may be left who wants to know.
                let _ = sender.send(work());
            })
            .map_err(|error| Error::internal("cannot start another thread").source(error))?;
        Ok(Thread(receiver))
    }

    /// Waits for the work's outcome.
    pub(crate) async fn outcome(self) -> Result<T> {
        let panicked = |_| Err(Error::internal("a thread ended unexpectedly"));
        self.0.await.unwrap_or_else(panicked)
    }
}

/// Where a decoder puts its batches.
pub(crate) struct BatchSender(mpsc::Sender<ReadBatch>);

impl BatchSender {
    /// Waits for room. Returns whether anybody still wants more; if not, the decoder should return.
    #[must_use]
    pub(crate) fn send(&self, batch: ReadBatch) -> bool {
        self.0.blocking_send(batch).is_ok()
    }
}

/// The batches that `work` sends, then its error if it fails. Dropping the stream stops the work at
/// its next batch.
pub(crate) fn in_background(
    work: impl FnOnce(&BatchSender) -> Result<()> + Send + 'static,
) -> BatchStream {
    let (sender, receiver) = mpsc::channel(QUEUED_BATCHES);
    let thread = Thread::start(move || work(&BatchSender(sender)));
    stream::unfold(Some((receiver, thread)), |state| async move {
        let (mut receiver, thread) = state?;
        if let Some(batch) = receiver.recv().await {
            return Some((Ok(batch), Some((receiver, thread))));
        }
        let outcome = match thread {
            Ok(thread) => thread.outcome().await,
            Err(error) => Err(error),
        };
        outcome.err().map(|error| (Err(error), None))
    })
    .boxed()
}

/// Runs a short blocking call, for example one that lists or opens files.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| {
            Err(Error::internal("a file operation ended unexpectedly").source(error))
        })
}
