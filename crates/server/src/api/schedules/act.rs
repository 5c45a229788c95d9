//! What can be done with a schedule: submit, pause, resume.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Dependency, Schedule, find, find_job, network, object, read, view};
use crate::access::role::Right;
use crate::api::audit::Change;
use crate::api::body::Body;
use crate::api::caller::SignedIn;
use crate::api::error::{ApiError, ApiResult, ErrorBody, Problem};
use crate::api::etag::{Revised, Seen};
use crate::api::idempotency::Once;
use crate::schedule::dependency::DependencyKind;
use crate::scheduler::{catch_up, generate};
use crate::state::App;
use crate::store::instance::missed::Interval;
use crate::store::instance::{self, Hold};
use crate::store::{Alone, StoreError, schedule};

const LONGEST_REASON: usize = 500;

/// An answer to a submission as it is kept for whoever repeats the request.
#[derive(Serialize, Deserialize)]
struct Submitted {
    revision: i64,
    schedule: Value,
}

impl Submitted {
    fn again(kept: Value) -> ApiResult<Revised<Value>> {
        let kept: Submitted = serde_json::from_value(kept)
            .map_err(|error| ApiError::internal("reading an earlier answer", error))?;
        Ok(Revised(kept.revision, kept.schedule))
    }
}

/// Submits the draft: instances are made by it from the next day on, or at once if the rule says so. Those of
/// the earlier rule that have not begun are replaced.
#[utoipa::path(post, path = "/projects/{project}/jobs/{job}/schedule/submit", tag = "schedules",
    params(("project" = String, Path), ("job" = String, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Schedule), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesSubmit"))))]
pub(crate) async fn submit(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Seen(revision): Seen,
    once: Once,
) -> ApiResult<Revised<Value>> {
    let access = caller.enter(&app, &project, Right::SchedulesSubmit).await?;
    let now = app.clock.now();
    // Circles are looked for, and instances connected, over rules that nobody changes meanwhile.
    let mut t = app.store.begin_alone(Alone::Schedules).await?;
    // Whoever lost the answer has the revision from before it, or the one from after.
    let place = format!("submit {} {id}", access.project.id);
    if let Some((_, Json(kept))) = once.before(&mut t, &caller, &place, &()).await? {
        return Submitted::again(kept);
    }
    let job = find_job(&mut t, &access, &id).await?;
    find(&mut t, &access, &job).await?;
    schedule::lock(&mut t, &job.id, revision).await?;
    let mut row = find(&mut t, &access, &job).await?;
    if job.published_version.is_none() {
        return Err(
            ApiError::conflict(format!("job `{}` has no published version", job.name))
                .hint("publish the version that is to be scheduled, then submit"),
        );
    }
    let dependencies: Vec<Dependency> = read(&row.dependencies)?;
    let rule = read(&row.rule)?;
    network::check(&mut t, &job, &rule, &dependencies).await?;
    let upstream: Vec<(String, &str)> = dependencies
        .into_iter()
        .map(|one| {
            let kind = match one.kind {
                DependencyKind::SameCycle => "sameCycle",
                DependencyKind::PreviousCycle => "previousCycle",
            };
            (one.job, kind)
        })
        .collect();
    schedule::set_dependencies(&mut t, &job.id, &upstream).await?;
    row.submitted_rule = Some(row.rule.clone());
    row.submitted_dependencies = Some(row.dependencies.clone());
    row.submitted_by = Some(access.caller.account.id.clone());
    row.submitted_at = Some(now.timestamp_micros());
    row.updated_at = now.timestamp_micros();
    if row.state == schedule::DRAFT {
        row.state = schedule::ACTIVE.to_string();
    }
    generate::restart(&mut t, &mut row, now).await?;
    schedule::submit(&mut t, &row).await?;
    generate::reconnect(&mut t, &job.id, now).await?;
    let change = Change::of(None::<&()>, Some(&rule));
    access
        .note(&mut t, "schedule.submit", object(&job), change)
        .await?;
    let view = view(&app, &mut t, &row, &job).await?;
    let submitted = Submitted {
        revision: row.revision,
        schedule: serde_json::to_value(&view)
            .map_err(|error| ApiError::internal("writing an answer", error))?,
    };
    let (_, Json(kept)) = once.commit(&app, t, StatusCode::OK, &submitted).await?;
    Submitted::again(kept)
}

/// Why a schedule is paused.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Pause {
    /// Shown to everybody who wonders.
    #[schema(max_length = 500)]
    reason: String,
}

