//! Who did what, when and from where; only ever added to.

use sqlx::FromRow;

use super::{Connection, Page, StoreResult};

/// A row of `audit`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) at: i64,
    pub(crate) account_id: Option<String>,
    pub(crate) account_name: String,
    pub(crate) access_key_id: Option<String>,
    pub(crate) address: String,
    pub(crate) action: String,
    pub(crate) project_id: Option<String>,
    pub(crate) object_kind: String,
    pub(crate) object_id: String,
    pub(crate) object_name: String,
    pub(crate) value_before: Option<String>,
    pub(crate) value_after: Option<String>,
}

pub(crate) async fn insert(c: &mut Connection, entry: &Entry) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO audit (id, at, account_id, account_name, access_key_id, address, action, project_id,
            object_kind, object_id, object_name, value_before, value_after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(&entry.id)
    .bind(entry.at)
    .bind(&entry.account_id)
    .bind(&entry.account_name)
    .bind(&entry.access_key_id)
    .bind(&entry.address)
    .bind(&entry.action)
    .bind(&entry.project_id)
    .bind(&entry.object_kind)
    .bind(&entry.object_id)
    .bind(&entry.object_name)
    .bind(&entry.value_before)
    .bind(&entry.value_after)
    .execute(c)
    .await?;
    Ok(())
}

/// What happened in a project, latest first; only what was done with one thing, if its id is given.
pub(crate) async fn of_project(
    c: &mut Connection,
    project_id: &str,
    object_id: &str,
    page: &Page,
) -> StoreResult<Vec<Entry>> {
    if !object_id.is_empty() {
        let query = sqlx::query_as(
            "SELECT * FROM audit WHERE project_id = $1 AND object_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4",
        );
        let query = query.bind(project_id).bind(object_id);
        let query = query.bind(before(page)).bind(page.limit);
        return Ok(query.fetch_all(c).await?);
    }
    let query = sqlx::query_as(
        "SELECT * FROM audit WHERE project_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
    );
    let query = query.bind(project_id).bind(before(page)).bind(page.limit);
    Ok(query.fetch_all(c).await?)
}

/// What happened anywhere, latest first; only what was done with one thing, if its id is given.
pub(crate) async fn list(
    c: &mut Connection,
    object_id: &str,
    page: &Page,
) -> StoreResult<Vec<Entry>> {
    if !object_id.is_empty() {
        let query = sqlx::query_as(
            "SELECT * FROM audit WHERE object_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        );
        let query = query.bind(object_id).bind(before(page)).bind(page.limit);
        return Ok(query.fetch_all(c).await?);
    }
    let query = sqlx::query_as("SELECT * FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2");
    Ok(query
        .bind(before(page))
        .bind(page.limit)
        .fetch_all(c)
        .await?)
}

/// Ids sort as they were made; the first page begins before an id that none reaches.
pub(crate) fn before(page: &Page) -> &str {
    page.after.as_deref().unwrap_or("g")
}
