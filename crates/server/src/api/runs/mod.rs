//! Runs: asking for one, watching it, and what can be done with it.

pub(crate) mod act;
pub(crate) mod dirty;
pub(crate) mod logs;
pub(crate) mod replay;
pub(crate) mod start;
pub(crate) mod watch;

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::caller::{Access, SignedIn};
use super::error::{ApiError, ApiResult, ErrorBody};
use super::page::{Listed, PageQuery, QueryOf, foreign_cursor};
use super::time::Time;
use crate::access::role::Right;
use crate::state::App;
use crate::store::run::{list, progress};
use crate::store::{job_version, run};

/// A run in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    pub(crate) id: String,
    /// Counts the runs of the project.
    pub(crate) number: i64,
    pub(crate) job_id: String,
    pub(crate) job_name: String,
    pub(crate) job_version: i64,
    /// `prod` or `dev`.
    pub(crate) environment: String,
    /// `manual`, `trial`, `scheduled`, `backfill` or `replay`.
    pub(crate) kind: String,
    /// The run whose dirty rows this one feeds back.
    pub(crate) origin_id: Option<String>,
    pub(crate) instance_id: Option<String>,
    pub(crate) attempt: i64,
    /// The day that the data belongs to, `2026-03-03`.
    pub(crate) bizdate: String,
    /// The scheduled time on the wall, `2026-03-04T00:15:00`.
    pub(crate) cycle_at: String,
    pub(crate) resource_group: String,
    pub(crate) priority: i64,
    /// `queued`, `running`, `succeeded`, `failed` or `stopped`.
    pub(crate) state: String,
    pub(crate) is_stopping: bool,
    pub(crate) created_by: String,
    pub(crate) queued_at: Time,
    pub(crate) started_at: Option<Time>,
    pub(crate) ended_at: Option<Time>,
    /// At most so many rows are read.
    pub(crate) limit_rows: Option<i64>,
    /// The server that does it, or did it last.
    pub(crate) server: Option<String>,
    pub(crate) rows_read: i64,
    pub(crate) rows_written: i64,
    pub(crate) rows_dirty: i64,
    pub(crate) bytes: i64,
    /// How far it is, or was when it ended.
    #[schema(value_type = Option<crate::runner::ProgressView>)]
    pub(crate) progress: Option<Value>,
    /// Why it did not succeed.
    #[schema(value_type = Option<crate::runner::RunError>)]
    pub(crate) error: Option<Value>,
}

/// A run with everything about it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunDetail {
    #[serde(flatten)]
    pub(crate) run: Run,
    /// The values of its variables.
    #[schema(value_type = Object)]
    pub(crate) variables: Value,
    /// The document as it runs.
    pub(crate) document: Option<String>,
    /// The closing report, once it has ended.
    #[schema(value_type = Option<Object>)]
    pub(crate) report: Option<Value>,
    /// The runs that feed its dirty rows back, latest first, at most 20.
    pub(crate) replays: Vec<RunReplay>,
}

/// A run that feeds dirty rows back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunReplay {
    id: String,
    number: i64,
    state: String,
}

const MOST_REPLAYS: i64 = 20;

impl From<run::Run> for Run {
    fn from(row: run::Run) -> Self {
        let value = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        let cycle = DateTime::from_timestamp_micros(row.cycle_at).unwrap_or_default();
        Run {
            id: row.id,
            number: row.number,
            job_id: row.job_id,
            job_name: row.job_name,
            job_version: row.job_version,
            environment: row.environment,
            kind: row.kind,
            origin_id: row.origin_id,
            instance_id: row.instance_id,
            attempt: row.attempt,
            bizdate: row.bizdate,
            cycle_at: cycle.format("%Y-%m-%dT%H:%M:%S").to_string(),
            resource_group: row.resource_group,
            priority: row.priority,
            is_stopping: row.stop_requested != 0 && row.state == run::RUNNING,
            state: row.state,
            created_by: row.created_by,
            queued_at: Time(row.queued_at),
            started_at: row.started_at.map(Time),
            ended_at: row.ended_at.map(Time),
            limit_rows: row.limit_rows,
            server: row.owner,
            rows_read: row.rows_read,
            rows_written: row.rows_written,
            rows_dirty: row.rows_dirty,
            bytes: row.bytes,
            progress: value(row.progress),
            error: value(row.error),
        }
    }
}