/// Pauses a schedule: its instances are still made, and none is released until it is resumed.
#[utoipa::path(post, path = "/projects/{project}/jobs/{job}/schedule/pause", tag = "schedules", request_body = Pause,
    params(("project" = String, Path), ("job" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = Schedule), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("instancesOperate"))))]
pub(crate) async fn pause(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Seen(revision): Seen,
    Body(body): Body<Pause>,
) -> ApiResult<Revised<Schedule>> {
    let access = caller
        .enter(&app, &project, Right::InstancesOperate)
        .await?;
    let reason = body.reason.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        let text = format!("a reason has 1 to {LONGEST_REASON} letters");
        return Err(ApiError::invalid(vec![
            Problem::at("/reason", text).hint("say why, for those who look at the schedule later"),
        ]));
    }
    let mut t = app.store.begin().await?;
    let job = find_job(&mut t, &access, &id).await?;
    let mut row = find(&mut t, &access, &job).await?;
    if row.state != schedule::ACTIVE {
        return Err(ApiError::conflict(format!(
            "the schedule of job `{}` is {} and cannot be paused",
            job.name, row.state
        )));
    }
    row.state = schedule::PAUSED.to_string();
    row.reason = reason.to_string();
    row.paused_at = Some(app.clock.micros());
    row.updated_at = app.clock.micros();
    row.revision = revision;
    schedule::update_state(&mut t, &row).await?;
    instance::hold(&mut t, &job.id, Hold::Held).await?;
    let change = Change::of(None::<&()>, Some(&row.reason));
    access
        .note(&mut t, "schedule.pause", object(&job), change)
        .await?;
    let view = view(&app, &mut t, &row, &job).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(Revised(revision + 1, view))
}

/// Resumes a schedule. What came due meanwhile is treated as after an outage, by the rule's catch-up policy.
#[utoipa::path(post, path = "/projects/{project}/jobs/{job}/schedule/resume", tag = "schedules",
    params(("project" = String, Path), ("job" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = Schedule), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("instancesOperate"))))]
pub(crate) async fn resume(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Seen(revision): Seen,
) -> ApiResult<Revised<Schedule>> {
    let access = caller
        .enter(&app, &project, Right::InstancesOperate)
        .await?;
    let now = app.clock.micros();
    let mut t = app.store.begin().await?;
    let job = find_job(&mut t, &access, &id).await?;
    let mut row = find(&mut t, &access, &job).await?;
    if row.state != schedule::PAUSED {
        return Err(ApiError::conflict(format!(
            "the schedule of job `{}` is {} and cannot be resumed",
            job.name, row.state
        )));
    }
    let from = row.paused_at.take().unwrap_or(now);
    row.state = schedule::ACTIVE.to_string();
    row.reason = String::new();
    row.updated_at = now;
    row.revision = revision;
    schedule::update_state(&mut t, &row).await?;
    instance::hold(&mut t, &job.id, Hold::Free).await?;
    let interval = Interval { from, to: now };
    let reason = "it came due while its schedule was paused";
    catch_up::split(&mut t, &job.id, interval, reason).await?;
    access
        .note(&mut t, "schedule.resume", object(&job), Change::default())
        .await?;
    let view = view(&app, &mut t, &row, &job).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(Revised(revision + 1, view))
}
