//! Instances: the cycles of jobs, what each waits for, and how each ended.
//!
//! Every change names the state that it changes, so that of two servers one wins.

use std::ops::Range;

use sqlx::FromRow;

use super::{Connection, Page, StoreResult, audit, changed};

pub(crate) mod blocked;
pub(crate) mod edge;
mod insertion;
pub(crate) mod late;
pub(crate) mod missed;
pub(crate) mod old;

pub(crate) use insertion::{NewInstance, insert_all};

use missed::Interval;

/// A row of `instance`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) project_id: String,
    pub(crate) job_id: String,
    /// Empty outside of backfills.
    pub(crate) backfill_id: String,
    /// In a backfill, the row of days that it stands in, and its day's place in it.
    pub(crate) lane: i64,
    pub(crate) step: i64,
    /// The scheduled time on the wall, which names the cycle.
    pub(crate) cycle_at: i64,
    pub(crate) bizdate: String,
    pub(crate) due_at: i64,
    /// When it is to run: the time it is due, or that of its next attempt.
    pub(crate) release_at: i64,
    pub(crate) state: String,
    pub(crate) is_dry_run: i64,
    pub(crate) is_frozen: i64,
    /// It came due while no server ran, and is caught up with.
    pub(crate) is_missed: i64,
    /// Its latest run.
    pub(crate) run_id: Option<String>,
    /// Runs so far.
    pub(crate) attempts: i64,
    /// How many of them it was repeated by itself, since somebody asked for it last.
    pub(crate) retries: i64,
    pub(crate) message: String,
    pub(crate) created_at: i64,
    pub(crate) started_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
}

pub(crate) const WAITING: &str = "waiting";
pub(crate) const QUEUED: &str = "queued";
pub(crate) const RUNNING: &str = "running";
pub(crate) const SUCCEEDED: &str = "succeeded";
pub(crate) const FAILED: &str = "failed";
pub(crate) const STOPPED: &str = "stopped";
pub(crate) const SKIPPED: &str = "skipped";

/// The cycles of a job that have instances outside of backfills, within a range, in order.
pub(crate) async fn cycles(
    c: &mut Connection,
    job_id: &str,
    range: Range<i64>,
) -> StoreResult<Vec<i64>> {
    let query = sqlx::query_scalar(
        "SELECT cycle_at FROM instance WHERE job_id = $1 AND cycle_at >= $2 AND cycle_at < $3
            AND backfill_id = '' ORDER BY cycle_at",
    );
    let query = query.bind(job_id).bind(range.start).bind(range.end);
    Ok(query.fetch_all(c).await?)
}

/// The last cycle of a job before a time that has an instance outside of backfills.
pub(crate) async fn last_cycle(
    c: &mut Connection,
    job_id: &str,
    before: i64,
) -> StoreResult<Option<i64>> {
    let query = sqlx::query_scalar(
        "SELECT cycle_at FROM instance WHERE job_id = $1 AND cycle_at < $2 AND backfill_id = ''
         ORDER BY cycle_at DESC LIMIT 1",
    );
    Ok(query.bind(job_id).bind(before).fetch_optional(c).await?)
}

/// The cycles of a job that [`delete_ahead`] would delete, and that are frozen.
pub(crate) async fn frozen_ahead(
    c: &mut Connection,
    job_id: &str,
    due_from: i64,
) -> StoreResult<Vec<i64>> {
    let query = sqlx::query_scalar(
        "SELECT cycle_at FROM instance WHERE job_id = $1 AND state = 'waiting' AND due_at >= $2
            AND backfill_id = '' AND attempts = 0 AND is_frozen = 1",
    );
    Ok(query.bind(job_id).bind(due_from).fetch_all(c).await?)
}

/// Freezes the instance of a cycle outside of backfills, if there is one that waits.
pub(crate) async fn freeze_cycle(
    c: &mut Connection,
    job_id: &str,
    cycle_at: i64,
) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE instance SET is_frozen = 1 WHERE job_id = $1 AND cycle_at = $2 AND backfill_id = ''
            AND state = 'waiting'",
    );
    query.bind(job_id).bind(cycle_at).execute(c).await?;
    Ok(())
}

