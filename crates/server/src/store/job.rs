//! Jobs: a draft and a published version live side by side.

use sqlx::FromRow;

use super::project::removal;
use super::{Connection, StoreResult, changed};

pub(crate) mod list;

/// A row of `job`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) project_id: String,
    pub(crate) name: String,
    /// `daily/orders`; empty for the top.
    pub(crate) folder: String,
    pub(crate) description: String,
    pub(crate) owner_id: String,
    /// `wizard` or `script`.
    pub(crate) mode: String,
    /// The two sides of the draft, as JSON.
    pub(crate) summary: String,
    /// The latest version.
    pub(crate) draft_version: i64,
    pub(crate) published_version: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) revision: i64,
}

/// A job with the name of its owner.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct OwnedJob {
    #[sqlx(flatten)]
    pub(crate) job: Job,
    pub(crate) owner_name: String,
}

/// What names that differ in case only have in common; lists are in its order.
pub(crate) fn name_key(name: &str) -> String {
    name.to_lowercase()
}

pub(crate) async fn insert(c: &mut Connection, job: &Job) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO job (id, project_id, name, name_key, folder, description, owner_id, mode, summary,
            draft_version, published_version, created_at, updated_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(&job.id)
    .bind(&job.project_id)
    .bind(&job.name)
    .bind(name_key(&job.name))
    .bind(&job.folder)
    .bind(&job.description)
    .bind(&job.owner_id)
    .bind(&job.mode)
    .bind(&job.summary)
    .bind(job.draft_version)
    .bind(job.published_version)
    .bind(job.created_at)
    .bind(job.updated_at)
    .bind(job.revision)
    .execute(c)
    .await?;
    Ok(())
}

pub(crate) async fn find(
    c: &mut Connection,
    project_id: &str,
    id: &str,
) -> StoreResult<Option<Job>> {
    let query = sqlx::query_as("SELECT * FROM job WHERE id = $1 AND project_id = $2");
    Ok(query.bind(id).bind(project_id).fetch_optional(c).await?)
}

pub(crate) async fn find_owned(
    c: &mut Connection,
    project_id: &str,
    id: &str,
) -> StoreResult<Option<OwnedJob>> {
    let query = sqlx::query_as(
        "SELECT job.*, coalesce(account.name, '') AS owner_name
         FROM job LEFT JOIN account ON account.id = job.owner_id
         WHERE job.id = $1 AND job.project_id = $2",
    );
    Ok(query.bind(id).bind(project_id).fetch_optional(c).await?)
}

/// Whether a name is taken, in whatever case.
pub(crate) async fn is_taken(
    c: &mut Connection,
    project_id: &str,
    name: &str,
) -> StoreResult<bool> {
    let query =
        sqlx::query_scalar("SELECT count(*) FROM job WHERE project_id = $1 AND name_key = $2");
    let count: i64 = query
        .bind(project_id)
        .bind(name_key(name))
        .fetch_one(c)
        .await?;
    Ok(count > 0)
}

/// Writes everything but id, project and creation, if the revision is still the one that was seen.
pub(crate) async fn update(c: &mut Connection, job: &Job) -> StoreResult<()> {
    let result = sqlx::query(
        "UPDATE job SET name = $1, name_key = $2, folder = $3, description = $4, owner_id = $5, mode = $6,
            summary = $7, draft_version = $8, published_version = $9, updated_at = $10, revision = revision + 1
         WHERE id = $11 AND revision = $12",
    )
    .bind(&job.name)
    .bind(name_key(&job.name))
    .bind(&job.folder)
    .bind(&job.description)
    .bind(&job.owner_id)
    .bind(&job.mode)
    .bind(&job.summary)
    .bind(job.draft_version)
    .bind(job.published_version)
    .bind(job.updated_at)
    .bind(&job.id)
    .bind(job.revision)
    .execute(c)
    .await?;
    changed(&result)
}

/// Deletes a job as far as anybody sees: it moves into a deleted project of its own and goes with that, piece by
/// piece, because it may have more instances than one transaction should hold up others for.
pub(crate) async fn delete(
    c: &mut Connection,
    id: &str,
    revision: i64,
    now: i64,
) -> StoreResult<()> {
    let project_id = removal::insert(c, now).await?;
    let query = sqlx::query(
        "UPDATE job SET project_id = $1, revision = revision + 1 WHERE id = $2 AND revision = $3",
    );
    let query = query.bind(project_id).bind(id).bind(revision);
    changed(&query.execute(&mut *c).await?)?;
    for sql in [
        "DELETE FROM schedule WHERE job_id = $1",
        "DELETE FROM job_datasource WHERE job_id = $1",
    ] {
        sqlx::query(sql).bind(id).execute(&mut *c).await?;
    }
    Ok(())
}

/// What keeps a job from being deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub(crate) struct Uses {
    /// Its own schedule, unless that is a draft.
    pub(crate) schedules: i64,
    /// Jobs that wait for it.
    pub(crate) dependents: i64,
    /// Instances and runs that wait or are under way.
    pub(crate) runs: i64,
}

pub(crate) async fn uses(c: &mut Connection, id: &str) -> StoreResult<Uses> {
    let query = sqlx::query_as(
        "SELECT (SELECT count(*) FROM schedule WHERE job_id = $1 AND state <> 'draft') AS schedules,
            (SELECT count(*) FROM schedule_dependency WHERE upstream_job_id = $1 AND job_id <> $1) AS dependents,
            (SELECT count(*) FROM run WHERE job_id = $1 AND state IN ('queued', 'running'))
            + (SELECT count(*) FROM instance WHERE job_id = $1 AND state = 'waiting') AS runs",
    );
    Ok(query.bind(id).fetch_one(c).await?)
}

/// Notes which data sources the draft and the published version of a job name.
pub(crate) async fn set_datasources(
    c: &mut Connection,
    job: &Job,
    names: &[String],
) -> StoreResult<()> {
    sqlx::query("DELETE FROM job_datasource WHERE job_id = $1")
        .bind(&job.id)
        .execute(&mut *c)
        .await?;
    for name in names {
        sqlx::query(
            "INSERT INTO job_datasource (job_id, project_id, datasource) VALUES ($1, $2, $3)
             ON CONFLICT (job_id, datasource) DO NOTHING",
        )
        .bind(&job.id)
        .bind(&job.project_id)
        .bind(name)
        .execute(&mut *c)
        .await?;
    }
    Ok(())
}

/// The names of the jobs that use a data source, at most `limit`.
pub(crate) async fn users_of(
    c: &mut Connection,
    project_id: &str,
    datasource: &str,
    limit: i64,
) -> StoreResult<Vec<(String, String)>> {
    let query = sqlx::query_as(
        "SELECT j.id, j.name FROM job_datasource d JOIN job j ON j.id = d.job_id
         WHERE d.project_id = $1 AND d.datasource = $2 ORDER BY d.job_id LIMIT $3",
    );
    let query = query.bind(project_id).bind(datasource).bind(limit);
    Ok(query.fetch_all(c).await?)
}
