//! Making runs: what is to run, with which dates and values.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use axum::body::Bytes;
use chrono::{NaiveDate, NaiveDateTime};
use engine::{DirtyRows, KeptRows, RowForm};
use job::{Datasource, Document, Options, Parameters};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::error::{ApiError, ApiResult, Problem};
use crate::api::time::new_id;
use crate::runner::log::{folder, make_folder};
use crate::state::App;
use crate::store::job::Job;
use crate::store::run::NewRun;
use crate::store::{Connection, datasource, job_version, project, resource_group, run};

/// Why a run exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Kind {
    /// Somebody runs the published version.
    Manual,
    /// Somebody tries the draft.
    Trial,
    /// A schedule's turn.
    Scheduled,
    /// One of the days of a backfill.
    Backfill,
    /// The dirty rows of another run are fed back.
    Replay,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Manual => "manual",
            Kind::Trial => "trial",
            Kind::Scheduled => "scheduled",
            Kind::Backfill => "backfill",
            Kind::Replay => "replay",
        }
    }
}

/// Which side of the data sources a run uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Environment {
    /// Production.
    Prod,
    /// Development, in projects that have both.
    Dev,
}

impl Environment {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Environment::Prod => "prod",
            Environment::Dev => "dev",
        }
    }
}

/// What a run does besides its job.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct RunOptions {
    /// The run is stopped and fails when it takes longer; 0 sets no limit.
    pub(crate) timeout_minutes: u32,
}

/// A run that is asked for.
pub(crate) struct Request<'a> {
    pub(crate) job: &'a Job,
    pub(crate) version: i64,
    pub(crate) kind: Kind,
    pub(crate) environment: Environment,
    pub(crate) bizdate: NaiveDate,
    /// The scheduled time on the wall.
    pub(crate) cycle_at: NaiveDateTime,
    /// Values by name, as they are substituted.
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) options: RunOptions,
    /// That of its data sources unless said.
    pub(crate) resource_group: Option<&'a str>,
    /// The highest goes first.
    pub(crate) priority: i64,
    pub(crate) instance_id: Option<&'a str>,
    pub(crate) attempt: i64,
    pub(crate) created_by: &'a str,
    /// The run whose dirty rows it feeds back.
    pub(crate) origin: Option<Origin<'a>>,
    /// At most so many rows are read.
    pub(crate) limit_rows: Option<i64>,
}

/// Where the rows of a replay come from.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// The run that set them aside.
    pub(crate) run_id: &'a str,
    /// Which columns they have.
    pub(crate) form: RowForm,
    pub(crate) edition: Edition,
}

/// Which edition of dirty rows is fed back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edition {
    /// As the run kept them.
    Kept,
    /// As somebody sent them for this replay; they stand in its own folder.
    Mended,
}

