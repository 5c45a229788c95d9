//! Data sources: listed, made, changed and deleted. `form` checks what is sent in, `view` is what is shown,
//! `connectivity` tests connections, `browse` looks into them, `parts` at their schemas and partitions, `creation`
//! makes tables there.

pub(crate) mod browse;
pub(crate) mod connectivity;
pub(crate) mod creation;
mod form;
pub(crate) mod parts;
mod view;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub(crate) use self::form::field_of;
use self::form::{DatasourceChange, NewDatasource};
use self::view::{Datasource, DatasourceItem, NotedDatasource};
use super::audit::{Change, Object};
use super::body::Body;
use super::caller::{Access, SignedIn};
use super::error::{ApiError, ApiResult, ErrorBody};
use super::etag::{Revised, Seen};
use super::page::{Listed, PageQuery, QueryOf};
use crate::access::role::Right;
use crate::runs::Environment;
use crate::state::App;
use crate::store::datasource::{self, Wanted};
use crate::store::{Connection, StoreError, job, resource_group};

/// So many jobs are named when a data source cannot be deleted.
const NAMED_JOBS: usize = 20;

/// Which data sources are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DatasourceQuery {
    /// A part of the name or description.
    #[serde(default)]
    search: String,
    /// Those of one connector.
    #[serde(default)]
    connector: String,
    /// Those of one side.
    environment: Option<Environment>,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A job that names a data source.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DatasourceUser {
    job_id: String,
    job_name: String,
}

/// The row of a data source of the project that was entered.
async fn find(c: &mut Connection, access: &Access, id: &str) -> ApiResult<datasource::Datasource> {
    datasource::find(c, &access.project.id, id)
        .await?
        .ok_or_else(|| ApiError::not_found("datasource", id))
}

/// Notes a change with the settings as they are shown, so without secrets.
async fn note(
    access: &Access,
    c: &mut Connection,
    action: &str,
    change: (Option<&NotedDatasource>, Option<&NotedDatasource>),
) -> ApiResult<()> {
    let Some(noted) = change.1.or(change.0) else {
        return Ok(());
    };
    let object = Object {
        kind: "datasource",
        id: noted.id(),
        name: noted.name(),
    };
    let change = Change::of(change.0, change.1);
    access.note(c, action, object, change).await
}

