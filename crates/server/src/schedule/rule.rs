//! The document of a schedule: everything that its owner chooses, checked as a whole.
//!
//! Owns the document and what its choices mean for single cycles; which cycles there are is left to `occurrence`.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use job::{ParameterError, Parameters};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::calendar::Calendars;
use super::cycle::Cycle;
use super::occurrence::{Occurrence, OffCycle, Rule};
use super::problem::{RuleProblem, require_within};
use super::zone;
use crate::pointer;

/// The priority of what nobody gave another one.
pub(crate) const USUAL_PRIORITY: u32 = 5;

/// A schedule as its owner writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ScheduleRule, example = json!({"cycle": {"kind": "day", "at": "02:30"}, "zone": "Europe/Berlin",
    "parameters": {"bizdate": "$bizdate"}}))]
pub(crate) struct Schedule {
    pub(crate) cycle: Cycle,
    /// IANA name of the zone that all its times are in.
    pub(crate) zone: String,
    #[serde(default)]
    pub(crate) effective: Effective,
    /// The name of a calendar of the project; on its days off nothing is due.
    #[serde(default)]
    pub(crate) calendar: Option<String>,
    #[serde(default)]
    pub(crate) off_cycle: OffCycle,
    #[serde(default)]
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) generation: Generation,
    #[serde(default)]
    pub(crate) rerun: Rerun,
    /// A run that takes longer is stopped and fails; nothing means no limit.
    #[serde(default)]
    pub(crate) timeout_minutes: Option<u32>,
    /// From 1 to 9; where runs wait for a slot, the highest goes first.
    #[serde(default = "middle_priority")]
    pub(crate) priority: u32,
    /// Where its runs happen; nothing means the group of their data sources.
    #[serde(default)]
    pub(crate) resource_group: Option<String>,
    #[serde(default)]
    pub(crate) overlap: Overlap,
    #[serde(default)]
    pub(crate) catch_up: CatchUp,
    /// Declared parameters: names with their expressions.
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, String>,
}

/// The first and the last day with instances, written `YYYY-MM-DD`; nothing means no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = EffectivePeriod)]
pub(crate) struct Effective {
    #[serde(default)]
    pub(crate) from: Option<String>,
    #[serde(default)]
    pub(crate) to: Option<String>,
}

/// What becomes of an instance when it is its turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ScheduleKind)]
pub(crate) enum Kind {
    #[default]
    Normal,
    /// It succeeds without running.
    DryRun,
    /// It does not run, and whoever waits for it is held up.
    Frozen,
}

/// From when on a new or changed schedule has instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Generation {
    #[default]
    NextDay,
    Immediately,
}

/// How long before it is due an instance must be made, so that whoever submits can still think twice.
const LEAD: TimeDelta = TimeDelta::minutes(10);

impl Generation {
    /// When the first instance of a schedule that is submitted now may be due.
    pub(crate) fn first_due(self, now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        let today = now.with_timezone(&zone).date_naive();
        match self {
            Self::NextDay => zone::day_start(zone, today.succ_opt().unwrap_or(today)),
            Self::Immediately => now + LEAD,
        }
    }
}

/// Whether and how a run is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[schema(as = RerunRule)]
pub(crate) struct Rerun {
    pub(crate) policy: RerunPolicy,
    /// How often a failed run is repeated by itself, from 0 to 10; a timeout is not repeated.
    pub(crate) times: u32,
    /// How long to wait before each repetition, from 1 to 30.
    pub(crate) delay_minutes: u32,
}

impl Default for Rerun {
    fn default() -> Self {
        Self {
            policy: RerunPolicy::Always,
            times: 0,
            delay_minutes: 2,
        }
    }
}

/// Which instances may be run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RerunPolicy {
    Always,
    AfterFailure,
    Never,
}

/// What happens when an instance is due while the one before it still runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Overlap {
    /// The new one waits.
    #[default]
    Wait,
    /// The new one is skipped.
    Skip,
    /// The old one is stopped.
    StopOld,
}

/// What happens to the cycles that came due while no server ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct CatchUp {
    pub(crate) policy: CatchUpPolicy,
    /// How many missed cycles run at a time, from 1 to 10; matters when all are run.
    pub(crate) parallel: u32,
}

/// Which of the missed cycles are run; the others are marked as skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CatchUpPolicy {
    /// The newest one.
    Latest,
    /// All, oldest first.
    All,
    None,
}

impl Default for CatchUp {
    fn default() -> Self {
        Self {
            policy: CatchUpPolicy::Latest,
            parallel: 1,
        }
    }
}

impl CatchUpPolicy {
    /// Parts the missed cycles, oldest first, into those to skip and those to run.
    pub(crate) fn split<T>(self, missed: &[T]) -> (&[T], &[T]) {
        let skipped = match self {
            Self::Latest => missed.len().saturating_sub(1),
            Self::All => 0,
            Self::None => missed.len(),
        };
        missed.split_at(skipped)
    }
}

fn middle_priority() -> u32 {
    USUAL_PRIORITY
}

