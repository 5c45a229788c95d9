//! Resource groups: names for where runs happen, with their places.

use sqlx::FromRow;

use super::{Connection, StoreResult, changed};

/// The group that every project has without saying so.
pub(crate) const DEFAULT: &str = "default";

/// A row of `resource_group`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct ResourceGroup {
    pub(crate) id: String,
    pub(crate) project_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    /// Runs at the same time; 0 sets no limit.
    pub(crate) slots: i64,
    /// Addresses that a database owner must admit, as JSON.
    pub(crate) egress: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) revision: i64,
}

pub(crate) async fn insert(c: &mut Connection, group: &ResourceGroup) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO resource_group (id, project_id, name, description, slots, egress, created_at, updated_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&group.id)
    .bind(&group.project_id)
    .bind(&group.name)
    .bind(&group.description)
    .bind(group.slots)
    .bind(&group.egress)
    .bind(group.created_at)
    .bind(group.updated_at)
    .bind(group.revision)
    .execute(c)
    .await?;
    Ok(())
}

pub(crate) async fn find(
    c: &mut Connection,
    project_id: &str,
    name: &str,
) -> StoreResult<Option<ResourceGroup>> {
    let query = sqlx::query_as("SELECT * FROM resource_group WHERE project_id = $1 AND name = $2");
    Ok(query.bind(project_id).bind(name).fetch_optional(c).await?)
}

/// All groups of a project by name; there are few.
pub(crate) async fn list(c: &mut Connection, project_id: &str) -> StoreResult<Vec<ResourceGroup>> {
    let query = sqlx::query_as("SELECT * FROM resource_group WHERE project_id = $1 ORDER BY name");
    Ok(query.bind(project_id).fetch_all(c).await?)
}

/// Whether a project has a group of this name; every one has the default.
pub(crate) async fn exists(c: &mut Connection, project_id: &str, name: &str) -> StoreResult<bool> {
    Ok(name == DEFAULT || slots(c, project_id, name).await?.is_some())
}

/// How many runs a group does at the same time.
pub(crate) async fn slots(
    c: &mut Connection,
    project_id: &str,
    name: &str,
) -> StoreResult<Option<u32>> {
    let query =
        sqlx::query_scalar("SELECT slots FROM resource_group WHERE project_id = $1 AND name = $2");
    let slots: Option<i64> = query.bind(project_id).bind(name).fetch_optional(c).await?;
    Ok(slots.map(|slots| u32::try_from(slots).unwrap_or(0)))
}

pub(crate) async fn update(c: &mut Connection, group: &ResourceGroup) -> StoreResult<()> {
    let result = sqlx::query(
        "UPDATE resource_group SET description = $1, slots = $2, egress = $3, updated_at = $4,
            revision = revision + 1 WHERE id = $5 AND revision = $6",
    )
    .bind(&group.description)
    .bind(group.slots)
    .bind(&group.egress)
    .bind(group.updated_at)
    .bind(&group.id)
    .bind(group.revision)
    .execute(c)
    .await?;
    changed(&result)
}

pub(crate) async fn delete(c: &mut Connection, id: &str, revision: i64) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM resource_group WHERE id = $1 AND revision = $2");
    changed(&query.bind(id).bind(revision).execute(c).await?)
}
