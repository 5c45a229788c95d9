//! The schedules of jobs: list, show, edit the draft, delete.
//!
//! `dependencies` writes what the draft waits for, `submit` lets a draft make instances, `preview` shows what would come, `network` checks what waits for what.

pub(crate) mod act;
pub(crate) mod dependencies;
mod network;
pub(crate) mod preview;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::access::role::Right;
use crate::api::audit::{Change, Object};
use crate::api::body::Body;
use crate::api::caller::{Access, SignedIn};
use crate::api::error::{ApiError, ApiResult, Code, ErrorBody, Problem};
use crate::api::etag::{Revised, Seen};
use crate::api::page::{Listed, PageQuery, QueryOf};
use crate::api::time::Time;
use crate::runs;
use crate::schedule::calendar::Calendars;
use crate::schedule::dependency::DependencyKind;
use crate::schedule::problem::RuleProblem;
use crate::schedule::rule::Schedule as Rule;
use crate::schedule::zone;
use crate::scheduler::{sound_rule, wall, wall_text};
use crate::state::App;
use crate::store::instance::{self, Hold};
use crate::store::job::Job;
use crate::store::schedule::{self, Schedule as Row};
use crate::store::{Alone, Connection, StoreError, calendar, job, resource_group};

/// Another schedule that this one waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ScheduleDependency)]
pub(crate) struct Dependency {
    /// The id of its job.
    pub(crate) job: String,
    pub(crate) kind: DependencyKind,
}

/// When a job runs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Schedule {
    pub(crate) job_id: String,
    pub(crate) job_name: String,
    /// `draft` until it is submitted, then `active` or `paused`.
    pub(crate) state: String,
    /// Why it is paused.
    pub(crate) reason: Option<String>,
    /// The rule as it is edited.
    pub(crate) rule: Rule,
    /// What it waits for, as it is edited.
    pub(crate) dependencies: Vec<Dependency>,
    /// The rule that instances are made by.
    pub(crate) submitted_rule: Option<Rule>,
    /// What those instances wait for.
    pub(crate) submitted_dependencies: Option<Vec<Dependency>>,
    pub(crate) submitted_at: Option<Time>,
    /// Whether rule or dependencies differ from what was submitted.
    pub(crate) is_changed: bool,
    /// The cycle in words.
    pub(crate) in_words: String,
    /// The cycle as cron text, if cron has a way to say it.
    pub(crate) cron: Option<String>,
    /// When it is due next.
    pub(crate) next_due_at: Option<Time>,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}

/// The latest cycle of a schedule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LastInstance {
    pub(crate) id: String,
    /// The scheduled time on the wall.
    pub(crate) cycle_at: String,
    pub(crate) state: String,
}

/// A schedule in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListedSchedule {
    #[serde(flatten)]
    pub(crate) schedule: Schedule,
    pub(crate) last: Option<LastInstance>,
}

/// Reads a document of the store.
fn read<T: serde::de::DeserializeOwned>(text: &str) -> ApiResult<T> {
    serde_json::from_str(text).map_err(|error| ApiError::internal("reading a schedule", error))
}

fn text(value: &impl Serialize) -> ApiResult<String> {
    serde_json::to_string(value).map_err(|error| ApiError::internal("writing a schedule", error))
}

impl Schedule {
    /// A schedule of the store; what comes next is read from its rule unless an instance waits.
    fn read(
        row: &Row,
        job_name: &str,
        next: Option<i64>,
        (calendars, now): (&Calendars, i64),
    ) -> ApiResult<Schedule> {
        let rule: Rule = read(&row.rule)?;
        let submitted = row.submitted_rule.as_deref();
        let dependencies: Vec<Dependency> = read(&row.dependencies)?;
        let waits_for = row.submitted_dependencies.as_deref();
        let waits_for: Option<Vec<Dependency>> = waits_for.map(read).transpose()?;
        let next = match (next, submitted) {
            (None, Some(submitted)) if row.state == schedule::ACTIVE => {
                next_due(submitted, row.generated_until, (calendars, now))?
            }
            (next, _) => next,
        };
        let is_rewired = waits_for.as_ref().is_some_and(|waits_for| {
            let within = |these: &[Dependency], those: &[Dependency]| {
                these.iter().all(|one| those.contains(one))
            };
            !within(waits_for, &dependencies) || !within(&dependencies, waits_for)
        });
        let timetable = rule.cycle.timetable().ok();
        Ok(Schedule {
            job_id: row.job_id.clone(),
            job_name: job_name.to_string(),
            state: row.state.clone(),
            reason: (row.state == schedule::PAUSED).then(|| row.reason.clone()),
            dependencies,
            submitted_rule: submitted.map(read).transpose()?,
            submitted_dependencies: waits_for,
            submitted_at: row.submitted_at.map(Time),
            is_changed: is_rewired || submitted.is_some_and(|submitted| submitted != row.rule),
            in_words: rule.cycle.in_words(),
            cron: timetable.as_ref().and_then(crate::schedule::cron::print),
            rule,
            next_due_at: next.map(Time),
            created_at: Time(row.created_at),
            updated_at: Time(row.updated_at),
        })
    }
}

