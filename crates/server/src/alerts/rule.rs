//! What a rule says: about what it tells, when, to whom, and when it is quiet.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::error::Problem;
use crate::schedule::zone;

/// Jobs or data sources that one rule names.
const MOST_NAMED: usize = 100;
const MOST_CHANNELS: usize = 10;
const LONGEST_GROUP_MINUTES: u32 = 24 * 60;
const LONGEST_INTERVAL_MINUTES: u32 = 24 * 60;
/// Messages of a rule within a day, if it limits them.
const MOST_A_DAY: u32 = 1_000;
/// A run that is allowed a week is not waited for.
const LONGEST_RUN_MINUTES: u32 = 7 * 24 * 60;
/// A day has no more cycles than minutes.
const LAST_CYCLE: u32 = 24 * 60;
/// A job may be expected until this hour, counted from the day of its cycle on.
const LATEST_HOUR: u64 = 47;

/// What a rule says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Spec {
    pub(crate) object: Watched,
    /// Each kind at most once.
    pub(crate) triggers: Vec<Trigger>,
    /// The ids of channels; each gets every message.
    pub(crate) channels: Vec<String>,
    /// When nobody is to be disturbed.
    #[serde(default)]
    pub(crate) quiet_hours: Option<QuietHours>,
    /// What happens within so many minutes of the first event is one message; 0 sends each by itself.
    #[serde(default)]
    #[schema(maximum = 1440)]
    pub(crate) group_minutes: u32,
    /// So many minutes lie between two messages at least; what happens meanwhile is told with the next one.
    #[serde(default)]
    #[schema(maximum = 1440)]
    pub(crate) least_minutes: u32,
    /// At most so many messages within 24 hours go to each channel, 1 to 1000; further ones stand in the history only.
    #[serde(default)]
    pub(crate) most_a_day: Option<u32>,
}

/// What a rule watches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub(crate) enum Watched {
    /// Every job of the project.
    Project,
    /// Runs of some jobs, scheduled or not.
    Jobs { jobs: Vec<String> },
    /// Runs of some jobs that their schedules have started.
    Schedules { jobs: Vec<String> },
    /// Data sources, by their ids.
    Datasources { datasources: Vec<String> },
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub(crate) enum Trigger {
    /// A run failed, and is not repeated by itself.
    Failed,
    /// A scheduled cycle has not succeeded by `hh:mm`, 00:00 to 47:59, counted from the beginning of the day on
    /// which it is scheduled, in the zone of its schedule. From 24:00 on that is the next day.
    Late { by: String },
    /// The same for some of the cycles of a day, each with a time of its own. For a cycle that is named here, the
    /// time that `late` names does not count.
    #[schema(title = "LateCycles")]
    LateCycles { cycles: Vec<CycleDeadline> },
    /// A run has been under way for longer than so many minutes, 1 to 10080, since its latest attempt began.
    Overtime { minutes: u32 },
    /// A run succeeded.
    Finished,
    /// A run ended with more dirty rows.
    #[schema(title = "DirtyOver")]
    DirtyOver {
        #[schema(minimum = 0)]
        rows: u32,
    },
    /// A data source cannot be reached any more, or can be again.
    SourceDown {
        /// Minutes between two tests, 1 to 1440.
        // The description of the API does not know `rename_all_fields`.
        #[serde(rename = "everyMinutes")]
        every_minutes: u32,
    },
}

/// By when one of the cycles of a day is to have succeeded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CycleDeadline {
    /// Counts the times of day of the schedule: 1 is the first one.
    #[schema(minimum = 1, maximum = 1440)]
    pub(crate) number: u32,
    /// `01:30`, as for `late`.
    pub(crate) by: String,
}

/// Hours in which nobody is to be disturbed, each day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct QuietHours {
    /// `22:00`
    pub(crate) from: String,
    /// `07:00`, on the next day if that is earlier.
    pub(crate) to: String,
    /// An IANA time zone.
    pub(crate) zone: String,
    /// What becomes of events meanwhile.
    pub(crate) then: Then,
}