impl Run {
    /// The same with what its splits do, or did: those of a run that succeeded stand in its report, unless they
    /// are too many.
    fn with_splits(mut self, report: Option<&Value>, noted: Option<progress::Splits>) -> Run {
        let told = report.filter(|_| self.state == run::SUCCEEDED);
        let told = told.and_then(|report| report.get("splits")).cloned();
        let (list, left_out) = match (told, noted) {
            (_, Some(noted)) if noted.left_out > 0 => (read(&noted.splits), noted.left_out),
            (Some(told), _) => (told, 0),
            (None, Some(noted)) => (read(&noted.splits), noted.left_out),
            (None, None) => return self,
        };
        if let Some(Value::Object(progress)) = &mut self.progress {
            progress.insert("splits".to_owned(), list);
            progress.insert("splitsLeftOut".to_owned(), left_out.into());
        }
        self
    }
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Which runs are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunQuery {
    /// `queued`, `running`, `succeeded`, `failed` or `stopped`.
    #[serde(default)]
    state: String,
    /// The id of a job.
    #[serde(default)]
    job: String,
    /// `manual`, `trial`, `scheduled`, `backfill` or `replay`.
    #[serde(default)]
    kind: String,
    /// A business date, `2026-03-03`.
    #[serde(default)]
    bizdate: String,
    /// The id of an instance.
    #[serde(default)]
    instance: String,
    /// The name of a resource group.
    #[serde(default)]
    resource_group: String,
    /// The id of the account that asked for it; of a scheduled run, that which submitted the schedule.
    #[serde(default)]
    created_by: String,
    /// Runs that began then or later, the latest beginning first.
    started_from: Option<DateTime<Utc>>,
    /// Runs that began before then, the latest beginning first.
    started_to: Option<DateTime<Utc>>,
    /// The number of a run, instead of all that.
    number: Option<i64>,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// The runs of a project, latest first.
#[utoipa::path(get, path = "/projects/{project}/runs", tag = "runs",
    params(("project" = String, Path), RunQuery),
    responses((status = 200, body = Listed<Run>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("runsView"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<RunQuery>,
) -> ApiResult<Json<Listed<Run>>> {
    let access = caller.enter(&app, &project, Right::RunsView).await?;
    let page = PageQuery::of(query.cursor, query.limit).page()?;
    let started = match (query.started_from, query.started_to) {
        (None, None) => None,
        _ if query.number.is_some() => None,
        (from, to) => Some(list::Started {
            from: from.map_or(i64::MIN, |from| from.timestamp_micros()),
            before: match page.after.as_deref() {
                None => (
                    to.map_or(i64::MAX, |to| to.timestamp_micros()),
                    String::new(),
                ),
                Some(cursor) => began(cursor).ok_or_else(foreign_cursor)?,
            },
        }),
    };
    let filter = list::Filter {
        state: query.state,
        job_id: query.job,
        kind: query.kind,
        bizdate: query.bizdate,
        instance_id: query.instance,
        resource_group: query.resource_group,
        created_by: query.created_by,
        number: query.number,
    };
    let mut c = app.store.read().await?;
    let (project, key): (_, fn(&run::Run) -> String) = (
        &access.project.id,
        match started {
            None => |row| row.id.clone(),
            Some(_) => |row| format!("{} {}", row.started_at.unwrap_or(0), row.id),
        },
    );
    let rows = match &started {
        None => list::list(&mut c, project, &filter, &page).await?,
        Some(started) => list::list_started(&mut c, project, &filter, started, page.limit).await?,
    };
    Ok(Json(Listed::new(rows, &page, key, Run::from)))
}

/// When the last run of a page began, and its id.
fn began(cursor: &str) -> Option<(i64, String)> {
    let (at, id) = cursor.split_once(' ')?;
    Some((at.parse().ok()?, id.to_owned()))
}

/// One run with its variables, document and report.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}", tag = "runs",
    params(("project" = String, Path), ("run" = String, Path)),
    responses((status = 200, body = RunDetail), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("runsView"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<Json<RunDetail>> {
    let access = caller.enter(&app, &project, Right::RunsView).await?;
    let row = find(&app, &access, &id).await?;
    let mut c = app.store.read().await?;
    let splits = progress::splits(&mut c, &row.id).await?;
    let version = job_version::find(&mut c, &row.job_id, row.job_version).await?;
    let replays = run::replays(&mut c, &row.id, MOST_REPLAYS).await?;
    let replays = replays.into_iter().map(|row| RunReplay {
        id: row.id,
        number: row.number,
        state: row.state,
    });
    let report = row.report.as_deref().map(read);
    Ok(Json(RunDetail {
        variables: read(&row.variables),
        document: version.map(|version| version.document),
        replays: replays.collect(),
        run: Run::from(row).with_splits(report.as_ref(), splits),
        report,
    }))
}

/// The run of this id, if it is one of the project.
pub(crate) async fn find(app: &App, access: &Access, id: &str) -> ApiResult<run::Run> {
    let mut c = app.store.read().await?;
    let row = run::find(&mut c, &access.project.id, id).await?;
    row.ok_or_else(|| ApiError::not_found("run", id))
}