impl Schedule {
    /// When the schedule is due, or all that is wrong with its document; the calendar that it names is one of those
    /// given.
    pub(crate) fn rule(&self, calendars: &Calendars) -> Result<Rule, Vec<RuleProblem>> {
        let mut problems = Vec::new();
        let timetable = self.cycle.timetable();
        let timetable = timetable.map_err(|found| {
            problems.extend(found.into_iter().map(|one| one.under("/cycle")));
        });
        let zone = zone::find(&self.zone).map_err(|found| problems.push(found.under("/zone")));
        let from = date(
            "/effective/from",
            self.effective.from.as_deref(),
            &mut problems,
        );
        let to = date("/effective/to", self.effective.to.as_deref(), &mut problems);
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            problems.push(RuleProblem::new(
                "/effective/to",
                format!("the period from {from} to {to} ends before it begins"),
                "write the first day in `from` and the last one in `to`",
            ));
        }
        let days_off = calendars.days_off(self.calendar.as_deref());
        let days_off = days_off.map_err(|found| problems.push(found));
        self.check_numbers(&mut problems);
        self.check_parameters(&mut problems);
        match (timetable, zone, days_off) {
            (Ok(timetable), Ok(zone), Ok(days_off)) if problems.is_empty() => {
                let rule = Rule::new(timetable, zone, self.off_cycle);
                Ok(rule.effective(from, to).without(days_off))
            }
            _ => Err(problems),
        }
    }

    fn check_numbers(&self, problems: &mut Vec<RuleProblem>) {
        let Rerun {
            policy,
            times,
            delay_minutes,
        } = self.rerun;
        require_within("/rerun/times", times, 0..=10, problems);
        require_within("/rerun/delayMinutes", delay_minutes, 1..=30, problems);
        if policy == RerunPolicy::Never && times > 0 {
            problems.push(RuleProblem::new(
                "/rerun/times",
                "a schedule that is never run again cannot be repeated by itself",
                "write 0, or choose another policy",
            ));
        }
        if let Some(minutes) = self.timeout_minutes {
            require_within("/timeoutMinutes", minutes, 1..=168 * 60, problems);
        }
        require_within("/priority", self.priority, 1..=9, problems);
        let parallel = self.catch_up.parallel;
        require_within("/catchUp/parallel", parallel, 1..=10, problems);
    }

    fn check_parameters(&self, problems: &mut Vec<RuleProblem>) {
        let mut parameters = Parameters::new(NaiveDate::default(), NaiveDateTime::default());
        for (name, expression) in &self.parameters {
            if let Err(error) = parameters.set(name, expression) {
                problems.push(RuleProblem::new(
                    pointer::child("/parameters", name),
                    error.to_string(),
                    "write a constant, or an expression such as `$bizdate`, `${yyyymmdd-1}` or `$[hh24miss]`",
                ));
            }
        }
    }

    /// The parameters of one occurrence.
    pub(crate) fn parameters(&self, occurrence: &Occurrence) -> Result<Parameters, ParameterError> {
        let mut parameters = Parameters::new(occurrence.bizdate, occurrence.cycle_at);
        for (name, expression) in &self.parameters {
            parameters.set(name, expression)?;
        }
        Ok(parameters)
    }
}

