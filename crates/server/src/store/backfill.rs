//! Backfills: instances of past or future days that somebody asks for at once.

use sqlx::FromRow;

use super::instance::{Hold, Instance, ListedInstance, hold_backfill};
use super::{Connection, Page, StoreResult, audit, changed};

/// A row of `backfill`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Backfill {
    pub(crate) id: String,
    pub(crate) project_id: String,
    /// What was asked for, as JSON.
    pub(crate) spec: String,
    /// `running`, `paused`, `stopped`, `succeeded` or `failed`.
    pub(crate) state: String,
    pub(crate) created_by: String,
    pub(crate) created_at: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) revision: i64,
}

pub(crate) const RUNNING: &str = "running";
pub(crate) const PAUSED: &str = "paused";
pub(crate) const STOPPED: &str = "stopped";

pub(crate) async fn insert(c: &mut Connection, row: &Backfill) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO backfill (id, project_id, spec, state, created_by, created_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&row.id)
    .bind(&row.project_id)
    .bind(&row.spec)
    .bind(&row.state)
    .bind(&row.created_by)
    .bind(row.created_at)
    .bind(row.revision)
    .execute(c)
    .await?;
    Ok(())
}

pub(crate) async fn find(
    c: &mut Connection,
    project_id: &str,
    id: &str,
) -> StoreResult<Option<Backfill>> {
    let query = sqlx::query_as("SELECT * FROM backfill WHERE id = $1 AND project_id = $2");
    Ok(query.bind(id).bind(project_id).fetch_optional(c).await?)
}

/// The backfills of a project, latest first.
pub(crate) async fn list(
    c: &mut Connection,
    project_id: &str,
    page: &Page,
) -> StoreResult<Vec<Backfill>> {
    let query = sqlx::query_as(
        "SELECT * FROM backfill WHERE project_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
    );
    let query = query.bind(project_id).bind(audit::before(page));
    Ok(query.bind(page.limit).fetch_all(c).await?)
}

/// Moves a backfill from one of two states to another; `Changed` if it is in neither.
pub(crate) async fn set_state(
    c: &mut Connection,
    id: &str,
    from: [&str; 2],
    to: &str,
    ended_at: Option<i64>,
) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE backfill SET state = $1, ended_at = $2, revision = revision + 1
         WHERE id = $3 AND state IN ($4, $5)",
    );
    let query = query.bind(to).bind(ended_at).bind(id);
    changed(&query.bind(from[0]).bind(from[1]).execute(c).await?)
}

/// Lets a backfill go on that had ended, because one of its instances runs again.
pub(crate) async fn reopen(c: &mut Connection, id: &str) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE backfill SET state = 'running', ended_at = NULL, revision = revision + 1
         WHERE id = $1 AND state IN ('succeeded', 'failed', 'stopped')",
    );
    let reopened = query.bind(id).execute(&mut *c).await?;
    match reopened.rows_affected() {
        0 => Ok(()),
        _ => hold_backfill(c, id, Hold::Free).await,
    }
}

/// Lets a backfill go on that had failed, because one of its instances counts as succeeded now.
pub(crate) async fn go_on(c: &mut Connection, id: &str) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE backfill SET state = 'running', ended_at = NULL, revision = revision + 1
         WHERE id = $1 AND state = 'failed'",
    );
    let failed = query.bind(id).execute(&mut *c).await?;
    match failed.rows_affected() {
        0 => Ok(()),
        _ => hold_backfill(c, id, Hold::Free).await,
    }
}

/// Lets others who lock the same backfill wait until the transaction ends. Whoever lets an instance of it run
/// again does so first, so that it is not ended meanwhile.
pub(crate) async fn lock(c: &mut Connection, id: &str) -> StoreResult<()> {
    let query = sqlx::query("UPDATE backfill SET revision = revision WHERE id = $1");
    query.bind(id).execute(c).await?;
    Ok(())
}

