//! Making instances, many at once.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::Hold;
use crate::store::rows::{ROWS, pieces, values};
use crate::store::{Connection, StoreResult};

/// An instance as it is made.
#[derive(Clone, Debug)]
pub(crate) struct NewInstance<'a> {
    pub(crate) id: &'a str,
    pub(crate) project_id: &'a str,
    pub(crate) job_id: &'a str,
    pub(crate) backfill_id: &'a str,
    pub(crate) lane: i64,
    pub(crate) step: i64,
    pub(crate) cycle_at: i64,
    pub(crate) bizdate: &'a str,
    pub(crate) due_at: i64,
    pub(crate) is_dry_run: bool,
    pub(crate) is_frozen: bool,
    /// Whether its schedule is paused.
    pub(crate) held: Hold,
    pub(crate) created_at: i64,
}

/// Inserts as many instances as `rows` says.
fn insertion(rows: usize) -> String {
    let row =
        "($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 'waiting', $10, $11, 0, 0, 0, '', $12, $13)";
    format!(
        "INSERT INTO instance (id, project_id, job_id, backfill_id, lane, step, cycle_at, bizdate, due_at,
            release_at, state, is_dry_run, is_frozen, is_missed, attempts, retries, message, created_at, is_held)
         VALUES {} ON CONFLICT (job_id, cycle_at, backfill_id) DO NOTHING RETURNING id",
        values(rows, row)
    )
}

static ONE: LazyLock<String> = LazyLock::new(|| insertion(1));
static MANY: LazyLock<String> = LazyLock::new(|| insertion(ROWS));

/// Makes instances; returns the ids of those that are new.
pub(crate) async fn insert_all(
    c: &mut Connection,
    new: &[NewInstance<'_>],
) -> StoreResult<HashSet<String>> {
    let mut made = HashSet::with_capacity(new.len());
    for (sql, piece) in pieces(new, &ONE, &MANY) {
        let mut query = sqlx::query_scalar(sql);
        for one in piece {
            query = query
                .bind(one.id)
                .bind(one.project_id)
                .bind(one.job_id)
                .bind(one.backfill_id)
                .bind(one.lane)
                .bind(one.step)
                .bind(one.cycle_at)
                .bind(one.bizdate)
                .bind(one.due_at)
                .bind(i64::from(one.is_dry_run))
                .bind(i64::from(one.is_frozen))
                .bind(one.created_at)
                .bind(one.held as i64);
        }
        let ids: Vec<String> = query.fetch_all(&mut *c).await?;
        made.extend(ids);
    }
    Ok(made)
}
