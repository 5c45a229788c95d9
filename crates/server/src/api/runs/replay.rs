//! Feeding the dirty rows of a run back after whatever made them dirty was mended: where they come from or go to, or
//! the rows themselves.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use engine::{MendedRows, RowForm};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::act::{Again, RerunVersion, job_of};
use super::find;
use super::start::StartedRun;
use crate::access::role::Right;
use crate::access::token;
use crate::api::audit::{Change, Object};
use crate::api::body::{Body, Lines};
use crate::api::caller::{Access, SignedIn};
use crate::api::error::{ApiError, ApiResult, ErrorBody, Problem};
use crate::api::idempotency::Once;
use crate::api::page::QueryOf;
use crate::api::time::new_id;
use crate::runs::{self, Edition, Kind, Origin, Request};
use crate::state::App;
use crate::store::run::{self, removed};

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

/// How mended rows are fed back.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ReplayQuery {
    /// The version of the run, unless said.
    #[param(inline)]
    version: RerunVersion,
    /// Feeds rows of a run back of which others were fed back before.
    again: bool,
}

/// The runs that feed rows back.
#[derive(Serialize, ToSchema)]
pub(crate) struct Replays {
    /// One, or two if some rows failed on their way and others were refused by the target.
    runs: Vec<StartedRun>,
}

/// The rows that are fed back.
enum Rows {
    Kept(Vec<RowForm>),
    Mended(MendedRows, Bytes),
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
    let feeding = Feeding {
        app: &app,
        access: &access,
        row: &row,
        how: &body,
        once: &once,
    };
    feeding.may_begin()?;
    let forms = forms(&app, &row).await?;
    if forms.is_empty() {
        return Err(ApiError::conflict(format!(
            "run {} kept no dirty rows",
            row.number
        )));
    }
    feeding.begin(Rows::Kept(forms)).await
}

/// Feeds rows back that somebody has mended: lines of the run's dirty-row file with other values in `row`. They are
/// as many as the run set aside at most; what is still not right becomes a dirty row of the replay.
#[utoipa::path(post, path = "/projects/{project}/runs/{run}/replay/rows", tag = "runs",
    request_body(content = String, content_type = "application/x-ndjson"),
    params(("project" = String, Path), ("run" = String, Path), ReplayQuery,
        ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 202, body = Replays), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("dirtyRowsReplay"))))]
pub(crate) async fn replay_rows(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    asked: (Path<(String, String)>, QueryOf<ReplayQuery>),
    once: Once,
    Lines(text): Lines,
) -> ApiResult<(StatusCode, Json<serde_json::Value>)> {
    let (Path((project, id)), QueryOf(query)) = asked;
    let access = caller.enter(&app, &project, Right::DirtyRowsReplay).await?;
    let row = find(&app, &access, &id).await?;
    let feeding = Feeding {
        app: &app,
        access: &access,
        row: &row,
        how: &Replay {
            version: query.version,
            again: query.again,
        },
        once: &once,
    };
    feeding.may_begin()?;
    let rows = mended(&row, text).await?;
    feeding.begin(rows).await
}

/// Reads mended rows, and refuses what cannot be rows of the run.
async fn mended(row: &run::Run, text: Bytes) -> ApiResult<Rows> {
    let (looked_at, kept_by) = (text.clone(), runs::form_of(row));
    let read = tokio::task::spawn_blocking(move || MendedRows::read(&looked_at, kept_by)).await;
    let read = read.map_err(|error| ApiError::internal("reading mended rows", error))?;
    let mended = read.map_err(|broken| {
        let message = format!(
            "line {} is not a dirty row: {}",
            broken.number, broken.reason
        );
        let mut problem = Problem::at("", message).hint(
            "send lines of the run's dirty-row file; mend the values, not the form of the lines",
        );
        problem.line = u32::try_from(broken.number).ok();
        ApiError::invalid(vec![problem])
    })?;
    if mended.forms.is_empty() {
        let problem = Problem::at("", "there are no rows").hint("send one row a line");
        return Err(ApiError::invalid(vec![problem]));
    }
    // A replay is a way to mend a run, and none to write whatever one likes.
    let most = u64::try_from(row.rows_dirty).unwrap_or(0);
    if mended.row_count > most {
        let message = format!(
            "there are {} rows, and run {} set aside {most}",
            mended.row_count, row.number
        );
        let problem = Problem::at("", message).hint("send only rows of this run, each once");
        return Err(ApiError::invalid(vec![problem]));
    }
    Ok(Rows::Mended(mended, text))
}