/// The word of the store for the columns of rows that are fed back, and for whether somebody sent them.
fn row_form(origin: &Origin<'_>) -> &'static str {
    match (origin.edition, origin.form) {
        (Edition::Kept, RowForm::Source) => "source",
        (Edition::Kept, RowForm::Target) => "target",
        (Edition::Mended, RowForm::Source) => "mendedSource",
        (Edition::Mended, RowForm::Target) => "mendedTarget",
    }
}

/// What a run reads: rows of its job's source, or such as it feeds back.
pub(crate) fn form_of(run: &run::Run) -> RowForm {
    match run.row_form.as_deref() {
        Some("target" | "mendedTarget") => RowForm::Target,
        _ => RowForm::Source,
    }
}

/// Which edition of its origin's rows a replay feeds back.
fn edition_of(run: &run::Run) -> Edition {
    match run.row_form.as_deref() {
        Some("mendedSource" | "mendedTarget") => Edition::Mended,
        _ => Edition::Kept,
    }
}

/// The dirty rows that a run has left.
pub(crate) fn kept_rows(app: &App, run: &run::Run) -> Option<KeptRows> {
    let file = DirtyRows::new(folder(&app.config.folder, &run.id)).joint_file()?;
    Some(KeptRows {
        file,
        kept_by: form_of(run),
    })
}

/// The rows that a replay feeds back.
pub(crate) fn rows_to_feed(app: &App, replay: &run::Run, origin: &run::Run) -> Option<KeptRows> {
    match edition_of(replay) {
        Edition::Kept => kept_rows(app, origin),
        Edition::Mended => Some(KeptRows {
            file: mended_file(app, &replay.id),
            kept_by: form_of(origin),
        }),
    }
}

/// Where the rows stand that somebody sent for a replay.
fn mended_file(app: &App, run_id: &str) -> PathBuf {
    folder(&app.config.folder, run_id).join("mended.jsonl")
}

/// Keeps the rows that somebody sent for a replay, before anybody can claim it. What is given up later is taken
/// away with [`forget_mended`].
pub(crate) async fn keep_mended(app: &App, run_id: &str, text: Bytes) -> ApiResult<()> {
    let (runs, run_id, file) = (
        app.config.folder.clone(),
        run_id.to_string(),
        mended_file(app, run_id),
    );
    let kept = tokio::task::spawn_blocking(move || {
        make_folder(&runs, &run_id)?;
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)?;
        file.write_all(&text)?;
        file.sync_all()
    });
    let failed = |error: &dyn std::fmt::Display| ApiError::internal("keeping mended rows", error);
    kept.await
        .map_err(|error| failed(&error))?
        .map_err(|error| failed(&error))
}

/// Takes away what was kept for runs that are not made after all.
pub(crate) async fn forget_mended(app: &App, run_ids: &[String]) {
    for id in run_ids {
        let gone = tokio::fs::remove_dir_all(folder(&app.config.folder, id)).await;
        if let Err(error) = gone {
            tracing::warn!(run.id = id, %error, "the folder of a run that was not made cannot be deleted");
        }
    }
}

/// Puts a run into the queue; returns its id and its number in the project. Whoever commits the transaction
/// wakes the queue with [`App::wake`].
pub(crate) async fn create(
    app: &App,
    c: &mut Connection,
    request: &Request<'_>,
) -> ApiResult<(String, i64)> {
    let job = request.job;
    let version = job_version::find(c, &job.id, request.version)
        .await?
        .ok_or_else(|| ApiError::not_found("version", &request.version.to_string()))?;
    let id = new_id();
    let number = project::next_run_number(c, &job.project_id).await?;
    let text = |value: Result<String, serde_json::Error>| {
        value.map_err(|error| ApiError::internal("writing a run", error))
    };
    let variables = text(serde_json::to_string(&request.variables))?;
    let options = text(serde_json::to_string(&request.options))?;
    let parameters = constants(request.bizdate, request.cycle_at, &request.variables)
        .map_err(|error| ApiError::invalid(vec![Problem::at("/variables", error.to_string())]))?;
    let datasources = datasource_names(&job.name, &version.document, parameters);
    let group = match request.resource_group {
        Some(named) => named.to_owned(),
        None => group_of(c, &job.project_id, request.environment, &datasources).await?,
    };
    run::insert(
        c,
        &NewRun {
            id: &id,
            project_id: &job.project_id,
            number,
            job_id: &job.id,
            job_name: &job.name,
            job_version: request.version,
            environment: request.environment.name(),
            kind: request.kind.name(),
            instance_id: request.instance_id,
            attempt: request.attempt,
            bizdate: &request.bizdate.to_string(),
            cycle_at: request.cycle_at.and_utc().timestamp_micros(),
            variables: &variables,
            options: &options,
            resource_group: &group,
            priority: request.priority,
            created_by: request.created_by,
            queued_at: app.clock.micros(),
            origin: request
                .origin
                .as_ref()
                .map(|origin| (origin.run_id, row_form(origin))),
            limit_rows: request.limit_rows,
            datasources: &datasources,
        },
    )
    .await?;
    Ok((id, number))
}

