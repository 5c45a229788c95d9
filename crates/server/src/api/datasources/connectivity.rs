//! Tests of connections: of a form that is not saved yet, and of a stored data source.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::{find, form};
use crate::access::role::Right;
use crate::api::body::Body;
use crate::api::caller::SignedIn;
use crate::api::error::{ApiError, ApiResult, ErrorBody, Problem};
use crate::api::page::QueryOf;
use crate::datasources;
use crate::datasources::probe::{self, TestReport};
use crate::state::App;
use crate::store::resource_group;

/// Settings that are not saved yet.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TestForm {
    /// The data source that is being changed; its stored secrets are used where the form has none.
    datasource: Option<String>,
    connector: String,
    /// The group that its runs are to be in; that of `datasource` unless said, else `default`. All servers do the
    /// runs of all groups, so the test runs on the one that answers.
    resource_group: Option<String>,
    /// The fields of the connector, as its schema says.
    #[serde(default)]
    #[schema(value_type = Object)]
    config: Map<String, Value>,
}

/// Tests settings that are not saved. A failed test is an answer like any other.
#[utoipa::path(post, path = "/projects/{project}/datasources/test", tag = "datasources", request_body = TestForm,
    params(("project" = String, Path)),
    responses((status = 200, body = TestReport), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesManage"))))]
pub(crate) async fn test_form(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    Body(body): Body<TestForm>,
) -> ApiResult<Json<TestReport>> {
    // Whoever makes up settings reaches whatever the policy allows, so testing alone is not enough.
    let access = caller
        .enter(&app, &project, Right::DatasourcesManage)
        .await?;
    access.need(Right::DatasourcesTest)?;
    let mut problems = Vec::new();
    let connector = form::connector(&app, &body.connector, &mut problems);
    let mut stored = None;
    let mut group = body.resource_group.clone();
    let mut c = app.store.read().await?;
    if let Some(group) = &body.resource_group {
        let groups = resource_group::list(&mut c, &access.project.id).await?;
        form::check_group(group, &groups, &mut problems);
    }
    if let Some(id) = &body.datasource {
        let row = find(&mut c, &access, id).await?;
        group.get_or_insert_with(|| row.resource_group.clone());
        if connector.is_some_and(|connector| connector.name != row.connector) {
            let message = format!(
                "datasource `{}` is of connector `{}`",
                row.name, row.connector
            );
            problems.push(Problem::at("/connector", message));
        } else {
            let opened = datasources::opened(&app, &row).ok();
            stored = Some(form::stored(&row, opened.as_ref())?);
        }
    }
    // A slow host must not hold what others need to reach the store.
    drop(c);
    let parts = match connector {
        Some(connector) => {
            form::config(connector, &body.config, stored.as_ref(), &mut problems).map(Some)?
        }
        None => None,
    };
    let (Some(connector), Some(parts), true) = (connector, parts, problems.is_empty()) else {
        return Err(ApiError::invalid(problems));
    };
    let group = group.as_deref().unwrap_or(resource_group::DEFAULT);
    Ok(Json(probe::test(&app, connector, &parts, group).await?))
}

/// For which runs a data source is tested.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestQuery {
    /// A resource group; that of the data source unless said.
    resource_group: Option<String>,
}

/// Tests a stored data source and keeps the report. A failed test is an answer like any other.
#[utoipa::path(post, path = "/projects/{project}/datasources/{datasource}/test", tag = "datasources",
    params(("project" = String, Path), ("datasource" = String, Path), TestQuery),
    responses((status = 200, body = TestReport), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesTest"))))]
pub(crate) async fn test(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    QueryOf(query): QueryOf<TestQuery>,
) -> ApiResult<Json<TestReport>> {
    let access = caller.enter(&app, &project, Right::DatasourcesTest).await?;
    let mut c = app.store.read().await?;
    let row = find(&mut c, &access, &id).await?;
    let group = query.resource_group.as_ref().unwrap_or(&row.resource_group);
    let mut problems = Vec::new();
    let groups = resource_group::list(&mut c, &access.project.id).await?;
    form::check_group(group, &groups, &mut problems);
    if !problems.is_empty() {
        return Err(ApiError::invalid(problems));
    }
    // A slow host must not hold what others need to reach the store.
    drop(c);
    Ok(Json(probe::test_stored(&app, &row, group).await?))
}
