//! How far runs are: their samples over time, and what each of their splits does.

use sqlx::FromRow;

use super::Figures;
use crate::store::{Connection, StoreResult};

/// How far a run was at a time.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Sample {
    pub(crate) at: i64,
    pub(crate) rows_read: i64,
    pub(crate) rows_written: i64,
    pub(crate) rows_dirty: i64,
    pub(crate) bytes: i64,
    pub(crate) task_ms: i64,
    pub(crate) wait_reader_ms: i64,
    pub(crate) wait_writer_ms: i64,
}

pub(crate) async fn add_sample(
    c: &mut Connection,
    run_id: &str,
    at: i64,
    figures: Figures,
) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO run_sample (run_id, at, rows_read, rows_written, rows_dirty, bytes, task_ms, wait_reader_ms,
            wait_writer_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (run_id, at) DO NOTHING",
    )
    .bind(run_id)
    .bind(at)
    .bind(figures.rows_read)
    .bind(figures.rows_written)
    .bind(figures.rows_dirty)
    .bind(figures.bytes)
    .bind(figures.task_ms)
    .bind(figures.wait_reader_ms)
    .bind(figures.wait_writer_ms)
    .execute(c)
    .await?;
    Ok(())
}

pub(crate) async fn samples(c: &mut Connection, run_id: &str) -> StoreResult<Vec<Sample>> {
    let query = sqlx::query_as(
        "SELECT at, rows_read, rows_written, rows_dirty, bytes, task_ms, wait_reader_ms, wait_writer_ms
         FROM run_sample WHERE run_id = $1 ORDER BY at",
    );
    Ok(query.bind(run_id).fetch_all(c).await?)
}

/// What the splits of a run do.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Splits {
    /// A list as JSON.
    pub(crate) splits: String,
    /// How many that have ended are not in it.
    pub(crate) left_out: i64,
}

pub(crate) async fn put_splits(
    c: &mut Connection,
    run_id: &str,
    splits: &Splits,
) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO run_splits (run_id, splits, left_out) VALUES ($1, $2, $3)
         ON CONFLICT (run_id) DO UPDATE SET splits = $2, left_out = $3",
    )
    .bind(run_id)
    .bind(&splits.splits)
    .bind(splits.left_out)
    .execute(c)
    .await?;
    Ok(())
}

pub(crate) async fn splits(c: &mut Connection, run_id: &str) -> StoreResult<Option<Splits>> {
    let query = sqlx::query_as("SELECT splits, left_out FROM run_splits WHERE run_id = $1");
    Ok(query.bind(run_id).fetch_optional(c).await?)
}
