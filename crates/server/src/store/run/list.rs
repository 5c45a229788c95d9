//! Lists of the runs of a project.

use super::Run;
use crate::store::{Connection, Page, StoreResult, audit};

/// The kind of nearly all runs; the others are few.
const SCHEDULED: &str = "scheduled";

/// Which runs of a project are wanted; empty texts want all.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) state: String,
    pub(crate) job_id: String,
    pub(crate) kind: String,
    pub(crate) bizdate: String,
    pub(crate) instance_id: String,
    pub(crate) resource_group: String,
    /// The id of the account that asked for them.
    pub(crate) created_by: String,
    /// The number of a run, instead of all that.
    pub(crate) number: Option<i64>,
}

/// Runs that began in a span of time.
#[derive(Clone, Debug)]
pub(crate) struct Started {
    /// Then or later.
    pub(crate) from: i64,
    /// Where the page begins: runs that began before a time, or at that time and have a lesser id.
    pub(crate) before: (i64, String),
}

/// The runs of a project, latest first. The most selective filter has an index that holds the order, too; what
/// is left to be filtered are the runs of one day, of one job, of one account, of one kind or of one group.
pub(crate) async fn list(
    c: &mut Connection,
    project_id: &str,
    filter: &Filter,
    page: &Page,
) -> StoreResult<Vec<Run>> {
    if let Some(number) = filter.number {
        let sql = "SELECT * FROM run WHERE project_id = $1 AND number = $2 AND id < $3";
        let query = sqlx::query_as(sql).bind(project_id).bind(number);
        return Ok(query.bind(audit::before(page)).fetch_all(c).await?);
    }
    let sql = if !filter.instance_id.is_empty() {
        "SELECT * FROM run WHERE project_id = $1 AND instance_id = $2 AND id < $3
            AND ($4 = '' OR state = $4) AND ($5 = '' OR kind = $5) AND ($6 = '' OR bizdate = $6)
            AND ($7 = '' OR job_id = $7) AND ($9 = '' OR resource_group = $9) AND ($10 = '' OR created_by = $10)
            ORDER BY id DESC LIMIT $8"
    } else if !filter.bizdate.is_empty() && !filter.state.is_empty() {
        "SELECT * FROM run WHERE project_id = $1 AND bizdate = $6 AND state = $4 AND id < $3
            AND ($5 = '' OR kind = $5) AND ($7 = '' OR job_id = $7) AND $2 = ''
            AND ($9 = '' OR resource_group = $9) AND ($10 = '' OR created_by = $10)
            ORDER BY id DESC LIMIT $8"
    } else if !filter.bizdate.is_empty() {
        "SELECT * FROM run WHERE project_id = $1 AND bizdate = $6 AND id < $3
            AND ($5 = '' OR kind = $5) AND ($7 = '' OR job_id = $7) AND $2 = '' AND $4 = ''
            AND ($9 = '' OR resource_group = $9) AND ($10 = '' OR created_by = $10)
            ORDER BY id DESC LIMIT $8"
    } else if !filter.job_id.is_empty() && !filter.state.is_empty() {
        "SELECT * FROM run WHERE project_id = $1 AND job_id = $7 AND state = $4 AND id < $3
            AND ($5 = '' OR kind = $5) AND $2 = '' AND $6 = '' AND ($9 = '' OR resource_group = $9) AND ($10 = '' OR created_by = $10)
            ORDER BY id DESC LIMIT $8"
    } else if !filter.job_id.is_empty() {
        "SELECT * FROM run WHERE project_id = $1 AND job_id = $7 AND id < $3
            AND ($5 = '' OR kind = $5) AND $2 = '' AND $4 = '' AND $6 = ''
            AND ($9 = '' OR resource_group = $9) AND ($10 = '' OR created_by = $10)
            ORDER BY id DESC LIMIT $8"
    } else if !filter.created_by.is_empty() {
        "SELECT * FROM run WHERE project_id = $1 AND created_by = $10 AND id < $3
            AND ($4 = '' OR state = $4) AND ($5 = '' OR kind = $5) AND $2 = '' AND $6 = '' AND $7 = ''
            AND ($9 = '' OR resource_group = $9) ORDER BY id DESC LIMIT $8"
    } else if !filter.kind.is_empty() && (filter.kind != SCHEDULED || filter.state.is_empty()) {
        "SELECT * FROM run WHERE project_id = $1 AND kind = $5 AND id < $3
            AND ($4 = '' OR state = $4) AND $2 = '' AND $6 = '' AND $7 = '' AND $10 = ''
            AND ($9 = '' OR resource_group = $9) ORDER BY id DESC LIMIT $8"
    } else if !filter.state.is_empty() {
        "SELECT * FROM run WHERE project_id = $1 AND state = $4 AND id < $3
            AND ($5 = '' OR kind = $5) AND $2 = '' AND $6 = '' AND $7 = '' AND $10 = ''
            AND ($9 = '' OR resource_group = $9) ORDER BY id DESC LIMIT $8"
    } else if !filter.resource_group.is_empty() {
        "SELECT * FROM run WHERE project_id = $1 AND resource_group = $9 AND id < $3
            AND $2 = '' AND $4 = '' AND $5 = '' AND $6 = '' AND $7 = '' AND $10 = '' ORDER BY id DESC LIMIT $8"
    } else {
        "SELECT * FROM run WHERE project_id = $1 AND id < $3
            AND $2 = '' AND $4 = '' AND $5 = '' AND $6 = '' AND $7 = '' AND $9 = '' AND $10 = ''
            ORDER BY id DESC LIMIT $8"
    };
    let query = sqlx::query_as(sql)
        .bind(project_id)
        .bind(&filter.instance_id)
        .bind(audit::before(page))
        .bind(&filter.state)
        .bind(&filter.kind)
        .bind(&filter.bizdate)
        .bind(&filter.job_id)
        .bind(page.limit)
        .bind(&filter.resource_group)
        .bind(&filter.created_by);
    Ok(query.fetch_all(c).await?)
}

