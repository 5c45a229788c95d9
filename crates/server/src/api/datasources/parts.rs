//! What a data source and its tables are cut into: schemas and partitions.

use axum::Json;
use axum::extract::{Path, State};
use sdk::{Entry, Listing};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::browse::{Place, in_time, open};
use crate::access::role::Right;
use crate::api::caller::SignedIn;
use crate::api::error::{ApiResult, ErrorBody};
use crate::api::page::{Listed, QueryOf};
use crate::state::App;

/// Which schemas are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SchemasQuery {
    /// A part of the name, in any case.
    #[serde(default)]
    search: String,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Which partitions are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartitionsQuery {
    /// The name as the list of tables has it.
    table: String,
    /// A part of the name, in any case.
    #[serde(default)]
    search: String,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A schema, or a partition of a table.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartItem {
    /// What a job calls it, for example `pt=20260304`.
    name: String,
}

/// The schemas of a data source by name.
#[utoipa::path(get, path = "/projects/{project}/datasources/{datasource}/schemas", tag = "datasources",
    params(("project" = String, Path), ("datasource" = String, Path), SchemasQuery),
    responses((status = 200, body = Listed<PartItem>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesBrowse"))))]
pub(crate) async fn schemas(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    QueryOf(query): QueryOf<SchemasQuery>,
) -> ApiResult<Json<Listed<PartItem>>> {
    let access = caller
        .enter(&app, &project, Right::DatasourcesBrowse)
        .await?;
    let place = Place::of(query.cursor, query.limit)?;
    let found = in_time(async {
        let opened = open(&app, &access, &id, None).await?;
        let wanted = place.wanted();
        let found = opened.browser.list(Listing::Schemas, &query.search, wanted);
        found.await.map_err(|error| opened.refused(&error))
    })
    .await?;
    Ok(Json(
        place.listed(found, |Entry { name, .. }| PartItem { name }),
    ))
}

/// The partitions of a table by name; none if it has none.
#[utoipa::path(get, path = "/projects/{project}/datasources/{datasource}/partitions", tag = "datasources",
    params(("project" = String, Path), ("datasource" = String, Path), PartitionsQuery),
    responses((status = 200, body = Listed<PartItem>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesBrowse"))))]
pub(crate) async fn partitions(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    QueryOf(query): QueryOf<PartitionsQuery>,
) -> ApiResult<Json<Listed<PartItem>>> {
    let access = caller
        .enter(&app, &project, Right::DatasourcesBrowse)
        .await?;
    let place = Place::of(query.cursor, query.limit)?;
    let found = in_time(async {
        let opened = open(&app, &access, &id, Some(&query.table)).await?;
        let what = Listing::Partitions(&query.table);
        let found = opened
            .browser
            .list(what, &query.search, place.wanted())
            .await;
        found.map_err(|error| opened.refused(&error))
    })
    .await?;
    Ok(Json(
        place.listed(found, |Entry { name, .. }| PartItem { name }),
    ))
}
