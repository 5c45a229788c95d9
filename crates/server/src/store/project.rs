//! Projects: what people share.

use sqlx::FromRow;

use super::{Connection, Page, StoreResult, changed, containing};

pub(crate) mod removal;

/// A row of `project`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) description: String,
    /// `basic` or `standard`.
    pub(crate) mode: String,
    pub(crate) settings: String,
    pub(crate) run_count: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) revision: i64,
}

pub(crate) async fn insert(c: &mut Connection, project: &Project) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO project (id, name, title, description, mode, settings, run_count, created_at, updated_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(&project.id)
    .bind(&project.name)
    .bind(&project.title)
    .bind(&project.description)
    .bind(&project.mode)
    .bind(&project.settings)
    .bind(project.run_count)
    .bind(project.created_at)
    .bind(project.updated_at)
    .bind(project.revision)
    .execute(c)
    .await?;
    Ok(())
}

pub(crate) async fn find(c: &mut Connection, id: &str) -> StoreResult<Option<Project>> {
    let query = sqlx::query_as("SELECT * FROM project WHERE id = $1 AND deleted_at IS NULL");
    Ok(query.bind(id).fetch_optional(c).await?)
}

/// Which projects are wanted; all unless said.
#[derive(Default)]
pub(crate) struct Wanted<'a> {
    /// Those that an account is a member of; all of them without one.
    pub(crate) member: Option<&'a str>,
    /// This one at most.
    pub(crate) only: Option<&'a str>,
    /// A part of the name or title.
    pub(crate) search: &'a str,
}

/// Projects by name.
pub(crate) async fn list(
    c: &mut Connection,
    wanted: &Wanted<'_>,
    page: &Page,
) -> StoreResult<Vec<Project>> {
    let query = sqlx::query_as(
        "SELECT * FROM project WHERE name > $1 AND deleted_at IS NULL
            AND ($2 = '' OR EXISTS (SELECT 1 FROM member WHERE project_id = project.id AND account_id = $2))
            AND ($3 = '' OR id = $3)
            AND (lower(name) LIKE $4 ESCAPE '\\' OR lower(title) LIKE $4 ESCAPE '\\')
         ORDER BY name LIMIT $5",
    );
    let query = query
        .bind(page.after.as_deref().unwrap_or(""))
        .bind(wanted.member.unwrap_or(""))
        .bind(wanted.only.unwrap_or(""))
        .bind(containing(wanted.search))
        .bind(page.limit);
    Ok(query.fetch_all(c).await?)
}

pub(crate) async fn update(c: &mut Connection, project: &Project) -> StoreResult<()> {
    let result = sqlx::query(
        "UPDATE project SET title = $1, description = $2, settings = $3, updated_at = $4,
            revision = revision + 1 WHERE id = $5 AND revision = $6",
    )
    .bind(&project.title)
    .bind(&project.description)
    .bind(&project.settings)
    .bind(project.updated_at)
    .bind(&project.id)
    .bind(project.revision)
    .execute(c)
    .await?;
    changed(&result)
}

/// What of a deleted project goes at once: whoever may enter it, what holds secrets, and what makes others do something
/// for it. All of that is little.
const AT_ONCE: [&str; 8] = [
    "DELETE FROM schedule_dependency WHERE job_id IN (SELECT job_id FROM schedule WHERE project_id = $1 AND job_id > '')",
    "DELETE FROM schedule WHERE project_id = $1",
    "DELETE FROM alert_rule WHERE project_id = $1",
    "DELETE FROM alert_channel WHERE project_id = $1",
    "DELETE FROM datasource WHERE project_id = $1",
    "DELETE FROM resource_group WHERE project_id = $1",
    "DELETE FROM access_key WHERE project_id = $1",
    "DELETE FROM member WHERE project_id = $1",
];

/// Marks a project as deleted: nobody finds it any more, no run of it is made, and another one may have its name.
/// What is left is the business of [`removal`]. Returns how many runs wait or are under way; none may.
pub(crate) async fn delete(
    c: &mut Connection,
    id: &str,
    revision: i64,
    now: i64,
) -> StoreResult<i64> {
    let query = sqlx::query(
        "UPDATE project SET name = id, deleted_at = $1, revision = revision + 1
         WHERE id = $2 AND revision = $3 AND deleted_at IS NULL",
    );
    let query = query.bind(now).bind(id).bind(revision);
    changed(&query.execute(&mut *c).await?)?;
    for sql in AT_ONCE {
        sqlx::query(sql).bind(id).execute(&mut *c).await?;
    }
    let query = sqlx::query_scalar(
        "SELECT count(*) FROM run WHERE project_id = $1 AND state IN ('queued', 'running')",
    );
    Ok(query.bind(id).fetch_one(c).await?)
}

/// The number of the project's next run; nothing if the project is deleted.
pub(crate) async fn next_run_number(c: &mut Connection, id: &str) -> StoreResult<Option<i64>> {
    let query = sqlx::query_scalar(
        "UPDATE project SET run_count = run_count + 1 WHERE id = $1 AND deleted_at IS NULL
         RETURNING run_count",
    );
    Ok(query.bind(id).fetch_optional(c).await?)
}