/// An instance with the name of its job.
pub(crate) async fn find_listed(
    c: &mut Connection,
    project_id: &str,
    id: &str,
) -> StoreResult<Option<ListedInstance>> {
    let query = sqlx::query_as(
        "SELECT i.*, j.name AS job_name FROM instance i JOIN job j ON j.id = i.job_id
         WHERE i.id = $1 AND i.project_id = $2",
    );
    Ok(query.bind(id).bind(project_id).fetch_optional(c).await?)
}

/// The instance that a run is the latest run of.
pub(crate) async fn of_run(
    c: &mut Connection,
    id: &str,
    run_id: &str,
) -> StoreResult<Option<Instance>> {
    let query = sqlx::query_as("SELECT * FROM instance WHERE id = $1 AND run_id = $2");
    Ok(query.bind(id).bind(run_id).fetch_optional(c).await?)
}

/// An instance with the name of its job.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct ListedInstance {
    #[sqlx(flatten)]
    pub(crate) instance: Instance,
    pub(crate) job_name: String,
}

/// Which instances of a project are wanted; empty texts want all.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) state: String,
    pub(crate) job_id: String,
    pub(crate) bizdate: String,
    pub(crate) backfill_id: String,
}

/// The instances of a project, latest first. Each of the most selective filters has an index of its own.
pub(crate) async fn list(
    c: &mut Connection,
    project_id: &str,
    filter: &Filter,
    page: &Page,
) -> StoreResult<Vec<ListedInstance>> {
    let sql = if !filter.backfill_id.is_empty() {
        "SELECT i.*, j.name AS job_name FROM instance i JOIN job j ON j.id = i.job_id
         WHERE i.project_id = $1 AND i.backfill_id = $2 AND i.id < $3 AND ($4 = '' OR i.state = $4)
            AND ($5 = '' OR i.bizdate = $5) AND ($6 = '' OR i.job_id = $6) ORDER BY i.id DESC LIMIT $7"
    } else if !filter.bizdate.is_empty() && !filter.state.is_empty() {
        "SELECT i.*, j.name AS job_name FROM instance i JOIN job j ON j.id = i.job_id
         WHERE i.project_id = $1 AND i.bizdate = $5 AND i.state = $4 AND i.id < $3
            AND ($6 = '' OR i.job_id = $6) AND $2 = '' ORDER BY i.id DESC LIMIT $7"
    } else if !filter.bizdate.is_empty() {
        "SELECT i.*, j.name AS job_name FROM instance i JOIN job j ON j.id = i.job_id
         WHERE i.project_id = $1 AND i.bizdate = $5 AND i.id < $3
            AND ($6 = '' OR i.job_id = $6) AND $2 = '' AND $4 = '' ORDER BY i.id DESC LIMIT $7"
    } else if !filter.job_id.is_empty() && !filter.state.is_empty() {
        "SELECT i.*, j.name AS job_name FROM instance i JOIN job j ON j.id = i.job_id
         WHERE i.project_id = $1 AND i.job_id = $6 AND i.state = $4 AND i.id < $3
            AND $2 = '' AND $5 = '' ORDER BY i.id DESC LIMIT $7"
    } else if !filter.job_id.is_empty() {
        "SELECT i.*, j.name AS job_name FROM instance i JOIN job j ON j.id = i.job_id
         WHERE i.project_id = $1 AND i.job_id = $6 AND i.id < $3
            AND $2 = '' AND $4 = '' AND $5 = '' ORDER BY i.id DESC LIMIT $7"
    } else if !filter.state.is_empty() {
        "SELECT i.*, j.name AS job_name FROM instance i JOIN job j ON j.id = i.job_id
         WHERE i.project_id = $1 AND i.state = $4 AND i.id < $3
            AND $2 = '' AND $5 = '' AND $6 = '' ORDER BY i.id DESC LIMIT $7"
    } else {
        "SELECT i.*, j.name AS job_name FROM instance i JOIN job j ON j.id = i.job_id
         WHERE i.project_id = $1 AND i.id < $3
            AND $2 = '' AND $4 = '' AND $5 = '' AND $6 = '' ORDER BY i.id DESC LIMIT $7"
    };
    let query = sqlx::query_as(sql)
        .bind(project_id)
        .bind(&filter.backfill_id)
        .bind(audit::before(page))
        .bind(&filter.state)
        .bind(&filter.bizdate)
        .bind(&filter.job_id)
        .bind(page.limit);
    Ok(query.fetch_all(c).await?)
}

