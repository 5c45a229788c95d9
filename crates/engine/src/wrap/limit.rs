//! One exact rate limit for a whole job, however many channels run.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Holds the rows of a job back so that it keeps its rate.
pub trait Throttle: Send + Sync {
    /// Waits until these rows may pass.
    fn pass(&self, bytes: u64, records: u64) -> BoxFuture<'_, ()>;

    /// A batch size that keeps waits short; at most these rows and bytes.
    fn batch_size(&self, rows: usize, bytes: usize) -> (usize, usize);
}

/// Lets at most so many bytes and records per second pass, counted from the first batch on: over all
/// tasks that share it.
#[derive(Debug, Default)]
pub struct RateLimit {
    bytes: Option<Lane>,
    records: Option<Lane>,
}

/// How late a timer may wake a channel without costing the job its rate. The lost time is made up for, and
/// no more than this of it, so that a pause is not followed by a rush.
const LATENESS: Duration = Duration::from_millis(50);

/// A queue in time: each grant takes up the interval that its amount needs at the given rate, so the
/// sum of all grants over any span from the start stays at or below the rate.
#[derive(Debug)]
struct Lane {
    per_second: f64,
    free_at: Mutex<Option<Instant>>,
}

impl RateLimit {
    /// Limits per second; `None` is no limit.
    pub fn new(bytes_per_second: Option<u64>, records_per_second: Option<u64>) -> Self {
        RateLimit {
            bytes: bytes_per_second.map(Lane::new),
            records: records_per_second.map(Lane::new),
        }
    }
}

impl Throttle for RateLimit {
    fn pass(&self, bytes: u64, records: u64) -> BoxFuture<'_, ()> {
        async move {
            if let Some(lane) = &self.bytes {
                lane.pass(bytes).await;
            }
            if let Some(lane) = &self.records {
                lane.pass(records).await;
            }
        }
        .boxed()
    }

    /// A quarter of a second's worth, where a limit is set.
    fn batch_size(&self, rows: usize, bytes: usize) -> (usize, usize) {
        let quarter = |lane: &Option<Lane>, most: usize| match lane {
            Some(lane) => ((lane.per_second / 4.0) as usize).clamp(1, most),
            None => most,
        };
        (quarter(&self.records, rows), quarter(&self.bytes, bytes))
    }
}

impl Lane {
    fn new(per_second: u64) -> Self {
        Lane {
            per_second: per_second.max(1) as f64,
            free_at: Mutex::new(None),
        }
    }

    async fn pass(&self, amount: u64) {
        let done = {
            let mut free_at = self.free_at.lock().await;
            let now = Instant::now();
            let earliest = now.checked_sub(LATENESS).unwrap_or(now);
            let start = free_at.map_or(now, |free| free.max(earliest));
            let done = start + Duration::from_secs_f64(amount as f64 / self.per_second);
            *free_at = Some(done);
            done
        };
        sleep_until(done).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_rate_holds_over_all_channels_together() {
        let limit = RateLimit::new(Some(1000), None);
        let start = Instant::now();
        let channel = async || {
            for _ in 0..10 {
                limit.pass(100, 1).await;
            }
        };
        futures::join!(channel(), channel(), channel());
        // The timer's step is a millisecond.
        assert!((3000..3010).contains(&start.elapsed().as_millis()));
    }

    #[tokio::test(start_paused = true)]
    async fn late_timers_cost_nothing_and_pauses_are_not_made_up_for() {
        let limit = RateLimit::new(Some(1_000_000), None);
        let start = Instant::now();
        for _ in 0..1000 {
            // Less than the timer's step.
            limit.pass(100, 1).await;
        }
        assert!((100..105).contains(&start.elapsed().as_millis()));
        tokio::time::sleep(Duration::from_secs(10)).await;
        let start = Instant::now();
        limit.pass(1_000_000, 1).await;
        assert!((950..=1001).contains(&start.elapsed().as_millis()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_tighter_limit_rules() {
        let limit = RateLimit::new(Some(1_000_000), Some(10));
        let start = Instant::now();
        limit.pass(100, 20).await;
        assert!((2000..2010).contains(&start.elapsed().as_millis()));
        assert_eq!(limit.batch_size(8192, 1 << 20), (2, 250_000));
    }
}
