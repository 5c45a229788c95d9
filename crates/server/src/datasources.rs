//! Data sources as runs, tests and people use them: with their secrets opened, on the side of an environment, and
//! only where the settings of the instance let them reach.
//!
//! In reading order: `policy` says what may be reached, `probe` tests a connection, `look` opens a data source for
//! browsing, `ddl` writes tables as SQL. What the API accepts and shows of them is in `api::datasources`.

pub(crate) mod ddl;
pub(crate) mod look;
pub(crate) mod policy;
pub(crate) mod probe;

use engine::Datasources;
use job::{Job, Step};
use sdk::{Connector, Error, FieldProblem, Kind, Result, nearest};
use serde_json::{Map, Value, json};

use self::policy::{Policy, Target};
use crate::access::secrets::{self, Parts, Secrets};
use crate::api::error::ApiError;
use crate::runs::Environment;
use crate::state::App;
use crate::store::datasource::Datasource;
use crate::store::{Connection, datasource, project};

/// Reads the word of the store for a side.
pub(crate) fn read_environment(text: &str) -> Result<Environment> {
    match text {
        "prod" => Ok(Environment::Prod),
        "dev" => Ok(Environment::Dev),
        _ => Err(Error::internal(
            "an environment of the store is neither `prod` nor `dev`",
        )),
    }
}

/// How messages call a side.
pub(crate) fn title_of(environment: Environment) -> &'static str {
    match environment {
        Environment::Prod => "production",
        Environment::Dev => "development",
    }
}

/// For whom the secrets of a data source are sealed.
pub(crate) fn owner(id: &str) -> String {
    format!("datasource/{id}")
}

/// The secrets of a data source as they are stored.
pub(crate) fn seal(app: &App, id: &str, secrets: &Secrets) -> Result<String> {
    app.keys.seal(&owner(id), &secrets.to_text())
}

/// The settings of a data source without its secrets.
pub(crate) fn public(row: &Datasource) -> Result<Map<String, Value>> {
    serde_json::from_str(&row.config).map_err(|_| {
        Error::internal(format!(
            "the settings of datasource `{}` have an unknown form",
            row.name
        ))
    })
}

/// A data source with its secrets.
pub(crate) fn opened(app: &App, row: &Datasource) -> Result<Parts> {
    let text = app.keys.open(&owner(&row.id), &row.secrets_sealed);
    let text = text.map_err(|error| {
        let message = format!("the secrets of datasource `{}` cannot be opened", row.name);
        let hint = error.hint_text().unwrap_or("enter them again").to_string();
        Error::new(Kind::Conflict, message).hint(hint).source(error)
    })?;
    Ok(Parts {
        public: public(row)?,
        secrets: Secrets::from_text(&text)?,
    })
}

/// Everything that a connector finds wrong with a configuration; nothing is connected.
pub(crate) fn problems_of(connector: &Connector, config: &Map<String, Value>) -> Vec<FieldProblem> {
    let config = Value::Object(config.clone());
    if let Some(browser) = connector.open_browser(&config) {
        return browser.err().unwrap_or_default();
    }
    let parameter = json!({});
    let reader = connector.open_reader(&config, &parameter);
    let reader = reader.and_then(|opened| opened.err());
    let writer = || connector.open_writer(&config, &parameter)?.err();
    let found = reader.or_else(writer);
    found
        .map(|problems| problems.datasource)
        .unwrap_or_default()
}

/// The data sources that a job names, with their secrets, once it is known that they may be reached. Every
/// problem of both sides of the job is in the one error.
pub(crate) async fn of_run(
    app: &App,
    project_id: &str,
    environment: &str,
    job: &Job,
) -> Result<Datasources> {
    let settings = app.instance_settings().await.map_err(no_store)?;
    let policy = Policy::of(&settings)?;
    let mut named = Datasources::new();
    let mut problems = Vec::new();
    let mut c = app.store.read().await.map_err(no_store)?;
    let side = side(&mut c, project_id, read_environment(environment)?).await?;
    for step in [&job.reader, &job.writer] {
        if let job::Datasource::Named(name) = &step.datasource
            && !named.contains_key(name)
        {
            match load(app, &mut c, (project_id, side), name).await {
                Ok(source) => {
                    named.insert(name.clone(), source);
                }
                Err(error) => problems.push(error),
            }
        }
    }
    // Looking up hosts takes its time, which others need not wait for.
    drop(c);
    for (step, title) in [(&job.reader, "the reader"), (&job.writer, "the writer")] {
        let empty = Map::new();
        let (connector, config, title) = match &step.datasource {
            job::Datasource::Named(name) => match named.get(name) {
                Some(source) => (&source.connector, &source.config, titled(name)),
                None => continue,
            },
            job::Datasource::Inline(config) => (&step.connector, config, title.to_string()),
            job::Datasource::None => (&step.connector, &empty, title.to_string()),
        };
        // What does not exist is found, with its place, when the job is resolved.
        let Some(connector) = app.registry.find(connector) else {
            continue;
        };
        let target = Target {
            connector,
            config,
            paths: paths_of(step),
        };
        let found = policy.check(&target).await;
        problems.extend(found.into_iter().map(|error| error.prefix(&title)));
    }
    if problems.is_empty() {
        return Ok(named);
    }
    Err(one_error(problems))
}

