//! Keys with which programs call the API.

use sqlx::FromRow;

use super::{Connection, Page, StoreResult};

/// A row of `access_key`; the secret is sealed.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct AccessKey {
    pub(crate) id: String,
    pub(crate) secret_sealed: String,
    pub(crate) account_id: String,
    pub(crate) project_id: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) description: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: Option<i64>,
    pub(crate) revoked_at: Option<i64>,
    pub(crate) last_used_at: Option<i64>,
}

impl AccessKey {
    pub(crate) fn is_valid(&self, now: i64) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

pub(crate) async fn insert(c: &mut Connection, key: &AccessKey) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO access_key (id, secret_sealed, account_id, project_id, role, description, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&key.id)
    .bind(&key.secret_sealed)
    .bind(&key.account_id)
    .bind(&key.project_id)
    .bind(&key.role)
    .bind(&key.description)
    .bind(key.created_at)
    .bind(key.expires_at)
    .execute(c)
    .await?;
    Ok(())
}

pub(crate) async fn find(c: &mut Connection, id: &str) -> StoreResult<Option<AccessKey>> {
    let query = sqlx::query_as("SELECT * FROM access_key WHERE id = $1");
    Ok(query.bind(id).fetch_optional(c).await?)
}

/// The keys of an account, by id.
pub(crate) async fn list(
    c: &mut Connection,
    account_id: &str,
    page: &Page,
) -> StoreResult<Vec<AccessKey>> {
    let query = sqlx::query_as(
        "SELECT * FROM access_key WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3",
    );
    let query = query
        .bind(account_id)
        .bind(page.after.as_deref().unwrap_or(""))
        .bind(page.limit);
    Ok(query.fetch_all(c).await?)
}

/// A key with which a project can be entered.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct ListedKey {
    #[sqlx(flatten)]
    pub(crate) key: AccessKey,
    pub(crate) account_name: String,
}

/// The keys that are bound to a project, and those of its members that are bound to none, by id.
pub(crate) async fn of_project(
    c: &mut Connection,
    project_id: &str,
    page: &Page,
) -> StoreResult<Vec<ListedKey>> {
    let query = sqlx::query_as(
        "SELECT k.*, a.name AS account_name FROM access_key k JOIN account a ON a.id = k.account_id
         WHERE k.id IN (SELECT b.id FROM access_key b WHERE b.project_id = $1
            UNION ALL SELECT u.id FROM member m JOIN access_key u ON u.account_id = m.account_id
                WHERE m.project_id = $1 AND u.project_id IS NULL)
            AND k.id > $2 ORDER BY k.id LIMIT $3",
    );
    let query = query
        .bind(project_id)
        .bind(page.after.as_deref().unwrap_or(""))
        .bind(page.limit);
    Ok(query.fetch_all(c).await?)
}

pub(crate) async fn revoke(c: &mut Connection, id: &str, now: i64) -> StoreResult<()> {
    let query =
        sqlx::query("UPDATE access_key SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL");
    query.bind(now).bind(id).execute(c).await?;
    Ok(())
}

/// Notes a use, at most once a minute, so that reading stays reading.
pub(crate) async fn note_use(c: &mut Connection, id: &str, now: i64) -> StoreResult<()> {
    let query = sqlx::query("UPDATE access_key SET last_used_at = $1 WHERE id = $2");
    query.bind(now).bind(id).execute(c).await?;
    Ok(())
}

/// All keys after `after`, for sealing them anew.
pub(crate) async fn sealed(
    c: &mut Connection,
    after: &str,
    limit: i64,
) -> StoreResult<Vec<(String, String)>> {
    let query = sqlx::query_as(
        "SELECT id, secret_sealed FROM access_key WHERE id > $1 ORDER BY id LIMIT $2",
    );
    Ok(query.bind(after).bind(limit).fetch_all(c).await?)
}

/// Replaces a sealed secret, unless it has changed meanwhile; says whether it did.
pub(crate) async fn reseal(
    c: &mut Connection,
    id: &str,
    old: &str,
    new: &str,
) -> StoreResult<bool> {
    let query = sqlx::query(
        "UPDATE access_key SET secret_sealed = $1 WHERE id = $2 AND secret_sealed = $3",
    );
    let result = query.bind(new).bind(id).bind(old).execute(c).await?;
    Ok(result.rows_affected() == 1)
}