/// The backfills under way, or the one of this id, that do not go on by themselves: no instance is under way, and
/// each that waits does so for one that did not succeed.
pub(crate) async fn done(c: &mut Connection, id: &str) -> StoreResult<Vec<String>> {
    let query = sqlx::query_scalar(
        "SELECT b.id FROM backfill b WHERE b.state = 'running' AND ($1 = '' OR b.id = $1)
            AND NOT EXISTS (SELECT 1 FROM instance i WHERE i.backfill_id = b.id AND i.state IN ('queued', 'running'))
            AND NOT EXISTS (SELECT 1 FROM instance i WHERE i.backfill_id = b.id AND i.state = 'waiting'
                AND NOT EXISTS (SELECT 1 FROM instance o WHERE o.backfill_id = i.backfill_id AND o.lane = i.lane
                    AND o.step = i.step - 1 AND o.state <> 'succeeded')
                AND NOT EXISTS (SELECT 1 FROM instance_edge e JOIN instance u ON u.job_id = e.upstream_job_id
                    AND u.cycle_at = e.upstream_cycle_at AND u.backfill_id = i.backfill_id
                    WHERE e.instance_id = i.id AND u.state <> 'succeeded'))
         ORDER BY b.id",
    );
    Ok(query.bind(id).fetch_all(c).await?)
}

/// Ends a backfill that is done.
pub(crate) async fn close(c: &mut Connection, id: &str, now: i64) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE backfill SET ended_at = $1, revision = revision + 1,
            state = CASE WHEN EXISTS (SELECT 1 FROM instance i WHERE i.backfill_id = backfill.id
                AND i.state <> 'succeeded') THEN 'failed' ELSE 'succeeded' END
         WHERE id = $2 AND state = 'running'",
    );
    query.bind(now).bind(id).execute(&mut *c).await?;
    // What still waits does so for what failed.
    hold_backfill(c, id, Hold::Held).await
}

/// How many instances of a backfill are in each state, by job and business date.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Progress {
    pub(crate) job_id: String,
    pub(crate) bizdate: String,
    pub(crate) state: String,
    pub(crate) count: i64,
}

pub(crate) async fn progress(c: &mut Connection, id: &str) -> StoreResult<Vec<Progress>> {
    let query = sqlx::query_as(
        "SELECT job_id, bizdate, state, count(*) AS count FROM instance WHERE backfill_id = $1
         GROUP BY job_id, bizdate, state ORDER BY bizdate, job_id, state",
    );
    Ok(query.bind(id).fetch_all(c).await?)
}

/// Stops what waits of a backfill.
pub(crate) async fn stop_waiting(
    c: &mut Connection,
    id: &str,
    now: i64,
    message: &str,
) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE instance SET state = 'stopped', ended_at = $1, message = $2
         WHERE backfill_id = $3 AND state = 'waiting'",
    );
    query.bind(now).bind(message).bind(id).execute(c).await?;
    Ok(())
}

/// The instances of a backfill that are under way.
pub(crate) async fn active(c: &mut Connection, id: &str) -> StoreResult<Vec<Instance>> {
    let query = sqlx::query_as(
        "SELECT * FROM instance WHERE backfill_id = $1 AND state IN ('queued', 'running')",
    );
    Ok(query.bind(id).fetch_all(c).await?)
}

/// Instances elsewhere of the same job and days that wait or are under way.
pub(crate) async fn conflicts(
    c: &mut Connection,
    job_id: &str,
    bizdates: (&str, &str),
    limit: i64,
) -> StoreResult<Vec<ListedInstance>> {
    let query = sqlx::query_as(
        "SELECT i.*, j.name AS job_name FROM instance i JOIN job j ON j.id = i.job_id
         WHERE i.job_id = $1 AND i.state IN ('waiting', 'queued', 'running')
            AND i.bizdate >= $2 AND i.bizdate <= $3 ORDER BY i.cycle_at LIMIT $4",
    );
    let query = query.bind(job_id).bind(bizdates.0).bind(bizdates.1);
    Ok(query.bind(limit).fetch_all(c).await?)
}