/// What becomes of events in quiet hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Then {
    /// They are one message at the end of the hours.
    Hold,
    /// They stand in the history and are not sent.
    Drop,
}

impl Trigger {
    fn name(&self) -> &'static str {
        match self {
            Trigger::Failed => "failed",
            Trigger::Late { .. } => "late",
            Trigger::LateCycles { .. } => "lateCycles",
            Trigger::Overtime { .. } => "overtime",
            Trigger::Finished => "finished",
            Trigger::DirtyOver { .. } => "dirtyOver",
            Trigger::SourceDown { .. } => "sourceDown",
        }
    }
}

impl Spec {
    /// The data sources to test, and every how many minutes.
    pub(crate) fn tests(&self) -> Option<(&[String], u32)> {
        let Watched::Datasources { datasources } = &self.object else {
            return None;
        };
        self.triggers.iter().find_map(|trigger| match trigger {
            Trigger::SourceDown { every_minutes } => Some((&datasources[..], *every_minutes)),
            _ => None,
        })
    }

    /// By when cycles are to have succeeded; nothing if nobody wants to know.
    pub(crate) fn late(&self) -> Option<Deadlines> {
        let mut deadlines = Deadlines::default();
        for trigger in &self.triggers {
            match trigger {
                Trigger::Late { by } => deadlines.usual = Deadline::parse(by),
                Trigger::LateCycles { cycles } => {
                    let of_cycle =
                        |one: &CycleDeadline| Some((one.number, Deadline::parse(&one.by)?));
                    deadlines.of_cycles = cycles.iter().filter_map(of_cycle).collect();
                }
                _ => {}
            }
        }
        (deadlines != Deadlines::default()).then_some(deadlines)
    }

    /// How many minutes a run may take.
    pub(crate) fn longest_run(&self) -> Option<u32> {
        self.triggers.iter().find_map(|trigger| match trigger {
            Trigger::Overtime { minutes } => Some(*minutes),
            _ => None,
        })
    }

    /// Whether a run is watched.
    pub(crate) fn watches(&self, job_id: &str, is_scheduled: bool) -> bool {
        match &self.object {
            Watched::Project => true,
            Watched::Jobs { jobs } => jobs.iter().any(|id| id == job_id),
            Watched::Schedules { jobs } => is_scheduled && jobs.iter().any(|id| id == job_id),
            Watched::Datasources { .. } => false,
        }
    }

