//! Runs: the queue, who holds which run, and how each ended.
//!
//! A run belongs to the server that claimed it last. Every write of a server names the fence of its claim, so
//! a server that was away for longer than its lease changes nothing any more.

use sqlx::{AssertSqlSafe, FromRow};

use super::{Connection, StoreError, StoreResult, changed};

pub(crate) mod list;
pub(crate) mod overtime;
pub(crate) mod progress;
pub(crate) mod removed;
pub(crate) mod takeover;
pub(crate) mod waiting;

/// A row of `run`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) project_id: String,
    pub(crate) number: i64,
    pub(crate) job_id: String,
    pub(crate) job_name: String,
    pub(crate) job_version: i64,
    pub(crate) environment: String,
    pub(crate) kind: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) attempt: i64,
    pub(crate) bizdate: String,
    pub(crate) cycle_at: i64,
    pub(crate) variables: String,
    pub(crate) options: String,
    pub(crate) resource_group: String,
    pub(crate) priority: i64,
    pub(crate) state: String,
    pub(crate) created_by: String,
    pub(crate) queued_at: i64,
    pub(crate) started_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    /// Who holds it, or held it last.
    pub(crate) owner: Option<String>,
    pub(crate) fence: i64,
    pub(crate) stop_requested: i64,
    pub(crate) rows_read: i64,
    pub(crate) rows_written: i64,
    pub(crate) rows_dirty: i64,
    pub(crate) bytes: i64,
    pub(crate) progress: Option<String>,
    pub(crate) report: Option<String>,
    pub(crate) error: Option<String>,
    /// The run whose dirty rows it feeds back.
    pub(crate) origin_id: Option<String>,
    /// Which columns those have, `source` or `target`, or `mendedSource` or `mendedTarget` if somebody sent them.
    pub(crate) row_form: Option<String>,
    /// At most so many rows are read.
    pub(crate) limit_rows: Option<i64>,
}

pub(crate) const QUEUED: &str = "queued";
pub(crate) const RUNNING: &str = "running";
pub(crate) const SUCCEEDED: &str = "succeeded";
pub(crate) const FAILED: &str = "failed";
pub(crate) const STOPPED: &str = "stopped";

/// A run as somebody asks for it.
pub(crate) struct NewRun<'a> {
    pub(crate) id: &'a str,
    pub(crate) project_id: &'a str,
    pub(crate) number: i64,
    pub(crate) job_id: &'a str,
    pub(crate) job_name: &'a str,
    pub(crate) job_version: i64,
    pub(crate) environment: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) instance_id: Option<&'a str>,
    pub(crate) attempt: i64,
    pub(crate) bizdate: &'a str,
    pub(crate) cycle_at: i64,
    pub(crate) variables: &'a str,
    pub(crate) options: &'a str,
    pub(crate) resource_group: &'a str,
    pub(crate) priority: i64,
    pub(crate) created_by: &'a str,
    pub(crate) queued_at: i64,
    /// The run whose dirty rows it feeds back, and which columns they have.
    pub(crate) origin: Option<(&'a str, &'a str)>,
    /// At most so many rows are read.
    pub(crate) limit_rows: Option<i64>,
    /// The data sources that it uses.
    pub(crate) datasources: &'a [String],
}

pub(crate) async fn insert(c: &mut Connection, run: &NewRun<'_>) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO run (id, project_id, number, job_id, job_name, job_version, environment, kind, instance_id,
            attempt, bizdate, cycle_at, variables, options, resource_group, priority, state, created_by, queued_at,
            origin_id, row_form, limit_rows, fence, stop_requested, rows_read, rows_written, rows_dirty, bytes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'queued', $17, $18,
            $19, $20, $21, 0, 0, 0, 0, 0, 0)",
    )
    .bind(run.id)
    .bind(run.project_id)
    .bind(run.number)
    .bind(run.job_id)
    .bind(run.job_name)
    .bind(run.job_version)
    .bind(run.environment)
    .bind(run.kind)
    .bind(run.instance_id)
    .bind(run.attempt)
    .bind(run.bizdate)
    .bind(run.cycle_at)
    .bind(run.variables)
    .bind(run.options)
    .bind(run.resource_group)
    .bind(run.priority)
    .bind(run.created_by)
    .bind(run.queued_at)
    .bind(run.origin.map(|(id, _)| id))
    .bind(run.origin.map(|(_, form)| form))
    .bind(run.limit_rows)
    .execute(&mut *c)
    .await?;
    for datasource in run.datasources {
        sqlx::query(
            "INSERT INTO run_datasource (run_id, project_id, datasource) VALUES ($1, $2, $3)
             ON CONFLICT (run_id, datasource) DO NOTHING",
        )
        .bind(run.id)
        .bind(run.project_id)
        .bind(datasource)
        .execute(&mut *c)
        .await?;
    }
    Ok(())
}

