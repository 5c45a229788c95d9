//! Trying again: when, how often, and for how long to wait between attempts.

use std::time::Duration;

use futures::future::BoxFuture;
use sdk::{Error, Result, Retry};

use crate::context::SplitContext;
use crate::failure::Failure;

/// Waits between attempts: doubling from the first to the longest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    pub(crate) retries: u32,
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Backoff {
    pub(crate) fn new(retries: u32) -> Self {
        Backoff {
            retries,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
        }
    }

    /// How long to wait before attempt `attempt + 1`, or `None` if the error is final.
    pub(crate) fn wait(&self, error: &Error, attempt: u32) -> Option<Duration> {
        if attempt > self.retries {
            return None;
        }
        match error.retryable() {
            Retry::Never => None,
            Retry::Now => Some((self.first * 2u32.saturating_pow(attempt - 1)).min(self.longest)),
            Retry::After(wait) => Some(wait.min(self.longest * 10)),
        }
    }
}

/// Repeats an idempotent step until it succeeds, fails for good, or is cancelled. The step's future is boxed,
/// because what an async closure returns is not known to be `Send`, and a server moves runs between threads.
pub(crate) async fn with_retries<'a, T>(
    backoff: Backoff,
    context: &SplitContext,
    mut step: impl FnMut() -> BoxFuture<'a, Result<T>>,
) -> std::result::Result<T, Failure> {
    let mut attempt = 1;
    loop {
        let error = match step().await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let Some(wait) = backoff.wait(&error, attempt) else {
            return Err(error.into());
        };
        tracing::warn!(attempt, error = %error, wait_ms = wait.as_millis() as u64, "trying again");
        context.unless_stopped(tokio::time::sleep(wait)).await?;
        context.meter.retried();
        attempt += 1;
    }
}