    /// Everything that is wrong without asking the store.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        match &self.object {
            Watched::Project => {}
            Watched::Jobs { jobs } | Watched::Schedules { jobs } => {
                check_ids(jobs, "/object/jobs", "job", MOST_NAMED, &mut problems);
            }
            Watched::Datasources { datasources } => {
                let place = "/object/datasources";
                check_ids(datasources, place, "datasource", MOST_NAMED, &mut problems);
            }
        }
        check_ids(
            &self.channels,
            "/channels",
            "channel",
            MOST_CHANNELS,
            &mut problems,
        );
        self.check_triggers(&mut problems);
        if let Some(hours) = &self.quiet_hours {
            hours.read(&mut problems);
        }
        if self.group_minutes > LONGEST_GROUP_MINUTES {
            let message = format!("`groupMinutes` must be 0 to {LONGEST_GROUP_MINUTES}");
            problems
                .push(Problem::at("/groupMinutes", message).hint("0 sends each event by itself"));
        }
        if self.least_minutes > LONGEST_INTERVAL_MINUTES {
            let message = format!("`leastMinutes` must be 0 to {LONGEST_INTERVAL_MINUTES}");
            problems.push(Problem::at("/leastMinutes", message).hint("0 lets no message wait"));
        }
        if let Some(most) = self.most_a_day
            && !(1..=MOST_A_DAY).contains(&most)
        {
            let message = format!("`mostADay` must be 1 to {MOST_A_DAY}");
            let hint = "leave it out to be told of everything, or disable the rule";
            problems.push(Problem::at("/mostADay", message).hint(hint));
        }
        problems
    }

    fn check_triggers(&self, problems: &mut Vec<Problem>) {
        if self.triggers.is_empty() {
            problems.push(
                Problem::at("/triggers", "the rule says nothing that is to be told")
                    .hint("add a trigger, for example `{\"kind\": \"failed\"}`"),
            );
        }
        let is_source = matches!(self.object, Watched::Datasources { .. });
        for (index, trigger) in self.triggers.iter().enumerate() {
            let place = format!("/triggers/{index}");
            let name = trigger.name();
            if self.triggers[..index].iter().any(|one| one.name() == name) {
                let message = format!("the trigger `{name}` stands here again");
                problems.push(Problem::at(&place, message).hint("make another rule for it"));
            }
            if is_source != matches!(trigger, Trigger::SourceDown { .. }) {
                let message = match is_source {
                    true => format!("data sources have no trigger `{name}`"),
                    false => "`sourceDown` is a trigger of data sources".to_string(),
                };
                let hint = "let a rule watch either data sources with `sourceDown`, or jobs";
                problems.push(Problem::at(&place, message).hint(hint));
            }
            match trigger {
                Trigger::Late { by } => check_deadline(by, &place, problems),
                Trigger::LateCycles { cycles } => check_cycles(cycles, &place, problems),
                Trigger::Overtime { minutes } if !(1..=LONGEST_RUN_MINUTES).contains(minutes) => {
                    let message = format!("`minutes` must be 1 to {LONGEST_RUN_MINUTES}");
                    problems.push(Problem::at(format!("{place}/minutes"), message));
                }
                Trigger::SourceDown { every_minutes }
                    if !(1..=LONGEST_INTERVAL_MINUTES).contains(every_minutes) =>
                {
                    let message = format!("`everyMinutes` must be 1 to {LONGEST_INTERVAL_MINUTES}");
                    problems.push(Problem::at(format!("{place}/everyMinutes"), message));
                }
                _ => {}
            }
        }
    }
}

fn check_deadline(by: &str, place: &str, problems: &mut Vec<Problem>) {
    if Deadline::parse(by).is_none() {
        let message = format!("`{by}` is no time to be done by");
        let hint =
            "write hours and minutes, 00:00 to 47:59; 26:30 is half past two of the next day";
        problems.push(Problem::at(format!("{place}/by"), message).hint(hint));
    }
}

fn check_cycles(cycles: &[CycleDeadline], place: &str, problems: &mut Vec<Problem>) {
    let place = format!("{place}/cycles");
    if cycles.is_empty() {
        problems.push(Problem::at(&place, "no cycle is named").hint("name at least one"));
    }
    let mut named = HashSet::new();
    for (index, CycleDeadline { number, by }) in cycles.iter().enumerate() {
        let place = format!("{place}/{index}");
        if !(1..=LAST_CYCLE).contains(number) {
            let message = format!("`number` must be 1 to {LAST_CYCLE}");
            let hint = "1 is the first cycle of a day";
            problems.push(Problem::at(format!("{place}/number"), message).hint(hint));
        }
        if !named.insert(number) {
            let message = format!("cycle {number} is named again");
            problems.push(Problem::at(&place, message).hint("take it out"));
        }
        check_deadline(by, &place, problems);
    }
}

fn check_ids(ids: &[String], place: &str, what: &str, most: usize, problems: &mut Vec<Problem>) {
    if ids.is_empty() {
        problems.push(Problem::at(place, format!("no {what} is named")).hint("name at least one"));
    }
    if ids.len() > most {
        let message = format!("{} are named, at most {most} can be", ids.len());
        problems.push(Problem::at(place, message).hint("make several rules"));
    }
    for (index, id) in ids.iter().enumerate() {
        if ids[..index].contains(id) {
            let message = format!("{what} `{id}` is named again");
            problems.push(Problem::at(format!("{place}/{index}"), message).hint("take it out"));
        }
    }
}

/// A time of the day of a cycle or of the day after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline {
    days: u64,
    time: NaiveTime,
}