/// The data sources of a project in the order of their creation.
#[utoipa::path(get, path = "/projects/{project}/datasources", tag = "datasources",
    params(("project" = String, Path), DatasourceQuery),
    responses((status = 200, body = Listed<DatasourceItem>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesView"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<DatasourceQuery>,
) -> ApiResult<Json<Listed<DatasourceItem>>> {
    let access = caller.enter(&app, &project, Right::DatasourcesView).await?;
    let page = PageQuery::of(query.cursor, query.limit).page()?;
    let connector = app.registry.find(&query.connector);
    let wanted = Wanted {
        // An unknown one finds nothing.
        connector: connector.map_or(query.connector.as_str(), |connector| connector.name),
        environment: query.environment.map_or("", Environment::name),
        search: &query.search,
    };
    let mut c = app.store.read().await?;
    let rows = datasource::list(&mut c, &access.project.id, &wanted, &page).await?;
    let item = |counted| DatasourceItem::read(&access, counted);
    let listed = Listed::new(rows, &page, |counted| counted.row.id.clone(), item);
    Ok(Json(listed.sound()?))
}

/// Adds a data source. It need not have been tested.
#[utoipa::path(post, path = "/projects/{project}/datasources", tag = "datasources", request_body = NewDatasource,
    params(("project" = String, Path)),
    responses((status = 201, body = Datasource), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesManage"))))]
pub(crate) async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    Body(body): Body<NewDatasource>,
) -> ApiResult<(StatusCode, Revised<Datasource>)> {
    let access = caller
        .enter(&app, &project, Right::DatasourcesManage)
        .await?;
    let mut t = app.store.begin().await?;
    let groups = resource_group::list(&mut t, &access.project.id).await?;
    let (row, parts) = form::made(&app, &access, &groups, body)?;
    match datasource::insert(&mut t, &row).await {
        Err(StoreError::Exists) => return Err(form::taken(&row)),
        other => other?,
    }
    let after = NotedDatasource::of(&row, Some(&parts))?;
    note(&access, &mut t, "datasource.create", (None, Some(&after))).await?;
    let count = datasource::job_count(&mut t, &row.project_id, &row.name).await?;
    let view = Datasource::read(&app, &access, row, count)?;
    t.commit().await.map_err(StoreError::from)?;
    Ok((StatusCode::CREATED, Revised(1, view)))
}

/// One data source. Its settings are shown to those who manage data sources, its secrets to nobody.
#[utoipa::path(get, path = "/projects/{project}/datasources/{datasource}", tag = "datasources",
    params(("project" = String, Path), ("datasource" = String, Path)),
    responses((status = 200, body = Datasource), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesView"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<Revised<Datasource>> {
    let access = caller.enter(&app, &project, Right::DatasourcesView).await?;
    let mut c = app.store.read().await?;
    let row = find(&mut c, &access, &id).await?;
    let count = datasource::job_count(&mut c, &row.project_id, &row.name).await?;
    let revision = row.revision;
    Ok(Revised(
        revision,
        Datasource::read(&app, &access, row, count)?,
    ))
}

/// Changes a data source. A secret that is left out or null stays; an empty text clears it.
#[utoipa::path(patch, path = "/projects/{project}/datasources/{datasource}", tag = "datasources",
    request_body = DatasourceChange,
    params(("project" = String, Path), ("datasource" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = Datasource), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesManage"))))]
pub(crate) async fn change(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Seen(revision): Seen,
    Body(body): Body<DatasourceChange>,
) -> ApiResult<Revised<Datasource>> {
    let access = caller
        .enter(&app, &project, Right::DatasourcesManage)
        .await?;
    let mut t = app.store.begin().await?;
    let before = find(&mut t, &access, &id).await?;
    if before.revision != revision {
        return Err(StoreError::Changed.into());
    }
    let groups = resource_group::list(&mut t, &access.project.id).await?;
    let changed = form::changed(&app, &groups, &before, body)?;
    datasource::update(&mut t, &changed.row).await?;
    let noted = NotedDatasource::of(&before, changed.before.as_ref())?;
    let mut after = NotedDatasource::of(&changed.row, changed.after.as_ref())?;
    after.compare(changed.before.as_ref(), changed.after.as_ref());
    note(
        &access,
        &mut t,
        "datasource.update",
        (Some(&noted), Some(&after)),
    )
    .await?;
    let count = datasource::job_count(&mut t, &before.project_id, &before.name).await?;
    let view = Datasource::read(&app, &access, changed.row, count)?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(Revised(revision + 1, view))
}

/// Deletes a data source that no job uses.
#[utoipa::path(delete, path = "/projects/{project}/datasources/{datasource}", tag = "datasources",
    params(("project" = String, Path), ("datasource" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesManage"))))]
pub(crate) async fn delete(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Seen(revision): Seen,
) -> ApiResult<StatusCode> {
    let access = caller
        .enter(&app, &project, Right::DatasourcesManage)
        .await?;
    let mut t = app.store.begin().await?;
    let row = find(&mut t, &access, &id).await?;
    let most = i64::try_from(NAMED_JOBS).unwrap_or(i64::MAX);
    let users = job::users_of(&mut t, &row.project_id, &row.name, most).await?;
    if !users.is_empty() {
        let count = datasource::job_count(&mut t, &row.project_id, &row.name).await?;
        return Err(in_use(&row.name, &users, count));
    }
    datasource::delete(&mut t, &row.id, revision).await?;
    let parts = crate::datasources::opened(&app, &row).ok();
    let before = NotedDatasource::of(&row, parts.as_ref())?;
    note(&access, &mut t, "datasource.delete", (Some(&before), None)).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(StatusCode::NO_CONTENT)
}

fn in_use(name: &str, users: &[(String, String)], count: i64) -> ApiError {
    let names: Vec<String> = users.iter().map(|(_, name)| format!("`{name}`")).collect();
    let more = usize::try_from(count)
        .unwrap_or(0)
        .saturating_sub(users.len());
    let rest = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let jobs = if count == 1 { "job" } else { "jobs" };
    ApiError::conflict(format!(
        "datasource `{name}` is used by {count} {jobs}: {}{rest}",
        names.join(", ")
    ))
    .hint("let these jobs use another datasource first, in their draft and in what is published")
}

/// The jobs that use a data source, in their draft or in what is published.
#[utoipa::path(get, path = "/projects/{project}/datasources/{datasource}/users", tag = "datasources",
    params(("project" = String, Path), ("datasource" = String, Path), PageQuery),
    responses((status = 200, body = Listed<DatasourceUser>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesView"))))]
pub(crate) async fn users(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    QueryOf(query): QueryOf<PageQuery>,
) -> ApiResult<Json<Listed<DatasourceUser>>> {
    let access = caller.enter(&app, &project, Right::DatasourcesView).await?;
    access.need(Right::JobsView)?;
    let page = query.page()?;
    let mut c = app.store.read().await?;
    let row = find(&mut c, &access, &id).await?;
    let rows = datasource::jobs(&mut c, &row.project_id, &row.name, &page).await?;
    let user = |(job_id, job_name)| DatasourceUser { job_id, job_name };
    Ok(Json(Listed::new(rows, &page, |(id, _)| id.clone(), user)))
}
