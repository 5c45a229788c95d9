//! From a job to opened connectors: names are looked up, parameters become typed, and every problem
//! of both sides is collected before anything connects.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use job::{ColumnItem, Job, Problem, Problems, Severity, Step, Strictness};
use sdk::{
    ConfigProblems, Connector, DatasetName, Error, FieldProblem, Flaw, Opening, Reader, Registry,
    Writer, nearest,
};
use serde_json::{Map, Value};

use crate::columns::SourceColumns;

/// A registered data source: what it is and how to reach it, secrets included.
#[derive(Clone)]
pub struct Datasource {
    /// The connector's name or alias.
    pub connector: String,
    /// The connector's own fields.
    pub config: Map<String, Value>,
}

impl fmt::Debug for Datasource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Datasource")
            .field("connector", &self.connector)
            .finish_non_exhaustive()
    }
}

/// Registered data sources by name.
pub type Datasources = BTreeMap<String, Datasource>;

/// A job whose connectors exist and whose parameters are right; nothing is connected yet.
pub struct Resolved {
    pub(crate) reader: Opening<dyn Reader>,
    pub(crate) writer: Opening<dyn Writer>,
    pub(crate) reader_title: String,
    pub(crate) writer_title: String,
    pub(crate) inputs: Vec<DatasetName>,
    pub(crate) outputs: Vec<DatasetName>,
    pub(crate) columns: SourceColumns,
    pub(crate) job: Job,
}

/// Resolves a job against the connectors of this build and the registered data sources, and adds
/// what it finds to `problems`; `None` if one of them is an error. The job may be the part of a
/// document that could be read, with the errors of the rest in `problems`. Parameters that no
/// connector knows are errors when strict, warnings when lenient.
pub fn resolve(
    job: &Job,
    registry: &Registry,
    datasources: &Datasources,
    strictness: Strictness,
    problems: &mut Problems,
) -> Option<Resolved> {
    let scope = Scope {
        job,
        registry,
        datasources,
        strictness,
    };
    let mut found = Vec::new();
    let resolved = resolve_sides(&scope, &mut found);
    let told: HashSet<String> = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| problem.pointer.clone())
        .collect();
    // What could not be read looks to a connector as if it were missing or wrong.
    for problem in found {
        if !told.contains(&problem.pointer) {
            problems.push(problem);
        }
    }
    resolved.filter(|_| !problems.has_errors())
}

fn resolve_sides(scope: &Scope<'_>, problems: &mut Vec<Problem>) -> Option<Resolved> {
    let job = scope.job;
    let refuse = |place: Option<usize>, error: Error| {
        let pointer = match place {
            Some(index) => job.reader.column_pointer(index),
            None => "/configuration/filter".to_string(),
        };
        let hint = error.hint_text().map(str::to_string);
        problems.push(job.origins.problem(&pointer, error.to_string(), hint));
    };
    let columns = SourceColumns::new(&job.reader.columns, job.filter.as_deref(), refuse);
    let reader = scope.side(
        &job.reader,
        columns.request(),
        problems,
        End {
            open: Connector::open_reader,
            schema: Connector::reader_schema,
            datasets: Connector::datasets_read,
        },
    );
    let writer_columns = scope.writer_columns(problems);
    let writer = scope.side(
        &job.writer,
        &writer_columns,
        problems,
        End {
            open: Connector::open_writer,
            schema: Connector::writer_schema,
            datasets: Connector::datasets_written,
        },
    );
    let (reader, writer) = reader.zip(writer)?;
    Some(Resolved {
        reader: reader.opening,
        writer: writer.opening,
        reader_title: reader.title,
        writer_title: writer.title,
        inputs: reader.datasets,
        outputs: writer.datasets,
        columns,
        job: job.clone(),
    })
}

type Opened<T> = Option<Result<Opening<T>, ConfigProblems>>;

/// What a connector is asked for at one end of a job.
struct End<T: ?Sized> {
    open: fn(&Connector, &Value, &Value) -> Opened<T>,
    schema: fn(&Connector) -> Option<Value>,
    datasets: fn(&Connector, &Value, &Value) -> Vec<DatasetName>,
}