/// The runs of a project that began in a span of time, the latest beginning first. An index holds the span and
/// the order; the other filters are looked at run by run.
pub(crate) async fn list_started(
    c: &mut Connection,
    project_id: &str,
    filter: &Filter,
    started: &Started,
    limit: i64,
) -> StoreResult<Vec<Run>> {
    let sql = if filter.job_id.is_empty() {
        "SELECT * FROM run WHERE project_id = $1 AND started_at >= $11 AND (started_at, id) < ($12, $3)
            AND ($2 = '' OR instance_id = $2) AND ($4 = '' OR state = $4) AND ($5 = '' OR kind = $5)
            AND ($6 = '' OR bizdate = $6) AND $7 = '' AND ($9 = '' OR resource_group = $9)
            AND ($10 = '' OR created_by = $10) ORDER BY started_at DESC, id DESC LIMIT $8"
    } else {
        "SELECT * FROM run WHERE project_id = $1 AND job_id = $7 AND started_at >= $11
            AND (started_at, id) < ($12, $3) AND ($2 = '' OR instance_id = $2) AND ($4 = '' OR state = $4)
            AND ($5 = '' OR kind = $5) AND ($6 = '' OR bizdate = $6) AND ($9 = '' OR resource_group = $9)
            AND ($10 = '' OR created_by = $10) ORDER BY started_at DESC, id DESC LIMIT $8"
    };
    let (before, before_id) = &started.before;
    let query = sqlx::query_as(sql)
        .bind(project_id)
        .bind(&filter.instance_id)
        .bind(before_id)
        .bind(&filter.state)
        .bind(&filter.kind)
        .bind(&filter.bizdate)
        .bind(&filter.job_id)
        .bind(limit)
        .bind(&filter.resource_group)
        .bind(&filter.created_by)
        .bind(started.from)
        .bind(before);
    Ok(query.fetch_all(c).await?)
}