/// When the next instance of a job that waits is due.
pub(crate) async fn next_due(
    c: &mut Connection,
    job_id: &str,
    now: i64,
) -> StoreResult<Option<i64>> {
    let query = sqlx::query_scalar(
        "SELECT min(due_at) FROM instance WHERE job_id = $1 AND state = 'waiting' AND due_at > $2
            AND backfill_id = ''",
    );
    Ok(query.bind(job_id).bind(now).fetch_one(c).await?)
}

/// Deletes the instances of a job that have not begun and are due at a time or later.
pub(crate) async fn delete_ahead(
    c: &mut Connection,
    job_id: &str,
    due_from: i64,
) -> StoreResult<()> {
    let query = sqlx::query(
        "DELETE FROM instance WHERE job_id = $1 AND state = 'waiting' AND due_at >= $2
            AND backfill_id = '' AND attempts = 0",
    );
    query.bind(job_id).bind(due_from).execute(c).await?;
    Ok(())
}

/// The instances of a job outside of backfills that wait for a day or a later one.
pub(crate) async fn waiting_from(
    c: &mut Connection,
    job_id: &str,
    cycle_from: i64,
) -> StoreResult<Vec<Instance>> {
    let query = sqlx::query_as(
        "SELECT * FROM instance WHERE job_id = $1 AND state = 'waiting' AND cycle_at >= $2 AND backfill_id = ''",
    );
    Ok(query.bind(job_id).bind(cycle_from).fetch_all(c).await?)
}

/// Instances that are due, wait for nothing else, and come behind a given one. What was missed in an interval, and
/// is not decided about yet, is not due.
///
/// What is frozen, held or blocked is in no index that this reads, so a tick costs no more for it. That it is held or
/// blocked only spares looking: whether its schedule is paused, and what it waits for, is asked here all the same.
pub(crate) async fn due(
    c: &mut Connection,
    now: i64,
    undecided: Option<Interval>,
    after: Option<&Instance>,
    limit: i64,
) -> StoreResult<Vec<Instance>> {
    let undecided = undecided.unwrap_or(Interval { from: 0, to: 0 });
    let (release_at, id) = after.map_or((i64::MIN, ""), |row| (row.release_at, row.id.as_str()));
    let query = sqlx::query_as(
        "SELECT i.* FROM instance i
         WHERE i.state = 'waiting' AND i.is_frozen = 0 AND i.is_held = 0 AND i.is_blocked = 0
            AND i.release_at <= $1 AND i.release_at >= $2 AND (i.release_at > $2 OR i.id > $3)
            AND NOT (i.release_at > $5 AND i.release_at <= $6 AND i.due_at = i.release_at AND i.backfill_id = ''
                AND i.attempts = 0 AND i.is_dry_run = 0 AND i.is_missed = 0)
            AND (i.backfill_id <> '' OR NOT EXISTS
                (SELECT 1 FROM schedule s WHERE s.job_id = i.job_id AND s.state = 'paused'))
            AND (i.backfill_id = '' OR (
                EXISTS (SELECT 1 FROM backfill b WHERE b.id = i.backfill_id AND b.state = 'running')
                AND NOT EXISTS (SELECT 1 FROM instance o WHERE o.backfill_id = i.backfill_id AND o.lane = i.lane
                    AND o.step = i.step - 1 AND o.state NOT IN ('succeeded', 'skipped'))))
            AND NOT EXISTS (SELECT 1 FROM instance_edge e
                LEFT JOIN instance u ON u.job_id = e.upstream_job_id AND u.cycle_at = e.upstream_cycle_at
                    AND u.backfill_id = i.backfill_id
                WHERE e.instance_id = i.id AND ((u.state <> 'succeeded'
                        AND NOT (u.state = 'skipped' AND u.job_id = i.job_id))
                    OR (u.id IS NULL AND i.backfill_id = '' AND EXISTS (SELECT 1 FROM schedule s
                        WHERE s.job_id = e.upstream_job_id AND s.generated_until <= e.upstream_cycle_at))))
         ORDER BY i.release_at, i.id LIMIT $4",
    );
    Ok(query
        .bind(now)
        .bind(release_at)
        .bind(id)
        .bind(limit)
        .bind(undecided.from)
        .bind(undecided.to)
        .fetch_all(c)
        .await?)
}

