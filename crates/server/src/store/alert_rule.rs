//! Alert rules: what is told, about what, and to whom.

use sqlx::FromRow;

use super::{Connection, Page, StoreResult, changed};

/// A row of `alert_rule`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct AlertRule {
    pub(crate) id: String,
    pub(crate) project_id: String,
    pub(crate) name: String,
    /// What it says, as JSON.
    pub(crate) spec: String,
    pub(crate) is_enabled: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) revision: i64,
    /// Since when it watches.
    pub(crate) watched_from: i64,
}

pub(crate) async fn insert(c: &mut Connection, row: &AlertRule) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO alert_rule (id, project_id, name, spec, is_enabled, created_at, updated_at, revision, watched_from)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&row.id)
    .bind(&row.project_id)
    .bind(&row.name)
    .bind(&row.spec)
    .bind(row.is_enabled)
    .bind(row.created_at)
    .bind(row.updated_at)
    .bind(row.revision)
    .bind(row.watched_from)
    .execute(c)
    .await?;
    Ok(())
}

pub(crate) async fn find(
    c: &mut Connection,
    project_id: &str,
    id: &str,
) -> StoreResult<Option<AlertRule>> {
    let query = sqlx::query_as("SELECT * FROM alert_rule WHERE id = $1 AND project_id = $2");
    Ok(query.bind(id).bind(project_id).fetch_optional(c).await?)
}

/// A rule, whichever project it is in. Others who lock it wait until the transaction ends.
pub(crate) async fn lock(c: &mut Connection, id: &str) -> StoreResult<Option<AlertRule>> {
    let query =
        sqlx::query_as("UPDATE alert_rule SET revision = revision WHERE id = $1 RETURNING *");
    Ok(query.bind(id).fetch_optional(c).await?)
}

/// A rule, whichever project it is in.
pub(crate) async fn by_id(c: &mut Connection, id: &str) -> StoreResult<Option<AlertRule>> {
    let query = sqlx::query_as("SELECT * FROM alert_rule WHERE id = $1");
    Ok(query.bind(id).fetch_optional(c).await?)
}

/// The rules of a project in the order of their creation.
pub(crate) async fn list(
    c: &mut Connection,
    project_id: &str,
    page: &Page,
) -> StoreResult<Vec<AlertRule>> {
    let query = sqlx::query_as(
        "SELECT * FROM alert_rule WHERE project_id = $1 AND id > $2 ORDER BY id LIMIT $3",
    );
    let query = query
        .bind(project_id)
        .bind(page.after.as_deref().unwrap_or(""));
    Ok(query.bind(page.limit).fetch_all(c).await?)
}

/// Every rule of a project; a project has only so many.
pub(crate) async fn of_project(
    c: &mut Connection,
    project_id: &str,
) -> StoreResult<Vec<AlertRule>> {
    let query = sqlx::query_as("SELECT * FROM alert_rule WHERE project_id = $1 ORDER BY id");
    Ok(query.bind(project_id).fetch_all(c).await?)
}

/// Rules that watch, of all projects, behind one.
pub(crate) async fn enabled(
    c: &mut Connection,
    after: &str,
    limit: i64,
) -> StoreResult<Vec<AlertRule>> {
    let query = sqlx::query_as(
        "SELECT * FROM alert_rule WHERE id > $1 AND is_enabled = 1 ORDER BY id LIMIT $2",
    );
    Ok(query.bind(after).bind(limit).fetch_all(c).await?)
}

pub(crate) async fn count(c: &mut Connection, project_id: &str) -> StoreResult<i64> {
    let query = sqlx::query_scalar("SELECT count(*) FROM alert_rule WHERE project_id = $1");
    Ok(query.bind(project_id).fetch_one(c).await?)
}

pub(crate) async fn update(c: &mut Connection, row: &AlertRule) -> StoreResult<()> {
    let result = sqlx::query(
        "UPDATE alert_rule SET name = $1, spec = $2, is_enabled = $3, updated_at = $4, watched_from = $5,
            revision = revision + 1 WHERE id = $6 AND revision = $7",
    )
    .bind(&row.name)
    .bind(&row.spec)
    .bind(row.is_enabled)
    .bind(row.updated_at)
    .bind(row.watched_from)
    .bind(&row.id)
    .bind(row.revision)
    .execute(c)
    .await?;
    changed(&result)
}

pub(crate) async fn delete(c: &mut Connection, id: &str, revision: i64) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM alert_rule WHERE id = $1 AND revision = $2");
    changed(&query.bind(id).bind(revision).execute(c).await?)
}
