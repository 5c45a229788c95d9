//! Settings of the whole instance, by name.

use super::{Connection, StoreResult, changed};

pub(crate) async fn find(c: &mut Connection, name: &str) -> StoreResult<Option<(String, i64)>> {
    let query = sqlx::query_as("SELECT value, revision FROM setting WHERE name = $1");
    Ok(query.bind(name).fetch_optional(c).await?)
}

pub(crate) async fn put(c: &mut Connection, name: &str, value: &str, now: i64) -> StoreResult<()> {
    let query = sqlx::query(
        "INSERT INTO setting (name, value, updated_at, revision) VALUES ($1, $2, $3, 1)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at,
            revision = setting.revision + 1",
    );
    query.bind(name).bind(value).bind(now).execute(c).await?;
    Ok(())
}

/// Writes a setting over its revision, which is 0 while there is none; `Changed` if somebody else has.
pub(crate) async fn update(
    c: &mut Connection,
    name: &str,
    value: &str,
    now: i64,
    revision: i64,
) -> StoreResult<()> {
    let query = match revision {
        0 => sqlx::query(
            "INSERT INTO setting (name, value, updated_at, revision) VALUES ($1, $2, $3, $4 + 1)
             ON CONFLICT (name) DO NOTHING",
        ),
        _ => sqlx::query(
            "UPDATE setting SET value = $2, updated_at = $3, revision = revision + 1
             WHERE name = $1 AND revision = $4",
        ),
    };
    let query = query.bind(name).bind(value).bind(now).bind(revision);
    changed(&query.execute(c).await?)
}

pub(crate) async fn delete(c: &mut Connection, name: &str) -> StoreResult<u64> {
    let query = sqlx::query("DELETE FROM setting WHERE name = $1");
    Ok(query.bind(name).execute(c).await?.rows_affected())
}
