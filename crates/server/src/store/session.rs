//! Signed-in browsers. Only hashes of their tokens are kept.

use sqlx::FromRow;

use super::{Connection, StoreResult};

/// A row of `session`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Session {
    pub(crate) token_hash: String,
    pub(crate) account_id: String,
    pub(crate) csrf_token: String,
    pub(crate) created_at: i64,
    pub(crate) last_seen_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) address: String,
    pub(crate) agent: String,
}

pub(crate) async fn insert(c: &mut Connection, session: &Session) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO session (token_hash, account_id, csrf_token, created_at, last_seen_at, expires_at, address, agent)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&session.token_hash)
    .bind(&session.account_id)
    .bind(&session.csrf_token)
    .bind(session.created_at)
    .bind(session.last_seen_at)
    .bind(session.expires_at)
    .bind(&session.address)
    .bind(&session.agent)
    .execute(c)
    .await?;
    Ok(())
}

/// The session of a token, unless it has ended.
pub(crate) async fn find(
    c: &mut Connection,
    token_hash: &str,
    now: i64,
) -> StoreResult<Option<Session>> {
    let query = sqlx::query_as("SELECT * FROM session WHERE token_hash = $1 AND expires_at > $2");
    Ok(query.bind(token_hash).bind(now).fetch_optional(c).await?)
}

pub(crate) async fn touch(
    c: &mut Connection,
    token_hash: &str,
    now: i64,
    expires_at: i64,
) -> StoreResult<()> {
    let query =
        sqlx::query("UPDATE session SET last_seen_at = $1, expires_at = $2 WHERE token_hash = $3");
    let query = query.bind(now).bind(expires_at).bind(token_hash);
    query.execute(c).await?;
    Ok(())
}

pub(crate) async fn delete(c: &mut Connection, token_hash: &str) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM session WHERE token_hash = $1");
    query.bind(token_hash).execute(c).await?;
    Ok(())
}

/// Signs an account out everywhere but in one session.
pub(crate) async fn delete_others(
    c: &mut Connection,
    account_id: &str,
    but: &str,
) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM session WHERE account_id = $1 AND token_hash <> $2");
    query.bind(account_id).bind(but).execute(c).await?;
    Ok(())
}

pub(crate) async fn delete_ended(c: &mut Connection, now: i64) -> StoreResult<u64> {
    let query = sqlx::query("DELETE FROM session WHERE expires_at <= $1");
    Ok(query.bind(now).execute(c).await?.rows_affected())
}
