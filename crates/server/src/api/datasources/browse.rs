//! Looking into a data source: its tables, their columns, first rows and definition. Every look has a time limit.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use sdk::{BrowsedColumn, Browser, Entry, Kind, Listing, SplitKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::find;
use crate::access::role::Right;
use crate::access::secrets::Secrets;
use crate::api::caller::{Access, SignedIn};
use crate::api::error::{ApiError, ApiResult, Code, ErrorBody, Problem};
use crate::api::page::{Listed, PageQuery, QueryOf};
use crate::datasources::{self, ddl, look};
use crate::state::App;
use crate::store::Page;
use crate::store::datasource::Datasource;

/// A look into a data source is given up after so long.
const LONGEST: Duration = Duration::from_secs(15);
/// Pages go so far; who wants another table searches for it.
const FURTHEST: usize = 20_000;
const MOST_ROWS: usize = 20;
/// Longer texts of a preview are cut.
const LONGEST_TEXT: usize = 2_000;
pub(super) const LONGEST_TABLE: usize = 1_000;

/// Which tables are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TablesQuery {
    /// A part of the name, in any case.
    #[serde(default)]
    search: String,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Which table is meant.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TableQuery {
    /// The name as the list of tables has it.
    table: String,
}

/// Which columns are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ColumnsQuery {
    /// The name as the list of tables has it.
    table: String,
    /// A part of the name, in any case.
    #[serde(default)]
    search: String,
}

/// Which rows are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PreviewQuery {
    /// The name as the list of tables has it.
    table: String,
    /// How many rows at most; 20 unless said.
    #[param(minimum = 1, maximum = 20)]
    rows: Option<u32>,
}

/// A table, view or file.
#[derive(Serialize, ToSchema)]
pub(crate) struct TableItem {
    /// What a job calls it.
    name: String,
    /// `table`, `view`, `partitioned table`, `CSV file` and others.
    kind: String,
}

/// A column of a table.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TableColumn {
    name: String,
    /// As the store prints it.
    #[serde(rename = "type")]
    native: String,
    /// The type that rows have on their way.
    arrow_type: String,
    nullable: bool,
    /// Whether it is part of the primary key.
    key: bool,
    /// Whether it is a level of the table's partitions, which a job names by their values.
    partition: bool,
    /// Whether the store fills it in where a row has no value for it.
    has_default: bool,
    /// Whether it can be the split key of a job.
    split_key: SplitUse,
    /// On which condition, or why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    split_key_reason: Option<String>,
}

/// Whether a table can be cut by a column.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum SplitUse {
    /// As it is.
    Usable,
    /// On a condition.
    Limited,
    /// Not at all.
    Unusable,
}

/// The columns of a table, in order.
#[derive(Serialize, ToSchema)]
pub(crate) struct TableColumns {
    items: Vec<TableColumn>,
}

/// The first rows of a table.
#[derive(Serialize, ToSchema)]
pub(crate) struct TablePreview {
    columns: Vec<PreviewColumn>,
    /// Cells by the names of their columns. NULL is null; integers beyond 2⁵³ and decimals are texts; bytes are
    /// `{"hex": "00ff"}`; a text that was cut ends in `…`.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<Map<String, Value>>,
}

/// A column of a preview.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewColumn {
    name: String,
    arrow_type: String,
}

/// The definition of a table.
#[derive(Serialize, ToSchema)]
pub(crate) struct TableDefinition {
    /// A statement that makes a table with the same columns; indexes and further properties are left out.
    ddl: String,
}

impl From<BrowsedColumn> for TableColumn {
    fn from(browsed: BrowsedColumn) -> Self {
        let (split_key, split_key_reason) = match browsed.split_key {
            SplitKey::Usable => (SplitUse::Usable, None),
            SplitKey::Limited(reason) => (SplitUse::Limited, Some(reason)),
            SplitKey::Unusable(reason) => (SplitUse::Unusable, Some(reason)),
        };
        let column = browsed.column;
        TableColumn {
            arrow_type: column.data_type.to_string(),
            name: column.name,
            native: column.native,
            nullable: column.nullable,
            key: column.key,
            partition: browsed.partition,
            has_default: browsed.has_default,
            split_key,
            split_key_reason,
        }
    }
}

/// A data source that is looked into, and its connector.
pub(super) struct Opened {
    pub(super) browser: Box<dyn Browser>,
    pub(super) row: Datasource,
    pub(super) connector: sdk::Connector,
    pub(super) secrets: Secrets,
}

