//! Wrappers around the connector traits: what every job needs and no connector should know.

mod blocking;
mod limit;
mod prefetch;
mod retry;

pub(crate) use blocking::off_the_runtime;
pub use limit::{RateLimit, Throttle};
pub(crate) use prefetch::prefetch;
pub(crate) use retry::{Backoff, with_retries};
