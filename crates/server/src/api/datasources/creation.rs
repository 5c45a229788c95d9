//! Making a table in a data source: a draft of the statement, and the statement that somebody confirmed.

use std::time::Duration;

use arrow_schema::DataType;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use sdk::{BrowsedColumn, Column, TableDraft, TableWish};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::browse::{LONGEST_TABLE, in_time, open, read_columns};
use crate::access::role::Right;
use crate::api::audit::{Change, Object};
use crate::api::body::Body;
use crate::api::caller::{Access, SignedIn};
use crate::api::error::{ApiError, ApiResult, Code, ErrorBody, Problem};
use crate::datasources::read_environment;
use crate::runs::Environment;
use crate::state::App;
use crate::store::StoreError;
use crate::store::datasource::Datasource;

/// A table is not waited for longer.
const LONGEST: Duration = Duration::from_secs(30);
const LONGEST_STATEMENT: usize = 200_000;
const MOST_COLUMNS: usize = 2_000;
/// Types are read by descending into them, so their text says how deep that may go.
const LONGEST_TYPE: usize = 500;

/// A table that is wanted: like one of another data source, or with these columns.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewTable {
    /// What a job is to call it.
    table: String,
    /// The table that it is to be like. Either this or `columns`.
    source: Option<SourceTable>,
    columns: Option<Vec<WantedColumn>>,
    /// The columns that are to be partitions, outermost first; what is not among the columns is added as text.
    /// Unless said, they are those of the source.
    partitions: Option<Vec<String>>,
}

/// A table of a data source of the same project.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SourceTable {
    /// The id of the data source.
    datasource: String,
    table: String,
    /// Which columns, in which order; all unless said.
    columns: Option<Vec<String>>,
}

/// A column that is described by hand.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WantedColumn {
    name: String,
    /// As columns are listed, for example `Int64`, `Utf8`, `Decimal128(15, 2)`.
    arrow_type: String,
    /// True unless said.
    #[serde(default = "yes")]
    nullable: bool,
    /// Whether it is part of the primary key; false unless said.
    #[serde(default)]
    key: bool,
}

/// A statement that would make the table; nothing has been done.
#[derive(Serialize, ToSchema)]
pub(crate) struct DraftedTable {
    /// One `CREATE TABLE` in the dialect of the data source.
    statement: String,
    /// What the table would not keep of its source.
    remarks: Vec<ColumnRemark>,
}

/// Something that is not as it was in the source.
#[derive(Serialize, ToSchema)]
pub(crate) struct ColumnRemark {
    column: String,
    message: String,
}

/// A statement that somebody has read and confirmed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmedTable {
    /// One `CREATE TABLE` and nothing else.
    statement: String,
}

fn yes() -> bool {
    true
}

impl From<TableDraft> for DraftedTable {
    fn from(draft: TableDraft) -> Self {
        let remark = |(column, message)| ColumnRemark { column, message };
        DraftedTable {
            statement: draft.statement,
            remarks: draft.remarks.into_iter().map(remark).collect(),
        }
    }
}

