//! The processes that share the store.

use sqlx::FromRow;

use super::{Connection, Page, StoreError, StoreResult, changed};

/// A row of `server`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Server {
    pub(crate) id: String,
    /// Where it listens.
    pub(crate) address: String,
    pub(crate) version: String,
    pub(crate) slots: i64,
    pub(crate) is_draining: i64,
    pub(crate) started_at: i64,
    pub(crate) heartbeat_at: i64,
}

/// A server with the runs that it holds.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Busy {
    #[sqlx(flatten)]
    pub(crate) server: Server,
    pub(crate) running: i64,
}

/// Notes that a server is there. One that was given up meanwhile is there again.
pub(crate) async fn beat(c: &mut Connection, server: &Server) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO server (id, address, version, slots, is_draining, started_at, heartbeat_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at",
    )
    .bind(&server.id)
    .bind(&server.address)
    .bind(&server.version)
    .bind(server.slots)
    .bind(server.is_draining)
    .bind(server.started_at)
    .bind(server.heartbeat_at)
    .execute(c)
    .await?;
    Ok(())
}

/// Servers by the order in which they started.
pub(crate) async fn list(c: &mut Connection, page: &Page) -> StoreResult<Vec<Busy>> {
    let query = sqlx::query_as(
        "SELECT s.*, (SELECT count(*) FROM run r WHERE r.state = 'running' AND r.owner = s.id) AS running
         FROM server s WHERE s.id > $1 ORDER BY s.id LIMIT $2",
    );
    let after = page.after.as_deref().unwrap_or_default();
    Ok(query.bind(after).bind(page.limit).fetch_all(c).await?)
}

pub(crate) async fn find(c: &mut Connection, id: &str) -> StoreResult<Option<Busy>> {
    let query = sqlx::query_as(
        "SELECT s.*, (SELECT count(*) FROM run r WHERE r.state = 'running' AND r.owner = s.id) AS running
         FROM server s WHERE s.id = $1",
    );
    Ok(query.bind(id).fetch_optional(c).await?)
}

/// Whether a server is to take no new runs.
pub(crate) async fn is_draining(c: &mut Connection, id: &str) -> StoreResult<bool> {
    let query = sqlx::query_scalar("SELECT is_draining FROM server WHERE id = $1");
    let found: Option<i64> = query.bind(id).fetch_optional(c).await?;
    Ok(found.is_some_and(|flag| flag != 0))
}

/// Says whether a server is to take no new runs; false if it is gone.
pub(crate) async fn set_draining(c: &mut Connection, id: &str, flag: i64) -> StoreResult<bool> {
    let query = sqlx::query("UPDATE server SET is_draining = $1 WHERE id = $2");
    let result = query.bind(flag).bind(id).execute(c).await?;
    match changed(&result) {
        Ok(()) => Ok(true),
        Err(StoreError::Changed) => Ok(false),
        Err(error) => Err(error),
    }
}

pub(crate) async fn delete(c: &mut Connection, id: &str) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM server WHERE id = $1");
    query.bind(id).execute(c).await?;
    Ok(())
}

/// Forgets servers that were last heard of before a time.
pub(crate) async fn delete_silent(c: &mut Connection, time: i64) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM server WHERE heartbeat_at < $1");
    query.bind(time).execute(c).await?;
    Ok(())
}
