//! Answers to requests that must not be done twice.

use sqlx::FromRow;

use super::{Connection, StoreResult};

/// An answer that was given.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Known {
    pub(crate) request_hash: String,
    pub(crate) status: i64,
    pub(crate) answer: String,
}

pub(crate) async fn find(
    c: &mut Connection,
    account_id: &str,
    key: &str,
    since: i64,
) -> StoreResult<Option<Known>> {
    let query = sqlx::query_as(
        "SELECT request_hash, status, answer FROM idempotency
         WHERE account_id = $1 AND request_key = $2 AND created_at >= $3",
    );
    let query = query.bind(account_id).bind(key).bind(since);
    Ok(query.fetch_optional(c).await?)
}

/// `Exists` if the same request was done meanwhile.
pub(crate) async fn insert(
    c: &mut Connection,
    account_id: &str,
    key: &str,
    known: &Known,
    now: i64,
) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO idempotency (account_id, request_key, request_hash, status, answer, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(account_id)
    .bind(key)
    .bind(&known.request_hash)
    .bind(known.status)
    .bind(&known.answer)
    .bind(now)
    .execute(c)
    .await?;
    Ok(())
}

pub(crate) async fn delete_old(c: &mut Connection, before: i64) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM idempotency WHERE created_at < $1");
    query.bind(before).execute(c).await?;
    Ok(())
}
