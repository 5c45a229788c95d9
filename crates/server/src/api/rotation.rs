//! Sealing all secrets anew, after a key was added.

use axum::Json;
use axum::extract::State;

use super::audit::{Change, Object};
use super::caller::SignedIn;
use super::error::{ApiResult, ErrorBody};
use crate::rotation::{self, Rotation};
use crate::state::App;
use crate::store::StoreError;

/// Seals every stored secret with the newest key. For administrators of the instance. Once nothing is left to
/// seal and nothing is unreadable, older keys can be taken away.
#[utoipa::path(post, path = "/settings/rotate-secrets", tag = "instance",
    responses((status = 200, body = Rotation), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("administrator"))))]
pub(crate) async fn rotate(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
) -> ApiResult<Json<Rotation>> {
    caller.need_admin()?;
    let done = rotation::rotate(&app).await?;
    let mut t = app.store.begin().await?;
    let object = Object {
        kind: "settings",
        id: "instance",
        name: "secrets",
    };
    let change = Change::of(None::<&()>, Some(&done));
    caller
        .note(&mut t, "secrets.rotate", object, change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(Json(done))
}
