//! Feeding the dirty rows of a run back after whatever made them dirty was mended.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use engine::RowForm;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::act::{Again, RerunVersion, job_of, note};
use super::find;
use super::start::StartedRun;
use crate::access::role::Right;
use crate::api::body::Body;
use crate::api::caller::SignedIn;
use crate::api::error::{ApiError, ApiResult, ErrorBody};
use crate::api::idempotency::Once;
use crate::runs::{self, Kind, Request};
use crate::state::App;
use crate::store::run;

/// So many earlier replays are looked at.
const MOST_REPLAYS: i64 = 100;

/// How dirty rows are fed back.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Replay {
    version: RerunVersion,
    /// Feeds rows back that were fed back before, and adds them to the target once more.
    again: bool,
}

/// The runs that feed rows back.
#[derive(Serialize, ToSchema)]
pub(crate) struct Replays {
    /// One, or two if some rows failed on their way and others were refused by the target.
    runs: Vec<StartedRun>,
}

/// Feeds the dirty rows of a succeeded run back to the job's target, as runs of their own with the same dates and
/// values. Nothing of the target is cleared, and no statements run before or after.
#[utoipa::path(post, path = "/projects/{project}/runs/{run}/replay", tag = "runs", request_body = Replay,
    params(("project" = String, Path), ("run" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 202, body = Replays), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("dirtyRowsReplay"))))]
pub(crate) async fn replay(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    once: Once,
    Body(body): Body<Replay>,
) -> ApiResult<(StatusCode, Json<serde_json::Value>)> {
    let access = caller.enter(&app, &project, Right::DirtyRowsReplay).await?;
    let row = find(&app, &access, &id).await?;
    if row.state != run::SUCCEEDED {
        return Err(ApiError::conflict(format!(
            "run {} is {}, and only rows of succeeded runs are fed back",
            row.number, row.state
        ))
        .hint(
            "resume it or run it again, or mark it as succeeded if the target has its other rows",
        ));
    }
    let forms = forms(&app, &row).await?;
    if forms.is_empty() {
        return Err(ApiError::conflict(format!(
            "run {} kept no dirty rows",
            row.number
        )));
    }
    let mut t = app.store.begin().await?;
    let place = format!("replay {} {id}", access.project.id);
    if let Some(answer) = once.before(&mut t, &caller, &place, &body).await? {
        return Ok(answer);
    }
    // Whoever asks at the same time for the same rows waits here.
    run::lock(&mut t, &row.id).await?;
    if !body.again {
        refuse_twice(&run::replays(&mut t, &row.id, MOST_REPLAYS).await?, &row)?;
    }
    let job = job_of(&mut t, &row).await.map_err(|error| {
        error.hint("download the rows, and feed them back with `longshore replay FILE JOB`")
    })?;
    let mut started = Vec::new();
    for form in forms {
        let again = Again::of(&mut t, &row, &job, body.version).await?;
        let request = Request {
            kind: Kind::Replay,
            origin: Some((&row.id, form)),
            ..again.request(&row, &job, &caller.account.id)
        };
        let (id, number) = runs::create(&app, &mut t, &request).await?;
        started.push(StartedRun { id, number });
    }
    note(&access, &mut t, "run.replay", &row).await?;
    let started = Replays { runs: started };
    let answer = once.commit(&app, t, StatusCode::ACCEPTED, &started).await?;
    app.wake();
    Ok(answer)
}

/// Which columns the dirty rows of a run have; none if it has none.
async fn forms(app: &App, row: &run::Run) -> ApiResult<Vec<RowForm>> {
    let Some(rows) = runs::kept_rows(app, row) else {
        return Ok(Vec::new());
    };
    let forms = tokio::task::spawn_blocking(move || rows.forms()).await;
    let forms = forms.map_err(|error| ApiError::internal("reading dirty rows", error))?;
    forms.map_err(|error| ApiError::internal("reading dirty rows", error))
}

/// Refuses rows that are in the target by now, or on their way to it.
fn refuse_twice(replays: &[run::Run], row: &run::Run) -> ApiResult<()> {
    let is_spent = |state: &str| matches!(state, run::FAILED | run::STOPPED);
    match replays.iter().find(|replay| !is_spent(&replay.state)) {
        None => Ok(()),
        Some(replay) => Err(ApiError::conflict(format!(
            "run {} feeds the rows of run {} back already and is {}",
            replay.number, row.number, replay.state
        ))
        .hint("ask with `again` if the target is to have them once more")),
    }
}
