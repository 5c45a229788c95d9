//! Folders: the places of jobs in the tree of a project.
//!
//! A path is `daily/orders`, and each folder on the way to it has a row of its own; the top has none.

use sqlx::FromRow;

use super::{Connection, Page, StoreResult, changed};

/// A folder with what lies in it.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Folder {
    pub(crate) path: String,
    /// The jobs in the folder itself.
    pub(crate) job_count: i64,
}

/// The folders of a project by path.
pub(crate) async fn list(
    c: &mut Connection,
    project_id: &str,
    page: &Page,
) -> StoreResult<Vec<Folder>> {
    let query = sqlx::query_as(
        "SELECT path, (SELECT count(*) FROM job
            WHERE job.project_id = folder.project_id AND job.folder = folder.path) AS job_count
         FROM folder WHERE project_id = $1 AND path > $2 ORDER BY path LIMIT $3",
    );
    let after = page.after.as_deref().unwrap_or("");
    Ok(query
        .bind(project_id)
        .bind(after)
        .bind(page.limit)
        .fetch_all(c)
        .await?)
}

pub(crate) async fn exists(c: &mut Connection, project_id: &str, path: &str) -> StoreResult<bool> {
    let query =
        sqlx::query_scalar("SELECT count(*) FROM folder WHERE project_id = $1 AND path = $2");
    let count: i64 = query.bind(project_id).bind(path).fetch_one(c).await?;
    Ok(count > 0)
}

/// Makes a folder, and those on the way to it, where they are missing.
pub(crate) async fn ensure(c: &mut Connection, project_id: &str, path: &str) -> StoreResult<()> {
    let ends = path.match_indices('/').map(|(at, _)| at);
    for end in ends.chain([path.len()]) {
        if end == 0 {
            continue;
        }
        sqlx::query(
            "INSERT INTO folder (project_id, path) VALUES ($1, $2) ON CONFLICT (project_id, path) DO NOTHING",
        )
        .bind(project_id)
        .bind(&path[..end])
        .execute(&mut *c)
        .await?;
    }
    Ok(())
}

/// Renames a folder with everything below it; the jobs in it count as changed.
pub(crate) async fn rename(
    c: &mut Connection,
    project_id: &str,
    from: &str,
    to: &str,
) -> StoreResult<()> {
    for sql in [
        "UPDATE folder SET path = $1 || substr(path, length($2) + 1) WHERE project_id = $3
            AND (path = $2 OR substr(path, 1, length($2) + 1) = $2 || '/')",
        "UPDATE job SET folder = $1 || substr(folder, length($2) + 1), revision = revision + 1 WHERE project_id = $3
            AND (folder = $2 OR substr(folder, 1, length($2) + 1) = $2 || '/')",
    ] {
        sqlx::query(sql)
            .bind(to)
            .bind(from)
            .bind(project_id)
            .execute(&mut *c)
            .await?;
    }
    Ok(())
}

/// How many folders and jobs lie below a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub(crate) struct Content {
    pub(crate) folders: i64,
    pub(crate) jobs: i64,
}

pub(crate) async fn content(
    c: &mut Connection,
    project_id: &str,
    path: &str,
) -> StoreResult<Content> {
    let query = sqlx::query_as(
        "SELECT (SELECT count(*) FROM folder WHERE project_id = $1
                AND substr(path, 1, length($2) + 1) = $2 || '/') AS folders,
            (SELECT count(*) FROM job WHERE project_id = $1
                AND (folder = $2 OR substr(folder, 1, length($2) + 1) = $2 || '/')) AS jobs",
    );
    Ok(query.bind(project_id).bind(path).fetch_one(c).await?)
}

pub(crate) async fn delete(c: &mut Connection, project_id: &str, path: &str) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM folder WHERE project_id = $1 AND path = $2");
    changed(&query.bind(project_id).bind(path).execute(c).await?)
}