pub(crate) async fn find(
    c: &mut Connection,
    project_id: &str,
    id: &str,
) -> StoreResult<Option<Run>> {
    let query = sqlx::query_as("SELECT * FROM run WHERE id = $1 AND project_id = $2");
    Ok(query.bind(id).bind(project_id).fetch_optional(c).await?)
}

/// The runs that feed the dirty rows of a run back, latest first, at most `limit`.
pub(crate) async fn replays(
    c: &mut Connection,
    origin_id: &str,
    limit: i64,
) -> StoreResult<Vec<Run>> {
    let query = sqlx::query_as("SELECT * FROM run WHERE origin_id = $1 ORDER BY id DESC LIMIT $2");
    Ok(query.bind(origin_id).bind(limit).fetch_all(c).await?)
}

/// Lets others who lock the same run wait until the transaction ends.
pub(crate) async fn lock(c: &mut Connection, id: &str) -> StoreResult<()> {
    let query = sqlx::query("UPDATE run SET fence = fence WHERE id = $1");
    changed(&query.bind(id).execute(c).await?)
}

/// Who claims a run, and until when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease<'a> {
    pub(crate) owner: &'a str,
    pub(crate) now: i64,
    pub(crate) until: i64,
}

/// Claims a run that nobody has claimed since `fence` was read; returns it with its new fence.
pub(crate) async fn claim(
    c: &mut Connection,
    id: &str,
    fence: i64,
    lease: Lease<'_>,
) -> StoreResult<Option<Run>> {
    let query = sqlx::query_as(
        "UPDATE run SET state = 'running', owner = $1, lease_until = $2, fence = fence + 1,
            started_at = coalesce(started_at, $3)
         WHERE id = $4 AND fence = $5 AND state IN ('queued', 'running') RETURNING *",
    );
    let query = query.bind(lease.owner).bind(lease.until).bind(lease.now);
    Ok(query.bind(id).bind(fence).fetch_optional(c).await?)
}

/// What a server holds of a run.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) id: String,
    pub(crate) fence: i64,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) rows_read: i64,
    pub(crate) rows_written: i64,
    pub(crate) rows_dirty: i64,
    pub(crate) bytes: i64,
    /// The time that tasks took in this process, summed over channels, and what of it they waited.
    pub(crate) task_ms: i64,
    pub(crate) wait_reader_ms: i64,
    pub(crate) wait_writer_ms: i64,
}

/// Renews a claim and notes the progress; tells whether the run is to stop, or `None` if it was lost.
pub(crate) async fn renew(
    c: &mut Connection,
    held: &Held,
    until: i64,
    figures: Figures,
    progress: &str,
) -> StoreResult<Option<bool>> {
    let query = sqlx::query_scalar(
        "UPDATE run SET lease_until = $1, rows_read = $2, rows_written = $3, rows_dirty = $4, bytes = $5,
            progress = $6 WHERE id = $7 AND fence = $8 AND state = 'running' RETURNING stop_requested",
    );
    let stop: Option<i64> = query
        .bind(until)
        .bind(figures.rows_read)
        .bind(figures.rows_written)
        .bind(figures.rows_dirty)
        .bind(figures.bytes)
        .bind(progress)
        .bind(&held.id)
        .bind(held.fence)
        .fetch_optional(c)
        .await?;
    Ok(stop.map(|stop| stop != 0))
}

/// How a run ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End<'a> {
    pub(crate) state: &'static str,
    pub(crate) at: i64,
    pub(crate) figures: Figures,
    /// How far it was; what was noted last unless said.
    pub(crate) progress: Option<&'a str>,
    pub(crate) report: Option<&'a str>,
    pub(crate) error: Option<&'a str>,
}

