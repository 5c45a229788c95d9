//! Alert channels: where messages go, and the sealed secrets that it takes.

use sqlx::FromRow;

use super::{Connection, Page, StoreResult, changed};

/// A row of `alert_channel`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct AlertChannel {
    pub(crate) id: String,
    pub(crate) project_id: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    /// The settings without secrets, as JSON.
    pub(crate) config: String,
    pub(crate) secrets_sealed: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) revision: i64,
}

pub(crate) async fn insert(c: &mut Connection, row: &AlertChannel) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO alert_channel (id, project_id, name, kind, config, secrets_sealed, created_at, updated_at,
            revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&row.id)
    .bind(&row.project_id)
    .bind(&row.name)
    .bind(&row.kind)
    .bind(&row.config)
    .bind(&row.secrets_sealed)
    .bind(row.created_at)
    .bind(row.updated_at)
    .bind(row.revision)
    .execute(c)
    .await?;
    Ok(())
}

pub(crate) async fn find(
    c: &mut Connection,
    project_id: &str,
    id: &str,
) -> StoreResult<Option<AlertChannel>> {
    let query = sqlx::query_as("SELECT * FROM alert_channel WHERE id = $1 AND project_id = $2");
    Ok(query.bind(id).bind(project_id).fetch_optional(c).await?)
}

/// The channels of a project in the order of their creation.
pub(crate) async fn list(
    c: &mut Connection,
    project_id: &str,
    page: &Page,
) -> StoreResult<Vec<AlertChannel>> {
    let query = sqlx::query_as(
        "SELECT * FROM alert_channel WHERE project_id = $1 AND id > $2 ORDER BY id LIMIT $3",
    );
    let query = query
        .bind(project_id)
        .bind(page.after.as_deref().unwrap_or(""));
    Ok(query.bind(page.limit).fetch_all(c).await?)
}

pub(crate) async fn count(c: &mut Connection, project_id: &str) -> StoreResult<i64> {
    let query = sqlx::query_scalar("SELECT count(*) FROM alert_channel WHERE project_id = $1");
    Ok(query.bind(project_id).fetch_one(c).await?)
}

pub(crate) async fn update(c: &mut Connection, row: &AlertChannel) -> StoreResult<()> {
    let result = sqlx::query(
        "UPDATE alert_channel SET name = $1, config = $2, secrets_sealed = $3, updated_at = $4,
            revision = revision + 1 WHERE id = $5 AND revision = $6",
    )
    .bind(&row.name)
    .bind(&row.config)
    .bind(&row.secrets_sealed)
    .bind(row.updated_at)
    .bind(&row.id)
    .bind(row.revision)
    .execute(c)
    .await?;
    changed(&result)
}

pub(crate) async fn delete(c: &mut Connection, id: &str, revision: i64) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM alert_channel WHERE id = $1 AND revision = $2");
    changed(&query.bind(id).bind(revision).execute(c).await?)
}

/// Sealed secrets after an id, for sealing them anew.
pub(crate) async fn sealed(
    c: &mut Connection,
    after: &str,
    limit: i64,
) -> StoreResult<Vec<(String, String)>> {
    let query = sqlx::query_as(
        "SELECT id, secrets_sealed FROM alert_channel WHERE id > $1 ORDER BY id LIMIT $2",
    );
    Ok(query.bind(after).bind(limit).fetch_all(c).await?)
}

/// Replaces sealed secrets, unless they have changed meanwhile; says whether it did.
pub(crate) async fn reseal(
    c: &mut Connection,
    id: &str,
    old: &str,
    new: &str,
) -> StoreResult<bool> {
    let query = sqlx::query(
        "UPDATE alert_channel SET secrets_sealed = $1 WHERE id = $2 AND secrets_sealed = $3",
    );
    let result = query.bind(new).bind(id).bind(old).execute(c).await?;
    Ok(result.rows_affected() == 1)
}
