//! The servers that share the store: who is there, and which of them take new runs.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::audit::{Change, Object};
use super::caller::{Caller, SignedIn};
use super::error::{ApiError, ApiResult, ErrorBody};
use super::page::{Listed, PageQuery, QueryOf};
use super::time::Time;
use crate::servers::SILENT_MICROS;
use crate::state::App;
use crate::store::{StoreError, server};

/// A server of this instance.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Server {
    id: String,
    /// Where it listens.
    address: String,
    version: String,
    /// Runs that it may do at the same time.
    slots: i64,
    /// Runs that it holds.
    running: i64,
    /// Whether it takes no new runs.
    is_draining: bool,
    /// Whether it was heard of in the last 30 seconds.
    is_alive: bool,
    /// Whether it is the one that answers.
    is_here: bool,
    started_at: Time,
    heartbeat_at: Time,
    /// Seconds since it was last heard of.
    heartbeat_age_seconds: i64,
}

impl Server {
    fn of(app: &App, busy: server::Busy) -> Server {
        let row = busy.server;
        let age = (app.clock.micros() - row.heartbeat_at).max(0);
        Server {
            is_alive: age <= SILENT_MICROS,
            is_here: row.id == app.server_id,
            heartbeat_age_seconds: age / 1_000_000,
            id: row.id,
            address: row.address,
            version: row.version,
            slots: row.slots,
            running: busy.running,
            is_draining: row.is_draining != 0,
            started_at: Time(row.started_at),
            heartbeat_at: Time(row.heartbeat_at),
        }
    }
}

/// The servers of this instance, in the order in which they started; those that are gone for an hour are left out.
#[utoipa::path(get, path = "/servers", tag = "instance", params(PageQuery),
    responses((status = 200, body = Listed<Server>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("administrator"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    QueryOf(query): QueryOf<PageQuery>,
) -> ApiResult<Json<Listed<Server>>> {
    caller.need_admin()?;
    let page = query.page()?;
    let mut c = app.store.read().await?;
    let rows = server::list(&mut c, &page).await?;
    let key = |row: &server::Busy| row.server.id.clone();
    Ok(Json(Listed::new(rows, &page, key, |row| {
        Server::of(&app, row)
    })))
}

/// Lets a server take no new runs; those that it holds go on, and it stays that way until it is started anew.
#[utoipa::path(post, path = "/servers/{server}/drain", tag = "instance",
    params(("server" = String, Path)),
    responses((status = 200, body = Server), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("administrator"))))]
pub(crate) async fn drain(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> ApiResult<Json<Server>> {
    set(&app, &caller, &id, 1).await
}

/// Lets a server take new runs again.
#[utoipa::path(post, path = "/servers/{server}/undrain", tag = "instance",
    params(("server" = String, Path)),
    responses((status = 200, body = Server), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("administrator"))))]
pub(crate) async fn undrain(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> ApiResult<Json<Server>> {
    set(&app, &caller, &id, 0).await
}

async fn set(app: &App, caller: &Caller, id: &str, flag: i64) -> ApiResult<Json<Server>> {
    caller.need_admin()?;
    let missing = || ApiError::not_found("server", id);
    let mut t = app.store.begin().await?;
    let before = server::find(&mut t, id).await?.ok_or_else(missing)?;
    if !server::set_draining(&mut t, id, flag).await? {
        return Err(missing());
    }
    let mut after = before.clone();
    after.server.is_draining = flag;
    let (before, after) = (Server::of(app, before), Server::of(app, after));
    let object = Object {
        kind: "server",
        id: &after.id,
        name: &after.address,
    };
    let action = if flag == 0 {
        "server.undrain"
    } else {
        "server.drain"
    };
    let change = Change::of(Some(&before), Some(&after));
    caller.note(&mut t, action, object, change).await?;
    t.commit().await.map_err(StoreError::from)?;
    app.wake();
    Ok(Json(after))
}
