//! What is left of deleted projects, which is removed piece by piece: a project may have more runs and instances than
//! one transaction should hold up others for.

use crate::api::time::new_id;
use crate::store::run::removed;
use crate::store::{Connection, StoreResult};

/// What else belongs to a project and can be much: how it is found, and how one of it is removed.
const OTHERS: [(&str, &str); 2] = [
    (
        "SELECT id FROM alert WHERE project_id = $1 AND id > '' ORDER BY id LIMIT $2",
        "DELETE FROM alert WHERE id = $1",
    ),
    (
        "SELECT id FROM backfill WHERE project_id = $1 AND id > '' ORDER BY id LIMIT $2",
        "DELETE FROM backfill WHERE id = $1",
    ),
];

/// Makes a deleted project, for something that is to be removed like one; returns its id.
pub(crate) async fn insert(c: &mut Connection, now: i64) -> StoreResult<String> {
    let id = new_id();
    let query = sqlx::query(
        "INSERT INTO project (id, name, title, description, mode, settings, run_count, created_at, updated_at,
            revision, deleted_at)
         VALUES ($1, $1, '', '', 'basic', '{}', 0, $2, $2, 1, $2)",
    );
    query.bind(&id).bind(now).execute(c).await?;
    Ok(id)
}

/// Deleted projects of which something is left.
pub(crate) async fn deleted(c: &mut Connection) -> StoreResult<Vec<String>> {
    let query =
        sqlx::query_scalar("SELECT id FROM project WHERE deleted_at > 0 ORDER BY deleted_at, id");
    Ok(query.fetch_all(c).await?)
}

/// Removes a piece of a deleted project, at last the project itself; tells whether there may be more. Runs that are
/// under way nevertheless, and the project with them, stay until another time.
pub(crate) async fn remove_piece(c: &mut Connection, id: &str, limit: i64) -> StoreResult<bool> {
    if remove_of_jobs(c, id, limit).await? {
        return Ok(true);
    }
    for (find, remove) in OTHERS {
        let query = sqlx::query_scalar(find).bind(id).bind(limit);
        let found: Vec<String> = query.fetch_all(&mut *c).await?;
        for one in &found {
            sqlx::query(remove).bind(one).execute(&mut *c).await?;
        }
        if !found.is_empty() {
            return Ok(true);
        }
    }
    let runs = removed::ended(c, id, limit).await?;
    for run in &runs {
        removed::remove(c, run).await?;
    }
    if runs.is_empty() {
        let query = sqlx::query(
            "DELETE FROM project WHERE id = $1 AND deleted_at IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM run WHERE project_id = $1)",
        );
        query.bind(id).execute(c).await?;
    }
    Ok(!runs.is_empty())
}

/// Removes instances of a job, and the job with the last of them; tells whether there was a job.
async fn remove_of_jobs(c: &mut Connection, project_id: &str, limit: i64) -> StoreResult<bool> {
    let query = sqlx::query_scalar(
        "SELECT id FROM job WHERE project_id = $1 ORDER BY folder, name_key LIMIT 1",
    );
    let job: Option<String> = query.bind(project_id).fetch_optional(&mut *c).await?;
    let Some(job) = job else {
        return Ok(false);
    };
    let query = sqlx::query_scalar(
        "SELECT id FROM instance WHERE job_id = $1 AND id > '' ORDER BY id LIMIT $2",
    );
    let instances: Vec<String> = query.bind(&job).bind(limit).fetch_all(&mut *c).await?;
    for instance in &instances {
        let query = sqlx::query("DELETE FROM instance WHERE id = $1");
        query.bind(instance).execute(&mut *c).await?;
    }
    if i64::try_from(instances.len()).unwrap_or(i64::MAX) < limit {
        let query = sqlx::query("DELETE FROM job WHERE id = $1");
        query.bind(&job).execute(c).await?;
    }
    Ok(true)
}