pub(super) async fn open(
    app: &App,
    access: &Access,
    id: &str,
    table: Option<&str>,
) -> ApiResult<Opened> {
    if table.is_some_and(|table| table.is_empty() || table.len() > LONGEST_TABLE) {
        return Err(ApiError::invalid(vec![Problem::at(
            "/table",
            "this cannot be the name of a table",
        )]));
    }
    let settings = app.instance_settings().await?;
    let mut c = app.store.read().await?;
    let row = find(&mut c, access, id).await?;
    // A slow host must not hold what others need to reach the store.
    drop(c);
    let parts =
        datasources::opened(app, &row).map_err(|error| refused(&Secrets::default(), &error))?;
    let browser = look::open(app, &settings, (&row, &parts), table)
        .await
        .map_err(|error| refused(&parts.secrets, &error))?;
    let connector = app.registry.find(&row.connector).cloned();
    let connector = connector.ok_or_else(|| {
        ApiError::internal(
            "opening a datasource",
            "its connector was there and is gone",
        )
    })?;
    Ok(Opened {
        browser,
        row,
        connector,
        secrets: parts.secrets,
    })
}

impl Opened {
    /// What the data source refused.
    pub(super) fn refused(&self, error: &sdk::Error) -> ApiError {
        refused(&self.secrets, error)
    }
}

/// Bounds a look by its time limit.
pub(super) async fn in_time<T>(look: impl Future<Output = ApiResult<T>>) -> ApiResult<T> {
    match tokio::time::timeout(LONGEST, look).await {
        Ok(answer) => answer,
        Err(_) => Err(ApiError::new(
            Code::Upstream,
            format!(
                "the datasource did not answer within {} s",
                LONGEST.as_secs()
            ),
        )
        .hint("test its connection, or search for a part of the name")),
    }
}

/// What a data source refused, without the secrets that a driver may quote. The caller is signed in here, whatever the
/// database says about its own users.
fn refused(secrets: &Secrets, error: &sdk::Error) -> ApiError {
    let code = match error.kind() {
        Kind::Config => Code::Invalid,
        Kind::NotFound => Code::NotFound,
        Kind::Denied => Code::Forbidden,
        Kind::Conflict | Kind::Unsupported => Code::Conflict,
        Kind::Auth | Kind::Unreachable | Kind::Throttled | Kind::Data => Code::Upstream,
        Kind::Internal => {
            let cause = secrets.hide(&error.to_string());
            return ApiError::internal("looking into the datasource", cause);
        }
    };
    let answer = ApiError::new(code, secrets.hide(&error.to_string()));
    match error.hint_text() {
        Some(hint) => answer.hint(secrets.hide(hint)),
        None => answer,
    }
}

