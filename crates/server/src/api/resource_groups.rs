//! Resource groups: names for where runs happen, how many at the same time, and from which addresses.
//!
//! Every project has the group `default` without saying so; changing it makes its row.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::audit::{Change, Object};
use super::body::Body;
use super::caller::{Access, SignedIn};
use super::error::{ApiError, ApiResult, ErrorBody, Problem};
use super::etag::{Revised, Seen};
use super::time::{Time, new_id};
use crate::access::allow_list::Networks;
use crate::access::role::Right;
use crate::state::App;
use crate::store::resource_group::{self, DEFAULT};
use crate::store::schedule::{self, Named};
use crate::store::{Connection, StoreError, datasource};

const LONGEST_NAME: usize = 60;
const LONGEST_DESCRIPTION: usize = 200;
const MOST_SLOTS: u32 = 10_000;
const MOST_ADDRESSES: usize = 100;
/// So many data sources are named when a group cannot be deleted, and so many jobs.
const NAMED_USERS: i64 = 20;
const NAMED_JOBS: usize = 20;

/// A resource group.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResourceGroup {
    name: String,
    description: String,
    /// Runs at the same time; 0 sets no limit.
    slots: u32,
    /// Networks and addresses that its runs come from, which the owner of a database must admit.
    egress: Vec<String>,
    /// Absent for `default` as long as nobody changed it.
    created_at: Option<Time>,
    updated_at: Option<Time>,
}

/// All groups of a project; there are few.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResourceGroups {
    items: Vec<ResourceGroup>,
}

/// A new group.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewResourceGroup {
    /// Letters, digits, `_` and `-`; it stays.
    #[schema(max_length = 60, pattern = "^[A-Za-z0-9_-]+$")]
    name: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    description: String,
    /// Runs at the same time; 0 sets no limit.
    #[serde(default)]
    #[schema(maximum = 10000)]
    slots: u32,
    /// Networks and addresses that its runs come from.
    #[serde(default)]
    egress: Vec<String>,
}

/// What can be changed of a group.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResourceGroupChange {
    #[schema(max_length = 200)]
    description: Option<String>,
    /// Runs at the same time; 0 sets no limit.
    #[schema(maximum = 10000)]
    slots: Option<u32>,
    egress: Option<Vec<String>>,
}

impl ResourceGroup {
    fn read(row: &resource_group::ResourceGroup) -> ApiResult<ResourceGroup> {
        let is_row = row.revision > 0;
        Ok(ResourceGroup {
            name: row.name.clone(),
            description: row.description.clone(),
            slots: u32::try_from(row.slots).unwrap_or(0),
            egress: serde_json::from_str(&row.egress)
                .map_err(|error| ApiError::internal("reading a resource group", error))?,
            created_at: is_row.then_some(Time(row.created_at)),
            updated_at: is_row.then_some(Time(row.updated_at)),
        })
    }
}

/// The group that is there without a row; its revision is 0.
fn unwritten(project_id: &str) -> resource_group::ResourceGroup {
    resource_group::ResourceGroup {
        id: new_id(),
        project_id: project_id.to_string(),
        name: DEFAULT.to_string(),
        description: String::new(),
        slots: 0,
        egress: "[]".to_string(),
        created_at: 0,
        updated_at: 0,
        revision: 0,
    }
}

async fn find(
    c: &mut Connection,
    access: &Access,
    name: &str,
) -> ApiResult<resource_group::ResourceGroup> {
    match resource_group::find(c, &access.project.id, name).await? {
        Some(row) => Ok(row),
        None if name == DEFAULT => Ok(unwritten(&access.project.id)),
        None => Err(ApiError::not_found("resource group", name)),
    }
}

