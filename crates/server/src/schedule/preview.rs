//! What is to come: the next occurrences of a schedule with the values of all parameters.

use chrono::{DateTime, Utc};
use job::{Document, ResolvedParameter};

use super::calendar::Calendars;
use super::occurrence::Occurrence;
use super::problem::RuleProblem;
use super::rule::Schedule;

/// An occurrence with the value of every reference of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Preview {
    pub(crate) occurrence: Occurrence,
    /// In the order of the document, then declared parameters that it does not use; secrets are masked.
    pub(crate) parameters: Vec<ResolvedParameter>,
}

/// The next occurrences that are due at `from` or later, at most `count`.
pub(crate) fn preview(
    schedule: &Schedule,
    calendars: &Calendars,
    document: &Document,
    from: DateTime<Utc>,
    count: usize,
) -> Result<Vec<Preview>, Vec<RuleProblem>> {
    let mut previews = Vec::new();
    for occurrence in schedule.rule(calendars)?.next(from, count) {
        let parameters = schedule.parameters(&occurrence).map_err(|error| {
            let hint = "write a constant or an expression";
            vec![RuleProblem::new("/parameters", error.to_string(), hint)]
        })?;
        previews.push(Preview {
            occurrence,
            parameters: parameters.resolve_all(document),
        });
    }
    Ok(previews)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::samples::{at, schedule};

    #[test]
    fn every_parameter_has_its_value_for_each_occurrence() {
        let schedule = schedule(
            r#"{
                "cycle": {"kind": "day", "at": "02:30"},
                "zone": "Europe/Berlin",
                "parameters": {"since": "$[yyyymmddhh24miss-1/24]", "token": "abc", "task": "$taskid"}
            }"#,
        );
        let text = r#"{
            "type": "job", "version": "1.0",
            "configuration": {
                "reader": {"plugin": "stream", "parameter": {
                    "where": "day = '${yyyy-mm-dd}' and at > ${since}", "password": "${token}"}},
                "writer": {"plugin": "stream", "parameter": {"partition": "pt=${bdp.system.bizdate}"}}
            }
        }"#;
        let document = Document::parse("job.json", text).expect("a document");
        let previews = preview(
            &schedule,
            &Calendars::default(),
            &document,
            at("2024-03-31T00:00:00Z"),
            2,
        );
        let lines: Vec<String> = previews
            .expect("previews")
            .iter()
            .flat_map(|preview| {
                let cycle_at = preview.occurrence.cycle_at;
                preview.parameters.iter().map(move |one| {
                    let value = match &one.value {
                        Ok(value) => value.clone(),
                        Err(error) => error.to_string(),
                    };
                    format!("{cycle_at} {} = {value}", one.reference)
                })
            })
            .collect();
        assert_eq!(
            lines,
            [
                // 02:30 does not exist on this day, and is its name all the same.
                "2024-03-31 02:30:00 ${yyyy-mm-dd} = 2024-03-30",
                "2024-03-31 02:30:00 ${since} = 20240331013000",
                "2024-03-31 02:30:00 ${token} = ***",
                "2024-03-31 02:30:00 ${bdp.system.bizdate} = 20240330",
                "2024-03-31 02:30:00 ${task} = `$taskid` is known in scheduled runs only",
                "2024-04-01 02:30:00 ${yyyy-mm-dd} = 2024-03-31",
                "2024-04-01 02:30:00 ${since} = 20240401013000",
                "2024-04-01 02:30:00 ${token} = ***",
                "2024-04-01 02:30:00 ${bdp.system.bizdate} = 20240331",
                "2024-04-01 02:30:00 ${task} = `$taskid` is known in scheduled runs only",
            ]
        );
    }

    #[test]
    fn a_wrong_schedule_has_no_preview() {
        let schedule = schedule(r#"{"cycle": {"kind": "day", "at": "2:30"}, "zone": "UTC"}"#);
        let document = Document::parse("job.json", "{}").expect("a document");
        let problems = preview(
            &schedule,
            &Calendars::default(),
            &document,
            at("2024-01-01T00:00:00Z"),
            1,
        );
        assert_eq!(problems.expect_err("a problem").len(), 1);
    }
}
