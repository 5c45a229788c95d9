//! Instances that wait for one that has failed, was stopped or skipped, or is blocked itself.
//!
//! That an instance is blocked only spares looking, like that it is held: what it waits for is asked all the same
//! before it runs. So it may be noted late, but must not stay noted once it is not so any more.

use super::super::{Connection, StoreResult};

/// Notes what is due and blocked; returns how many instances that was news of. Those that wait for them are found by
/// the next call.
pub(crate) async fn mark(c: &mut Connection, now: i64) -> StoreResult<u64> {
    let query = sqlx::query(
        "UPDATE instance SET is_blocked = 1
         WHERE state = 'waiting' AND is_frozen = 0 AND is_held = 0 AND is_blocked = 0 AND release_at <= $1
            AND EXISTS (SELECT 1 FROM instance_edge e JOIN instance u ON u.job_id = e.upstream_job_id
                    AND u.cycle_at = e.upstream_cycle_at AND u.backfill_id = instance.backfill_id
                WHERE e.instance_id = instance.id AND (u.state IN ('failed', 'stopped')
                    OR (u.state = 'skipped' AND u.job_id <> instance.job_id)
                    OR (u.state = 'waiting' AND u.is_blocked = 1)))",
    );
    Ok(query.bind(now).execute(c).await?.rows_affected())
}

/// Lets those be looked at again that are not blocked any more; returns how many.
pub(crate) async fn clear(c: &mut Connection) -> StoreResult<u64> {
    let query = sqlx::query(
        "UPDATE instance SET is_blocked = 0
         WHERE state = 'waiting' AND is_blocked = 1
            AND NOT EXISTS (SELECT 1 FROM instance_edge e JOIN instance u ON u.job_id = e.upstream_job_id
                    AND u.cycle_at = e.upstream_cycle_at AND u.backfill_id = instance.backfill_id
                WHERE e.instance_id = instance.id AND (u.state IN ('failed', 'stopped')
                    OR (u.state = 'skipped' AND u.job_id <> instance.job_id)
                    OR (u.state = 'waiting' AND u.is_blocked = 1)))",
    );
    Ok(query.execute(c).await?.rows_affected())
}

/// Lets whatever waits for an instance be looked at again, since somebody has seen to that one.
pub(crate) async fn clear_behind(c: &mut Connection, id: &str) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE instance SET is_blocked = 0 WHERE state = 'waiting' AND is_blocked = 1
            AND id IN (SELECT e.instance_id FROM instance u JOIN instance_edge e
                ON e.upstream_job_id = u.job_id AND e.upstream_cycle_at = u.cycle_at WHERE u.id = $1)",
    );
    query.bind(id).execute(c).await?;
    Ok(())
}
