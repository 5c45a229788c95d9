//! Backfills: ask for a range of business dates, look on, pause, resume, stop.

pub(crate) mod act;
mod ask;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::role::Right;
use crate::api::audit::{Change, Object};
use crate::api::body::Body;
use crate::api::caller::SignedIn;
use crate::api::error::{ApiError, ApiResult, ErrorBody};
use crate::api::idempotency::Once;
use crate::api::instances::Instance;
use crate::api::page::{Listed, PageQuery, QueryOf};
use crate::api::time::{Time, new_id};
use crate::scheduler::backfill::{self as rules, Spec};
use crate::scheduler::{wall_micros, wall_text};
use crate::state::App;
use crate::store::Connection;
use crate::store::backfill::{self, Backfill as Row};
use ask::NewBackfill;

/// Instances that a preview shows at most.
const MOST_SHOWN: usize = 500;

/// A backfill.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Backfill {
    pub(crate) id: String,
    /// `running`, `paused`, `stopped`, `succeeded` or `failed`.
    pub(crate) state: String,
    pub(crate) spec: Spec,
    pub(crate) created_by: String,
    pub(crate) created_at: Time,
    pub(crate) ended_at: Option<Time>,
}

impl Backfill {
    fn read(row: Row) -> ApiResult<Backfill> {
        Ok(Backfill {
            spec: serde_json::from_str(&row.spec)
                .map_err(|error| ApiError::internal("reading a backfill", error))?,
            id: row.id,
            state: row.state,
            created_by: row.created_by,
            created_at: Time(row.created_at),
            ended_at: row.ended_at.map(Time),
        })
    }
}

/// How far one job is on one day.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DayProgress {
    pub(crate) job_id: String,
    pub(crate) bizdate: String,
    /// How many instances are in each state.
    pub(crate) states: BTreeMap<String, i64>,
}

/// A backfill with how far it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BackfillDetail {
    #[serde(flatten)]
    pub(crate) backfill: Backfill,
    /// How many instances are in each state.
    pub(crate) states: BTreeMap<String, i64>,
    pub(crate) days: Vec<DayProgress>,
}

/// An instance that a backfill would make.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewedInstance {
    pub(crate) job_id: String,
    /// The scheduled time on the wall.
    pub(crate) cycle_at: String,
    pub(crate) bizdate: String,
    pub(crate) is_dry_run: bool,
    /// Which of the groups it is in, from 0.
    pub(crate) group: i64,
}

/// What a backfill would do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BackfillPreview {
    pub(crate) jobs: Vec<String>,
    pub(crate) instance_count: usize,
    /// The first 500.
    pub(crate) instances: Vec<PreviewedInstance>,
    /// Instances of the same jobs and days that wait or are under way, at most 100.
    pub(crate) conflicts: Vec<Instance>,
}

/// Shows what a backfill would do, and with what it would meet. Makes nothing.
#[utoipa::path(post, path = "/projects/{project}/backfills/preview", tag = "backfills", request_body = NewBackfill,
    params(("project" = String, Path)),
    responses((status = 200, body = BackfillPreview), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("backfillOperate"))))]
pub(crate) async fn preview(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    Body(body): Body<NewBackfill>,
) -> ApiResult<Json<BackfillPreview>> {
    let access = caller.enter(&app, &project, Right::BackfillOperate).await?;
    let mut c = app.store.read().await?;
    let (spec, planned) = ask::plan(&mut c, &access, &body).await?;
    let instances = planned
        .iter()
        .take(MOST_SHOWN)
        .map(|one| PreviewedInstance {
            job_id: spec.jobs.get(one.job).cloned().unwrap_or_default(),
            cycle_at: wall_text(wall_micros(one.occurrence.cycle_at)),
            bizdate: one.occurrence.bizdate.to_string(),
            is_dry_run: one.occurrence.is_dry_run,
            group: one.lane,
        });
    Ok(Json(BackfillPreview {
        instance_count: planned.len(),
        instances: instances.collect(),
        conflicts: ask::conflicts(&mut c, &spec).await?,
        jobs: spec.jobs,
    }))
}

