//! Who belongs to a project, and as what.

use sqlx::FromRow;

use super::{Connection, Page, StoreResult};

/// A member with the names that people know them by.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Member {
    pub(crate) account_id: String,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) role: String,
    pub(crate) created_at: i64,
}

/// The role of an account in a project.
pub(crate) async fn role(
    c: &mut Connection,
    project_id: &str,
    account_id: &str,
) -> StoreResult<Option<String>> {
    let query =
        sqlx::query_scalar("SELECT role FROM member WHERE project_id = $1 AND account_id = $2");
    Ok(query
        .bind(project_id)
        .bind(account_id)
        .fetch_optional(c)
        .await?)
}

/// All members by name.
pub(crate) async fn list(
    c: &mut Connection,
    project_id: &str,
    page: &Page,
) -> StoreResult<Vec<Member>> {
    let query = sqlx::query_as(
        "SELECT m.account_id, a.name, a.display_name, m.role, m.created_at
         FROM member m JOIN account a ON a.id = m.account_id
         WHERE m.project_id = $1 AND a.name > $2 ORDER BY a.name LIMIT $3",
    );
    let query = query
        .bind(project_id)
        .bind(page.after.as_deref().unwrap_or(""))
        .bind(page.limit);
    Ok(query.fetch_all(c).await?)
}

pub(crate) async fn put(
    c: &mut Connection,
    project_id: &str,
    account_id: &str,
    role: &str,
    now: i64,
) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO member (project_id, account_id, role, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (project_id, account_id) DO UPDATE SET role = excluded.role",
    )
    .bind(project_id)
    .bind(account_id)
    .bind(role)
    .bind(now)
    .execute(c)
    .await?;
    Ok(())
}

pub(crate) async fn delete(
    c: &mut Connection,
    project_id: &str,
    account_id: &str,
) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM member WHERE project_id = $1 AND account_id = $2");
    query.bind(project_id).bind(account_id).execute(c).await?;
    Ok(())
}

/// How many members of a project have a role.
pub(crate) async fn count(c: &mut Connection, project_id: &str, role: &str) -> StoreResult<i64> {
    let query =
        sqlx::query_scalar("SELECT count(*) FROM member WHERE project_id = $1 AND role = $2");
    Ok(query.bind(project_id).bind(role).fetch_one(c).await?)
}
