//! When to try again, and after how long.
//!
//! Owns the policy of `PROTOCOL.md`, section 6.9, as a pure function of the errors so far: throttling is
//! waited out up to a limit of time, other passing errors up to a number of tries. A service that never
//! answered is given up within seconds, because its address is more likely wrong than it is to come back.

use std::time::Duration;

use super::error::{Error, ErrorClass};

/// Limits of patience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a request is repeated after failures other than throttling.
    pub repetitions: u32,
    /// How long a request may be throttled altogether.
    pub throttled: Duration,
    /// The first wait; each further one is twice as long.
    pub first_wait: Duration,
    /// The longest wait that is not asked for by the service.
    pub longest_wait: Duration,
    /// How long REST may take for an answer, which is never large.
    pub rest_answer: Duration,
}

impl Default for RetryPolicy {
    fn default() -> RetryPolicy {
        RetryPolicy {
            repetitions: 7,
            throttled: Duration::from_secs(600),
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(64),
            rest_answer: Duration::from_secs(60),
        }
    }
}

/// Waits before a connection is tried again to a service that never answered.
const FIRST_CONTACT: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(750)];

/// The repetitions of one request.
#[derive(Debug, Clone)]
pub(crate) struct Repetitions {
    policy: RetryPolicy,
    contacts: usize,
    failures: u32,
    throttles: u32,
    throttled: Duration,
}

impl Repetitions {
    pub(crate) fn new(policy: RetryPolicy) -> Repetitions {
        Repetitions {
            policy,
            contacts: 0,
            failures: 0,
            throttles: 0,
            throttled: Duration::ZERO,
        }
    }

    /// How long to wait after this error, or `None` to give up.
    ///
    /// `spread` is a number from 0 to 1 that keeps clients from returning in step: up to a quarter of
    /// the wait is left out.
    pub(crate) fn wait_after(&mut self, error: &Error, spread: f64) -> Option<Duration> {
        if error.class() == ErrorClass::Unreachable {
            // A try that ran into the time limit has been waited for long enough.
            let wait = FIRST_CONTACT.get(self.contacts).copied();
            self.contacts += 1;
            return wait.filter(|_| !error.timed_out());
        }
        if !error.retryable() {
            return None;
        }
        let is_throttled = error.class() == ErrorClass::Throttled;
        let counter = if is_throttled {
            &mut self.throttles
        } else {
            &mut self.failures
        };
        let usual = self
            .policy
            .first_wait
            .saturating_mul(2_u32.saturating_pow(*counter))
            .min(self.policy.longest_wait)
            .mul_f64(1.0 - spread.clamp(0.0, 1.0) / 4.0);
        *counter += 1;
        let wait = error.retry_after().unwrap_or(usual);
        if is_throttled {
            self.throttled = self.throttled.saturating_add(wait);
            (self.throttled <= self.policy.throttled).then_some(wait)
        } else {
            // A service that asks for more patience than that is not coming back within this run.
            (self.failures <= self.policy.repetitions && wait <= self.policy.throttled)
                .then_some(wait)
        }
    }

    /// Starts counting anew, after progress was made.
    pub(crate) fn reset(&mut self) {
        *self = Repetitions::new(self.policy);
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::FailedResponse;
    use super::*;

    fn error(status: u16, retry_after: Option<&str>) -> Error {
        Error::from_response(&FailedResponse {
            status,
            request_id: None,
            retry_after,
            body: "",
        })
    }

    fn waits(error: &Error, policy: RetryPolicy) -> Vec<u64> {
        let mut repetitions = Repetitions::new(policy);
        std::iter::from_fn(|| repetitions.wait_after(error, 0.0))
            .map(|wait| wait.as_secs())
            .take(100)
            .collect()
    }

    #[test]
    fn failures_are_repeated_seven_times() {
        let expected = [1, 2, 4, 8, 16, 32, 64];
        assert_eq!(waits(&error(500, None), RetryPolicy::default()), expected);
    }

    #[test]
    fn throttling_is_waited_out_for_the_limit() {
        let waits = waits(&error(429, None), RetryPolicy::default());
        assert_eq!(waits[..8], [1, 2, 4, 8, 16, 32, 64, 64]);
        assert_eq!(waits.iter().sum::<u64>(), 127 + 7 * 64);
    }

    #[test]
    fn the_service_sets_the_wait() {
        let policy = RetryPolicy {
            throttled: Duration::from_secs(10),
            ..RetryPolicy::default()
        };
        assert_eq!(waits(&error(429, Some("3")), policy), [3, 3, 3]);
        assert_eq!(waits(&error(503, Some("2")), policy), [2; 7]);
        assert!(waits(&error(503, Some("11")), policy).is_empty());
    }

    #[test]
    fn mistakes_are_not_repeated() {
        for status in [400, 401, 403, 404, 409] {
            assert!(waits(&error(status, None), RetryPolicy::default()).is_empty());
        }
    }

    #[test]
    fn spread_shortens_by_a_quarter_at_most_and_progress_resets() {
        let mut repetitions = Repetitions::new(RetryPolicy::default());
        let failure = error(500, None);
        assert_eq!(
            repetitions.wait_after(&failure, 1.0),
            Some(Duration::from_millis(750))
        );
        assert_eq!(
            repetitions.wait_after(&failure, 0.0),
            Some(Duration::from_secs(2))
        );
        repetitions.reset();
        assert_eq!(
            repetitions.wait_after(&failure, 0.0),
            Some(Duration::from_secs(1))
        );
    }
}
