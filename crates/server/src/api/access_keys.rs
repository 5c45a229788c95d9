//! Keys with which programs call the API; the secret is shown once.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::audit::{Change, Object};
use super::body::Body;
use super::caller::{By, SignedIn, sealed_as};
use super::error::{ApiError, ApiResult, ErrorBody, Problem};
use super::page::{Listed, PageQuery, QueryOf};
use super::time::Time;
use crate::access::role::{Right, Role};
use crate::access::token;
use crate::state::App;
use crate::store::{StoreError, access_key, member};

/// An access key without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessKey {
    id: String,
    account_id: String,
    /// The only project that it may enter.
    project_id: Option<String>,
    /// The most that it may do there.
    #[schema(value_type = Option<Role>)]
    role: Option<String>,
    description: String,
    created_at: Time,
    expires_at: Option<Time>,
    revoked_at: Option<Time>,
    last_used_at: Option<Time>,
}

/// An access key with which a project can be entered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberKey {
    #[serde(flatten)]
    key: AccessKey,
    account_name: String,
}

/// A new access key with its secret, which is never shown again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatedKey {
    #[serde(flatten)]
    key: AccessKey,
    secret: String,
}

/// What an access key is to be good for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewKey {
    #[serde(default)]
    description: String,
    /// The only project that it may enter; all of the account's without one.
    project_id: Option<String>,
    /// The most that it may do; needs a project.
    #[schema(value_type = Option<Role>)]
    role: Option<String>,
    expires_at: Option<DateTime<Utc>>,
}

impl From<access_key::AccessKey> for AccessKey {
    fn from(row: access_key::AccessKey) -> Self {
        AccessKey {
            id: row.id,
            account_id: row.account_id,
            project_id: row.project_id,
            role: row.role,
            description: row.description,
            created_at: Time(row.created_at),
            expires_at: row.expires_at.map(Time),
            revoked_at: row.revoked_at.map(Time),
            last_used_at: row.last_used_at.map(Time),
        }
    }
}

