//! A job in few words: its two sides for lists, how it would run, and the values of its parameters.

use job::{Document, Job, Parameters, Step};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// More parameters than this, and more places of one, are not listed.
pub(super) const MOST_PARAMETERS: usize = 200;
const MOST_PLACES: usize = 20;
/// Names in lists are cut after so many characters.
pub(super) const LONGEST_LABEL: usize = 200;

/// One side of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobSide {
    /// The connector's name; empty if the document names none.
    pub(crate) connector: String,
    /// The registered data source, if it names one.
    pub(crate) datasource: Option<String>,
    /// The table or path, if it names one.
    pub(crate) table: Option<String>,
}

/// Both sides of a job, as far as its document tells them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobSides {
    pub(crate) source: Option<JobSide>,
    pub(crate) target: Option<JobSide>,
}

/// How a job would run.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobOutline {
    pub(crate) source: JobSide,
    pub(crate) target: JobSide,
    /// Whether only rows that fulfil a condition are copied.
    pub(crate) has_filter: bool,
    pub(crate) transformer_count: usize,
    /// Channels at the same time.
    pub(crate) channels: usize,
    pub(crate) bytes_per_second: Option<u64>,
    pub(crate) rows_per_second: Option<u64>,
    /// The most dirty rows that a run survives; none set, any number.
    pub(crate) dirty_rows: Option<u64>,
    /// The largest share of dirty rows that a run survives, 0 to 1.
    pub(crate) dirty_share: Option<f64>,
    pub(crate) retries: u32,
}

/// A reference of a document with what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ParameterValue {
    /// As it is written, for example `${bdp.system.bizdate}`.
    pub(crate) reference: String,
    /// Its value; masked in secrets.
    pub(crate) value: Option<String>,
    /// Why it has none.
    pub(crate) error: Option<String>,
    /// The places that use it, as JSON pointers.
    pub(crate) pointers: Vec<String>,
}

impl JobSide {
    pub(super) fn of(step: &Step) -> JobSide {
        let named = ["table", "path"]
            .into_iter()
            .find_map(|key| step.parameter.get(key));
        let table = match named {
            Some(serde_json::Value::String(name)) => Some(name.clone()),
            Some(serde_json::Value::Array(names)) => {
                let names: Vec<&str> = names.iter().filter_map(|name| name.as_str()).collect();
                Some(names.join(", "))
            }
            _ => None,
        };
        JobSide {
            connector: label(&step.connector),
            datasource: match &step.datasource {
                job::Datasource::Named(name) => Some(label(name)),
                job::Datasource::None | job::Datasource::Inline(_) => None,
            },
            table: table
                .filter(|table| !table.is_empty())
                .map(|table| label(&table)),
        }
    }
}

impl JobOutline {
    pub(super) fn of(job: &Job) -> JobOutline {
        JobOutline {
            source: JobSide::of(&job.reader),
            target: JobSide::of(&job.writer),
            has_filter: job.filter.is_some(),
            transformer_count: job.transformers.len(),
            channels: job.setting.concurrent,
            bytes_per_second: job.setting.bytes_per_second,
            rows_per_second: job.setting.records_per_second,
            dirty_rows: job.setting.dirty_limit.records,
            dirty_share: job.setting.dirty_limit.percentage,
            retries: job.setting.retries,
        }
    }
}

fn label(text: &str) -> String {
    text.chars().take(LONGEST_LABEL).collect()
}

/// The parameters of a document with their values.
pub(super) fn values(parameters: &Parameters, document: &Document) -> Vec<ParameterValue> {
    let mut resolved = parameters.resolve_all(document);
    resolved.truncate(MOST_PARAMETERS);
    resolved
        .into_iter()
        .map(|mut parameter| {
            parameter.pointers.truncate(MOST_PLACES);
            let (value, error) = match parameter.value {
                Ok(value) => (Some(value), None),
                Err(error) => (None, Some(error.to_string())),
            };
            ParameterValue {
                reference: parameter.reference,
                value,
                error,
                pointers: parameter.pointers,
            }
        })
        .collect()
}
