//! Missed instances: those that came due while nothing was released.

use serde::{Deserialize, Serialize};

use crate::store::{Connection, StoreResult};

/// An instance counts as missed if it waits, has never run, and came due in the interval. Dry runs are not
/// counted, because they cost nothing.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Interval {
    /// Not itself in it.
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// The jobs of schedules that are not paused, have missed instances that nobody has decided about, and have all
/// instances that came due in the interval.
pub(crate) async fn jobs(c: &mut Connection, interval: Interval) -> StoreResult<Vec<String>> {
    let query = sqlx::query_scalar(
        "SELECT DISTINCT i.job_id FROM instance i JOIN schedule s ON s.job_id = i.job_id
         WHERE i.state = 'waiting' AND i.release_at > $1 AND i.release_at <= $2 AND i.backfill_id = ''
            AND i.due_at = i.release_at AND i.attempts = 0 AND i.is_dry_run = 0 AND i.is_frozen = 0
            AND i.is_missed = 0 AND s.state = 'active' AND s.generate_at > $2 ORDER BY i.job_id",
    );
    Ok(query
        .bind(interval.from)
        .bind(interval.to)
        .fetch_all(c)
        .await?)
}

/// The missed cycles of a job, oldest first.
pub(crate) async fn cycles(
    c: &mut Connection,
    job_id: &str,
    interval: Interval,
) -> StoreResult<Vec<i64>> {
    let query = sqlx::query_scalar(
        "SELECT cycle_at FROM instance
         WHERE job_id = $1 AND state = 'waiting' AND due_at > $2 AND due_at <= $3 AND backfill_id = ''
            AND attempts = 0 AND is_dry_run = 0 AND is_frozen = 0 ORDER BY cycle_at",
    );
    Ok(query
        .bind(job_id)
        .bind(interval.from)
        .bind(interval.to)
        .fetch_all(c)
        .await?)
}

/// Skips the missed instances of a job up to a cycle.
pub(crate) async fn skip(
    c: &mut Connection,
    job_id: &str,
    interval: Interval,
    last_cycle: i64,
    message: &str,
) -> StoreResult<()> {
    sqlx::query(
        "UPDATE instance SET state = 'skipped', message = $1, ended_at = $4
         WHERE job_id = $2 AND state = 'waiting' AND due_at > $3 AND due_at <= $4 AND backfill_id = ''
            AND attempts = 0 AND is_dry_run = 0 AND is_frozen = 0 AND cycle_at <= $5",
    )
    .bind(message)
    .bind(job_id)
    .bind(interval.from)
    .bind(interval.to)
    .bind(last_cycle)
    .execute(c)
    .await?;
    Ok(())
}

/// Marks the missed instances of a job that are left, because they are limited in how many run at a time.
pub(crate) async fn mark(c: &mut Connection, job_id: &str, interval: Interval) -> StoreResult<()> {
    sqlx::query(
        "UPDATE instance SET is_missed = 1
         WHERE job_id = $1 AND state = 'waiting' AND due_at > $2 AND due_at <= $3 AND backfill_id = ''
            AND attempts = 0 AND is_dry_run = 0 AND is_frozen = 0",
    )
    .bind(job_id)
    .bind(interval.from)
    .bind(interval.to)
    .execute(c)
    .await?;
    Ok(())
}