/// The tables of a data source by name.
#[utoipa::path(get, path = "/projects/{project}/datasources/{datasource}/tables", tag = "datasources",
    params(("project" = String, Path), ("datasource" = String, Path), TablesQuery),
    responses((status = 200, body = Listed<TableItem>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesBrowse"))))]
pub(crate) async fn tables(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    QueryOf(query): QueryOf<TablesQuery>,
) -> ApiResult<Json<Listed<TableItem>>> {
    let access = caller
        .enter(&app, &project, Right::DatasourcesBrowse)
        .await?;
    let place = Place::of(query.cursor, query.limit)?;
    let found = in_time(async {
        let opened = open(&app, &access, &id, None).await?;
        let wanted = place.wanted();
        let found = opened.browser.list(Listing::Tables, &query.search, wanted);
        found.await.map_err(|error| opened.refused(&error))
    })
    .await?;
    Ok(Json(place.listed(found, |table: Entry| TableItem {
        name: table.name,
        kind: table.kind,
    })))
}

/// Where a page of names begins. Stores list them in one order, so a page is what follows those that were seen.
pub(super) struct Place {
    page: Page,
    seen: usize,
}

impl Place {
    pub(super) fn of(cursor: Option<String>, limit: Option<u32>) -> ApiResult<Place> {
        let page = PageQuery::of(cursor, limit).page()?;
        let seen = match page.after.as_deref().map(str::parse::<usize>) {
            None => 0,
            Some(Ok(seen)) if seen <= FURTHEST => seen,
            Some(_) => {
                return Err(ApiError::bad_request("the list does not go so far")
                    .hint("search for a part of the name"));
            }
        };
        Ok(Place { page, seen })
    }

    /// How many names the page ends with, and the one behind that tells whether there is another page.
    pub(super) fn wanted(&self) -> usize {
        self.seen + usize::try_from(self.page.limit).unwrap_or(0)
    }

    pub(super) fn listed<T, I>(&self, found: Vec<T>, item: impl Fn(T) -> I) -> Listed<I> {
        let rows: Vec<(usize, T)> = (1..).zip(found).skip(self.seen).collect();
        let key = |(number, _): &(usize, T)| number.to_string();
        Listed::new(rows, &self.page, key, |(_, row)| item(row))
    }
}

/// The columns of a table.
#[utoipa::path(get, path = "/projects/{project}/datasources/{datasource}/columns", tag = "datasources",
    params(("project" = String, Path), ("datasource" = String, Path), ColumnsQuery),
    responses((status = 200, body = TableColumns), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesBrowse"))))]
pub(crate) async fn columns(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    QueryOf(query): QueryOf<ColumnsQuery>,
) -> ApiResult<Json<TableColumns>> {
    let access = caller
        .enter(&app, &project, Right::DatasourcesBrowse)
        .await?;
    let (_, columns) = in_time(read_columns(&app, &access, &id, &query.table)).await?;
    let search = query.search.to_lowercase();
    let found = columns
        .into_iter()
        .filter(|browsed| browsed.column.name.to_lowercase().contains(&search));
    let items = found.map(TableColumn::from).collect();
    Ok(Json(TableColumns { items }))
}

/// The columns of a table, and the connector that printed their types.
pub(super) async fn read_columns(
    app: &App,
    access: &Access,
    id: &str,
    table: &str,
) -> ApiResult<(sdk::Connector, Vec<BrowsedColumn>)> {
    let opened = open(app, access, id, Some(table)).await?;
    let columns = opened.browser.columns(table).await;
    let columns = columns.map_err(|error| opened.refused(&error))?;
    Ok((opened.connector, columns))
}

/// The first rows of a table.
#[utoipa::path(get, path = "/projects/{project}/datasources/{datasource}/preview", tag = "datasources",
    params(("project" = String, Path), ("datasource" = String, Path), PreviewQuery),
    responses((status = 200, body = TablePreview), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesPreview"))))]
pub(crate) async fn preview(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    QueryOf(query): QueryOf<PreviewQuery>,
) -> ApiResult<Json<TablePreview>> {
    let access = caller
        .enter(&app, &project, Right::DatasourcesPreview)
        .await?;
    let count = query
        .rows
        .map_or(MOST_ROWS, |rows| usize::try_from(rows).unwrap_or(0));
    if !(1..=MOST_ROWS).contains(&count) {
        let message = format!("`rows` must be 1 to {MOST_ROWS}");
        return Err(ApiError::invalid(vec![Problem::at("/rows", message)]));
    }
    let batch = in_time(async {
        let opened = open(&app, &access, &id, Some(&query.table)).await?;
        let batch = opened.browser.preview(&query.table, count).await;
        batch.map_err(|error| opened.refused(&error))
    })
    .await?;
    let schema = batch.schema();
    let columns = schema.fields().iter().map(|field| PreviewColumn {
        name: field.name().clone(),
        arrow_type: field.data_type().to_string(),
    });
    let rows = (0..batch.num_rows().min(count)).map(|row| {
        let mut cells = sdk::row_to_json(&batch, row);
        cells.values_mut().for_each(cut);
        cells
    });
    Ok(Json(TablePreview {
        columns: columns.collect(),
        rows: rows.collect(),
    }))
}

/// Cuts long texts, so that a page of rows stays a page.
fn cut(cell: &mut Value) {
    match cell {
        Value::String(text) if text.len() > LONGEST_TEXT => {
            text.truncate(text.floor_char_boundary(LONGEST_TEXT));
            text.push('…');
        }
        Value::Array(items) => {
            items.truncate(LONGEST_TEXT);
            items.iter_mut().for_each(cut);
        }
        Value::Object(fields) => fields.values_mut().for_each(cut),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The definition of a table, derived from its columns.
#[utoipa::path(get, path = "/projects/{project}/datasources/{datasource}/ddl", tag = "datasources",
    params(("project" = String, Path), ("datasource" = String, Path), TableQuery),
    responses((status = 200, body = TableDefinition), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesBrowse"))))]
pub(crate) async fn definition(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    QueryOf(query): QueryOf<TableQuery>,
) -> ApiResult<Json<TableDefinition>> {
    let access = caller
        .enter(&app, &project, Right::DatasourcesBrowse)
        .await?;
    let (connector, columns) = in_time(read_columns(&app, &access, &id, &query.table)).await?;
    let ddl = ddl::create_table(connector.family, &query.table, &columns);
    Ok(Json(TableDefinition { ddl }))
}