/// When a submitted rule is due next after the days that have instances.
pub(crate) fn next_due(
    rule: &str,
    generated_until: i64,
    (calendars, now): (&Calendars, i64),
) -> ApiResult<Option<i64>> {
    let timing = sound_rule(&read(rule)?, calendars)?;
    let from = zone::day_start(timing.zone(), wall(generated_until).date());
    let from = from.max(DateTime::from_timestamp_micros(now).unwrap_or_default());
    let next = timing.next(from, 1).into_iter().next();
    Ok(next.map(|occurrence| occurrence.due_at.timestamp_micros()))
}

/// A problem of a rule, under the field that it stands in.
fn problem(found: RuleProblem, parent: &str) -> Problem {
    let found = found.under(parent);
    Problem::at(found.pointer, found.message).hint(found.hint)
}

fn placed(found: Vec<RuleProblem>, parent: &str) -> Vec<Problem> {
    found.into_iter().map(|one| problem(one, parent)).collect()
}

fn problems(found: Vec<RuleProblem>, parent: &str) -> ApiError {
    ApiError::invalid(placed(found, parent))
}

async fn find_job(c: &mut Connection, access: &Access, id: &str) -> ApiResult<Job> {
    let job = job::find(c, &access.project.id, id).await?;
    job.ok_or_else(|| ApiError::not_found("job", id))
}

async fn find(c: &mut Connection, access: &Access, job: &Job) -> ApiResult<Row> {
    let row = schedule::find(c, &access.project.id, &job.id).await?;
    row.ok_or_else(|| {
        ApiError::new(
            Code::NotFound,
            format!("job `{}` has no schedule", job.name),
        )
        .hint("put one")
    })
}

async fn view(app: &App, c: &mut Connection, row: &Row, job: &Job) -> ApiResult<Schedule> {
    let now = app.clock.micros();
    let next = instance::next_due(c, &row.job_id, now).await?;
    let rules = std::iter::once(row.submitted_rule.as_deref());
    let calendars = calendar::of_rules(c, &row.project_id, rules).await?;
    Schedule::read(row, &job.name, next, (&calendars, now))
}

fn object(job: &Job) -> Object<'_> {
    Object {
        kind: "schedule",
        id: &job.id,
        name: &job.name,
    }
}

/// Which schedules are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScheduleQuery {
    /// `draft`, `active` or `paused`.
    #[serde(default)]
    state: String,
    /// A part of the job's name.
    #[serde(default)]
    search: String,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// The schedules of a project, each with what comes next and what came last.
