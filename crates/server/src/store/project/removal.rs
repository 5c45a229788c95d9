//! What is left of deleted projects, which is removed piece by piece: a project may have more runs and instances than
//! one transaction should hold up others for.

use crate::api::time::new_id;
use crate::store::run::removed;
use crate::store::{Connection, StoreResult};

/// What belongs to a project and can be much, in the order in which it goes; runs leave folders and go apart.
const PIECES: [&str; 4] = [
    "DELETE FROM instance WHERE id IN
        (SELECT i.id FROM job j JOIN instance i ON i.job_id = j.id WHERE j.project_id = $1 LIMIT $2)",
    "DELETE FROM alert WHERE id IN (SELECT id FROM alert WHERE project_id = $1 ORDER BY id LIMIT $2)",
    "DELETE FROM backfill WHERE id IN (SELECT id FROM backfill WHERE project_id = $1 ORDER BY id LIMIT $2)",
    "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE project_id = $1 ORDER BY folder, name_key LIMIT $2)",
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
        sqlx::query_scalar("SELECT id FROM project WHERE deleted_at IS NOT NULL ORDER BY id");
    Ok(query.fetch_all(c).await?)
}

/// Removes a piece of a deleted project, at last the project itself; tells whether there may be more. Runs that are
/// under way nevertheless, and the project with them, stay until another time.
pub(crate) async fn remove_piece(c: &mut Connection, id: &str, limit: i64) -> StoreResult<bool> {
    for sql in PIECES {
        let query = sqlx::query(sql).bind(id).bind(limit);
        if query.execute(&mut *c).await?.rows_affected() > 0 {
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
