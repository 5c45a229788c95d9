//! Runs that have been under way for long, for alerts.

use super::Run;
use crate::store::{Connection, StoreResult};

/// Which runs of a project are wanted: those whose latest attempt began in a span.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) project_id: &'a str,
    /// The rule that tells; what it has told of is left out.
    pub(crate) rule_id: &'a str,
    pub(crate) started_from: i64,
    pub(crate) started_to: i64,
}

/// Runs that are under way since a span of time, behind one.
pub(crate) async fn running(
    c: &mut Connection,
    wanted: &Wanted<'_>,
    after: &str,
    limit: i64,
) -> StoreResult<Vec<Run>> {
    let query = sqlx::query_as(
        "SELECT r.* FROM run r WHERE r.project_id = $1 AND r.state = 'running'
            AND r.started_at >= $2 AND r.started_at <= $3 AND r.id > $4
            AND NOT EXISTS (SELECT 1 FROM alert_event e
                WHERE e.rule_id = $5 AND e.event_key = 'overtime/' || r.id || '/' || r.attempt)
         ORDER BY r.id LIMIT $6",
    );
    Ok(query
        .bind(wanted.project_id)
        .bind(wanted.started_from)
        .bind(wanted.started_to)
        .bind(after)
        .bind(wanted.rule_id)
        .bind(limit)
        .fetch_all(c)
        .await?)
}
