//! What can be done with a run: stop, resume, rerun, mark as succeeded.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::start::StartedRun;
use super::{Run, find};
use crate::access::role::Right;
use crate::api::audit::{Change, Object};
use crate::api::body::Body;
use crate::api::caller::{Access, SignedIn};
use crate::api::error::{ApiError, ApiResult, ErrorBody};
use crate::api::idempotency::Once;
use crate::runner;
use crate::runs::{self, Environment, Kind, Request, RunOptions};
use crate::scheduler::{self, Ended, wall};
use crate::state::App;
use crate::store::{self, StoreError, job, job_version, run};

/// The state of a run does not allow what was asked.
fn not_now(row: &run::Run, verb: &str) -> impl FnOnce(StoreError) -> ApiError {
    let text = format!("run {} is {} and cannot be {verb}", row.number, row.state);
    move |error| match error {
        StoreError::Changed => ApiError::conflict(text),
        other => other.into(),
    }
}

pub(super) async fn note(
    access: &Access,
    c: &mut store::Connection,
    action: &str,
    row: &run::Run,
) -> ApiResult<()> {
    let object = Object {
        kind: "run",
        id: &row.id,
        name: &row.job_name,
    };
    access.note(c, action, object, Change::default()).await
}

/// A trial belongs to developers, every other run to operators.
fn right_for(row: &run::Run, right: Right) -> Right {
    if row.kind == Kind::Trial.name() {
        Right::RunsTrial
    } else {
        right
    }
}

/// Stops a run: at once if it waits, cleanly if it is under way. It can be resumed.
#[utoipa::path(post, path = "/projects/{project}/runs/{run}/stop", tag = "runs",
    params(("project" = String, Path), ("run" = String, Path)),
    responses((status = 202), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("runsView"))))]
pub(crate) async fn stop(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    let access = caller.enter(&app, &project, Right::RunsView).await?;
    let row = find(&app, &access, &id).await?;
    access.need(right_for(&row, Right::RunsStop))?;
    let mut t = app.store.begin().await?;
    let stopped = runner::stop(&app, &mut t, &access.project.id, &row.id).await;
    stopped.map_err(not_now(&row, "stopped"))?;
    note(&access, &mut t, "run.stop", &row).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(StatusCode::ACCEPTED)
}

/// Continues a failed or stopped run where it was: splits that are done stay done.
#[utoipa::path(post, path = "/projects/{project}/runs/{run}/resume", tag = "runs",
    params(("project" = String, Path), ("run" = String, Path)),
    responses((status = 202), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("runsView"))))]
pub(crate) async fn resume(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    let access = caller.enter(&app, &project, Right::RunsView).await?;
    let row = find(&app, &access, &id).await?;
    access.need(right_for(&row, Right::RunsRerun))?;
    let mut t = app.store.begin().await?;
    scheduler::lock_backfill(&mut t, &row).await?;
    let resumed = run::resume(&mut t, &row.id, app.clock.micros()).await;
    resumed.map_err(not_now(&row, "resumed"))?;
    scheduler::run_resumed(&mut t, &row).await?;
    note(&access, &mut t, "run.resume", &row).await?;
    t.commit().await.map_err(StoreError::from)?;
    app.wake();
    Ok(StatusCode::ACCEPTED)
}

/// Which version a rerun takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RerunVersion {
    /// The version of the run.
    #[default]
    Same,
    /// The published version, or the draft for a trial.
    Current,
}

/// How to run again.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Rerun {
    #[serde(default)]
    version: RerunVersion,
}

/// The job of a run, which may be gone by now.
pub(super) async fn job_of(c: &mut store::Connection, row: &run::Run) -> ApiResult<job::Job> {
    let job = job::find(c, &row.project_id, &row.job_id).await?;
    job.ok_or_else(|| ApiError::conflict(format!("the job of run {} is gone", row.number)))
}

/// What another run for the dates of a run is made of.
pub(super) struct Again {
    version: i64,
    kind: Kind,
    bizdate: NaiveDate,
    cycle_at: NaiveDateTime,
    variables: BTreeMap<String, String>,
    options: RunOptions,
}

