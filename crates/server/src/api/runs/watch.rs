//! Watching a run: live events and the series for its chart.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::Stream;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Run, find};
use crate::access::role::Right;
use crate::api::caller::SignedIn;
use crate::api::error::{ApiResult, ErrorBody};
use crate::api::time::Time;
use crate::state::App;
use crate::store::run::{self, progress};

const LOOK: Duration = Duration::from_secs(1);
/// A stream ends after so long, and whoever watches asks anew, with a session that is still good.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// How far a run was at a time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sample {
    at: Time,
    rows_read: i64,
    rows_written: i64,
    rows_dirty: i64,
    bytes: i64,
    /// The share of the time since the sample before that tasks waited for the reader, 0 to 1; null if none moved.
    wait_reader: Option<f64>,
    /// The same for the writer. Whichever waits more waits for the slower side.
    wait_writer: Option<f64>,
}

/// The samples as they are shown.
fn shown(samples: Vec<progress::Sample>) -> Vec<Sample> {
    let mut before: Option<&progress::Sample> = None;
    let mut list = Vec::with_capacity(samples.len());
    for sample in &samples {
        // A server that continues the run counts from nothing.
        let base = before.filter(|before| before.task_ms <= sample.task_ms);
        let task = sample.task_ms - base.map_or(0, |base| base.task_ms);
        let share = |now: i64, then: Option<i64>| {
            let waited = (now - then.unwrap_or(0)) as f64;
            (task > 0).then(|| (waited / task as f64).clamp(0.0, 1.0))
        };
        list.push(Sample {
            at: Time(sample.at),
            rows_read: sample.rows_read,
            rows_written: sample.rows_written,
            rows_dirty: sample.rows_dirty,
            bytes: sample.bytes,
            wait_reader: share(sample.wait_reader_ms, base.map(|base| base.wait_reader_ms)),
            wait_writer: share(sample.wait_writer_ms, base.map(|base| base.wait_writer_ms)),
        });
        before = Some(sample);
    }
    list
}

/// The run's figures over time, for a chart.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/series", tag = "runs",
    params(("project" = String, Path), ("run" = String, Path)),
    responses((status = 200, body = Vec<Sample>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("runsView"))))]
pub(crate) async fn series(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<Json<Vec<Sample>>> {
    let access = caller.enter(&app, &project, Right::RunsView).await?;
    let row = find(&app, &access, &id).await?;
    let mut c = app.store.read().await?;
    Ok(Json(shown(progress::samples(&mut c, &row.id).await?)))
}

/// An event of a run's stream.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes what the stream is made of")]
pub(crate) struct RunEvent {
    /// Always `run`.
    event: String,
    /// A `Run` as JSON, its splits included.
    data: String,
}

/// The run each time it has changed, as server-sent events named `run`; the last one when it has ended.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/events", tag = "runs",
    params(("project" = String, Path), ("run" = String, Path)),
    responses((status = 200, body = RunEvent, content_type = "text/event-stream"),
        (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("runsView"))))]
pub(crate) async fn events(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let access = caller.enter(&app, &project, Right::RunsView).await?;
    find(&app, &access, &id).await?;
    let begun = tokio::time::Instant::now();
    let start = Watch {
        last: None,
        is_over: false,
    };
    let stream = futures::stream::unfold(start, move |mut watch| {
        let (app, access_project, id) = (app.clone(), access.project.id.clone(), id.clone());
        async move {
            if watch.is_over {
                return None;
            }
            loop {
                let stop = app.stop.is_cancelled() || begun.elapsed() > LONGEST;
                let mut c = app.store.read().await.ok()?;
                let row = run::find(&mut c, &access_project, &id).await.ok()??;
                let splits = progress::splits(&mut c, &id).await.ok()?;
                drop(c);
                watch.is_over = row.ended_at.is_some() || stop;
                let report = row.report.as_deref().map(super::read);
                let view = Run::from(row).with_splits(report.as_ref(), splits);
                let text = serde_json::to_string(&view).ok()?;
                if watch.last.as_deref() != Some(&text) {
                    let event = Event::default().event("run").data(&text);
                    watch.last = Some(text);
                    return Some((Ok(event), watch));
                }
                if watch.is_over {
                    return None;
                }
                tokio::time::sleep(LOOK).await;
            }
        }
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

struct Watch {
    last: Option<String>,
    is_over: bool,
}
