//! Data sources: what they are, how to reach them, and their sealed secrets.

use sqlx::FromRow;

use super::{Connection, Page, StoreResult, changed, containing};

/// A row of `datasource`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Datasource {
    pub(crate) id: String,
    pub(crate) project_id: String,
    pub(crate) name: String,
    /// `prod` or `dev`.
    pub(crate) environment: String,
    pub(crate) connector: String,
    pub(crate) description: String,
    pub(crate) resource_group: String,
    /// The connector's fields without secrets, as JSON.
    pub(crate) config: String,
    pub(crate) secrets_sealed: String,
    /// The report of the last connectivity test of these settings, as JSON.
    pub(crate) last_test: Option<String>,
    pub(crate) created_by: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) revision: i64,
}

pub(crate) async fn insert(c: &mut Connection, row: &Datasource) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO datasource (id, project_id, name, environment, connector, description, resource_group,
            config, secrets_sealed, last_test, created_by, created_at, updated_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(&row.id)
    .bind(&row.project_id)
    .bind(&row.name)
    .bind(&row.environment)
    .bind(&row.connector)
    .bind(&row.description)
    .bind(&row.resource_group)
    .bind(&row.config)
    .bind(&row.secrets_sealed)
    .bind(&row.last_test)
    .bind(&row.created_by)
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
) -> StoreResult<Option<Datasource>> {
    let query = sqlx::query_as("SELECT * FROM datasource WHERE id = $1 AND project_id = $2");
    Ok(query.bind(id).bind(project_id).fetch_optional(c).await?)
}

pub(crate) async fn find_by_name(
    c: &mut Connection,
    project_id: &str,
    name: &str,
    environment: &str,
) -> StoreResult<Option<Datasource>> {
    let query = sqlx::query_as(
        "SELECT * FROM datasource WHERE project_id = $1 AND name = $2 AND environment = $3",
    );
    let query = query.bind(project_id).bind(name).bind(environment);
    Ok(query.fetch_optional(c).await?)
}

/// The resource group that a side of a data source is assigned to.
pub(crate) async fn group(
    c: &mut Connection,
    project_id: &str,
    name: &str,
    environment: &str,
) -> StoreResult<Option<String>> {
    let query = sqlx::query_scalar(
        "SELECT resource_group FROM datasource WHERE project_id = $1 AND name = $2 AND environment = $3",
    );
    let query = query.bind(project_id).bind(name).bind(environment);
    Ok(query.fetch_optional(c).await?)
}

/// Which data sources of a project are wanted; what is empty does not matter.
pub(crate) struct Wanted<'a> {
    pub(crate) connector: &'a str,
    pub(crate) environment: &'a str,
    pub(crate) search: &'a str,
}

/// A data source with the number of jobs that name it.
#[derive(Debug, FromRow)]
pub(crate) struct Counted {
    #[sqlx(flatten)]
    pub(crate) row: Datasource,
    pub(crate) job_count: i64,
}

/// The data sources of a project in the order of their creation.
pub(crate) async fn list(
    c: &mut Connection,
    project_id: &str,
    wanted: &Wanted<'_>,
    page: &Page,
) -> StoreResult<Vec<Counted>> {
    let query = sqlx::query_as(
        "SELECT d.*, (SELECT count(*) FROM job_datasource u
                WHERE u.project_id = d.project_id AND u.datasource = d.name) AS job_count
         FROM datasource d WHERE d.project_id = $1 AND d.id > $2
            AND ($3 = '' OR d.connector = $3) AND ($4 = '' OR d.environment = $4)
            AND ($5 = '%%' OR lower(d.name) LIKE $5 ESCAPE '\\' OR lower(d.description) LIKE $5 ESCAPE '\\')
         ORDER BY d.id LIMIT $6",
    );
    let query = query
        .bind(project_id)
        .bind(page.after.as_deref().unwrap_or(""))
        .bind(wanted.connector)
        .bind(wanted.environment)
        .bind(containing(wanted.search))
        .bind(page.limit);
    Ok(query.fetch_all(c).await?)
}

/// How many jobs name a data source.
pub(crate) async fn job_count(
    c: &mut Connection,
    project_id: &str,
    name: &str,
) -> StoreResult<i64> {
    let query = sqlx::query_scalar(
        "SELECT count(*) FROM job_datasource WHERE project_id = $1 AND datasource = $2",
    );
    Ok(query.bind(project_id).bind(name).fetch_one(c).await?)
}

