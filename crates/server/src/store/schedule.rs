//! Schedules: the rule of a job as it is edited, and as it was submitted.
//!
//! A job has at most one, so its id names both.

use sqlx::FromRow;

use super::{Connection, Page, StoreResult, changed, containing, read_json};
use crate::schedule::rule::Schedule as Rule;

/// A row of `schedule`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Schedule {
    pub(crate) job_id: String,
    pub(crate) project_id: String,
    /// As it is edited.
    pub(crate) rule: String,
    /// As they are edited.
    pub(crate) dependencies: String,
    /// What instances are made by.
    pub(crate) submitted_rule: Option<String>,
    pub(crate) submitted_by: Option<String>,
    pub(crate) submitted_at: Option<i64>,
    /// `draft`, `active` or `paused`.
    pub(crate) state: String,
    /// Why it is paused.
    pub(crate) reason: String,
    pub(crate) paused_at: Option<i64>,
    /// The first day without instances, as the microseconds of its midnight on the wall.
    pub(crate) generated_until: i64,
    /// When that day gets its instances.
    pub(crate) generate_at: i64,
    pub(crate) created_by: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) revision: i64,
    /// The dependencies that were submitted with the rule.
    pub(crate) submitted_dependencies: Option<String>,
}

pub(crate) const DRAFT: &str = "draft";
pub(crate) const ACTIVE: &str = "active";
pub(crate) const PAUSED: &str = "paused";

/// A schedule that makes no instances has its turn here.
pub(crate) const NEVER: i64 = i64::MAX;

pub(crate) async fn insert(c: &mut Connection, row: &Schedule) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO schedule (job_id, project_id, rule, dependencies, state, reason, generated_until,
            generate_at, created_by, created_at, updated_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(&row.job_id)
    .bind(&row.project_id)
    .bind(&row.rule)
    .bind(&row.dependencies)
    .bind(&row.state)
    .bind(&row.reason)
    .bind(row.generated_until)
    .bind(row.generate_at)
    .bind(&row.created_by)
    .bind(row.created_at)
    .bind(row.updated_at)
    .bind(row.revision)
    .execute(c)
    .await?;
    Ok(())
}

pub(crate) async fn find(
    c: &mut Connection,
    project_id: &str,
    job_id: &str,
) -> StoreResult<Option<Schedule>> {
    let query = sqlx::query_as("SELECT * FROM schedule WHERE job_id = $1 AND project_id = $2");
    Ok(query
        .bind(job_id)
        .bind(project_id)
        .fetch_optional(c)
        .await?)
}

/// The schedule of a job, whichever project it is in.
pub(crate) async fn of_job(c: &mut Connection, job_id: &str) -> StoreResult<Option<Schedule>> {
    let query = sqlx::query_as("SELECT * FROM schedule WHERE job_id = $1");
    Ok(query.bind(job_id).fetch_optional(c).await?)
}

/// A schedule with its job's name, what comes next and what came last.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct ListedSchedule {
    #[sqlx(flatten)]
    pub(crate) schedule: Schedule,
    pub(crate) job_name: String,
    pub(crate) next_due_at: Option<i64>,
    pub(crate) last_instance_id: Option<String>,
    pub(crate) last_cycle_at: Option<i64>,
    pub(crate) last_state: Option<String>,
}

/// The schedules of a project in the order in which their jobs were made.
pub(crate) async fn list(
    c: &mut Connection,
    project_id: &str,
    (state, search): (&str, &str),
    now: i64,
    page: &Page,
) -> StoreResult<Vec<ListedSchedule>> {
    let query = sqlx::query_as(
        "SELECT s.*, j.name AS job_name,
            (SELECT min(n.due_at) FROM instance n WHERE n.job_id = s.job_id AND n.state = 'waiting'
                AND n.due_at > $5 AND n.backfill_id = '') AS next_due_at,
            l.id AS last_instance_id, l.cycle_at AS last_cycle_at, l.state AS last_state
         FROM schedule s JOIN job j ON j.id = s.job_id
         LEFT JOIN instance l ON l.job_id = s.job_id AND l.backfill_id = '' AND l.cycle_at =
            (SELECT m.cycle_at FROM instance m WHERE m.job_id = s.job_id AND m.backfill_id = '' AND m.due_at <= $5
             ORDER BY m.cycle_at DESC LIMIT 1)
         WHERE s.project_id = $1 AND s.job_id > $2 AND j.id > $2 AND ($3 = '' OR s.state = $3)
            AND ($4 = '%%' OR lower(j.name) LIKE $4 ESCAPE '\\')
         ORDER BY s.job_id LIMIT $6",
    );
    let query = query
        .bind(project_id)
        .bind(page.after.as_deref().unwrap_or(""))
        .bind(state)
        .bind(containing(search))
        .bind(now)
        .bind(page.limit);
    Ok(query.fetch_all(c).await?)
}

