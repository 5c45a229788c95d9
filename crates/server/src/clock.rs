//! Where the time comes from, so that tests can move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};

pub(crate) const MINUTE_MICROS: i64 = 60 * 1_000_000;
pub(crate) const HOUR_MICROS: i64 = 60 * MINUTE_MICROS;
pub(crate) const DAY_MICROS: i64 = 24 * HOUR_MICROS;

/// A source of the current time; clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Clock(Source::System)
    }

    /// A clock that stands still at `now` until it is moved.
    pub fn manual(now: DateTime<Utc>) -> Self {
        Clock(Source::Manual(Arc::new(AtomicI64::new(
            now.timestamp_micros(),
        ))))
    }

    /// Whether it is the machine's clock.
    pub(crate) fn is_system(&self) -> bool {
        matches!(self.0, Source::System)
    }

    /// The current time, to the microsecond.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => {
                let now = Utc::now();
                DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
            }
            Source::Manual(micros) => {
                DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default()
            }
        }
    }

    /// Microseconds since 1970, as the store keeps times.
    pub fn micros(&self) -> i64 {
        self.now().timestamp_micros()
    }

    /// Moves a manual clock on; the machine's clock is not moved.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(micros) = &self.0 {
            let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            micros.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// Sets a manual clock; the machine's clock is not set.
    pub fn set(&self, now: DateTime<Utc>) {
        if let Source::Manual(micros) = &self.0 {
            micros.store(now.timestamp_micros(), Ordering::SeqCst);
        }
    }
}
