//! Who belongs to a project, and as what.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::audit::{Change, Object};
use super::body::Body;
use super::caller::{Caller, SignedIn, read_role};
use super::error::{ApiError, ApiResult, ErrorBody};
use super::page::{Listed, PageQuery, QueryOf};
use super::time::Time;
use crate::access::role::{MemberChange, Right, Rights, Role};
use crate::state::App;
use crate::store::{self, Alone, StoreError, account, audit, member, project};

/// A member of a project.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Member {
    account_id: String,
    name: String,
    display_name: String,
    role: Role,
    since: Time,
}

/// The role that somebody is to have.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MemberRole {
    #[schema(value_type = Role)]
    role: String,
}

/// The members of a project by name.
#[utoipa::path(get, path = "/projects/{project}/members", tag = "members",
    params(("project" = String, Path), PageQuery),
    responses((status = 200, body = Listed<Member>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("projectView"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<PageQuery>,
) -> ApiResult<Json<Listed<Member>>> {
    let access = caller.enter(&app, &project, Right::ProjectView).await?;
    let page = query.page()?;
    let mut c = app.store.read().await?;
    let rows = member::list(&mut c, &access.project.id, &page).await?;
    let listed = Listed::new(
        rows,
        &page,
        |row| row.name.clone(),
        |row| {
            Ok(Member {
                role: read_role(&row.role)?,
                account_id: row.account_id,
                name: row.name,
                display_name: row.display_name,
                since: Time(row.created_at),
            })
        },
    );
    Ok(Json(listed.sound()?))
}

/// Makes an account a member, or gives a member another role.
#[utoipa::path(put, path = "/projects/{project}/members/{account}", tag = "members", request_body = MemberRole,
    params(("project" = String, Path), ("account" = String, Path, description = "id or name of the account")),
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn put(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, account)): Path<(String, String)>,
    Body(body): Body<MemberRole>,
) -> ApiResult<StatusCode> {
    let role: Role = body.role.parse()?;
    set_role(&app, &caller, &project, &account, Some(role)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a membership.
#[utoipa::path(delete, path = "/projects/{project}/members/{account}", tag = "members",
    params(("project" = String, Path), ("account" = String, Path, description = "id or name of the account")),
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn remove(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, account)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    set_role(&app, &caller, &project, &account, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The rights by which a caller manages the members of a project: a member's own, or all of them for an
/// administrator of the instance, so that a project is never without somebody to ask.
async fn giver(
    app: &App,
    caller: &std::sync::Arc<Caller>,
    project_id: &str,
) -> ApiResult<(project::Project, Rights)> {
    match caller.enter(app, project_id, Right::ProjectView).await {
        Ok(access) if !caller.is_admin() => Ok((access.project, access.rights)),
        Ok(access) => Ok((access.project, Rights::of(Role::Owner))),
        Err(error) if !caller.is_admin() => Err(error),
        Err(_) => {
            let mut c = app.store.read().await?;
            let found = project::find(&mut c, project_id).await?;
            let found = found.ok_or_else(|| ApiError::not_found("project", project_id))?;
            Ok((found, Rights::of(Role::Owner)))
        }
    }
}

async fn set_role(
    app: &App,
    caller: &std::sync::Arc<Caller>,
    project_id: &str,
    account_name: &str,
    to: Option<Role>,
) -> ApiResult<()> {
    let (project, rights) = giver(app, caller, project_id).await?;
    // Two owners who unmake each other do so one after the other.
    let mut t = app.store.begin_alone(Alone::Members).await?;
    let account = match account::find(&mut t, account_name).await? {
        Some(account) => account,
        None => account::find_by_name(&mut t, account_name)
            .await?
            .ok_or_else(|| ApiError::not_found("account", account_name))?,
    };
    let from = role_in(&mut t, &project.id, &account.id).await?;
    if from.is_none() && to.is_none() {
        return Err(ApiError::not_found("member", &account.name));
    }
    let change = MemberChange { from, to };
    change.check_giver(rights)?;
    if let Some(parent) = &account.parent_id {
        change.check_parent(role_in(&mut t, &project.id, parent).await?)?;
    }
    let owners = member::count(&mut t, &project.id, Role::Owner.name()).await?;
    change.check_owner_stays(u64::try_from(owners).unwrap_or(0))?;
    match to {
        Some(role) => {
            let now = app.clock.micros();
            member::put(&mut t, &project.id, &account.id, role.name(), now).await?;
        }
        None => member::delete(&mut t, &project.id, &account.id).await?,
    }
    let object = Object {
        kind: "member",
        id: &account.id,
        name: &account.name,
    };
    let roles = Change::of(from.map(Role::name).as_ref(), to.map(Role::name).as_ref());
    let mut entry = super::audit::entry(caller, "member.put", object, roles);
    entry.project_id = Some(project.id.clone());
    audit::insert(&mut t, &entry).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(())
}

async fn role_in(
    c: &mut store::Connection,
    project_id: &str,
    account_id: &str,
) -> ApiResult<Option<Role>> {
    let role = member::role(c, project_id, account_id).await?;
    role.map(|role| read_role(&role)).transpose()
}