/// What is fed back, how, and for whom.
struct Feeding<'a> {
    app: &'a App,
    access: &'a Access,
    row: &'a run::Run,
    how: &'a Replay,
    once: &'a Once,
}

impl Feeding<'_> {
    fn may_begin(&self) -> ApiResult<()> {
        let row = self.row;
        if row.state == run::SUCCEEDED {
            return Ok(());
        }
        Err(ApiError::conflict(format!(
            "run {} is {}, and only rows of succeeded runs are fed back",
            row.number, row.state
        ))
        .hint(
            "resume it or run it again, or mark it as succeeded if the target has its other rows",
        ))
    }

    async fn begin(&self, rows: Rows) -> ApiResult<(StatusCode, Json<serde_json::Value>)> {
        let (forms, text) = match rows {
            Rows::Kept(forms) => (forms, None),
            Rows::Mended(mended, text) => (mended.forms, Some((mended.row_count, text))),
        };
        let mut ids: Vec<String> = forms.iter().map(|_| new_id()).collect();
        let replays = ids
            .iter()
            .map(String::as_str)
            .zip(forms)
            .collect::<Vec<_>>();
        let answer = match self.keep(&ids, text.as_ref()).await {
            Ok(()) => self.put_into_queue(&replays, text.as_ref()).await,
            Err(error) => Err(error),
        };
        if text.is_some() {
            // Another request of the same key may have been faster, and then its runs are the ones.
            let is_ours = |run: &String| match &answer {
                Ok((_, Json(answer))) => answer.to_string().contains(run),
                Err(_) => false,
            };
            ids.retain(|run| !is_ours(run));
            runs::forget_mended(self.app, &ids).await;
        }
        self.app.wake();
        answer
    }

    /// Keeps rows that somebody sent. That takes a while, so nobody waits for it within a transaction.
    async fn keep(&self, ids: &[String], text: Option<&(u64, Bytes)>) -> ApiResult<()> {
        let Some((_, text)) = text else {
            return Ok(());
        };
        for id in ids {
            runs::keep_mended(self.app, id, text.clone()).await?;
        }
        Ok(())
    }

    async fn put_into_queue(
        &self,
        replays: &[(&str, RowForm)],
        text: Option<&(u64, Bytes)>,
    ) -> ApiResult<(StatusCode, Json<serde_json::Value>)> {
        let Feeding {
            app,
            access,
            row,
            how,
            once,
        } = *self;
        let said = text
            .map(|(row_count, text)| json!({"mendedRows": row_count, "sha256": token::hash(text)}));
        let mut t = app.store.begin().await?;
        let place = format!("replay {} {}", access.project.id, row.id);
        let asked = (how, &said);
        if let Some(answer) = once.before(&mut t, &access.caller, &place, &asked).await? {
            return Ok(answer);
        }
        // Whoever asks at the same time for the same rows waits here.
        run::lock(&mut t, &row.id).await?;
        if !how.again {
            refuse_twice(&run::replays(&mut t, &row.id, MOST_REPLAYS).await?, row)?;
        }
        let job = job_of(&mut t, row).await.map_err(|error| {
            error.hint("download the rows, and feed them back with `longshore replay FILE JOB`")
        })?;
        let mut started = Vec::new();
        for (replay_id, form) in replays {
            let again = Again::of(&mut t, row, &job, how.version).await?;
            let edition = match text {
                Some(_) => Edition::Mended,
                None => Edition::Kept,
            };
            let origin = Origin {
                replay_id,
                run_id: &row.id,
                form: *form,
                edition,
            };
            let request = Request {
                kind: Kind::Replay,
                origin: Some(origin),
                limit_rows: None,
                ..again.request(row, &job, &access.caller.account.id)
            };
            let (id, number) = runs::create(app, &mut t, &request).await?;
            if text.is_some() {
                removed::forget(&mut t, &id).await?;
            }
            started.push(StartedRun { id, number });
        }
        let object = Object {
            kind: "run",
            id: &row.id,
            name: &row.job_name,
        };
        let change = Change::of(None::<&()>, said.as_ref());
        access.note(&mut t, "run.replay", object, change).await?;
        let started = Replays { runs: started };
        once.commit(app, t, StatusCode::ACCEPTED, &started).await
    }
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
