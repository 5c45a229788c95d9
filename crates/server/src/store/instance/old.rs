//! Instances that are removed some time after their end, like their runs.

use sqlx::FromRow;

use crate::store::{Connection, StoreResult};

/// An instance that may be removed.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Old {
    pub(crate) id: String,
    pub(crate) ended_at: i64,
}

/// The instances of a project outside of backfills that ended before a time, oldest first, behind a given end and id.
/// The last one of each job that has ended stays, since the next may ask how the previous cycle went; so do those
/// that something waits for, and those whose run is kept.
pub(crate) async fn expired(
    c: &mut Connection,
    project_id: &str,
    before: i64,
    after: (i64, &str),
    limit: i64,
) -> StoreResult<Vec<Old>> {
    let query = sqlx::query_as(
        "SELECT i.id, i.ended_at FROM instance i
         WHERE i.project_id = $1 AND i.ended_at < $2 AND i.ended_at >= $3 AND (i.ended_at > $3 OR i.id > $4)
            AND i.backfill_id || '' = '' AND i.run_id IS NULL AND i.state NOT IN ('waiting', 'queued', 'running')
            AND EXISTS (SELECT 1 FROM instance n WHERE n.job_id = i.job_id AND n.cycle_at > i.cycle_at
                AND n.backfill_id = '' AND n.ended_at IS NOT NULL)
            AND NOT EXISTS (SELECT 1 FROM instance_edge e JOIN instance w ON w.id = e.instance_id
                WHERE e.upstream_job_id = i.job_id AND e.upstream_cycle_at = i.cycle_at AND w.backfill_id || '' = ''
                    AND w.state IN ('waiting', 'queued', 'running'))
         ORDER BY i.ended_at, i.id LIMIT $5",
    );
    let query = query.bind(project_id).bind(before).bind(after.0);
    Ok(query.bind(after.1).bind(limit).fetch_all(c).await?)
}

/// Removes an instance with what it waited for, unless it goes on again; tells whether it did.
pub(crate) async fn remove(c: &mut Connection, old: &Old) -> StoreResult<bool> {
    let query = sqlx::query("DELETE FROM instance WHERE id = $1 AND ended_at = $2");
    let result = query.bind(&old.id).bind(old.ended_at).execute(c).await?;
    Ok(result.rows_affected() == 1)
}

/// The backfills of a project that ended before a time and have no runs any more.
pub(crate) async fn backfills(
    c: &mut Connection,
    project_id: &str,
    before: i64,
) -> StoreResult<Vec<String>> {
    let query = sqlx::query_scalar(
        "SELECT b.id FROM backfill b WHERE b.project_id = $1 AND b.ended_at < $2 AND b.id > ''
            AND NOT EXISTS (SELECT 1 FROM instance i WHERE i.backfill_id = b.id AND i.run_id IS NOT NULL)
         ORDER BY b.id",
    );
    Ok(query.bind(project_id).bind(before).fetch_all(c).await?)
}

/// Removes a piece of such a backfill, at last the backfill itself; tells whether there is more of it.
pub(crate) async fn remove_backfill_piece(
    c: &mut Connection,
    id: &str,
    before: i64,
    limit: i64,
) -> StoreResult<bool> {
    // Whoever lets it go on locks it first, and sees what is left of it.
    let query =
        sqlx::query("UPDATE backfill SET revision = revision WHERE id = $1 AND ended_at < $2");
    let held = query.bind(id).bind(before).execute(&mut *c).await?;
    if held.rows_affected() == 0 {
        return Ok(false);
    }
    let query = sqlx::query(
        "DELETE FROM instance WHERE id IN
            (SELECT id FROM instance WHERE backfill_id = $1 AND run_id IS NULL AND id > '' ORDER BY id LIMIT $2)",
    );
    let removed = query.bind(id).bind(limit).execute(&mut *c).await?;
    if removed.rows_affected() > 0 {
        return Ok(true);
    }
    let query = sqlx::query(
        "DELETE FROM backfill WHERE id = $1
            AND NOT EXISTS (SELECT 1 FROM instance WHERE backfill_id = $1)",
    );
    query.bind(id).execute(c).await?;
    Ok(false)
}
