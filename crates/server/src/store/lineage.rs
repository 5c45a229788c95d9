//! OpenLineage events on their way out: written in the transaction of what they tell, deleted when delivered.

use sqlx::FromRow;

use super::{Connection, StoreResult};
use crate::api::time::new_id;

/// A row of `lineage_event`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Waiting {
    pub(crate) id: String,
    pub(crate) run_id: String,
    pub(crate) event: String,
    /// How often it was tried.
    pub(crate) attempts: i64,
}

/// Notes that the beginning of a run's attempt is told; says whether it was not told before.
pub(crate) async fn start(c: &mut Connection, run_id: &str, attempt: i64) -> StoreResult<bool> {
    let query =
        sqlx::query("UPDATE run SET lineage_attempt = $1 WHERE id = $2 AND lineage_attempt <> $1");
    let result = query.bind(attempt).bind(run_id).execute(c).await?;
    Ok(result.rows_affected() == 1)
}

/// Puts an event behind those of the same run.
pub(crate) async fn add(
    c: &mut Connection,
    run_id: &str,
    event: &str,
    now: i64,
) -> StoreResult<()> {
    let query = sqlx::query(
        "INSERT INTO lineage_event (id, run_id, number, event, attempts, next_at, created_at)
         SELECT $1, $2, coalesce(max(number), 0) + 1, $3, 0, $4, $4 FROM lineage_event WHERE run_id = $2",
    );
    query
        .bind(new_id())
        .bind(run_id)
        .bind(event)
        .bind(now)
        .execute(c)
        .await?;
    Ok(())
}

/// Events that are to be tried now: the first of each run.
pub(crate) async fn due(c: &mut Connection, now: i64, limit: i64) -> StoreResult<Vec<Waiting>> {
    let query = sqlx::query_as(
        "SELECT e.id, e.run_id, e.event, e.attempts FROM lineage_event e
         WHERE e.next_at <= $1 AND NOT EXISTS
            (SELECT 1 FROM lineage_event b WHERE b.run_id = e.run_id AND b.number < e.number)
         ORDER BY e.next_at LIMIT $2",
    );
    Ok(query.bind(now).bind(limit).fetch_all(c).await?)
}

/// Takes an event that nobody has tried since it was read; false if somebody has.
pub(crate) async fn claim(c: &mut Connection, waiting: &Waiting, until: i64) -> StoreResult<bool> {
    let query = sqlx::query(
        "UPDATE lineage_event SET next_at = $1, attempts = attempts + 1 WHERE id = $2 AND attempts = $3",
    );
    let query = query.bind(until).bind(&waiting.id).bind(waiting.attempts);
    Ok(query.execute(c).await?.rows_affected() == 1)
}

/// Lets an event wait until it is tried again.
pub(crate) async fn put_off(c: &mut Connection, id: &str, until: i64) -> StoreResult<()> {
    let query = sqlx::query("UPDATE lineage_event SET next_at = $1 WHERE id = $2");
    query.bind(until).bind(id).execute(c).await?;
    Ok(())
}

/// An event has arrived, or never will.
pub(crate) async fn delete(c: &mut Connection, id: &str) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM lineage_event WHERE id = $1");
    query.bind(id).execute(c).await?;
    Ok(())
}

/// Deletes what has waited since before a time; tells how many there were.
pub(crate) async fn delete_before(c: &mut Connection, time: i64) -> StoreResult<u64> {
    let query = sqlx::query("DELETE FROM lineage_event WHERE created_at < $1");
    Ok(query.bind(time).execute(c).await?.rows_affected())
}

/// How many events wait.
pub(crate) async fn count(c: &mut Connection) -> StoreResult<i64> {
    let query = sqlx::query_scalar("SELECT count(*) FROM lineage_event");
    Ok(query.fetch_one(c).await?)
}
