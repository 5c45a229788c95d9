//! Who accounts are at the provider of single sign-on, and the attempts that have gone there.

use sqlx::FromRow;

use super::{Connection, StoreResult};

/// A row of `sign_on`: an attempt that is not back yet.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct SignOn {
    pub(crate) state_hash: String,
    pub(crate) browser_hash: String,
    /// Where the browser goes afterwards.
    pub(crate) next_path: String,
    pub(crate) expires_at: i64,
}

pub(crate) async fn begin(c: &mut Connection, attempt: &SignOn) -> StoreResult<()> {
    let query = sqlx::query(
        "INSERT INTO sign_on (state_hash, browser_hash, next_path, expires_at) VALUES ($1, $2, $3, $4)",
    );
    query
        .bind(&attempt.state_hash)
        .bind(&attempt.browser_hash)
        .bind(&attempt.next_path)
        .bind(attempt.expires_at)
        .execute(c)
        .await?;
    Ok(())
}

/// Takes an attempt of a browser; nobody takes it a second time.
pub(crate) async fn take(
    c: &mut Connection,
    state_hash: &str,
    browser_hash: &str,
) -> StoreResult<Option<SignOn>> {
    let query = sqlx::query_as(
        "DELETE FROM sign_on WHERE state_hash = $1 AND browser_hash = $2
         RETURNING state_hash, browser_hash, next_path, expires_at",
    );
    let query = query.bind(state_hash).bind(browser_hash);
    Ok(query.fetch_optional(c).await?)
}

pub(crate) async fn delete_ended(c: &mut Connection, now: i64) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM sign_on WHERE expires_at <= $1");
    query.bind(now).execute(c).await?;
    Ok(())
}

/// The id of the account that belongs to somebody at the provider.
pub(crate) async fn account_of(
    c: &mut Connection,
    issuer: &str,
    subject: &str,
) -> StoreResult<Option<String>> {
    let query =
        sqlx::query_scalar("SELECT account_id FROM identity WHERE issuer = $1 AND subject = $2");
    Ok(query.bind(issuer).bind(subject).fetch_optional(c).await?)
}

pub(crate) async fn insert(
    c: &mut Connection,
    (issuer, subject): (&str, &str),
    account_id: &str,
    now: i64,
) -> StoreResult<()> {
    let query = sqlx::query(
        "INSERT INTO identity (issuer, subject, account_id, created_at, last_used_at) VALUES ($1, $2, $3, $4, $4)",
    );
    let query = query.bind(issuer).bind(subject).bind(account_id).bind(now);
    query.execute(c).await?;
    Ok(())
}

pub(crate) async fn note_use(
    c: &mut Connection,
    (issuer, subject): (&str, &str),
    now: i64,
) -> StoreResult<()> {
    let query =
        sqlx::query("UPDATE identity SET last_used_at = $1 WHERE issuer = $2 AND subject = $3");
    query
        .bind(now)
        .bind(issuer)
        .bind(subject)
        .execute(c)
        .await?;
    Ok(())
}