/// Ends a run that is still held; returns its state. One that fails while it is stopped is stopped.
pub(crate) async fn finish(c: &mut Connection, held: &Held, end: &End<'_>) -> StoreResult<String> {
    let query = sqlx::query_scalar(
        "UPDATE run SET state = CASE WHEN $1 = 'failed' AND stop_requested = 1 THEN 'stopped' ELSE $1 END,
            ended_at = $2, lease_until = NULL, rows_read = $3, rows_written = $4, rows_dirty = $5,
            bytes = $6, report = $7, error = $8, progress = coalesce($9, progress)
         WHERE id = $10 AND fence = $11 AND state = 'running' RETURNING state",
    );
    let state: Option<String> = query
        .bind(end.state)
        .bind(end.at)
        .bind(end.figures.rows_read)
        .bind(end.figures.rows_written)
        .bind(end.figures.rows_dirty)
        .bind(end.figures.bytes)
        .bind(end.report)
        .bind(end.error)
        .bind(end.progress)
        .bind(&held.id)
        .bind(held.fence)
        .fetch_optional(c)
        .await?;
    state.ok_or(StoreError::Changed)
}

/// Gives a run back to the queue, for the server that comes next.
pub(crate) async fn hand_over(c: &mut Connection, held: &Held) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE run SET state = 'queued', owner = NULL, lease_until = NULL
         WHERE id = $1 AND fence = $2 AND state = 'running'",
    );
    changed(&query.bind(&held.id).bind(held.fence).execute(c).await?)
}

/// Asks for a run to stop; one that has not begun stops at once. `Changed` if it has ended.
pub(crate) async fn stop(c: &mut Connection, id: &str, now: i64) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE run SET stop_requested = 1,
            ended_at = CASE state WHEN 'queued' THEN $1 ELSE ended_at END,
            state = CASE state WHEN 'queued' THEN 'stopped' ELSE state END
         WHERE id = $2 AND state IN ('queued', 'running')",
    );
    changed(&query.bind(now).bind(id).execute(c).await?)
}

/// Puts a failed or stopped run back into the queue, where it goes on as its ledger says.
pub(crate) async fn resume(c: &mut Connection, id: &str, now: i64) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE run SET state = 'queued', owner = NULL, queued_at = $1, started_at = NULL, ended_at = NULL, stop_requested = 0,
            attempt = attempt + 1, error = NULL, report = NULL, takeovers = 0
         WHERE id = $2 AND state IN ('failed', 'stopped')",
    );
    changed(&query.bind(now).bind(id).execute(c).await?)
}

/// Says that a failed or stopped run is to count as succeeded.
pub(crate) async fn mark_succeeded(c: &mut Connection, id: &str) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE run SET state = 'succeeded' WHERE id = $1 AND state IN ('failed', 'stopped')",
    );
    changed(&query.bind(id).execute(c).await?)
}

/// The events of a run's ledger, in order.
pub(crate) async fn events(c: &mut Connection, run_id: &str) -> StoreResult<Vec<String>> {
    let query = sqlx::query_scalar("SELECT event FROM run_event WHERE run_id = $1 ORDER BY number");
    Ok(query.bind(run_id).fetch_all(c).await?)
}

/// Adds events to the ledger of a run that is still held, and that nobody else claims until the transaction ends; the
/// first has the number `first`. The same ones may be added again, since the answer to the first time may have been
/// lost; `Changed` if another one stands in the place of one.
pub(crate) async fn add_events(
    c: &mut Connection,
    held: &Held,
    first: i64,
    events: &[String],
) -> StoreResult<()> {
    for (number, event) in (first..).zip(events) {
        add_event(c, held, number, event).await?;
    }
    Ok(())
}

pub(crate) async fn add_event(
    c: &mut Connection,
    held: &Held,
    number: i64,
    event: &str,
) -> StoreResult<()> {
    // A single statement, because each copy of a few rows has eight events. SQLite has one writer and no such lock.
    let lock = match c.backend_name() {
        "PostgreSQL" => "FOR NO KEY UPDATE",
        _ => "",
    };
    let query = sqlx::query(AssertSqlSafe(format!(
        "INSERT INTO run_event (run_id, number, event)
         SELECT id, $2, $3 FROM run WHERE id = $1 AND fence = $4 AND state = 'running' {lock}
         ON CONFLICT (run_id, number) DO NOTHING"
    )));
    let query = query.bind(&held.id).bind(number).bind(event);
    if query
        .bind(held.fence)
        .execute(&mut *c)
        .await?
        .rows_affected()
        == 1
    {
        return Ok(());
    }
    let query = sqlx::query_scalar(
        "SELECT e.event FROM run_event e JOIN run r ON r.id = e.run_id
         WHERE r.id = $1 AND e.number = $2 AND r.fence = $3 AND r.state = 'running'",
    );
    let query = query.bind(&held.id).bind(number).bind(held.fence);
    let known: Option<String> = query.fetch_optional(c).await?;
    match known.as_deref() == Some(event) {
        true => Ok(()),
        false => Err(StoreError::Changed),
    }
}