/// Writes the statement that would make a table; it is not run.
#[utoipa::path(post, path = "/projects/{project}/datasources/{datasource}/tables/draft", tag = "datasources",
    request_body = NewTable, params(("project" = String, Path), ("datasource" = String, Path)),
    responses((status = 200, body = DraftedTable), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesBrowse"))))]
pub(crate) async fn draft(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Body(body): Body<NewTable>,
) -> ApiResult<Json<DraftedTable>> {
    let access = caller
        .enter(&app, &project, Right::DatasourcesBrowse)
        .await?;
    if body.table.is_empty() || body.table.len() > LONGEST_TABLE {
        let problem = Problem::at("/table", "this cannot be the name of a table");
        return Err(ApiError::invalid(vec![problem]));
    }
    let draft = in_time(async {
        let target = open(&app, &access, &id, None).await?;
        let (connector, mut columns) = match (body.source, body.columns) {
            (Some(source), None) => of_source(&app, &access, source).await?,
            (None, Some(columns)) => (None, described(&columns)?),
            (Some(_), Some(_)) | (None, None) => {
                let problem = Problem::at("", "either `source` or `columns` must be given")
                    .hint("name the table that it is to be like, or describe its columns");
                return Err(ApiError::invalid(vec![problem]));
            }
        };
        if let Some(partitions) = &body.partitions {
            partition(&mut columns, partitions)?;
        }
        let wish = TableWish {
            table: &body.table,
            connector,
            columns: &columns,
        };
        let draft = target.browser.draft(&wish);
        draft.map_err(|error| target.refused(&error))
    })
    .await?;
    Ok(Json(draft.into()))
}

/// The columns of another table, and the connector that printed their types.
async fn of_source(
    app: &App,
    access: &Access,
    source: SourceTable,
) -> ApiResult<(Option<&'static str>, Vec<BrowsedColumn>)> {
    let (connector, mut found) =
        read_columns(app, access, &source.datasource, &source.table).await?;
    let Some(names) = source.columns else {
        return Ok((Some(connector.name), found));
    };
    let mut chosen = Vec::new();
    let mut problems = Vec::new();
    for (number, name) in names.iter().enumerate() {
        match found
            .iter()
            .position(|browsed| browsed.column.name == *name)
        {
            Some(place) => chosen.push(found.remove(place)),
            None => problems.push(Problem::at(
                format!("/source/columns/{number}"),
                format!("the source has no column `{name}`, or it is named before"),
            )),
        }
    }
    match problems.is_empty() {
        true => Ok((Some(connector.name), chosen)),
        false => Err(ApiError::invalid(problems)),
    }
}

fn described(wanted: &[WantedColumn]) -> ApiResult<Vec<BrowsedColumn>> {
    if wanted.len() > MOST_COLUMNS {
        let message =
            format!("a table of more than {MOST_COLUMNS} columns is not described by hand");
        return Err(ApiError::invalid(vec![Problem::at("/columns", message)]));
    }
    let mut columns = Vec::new();
    let mut problems = Vec::new();
    for (number, wanted) in wanted.iter().enumerate() {
        let text = Some(&wanted.arrow_type).filter(|text| text.len() <= LONGEST_TYPE);
        match text.and_then(|text| text.parse().ok()) {
            Some(data_type) => {
                let mut column = Column::new(&wanted.name, data_type);
                (column.nullable, column.key) = (wanted.nullable, wanted.key);
                columns.push(BrowsedColumn::new(column, "the table is not made yet"));
            }
            None => problems.push(
                Problem::at(format!("/columns/{number}/arrowType"), "this is not a type")
                    .hint("write it as columns are listed, for example `Int64` or `Utf8`"),
            ),
        }
    }
    match problems.is_empty() {
        true => Ok(columns),
        false => Err(ApiError::invalid(problems)),
    }
}

/// Marks the columns that are to be partitions, and puts them behind the others in the order of their levels.
fn partition(columns: &mut Vec<BrowsedColumn>, names: &[String]) -> ApiResult<()> {
    for browsed in columns.iter_mut() {
        browsed.partition = false;
    }
    for (number, name) in names.iter().enumerate() {
        if names[..number].contains(name) {
            let problem = Problem::at(format!("/partitions/{number}"), "this is named before");
            return Err(ApiError::invalid(vec![problem]));
        }
        let place = columns
            .iter()
            .position(|browsed| browsed.column.name == *name);
        let mut level = match place {
            Some(place) => columns.remove(place),
            None => {
                let column = Column::new(name, DataType::Utf8);
                BrowsedColumn::new(column, "the table is not made yet")
            }
        };
        level.partition = true;
        columns.push(level);
    }
    Ok(())
}

/// Runs the statement that makes a table. Whoever sends it answers for what it says, so the audit log keeps it.
#[utoipa::path(post, path = "/projects/{project}/datasources/{datasource}/tables", tag = "datasources",
    request_body = ConfirmedTable, params(("project" = String, Path), ("datasource" = String, Path)),
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("datasourcesCreateTables"))))]
pub(crate) async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Body(body): Body<ConfirmedTable>,
) -> ApiResult<StatusCode> {
    let access = caller
        .enter(&app, &project, Right::DatasourcesCreateTables)
        .await?;
    if body.statement.len() > LONGEST_STATEMENT {
        let message = format!("a statement of more than {LONGEST_STATEMENT} bytes is not run");
        return Err(ApiError::invalid(vec![Problem::at("/statement", message)]));
    }
    let opened = in_time(open(&app, &access, &id, None)).await?;
    check_side(&access, &opened.row)?;
    // Noted first: a server that dies now leaves no table that nobody has made.
    note(&app, &access, &opened.row, &body.statement).await?;
    let made = tokio::time::timeout(LONGEST, opened.browser.create(&body.statement)).await;
    match made {
        Ok(Ok(())) => Ok(StatusCode::NO_CONTENT),
        Ok(Err(error)) if error.kind() == sdk::Kind::Config => {
            let message = opened.secrets.hide(&error.to_string());
            let hint = error.hint_text().map(|hint| opened.secrets.hide(hint));
            Err(ApiError::invalid(vec![Problem {
                hint,
                ..Problem::at("/statement", message)
            }]))
        }
        Ok(Err(error)) => Err(opened.refused(&error)),
        Err(_) => Err(ApiError::new(
            Code::Upstream,
            format!(
                "the datasource did not make the table within {} s",
                LONGEST.as_secs()
            ),
        )
        .hint("look whether it is there before you try again")),
    }
}

/// In a project with two sides, what is production is changed by those who run it.
fn check_side(access: &Access, row: &Datasource) -> ApiResult<()> {
    match (
        access.project.mode.as_str(),
        read_environment(&row.environment)?,
    ) {
        ("standard", Environment::Prod) => access.need(Right::RunsStart),
        _ => Ok(()),
    }
}

async fn note(app: &App, access: &Access, row: &Datasource, statement: &str) -> ApiResult<()> {
    let object = Object {
        kind: "datasource",
        id: &row.id,
        name: &row.name,
    };
    let change = Change::of(None::<&()>, Some(&json!({"statement": statement})));
    let mut t = app.store.begin().await?;
    access
        .note(&mut t, "datasource.createTable", object, change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(())
}
