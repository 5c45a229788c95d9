//! The dirty rows of a run: browsed, filtered, downloaded. They hold values of cells.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path as FilePath, PathBuf};

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::find;
use super::logs::{gone, open, send};
use crate::access::role::Right;
use crate::api::caller::SignedIn;
use crate::api::error::{ApiError, ApiResult, ErrorBody};
use crate::api::page::QueryOf;
use crate::runner::log::folder;
use crate::state::App;

const MOST: usize = 500;
/// Reasons are counted over so many rows at most, so that an answer comes soon.
const COUNTED: usize = 200_000;
/// The most frequent reasons are shown; some quote values and differ from row to row.
const MOST_REASONS: usize = 50;

/// Which dirty rows are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DirtyQuery {
    /// The column at fault.
    #[serde(default)]
    column: String,
    /// A part of the reason, in any case.
    #[serde(default)]
    reason: String,
    /// How many of the wanted rows to pass over.
    #[serde(default)]
    skip: usize,
    /// How many rows at most, up to 500.
    limit: Option<usize>,
}

/// Dirty rows with their reasons.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DirtyPage {
    /// Rows as they stand in the file: time, task, stage, column, reason, key, row.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<Value>,
    has_more: bool,
    /// How many rows each column and reason has, over all rows or the first 200,000; the most frequent 50.
    reasons: Vec<Reason>,
}

/// How often something was wrong.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reason {
    column: Option<String>,
    reason: String,
    row_count: usize,
}

/// The dirty rows of a run, with counts by reason.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/dirty-rows", tag = "runs",
    params(("project" = String, Path), ("run" = String, Path), DirtyQuery),
    responses((status = 200, body = DirtyPage), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("dirtyRowsView"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    QueryOf(query): QueryOf<DirtyQuery>,
) -> ApiResult<Json<DirtyPage>> {
    let access = caller.enter(&app, &project, Right::DirtyRowsView).await?;
    let row = find(&app, &access, &id).await?;
    let folder = folder(&app.config.folder, &row.id);
    let is_over = row.ended_at.is_some();
    let page = tokio::task::spawn_blocking(move || read(&folder, is_over, &query))
        .await
        .map_err(|error| ApiError::internal("reading dirty rows", error))?;
    let page = page.map_err(|error| ApiError::internal("reading dirty rows", error))?;
    // Every row that stands in a file has a reason that is counted.
    if is_over && row.rows_dirty > 0 && page.reasons.is_empty() {
        return Err(gone("dirty rows", &row));
    }
    Ok(Json(page))
}

/// The files of dirty rows: one of all tasks once the run has ended, one for each task before.
fn files(folder: &FilePath, is_over: bool) -> io::Result<Vec<PathBuf>> {
    let joint = engine::DirtyRows::new(folder).joint_file();
    if is_over && let Some(joint) = &joint {
        return Ok(vec![joint.clone()]);
    }
    let mut files: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                let name = path.file_name().and_then(|name| name.to_str());
                name.is_some_and(|name| name.starts_with("dirty-") && name.ends_with(".jsonl"))
            })
            .collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    files.sort();
    if files.is_empty() {
        // Joined already, by a run that is about to end.
        files.extend(joint);
    }
    Ok(files)
}

fn read(folder: &FilePath, is_over: bool, query: &DirtyQuery) -> io::Result<DirtyPage> {
    let most = query.limit.unwrap_or(50).clamp(1, MOST);
    let reason = query.reason.to_lowercase();
    let mut counts: BTreeMap<(Option<String>, String), usize> = BTreeMap::new();
    let mut page = DirtyPage {
        rows: Vec::new(),
        has_more: false,
        reasons: Vec::new(),
    };
    let (mut passed, mut seen) = (0, 0);
    for file in files(folder, is_over)? {
        let mut reader = match File::open(file) {
            Ok(file) => BufReader::new(file),
            // Begun anew or joined meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let mut text = Vec::new();
        loop {
            text.clear();
            if reader.read_until(b'\n', &mut text)? == 0 {
                break;
            }
            let Ok(row) = serde_json::from_slice::<Value>(&text) else {
                continue;
            };
            let word = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_string);
            let (column, why) = (word("column"), word("reason").unwrap_or_default());
            let wanted = (query.column.is_empty() || column.as_deref() == Some(&query.column))
                && (reason.is_empty() || why.to_lowercase().contains(&reason));
            seen += 1;
            if seen <= COUNTED {
                *counts.entry((column, why)).or_default() += 1;
            } else if page.has_more {
                break;
            }
            if !wanted {
                continue;
            }
            if passed < query.skip {
                passed += 1;
            } else if page.rows.len() < most {
                page.rows.push(row);
            } else {
                page.has_more = true;
            }
        }
    }
    let reasons = counts
        .into_iter()
        .map(|((column, reason), row_count)| Reason {
            column,
            reason,
            row_count,
        });
    page.reasons = reasons.collect();
    page.reasons
        .sort_by_key(|reason| std::cmp::Reverse(reason.row_count));
    page.reasons.truncate(MOST_REASONS);
    Ok(page)
}

/// All dirty rows of an ended run as a file of JSON lines, which `longshore replay` takes.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/dirty-rows/file", tag = "runs",
    params(("project" = String, Path), ("run" = String, Path)),
    responses((status = 200, content_type = "application/x-ndjson"), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("dirtyRowsView"))))]
pub(crate) async fn download(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<Response> {
    let access = caller.enter(&app, &project, Right::DirtyRowsView).await?;
    let row = find(&app, &access, &id).await?;
    let folder = folder(&app.config.folder, &row.id);
    if row.ended_at.is_none() {
        let message = format!("run {} has not ended", row.number);
        return Err(ApiError::conflict(message).hint("wait until it has, or look at its pages"));
    }
    let body = match engine::DirtyRows::new(&folder).joint_file() {
        Some(file) => open(&file).await?,
        None => None,
    };
    match body {
        Some(body) => Ok(send(body, &row, "dirty")),
        None if row.rows_dirty > 0 => Err(gone("dirty rows", &row)),
        None => Ok(send(Body::empty(), &row, "dirty")),
    }
}
