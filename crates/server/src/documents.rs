//! Job documents: what is wrong with one, what it names, and how it is told in a line.
//!
//! Nothing here connects anywhere and no secret is opened: a document is checked against the connectors of
//! this build and the names and types of the project's data sources. `outline` tells a job in few words,
//! `template` and `schema` help people to write documents.

mod outline;
pub(crate) mod schema;
pub(crate) mod template;

pub(crate) use outline::{JobOutline, JobSide, JobSides, ParameterValue};

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use job::{DatasourceNames, Document, Job, Options, Parameters, RunNumber, Spelling, Step};
use sdk::{Registry, nearest};
use serde_json::Map;
use tokio::sync::Semaphore;

use crate::api::error::{ApiError, ApiResult, Problem, Severity};
use crate::datasources::title_of;
use crate::pointer;
use crate::runs::Environment;
use crate::state::App;
use crate::store::datasource;
use crate::store::project::Project;

/// Declared parameters of a job: name to expression.
pub(crate) type Variables = BTreeMap<String, String>;

/// A document can take many times its size in memory while it is read, so only so many are at a time.
static READ_AT_ONCE: Semaphore = Semaphore::const_new(4);

/// More problems of one document help nobody.
const MOST_PROBLEMS: usize = 500;
/// Messages quote the document, which may hold words of any length.
const LONGEST_MESSAGE: usize = 1_000;
/// No data source has a longer name.
const LONGEST_DATASOURCE: usize = 60;
/// So many data sources are named to somebody who has named none of them.
const MOST_NAMED: usize = 10;

/// Everything that is known of a document without connecting anywhere.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// What is wrong with it, in the order of its text.
    pub(crate) problems: Vec<Problem>,
    /// Those among them that are about secrets written into it; such a document is not kept.
    pub(crate) secrets: Vec<Problem>,
    /// What is wrong with the declared parameters, at `/variables/…`.
    pub(crate) variable_problems: Vec<Problem>,
    pub(crate) spelling: Option<Spelling>,
    pub(crate) sides: JobSides,
    /// The data sources that it names.
    pub(crate) datasources: Vec<String>,
    pub(crate) parameters: Vec<ParameterValue>,
    pub(crate) outline: Option<JobOutline>,
}

impl Checked {
    /// Whether it keeps the job from running.
    pub(crate) fn has_errors(&self) -> bool {
        let mut all = self.problems.iter().chain(&self.variable_problems);
        all.any(|problem| problem.severity == Severity::Error)
    }
}

/// What a document is checked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// For trials, with the development side of data sources where a project has one.
    Draft,
    /// For schedules, with the production side.
    Published,
}

impl Stage {
    fn environment(self, project: &Project) -> Environment {
        match (self, project.mode.as_str()) {
            (Stage::Draft, "standard") => Environment::Dev,
            _ => Environment::Prod,
        }
    }
}

/// What the documents of a project are checked against.
#[derive(Clone)]
pub(crate) struct Scope(Arc<Surroundings>);

struct Surroundings {
    registry: Registry,
    environment: Environment,
    /// Name, environment and connector of every side of a data source.
    datasources: Vec<(String, String, String)>,
    now: NaiveDateTime,
    bizdate: Option<NaiveDate>,
}

impl Scope {
    /// Reads the data sources of a project. Parameters are shown for a business date, yesterday unless said.
    pub(crate) async fn load(
        app: &App,
        project: &Project,
        stage: Stage,
        bizdate: Option<NaiveDate>,
    ) -> ApiResult<Scope> {
        let mut c = app.store.read().await?;
        Ok(Scope(Arc::new(Surroundings {
            registry: app.registry.clone(),
            environment: stage.environment(project),
            datasources: datasource::connectors(&mut c, &project.id).await?,
            now: app.clock.now().naive_utc(),
            bizdate,
        })))
    }

    /// Checks a document with its declared parameters.
    pub(crate) async fn check(&self, text: &str, variables: &Variables) -> ApiResult<Checked> {
        let (scope, text, variables) = (self.0.clone(), text.to_owned(), variables.clone());
        beside(move || scope.check(&text, &variables)).await
    }
}

