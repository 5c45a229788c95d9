//! The data sources that alert rules test from time to time, and whether each was down.

use sqlx::FromRow;

use super::{Connection, StoreResult};

/// A row of `alert_watch`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Watch {
    pub(crate) rule_id: String,
    pub(crate) datasource_id: String,
    /// Counts the tests.
    pub(crate) fence: i64,
    pub(crate) is_down: i64,
}

/// Lets a rule watch exactly these data sources; those that it watched already keep their state.
pub(crate) async fn put(
    c: &mut Connection,
    rule_id: &str,
    datasources: &[String],
    now: i64,
) -> StoreResult<()> {
    let query = sqlx::query_scalar("SELECT datasource_id FROM alert_watch WHERE rule_id = $1");
    let watched: Vec<String> = query.bind(rule_id).fetch_all(&mut *c).await?;
    for gone in watched.iter().filter(|id| !datasources.contains(id)) {
        let query =
            sqlx::query("DELETE FROM alert_watch WHERE rule_id = $1 AND datasource_id = $2");
        query.bind(rule_id).bind(gone).execute(&mut *c).await?;
    }
    for id in datasources {
        let query = sqlx::query(
            "INSERT INTO alert_watch (rule_id, datasource_id, next_at, fence, is_down) VALUES ($1, $2, $3, 0, 0)
             ON CONFLICT (rule_id, datasource_id) DO UPDATE SET next_at = $3",
        );
        query
            .bind(rule_id)
            .bind(id)
            .bind(now)
            .execute(&mut *c)
            .await?;
    }
    Ok(())
}

/// Tests whose time has come.
pub(crate) async fn due(c: &mut Connection, now: i64, limit: i64) -> StoreResult<Vec<Watch>> {
    let query = sqlx::query_as(
        "SELECT rule_id, datasource_id, fence, is_down FROM alert_watch WHERE next_at <= $1
         ORDER BY next_at, rule_id, datasource_id LIMIT $2",
    );
    Ok(query.bind(now).bind(limit).fetch_all(c).await?)
}

/// Claims a test until a time; `None` if somebody else has.
pub(crate) async fn claim(
    c: &mut Connection,
    seen: &Watch,
    until: i64,
) -> StoreResult<Option<Watch>> {
    let query = sqlx::query_as(
        "UPDATE alert_watch SET next_at = $1, fence = fence + 1
         WHERE rule_id = $2 AND datasource_id = $3 AND fence = $4
         RETURNING rule_id, datasource_id, fence, is_down",
    );
    let query = query
        .bind(until)
        .bind(&seen.rule_id)
        .bind(&seen.datasource_id);
    Ok(query.bind(seen.fence).fetch_optional(c).await?)
}

/// Notes what a test that is still held has found; says whether it was.
pub(crate) async fn record(
    c: &mut Connection,
    held: &Watch,
    is_down: bool,
    next_at: i64,
) -> StoreResult<bool> {
    let query = sqlx::query(
        "UPDATE alert_watch SET is_down = $1, next_at = $2
         WHERE rule_id = $3 AND datasource_id = $4 AND fence = $5",
    )
    .bind(i64::from(is_down))
    .bind(next_at)
    .bind(&held.rule_id)
    .bind(&held.datasource_id)
    .bind(held.fence);
    Ok(query.execute(c).await?.rows_affected() == 1)
}
