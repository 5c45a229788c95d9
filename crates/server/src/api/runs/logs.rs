//! The log of a run: in pages, searched, by level, or as a file.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path as FilePath;
use std::sync::Arc;

use axum::Json;
use axum::body::Body as HttpBody;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio_util::io::ReaderStream;
use utoipa::{IntoParams, ToSchema};

use super::find;
use crate::access::role::Right;
use crate::api::caller::SignedIn;
use crate::api::error::{ApiError, ApiResult, Code, ErrorBody};
use crate::api::page::QueryOf;
use crate::runner::log::{self, Level, Line};
use crate::state::App;
use crate::store::run::Run;

const MOST: usize = 1_000;
/// A log is read from its end in pieces of so many bytes.
const PIECE: u64 = 64 << 10;

/// Which lines are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogQuery {
    /// Where to go on, as the page before said; 0 is the beginning.
    #[serde(default)]
    offset: u64,
    /// Lines before this place instead, the latest of them; a place behind the end is the end.
    before: Option<u64>,
    /// A part of the message, in any case.
    #[serde(default)]
    search: String,
    /// The least level: `info`, `warning` or `error`.
    level: Option<Level>,
    /// How many lines at most, up to 1,000.
    limit: Option<usize>,
}

/// Lines of a log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogPage {
    lines: Vec<Line>,
    /// Where this page begins: `before` it are the lines above, none if it is 0.
    offset: u64,
    /// Where the next page begins; ask again later while the run is under way.
    next_offset: u64,
    /// Whether the log has more lines behind this page by now.
    has_more: bool,
    /// How many bytes the log has by now; places are counted in them.
    size: u64,
}

