//! Runs that have lost their server.

use sqlx::FromRow;

use super::Run;
use crate::store::{Connection, StoreResult};

/// A run whose server has not renewed its claim.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Abandoned {
    pub(crate) id: String,
    pub(crate) fence: i64,
}

/// Runs whose claim has ended, the longest abandoned first.
pub(crate) async fn abandoned(
    c: &mut Connection,
    now: i64,
    limit: i64,
) -> StoreResult<Vec<Abandoned>> {
    let query = sqlx::query_as(
        "SELECT id, fence FROM run
         WHERE lease_until < $1 AND state = 'running' ORDER BY lease_until LIMIT $2",
    );
    Ok(query.bind(now).bind(limit).fetch_all(c).await?)
}

/// Notes that a run was abandoned; returns how often it was since its ledger went forward, or nothing if its
/// server has come back. Claims and seals are no progress, because every owner may make new ones of the same task.
pub(crate) async fn count(
    c: &mut Connection,
    run: &Abandoned,
    now: i64,
) -> StoreResult<Option<i64>> {
    let query = sqlx::query_scalar(
        "UPDATE run SET takeovers = CASE WHEN progress_at_takeover = p.steps THEN takeovers + 1 ELSE 1 END,
            progress_at_takeover = p.steps
         FROM (SELECT count(*) AS steps FROM run_event WHERE run_id = $1 AND (event LIKE '{\"event\":\"planned\"%'
            OR event LIKE '{\"event\":\"prepared\"%' OR event LIKE '{\"event\":\"done\"%')) p
         WHERE id = $1 AND fence = $2 AND lease_until < $3 AND state = 'running' RETURNING takeovers",
    );
    let query = query.bind(&run.id).bind(run.fence).bind(now);
    Ok(query.fetch_optional(c).await?)
}

/// Ends an abandoned run that nobody is to claim any more; nothing if somebody has.
pub(crate) async fn fail(
    c: &mut Connection,
    run: &Abandoned,
    now: i64,
    error: &str,
) -> StoreResult<Option<Run>> {
    let query = sqlx::query_as(
        "UPDATE run SET state = 'failed', ended_at = $1, error = $2, lease_until = NULL,
            fence = fence + 1 WHERE id = $3 AND fence = $4 AND state = 'running' RETURNING *",
    );
    let query = query.bind(now).bind(error).bind(&run.id).bind(run.fence);
    Ok(query.fetch_optional(c).await?)
}