/// Starts a backfill: makes all its instances, which run as soon as they may.
#[utoipa::path(post, path = "/projects/{project}/backfills", tag = "backfills", request_body = NewBackfill,
    params(("project" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = Backfill), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("backfillOperate"))))]
pub(crate) async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    once: Once,
    Body(body): Body<NewBackfill>,
) -> ApiResult<(StatusCode, Json<serde_json::Value>)> {
    let access = caller.enter(&app, &project, Right::BackfillOperate).await?;
    // Planning may take a while, and nobody else shall wait for it.
    let mut c = app.store.read().await?;
    let place = format!("backfill {}", access.project.id);
    if let Some(answer) = once.before(&mut c, &caller, &place, &body).await? {
        return Ok(answer);
    }
    let (spec, planned) = ask::plan(&mut c, &access, &body).await?;
    drop(c);
    let mut t = app.store.begin().await?;
    let row = Row {
        id: new_id(),
        project_id: access.project.id.clone(),
        spec: serde_json::to_string(&spec)
            .map_err(|error| ApiError::internal("writing a backfill", error))?,
        state: backfill::RUNNING.to_string(),
        created_by: caller.account.id.clone(),
        created_at: app.clock.micros(),
        ended_at: None,
        revision: 1,
    };
    backfill::insert(&mut t, &row).await?;
    rules::make(&mut t, &row, &spec, &planned).await?;
    let name = format!("{} to {}", spec.from, spec.to);
    let object = Object {
        kind: "backfill",
        id: &row.id,
        name: &name,
    };
    let change = Change::of(None::<&()>, Some(&spec));
    access
        .note(&mut t, "backfill.start", object, change)
        .await?;
    let view = Backfill::read(row)?;
    once.commit(&app, t, StatusCode::CREATED, &view).await
}

/// The backfills of a project, latest first.
#[utoipa::path(get, path = "/projects/{project}/backfills", tag = "backfills",
    params(("project" = String, Path), PageQuery),
    responses((status = 200, body = Listed<Backfill>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesView"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<PageQuery>,
) -> ApiResult<Json<Listed<Backfill>>> {
    let access = caller.enter(&app, &project, Right::SchedulesView).await?;
    let page = query.page()?;
    let mut c = app.store.read().await?;
    let rows = backfill::list(&mut c, &access.project.id, &page).await?;
    let listed = Listed::new(rows, &page, |row| row.id.clone(), Backfill::read);
    Ok(Json(listed.sound()?))
}

/// One backfill, with how far each day is.
#[utoipa::path(get, path = "/projects/{project}/backfills/{backfill}", tag = "backfills",
    params(("project" = String, Path), ("backfill" = String, Path)),
    responses((status = 200, body = BackfillDetail), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesView"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<Json<BackfillDetail>> {
    let access = caller.enter(&app, &project, Right::SchedulesView).await?;
    let mut c = app.store.read().await?;
    let row = backfill::find(&mut c, &access.project.id, &id)
        .await?
        .ok_or_else(|| ApiError::not_found("backfill", &id))?;
    Ok(Json(detail(&mut c, row).await?))
}

async fn detail(c: &mut Connection, row: Row) -> ApiResult<BackfillDetail> {
    let mut states: BTreeMap<String, i64> = BTreeMap::new();
    let mut days: Vec<DayProgress> = Vec::new();
    for one in backfill::progress(c, &row.id).await? {
        *states.entry(one.state.clone()).or_default() += one.count;
        match days.last_mut() {
            Some(day) if day.job_id == one.job_id && day.bizdate == one.bizdate => {
                day.states.insert(one.state, one.count);
            }
            _ => days.push(DayProgress {
                job_id: one.job_id,
                bizdate: one.bizdate,
                states: BTreeMap::from([(one.state, one.count)]),
            }),
        }
    }
    Ok(BackfillDetail {
        backfill: Backfill::read(row)?,
        states,
        days,
    })
}
