//! Figures of the queue of runs.

use super::{Connection, StoreResult};

/// How many runs wait, and since when the oldest does.
pub(crate) async fn waiting(c: &mut Connection) -> StoreResult<(i64, Option<i64>)> {
    let query = sqlx::query_as("SELECT count(*), min(queued_at) FROM run WHERE state = 'queued'");
    Ok(query.fetch_one(c).await?)
}

/// How many runs are under way on all servers, and how many of them on one.
pub(crate) async fn under_way(c: &mut Connection, owner: &str) -> StoreResult<(i64, i64)> {
    let query = sqlx::query_as(
        "SELECT count(*), coalesce(sum(CASE owner WHEN $1 THEN 1 ELSE 0 END), 0) FROM run
         WHERE state = 'running'",
    );
    Ok(query.bind(owner).fetch_one(c).await?)
}