/// Converts a document to Longshore's spelling, with names in place of data sources that are written into it;
/// with warnings, or with errors only.
pub(crate) async fn convert(
    text: &str,
    reader: Option<String>,
    writer: Option<String>,
) -> ApiResult<Result<(String, Vec<Problem>), Vec<Problem>>> {
    let text = text.to_owned();
    beside(move || {
        let names = DatasourceNames {
            reader: reader.as_deref(),
            writer: writer.as_deref(),
        };
        let converted = Document::parse("job.json", &text)
            .and_then(|document| job::convert_naming(&document, names));
        match converted {
            Ok((text, warnings)) => Ok((text, shown(&warnings))),
            Err(problems) => Err(shown(&problems)),
        }
    })
    .await
}

/// Writes a document in another spelling. Errors among the problems tell what is lost by that; if it is no job,
/// there are only problems.
pub(crate) async fn export(
    text: &str,
    to: Spelling,
) -> ApiResult<Result<(String, Vec<Problem>), Vec<Problem>>> {
    let text = text.to_owned();
    beside(move || {
        let exported = Document::parse("job.json", &text);
        match exported.and_then(|document| job::export(&document, to)) {
            Ok((text, problems)) => Ok((text, shown(&problems))),
            Err(problems) => Err(shown(&problems)),
        }
    })
    .await
}

/// Does work that takes the processor beside the requests, a little of it at a time.
pub(crate) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> ApiResult<T> {
    let failed = "reading a document";
    let permit = READ_AT_ONCE.acquire().await;
    let permit = permit.map_err(|error| ApiError::internal(failed, error))?;
    let done = tokio::task::spawn_blocking(move || {
        // Work whose request is given up goes on, and counts as long as it does.
        let _permit = permit;
        work()
    });
    done.await
        .map_err(|error| ApiError::internal(failed, error))
}

impl Surroundings {
    fn check(&self, text: &str, variables: &Variables) -> Checked {
        let (parameters, variable_problems) = self.parameters(variables);
        let mut checked = Checked {
            variable_problems,
            ..Checked::default()
        };
        if text.len() <= Document::LONGEST {
            checked.secrets = shown(&job::written_secrets(text));
            checked.secrets.truncate(MOST_PROBLEMS);
        }
        let document = match Document::parse("job.json", text) {
            Ok(document) => document,
            Err(problems) => {
                checked.problems = in_order(shown(&problems), &checked.secrets);
                return checked;
            }
        };
        checked.spelling = Some(document.spelling());
        checked.parameters = outline::values(&parameters, &document);
        let strictness = document.spelling().strictness();
        let draft = job::read_draft(&document, &Options::new(parameters));
        checked.sides = JobSides {
            source: draft.reader.as_ref().map(JobSide::of),
            target: draft.writer.as_ref().map(JobSide::of),
        };
        checked.datasources = [&draft.reader, &draft.writer]
            .into_iter()
            .flatten()
            .filter_map(datasource_name)
            .collect();
        let (job, found) = draft.into_job();
        let mut problems = shown(&found);
        if let Some(job) = job {
            checked.outline = Some(JobOutline::of(&job));
            let known: HashSet<String> = problems
                .iter()
                .filter(|problem| problem.severity == Severity::Error)
                .map(|problem| problem.pointer.clone())
                .collect();
            // What could not be read looks to a connector as if it were missing.
            let further = self.resolve(job, strictness);
            problems.extend(
                further
                    .into_iter()
                    .filter(|problem| !known.contains(&problem.pointer)),
            );
        }
        checked.problems = in_order(problems, &checked.secrets);
        checked
    }

    /// The values of a preview: those of yesterday's data. Numbers that only scheduled runs have are 0.
    fn parameters(&self, variables: &Variables) -> (Parameters, Vec<Problem>) {
        let mut parameters = Parameters::at(self.now, self.bizdate, None);
        for number in [RunNumber::Job, RunNumber::Node, RunNumber::Task] {
            parameters.set_number(number, "0");
        }
        let mut problems = Vec::new();
        for (name, value) in variables {
            let pointer = pointer::child("/variables", name);
            let set = parameters.set(name, value);
            if job::is_secret_key(name) {
                problems.push(
                    Problem::at(&pointer, format!("variable `{name}` looks like a secret")).hint(
                        "keep secrets in a data source; variables are shown to everybody who sees the job",
                    ),
                );
            } else if let Err(error) = &set {
                problems.push(Problem::at(&pointer, error.to_string()));
            }
            if set.is_err() {
                // References to it are not wrong besides; a name that is none stays undeclared.
                parameters.set(name, "''").ok();
            }
        }
        (parameters, problems)
    }

