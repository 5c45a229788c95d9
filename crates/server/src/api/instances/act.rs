//! What can be done with an instance: rerun, mark as succeeded, freeze, unfreeze, stop.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{InstanceDetail, MOST_NEIGHBOURS, detail, find};
use crate::access::role::Right;
use crate::api::audit::{Change, Object};
use crate::api::body::Body;
use crate::api::caller::{Access, Caller, SignedIn};
use crate::api::error::{ApiError, ApiResult, Code, ErrorBody};
use crate::schedule::rule::RerunPolicy;
use crate::scheduler::{stop_run, submitted_rule};
use crate::state::App;
use crate::store::instance::{self, ListedInstance as Row, Move, edge};
use crate::store::{Connection, StoreError, WriteTransaction, backfill};

/// Instances that one request runs again at most.
const MOST_RERUNS: usize = 10_000;

async fn note(access: &Access, c: &mut Connection, action: &str, row: &Row) -> ApiResult<()> {
    let object = Object {
        kind: "instance",
        id: &row.instance.id,
        name: &row.job_name,
    };
    access.note(c, action, object, Change::default()).await
}

/// The state of an instance does not allow what was asked.
fn not_now(row: &Row, verb: &str) -> ApiError {
    ApiError::conflict(format!(
        "the instance of job `{}` for {} is {} and cannot be {verb}",
        row.job_name, row.instance.bizdate, row.instance.state
    ))
}

/// An instance that something is done with, in the transaction that does it.
struct Acting {
    access: Access,
    t: WriteTransaction,
    row: Row,
}

impl Acting {
    async fn on(
        app: &App,
        caller: &Arc<Caller>,
        (project, id): (String, String),
    ) -> ApiResult<Acting> {
        let access = caller.enter(app, &project, Right::InstancesOperate).await?;
        let mut t = app.store.begin().await?;
        let row = find(&mut t, &access, &id).await?;
        Ok(Acting { access, t, row })
    }

    /// Notes what was done, and shows what became of the instance.
    async fn done(mut self, app: &App, action: &str) -> ApiResult<InstanceDetail> {
        note(&self.access, &mut self.t, action, &self.row).await?;
        let row = find(&mut self.t, &self.access, &self.row.instance.id).await?;
        let view = detail(app, &mut self.t, row).await?;
        self.t.commit().await.map_err(StoreError::from)?;
        Ok(view)
    }
}

/// What runs again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RerunScope {
    /// The instance alone.
    #[default]
    Instance,
    /// The instance, and whatever waits for it and has ended.
    Downstream,
}

/// How to run an instance again.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct InstanceRerun {
    #[serde(default)]
    scope: RerunScope,
}

/// Which instances run again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RerunInstances {
    ids: Vec<String>,
}

/// Runs an instance again that has ended, if the rerun policy of its schedule lets it.
#[utoipa::path(post, path = "/projects/{project}/instances/{instance}/rerun", tag = "instances",
    request_body = InstanceRerun, params(("project" = String, Path), ("instance" = String, Path)),
    responses((status = 202, body = RerunInstances), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("instancesOperate"))))]
pub(crate) async fn rerun(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Body(body): Body<InstanceRerun>,
) -> ApiResult<(StatusCode, Json<RerunInstances>)> {
    let access = caller
        .enter(&app, &project, Right::InstancesOperate)
        .await?;
    let now = app.clock.micros();
    let mut t = app.store.begin().await?;
    let row = find(&mut t, &access, &id).await?;
    backfill::lock(&mut t, &row.instance.backfill_id).await?;
    refuse_by_policy(&mut t, &row).await?;
    if !instance::rerun(&mut t, &row.instance.id, now).await? {
        return Err(not_now(&row, "run again"));
    }
    let mut ids = vec![row.instance.id.clone()];
    if body.scope == RerunScope::Downstream {
        let mut seen = HashSet::from([row.instance.id.clone()]);
        let mut queue = VecDeque::from([row.instance.clone()]);
        while let Some(next) = queue.pop_front() {
            for down in all_downstream(&mut t, &next).await? {
                if !seen.insert(down.instance.id.clone()) {
                    continue;
                }
                if seen.len() > MOST_RERUNS {
                    let text = format!("more than {MOST_RERUNS} instances wait for this one");
                    let error = ApiError::conflict(text);
                    return Err(error.hint("rerun it alone, then those further on"));
                }
                let may = match refuse_by_policy(&mut t, &down).await {
                    Err(error) if error.code() == Code::Conflict => false,
                    other => other.map(|()| true)?,
                };
                // Those that may not run again, or have not ended, keep what they are.
                if may && instance::rerun(&mut t, &down.instance.id, now).await? {
                    ids.push(down.instance.id.clone());
                }
                queue.push_back(down.instance);
            }
        }
    }
    if !row.instance.backfill_id.is_empty() {
        backfill::reopen(&mut t, &row.instance.backfill_id).await?;
    }
    note(&access, &mut t, "instance.rerun", &row).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok((StatusCode::ACCEPTED, Json(RerunInstances { ids })))
}

