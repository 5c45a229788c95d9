//! The instances of schedules and backfills: list, show with why one waits, what it waits for and what waits for it.

pub(crate) mod act;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::access::role::Right;
use crate::api::caller::{Access, SignedIn};
use crate::api::error::{ApiError, ApiResult, ErrorBody};
use crate::api::page::{Listed, PageQuery, QueryOf};
use crate::api::time::Time;
use crate::scheduler::wall_text;
use crate::state::App;
use crate::store::instance::{self, ListedInstance as Row, edge};
use crate::store::{Connection, backfill, schedule};

/// Neighbours that are shown at most.
const MOST_NEIGHBOURS: i64 = 500;

/// One cycle of a job.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) job_id: String,
    pub(crate) job_name: String,
    /// The backfill that made it; absent for the schedule's own.
    pub(crate) backfill_id: Option<String>,
    /// The scheduled time on the wall.
    pub(crate) cycle_at: String,
    pub(crate) bizdate: String,
    pub(crate) due_at: Time,
    /// `waiting`, `queued`, `running`, `succeeded`, `failed`, `stopped` or `skipped`.
    pub(crate) state: String,
    pub(crate) is_dry_run: bool,
    pub(crate) is_frozen: bool,
    /// Its latest run.
    pub(crate) run_id: Option<String>,
    /// Runs so far.
    pub(crate) attempts: i64,
    /// Why it is as it is.
    pub(crate) message: String,
    pub(crate) created_at: Time,
    pub(crate) started_at: Option<Time>,
    pub(crate) ended_at: Option<Time>,
}

impl From<Row> for Instance {
    fn from(row: Row) -> Self {
        let Row {
            instance: row,
            job_name,
        } = row;
        Instance {
            cycle_at: wall_text(row.cycle_at),
            backfill_id: (!row.backfill_id.is_empty()).then_some(row.backfill_id),
            id: row.id,
            job_id: row.job_id,
            job_name,
            bizdate: row.bizdate,
            due_at: Time(row.due_at),
            state: row.state,
            is_dry_run: row.is_dry_run != 0,
            is_frozen: row.is_frozen != 0,
            run_id: row.run_id,
            attempts: row.attempts,
            message: row.message,
            created_at: Time(row.created_at),
            started_at: row.started_at.map(Time),
            ended_at: row.ended_at.map(Time),
        }
    }
}

/// One thing that an instance waits for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub(crate) enum WaitsFor {
    /// It is not due yet.
    Time { at: Time },
    /// It failed and is tried again.
    Repetition { at: Time },
    /// Another instance has not succeeded, or is not made yet.
    Upstream(Neighbour),
    /// An earlier cycle is still under way.
    Overlap,
    /// Somebody keeps it from running, or its schedule does.
    Frozen,
    /// Its schedule is paused.
    Paused { reason: String },
    /// Its backfill is paused.
    BackfillPaused,
    /// The day before it in its backfill has not succeeded.
    EarlierDay,
    /// The limits of project, resource group and data sources let its run begin later.
    Slot,
}

/// An instance with everything that it waits for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstanceDetail {
    #[serde(flatten)]
    pub(crate) instance: Instance,
    pub(crate) waits_for: Vec<WaitsFor>,
}

/// A neighbour of an instance. It may not be made yet, or never be.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Neighbour {
    pub(crate) job_id: String,
    pub(crate) job_name: String,
    /// The scheduled time on the wall.
    pub(crate) cycle_at: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) state: Option<String>,
}

impl From<edge::Neighbour> for Neighbour {
    fn from(row: edge::Neighbour) -> Self {
        Neighbour {
            job_id: row.job_id,
            job_name: row.job_name,
            cycle_at: wall_text(row.cycle_at),
            instance_id: row.instance_id,
            state: row.state,
        }
    }
}

/// Which instances are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstanceQuery {
    /// `waiting`, `queued`, `running`, `succeeded`, `failed`, `stopped` or `skipped`.
    #[serde(default)]
    state: String,
    /// The id of a job.
    #[serde(default)]
    job: String,
    /// A business date, `2026-03-03`.
    #[serde(default)]
    bizdate: String,
    /// The id of a backfill.
    #[serde(default)]
    backfill: String,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// The instances of a project, latest made first.
