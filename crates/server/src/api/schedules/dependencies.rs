//! What the draft of a schedule waits for.

use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Dependency, Schedule, find, find_job, network, object, read, text, view};
use crate::access::role::Right;
use crate::api::audit::Change;
use crate::api::body::Body;
use crate::api::caller::SignedIn;
use crate::api::error::{ApiResult, ErrorBody};
use crate::api::etag::{Revised, Seen};
use crate::state::App;
use crate::store::{Alone, StoreError, schedule};

/// What a schedule is to wait for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Dependencies {
    dependencies: Vec<Dependency>,
}

/// Writes what the draft of a schedule waits for. Schedules that would wait for each other forever are refused.
#[utoipa::path(put, path = "/projects/{project}/jobs/{job}/schedule/dependencies", tag = "schedules",
    request_body = Dependencies,
    params(("project" = String, Path), ("job" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = Schedule), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesEdit"))))]
pub(crate) async fn put_dependencies(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Seen(revision): Seen,
    Body(body): Body<Dependencies>,
) -> ApiResult<Revised<Schedule>> {
    let access = caller.enter(&app, &project, Right::SchedulesEdit).await?;
    let mut t = app.store.begin_alone(Alone::Schedules).await?;
    let job = find_job(&mut t, &access, &id).await?;
    let mut row = find(&mut t, &access, &job).await?;
    let before: Vec<Dependency> = read(&row.dependencies)?;
    network::check(&mut t, &job, &read(&row.rule)?, &body.dependencies).await?;
    row.revision = revision;
    row.dependencies = text(&body.dependencies)?;
    row.updated_at = app.clock.micros();
    schedule::update_draft(&mut t, &row).await?;
    let change = Change::of(Some(&before), Some(&body.dependencies));
    access
        .note(&mut t, "schedule.updateDependencies", object(&job), change)
        .await?;
    let view = view(&app, &mut t, &row, &job).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(Revised(revision + 1, view))
}