/// Whatever waits for an instance.
async fn all_downstream(c: &mut Connection, row: &instance::Instance) -> ApiResult<Vec<Row>> {
    let mut all: Vec<Row> = Vec::new();
    loop {
        let after = all.last().map_or("", |last| last.instance.id.as_str());
        let page = edge::downstream(c, row, after, MOST_NEIGHBOURS).await?;
        if page.is_empty() || all.len() > MOST_RERUNS {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn refuse_by_policy(c: &mut Connection, row: &Row) -> ApiResult<()> {
    let Some(rule) = submitted_rule(c, &row.instance.job_id).await? else {
        return Ok(());
    };
    let text = match (rule.rerun.policy, row.instance.state.as_str()) {
        (RerunPolicy::Never, _) => "never lets its instances run again",
        (RerunPolicy::AfterFailure, instance::SUCCEEDED) => {
            "lets instances run again after a failure only"
        }
        _ => return Ok(()),
    };
    Err(
        ApiError::conflict(format!("the schedule of job `{}` {text}", row.job_name))
            .hint("change `rerun.policy` of the schedule and submit it, or mark a failed instance as succeeded"),
    )
}

/// Lets an instance count as succeeded without running, so that whatever waits for it goes on.
#[utoipa::path(post, path = "/projects/{project}/instances/{instance}/mark-succeeded", tag = "instances",
    params(("project" = String, Path), ("instance" = String, Path)),
    responses((status = 200, body = InstanceDetail), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("instancesOperate"))))]
pub(crate) async fn mark_succeeded(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(path): Path<(String, String)>,
) -> ApiResult<Json<InstanceDetail>> {
    let mut acting = Acting::on(&app, &caller, path).await?;
    backfill::lock(&mut acting.t, &acting.row.instance.backfill_id).await?;
    let message = format!(
        "marked as succeeded by {}",
        acting.access.caller.account.name
    );
    let step = Move {
        id: &acting.row.instance.id,
        from: &[
            instance::WAITING,
            instance::FAILED,
            instance::STOPPED,
            instance::SKIPPED,
        ],
        to: instance::SUCCEEDED,
        at: app.clock.micros(),
        message: &message,
    };
    if !instance::end(&mut acting.t, step).await? {
        return Err(
            not_now(&acting.row, "marked as succeeded").hint("stop it first if it is under way")
        );
    }
    instance::blocked::clear_behind(&mut acting.t, &acting.row.instance.id).await?;
    backfill::go_on(&mut acting.t, &acting.row.instance.backfill_id).await?;
    Ok(Json(acting.done(&app, "instance.markSucceeded").await?))
}

/// Keeps an instance that waits from running; whatever waits for it is held up.
#[utoipa::path(post, path = "/projects/{project}/instances/{instance}/freeze", tag = "instances",
    params(("project" = String, Path), ("instance" = String, Path)),
    responses((status = 200, body = InstanceDetail), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("instancesOperate"))))]
pub(crate) async fn freeze(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(path): Path<(String, String)>,
) -> ApiResult<Json<InstanceDetail>> {
    let mut acting = Acting::on(&app, &caller, path).await?;
    if !instance::freeze(&mut acting.t, &acting.row.instance.id).await? {
        return Err(not_now(&acting.row, "frozen")
            .hint("only instances that wait and are not frozen can be"));
    }
    Ok(Json(acting.done(&app, "instance.freeze").await?))
}

/// Lets a frozen instance run when it is its turn.
#[utoipa::path(post, path = "/projects/{project}/instances/{instance}/unfreeze", tag = "instances",
    params(("project" = String, Path), ("instance" = String, Path)),
    responses((status = 200, body = InstanceDetail), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("instancesOperate"))))]
pub(crate) async fn unfreeze(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(path): Path<(String, String)>,
) -> ApiResult<Json<InstanceDetail>> {
    let mut acting = Acting::on(&app, &caller, path).await?;
    if !instance::unfreeze(&mut acting.t, &acting.row.instance.id).await? {
        return Err(not_now(&acting.row, "unfrozen").hint("only frozen instances that wait can be"));
    }
    Ok(Json(acting.done(&app, "instance.unfreeze").await?))
}

/// Stops an instance: at once if it waits, cleanly if its run is under way.
#[utoipa::path(post, path = "/projects/{project}/instances/{instance}/stop", tag = "instances",
    params(("project" = String, Path), ("instance" = String, Path)),
    responses((status = 202, body = InstanceDetail), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("instancesOperate"))))]
pub(crate) async fn stop(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(path): Path<(String, String)>,
) -> ApiResult<(StatusCode, Json<InstanceDetail>)> {
    let mut acting = Acting::on(&app, &caller, path).await?;
    match acting.row.instance.state.as_str() {
        instance::QUEUED | instance::RUNNING => {
            stop_run(&app, &mut acting.t, &acting.row.instance).await?
        }
        _ => {
            let message = format!("stopped by {}", acting.access.caller.account.name);
            let step = Move {
                id: &acting.row.instance.id,
                from: &[instance::WAITING],
                to: instance::STOPPED,
                at: app.clock.micros(),
                message: &message,
            };
            if !instance::end(&mut acting.t, step).await? {
                return Err(not_now(&acting.row, "stopped"));
            }
        }
    }
    Ok((
        StatusCode::ACCEPTED,
        Json(acting.done(&app, "instance.stop").await?),
    ))
}