fn date(pointer: &str, text: Option<&str>, problems: &mut Vec<RuleProblem>) -> Option<NaiveDate> {
    let text = text?;
    let date = job::parse_bizdate(text).ok();
    if date.is_none() {
        problems.push(RuleProblem::new(
            pointer,
            format!("`{text}` is no date"),
            "write it as `2024-01-31`",
        ));
    }
    date
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe;
    use serde_json::{Value, json};

    use super::*;
    use crate::schedule::samples::{at, schedule};

    #[test]
    fn everything_but_cycle_and_zone_has_a_default() {
        let schedule = schedule(r#"{"cycle": {"kind": "day", "at": "00:15"}, "zone": "UTC"}"#);
        assert!(schedule.rule(&Calendars::default()).is_ok());
        let written = serde_json::to_value(&schedule).expect("a value");
        let expected = json!({
            "cycle": {"kind": "day", "at": "00:15"},
            "zone": "UTC",
            "effective": {"from": null, "to": null},
            "calendar": null,
            "offCycle": "dryRun",
            "kind": "normal",
            "generation": "nextDay",
            "rerun": {"policy": "always", "times": 0, "delayMinutes": 2},
            "timeoutMinutes": null,
            "priority": 5,
            "resourceGroup": null,
            "overlap": "wait",
            "catchUp": {"policy": "latest", "parallel": 1},
            "parameters": {},
        });
        assert_eq!(written, expected);
        assert_eq!(
            serde_json::from_value::<Schedule>(written).ok(),
            Some(schedule)
        );
    }

    #[test]
    fn unknown_fields_are_errors_at_every_depth() {
        let right = json!({
            "cycle": {"kind": "minute", "every": 5},
            "zone": "UTC",
            "effective": {},
            "rerun": {},
            "catchUp": {"policy": "all"},
        });
        assert!(serde_json::from_value::<Schedule>(right.clone()).is_ok());
        for pointer in ["", "/cycle", "/effective", "/rerun", "/catchUp"] {
            let mut wrong = right.clone();
            let object = wrong.pointer_mut(pointer).and_then(Value::as_object_mut);
            object.expect(pointer).insert("extra".to_owned(), json!(1));
            let error = serde_json::from_value::<Schedule>(wrong).expect_err(pointer);
            assert!(error.to_string().contains("extra"), "{pointer}: {error}");
        }
    }

    #[test]
    fn all_problems_are_reported_at_once_each_at_its_field() {
        let schedule = schedule(
            r#"{
                "cycle": {"kind": "week", "days": [], "at": "24:00"},
                "zone": "Berlin",
                "effective": {"from": "2024-13-01"},
                "calendar": "holidays",
                "rerun": {"policy": "never", "times": 11, "delayMinutes": 0},
                "timeoutMinutes": 10081,
                "priority": 0,
                "catchUp": {"policy": "all", "parallel": 0},
                "parameters": {"a/b": "1", "day": "$bizdat", "right": "$bizdate"}
            }"#,
        );
        let problems = schedule.rule(&Calendars::default()).expect_err("problems");
        let lines: Vec<String> = problems
            .iter()
            .map(|one| format!("{}: {} ({})", one.pointer, one.message, one.hint))
            .collect();
        let value = "write a constant, or an expression such as `$bizdate`, `${yyyymmdd-1}` or `$[hh24miss]`";
        let name = "parameter name: letters, digits, `_` and `.`, beginning with a letter or `_`";
        assert_eq!(
            lines,
            [
                "/cycle/days: the list is empty (name at least one)".to_owned(),
                "/cycle/at: `24:00` is no time of day (write hour and minute as `HH:MM`, from `00:00` to `23:59`)".to_owned(),
                "/zone: `Berlin` is no time zone (did you mean `Europe/Berlin`?)".to_owned(),
                "/effective/from: `2024-13-01` is no date (write it as `2024-01-31`)".to_owned(),
                "/calendar: there is no calendar `holidays` (name one of the project, or none)".to_owned(),
                "/rerun/times: 11 is out of range (write 0 to 10)".to_owned(),
                "/rerun/delayMinutes: 0 is out of range (write 1 to 30)".to_owned(),
                "/rerun/times: a schedule that is never run again cannot be repeated by itself (write 0, or choose another policy)".to_owned(),
                "/timeoutMinutes: 10081 is out of range (write 1 to 10080)".to_owned(),
                "/priority: 0 is out of range (write 1 to 9)".to_owned(),
                "/catchUp/parallel: 0 is out of range (write 1 to 10)".to_owned(),
                format!("/parameters/a~1b: `a/b` is no {name} ({value})"),
                format!("/parameters/day: parameter `day`: `$bizdat` is not known; did you mean `$bizdate`?; for a constant write it in single quotes ({value})"),
            ]
        );
    }

    #[test]
    fn a_period_must_not_end_before_it_begins() {
        let schedule = schedule(
            r#"{"cycle": {"kind": "day", "at": "00:15"}, "zone": "UTC",
                "effective": {"from": "2024-02-01", "to": "2024-01-31"}}"#,
        );
        let problems = schedule.rule(&Calendars::default()).expect_err("a problem");
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].pointer, "/effective/to");
    }

    #[test]
    fn a_new_schedule_begins_with_the_next_day_or_after_the_lead() {
        let zone = Europe::Berlin;
        let now = at("2024-03-30T23:30:00Z");
        // It is 00:30 on 31 March in Berlin, a day of 23 hours.
        let next_day = Generation::NextDay.first_due(now, zone);
        assert_eq!(next_day, at("2024-03-31T22:00:00Z"));
        let immediately = Generation::Immediately.first_due(now, zone);
        assert_eq!(immediately, at("2024-03-30T23:40:00Z"));
    }

    #[test]
    fn missed_cycles_are_skipped_or_run() {
        let split = |policy: CatchUpPolicy| policy.split(&[1, 2, 3]);
        assert_eq!(split(CatchUpPolicy::Latest), (&[1, 2][..], &[3][..]));
        assert_eq!(split(CatchUpPolicy::All), (&[][..], &[1, 2, 3][..]));
        assert_eq!(split(CatchUpPolicy::None), (&[1, 2, 3][..], &[][..]));
        let nothing: [u32; 0] = [];
        assert_eq!(
            CatchUpPolicy::Latest.split(&nothing),
            (&nothing[..], &nothing[..])
        );
    }

    #[test]
    fn the_example_of_the_documentation_is_right() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/concepts/scheduling.md"
        );
        let page = std::fs::read_to_string(path).expect("the page");
        let (_, example) = page.split_once("```json").expect("an example");
        let (example, _) = example.split_once("```").expect("its end");
        let schedule = schedule(example);
        assert!(schedule.rule(&Calendars::default()).is_ok());
        assert_eq!(
            schedule.cycle.in_words(),
            "every Monday and Friday at 02:30"
        );
    }
}