    /// What the connectors say about a job. Registered data sources are only compared by name and type.
    fn resolve(&self, mut job: Job, strictness: job::Strictness) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut elsewhere = Vec::new();
        for step in [&job.reader, &job.writer] {
            let job::Datasource::Named(name) = &step.datasource else {
                continue;
            };
            let pointer = format!("{}/parameter/datasource", step.pointer);
            let wrong = self.datasource_problem(name, &step.connector);
            let (message, hint) = wrong.clone().unwrap_or_default();
            let place = job.origins.problem(&pointer, message, Some(hint));
            elsewhere.push(place.pointer.clone());
            if wrong.is_some() {
                problems.push(one(&place));
            }
        }
        for step in [&mut job.reader, &mut job.writer] {
            if matches!(step.datasource, job::Datasource::Named(_)) {
                step.datasource = job::Datasource::Inline(Map::new());
            }
        }
        let mut found = job::Problems::new();
        let none = engine::Datasources::new();
        engine::resolve(&job, &self.registry, &none, strictness, &mut found);
        problems.extend(
            found
                .iter()
                // The fields of a registered data source are not the document's.
                .filter(|problem| !elsewhere.contains(&problem.pointer))
                .map(one),
        );
        problems
    }

    /// Why a step cannot use a data source, and what to do.
    fn datasource_problem(&self, name: &str, connector: &str) -> Option<(String, String)> {
        let wanted = self.environment.name();
        let mut sides = self.datasources.iter();
        let Some((_, _, found)) = sides.find(|(known, side, _)| known == name && side == wanted)
        else {
            if self.datasources.iter().any(|(known, ..)| known == name) {
                return Some((
                    format!(
                        "datasource `{name}` has no side for {}",
                        title_of(self.environment)
                    ),
                    "add it; the data source has only the other side".to_owned(),
                ));
            }
            return Some((
                format!("there is no datasource `{name}`"),
                self.known_datasources(name),
            ));
        };
        let wanted = self.registry.find(connector)?;
        let is_same = self
            .registry
            .find(found)
            .is_some_and(|found| found.name == wanted.name);
        (!is_same).then(|| {
            (
                format!(
                    "datasource `{name}` is of type `{found}`, the plugin is `{}`",
                    wanted.name
                ),
                "name a datasource of the plugin's type, or change the plugin".to_owned(),
            )
        })
    }

    fn known_datasources(&self, name: &str) -> String {
        let mut known: Vec<&str> = self
            .datasources
            .iter()
            .map(|(name, ..)| name.as_str())
            .collect();
        known.dedup();
        if let Some(near) = nearest(name, known.iter().copied()) {
            return format!("did you mean `{near}`?");
        }
        if known.is_empty() {
            return "this project has no data source yet; an administrator can add it".to_owned();
        }
        let more = if known.len() > MOST_NAMED {
            " and others"
        } else {
            ""
        };
        known.truncate(MOST_NAMED);
        format!("this project has `{}`{more}", known.join("`, `"))
    }
}

fn datasource_name(step: &Step) -> Option<String> {
    match &step.datasource {
        job::Datasource::Named(name)
            if name.len() <= LONGEST_DATASOURCE && !name.contains(char::is_control) =>
        {
            Some(name.clone())
        }
        _ => None,
    }
}

fn shown<'p>(problems: impl IntoIterator<Item = &'p job::Problem>) -> Vec<Problem> {
    problems.into_iter().map(one).collect()
}

fn one(problem: &job::Problem) -> Problem {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Problem {
        pointer: problem.pointer.clone(),
        line: problem.span.map(|span| count(span.line)),
        column: problem.span.map(|span| count(span.column)),
        severity: match problem.severity {
            job::Severity::Error => Severity::Error,
            job::Severity::Warning => Severity::Warning,
        },
        message: cut(&problem.message, LONGEST_MESSAGE),
        hint: problem.hint.clone(),
    }
}

/// A text of at most so many characters.
fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Problems in the order of the text, those of the whole document first.
fn in_order(mut problems: Vec<Problem>, secrets: &[Problem]) -> Vec<Problem> {
    problems.extend_from_slice(secrets);
    problems.sort_by_key(|problem| (problem.line, problem.column));
    if problems.len() > MOST_PROBLEMS {
        let rest = problems.split_off(MOST_PROBLEMS);
        let is_error = |problem: &Problem| problem.severity == Severity::Error;
        problems.push(Problem {
            severity: match rest.iter().any(is_error) {
                true => Severity::Error,
                false => Severity::Warning,
            },
            ..Problem::at("", format!("there are {} further problems", rest.len()))
        });
    }
    problems
}

#[cfg(test)]
mod tests;
