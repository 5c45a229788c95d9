//! What can be done with a backfill: pause, resume, stop.

use axum::Json;
use axum::extract::{Path, State};

use super::{BackfillDetail, detail};
use crate::access::role::Right;
use crate::api::audit::{Change, Object};
use crate::api::caller::SignedIn;
use crate::api::error::{ApiError, ApiResult, ErrorBody};
use crate::scheduler::stop_run;
use crate::state::App;
use crate::store::instance::{self, Hold};
use crate::store::{StoreError, backfill};

/// A change of a backfill's state.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Pause,
    Resume,
    Stop,
}

/// Pauses a backfill: what runs goes on, nothing else begins.
#[utoipa::path(post, path = "/projects/{project}/backfills/{backfill}/pause", tag = "backfills",
    params(("project" = String, Path), ("backfill" = String, Path)),
    responses((status = 200, body = BackfillDetail), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("backfillOperate"))))]
pub(crate) async fn pause(
    State(app): State<App>,
    caller: SignedIn,
    Path(path): Path<(String, String)>,
) -> ApiResult<Json<BackfillDetail>> {
    act(&app, caller, path, Verb::Pause).await
}

/// Resumes a paused backfill.
#[utoipa::path(post, path = "/projects/{project}/backfills/{backfill}/resume", tag = "backfills",
    params(("project" = String, Path), ("backfill" = String, Path)),
    responses((status = 200, body = BackfillDetail), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("backfillOperate"))))]
pub(crate) async fn resume(
    State(app): State<App>,
    caller: SignedIn,
    Path(path): Path<(String, String)>,
) -> ApiResult<Json<BackfillDetail>> {
    act(&app, caller, path, Verb::Resume).await
}

/// Stops a backfill: what waits is stopped, and what runs is asked to stop.
#[utoipa::path(post, path = "/projects/{project}/backfills/{backfill}/stop", tag = "backfills",
    params(("project" = String, Path), ("backfill" = String, Path)),
    responses((status = 200, body = BackfillDetail), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("backfillOperate"))))]
pub(crate) async fn stop(
    State(app): State<App>,
    caller: SignedIn,
    Path(path): Path<(String, String)>,
) -> ApiResult<Json<BackfillDetail>> {
    act(&app, caller, path, Verb::Stop).await
}

async fn act(
    app: &App,
    SignedIn(caller): SignedIn,
    (project, id): (String, String),
    verb: Verb,
) -> ApiResult<Json<BackfillDetail>> {
    let access = caller.enter(app, &project, Right::BackfillOperate).await?;
    let now = app.clock.micros();
    let (from, to, ended_at, action) = match verb {
        Verb::Pause => (
            [backfill::RUNNING; 2],
            backfill::PAUSED,
            None,
            "backfill.pause",
        ),
        Verb::Resume => (
            [backfill::PAUSED; 2],
            backfill::RUNNING,
            None,
            "backfill.resume",
        ),
        Verb::Stop => (
            [backfill::RUNNING, backfill::PAUSED],
            backfill::STOPPED,
            Some(now),
            "backfill.stop",
        ),
    };
    let mut t = app.store.begin().await?;
    let row = backfill::find(&mut t, &access.project.id, &id)
        .await?
        .ok_or_else(|| ApiError::not_found("backfill", &id))?;
    let moved = backfill::set_state(&mut t, &row.id, from, to, ended_at).await;
    moved.map_err(|error| match error {
        StoreError::Changed => ApiError::conflict(format!(
            "the backfill is {} and cannot become {to}",
            row.state
        )),
        other => other.into(),
    })?;
    match verb {
        Verb::Pause => instance::hold_backfill(&mut t, &row.id, Hold::Held).await?,
        Verb::Resume => instance::hold_backfill(&mut t, &row.id, Hold::Free).await?,
        Verb::Stop => {}
    }
    if verb == Verb::Stop {
        let message = format!(
            "stopped with its backfill by {}",
            access.caller.account.name
        );
        backfill::stop_waiting(&mut t, &row.id, now, &message).await?;
        for active in backfill::active(&mut t, &row.id).await? {
            stop_run(app, &mut t, &active).await?;
        }
    }
    let object = Object {
        kind: "backfill",
        id: &row.id,
        name: &row.id,
    };
    access
        .note(&mut t, action, object, Change::default())
        .await?;
    let row = backfill::find(&mut t, &access.project.id, &id)
        .await?
        .ok_or_else(|| ApiError::not_found("backfill", &id))?;
    let view = detail(&mut t, row).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(Json(view))
}