/// Counts a change of the revision that was seen. Until the transaction ends nobody else changes the schedule
/// or makes instances of it.
pub(crate) async fn lock(c: &mut Connection, job_id: &str, revision: i64) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE schedule SET revision = revision + 1 WHERE job_id = $1 AND revision = $2",
    );
    changed(&query.bind(job_id).bind(revision).execute(c).await?)
}

/// Writes what submitting changes of a schedule that is locked.
pub(crate) async fn submit(c: &mut Connection, row: &Schedule) -> StoreResult<()> {
    let result = sqlx::query(
        "UPDATE schedule SET submitted_rule = $1, submitted_by = $2, submitted_at = $3, state = $4,
            generated_until = $5, generate_at = $6, updated_at = $7, submitted_dependencies = $8
         WHERE job_id = $9",
    )
    .bind(&row.submitted_rule)
    .bind(&row.submitted_by)
    .bind(row.submitted_at)
    .bind(&row.state)
    .bind(row.generated_until)
    .bind(row.generate_at)
    .bind(row.updated_at)
    .bind(&row.submitted_dependencies)
    .bind(&row.job_id)
    .execute(c)
    .await?;
    changed(&result)
}

/// Writes what the editor of a draft changes; the days that have instances may move on meanwhile.
pub(crate) async fn update_draft(c: &mut Connection, row: &Schedule) -> StoreResult<()> {
    let result = sqlx::query(
        "UPDATE schedule SET rule = $1, dependencies = $2, updated_at = $3, revision = revision + 1
         WHERE job_id = $4 AND revision = $5",
    )
    .bind(&row.rule)
    .bind(&row.dependencies)
    .bind(row.updated_at)
    .bind(&row.job_id)
    .bind(row.revision)
    .execute(c)
    .await?;
    changed(&result)
}

/// Writes whether a schedule is paused.
pub(crate) async fn update_state(c: &mut Connection, row: &Schedule) -> StoreResult<()> {
    let result = sqlx::query(
        "UPDATE schedule SET state = $1, reason = $2, paused_at = $3, updated_at = $4, revision = revision + 1
         WHERE job_id = $5 AND revision = $6",
    )
    .bind(&row.state)
    .bind(&row.reason)
    .bind(row.paused_at)
    .bind(row.updated_at)
    .bind(&row.job_id)
    .bind(row.revision)
    .execute(c)
    .await?;
    changed(&result)
}

pub(crate) async fn delete(c: &mut Connection, job_id: &str, revision: i64) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM schedule WHERE job_id = $1 AND revision = $2");
    changed(&query.bind(job_id).bind(revision).execute(c).await?)
}

/// Schedules whose next day is to get its instances now.
pub(crate) async fn to_generate(
    c: &mut Connection,
    now: i64,
    limit: i64,
) -> StoreResult<Vec<Schedule>> {
    let query = sqlx::query_as(
        "SELECT * FROM schedule WHERE generate_at <= $1 ORDER BY generate_at, job_id LIMIT $2",
    );
    Ok(query.bind(now).bind(limit).fetch_all(c).await?)
}

/// Whether a schedule has days that were to get their instances by a time, and have none yet.
pub(crate) async fn is_behind(c: &mut Connection, at: i64) -> StoreResult<bool> {
    let query = sqlx::query_scalar("SELECT count(*) FROM schedule WHERE generate_at <= $1");
    let count: i64 = query.bind(at).fetch_one(c).await?;
    Ok(count > 0)
}

/// Takes a schedule's turn, so that no other server makes the same instances until the transaction ends.
pub(crate) async fn take_turn(c: &mut Connection, row: &Schedule) -> StoreResult<bool> {
    let query = sqlx::query(
        "UPDATE schedule SET generate_at = $1 WHERE job_id = $2 AND generate_at = $3 AND generated_until = $4
            AND revision = $5",
    );
    let result = query
        .bind(NEVER)
        .bind(&row.job_id)
        .bind(row.generate_at)
        .bind(row.generated_until)
        .bind(row.revision)
        .execute(c)
        .await?;
    Ok(result.rows_affected() == 1)
}

/// Notes which days have instances. This is no edit, so the revision stays.
pub(crate) async fn generated(
    c: &mut Connection,
    job_id: &str,
    until: i64,
    generate_at: i64,
) -> StoreResult<()> {
    let query =
        sqlx::query("UPDATE schedule SET generated_until = $1, generate_at = $2 WHERE job_id = $3");
    let query = query.bind(until).bind(generate_at).bind(job_id);
    changed(&query.execute(c).await?)
}

/// A dependency that was submitted, with the rule at its other end.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Upstream {
    pub(crate) job_id: String,
    pub(crate) job_name: String,
    /// `sameCycle` or `previousCycle`.
    pub(crate) kind: String,
    pub(crate) submitted_rule: Option<String>,
    pub(crate) submitted_at: Option<i64>,
}

