//! Instances that have not succeeded although they are due, for alerts.

use sqlx::FromRow;

use super::super::{Connection, StoreResult};

/// An instance that is not done.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Unfinished {
    pub(crate) id: String,
    pub(crate) job_id: String,
    pub(crate) job_name: String,
    pub(crate) cycle_at: i64,
    pub(crate) bizdate: String,
    pub(crate) due_at: i64,
    pub(crate) state: String,
    pub(crate) run_id: Option<String>,
    pub(crate) message: String,
}

/// Which instances are wanted: of a project or, if `job_id` is not empty, of one job of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) project_id: &'a str,
    pub(crate) job_id: &'a str,
    /// The rule that tells; what it has told of is left out.
    pub(crate) rule_id: &'a str,
    pub(crate) due_from: i64,
    pub(crate) due_to: i64,
}

/// Instances outside of backfills that came due in a span, are not frozen and have not succeeded, behind one.
pub(crate) async fn unfinished(
    c: &mut Connection,
    wanted: &Wanted<'_>,
    after: &str,
    limit: i64,
) -> StoreResult<Vec<Unfinished>> {
    let sql = match wanted.job_id {
        "" => {
            "SELECT i.id, i.job_id, j.name AS job_name, i.cycle_at, i.bizdate, i.due_at, i.state, i.run_id, i.message
             FROM schedule s JOIN instance i ON i.job_id = s.job_id JOIN job j ON j.id = i.job_id
             WHERE s.project_id = $1 AND i.state IN ('waiting', 'queued', 'running', 'failed', 'stopped')
                AND i.due_at >= $3 AND i.due_at <= $4 AND i.backfill_id = '' AND i.is_frozen = 0 AND i.id > $6
                AND $2 = '' AND NOT EXISTS (SELECT 1 FROM alert_event e
                    WHERE e.rule_id = $5 AND e.event_key = 'late/' || i.id)
             ORDER BY i.id LIMIT $7"
        }
        _ => {
            "SELECT i.id, i.job_id, j.name AS job_name, i.cycle_at, i.bizdate, i.due_at, i.state, i.run_id, i.message
             FROM instance i JOIN job j ON j.id = i.job_id
             WHERE i.project_id = $1 AND i.job_id = $2
                AND i.state IN ('waiting', 'queued', 'running', 'failed', 'stopped')
                AND i.due_at >= $3 AND i.due_at <= $4 AND i.backfill_id = '' AND i.is_frozen = 0 AND i.id > $6
                AND NOT EXISTS (SELECT 1 FROM alert_event e
                    WHERE e.rule_id = $5 AND e.event_key = 'late/' || i.id)
             ORDER BY i.id LIMIT $7"
        }
    };
    let query = sqlx::query_as(sql)
        .bind(wanted.project_id)
        .bind(wanted.job_id)
        .bind(wanted.due_from)
        .bind(wanted.due_to)
        .bind(wanted.rule_id)
        .bind(after)
        .bind(limit);
    Ok(query.fetch_all(c).await?)
}