fn check(description: &str, slots: u32, egress: &[String], problems: &mut Vec<Problem>) {
    let length = description.chars().count();
    if length > LONGEST_DESCRIPTION {
        problems.push(Problem::at(
            "/description",
            format!(
                "the description has {length} characters, at most {LONGEST_DESCRIPTION} are kept"
            ),
        ));
    }
    if slots > MOST_SLOTS {
        let message = format!("`slots` must be at most {MOST_SLOTS}; 0 sets no limit");
        problems.push(Problem::at("/slots", message));
    }
    if egress.len() > MOST_ADDRESSES {
        let message = format!("there are more than {MOST_ADDRESSES} addresses");
        problems
            .push(Problem::at("/egress", message).hint("write networks such as `192.0.2.0/24`"));
    } else if let Err(found) = Networks::parse(egress) {
        problems.extend(
            found
                .iter()
                .map(|problem| Problem::field(format!("/egress{}", problem.pointer), problem)),
        );
    }
}

fn text_of(egress: &[String]) -> ApiResult<String> {
    let trimmed: Vec<&str> = egress.iter().map(|entry| entry.trim()).collect();
    serde_json::to_string(&trimmed)
        .map_err(|error| ApiError::internal("writing a resource group", error))
}

/// The resource groups of a project by name, `default` among them.
#[utoipa::path(get, path = "/projects/{project}/resource-groups", tag = "resourceGroups",
    params(("project" = String, Path)),
    responses((status = 200, body = ResourceGroups), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("projectView"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
) -> ApiResult<Json<ResourceGroups>> {
    let access = caller.enter(&app, &project, Right::ProjectView).await?;
    let mut c = app.store.read().await?;
    let mut rows = resource_group::list(&mut c, &access.project.id).await?;
    if rows.iter().all(|row| row.name != DEFAULT) {
        rows.push(unwritten(&access.project.id));
        rows.sort_by(|left, right| left.name.cmp(&right.name));
    }
    let items = rows
        .iter()
        .map(ResourceGroup::read)
        .collect::<Result<_, _>>()?;
    Ok(Json(ResourceGroups { items }))
}

/// Adds a resource group.
#[utoipa::path(post, path = "/projects/{project}/resource-groups", tag = "resourceGroups", request_body = NewResourceGroup,
    params(("project" = String, Path)),
    responses((status = 201, body = ResourceGroup), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("resourceGroupsManage"))))]
pub(crate) async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    Body(body): Body<NewResourceGroup>,
) -> ApiResult<(StatusCode, Revised<ResourceGroup>)> {
    let access = caller
        .enter(&app, &project, Right::ResourceGroupsManage)
        .await?;
    let mut problems = Vec::new();
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !(1..=LONGEST_NAME).contains(&body.name.len()) || !body.name.bytes().all(letter) {
        problems.push(
            Problem::at("/name", "this cannot be the name of a resource group").hint(format!(
                "use letters, digits, `_` and `-`, at most {LONGEST_NAME}"
            )),
        );
    }
    check(&body.description, body.slots, &body.egress, &mut problems);
    if !problems.is_empty() {
        return Err(ApiError::invalid(problems));
    }
    if body.name == DEFAULT {
        return Err(
            ApiError::conflict("every project has the resource group `default`")
                .hint("change that one, or choose another name"),
        );
    }
    let now = app.clock.micros();
    let row = resource_group::ResourceGroup {
        id: new_id(),
        project_id: access.project.id.clone(),
        name: body.name,
        description: body.description,
        slots: i64::from(body.slots),
        egress: text_of(&body.egress)?,
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    let mut t = app.store.begin().await?;
    resource_group::insert(&mut t, &row).await?;
    let view = ResourceGroup::read(&row)?;
    let object = Object {
        kind: "resourceGroup",
        id: &row.id,
        name: &row.name,
    };
    let change = Change::of(None::<&()>, Some(&view));
    access
        .note(&mut t, "resourceGroup.create", object, change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok((StatusCode::CREATED, Revised(1, view)))
}

/// One resource group.
#[utoipa::path(get, path = "/projects/{project}/resource-groups/{group}", tag = "resourceGroups",
    params(("project" = String, Path), ("group" = String, Path)),
    responses((status = 200, body = ResourceGroup), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("projectView"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, name)): Path<(String, String)>,
) -> ApiResult<Revised<ResourceGroup>> {
    let access = caller.enter(&app, &project, Right::ProjectView).await?;
    let mut c = app.store.read().await?;
    let row = find(&mut c, &access, &name).await?;
    Ok(Revised(row.revision, ResourceGroup::read(&row)?))
}

/// Changes a resource group.
#[utoipa::path(patch, path = "/projects/{project}/resource-groups/{group}", tag = "resourceGroups",
    request_body = ResourceGroupChange,
    params(("project" = String, Path), ("group" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = ResourceGroup), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("resourceGroupsManage"))))]
