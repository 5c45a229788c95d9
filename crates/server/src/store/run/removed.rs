//! Runs that are removed some time after their end, with all that the store has of them.
//!
//! Their folders follow: until they are gone, their names are kept.

use sqlx::FromRow;

use crate::store::{Connection, StoreResult};

/// A run that may be removed.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Expired {
    pub(crate) id: String,
    pub(crate) ended_at: i64,
    instance_id: Option<String>,
}

/// The runs of a project that ended before a time, oldest first, behind a given end and id. The last success of
/// each kind of run of a job stays, and so do runs of instances and backfills that are not over, and runs whose
/// dirty rows a kept run has fed back.
pub(crate) async fn expired(
    c: &mut Connection,
    project_id: &str,
    before: i64,
    after: (i64, &str),
    limit: i64,
) -> StoreResult<Vec<Expired>> {
    let query = sqlx::query_as(
        "SELECT r.id, r.ended_at, r.instance_id FROM run r
         WHERE r.project_id = $1 AND r.ended_at < $2 AND r.ended_at >= $3 AND (r.ended_at > $3 OR r.id > $4)
            AND NOT (r.state = 'succeeded' AND EXISTS (SELECT 1 FROM job j WHERE j.id = r.job_id)
                AND NOT EXISTS (SELECT 1 FROM run n WHERE n.job_id = r.job_id AND n.kind = r.kind
                    AND n.state = 'succeeded' AND n.id > r.id))
            AND NOT EXISTS (SELECT 1 FROM run p WHERE p.origin_id = r.id)
            AND NOT EXISTS (SELECT 1 FROM instance i WHERE i.id = r.instance_id
                AND (i.state IN ('waiting', 'queued', 'running') OR EXISTS (SELECT 1 FROM backfill b
                    WHERE b.id = i.backfill_id AND b.state IN ('running', 'paused'))))
         ORDER BY r.ended_at, r.id LIMIT $5",
    );
    let query = query.bind(project_id).bind(before).bind(after.0);
    Ok(query.bind(after.1).bind(limit).fetch_all(c).await?)
}

/// Removes a run, unless it goes on again; its folder is noted. Ledger and series go with the row.
pub(crate) async fn remove(c: &mut Connection, run: &Expired) -> StoreResult<bool> {
    let query = sqlx::query("DELETE FROM run WHERE id = $1 AND ended_at = $2");
    let result = query.bind(&run.id).bind(run.ended_at).execute(&mut *c);
    if result.await?.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("INSERT INTO removed_run (id) VALUES ($1) ON CONFLICT (id) DO NOTHING")
        .bind(&run.id)
        .execute(&mut *c)
        .await?;
    if let Some(instance_id) = &run.instance_id {
        sqlx::query("UPDATE instance SET run_id = NULL WHERE id = $1 AND run_id = $2")
            .bind(instance_id)
            .bind(&run.id)
            .execute(&mut *c)
            .await?;
    }
    Ok(true)
}

/// The runs of a deleted project that have ended, oldest first.
pub(crate) async fn ended(
    c: &mut Connection,
    project_id: &str,
    limit: i64,
) -> StoreResult<Vec<Expired>> {
    let query = sqlx::query_as(
        "SELECT id, ended_at, instance_id FROM run WHERE project_id = $1 AND ended_at IS NOT NULL
         ORDER BY ended_at, id LIMIT $2",
    );
    Ok(query.bind(project_id).bind(limit).fetch_all(c).await?)
}

/// Removed runs whose folders may still be there, behind an id.
pub(crate) async fn folders(
    c: &mut Connection,
    now: i64,
    after: &str,
    limit: i64,
) -> StoreResult<Vec<String>> {
    let query = sqlx::query_scalar(
        "SELECT id FROM removed_run WHERE id > $1 AND not_before <= $2 ORDER BY id LIMIT $3",
    );
    let query = query.bind(after).bind(now).bind(limit);
    Ok(query.fetch_all(c).await?)
}

/// Notes the folder of a run that is not made yet; it goes from a time on, unless [`forget`] is told of it.
pub(crate) async fn expect(c: &mut Connection, id: &str, not_before: i64) -> StoreResult<()> {
    let query = sqlx::query("INSERT INTO removed_run (id, not_before) VALUES ($1, $2)");
    query.bind(id).bind(not_before).execute(c).await?;
    Ok(())
}

/// Notes that a folder is gone, or that its run is there.
pub(crate) async fn forget(c: &mut Connection, id: &str) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM removed_run WHERE id = $1");
    query.bind(id).execute(c).await?;
    Ok(())
}