impl Again {
    /// The run's values win; those that its version did not declare yet are worked out.
    pub(super) async fn of(
        c: &mut store::Connection,
        row: &run::Run,
        job: &job::Job,
        version: RerunVersion,
    ) -> ApiResult<Again> {
        let is_trial = row.kind == Kind::Trial.name();
        let version = match version {
            RerunVersion::Same => row.job_version,
            RerunVersion::Current if is_trial => job.draft_version,
            RerunVersion::Current => job.published_version.unwrap_or(row.job_version),
        };
        let damaged = |error| ApiError::internal("reading a run", error);
        let bizdate = row
            .bizdate
            .parse()
            .map_err(|error| ApiError::internal("reading a run", error))?;
        let cycle_at = wall(row.cycle_at);
        let declared = job_version::find(c, &job.id, version)
            .await?
            .ok_or_else(|| ApiError::not_found("version", &version.to_string()))?;
        let declared = serde_json::from_str(&declared.variables).map_err(damaged)?;
        let given = serde_json::from_str(&row.variables).map_err(damaged)?;
        Ok(Again {
            version,
            kind: if is_trial { Kind::Trial } else { Kind::Manual },
            bizdate,
            cycle_at,
            variables: runs::resolve_variables(&declared, &given, bizdate, cycle_at)?,
            options: serde_json::from_str(&row.options).map_err(damaged)?,
        })
    }

    /// The first attempt of that run.
    pub(super) fn request<'a>(
        self,
        row: &'a run::Run,
        job: &'a job::Job,
        created_by: &'a str,
    ) -> Request<'a> {
        Request {
            job,
            version: self.version,
            kind: self.kind,
            environment: if row.environment == Environment::Dev.name() {
                Environment::Dev
            } else {
                Environment::Prod
            },
            bizdate: self.bizdate,
            cycle_at: self.cycle_at,
            variables: self.variables,
            options: self.options,
            resource_group: Some(&row.resource_group),
            priority: row.priority,
            instance_id: None,
            attempt: 1,
            created_by,
            origin: None,
            limit_rows: row.limit_rows,
        }
    }
}

/// Runs again from the beginning, as a new run with the same dates and values.
#[utoipa::path(post, path = "/projects/{project}/runs/{run}/rerun", tag = "runs", request_body = Rerun,
    params(("project" = String, Path), ("run" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 202, body = StartedRun), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("runsView"))))]
pub(crate) async fn rerun(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    once: Once,
    Body(body): Body<Rerun>,
) -> ApiResult<(StatusCode, Json<serde_json::Value>)> {
    let access = caller.enter(&app, &project, Right::RunsView).await?;
    let row = find(&app, &access, &id).await?;
    access.need(right_for(&row, Right::RunsRerun))?;
    if row.ended_at.is_none() {
        let error = not_now(&row, "run again before it has ended");
        return Err(error(StoreError::Changed));
    }
    if row.instance_id.is_some() {
        return Err(
            ApiError::conflict("the run belongs to an instance of a schedule")
                .hint("rerun the instance, so that whatever waits for it is told"),
        );
    }
    if let Some(origin_id) = &row.origin_id {
        return Err(ApiError::conflict(format!(
            "run {} feeds the dirty rows of another one back",
            row.number
        ))
        .hint(format!(
            "resume it, or replay the rows of run `{origin_id}` again"
        )));
    }
    let mut t = app.store.begin().await?;
    let place = format!("rerun {} {id}", access.project.id);
    if let Some(answer) = once.before(&mut t, &caller, &place, &body).await? {
        return Ok(answer);
    }
    let job = job_of(&mut t, &row).await?;
    let again = Again::of(&mut t, &row, &job, body.version).await?;
    let request = Request {
        attempt: row.attempt + 1,
        ..again.request(&row, &job, &caller.account.id)
    };
    let (id, number) = runs::create(&app, &mut t, &request).await?;
    note(&access, &mut t, "run.rerun", &row).await?;
    let started = StartedRun { id, number };
    let answer = once.commit(&app, t, StatusCode::ACCEPTED, &started).await?;
    app.wake();
    Ok(answer)
}

/// Lets a failed or stopped run count as succeeded, so that whatever waits for it goes on.
#[utoipa::path(post, path = "/projects/{project}/runs/{run}/mark-succeeded", tag = "runs",
    params(("project" = String, Path), ("run" = String, Path)),
    responses((status = 200, body = Run), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("runsMark"))))]
pub(crate) async fn mark_succeeded(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<Json<Run>> {
    let access = caller.enter(&app, &project, Right::RunsMark).await?;
    let row = find(&app, &access, &id).await?;
    let mut t = app.store.begin().await?;
    scheduler::lock_backfill(&mut t, &row).await?;
    let marked = run::mark_succeeded(&mut t, &row.id).await;
    marked.map_err(not_now(&row, "marked as succeeded"))?;
    scheduler::run_ended(&app, &mut t, &row, Ended::Succeeded).await?;
    note(&access, &mut t, "run.markSucceeded", &row).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(Json(Run::from(find(&app, &access, &id).await?)))
}