/// The jobs that name a data source, ids and names, in the order of their creation.
pub(crate) async fn jobs(
    c: &mut Connection,
    project_id: &str,
    name: &str,
    page: &Page,
) -> StoreResult<Vec<(String, String)>> {
    let query = sqlx::query_as(
        "SELECT j.id, j.name FROM job_datasource u JOIN job j ON j.id = u.job_id
         WHERE u.project_id = $1 AND u.datasource = $2 AND u.job_id > $3 ORDER BY u.job_id LIMIT $4",
    );
    let query = query
        .bind(project_id)
        .bind(name)
        .bind(page.after.as_deref().unwrap_or(""))
        .bind(page.limit);
    Ok(query.fetch_all(c).await?)
}

/// The names of the data sources that are assigned to a resource group, at most `limit`.
pub(crate) async fn of_group(
    c: &mut Connection,
    project_id: &str,
    group: &str,
    limit: i64,
) -> StoreResult<Vec<String>> {
    let query = sqlx::query_scalar(
        "SELECT DISTINCT name FROM datasource WHERE project_id = $1 AND resource_group = $2
         ORDER BY name LIMIT $3",
    );
    let query = query.bind(project_id).bind(group).bind(limit);
    Ok(query.fetch_all(c).await?)
}

/// Every name and side of a project's data sources, to say what is known.
pub(crate) async fn names(
    c: &mut Connection,
    project_id: &str,
) -> StoreResult<Vec<(String, String)>> {
    let query = sqlx::query_as(
        "SELECT name, environment FROM datasource WHERE project_id = $1 ORDER BY name, environment",
    );
    Ok(query.bind(project_id).fetch_all(c).await?)
}

/// The connector of every side of a project's data sources: name, environment, connector.
pub(crate) async fn connectors(
    c: &mut Connection,
    project_id: &str,
) -> StoreResult<Vec<(String, String, String)>> {
    let query = sqlx::query_as(
        "SELECT name, environment, connector FROM datasource WHERE project_id = $1 ORDER BY name, environment",
    );
    Ok(query.bind(project_id).fetch_all(c).await?)
}

pub(crate) async fn update(c: &mut Connection, row: &Datasource) -> StoreResult<()> {
    let result = sqlx::query(
        "UPDATE datasource SET description = $1, resource_group = $2, config = $3, secrets_sealed = $4,
            last_test = $5, updated_at = $6, revision = revision + 1 WHERE id = $7 AND revision = $8",
    )
    .bind(&row.description)
    .bind(&row.resource_group)
    .bind(&row.config)
    .bind(&row.secrets_sealed)
    .bind(&row.last_test)
    .bind(row.updated_at)
    .bind(&row.id)
    .bind(row.revision)
    .execute(c)
    .await?;
    changed(&result)
}

/// Notes the last connectivity test, unless the data source was changed since that revision was tested.
pub(crate) async fn set_test(
    c: &mut Connection,
    id: &str,
    revision: i64,
    report: &str,
) -> StoreResult<()> {
    let query = sqlx::query("UPDATE datasource SET last_test = $1 WHERE id = $2 AND revision = $3");
    let query = query.bind(report).bind(id).bind(revision);
    query.execute(c).await?;
    Ok(())
}

pub(crate) async fn delete(c: &mut Connection, id: &str, revision: i64) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM datasource WHERE id = $1 AND revision = $2");
    changed(&query.bind(id).bind(revision).execute(c).await?)
}

/// Sealed secrets after an id, for sealing them anew.
pub(crate) async fn sealed(
    c: &mut Connection,
    after: &str,
    limit: i64,
) -> StoreResult<Vec<(String, String)>> {
    let query = sqlx::query_as(
        "SELECT id, secrets_sealed FROM datasource WHERE id > $1 ORDER BY id LIMIT $2",
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
        "UPDATE datasource SET secrets_sealed = $1 WHERE id = $2 AND secrets_sealed = $3",
    );
    let result = query.bind(new).bind(id).bind(old).execute(c).await?;
    Ok(result.rows_affected() == 1)
}
