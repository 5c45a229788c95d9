//! Tests of the job crate at its public entry points.

mod connectors_view;
mod convert;
mod export;
mod golden;
mod hostile;
mod parameters;
mod secrets;

use chrono::{NaiveDate, NaiveDateTime};
use job::{Document, Job, Options, Parameters, Problems};

/// The moment all tests run at: 1 March 2024, 09:30:00.
pub(crate) fn now() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2024, 3, 1)
        .and_then(|date| date.and_hms_opt(9, 30, 0))
        .expect("a moment")
}

/// Parses and normalises, keeping warnings apart.
pub(crate) fn read(text: &str) -> Result<(Job, Problems), Problems> {
    read_with(text, Parameters::at(now(), None, None))
}

pub(crate) fn read_with(text: &str, parameters: Parameters) -> Result<(Job, Problems), Problems> {
    let document = Document::parse("job.json", text)?;
    job::normalise(&document, &Options::new(parameters))
}

/// A document in Longshore's own spelling around two steps.
pub(crate) fn seed(reader: &str, writer: &str) -> String {
    format!(
        r#"{{"type": "job", "version": "1.0", "configuration": {{"reader": {reader}, "writer": {writer}}}}}"#
    )
}

pub(crate) const STREAM: &str = r#"{"plugin": "stream", "parameter": {"column": ["*"]}}"#;