/// The resource group of data sources: that of those that are assigned to one, else the default.
async fn group_of(
    c: &mut Connection,
    project_id: &str,
    environment: Environment,
    names: &[String],
) -> ApiResult<String> {
    let mut found: Option<(&String, String)> = None;
    for name in names {
        let group = datasource::group(c, project_id, name, environment.name()).await?;
        let Some(group) = group.filter(|group| group != resource_group::DEFAULT) else {
            continue;
        };
        match &found {
            Some((other, before)) if *before != group => {
                return Err(ApiError::conflict(format!(
                    "datasource `{other}` is in resource group `{before}` and datasource `{name}` in `{group}`, \
                     but a run has one"
                ))
                .hint("name a `resourceGroup` for the run or in its schedule, or assign both to one group"));
            }
            _ => found = Some((name, group)),
        }
    }
    Ok(found.map_or_else(|| resource_group::DEFAULT.to_owned(), |(_, group)| group))
}

/// The data sources that a run uses, for the limits of the queue. A document that is not right has none; the
/// run will say what is wrong with it.
fn datasource_names(name: &str, text: &str, parameters: Parameters) -> Vec<String> {
    let Ok(document) = Document::parse(name, text) else {
        return Vec::new();
    };
    let Ok((job, _)) = job::normalise(&document, &Options::new(parameters)) else {
        return Vec::new();
    };
    [job.reader.datasource, job.writer.datasource]
        .into_iter()
        .filter_map(|datasource| match datasource {
            Datasource::Named(name) => Some(name),
            Datasource::Inline(_) | Datasource::None => None,
        })
        .collect()
}

/// The parameters of a run whose variables are resolved: each is a constant, whatever it looks like.
pub(crate) fn constants(
    bizdate: NaiveDate,
    cycle_at: NaiveDateTime,
    variables: &BTreeMap<String, String>,
) -> Result<Parameters, job::ParameterError> {
    let mut parameters = Parameters::new(bizdate, cycle_at);
    for (name, value) in variables {
        parameters.set(name, &format!("'{value}'"))?;
    }
    Ok(parameters)
}

/// What keeps variables from being stored, where they stand in clear: names that say that they are secrets, and
/// null characters, which PostgreSQL does not keep.
pub(crate) fn unfit_variables(parent: &str, variables: &BTreeMap<String, String>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, value) in variables {
        let pointer = format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"));
        if ::job::is_secret_key(name) {
            let problem = Problem::at(pointer, format!("variable `{name}` looks like a secret"));
            problems.push(problem.hint(
                "keep secrets in a data source; variables are shown to everybody who sees the job",
            ));
        } else if value.contains('\0') {
            let text = format!("the value of variable `{name}` holds a null character");
            problems.push(Problem::at(pointer, text).hint("take it out"));
        }
    }
    problems
}

/// The values of a version's declared parameters for a run at some dates; `given` ones win and are constants.
pub(crate) fn resolve_variables(
    declared: &BTreeMap<String, String>,
    given: &BTreeMap<String, String>,
    bizdate: NaiveDate,
    cycle_at: NaiveDateTime,
) -> ApiResult<BTreeMap<String, String>> {
    let mut parameters = Parameters::new(bizdate, cycle_at);
    let mut problems = Vec::new();
    let mut refuse = |name: &str, error: job::ParameterError| {
        problems.push(Problem::at(format!("/variables/{name}"), error.to_string()));
    };
    for (name, expression) in declared
        .iter()
        .filter(|(name, _)| !given.contains_key(*name))
    {
        if let Err(error) = parameters.set(name, expression) {
            refuse(name, error);
        }
    }
    let mut values = given.clone();
    for name in declared.keys().filter(|name| !given.contains_key(*name)) {
        match parameters.value(name) {
            Ok(value) => {
                values.insert(name.clone(), value);
            }
            Err(error) => refuse(name, error),
        }
    }
    if problems.is_empty() {
        Ok(values)
    } else {
        Err(ApiError::invalid(problems))
    }
}