/// Where instances are under way outside of backfills: job, whether they are caught up with, how many.
///
/// Nearly all instances are outside of backfills, so an index of that must not be what finds them.
pub(crate) async fn active(c: &mut Connection) -> StoreResult<Vec<(String, i64, i64)>> {
    let query = sqlx::query_as(
        "SELECT job_id, is_missed, count(*) FROM instance
         WHERE state IN ('queued', 'running') AND backfill_id || '' = '' GROUP BY job_id, is_missed",
    );
    Ok(query.fetch_all(c).await?)
}

/// The runs under way of a job's instances outside of backfills.
pub(crate) async fn active_of_job(c: &mut Connection, job_id: &str) -> StoreResult<Vec<Instance>> {
    let query = sqlx::query_as(
        "SELECT * FROM instance WHERE job_id = $1 AND state IN ('queued', 'running') AND backfill_id = ''",
    );
    Ok(query.bind(job_id).fetch_all(c).await?)
}

/// Whether the day before an instance's in its backfill has not succeeded.
pub(crate) async fn waits_for_earlier_day(c: &mut Connection, row: &Instance) -> StoreResult<bool> {
    let query = sqlx::query_scalar(
        "SELECT count(*) FROM instance WHERE backfill_id = $1 AND lane = $2 AND step = $3
            AND state NOT IN ('succeeded', 'skipped')",
    );
    let query = query
        .bind(&row.backfill_id)
        .bind(row.lane)
        .bind(row.step - 1);
    let count: i64 = query.fetch_one(c).await?;
    Ok(count > 0)
}

/// Takes a waiting instance to be run; tells whether nobody else has.
pub(crate) async fn queue(c: &mut Connection, id: &str) -> StoreResult<bool> {
    let query = sqlx::query(
        "UPDATE instance SET state = 'queued', attempts = attempts + 1, message = '', started_at = NULL,
            ended_at = NULL, run_id = NULL WHERE id = $1 AND state = 'waiting' AND is_frozen = 0",
    );
    Ok(query.bind(id).execute(c).await?.rows_affected() == 1)
}

/// Notes the run of an instance that was queued.
pub(crate) async fn set_run(c: &mut Connection, id: &str, run_id: &str) -> StoreResult<()> {
    let query = sqlx::query("UPDATE instance SET run_id = $1 WHERE id = $2 AND state = 'queued'");
    changed(&query.bind(run_id).bind(id).execute(c).await?)
}

/// Notes that the run of an instance has begun.
pub(crate) async fn begun(c: &mut Connection, id: &str, run_id: &str, at: i64) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE instance SET state = 'running', started_at = coalesce(started_at, $1)
         WHERE id = $2 AND run_id = $3 AND state = 'queued'",
    );
    query.bind(at).bind(id).bind(run_id).execute(c).await?;
    Ok(())
}

/// A change of an instance that is in one of the states.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move<'a> {
    pub(crate) id: &'a str,
    pub(crate) from: &'a [&'static str],
    pub(crate) to: &'static str,
    pub(crate) at: i64,
    pub(crate) message: &'a str,
}

/// Ends an instance; tells whether it was in one of the states.
pub(crate) async fn end(c: &mut Connection, step: Move<'_>) -> StoreResult<bool> {
    let state = |place: usize| step.from.get(place).copied().unwrap_or_default();
    let query = sqlx::query(
        "UPDATE instance SET state = $1, ended_at = $2, message = $3
         WHERE id = $4 AND state IN ($5, $6, $7, $8, $9)",
    )
    .bind(step.to)
    .bind(step.at)
    .bind(step.message)
    .bind(step.id)
    .bind(state(0))
    .bind(state(1))
    .bind(state(2))
    .bind(state(3))
    .bind(state(4));
    Ok(query.execute(c).await?.rows_affected() == 1)
}