#[utoipa::path(get, path = "/projects/{project}/instances", tag = "instances",
    params(("project" = String, Path), InstanceQuery),
    responses((status = 200, body = Listed<Instance>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesView"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<InstanceQuery>,
) -> ApiResult<Json<Listed<Instance>>> {
    let access = caller.enter(&app, &project, Right::SchedulesView).await?;
    let page = PageQuery::of(query.cursor, query.limit).page()?;
    let filter = instance::Filter {
        state: query.state,
        job_id: query.job,
        bizdate: query.bizdate,
        backfill_id: query.backfill,
    };
    let mut c = app.store.read().await?;
    let rows = instance::list(&mut c, &access.project.id, &filter, &page).await?;
    let listed = Listed::new(rows, &page, |row| row.instance.id.clone(), Instance::from);
    Ok(Json(listed))
}

/// The instance of this id, if it is one of the project.
async fn find(c: &mut Connection, access: &Access, id: &str) -> ApiResult<Row> {
    let row = instance::find_listed(c, &access.project.id, id).await?;
    row.ok_or_else(|| ApiError::not_found("instance", id))
}

/// One instance, and why it waits.
#[utoipa::path(get, path = "/projects/{project}/instances/{instance}", tag = "instances",
    params(("project" = String, Path), ("instance" = String, Path)),
    responses((status = 200, body = InstanceDetail), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesView"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<Json<InstanceDetail>> {
    let access = caller.enter(&app, &project, Right::SchedulesView).await?;
    let mut c = app.store.read().await?;
    let row = find(&mut c, &access, &id).await?;
    Ok(Json(detail(&app, &mut c, row).await?))
}

async fn detail(app: &App, c: &mut Connection, row: Row) -> ApiResult<InstanceDetail> {
    let waits_for = match row.instance.state.as_str() {
        instance::WAITING => waits_for(app, c, &row.instance).await?,
        instance::QUEUED => vec![WaitsFor::Slot],
        _ => Vec::new(),
    };
    Ok(InstanceDetail {
        instance: Instance::from(row),
        waits_for,
    })
}

async fn waits_for(
    app: &App,
    c: &mut Connection,
    row: &instance::Instance,
) -> ApiResult<Vec<WaitsFor>> {
    let mut reasons = Vec::new();
    if row.is_frozen != 0 {
        reasons.push(WaitsFor::Frozen);
    }
    let at = Time(row.release_at);
    let is_ahead = row.release_at > app.clock.micros();
    match (is_ahead, row.attempts) {
        (true, 0) => reasons.push(WaitsFor::Time { at }),
        (true, _) => reasons.push(WaitsFor::Repetition { at }),
        (false, _) => {}
    }
    for found in edge::upstream(c, row, MOST_NEIGHBOURS).await? {
        let is_met = match found.state.as_deref() {
            // A schedule passes over cycles of its own that were skipped.
            Some(state) => {
                state == instance::SUCCEEDED
                    || (state == instance::SKIPPED && found.job_id == row.job_id)
            }
            // What is not made yet will come; what never comes is not waited for.
            None => {
                !row.backfill_id.is_empty()
                    || found
                        .generated_until
                        .is_none_or(|until| until > found.cycle_at)
            }
        };
        if !is_met {
            reasons.push(WaitsFor::Upstream(Neighbour::from(found)));
        }
    }
    if row.backfill_id.is_empty() {
        let paused = schedule::of_job(c, &row.job_id).await?;
        let paused = paused.filter(|schedule| schedule.state == schedule::PAUSED);
        reasons.extend(paused.map(|schedule| WaitsFor::Paused {
            reason: schedule.reason,
        }));
        if !is_ahead && !instance::active_of_job(c, &row.job_id).await?.is_empty() {
            reasons.push(WaitsFor::Overlap);
        }
    } else {
        let of = backfill::find(c, &row.project_id, &row.backfill_id).await?;
        if of.is_some_and(|backfill| backfill.state == backfill::PAUSED) {
            reasons.push(WaitsFor::BackfillPaused);
        }
        if instance::waits_for_earlier_day(c, row).await? {
            reasons.push(WaitsFor::EarlierDay);
        }
    }
    Ok(reasons)
}

/// What an instance waits for or has waited for.
#[utoipa::path(get, path = "/projects/{project}/instances/{instance}/upstream", tag = "instances",
    params(("project" = String, Path), ("instance" = String, Path)),
    responses((status = 200, body = Vec<Neighbour>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesView"))))]
pub(crate) async fn upstream(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<Json<Vec<Neighbour>>> {
    let access = caller.enter(&app, &project, Right::SchedulesView).await?;
    let mut c = app.store.read().await?;
    let row = find(&mut c, &access, &id).await?;
    let found = edge::upstream(&mut c, &row.instance, MOST_NEIGHBOURS).await?;
    Ok(Json(found.into_iter().map(Neighbour::from).collect()))
}

/// What waits for an instance or has waited for it.
#[utoipa::path(get, path = "/projects/{project}/instances/{instance}/downstream", tag = "instances",
    params(("project" = String, Path), ("instance" = String, Path)),
    responses((status = 200, body = Vec<Instance>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesView"))))]
pub(crate) async fn downstream(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<Json<Vec<Instance>>> {
    let access = caller.enter(&app, &project, Right::SchedulesView).await?;
    let mut c = app.store.read().await?;
    let row = find(&mut c, &access, &id).await?;
    let found = edge::downstream(&mut c, &row.instance, "", MOST_NEIGHBOURS).await?;
    Ok(Json(found.into_iter().map(Instance::from).collect()))
}
