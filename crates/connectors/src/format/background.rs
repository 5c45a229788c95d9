//! Runs a decoder on a thread of its own and hands its batches over through a short queue, so that
//! decoding overlaps with whatever the engine does with the previous batch.

use futures::{StreamExt, stream};
use sdk::{BatchStream, Error, ReadBatch, Result};
use tokio::sync::mpsc;

/// Batches waiting between decoder and engine: enough to overlap, few enough to bound memory.
const QUEUED_BATCHES: usize = 2;

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
    let task = tokio::task::spawn_blocking(move || work(&BatchSender(sender)));
    stream::unfold(Some((receiver, task)), |state| async move {
        let (mut receiver, task) = state?;
        if let Some(batch) = receiver.recv().await {
            return Some((Ok(batch), Some((receiver, task))));
        }
        match task.await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some((Err(error), None)),
            Err(error) => {
                let error = Error::internal("a decoder ended unexpectedly").source(error);
                Some((Err(error), None))
            }
        }
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
