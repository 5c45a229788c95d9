//! SQL jobs as the REST service shows them (section 5 of the protocol).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;

use super::metadata::OWNER;
use super::reply::{Failure, Reply};
use super::xml::{cdata, escape, parse_job};
use super::{App, Call};
use crate::clock::date_text;
use crate::jobs::{Job, JobState};
use crate::sql::Output;
use crate::store::Segment;
use maxcompute::types::TableSchema;

const MAX_JOB_BYTES: u64 = 16 * 1024 * 1024;

fn job_of(app: &App, id: &str) -> Result<Arc<Job>, Failure> {
    app.jobs
        .find(id)
        .ok_or_else(|| Failure::not_found("NoSuchObject", "the instance does not exist"))
}

pub(super) fn submit(app: &App, call: &mut Call) -> Result<Reply, Failure> {
    let invalid = |reason: String| Failure::bad_request("InvalidParameter", reason);
    let text = call
        .body
        .read_text(MAX_JOB_BYTES)
        .map_err(|error| invalid(error.to_string()))?;
    let text = String::from_utf8(text).map_err(|_| invalid("the job is not UTF-8".into()))?;
    let task = parse_job(&text).map_err(invalid)?;
    let job = app
        .jobs
        .submit(&app.store, task.name, task.query, &task.settings)
        .map_err(|error| Failure::internal(format!("the job cannot be started: {error}")))?;
    let host = call.header("host").unwrap_or("localhost");
    let location = format!(
        "http://{host}/api/projects/{}/instances/{}",
        app.store.project(),
        job.id
    );
    Ok(Reply::empty(StatusCode::CREATED).with_header("location", location))
}

/// The end of a job, if it has ended.
fn ended(state: &JobState) -> Option<i64> {
    match state {
        JobState::Running => None,
        JobState::Ended { at, .. } | JobState::Cancelled { at } => Some(*at),
    }
}

fn overall(state: &JobState) -> &'static str {
    match state {
        JobState::Running => "Running",
        _ => "Terminated",
    }
}

pub(super) fn status(app: &App, call: &Call) -> Result<Reply, Failure> {
    let job = job_of(app, call.name())?;
    let state = job.state();
    let document = format!("<Instance><Status>{}</Status></Instance>", overall(&state));
    Ok(Reply::xml(document)
        .with_header("x-odps-owner", OWNER.to_owned())
        .with_header("x-odps-start-time", date_text(job.started))
        .with_header(
            "x-odps-end-time",
            ended(&state).map(date_text).unwrap_or_default(),
        ))
}

pub(super) fn tasks(app: &App, call: &Call) -> Result<Reply, Failure> {
    let job = job_of(app, call.name())?;
    let state = job.state();
    let status = match &state {
        JobState::Running => "Running",
        JobState::Cancelled { .. } => "Cancelled",
        JobState::Ended { outcome, .. } if outcome.is_ok() => "Success",
        JobState::Ended { .. } => "Failed",
    };
    Ok(Reply::xml(format!(
        "<Instance><Status>{overall}</Status><Tasks><Task Type=\"SQL\"><Name>{name}</Name>\
         <StartTime>{started}</StartTime><EndTime>{ended}</EndTime><Status>{status}</Status>\
         <Histories/></Task></Tasks></Instance>",
        overall = overall(&state),
        name = escape(&job.task_name),
        started = date_text(job.started),
        ended = ended(&state).map(date_text).unwrap_or_default(),
    )))
}

pub(super) fn result(app: &App, call: &Call) -> Result<Reply, Failure> {
    let job = job_of(app, call.name())?;
    let (format, text) = match job.state() {
        JobState::Ended { outcome, .. } => match &*outcome {
            Ok(Output::Rows(rows)) => ("csv", rows.csv.clone()),
            Ok(Output::Text(text)) => ("text", text.clone()),
            Err(error) => ("text", error.to_string()),
        },
        JobState::Running | JobState::Cancelled { .. } => ("text", String::new()),
    };
    Ok(Reply::xml(format!(
        "<Instance><Tasks><Task Type=\"SQL\"><Name>{}</Name>\
         <Result Transform=\"Base64\" Format=\"{format}\">{}</Result></Task></Tasks></Instance>",
        escape(&job.task_name),
        cdata(&STANDARD.encode(text)),
    )))
}

pub(super) fn source(app: &App, call: &Call) -> Result<Reply, Failure> {
    let job = job_of(app, call.name())?;
    Ok(Reply::xml(format!(
        "<Job><Priority>9</Priority><Tasks><SQL><Name>{}</Name><Config/><Query>{}</Query></SQL></Tasks>\
         <DAG><RunMode>Sequence</RunMode></DAG></Job>",
        escape(&job.task_name),
        cdata(&job.query),
    )))
}

pub(super) fn stop(app: &App, call: &Call) -> Result<Reply, Failure> {
    job_of(app, call.name())?.cancel();
    Ok(Reply::empty(StatusCode::OK))
}

/// The result set of a job, for a download.
pub(super) fn result_rows(
    app: &App,
    id: &str,
) -> Result<(TableSchema, Vec<Arc<Segment>>), Failure> {
    let none = Failure::bad_request("InstanceTypeNotSupported", "the instance has no result set");
    match job_of(app, id)?.state() {
        JobState::Running => Err(Failure::bad_request(
            "InstanceNotTerminate",
            "the instance is still running",
        )),
        JobState::Cancelled { .. } => Err(none),
        JobState::Ended { outcome, .. } => match &*outcome {
            Ok(Output::Rows(rows)) => Ok((rows.schema.clone(), vec![rows.segment.clone()])),
            Ok(Output::Text(_)) | Err(_) => Err(none),
        },
    }
}