/// Lets a failed instance wait for another attempt by itself.
pub(crate) async fn retry(
    c: &mut Connection,
    id: &str,
    release_at: i64,
    message: &str,
) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE instance SET state = 'waiting', release_at = $1, retries = retries + 1, message = $2, is_held = 0
         WHERE id = $3 AND state IN ('queued', 'running')",
    );
    query
        .bind(release_at)
        .bind(message)
        .bind(id)
        .execute(c)
        .await?;
    Ok(())
}

/// Lets an instance that has ended wait again; tells whether it had ended.
pub(crate) async fn rerun(c: &mut Connection, id: &str, now: i64) -> StoreResult<bool> {
    let query = sqlx::query(
        "UPDATE instance SET state = 'waiting', release_at = $1, retries = 0, message = '', is_missed = 0,
            started_at = NULL, ended_at = NULL, is_held = 0, is_blocked = 0
         WHERE id = $2 AND state IN ('succeeded', 'failed', 'stopped', 'skipped')",
    );
    let result = query.bind(now).bind(id).execute(&mut *c).await?;
    blocked::clear_behind(c, id).await?;
    Ok(result.rows_affected() == 1)
}

/// Lets a waiting instance go on with its latest run, which is resumed; tells whether nobody else has taken it.
pub(crate) async fn queue_again(c: &mut Connection, id: &str, run_id: &str) -> StoreResult<bool> {
    let query = sqlx::query(
        "UPDATE instance SET state = 'queued', message = '', started_at = NULL, ended_at = NULL
         WHERE id = $1 AND run_id = $2 AND state = 'waiting' AND is_frozen = 0",
    );
    let result = query.bind(id).bind(run_id).execute(c).await?;
    Ok(result.rows_affected() == 1)
}

/// Lets an instance go on with its latest run, which is resumed; tells whether it can.
pub(crate) async fn resume(c: &mut Connection, id: &str, run_id: &str) -> StoreResult<bool> {
    let query = sqlx::query(
        "UPDATE instance SET state = 'queued', message = '', started_at = NULL, ended_at = NULL
         WHERE id = $1 AND run_id = $2 AND state IN ('failed', 'stopped', 'waiting')",
    );
    let result = query.bind(id).bind(run_id).execute(c).await?;
    Ok(result.rows_affected() == 1)
}

/// Holds what waits of a job outside of backfills, or lets it take its turn again. Whoever does so has locked the
/// job's schedule, and so has whoever makes instances of it.
pub(crate) async fn hold(c: &mut Connection, job_id: &str, held: Hold) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE instance SET is_held = $1 WHERE job_id = $2 AND state = 'waiting' AND backfill_id = ''
            AND is_held <> $1",
    );
    query.bind(held as i64).bind(job_id).execute(c).await?;
    Ok(())
}

/// The same for what waits of a backfill, which is locked.
pub(crate) async fn hold_backfill(
    c: &mut Connection,
    backfill_id: &str,
    held: Hold,
) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE instance SET is_held = $1 WHERE backfill_id = $2 AND state = 'waiting' AND is_held <> $1",
    );
    query.bind(held as i64).bind(backfill_id).execute(c).await?;
    Ok(())
}

/// Whether instances are looked at when it is their turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub(crate) enum Hold {
    Free = 0,
    Held = 1,
}

/// Keeps an instance that waits from running; tells whether it was not kept already.
pub(crate) async fn freeze(c: &mut Connection, id: &str) -> StoreResult<bool> {
    let query = sqlx::query(
        "UPDATE instance SET is_frozen = 1 WHERE id = $1 AND state = 'waiting' AND is_frozen = 0",
    );
    Ok(query.bind(id).execute(c).await?.rows_affected() == 1)
}

/// Lets a frozen instance run; tells whether it was frozen.
pub(crate) async fn unfreeze(c: &mut Connection, id: &str) -> StoreResult<bool> {
    let query = sqlx::query(
        "UPDATE instance SET is_frozen = 0 WHERE id = $1 AND state = 'waiting' AND is_frozen = 1",
    );
    Ok(query.bind(id).execute(c).await?.rows_affected() == 1)
}