/// The secrets of the data sources that a job uses, those that stand in the job included.
pub(crate) fn secrets_of(app: &App, job: &Job, sources: &Datasources) -> Vec<Secrets> {
    let named = sources
        .values()
        .map(|source| (&source.connector, &source.config));
    let inline = [&job.reader, &job.writer].into_iter();
    let inline = inline.filter_map(|step| match &step.datasource {
        job::Datasource::Inline(config) => Some((&step.connector, config)),
        job::Datasource::Named(_) | job::Datasource::None => None,
    });
    let secrets = |(connector, config): (&String, &Map<String, Value>)| {
        let connector = app.registry.find(connector)?;
        Some(secrets::split(config, &connector.config_schema()).secrets)
    };
    named.chain(inline).filter_map(secrets).collect()
}

fn titled(name: &str) -> String {
    format!("datasource `{name}`")
}

/// The side that a run uses: projects with one environment have only one.
async fn side(
    c: &mut Connection,
    project_id: &str,
    environment: Environment,
) -> Result<Environment> {
    let project = project::find(c, project_id).await.map_err(no_store)?;
    let project = project.ok_or_else(|| {
        Error::new(Kind::NotFound, "the project of the run is gone")
            .hint("nothing is left to do; its runs end with it")
    })?;
    Ok(match project.mode.as_str() {
        "standard" => environment,
        _ => Environment::Prod,
    })
}

async fn load(
    app: &App,
    c: &mut Connection,
    (project_id, side): (&str, Environment),
    name: &str,
) -> Result<engine::Datasource> {
    let row = datasource::find_by_name(c, project_id, name, side.name())
        .await
        .map_err(no_store)?;
    let Some(row) = row else {
        let known = datasource::names(c, project_id).await.map_err(no_store)?;
        return Err(missing(name, side, &known));
    };
    let parts = opened(app, &row)?;
    Ok(engine::Datasource {
        connector: row.connector,
        config: secrets::joined(&parts)?,
    })
}

fn missing(name: &str, side: Environment, known: &[(String, String)]) -> Error {
    let title = title_of(side);
    if known.iter().any(|(known, _)| known == name) {
        return Error::new(
            Kind::NotFound,
            format!("datasource `{name}` has no side for {title}"),
        )
        .hint(format!(
            "a run in {title} uses that side: add a datasource of the same name for {title}"
        ));
    }
    let error = Error::new(
        Kind::NotFound,
        format!("there is no datasource `{name}` in the project"),
    );
    match nearest(name, known.iter().map(|(known, _)| known.as_str())) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("add it to the project, or name another one in the job"),
    }
}

/// The paths that a step reads or writes, if it is one of a connector of files.
fn paths_of(step: &Step) -> Vec<String> {
    let mut paths = Vec::new();
    texts(step.parameter.get("path"), &mut paths);
    let mut names = Vec::new();
    texts(step.parameter.get("fileName"), &mut names);
    for index in 0..paths.len() {
        for name in &names {
            paths.push(format!("{}/{name}", paths[index]));
        }
    }
    paths
}

/// The texts of a parameter that is one or a list of them; numbers are read as texts, as connectors do.
fn texts(value: Option<&Value>, found: &mut Vec<String>) {
    match value {
        Some(Value::String(text)) => found.push(text.clone()),
        Some(Value::Array(items)) => {
            for item in items {
                texts(Some(item), found);
            }
        }
        Some(scalar @ (Value::Number(_) | Value::Bool(_))) => found.push(scalar.to_string()),
        Some(Value::Null | Value::Object(_)) | None => {}
    }
}

/// All problems as one; a single one stays as it is.
fn one_error(mut problems: Vec<Error>) -> Error {
    if problems.len() == 1
        && let Some(only) = problems.pop()
    {
        return only;
    }
    let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let mut hints: Vec<&str> = problems.iter().filter_map(Error::hint_text).collect();
    hints.dedup();
    Error::new(
        Kind::Config,
        format!(
            "the datasources of the job cannot be used: {}",
            messages.join("; ")
        ),
    )
    .hint(hints.join("; "))
}

/// The store's failure, for callers that know only errors of the engine.
fn no_store(error: impl Into<ApiError>) -> Error {
    let error: ApiError = error.into();
    Error::new(
        Kind::Unreachable,
        format!("cannot read the metadata store: {}", error.message()),
    )
    .hint("the cause stands in the server's log")
}

#[cfg(test)]
mod tests;
