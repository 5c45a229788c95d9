//! The versions of jobs; what a version does never changes.

use sqlx::FromRow;

use super::{Connection, Page, StoreResult, changed};

/// A row of `job_version`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct JobVersion {
    pub(crate) job_id: String,
    pub(crate) number: i64,
    /// `wizard` or `script`.
    pub(crate) mode: String,
    pub(crate) document: String,
    /// Declared parameters, name to expression, as JSON.
    pub(crate) variables: String,
    pub(crate) note: String,
    pub(crate) author_id: String,
    pub(crate) created_at: i64,
    /// What was said when it was published last.
    pub(crate) publication_note: String,
    pub(crate) published_at: Option<i64>,
}

/// A version with the name of its author.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct AuthoredVersion {
    #[sqlx(flatten)]
    pub(crate) version: JobVersion,
    pub(crate) author_name: String,
}

/// A version without its document, for lists.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct VersionLine {
    pub(crate) number: i64,
    pub(crate) mode: String,
    pub(crate) note: String,
    pub(crate) author_id: String,
    pub(crate) author_name: String,
    pub(crate) created_at: i64,
    pub(crate) publication_note: String,
    pub(crate) published_at: Option<i64>,
}

pub(crate) async fn insert(c: &mut Connection, version: &JobVersion) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO job_version (job_id, number, mode, document, variables, note, author_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&version.job_id)
    .bind(version.number)
    .bind(&version.mode)
    .bind(&version.document)
    .bind(&version.variables)
    .bind(&version.note)
    .bind(&version.author_id)
    .bind(version.created_at)
    .execute(c)
    .await?;
    Ok(())
}

/// Notes that a version is published, and what was said about it.
pub(crate) async fn publish(
    c: &mut Connection,
    job_id: &str,
    number: i64,
    note: &str,
    now: i64,
) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE job_version SET publication_note = $1, published_at = $2 WHERE job_id = $3 AND number = $4",
    );
    let query = query.bind(note).bind(now).bind(job_id).bind(number);
    changed(&query.execute(c).await?)
}

pub(crate) async fn find(
    c: &mut Connection,
    job_id: &str,
    number: i64,
) -> StoreResult<Option<JobVersion>> {
    let query = sqlx::query_as("SELECT * FROM job_version WHERE job_id = $1 AND number = $2");
    Ok(query.bind(job_id).bind(number).fetch_optional(c).await?)
}

pub(crate) async fn find_authored(
    c: &mut Connection,
    job_id: &str,
    number: i64,
) -> StoreResult<Option<AuthoredVersion>> {
    let query = sqlx::query_as(
        "SELECT v.*, coalesce(a.name, '') AS author_name
         FROM job_version v LEFT JOIN account a ON a.id = v.author_id
         WHERE v.job_id = $1 AND v.number = $2",
    );
    Ok(query.bind(job_id).bind(number).fetch_optional(c).await?)
}

/// The versions of a job, latest first.
pub(crate) async fn list(
    c: &mut Connection,
    job_id: &str,
    page: &Page,
) -> StoreResult<Vec<VersionLine>> {
    let before: i64 = page
        .after
        .as_deref()
        .and_then(|number| number.parse().ok())
        .unwrap_or(i64::MAX);
    let query = sqlx::query_as(
        "SELECT v.number, v.mode, v.note, v.author_id, coalesce(a.name, '') AS author_name, v.created_at,
            v.publication_note, v.published_at
         FROM job_version v LEFT JOIN account a ON a.id = v.author_id
         WHERE v.job_id = $1 AND v.number < $2 ORDER BY v.number DESC LIMIT $3",
    );
    let query = query.bind(job_id).bind(before).bind(page.limit);
    Ok(query.fetch_all(c).await?)
}
