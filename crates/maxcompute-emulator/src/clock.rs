//! Times in the three forms that the protocol wants them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use maxcompute::sign::http_date;

/// A clock set before 1970 counts as 1970.
pub(crate) fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Seconds since 1970.
pub(crate) fn now_seconds() -> i64 {
    since_epoch(SystemTime::now()).as_secs() as i64
}

/// Seconds since 1970 as `Tue, 02 Jan 2024 03:04:05 GMT`.
pub(crate) fn date_text(seconds: i64) -> String {
    http_date(UNIX_EPOCH + Duration::from_secs(seconds.max(0) as u64))
}
