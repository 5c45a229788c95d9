//! Reads ahead, so that a task's reader and writer work at the same time.

use futures::StreamExt;
use futures::stream;
use sdk::BatchStream;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// Runs the stream in a task of its own, at most `depth` batches ahead. Dropping the result stops it;
/// a panic in the reader ends the stream with an internal error.
pub(crate) fn prefetch(mut batches: BatchStream, depth: usize) -> BatchStream {
    let (sender, receiver) = mpsc::channel(depth);
    let reading = AbortOnDropHandle::new(tokio::spawn(async move {
        while let Some(batch) = batches.next().await {
            let failed = batch.is_err();
            if sender.send(batch).await.is_err() || failed {
                return;
            }
        }
    }));
    let state = (receiver, Some(reading));
    stream::unfold(state, |(mut receiver, reading)| async move {
        if let Some(batch) = receiver.recv().await {
            return Some((batch, (receiver, reading)));
        }
        // The channel closed: either the stream ended, or its task died.
        match reading?.await {
            Ok(()) => None,
            // Whatever stopped it, rows may be missing.
            Err(error) => {
                let error =
                    sdk::Error::internal("the reader did not come to its end").source(error);
                Some((Err(error), (receiver, None)))
            }
        }
    })
    .boxed()
}