impl Deadline {
    fn parse(text: &str) -> Option<Deadline> {
        let (hours, minutes) = two_digits(text)?;
        if hours > LATEST_HOUR {
            return None;
        }
        Some(Deadline {
            days: hours / 24,
            time: time_of(hours % 24, minutes)?,
        })
    }

    /// When a cycle of a day has to be done.
    pub(crate) fn of(self, day: NaiveDate, zone: Tz) -> DateTime<Utc> {
        let day = day.checked_add_days(Days::new(self.days)).unwrap_or(day);
        zone::instant(zone, day.and_time(self.time))
    }
}

/// By when the cycles of a schedule are to have succeeded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deadlines {
    /// Of those that are not named.
    usual: Option<Deadline>,
    /// By their numbers, which begin at 1 each day.
    of_cycles: HashMap<u32, Deadline>,
}

impl Deadlines {
    /// That of a cycle, whose time of day is one of the schedule's.
    pub(crate) fn of(&self, time: NaiveTime, times: &[NaiveTime]) -> Option<Deadline> {
        let place = times.iter().position(|one| *one == time);
        let number = place.and_then(|place| u32::try_from(place + 1).ok());
        let named = number.and_then(|number| self.of_cycles.get(&number));
        named.copied().or(self.usual)
    }
}

fn two_digits(text: &str) -> Option<(u64, u64)> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| -> Option<u64> {
        let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| text.parse().ok())?
    };
    Some((number(hours)?, number(minutes)?))
}

fn time_of(hours: u64, minutes: u64) -> Option<NaiveTime> {
    NaiveTime::from_hms_opt(u32::try_from(hours).ok()?, u32::try_from(minutes).ok()?, 0)
}

/// Quiet hours that were understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quiet {
    from: NaiveTime,
    to: NaiveTime,
    zone: Tz,
    pub(crate) then: Then,
}

/// Where an instant lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In quiet hours that end then.
    Quiet(DateTime<Utc>),
    /// Outside of them; they begin then.
    Loud(DateTime<Utc>),
}

impl QuietHours {
    /// Reads the hours and names what is wrong with them.
    pub(crate) fn read(&self, problems: &mut Vec<Problem>) -> Option<Quiet> {
        let mut time = |field: &str, text: &str| {
            let found = two_digits(text).and_then(|(hours, minutes)| time_of(hours, minutes));
            if found.is_none() {
                let message = format!("`{text}` is no time of day");
                let place = format!("/quietHours/{field}");
                problems.push(
                    Problem::at(place, message).hint("write hours and minutes, 00:00 to 23:59"),
                );
            }
            found
        };
        let (from, to) = (time("from", &self.from), time("to", &self.to));
        if from.is_some() && from == to {
            problems.push(
                Problem::at("/quietHours/to", "the quiet hours end when they begin")
                    .hint("disable the rule to hear nothing at all"),
            );
        }
        let zone = zone::find(&self.zone).map_err(|found| {
            problems.push(Problem::at("/quietHours/zone", found.message).hint(found.hint));
        });
        Some(Quiet {
            from: from?,
            to: to?,
            zone: zone.ok()?,
            then: self.then,
        })
    }
}

impl Quiet {
    /// Where an instant lies; on the days on which clocks change the hours are as long as the clock shows them.
    pub(crate) fn place(&self, at: DateTime<Utc>) -> Place {
        let today = at.with_timezone(&self.zone).date_naive();
        let mut next = None;
        let days = [today.pred_opt(), Some(today), today.succ_opt()];
        for day in days.into_iter().flatten() {
            let last = match self.to <= self.from {
                true => day.succ_opt().unwrap_or(day),
                false => day,
            };
            let instant = |wall: NaiveDateTime| zone::instant(self.zone, wall);
            let (begins, ends) = (
                instant(day.and_time(self.from)),
                instant(last.and_time(self.to)),
            );
            if (begins..ends).contains(&at) {
                return Place::Quiet(ends);
            }
            if begins > at {
                next.get_or_insert(begins);
            }
        }
        Place::Loud(next.unwrap_or(DateTime::<Utc>::MAX_UTC))
    }
}

#[cfg(test)]
mod tests;