pub(crate) async fn change(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, name)): Path<(String, String)>,
    Seen(revision): Seen,
    Body(body): Body<ResourceGroupChange>,
) -> ApiResult<Revised<ResourceGroup>> {
    let access = caller
        .enter(&app, &project, Right::ResourceGroupsManage)
        .await?;
    let mut t = app.store.begin().await?;
    let before = find(&mut t, &access, &name).await?;
    if before.revision != revision {
        return Err(StoreError::Changed.into());
    }
    let mut row = before.clone();
    let mut problems = Vec::new();
    let slots = body.slots.unwrap_or(0);
    let egress = body.egress.as_deref().unwrap_or_default();
    let description = body.description.as_deref().unwrap_or_default();
    check(description, slots, egress, &mut problems);
    if !problems.is_empty() {
        return Err(ApiError::invalid(problems));
    }
    if body.slots.is_some() {
        row.slots = i64::from(slots);
    }
    if body.egress.is_some() {
        row.egress = text_of(egress)?;
    }
    if let Some(description) = body.description {
        row.description = description;
    }
    row.updated_at = app.clock.micros();
    if revision == 0 {
        row.created_at = row.updated_at;
        row.revision = 1;
        match resource_group::insert(&mut t, &row).await {
            // Somebody else has made the row meanwhile.
            Err(StoreError::Exists) => return Err(StoreError::Changed.into()),
            other => other?,
        }
    } else {
        resource_group::update(&mut t, &row).await?;
        row.revision += 1;
    }
    let (was, view) = (ResourceGroup::read(&before)?, ResourceGroup::read(&row)?);
    let object = Object {
        kind: "resourceGroup",
        id: &row.id,
        name: &row.name,
    };
    let change = Change::of(Some(&was), Some(&view));
    access
        .note(&mut t, "resourceGroup.update", object, change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(Revised(row.revision, view))
}

/// Deletes a resource group that no data source is assigned to and no schedule names.
#[utoipa::path(delete, path = "/projects/{project}/resource-groups/{group}", tag = "resourceGroups",
    params(("project" = String, Path), ("group" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("resourceGroupsManage"))))]
pub(crate) async fn delete(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, name)): Path<(String, String)>,
    Seen(revision): Seen,
) -> ApiResult<StatusCode> {
    let access = caller
        .enter(&app, &project, Right::ResourceGroupsManage)
        .await?;
    let mut t = app.store.begin().await?;
    let row = find(&mut t, &access, &name).await?;
    if name == DEFAULT {
        return Err(
            ApiError::conflict("the resource group `default` cannot be deleted")
                .hint("set its slots to 0 to take its limit away"),
        );
    }
    let users = datasource::of_group(&mut t, &row.project_id, &name, NAMED_USERS).await?;
    if !users.is_empty() {
        let names: Vec<String> = users.iter().map(|name| format!("`{name}`")).collect();
        return Err(ApiError::conflict(format!(
            "resource group `{name}` is used by the datasources {}",
            names.join(", ")
        ))
        .hint("assign them to another group first"));
    }
    let users = Named::ResourceGroup(&name);
    let users = schedule::naming(&mut t, &row.project_id, users, NAMED_JOBS).await?;
    if !users.is_empty() {
        let names: Vec<String> = users.iter().map(|name| format!("`{name}`")).collect();
        return Err(ApiError::conflict(format!(
            "resource group `{name}` is named by the schedules of the jobs {}",
            names.join(", ")
        ))
        .hint("name another group in them and submit them first"));
    }
    resource_group::delete(&mut t, &row.id, revision).await?;
    let before = ResourceGroup::read(&row)?;
    let object = Object {
        kind: "resourceGroup",
        id: &row.id,
        name: &row.name,
    };
    let change = Change::of(Some(&before), None::<&()>);
    access
        .note(&mut t, "resourceGroup.delete", object, change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
