//! The instance itself: its health and its settings.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::audit::{Change, Object};
use super::body::Body;
use super::caller::SignedIn;
use super::error::{ApiError, ApiResult, Code, ErrorBody};
use super::etag::{Revised, Seen};
use crate::settings::InstanceSettings;
use crate::state::App;
use crate::store::StoreError;

/// Answered without looking at who asks.
pub(crate) const HEALTH: [&str; 2] = ["/healthz", "/readyz"];
/// The store has so long to answer those who ask for the state of the server.
pub(crate) const LONGEST_LOOK: Duration = Duration::from_secs(3);

/// The state of a server.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Health {
    status: &'static str,
    version: &'static str,
}

const WELL: Health = Health {
    status: "ok",
    version: env!("CARGO_PKG_VERSION"),
};

/// Whether the process runs.
#[utoipa::path(get, path = "/healthz", tag = "instance", responses((status = 200, body = Health)),
    extensions(("x-right" = json!("public"))))]
pub(crate) async fn healthz() -> Json<Health> {
    Json(WELL)
}

/// Whether the server can do its work: the store answers and it is not stopping.
#[utoipa::path(get, path = "/readyz", tag = "instance",
    responses((status = 200, body = Health), (status = 503, body = ErrorBody)),
    extensions(("x-right" = json!("public"))))]
pub(crate) async fn readyz(State(app): State<App>) -> ApiResult<Json<Health>> {
    let stopping = app.stop.is_cancelled();
    if !stopping && matches!(timeout(LONGEST_LOOK, app.store.ping()).await, Ok(Ok(()))) {
        return Ok(Json(WELL));
    }
    let why = if stopping {
        "the server is stopping"
    } else {
        "the metadata store does not answer"
    };
    Err(ApiError::new(Code::Unavailable, why))
}

/// The settings of the instance.
#[utoipa::path(get, path = "/settings", tag = "instance",
    responses((status = 200, body = InstanceSettings), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("administrator"))))]
pub(crate) async fn settings(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
) -> ApiResult<Revised<InstanceSettings>> {
    caller.need_admin()?;
    let (settings, revision) = app.read_instance_settings().await?;
    Ok(Revised(revision, settings))
}

/// Replaces the settings of the instance.
#[utoipa::path(put, path = "/settings", tag = "instance", request_body = InstanceSettings,
    params(("If-Match" = String, Header)),
    responses((status = 200, body = InstanceSettings), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("administrator"))))]
pub(crate) async fn put_settings(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Seen(revision): Seen,
    Body(body): Body<InstanceSettings>,
) -> ApiResult<(StatusCode, Revised<InstanceSettings>)> {
    caller.need_admin()?;
    body.check(caller.address)?;
    let mut t = app.store.begin().await?;
    let before = app.write_instance_settings(&mut t, &body, revision).await?;
    let object = Object {
        kind: "settings",
        id: "instance",
        name: "instance",
    };
    let change = Change::of(Some(&before), Some(&body));
    caller
        .note(&mut t, "settings.update", object, change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    app.forget_settings();
    Ok((StatusCode::OK, Revised(revision + 1, body)))
}
