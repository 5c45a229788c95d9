//! Asking for a run of a job.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::role::Right;
use crate::api::audit::{Change, Object};
use crate::api::body::Body;
use crate::api::caller::SignedIn;
use crate::api::error::{ApiError, ApiResult, ErrorBody, Problem};
use crate::api::idempotency::Once;
use crate::runs::{self, Environment, Kind, Request, RunOptions};
use crate::scheduler::submitted_rule;
use crate::state::App;
use crate::store::{self, job, job_version, resource_group};

const HIGHEST_PRIORITY: i64 = 9;
const USUAL_PRIORITY: i64 = 5;
const HIGHEST_ROW_LIMIT: i64 = 1_000_000;

/// What is to run.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewRun {
    /// `manual` runs the published version, `trial` the draft.
    #[serde(default = "manual")]
    kind: Kind,
    /// Another version than the published one or the draft.
    version: Option<i64>,
    /// The day that the data belongs to; yesterday in the zone of the job's schedule unless said.
    bizdate: Option<NaiveDate>,
    /// The scheduled time on the wall; the start of the day after the business date unless said.
    cycle_at: Option<NaiveDateTime>,
    /// Values of variables; those that are not given take the version's own expressions.
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(default)]
    options: RunOptions,
    /// That of the job's schedule unless said, else that of its data sources.
    resource_group: Option<String>,
    /// From 1 to 9, 5 unless said; the highest goes first.
    #[schema(minimum = 1, maximum = 9)]
    priority: Option<i64>,
    /// Reads at most so many rows, for a trial only. They are written as the job says, so a table that it empties
    /// or a partition that it overwrites has no other rows afterwards. Statements after the read are not run.
    #[schema(minimum = 1, maximum = 1_000_000)]
    limit_rows: Option<i64>,
}

fn manual() -> Kind {
    Kind::Manual
}

/// The run that was asked for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartedRun {
    pub(crate) id: String,
    pub(crate) number: i64,
}

/// Puts a run of a job into the queue.
#[utoipa::path(post, path = "/projects/{project}/jobs/{job}/runs", tag = "runs", request_body = NewRun,
    params(("project" = String, Path), ("job" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 202, body = StartedRun), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsView"))))]
pub(crate) async fn start(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    once: Once,
    Body(body): Body<NewRun>,
) -> ApiResult<(StatusCode, Json<serde_json::Value>)> {
    let right = match body.kind {
        Kind::Trial => Right::RunsTrial,
        _ => Right::RunsStart,
    };
    let access = caller.enter(&app, &project, Right::JobsView).await?;
    let mut t = app.store.begin().await?;
    let job = job::find(&mut t, &access.project.id, &id)
        .await?
        .ok_or_else(|| ApiError::not_found("job", &id))?;
    access.need(right)?;
    let place = format!("run {} {id}", access.project.id);
    if let Some(answer) = once.before(&mut t, &caller, &place, &body).await? {
        return Ok(answer);
    }
    let (version, bizdate, cycle_at) = check(&app, &mut t, &access.project, &job, &body).await?;
    let declared = job_version::find(&mut t, &job.id, version)
        .await?
        .ok_or_else(|| ApiError::not_found("version", &version.to_string()))?;
    let declared = serde_json::from_str(&declared.variables)
        .map_err(|error| ApiError::internal("reading a version", error))?;
    let environment = match (body.kind, access.project.mode.as_str()) {
        (Kind::Trial, "standard") => Environment::Dev,
        _ => Environment::Prod,
    };
    let scheduled = submitted_rule(&mut t, &job.id).await?;
    let scheduled = scheduled.and_then(|rule| rule.resource_group);
    let request = Request {
        job: &job,
        version,
        kind: body.kind,
        environment,
        bizdate,
        cycle_at,
        variables: runs::resolve_variables(&declared, &body.variables, bizdate, cycle_at)?,
        options: body.options.clone(),
        resource_group: body.resource_group.as_deref().or(scheduled.as_deref()),
        priority: body.priority.unwrap_or(USUAL_PRIORITY),
        instance_id: None,
        attempt: 1,
        created_by: &caller.account.id,
        origin: None,
        limit_rows: body.limit_rows,
    };
    let (run_id, number) = runs::create(&app, &mut t, &request).await?;
    let object = Object {
        kind: "run",
        id: &run_id,
        name: &job.name,
    };
    let change = Change::of(None::<&()>, Some(&body));
    access.note(&mut t, "run.start", object, change).await?;
    let started = StartedRun { id: run_id, number };
    let answer = once.commit(&app, t, StatusCode::ACCEPTED, &started).await?;
    app.wake();
    Ok(answer)
}

/// The version and the dates that a request means, or all that is wrong with it.
async fn check(
    app: &App,
    c: &mut store::Connection,
    project: &store::project::Project,
    job: &job::Job,
    body: &NewRun,
) -> ApiResult<(i64, NaiveDate, NaiveDateTime)> {
    let mut problems = Vec::new();
    if !matches!(body.kind, Kind::Manual | Kind::Trial) {
        problems.push(Problem::at(
            "/kind",
            "a run is asked for as `manual` or `trial`",
        ));
    }
    let version = match (body.version, body.kind) {
        (Some(version), _) => version,
        (None, Kind::Trial) => job.draft_version,
        (None, _) => job.published_version.unwrap_or_else(|| {
            problems.push(
                Problem::at("/version", format!("job `{}` is not published", job.name))
                    .hint("publish it, or run its draft as a trial"),
            );
            0
        }),
    };
    if let Some(priority) = body.priority
        && !(1..=HIGHEST_PRIORITY).contains(&priority)
    {
        problems.push(Problem::at(
            "/priority",
            format!("the priority must be 1 to {HIGHEST_PRIORITY}"),
        ));
    }
    if let Some(most) = body.limit_rows {
        if !(1..=HIGHEST_ROW_LIMIT).contains(&most) {
            let text = "the limit must be 1 to 1,000,000 rows";
            problems.push(Problem::at("/limitRows", text));
        }
        if body.kind != Kind::Trial {
            problems.push(
                Problem::at("/limitRows", "only a trial reads some of the rows")
                    .hint("set `kind` to `trial`, or leave the limit out"),
            );
        }
    }
    if let Some(group) = &body.resource_group
        && !resource_group::exists(c, &project.id, group).await?
    {
        problems.push(Problem::at(
            "/resourceGroup",
            format!("there is no resource group `{group}`"),
        ));
    }
    problems.extend(runs::unfit_variables("/variables", &body.variables));
    let rule = submitted_rule(c, &job.id).await?;
    let zone = rule.and_then(|rule| rule.zone.parse().ok());
    let now = app.clock.now().with_timezone(&zone.unwrap_or(Tz::UTC));
    let today = now.date_naive();
    let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let bizdate = match (body.bizdate, body.cycle_at) {
        (Some(bizdate), _) => bizdate,
        (None, Some(cycle)) => {
            let day = cycle.date();
            day.checked_sub_days(Days::new(1)).unwrap_or(day)
        }
        (None, None) => yesterday,
    };
    let next = bizdate.checked_add_days(Days::new(1)).unwrap_or(bizdate);
    let cycle_at = body.cycle_at.unwrap_or(next.and_time(NaiveTime::MIN));
    if problems.is_empty() {
        Ok((version, bizdate, cycle_at))
    } else {
        Err(ApiError::invalid(problems))
    }
}