/// What a schedule waits for.
pub(crate) async fn upstream(c: &mut Connection, job_id: &str) -> StoreResult<Vec<Upstream>> {
    let query = sqlx::query_as(
        "SELECT s.job_id, j.name AS job_name, d.kind, s.submitted_rule, s.submitted_at FROM schedule_dependency d
            JOIN schedule s ON s.job_id = d.upstream_job_id JOIN job j ON j.id = s.job_id
         WHERE d.job_id = $1 ORDER BY s.job_id, d.kind",
    );
    Ok(query.bind(job_id).fetch_all(c).await?)
}

/// What a schedule can name of its project.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Named<'a> {
    ResourceGroup(&'a str),
    Calendar(&'a str),
}

impl Named<'_> {
    /// The text that stands in the rule of a schedule that names it, as a pattern; it may stand elsewhere, too.
    fn pattern(self) -> String {
        let (field, name) = match self {
            Self::ResourceGroup(name) => ("resourceGroup", name),
            Self::Calendar(name) => ("calendar", name),
        };
        // The letters of such a name stand in JSON as they are.
        format!("%\"{field}\":\"{}\"%", name.replace('_', "\\_"))
    }

    /// Whether a rule names it. One that cannot be read counts, since nobody knows.
    fn is_in(self, rule: Option<&str>) -> bool {
        let Some(Ok(rule)) = rule.map(read_json::<Rule>) else {
            return rule.is_some();
        };
        match self {
            Self::ResourceGroup(name) => rule.resource_group.as_deref() == Some(name),
            Self::Calendar(name) => rule.calendar.as_deref() == Some(name),
        }
    }
}

/// A schedule that may name something.
#[derive(Clone, Debug, FromRow)]
struct Candidate {
    job_name: String,
    rule: String,
    submitted_rule: Option<String>,
    generated_until: i64,
}

async fn candidates(
    c: &mut Connection,
    project_id: &str,
    named: Named<'_>,
) -> StoreResult<Vec<Candidate>> {
    let query = sqlx::query_as(
        "SELECT j.name AS job_name, s.rule, s.submitted_rule, s.generated_until
         FROM schedule s JOIN job j ON j.id = s.job_id WHERE s.project_id = $1
            AND (s.rule LIKE $2 ESCAPE '\\' OR s.submitted_rule LIKE $2 ESCAPE '\\') ORDER BY j.name",
    );
    let query = query.bind(project_id).bind(named.pattern());
    Ok(query.fetch_all(c).await?)
}

/// The names of jobs whose schedules name something, in what is edited or submitted, at most `limit`.
pub(crate) async fn naming(
    c: &mut Connection,
    project_id: &str,
    named: Named<'_>,
    limit: usize,
) -> StoreResult<Vec<String>> {
    let found = candidates(c, project_id, named).await?.into_iter();
    let found = found
        .filter(|one| named.is_in(Some(&one.rule)) || named.is_in(one.submitted_rule.as_deref()));
    Ok(found.map(|one| one.job_name).take(limit).collect())
}

/// The first day, as the microseconds of its midnight on the wall, on which no submitted schedule that names
/// something has instances; nothing if there is no such schedule.
pub(crate) async fn generated_until(
    c: &mut Connection,
    project_id: &str,
    named: Named<'_>,
) -> StoreResult<Option<i64>> {
    let found = candidates(c, project_id, named).await?.into_iter();
    let found = found.filter(|one| named.is_in(one.submitted_rule.as_deref()));
    Ok(found.map(|one| one.generated_until).max())
}

/// The jobs whose schedules wait for this one, itself left out.
pub(crate) async fn dependents(
    c: &mut Connection,
    job_id: &str,
) -> StoreResult<Vec<(String, String)>> {
    let query = sqlx::query_as(
        "SELECT DISTINCT j.id, j.name FROM schedule_dependency d JOIN job j ON j.id = d.job_id
         WHERE d.upstream_job_id = $1 AND d.job_id <> $1 ORDER BY j.name",
    );
    Ok(query.bind(job_id).fetch_all(c).await?)
}

pub(crate) async fn set_dependencies(
    c: &mut Connection,
    job_id: &str,
    upstream: &[(String, &str)],
) -> StoreResult<()> {
    sqlx::query("DELETE FROM schedule_dependency WHERE job_id = $1")
        .bind(job_id)
        .execute(&mut *c)
        .await?;
    for (upstream_job_id, kind) in upstream {
        sqlx::query(
            "INSERT INTO schedule_dependency (job_id, upstream_job_id, kind) VALUES ($1, $2, $3)
             ON CONFLICT (job_id, upstream_job_id, kind) DO NOTHING",
        )
        .bind(job_id)
        .bind(upstream_job_id)
        .bind(*kind)
        .execute(&mut *c)
        .await?;
    }
    Ok(())
}