#[utoipa::path(get, path = "/projects/{project}/schedules", tag = "schedules",
    params(("project" = String, Path), ScheduleQuery),
    responses((status = 200, body = Listed<ListedSchedule>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesView"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<ScheduleQuery>,
) -> ApiResult<Json<Listed<ListedSchedule>>> {
    let access = caller.enter(&app, &project, Right::SchedulesView).await?;
    let page = PageQuery::of(query.cursor, query.limit).page()?;
    let now = app.clock.micros();
    let mut c = app.store.read().await?;
    let wanted = (query.state.as_str(), query.search.as_str());
    let rows = schedule::list(&mut c, &access.project.id, wanted, now, &page).await?;
    let rules = rows
        .iter()
        .map(|row| row.schedule.submitted_rule.as_deref());
    let calendars = calendar::of_rules(&mut c, &access.project.id, rules).await?;
    let item = |row: schedule::ListedSchedule| {
        let last = match (row.last_instance_id, row.last_cycle_at, row.last_state) {
            (Some(id), Some(cycle_at), Some(state)) => Some(LastInstance {
                id,
                cycle_at: wall_text(cycle_at),
                state,
            }),
            _ => None,
        };
        let at = (&calendars, now);
        let schedule = Schedule::read(&row.schedule, &row.job_name, row.next_due_at, at)?;
        Ok(ListedSchedule { schedule, last })
    };
    let listed = Listed::new(rows, &page, |row| row.schedule.job_id.clone(), item);
    Ok(Json(listed.sound()?))
}

/// The schedule of a job.
#[utoipa::path(get, path = "/projects/{project}/jobs/{job}/schedule", tag = "schedules",
    params(("project" = String, Path), ("job" = String, Path)),
    responses((status = 200, body = Schedule), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesView"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<Revised<Schedule>> {
    let access = caller.enter(&app, &project, Right::SchedulesView).await?;
    let mut c = app.store.read().await?;
    let job = find_job(&mut c, &access, &id).await?;
    let row = find(&mut c, &access, &job).await?;
    Ok(Revised(row.revision, view(&app, &mut c, &row, &job).await?))
}

/// Writes the rule of a job's draft; the first one needs no `If-Match`. Instances are made by it once it is submitted.
#[utoipa::path(put, path = "/projects/{project}/jobs/{job}/schedule", tag = "schedules", request_body = Rule,
    params(("project" = String, Path), ("job" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = Schedule), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesEdit"))))]
pub(crate) async fn put(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    headers: HeaderMap,
    Body(mut rule): Body<Rule>,
) -> ApiResult<Revised<Schedule>> {
    let access = caller.enter(&app, &project, Right::SchedulesEdit).await?;
    rule.cycle.spread(&id);
    let now = app.clock.micros();
    let mut t = app.store.begin().await?;
    let job = find_job(&mut t, &access, &id).await?;
    let calendars = calendar::of_schedule(&mut t, &access.project.id, &rule).await?;
    let mut wrong = placed(rule.rule(&calendars).err().unwrap_or_default(), "");
    wrong.extend(runs::unfit_variables("/parameters", &rule.parameters));
    if let Some(group) = &rule.resource_group
        && !resource_group::exists(&mut t, &access.project.id, group).await?
    {
        wrong.push(
            Problem::at(
                "/resourceGroup",
                format!("there is no resource group `{group}`"),
            )
            .hint("name one of the project, or none for that of the data sources"),
        );
    }
    if !wrong.is_empty() {
        return Err(ApiError::invalid(wrong));
    }
    let (before, row) = match schedule::find(&mut t, &access.project.id, &job.id).await? {
        Some(mut row) => {
            let before: Rule = read(&row.rule)?;
            Seen(row.revision) = Seen::read(&headers)?;
            row.rule = text(&rule)?;
            row.updated_at = now;
            schedule::update_draft(&mut t, &row).await?;
            row.revision += 1;
            (Some(before), row)
        }
        None => {
            let row = Row {
                job_id: job.id.clone(),
                project_id: access.project.id.clone(),
                rule: text(&rule)?,
                dependencies: "[]".to_string(),
                submitted_rule: None,
                submitted_by: None,
                submitted_at: None,
                state: schedule::DRAFT.to_string(),
                reason: String::new(),
                paused_at: None,
                generated_until: 0,
                generate_at: schedule::NEVER,
                created_by: access.caller.account.id.clone(),
                created_at: now,
                updated_at: now,
                revision: 1,
                submitted_dependencies: None,
            };
            schedule::insert(&mut t, &row).await?;
            (None, row)
        }
    };
    let change = Change::of(before.as_ref(), Some(&rule));
    access
        .note(&mut t, "schedule.update", object(&job), change)
        .await?;
    let view = view(&app, &mut t, &row, &job).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(Revised(row.revision, view))
}

/// Deletes a schedule and those of its instances that have not begun. Refused while others wait for it.
#[utoipa::path(delete, path = "/projects/{project}/jobs/{job}/schedule", tag = "schedules",
    params(("project" = String, Path), ("job" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesSubmit"))))]
pub(crate) async fn delete(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Seen(revision): Seen,
) -> ApiResult<StatusCode> {
    let access = caller.enter(&app, &project, Right::SchedulesSubmit).await?;
    let mut t = app.store.begin_alone(Alone::Schedules).await?;
    let job = find_job(&mut t, &access, &id).await?;
    let row = find(&mut t, &access, &job).await?;
    let dependents = schedule::dependents(&mut t, &job.id).await?;
    if !dependents.is_empty() {
        let names: Vec<&str> = dependents.iter().map(|(_, name)| name.as_str()).collect();
        return Err(ApiError::conflict(format!(
            "other schedules wait for that of job `{}`: {}",
            job.name,
            names.join(", ")
        ))
        .hint("remove those dependencies and submit those schedules first"));
    }
    schedule::lock(&mut t, &job.id, revision).await?;
    instance::delete_ahead(&mut t, &job.id, i64::MIN).await?;
    // What waits for another attempt goes on without a schedule.
    instance::hold(&mut t, &job.id, Hold::Free).await?;
    schedule::delete(&mut t, &job.id, revision + 1).await?;
    let before: Rule = read(&row.rule)?;
    let change = Change::of(Some(&before), None::<&()>);
    access
        .note(&mut t, "schedule.delete", object(&job), change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
