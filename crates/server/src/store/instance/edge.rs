//! Edges: what instances wait for, by job and cycle, within one backfill or outside of all.

use std::sync::LazyLock;

use sqlx::FromRow;

use super::{Instance, ListedInstance};
use crate::store::rows::{ROWS, pieces, values};
use crate::store::{Connection, StoreResult};

/// An edge as it is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewEdge<'a> {
    pub(crate) instance_id: &'a str,
    pub(crate) upstream_job_id: &'a str,
    pub(crate) upstream_cycle_at: i64,
}

/// Inserts as many edges as `rows` says.
fn insertion(rows: usize) -> String {
    format!(
        "INSERT INTO instance_edge (instance_id, upstream_job_id, upstream_cycle_at) VALUES {}
         ON CONFLICT (instance_id, upstream_job_id, upstream_cycle_at) DO NOTHING",
        values(rows, "($1, $2, $3)")
    )
}

static ONE: LazyLock<String> = LazyLock::new(|| insertion(1));
static MANY: LazyLock<String> = LazyLock::new(|| insertion(ROWS));

/// Makes edges; one that exists stays.
pub(crate) async fn insert_all(c: &mut Connection, edges: &[NewEdge<'_>]) -> StoreResult<()> {
    for (sql, piece) in pieces(edges, &ONE, &MANY) {
        let mut query = sqlx::query(sql);
        for one in piece {
            query = query
                .bind(one.instance_id)
                .bind(one.upstream_job_id)
                .bind(one.upstream_cycle_at);
        }
        query.execute(&mut *c).await?;
    }
    Ok(())
}

/// Deletes what an instance waits for of a job, except for instances of cycles before `begins`.
pub(crate) async fn delete_unmade(
    c: &mut Connection,
    instance_id: &str,
    upstream_job_id: &str,
    begins: i64,
) -> StoreResult<()> {
    let query = sqlx::query(
        "DELETE FROM instance_edge WHERE instance_id = $1 AND upstream_job_id = $2
            AND (upstream_cycle_at >= $3 OR NOT EXISTS (SELECT 1 FROM instance u
                WHERE u.job_id = instance_edge.upstream_job_id AND u.cycle_at = instance_edge.upstream_cycle_at
                    AND u.backfill_id = ''))",
    );
    let query = query.bind(instance_id).bind(upstream_job_id);
    query.bind(begins).execute(c).await?;
    Ok(())
}

/// One end of an edge. The instance may not be made yet, or never be.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Neighbour {
    pub(crate) job_id: String,
    /// Empty if the job is gone.
    pub(crate) job_name: String,
    pub(crate) cycle_at: i64,
    pub(crate) instance_id: Option<String>,
    pub(crate) state: Option<String>,
    /// The first day without instances; nothing if the schedule is gone.
    pub(crate) generated_until: Option<i64>,
}

/// What an instance waits for, at most `limit`.
pub(crate) async fn upstream(
    c: &mut Connection,
    instance: &Instance,
    limit: i64,
) -> StoreResult<Vec<Neighbour>> {
    let query = sqlx::query_as(
        "SELECT e.upstream_job_id AS job_id, coalesce(j.name, '') AS job_name, e.upstream_cycle_at AS cycle_at,
            u.id AS instance_id, u.state, s.generated_until
         FROM instance_edge e LEFT JOIN job j ON j.id = e.upstream_job_id
            LEFT JOIN schedule s ON s.job_id = e.upstream_job_id
            LEFT JOIN instance u ON u.job_id = e.upstream_job_id AND u.cycle_at = e.upstream_cycle_at
                AND u.backfill_id = $2
         WHERE e.instance_id = $1 ORDER BY e.upstream_job_id, e.upstream_cycle_at LIMIT $3",
    );
    Ok(query
        .bind(&instance.id)
        .bind(&instance.backfill_id)
        .bind(limit)
        .fetch_all(c)
        .await?)
}

/// The instances that wait for this one, behind a given one, at most `limit`.
pub(crate) async fn downstream(
    c: &mut Connection,
    instance: &Instance,
    after: &str,
    limit: i64,
) -> StoreResult<Vec<ListedInstance>> {
    let query = sqlx::query_as(
        "SELECT i.*, j.name AS job_name FROM instance_edge e JOIN instance i ON i.id = e.instance_id
            JOIN job j ON j.id = i.job_id
         WHERE e.upstream_job_id = $1 AND e.upstream_cycle_at = $2 AND i.backfill_id = $3
            AND i.id > $5 ORDER BY i.id LIMIT $4",
    );
    Ok(query
        .bind(&instance.job_id)
        .bind(instance.cycle_at)
        .bind(&instance.backfill_id)
        .bind(limit)
        .bind(after)
        .fetch_all(c)
        .await?)
}