/// The log of a run in pages; whoever follows it asks again from `nextOffset`, and whoever begins at its end goes up
/// from `offset`.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/log", tag = "runs",
    params(("project" = String, Path), ("run" = String, Path), LogQuery),
    responses((status = 200, body = LogPage), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("runsView"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    QueryOf(query): QueryOf<LogQuery>,
) -> ApiResult<Json<LogPage>> {
    let access = caller.enter(&app, &project, Right::RunsView).await?;
    let row = find(&app, &access, &id).await?;
    let file = log::file(&app.config.folder, &row.id);
    let query = Arc::new(query);
    let asked = query.clone();
    let page = tokio::task::spawn_blocking(move || read(&file, &asked))
        .await
        .map_err(|error| ApiError::internal("reading a log", error))?;
    match page {
        Ok(page) => Ok(Json(page)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Who has not begun has said nothing yet, and a server that has just claimed the run is about to.
            match row.started_at.and(row.ended_at) {
                None => Ok(Json(query.empty())),
                Some(_) => Err(gone("log", &row)),
            }
        }
        Err(error) => Err(ApiError::internal("reading a log", error)),
    }
}

impl LogQuery {
    /// The page of a log that has no lines yet.
    fn empty(&self) -> LogPage {
        let offset = if self.before.is_some() {
            0
        } else {
            self.offset
        };
        LogPage {
            lines: Vec::new(),
            offset,
            next_offset: offset,
            has_more: false,
            size: 0,
        }
    }

    fn most(&self) -> usize {
        self.limit.unwrap_or(200).clamp(1, MOST)
    }

    /// The line of this text, if it is wanted.
    fn wanted(&self, text: &[u8]) -> Option<Line> {
        let line: Line = serde_json::from_slice(text).ok()?;
        let search = self.search.to_lowercase();
        let found = self.level.is_none_or(|least| line.level >= least)
            && (search.is_empty() || line.message.to_lowercase().contains(&search));
        found.then_some(line)
    }
}

fn read(path: &FilePath, query: &LogQuery) -> std::io::Result<LogPage> {
    let mut page = query.empty();
    let mut file = File::open(path)?;
    page.size = file.metadata()?.len();
    if let Some(before) = query.before {
        return read_before(&mut file, before, query, page);
    }
    // No file system has all the places that a number can name.
    if query.offset >= page.size {
        return Ok(page);
    }
    file.seek(SeekFrom::Start(query.offset))?;
    let mut reader = BufReader::new(file);
    let most = query.most();
    let mut text = Vec::new();
    loop {
        text.clear();
        let length = reader.read_until(b'\n', &mut text)?;
        // A line that is still being written is left for the next page.
        if length == 0 || text.last() != Some(&b'\n') {
            return Ok(page);
        }
        if page.lines.len() == most {
            page.has_more = true;
            return Ok(page);
        }
        page.next_offset += length as u64;
        page.lines.extend(query.wanted(&text));
    }
}

/// Reads whole lines from a place up, the latest first, until there are enough of them.
fn read_before(
    file: &mut File,
    before: u64,
    query: &LogQuery,
    mut page: LogPage,
) -> std::io::Result<LogPage> {
    let mut start = before.min(page.size);
    let mut end = None;
    // What of the file is read and not yet cut into lines; it begins at `start`.
    let mut text = Vec::new();
    while page.lines.len() < query.most() {
        let last = text.iter().rposition(|byte| *byte == b'\n');
        let end_of_line = match (end, last) {
            (None, Some(last)) => {
                // Behind it is a line that the place cuts in two, or one that is still being written.
                text.truncate(last + 1);
                *end.insert(start + text.len() as u64)
            }
            (Some(end), _) => end,
            (None, None) if start == 0 => return Ok(page),
            (None, None) => {
                read_up(file, &mut start, &mut text)?;
                continue;
            }
        };
        page.next_offset = end_of_line;
        let body = &text[..text.len().saturating_sub(1)];
        match body.iter().rposition(|byte| *byte == b'\n') {
            None if start > 0 => read_up(file, &mut start, &mut text)?,
            None if text.is_empty() => break,
            cut => {
                let cut = cut.map_or(0, |place| place + 1);
                page.lines.extend(query.wanted(&text[cut..]));
                text.truncate(cut);
            }
        }
    }
    page.lines.reverse();
    page.offset = start + text.len() as u64;
    page.has_more = before < page.size && page.next_offset < page.size;
    Ok(page)
}

/// Reads the piece of a file that ends where a text of it begins.
fn read_up(file: &mut File, start: &mut u64, text: &mut Vec<u8>) -> std::io::Result<()> {
    let length = PIECE.min(*start);
    *start -= length;
    file.seek(SeekFrom::Start(*start))?;
    // The minimum with a constant fits.
    let mut piece = vec![0; length as usize];
    file.read_exact(&mut piece)?;
    piece.append(text);
    *text = piece;
    Ok(())
}

/// The whole log as a file of JSON lines.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/log/file", tag = "runs",
    params(("project" = String, Path), ("run" = String, Path)),
    responses((status = 200, content_type = "application/x-ndjson"), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("runsView"))))]
pub(crate) async fn download(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<Response> {
    let access = caller.enter(&app, &project, Right::RunsView).await?;
    let row = find(&app, &access, &id).await?;
    let path = log::file(&app.config.folder, &row.id);
    let Some(body) = open(&path).await? else {
        // Who has not begun has said nothing yet.
        return match row.started_at {
            None => Ok(send(HttpBody::empty(), &row, "log")),
            Some(_) => Err(gone("log", &row)),
        };
    };
    Ok(send(body, &row, "log"))
}

/// The bytes of a file, if it is there.
pub(super) async fn open(path: &FilePath) -> ApiResult<Option<HttpBody>> {
    match tokio::fs::File::open(path).await {
        Ok(file) => Ok(Some(HttpBody::from_stream(ReaderStream::new(file)))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ApiError::internal("reading a file of a run", error)),
    }
}

/// A file of a run should be there and is not.
pub(super) fn gone(what: &str, row: &Run) -> ApiError {
    let message = format!(
        "the file with the {what} of run {} is not there",
        row.number
    );
    ApiError::new(Code::NotFound, message)
        .hint("all servers must share the folder of runs, and nobody else may delete files in it")
}

/// Lines of a run as a download.
pub(super) fn send(body: HttpBody, row: &Run, what: &str) -> Response {
    let name = format!("run-{}.{what}.jsonl", row.number);
    let headers = [
        (CONTENT_TYPE, "application/x-ndjson".to_string()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, body).into_response()
}