/// A side that is right.
struct Side<T: ?Sized> {
    opening: Opening<T>,
    title: String,
    /// What it is called elsewhere.
    datasets: Vec<DatasetName>,
}

struct Scope<'a> {
    job: &'a Job,
    registry: &'a Registry,
    datasources: &'a Datasources,
    strictness: Strictness,
}

impl Scope<'_> {
    /// Writers take names only; what else the list may hold belongs to the reader.
    fn writer_columns(&self, problems: &mut Vec<Problem>) -> Vec<Value> {
        let step = &self.job.writer;
        let mut names = Vec::new();
        for (index, item) in step.columns.iter().enumerate() {
            match item {
                ColumnItem::All => names.push(Value::from("*")),
                ColumnItem::Name(name) => names.push(Value::from(name.as_str())),
                ColumnItem::Field(field) => names.push(Value::Object(field.clone())),
                ColumnItem::Constant(_) | ColumnItem::Expression { .. } => problems.push(self.job.origins.problem(
                    &step.column_pointer(index),
                    "the writer's columns are names of the target; constants and expressions belong to the reader".to_string(),
                    Some("put it at the same place of the reader's `column`".to_string()),
                )),
            }
        }
        names
    }

    fn side<T: ?Sized>(
        &self,
        step: &Step,
        columns: &[Value],
        problems: &mut Vec<Problem>,
        end: End<T>,
    ) -> Option<Side<T>> {
        if step.connector.is_empty() {
            // Whoever read the document has said that it names none.
            return None;
        }
        let Some(connector) = self.registry.find(&step.connector) else {
            let hint = match self.registry.nearest(&step.connector) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("known connectors are {}", self.connector_names()),
            };
            problems.push(self.job.origins.problem(
                &format!("{}/plugin", step.pointer),
                format!("there is no connector `{}`", step.connector),
                Some(hint),
            ));
            return None;
        };
        let config = self.config(step, connector, problems);
        let is_known = config.is_some();
        let (config, title) = config.unwrap_or_default();
        let mut parameter = step.parameter.clone();
        if !columns.is_empty() {
            parameter.insert("column".to_string(), Value::Array(columns.to_vec()));
        }
        let mut parameter = Value::Object(parameter);
        let config = Value::Object(config);
        let open = |parameter: &Value| {
            let mut opened = (end.open)(connector, &config, parameter);
            // Of a data source that nobody knows nothing is missing.
            if let Some(Err(found)) = &mut opened
                && !is_known
            {
                found.datasource.clear();
            }
            opened
        };
        let mut opened = open(&parameter);
        let mut idle = ConfigProblems {
            datasource: sdk::without_effect(&config, &connector.config_schema()),
            parameter: (end.schema)(connector)
                .map(|schema| sdk::without_effect(&parameter, &schema))
                .unwrap_or_default(),
        };
        if let Some(Err(found)) = &opened {
            leave_out(&mut idle.datasource, &found.datasource);
            leave_out(&mut idle.parameter, &found.parameter);
        }
        if matches!(step.datasource, job::Datasource::Named(_)) {
            // Both ends may use it, and one mention will do.
            let told = |message: &str| {
                let message = format!("{title}: {message}");
                problems.iter().any(|problem| problem.message == message)
            };
            idle.datasource.retain(|problem| !told(&problem.message));
        }
        problems.extend(self.field_problems(step, &title, idle));
        if self.strictness == Strictness::Lenient
            && let Some(Err(found)) = &mut opened
        {
            let unknown: Vec<_> = found
                .parameter
                .extract_if(.., |problem| problem.flaw == Flaw::UnknownKey)
                .collect();
            for problem in unknown {
                remove(&mut parameter, &problem.pointer);
                let mut problem =
                    self.field_problem(&format!("{}/parameter", step.pointer), "", problem);
                problem.severity = Severity::Warning;
                problem.message.push_str("; it has no effect");
                problems.push(problem);
            }
            if found.parameter.is_empty() && found.datasource.is_empty() {
                opened = open(&parameter);
            }
        }
        match opened {
            None => problems.push(self.job.origins.problem(
                &format!("{}/plugin", step.pointer),
                format!("{} cannot be used on this side of a job", connector.title),
                None,
            )),
            Some(Ok(opening)) => {
                let datasets = (end.datasets)(connector, &config, &parameter);
                return is_known.then_some(Side {
                    opening,
                    title,
                    datasets,
                });
            }
            Some(Err(found)) => {
                problems.extend(self.field_problems(step, &title, found));
            }
        }
        None
    }

    fn field_problems(&self, step: &Step, title: &str, found: ConfigProblems) -> Vec<Problem> {
        let parameter = format!("{}/parameter", step.pointer);
        let datasource = format!("{parameter}/datasource");
        let of_parameter = found.parameter.into_iter();
        let of_datasource = found.datasource.into_iter();
        of_parameter
            .map(|problem| self.field_problem(&parameter, "", problem))
            .chain(
                of_datasource
                    .map(|problem| self.field_problem(&datasource, &format!("{title}: "), problem)),
            )
            .collect()
    }

    fn field_problem(&self, parent: &str, prefix: &str, problem: FieldProblem) -> Problem {
        let pointer = format!("{parent}{}", problem.pointer);
        let message = format!("{prefix}{}", problem.message);
        let origins = &self.job.origins;
        match problem.flaw {
            Flaw::UnknownKey => origins.key_problem(&pointer, message, problem.hint),
            Flaw::WithoutEffect => Problem {
                severity: Severity::Warning,
                ..origins.key_problem(&pointer, message, problem.hint)
            },
            Flaw::Wrong => origins.problem(&pointer, message, problem.hint),
        }
    }

    /// The datasource's fields and its name for messages.
    fn config(
        &self,
        step: &Step,
        connector: &Connector,
        problems: &mut Vec<Problem>,
    ) -> Option<(Map<String, Value>, String)> {
        let pointer = format!("{}/parameter/datasource", step.pointer);
        let name = match &step.datasource {
            job::Datasource::None => return Some((Map::new(), connector.title.to_string())),
            job::Datasource::Inline(config) => {
                return Some((config.clone(), connector.title.to_string()));
            }
            job::Datasource::Named(name) => name,
        };
        let Some(datasource) = self.datasources.get(name) else {
            let hint = match nearest(name, self.datasources.keys().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None if self.datasources.is_empty() => {
                    "no datasource is registered; name the file that has them with --datasources"
                        .to_string()
                }
                None => format!(
                    "registered are {}",
                    join(self.datasources.keys().map(String::as_str))
                ),
            };
            problems.push(self.job.origins.problem(
                &pointer,
                format!("there is no datasource `{name}`"),
                Some(hint),
            ));
            return None;
        };
        let same = self
            .registry
            .find(&datasource.connector)
            .is_some_and(|found| found.name == connector.name);
        if !same {
            problems.push(self.job.origins.problem(
                &pointer,
                format!(
                    "datasource `{name}` is of type `{}`, the plugin is `{}`",
                    datasource.connector, connector.name
                ),
                Some("name a datasource of the plugin's type, or change the plugin".to_string()),
            ));
            return None;
        }
        Some((datasource.config.clone(), format!("datasource `{name}`")))
    }

    fn connector_names(&self) -> String {
        join(
            self.registry
                .connectors()
                .iter()
                .map(|connector| connector.name),
        )
    }
}

/// Takes out what is told of a field that is wrong besides.
fn leave_out(told: &mut Vec<FieldProblem>, wrong: &[FieldProblem]) {
    told.retain(|problem| wrong.iter().all(|wrong| wrong.pointer != problem.pointer));
}

/// Takes the value at a JSON pointer out of its object.
fn remove(value: &mut Value, pointer: &str) {
    let Some((parent, key)) = pointer.rsplit_once('/') else {
        return;
    };
    if let Some(Value::Object(fields)) = value.pointer_mut(parent) {
        fields.shift_remove(&key.replace("~1", "/").replace("~0", "~"));
    }
}

fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