/// The caller's access keys.
#[utoipa::path(get, path = "/access-keys", tag = "accessKeys", params(PageQuery),
    responses((status = 200, body = Listed<AccessKey>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    QueryOf(query): QueryOf<PageQuery>,
) -> ApiResult<Json<Listed<AccessKey>>> {
    caller.need_whole_account()?;
    let page = query.page()?;
    let mut c = app.store.read().await?;
    let rows = access_key::list(&mut c, &caller.account.id, &page).await?;
    let listed = Listed::new(rows, &page, |row| row.id.clone(), AccessKey::from);
    Ok(Json(listed))
}

/// Creates an access key for the caller's account.
#[utoipa::path(post, path = "/access-keys", tag = "accessKeys", request_body = NewKey,
    responses((status = 201, body = CreatedKey), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Body(body): Body<NewKey>,
) -> ApiResult<(StatusCode, Json<CreatedKey>)> {
    if let By::Key(_) = caller.by {
        return Err(ApiError::forbidden("an access key creates no other keys")
            .hint("sign in with name and password"));
    }
    let now = app.clock.now();
    let mut problems = Vec::new();
    if body.expires_at.is_some_and(|end| end <= now) {
        problems.push(Problem::at(
            "/expiresAt",
            "the key would have expired already",
        ));
    }
    if let Some(role) = &body.role {
        if let Err(error) = role.parse::<Role>() {
            problems.push(Problem::of("/role", &error));
        }
        if body.project_id.is_none() {
            problems.push(Problem::at(
                "/projectId",
                "a key with a role needs its project",
            ));
        }
    }
    if !problems.is_empty() {
        return Err(ApiError::invalid(problems));
    }
    if let Some(project) = &body.project_id {
        caller.enter(&app, project, Right::ProjectView).await?;
    }
    let made = token::access_key()?;
    let row = access_key::AccessKey {
        secret_sealed: app.keys.seal(&sealed_as(&made.id), &made.secret)?,
        id: made.id,
        account_id: caller.account.id.clone(),
        project_id: body.project_id,
        role: body.role,
        description: body.description,
        created_at: now.timestamp_micros(),
        expires_at: body.expires_at.map(|end| end.timestamp_micros()),
        revoked_at: None,
        last_used_at: None,
    };
    let mut t = app.store.begin().await?;
    access_key::insert(&mut t, &row).await?;
    let key = AccessKey::from(row);
    let object = Object {
        kind: "accessKey",
        id: &key.id,
        name: &key.id,
    };
    let change = Change::of(None::<&()>, Some(&key));
    caller
        .note(&mut t, "accessKey.create", object, change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    let secret = made.secret.expose().to_string();
    Ok((StatusCode::CREATED, Json(CreatedKey { key, secret })))
}

/// Revokes an access key at once: one's own, or anybody's as administrator of the instance.
#[utoipa::path(delete, path = "/access-keys/{key}", tag = "accessKeys", params(("key" = String, Path)),
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn revoke(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    // Whoever finds a key can make it worthless, whatever else it is good for.
    if !matches!(&caller.by, By::Key(key) if key.id == id) {
        caller.need_whole_account()?;
    }
    let mut t = app.store.begin().await?;
    let row = access_key::find(&mut t, &id)
        .await?
        .filter(|key| key.account_id == caller.account.id || caller.is_admin())
        .ok_or_else(|| ApiError::not_found("access key", &id))?;
    access_key::revoke(&mut t, &row.id, app.clock.micros()).await?;
    let object = Object {
        kind: "accessKey",
        id: &row.id,
        name: &row.id,
    };
    caller
        .note(&mut t, "accessKey.revoke", object, Change::default())
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The access keys with which members can enter a project: those bound to it, and those bound to none.
#[utoipa::path(get, path = "/projects/{project}/access-keys", tag = "accessKeys",
    params(("project" = String, Path), PageQuery),
    responses((status = 200, body = Listed<MemberKey>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("accessKeysManage"))))]
pub(crate) async fn of_project(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<PageQuery>,
) -> ApiResult<Json<Listed<MemberKey>>> {
    let access = caller
        .enter(&app, &project, Right::AccessKeysManage)
        .await?;
    let page = query.page()?;
    let mut c = app.store.read().await?;
    let rows = access_key::of_project(&mut c, &access.project.id, &page).await?;
    let listed = Listed::new(
        rows,
        &page,
        |row| row.key.id.clone(),
        |row| MemberKey {
            key: AccessKey::from(row.key),
            account_name: row.account_name,
        },
    );
    Ok(Json(listed))
}

/// Revokes an access key that is bound to a project, whoever has made it.
#[utoipa::path(delete, path = "/projects/{project}/access-keys/{key}", tag = "accessKeys",
    params(("project" = String, Path), ("key" = String, Path)),
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("accessKeysManage"))))]
pub(crate) async fn revoke_in_project(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    let access = caller
        .enter(&app, &project, Right::AccessKeysManage)
        .await?;
    let missing = || ApiError::not_found("access key", &id);
    let mut t = app.store.begin().await?;
    let row = access_key::find(&mut t, &id).await?.ok_or_else(missing)?;
    match &row.project_id {
        Some(bound) if *bound == access.project.id => {}
        Some(_) => return Err(missing()),
        None => {
            let role = member::role(&mut t, &access.project.id, &row.account_id).await?;
            role.ok_or_else(missing)?;
            return Err(ApiError::conflict(
                "the access key is bound to no project, so it is not for one project to revoke",
            )
            .hint("remove its account from the members, or ask an administrator of the instance"));
        }
    }
    access_key::revoke(&mut t, &row.id, app.clock.micros()).await?;
    let object = Object {
        kind: "accessKey",
        id: &row.id,
        name: &row.id,
    };
    access
        .note(&mut t, "accessKey.revoke", object, Change::default())
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
