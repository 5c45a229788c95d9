//! Waits for the disk beside the runtime, so that the other channels go on meanwhile.

use sdk::{Error, Result};

pub(crate) async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.unwrap_or_else(|error| {
        Err(Error::internal("a step beside the runtime did not come to its end").source(error))
    })
}
