//! The cycle of a schedule as people write it: every five minutes, on Mondays, on the last day of the month.
//!
//! Owns the document, its checks and its way to a [`Timetable`]; `words` says it in English, `cron` reads cron text.

mod words;

use std::fmt;

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike, WeekdaySet};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cron;
use super::problem::{RuleProblem, require_distinct, require_within};
use super::timetable::{Days, LastDay, Timetable};

/// When a schedule is due; times of day are written `HH:MM`, in the zone of the schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub(crate) enum Cycle {
    /// Every so many minutes, counted from `from` on, up to and including `to`.
    Minute {
        every: u32,
        #[serde(default = "first_minute")]
        from: String,
        #[serde(default = "last_minute")]
        to: String,
    },
    /// Every so many hours, counted from `from` on, up to and including `to`.
    Hour {
        every: u32,
        #[serde(default = "first_minute")]
        from: String,
        #[serde(default = "last_minute")]
        to: String,
    },
    /// At chosen hours, each at the same minute.
    Hours {
        hours: Vec<u32>,
        #[serde(default)]
        minute: u32,
    },
    /// Without a time, a schedule that is put gets one of its own from 00:00 to 00:30.
    Day {
        #[serde(default)]
        at: String,
    },
    Week {
        days: Vec<DayOfWeek>,
        at: String,
    },
    /// On days of the month, which a shorter month leaves out, and on its last day.
    Month {
        #[serde(default)]
        days: Vec<u32>,
        // The description of the API does not know `rename_all_fields`.
        #[serde(default, rename = "lastDay")]
        last_day: bool,
        at: String,
    },
    /// On dates of the year, written `MM-DD`.
    Year {
        dates: Vec<String>,
        at: String,
    },
    /// Cron text of five fields, or of six with seconds first.
    Cron {
        text: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DayOfWeek {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl fmt::Display for DayOfWeek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl From<DayOfWeek> for chrono::Weekday {
    fn from(day: DayOfWeek) -> Self {
        match day {
            DayOfWeek::Monday => Self::Mon,
            DayOfWeek::Tuesday => Self::Tue,
            DayOfWeek::Wednesday => Self::Wed,
            DayOfWeek::Thursday => Self::Thu,
            DayOfWeek::Friday => Self::Fri,
            DayOfWeek::Saturday => Self::Sat,
            DayOfWeek::Sunday => Self::Sun,
        }
    }
}

fn first_minute() -> String {
    "00:00".to_owned()
}

fn last_minute() -> String {
    "23:59".to_owned()
}

/// Daily schedules whose owners do not care begin within so many minutes after midnight.
const SPREAD_MINUTES: u32 = 31;

impl Cycle {
    /// Gives a daily cycle without a time one, the same whenever the seed is: not all are to begin at once.
    pub(crate) fn spread(&mut self, seed: &str) {
        if let Self::Day { at } = self
            && at.is_empty()
        {
            // As good as random for ids, whose last letters are.
            let mix = |sum: u32, byte: u8| sum.wrapping_mul(33).wrapping_add(u32::from(byte));
            let minute = seed.bytes().fold(0, mix) % SPREAD_MINUTES;
            *at = format!("00:{minute:02}");
        }
    }

    /// The days and times of the cycle, or all that is wrong with it.
    pub(crate) fn timetable(&self) -> Result<Timetable, Vec<RuleProblem>> {
        let mut problems = Vec::new();
        let (days, times) = match self {
            Self::Minute { every, from, to } => {
                require_within("/every", *every, 1..=59, &mut problems);
                (Days::Every, steps(*every, from, to, &mut problems))
            }
            Self::Hour { every, from, to } => {
                require_within("/every", *every, 1..=23, &mut problems);
                let minutes = every.saturating_mul(60);
                (Days::Every, steps(minutes, from, to, &mut problems))
            }
            Self::Hours { hours, minute } => {
                require_distinct("/hours", hours, &mut problems);
                for (place, hour) in hours.iter().enumerate() {
                    require_within(&format!("/hours/{place}"), *hour, 0..=23, &mut problems);
                }
                require_within("/minute", *minute, 0..=59, &mut problems);
                let mut times: Vec<NaiveTime> = hours
                    .iter()
                    .filter_map(|hour| NaiveTime::from_hms_opt(*hour, *minute, 0))
                    .collect();
                times.sort();
                (Days::Every, times)
            }
            Self::Day { at } => (Days::Every, once(at, &mut problems)),
            Self::Week { days, at } => {
                require_distinct("/days", days, &mut problems);
                let days: WeekdaySet = days.iter().map(|day| (*day).into()).collect();
                (Days::Weekly(days), once(at, &mut problems))
            }
            Self::Month { days, last_day, at } => {
                let days = monthly(days, *last_day, &mut problems);
                (days, once(at, &mut problems))
            }
            Self::Year { dates, at } => (yearly(dates, &mut problems), once(at, &mut problems)),
            Self::Cron { text } => {
                let at_text = |problem: RuleProblem| problem.under("/text");
                return cron::parse(text)
                    .map_err(|problems| problems.into_iter().map(at_text).collect());
            }
        };
        match problems.is_empty() {
            true => Ok(Timetable { days, times }),
            false => Err(problems),
        }
    }
}

fn once(at: &str, problems: &mut Vec<RuleProblem>) -> Vec<NaiveTime> {
    clock("/at", at, problems).into_iter().collect()
}

fn steps(minutes: u32, from: &str, to: &str, problems: &mut Vec<RuleProblem>) -> Vec<NaiveTime> {
    let first = clock("/from", from, problems);
    let last = clock("/to", to, problems);
    let (Some(first), Some(last)) = (first, last) else {
        return Vec::new();
    };
    if first > last {
        problems.push(RuleProblem::new(
            "/to",
            format!("the window from {from} to {to} ends before it begins"),
            "a window lies within one day; for a night, choose hours or write cron text",
        ));
    }
    let minute_of_day = |time: NaiveTime| time.hour() * 60 + time.minute();
    // A step of zero has been reported.
    let minutes = usize::try_from(minutes.max(1)).unwrap_or(usize::MAX);
    (minute_of_day(first)..=minute_of_day(last))
        .step_by(minutes)
        .filter_map(|minute| NaiveTime::from_hms_opt(minute / 60, minute % 60, 0))
        .collect()
}

fn monthly(days: &[u32], last_day: bool, problems: &mut Vec<RuleProblem>) -> Days {
    if !(days.is_empty() && last_day) {
        require_distinct("/days", days, problems);
    }
    for (place, day) in days.iter().enumerate() {
        require_within(&format!("/days/{place}"), *day, 1..=31, problems);
    }
    Days::Monthly {
        days: days.to_vec(),
        last: match last_day {
            true => LastDay::Included,
            false => LastDay::Excluded,
        },
    }
}

fn yearly(dates: &[String], problems: &mut Vec<RuleProblem>) -> Days {
    require_distinct("/dates", dates, problems);
    let mut known = Vec::new();
    for (place, text) in dates.iter().enumerate() {
        match month_and_day(text) {
            Some(date) => known.push((date.month(), date.day())),
            None => problems.push(RuleProblem::new(
                format!("/dates/{place}"),
                format!("`{text}` is no date of the year"),
                "write month and day as `MM-DD`, such as `03-31`",
            )),
        }
    }
    Days::Yearly(known)
}

/// A date of a leap year, so that 29 February is one.
fn month_and_day(text: &str) -> Option<NaiveDate> {
    let (month, day) = two_numbers(text, '-')?;
    NaiveDate::from_ymd_opt(2000, month, day)
}

fn clock(pointer: &str, text: &str, problems: &mut Vec<RuleProblem>) -> Option<NaiveTime> {
    let time =
        two_numbers(text, ':').and_then(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0));
    if time.is_none() {
        problems.push(RuleProblem::new(
            pointer,
            format!("`{text}` is no time of day"),
            "write hour and minute as `HH:MM`, from `00:00` to `23:59`",
        ));
    }
    time
}

/// Two numbers of two digits each.
fn two_numbers(text: &str, separator: char) -> Option<(u32, u32)> {
    let number = |text: &str| match text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()) {
        true => text.parse::<u32>().ok(),
        false => None,
    };
    let (first, second) = text.split_once(separator)?;
    Some((number(first)?, number(second)?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::schedule::samples::cycle;

    /// The times of a day, shortened where there are many.
    fn times(text: &str) -> String {
        let timetable = cycle(text).timetable().expect(text);
        let times: Vec<String> = timetable
            .times
            .iter()
            .map(|time| time.format("%H:%M").to_string())
            .collect();
        match times.as_slice() {
            [first, second, .., last] if times.len() > 5 => {
                format!("{first} {second} … {last} ({})", times.len())
            }
            _ => times.join(" "),
        }
    }

    #[test]
    fn minutes_and_hours_step_within_a_closed_window() {
        for (text, expected) in [
            (
                r#"{"kind": "minute", "every": 1}"#,
                "00:00 00:01 … 23:59 (1440)",
            ),
            (
                r#"{"kind": "minute", "every": 45}"#,
                "00:00 00:45 … 23:15 (32)",
            ),
            (
                r#"{"kind": "minute", "every": 20, "from": "08:10", "to": "09:10"}"#,
                "08:10 08:30 08:50 09:10",
            ),
            (
                r#"{"kind": "hour", "every": 1}"#,
                "00:00 01:00 … 23:00 (24)",
            ),
            (
                r#"{"kind": "hour", "every": 7, "from": "00:30"}"#,
                "00:30 07:30 14:30 21:30",
            ),
            (r#"{"kind": "hour", "every": 23, "from": "12:00"}"#, "12:00"),
            (
                r#"{"kind": "hours", "hours": [18, 6], "minute": 5}"#,
                "06:05 18:05",
            ),
            (r#"{"kind": "day", "at": "00:15"}"#, "00:15"),
        ] {
            assert_eq!(times(text), expected, "{text}");
        }
    }

    #[test]
    fn a_day_without_a_time_gets_one_soon_after_midnight() {
        let spread = |text: &str, seed: &str| {
            let mut cycle = cycle(text);
            cycle.spread(seed);
            cycle
        };
        let minutes: BTreeSet<String> = (0..200)
            .map(
                |number| match spread(r#"{"kind": "day"}"#, &format!("job{number}")) {
                    Cycle::Day { at } => at,
                    other => panic!("{other:?}"),
                },
            )
            .collect();
        assert!(minutes.len() > 20, "{minutes:?}");
        let ends = (minutes.first().expect("one"), minutes.last().expect("one"));
        assert!(
            ends.0.as_str() >= "00:00" && ends.1.as_str() <= "00:30",
            "{minutes:?}"
        );
        let given = r#"{"kind": "day", "at": "02:00"}"#;
        assert_eq!(spread(given, "job"), cycle(given));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let on = |text: &str, year: i32| {
            let timetable = cycle(text).timetable().expect(text);
            let first = NaiveDate::from_ymd_opt(year, 1, 1).expect("a date");
            let days = first.iter_days().take_while(|date| date.year() == year);
            let days: Vec<String> = days
                .filter(|date| timetable.days.contains(*date))
                .map(|date| date.format("%m-%d").to_string())
                .collect();
            (
                days.len(),
                days.into_iter().take(4).collect::<Vec<_>>().join(" "),
            )
        };
        let mondays = r#"{"kind": "week", "days": ["monday"], "at": "02:00"}"#;
        assert_eq!(
            on(mondays, 2024),
            (53, "01-01 01-08 01-15 01-22".to_owned())
        );
        let last = r#"{"kind": "month", "lastDay": true, "at": "02:00"}"#;
        assert_eq!(on(last, 2024), (12, "01-31 02-29 03-31 04-30".to_owned()));
        assert_eq!(on(last, 2023), (12, "01-31 02-28 03-31 04-30".to_owned()));
        // A month without the day leaves it out; a day that is also the last one counts once.
        let late = r#"{"kind": "month", "days": [31, 30], "lastDay": true, "at": "02:00"}"#;
        assert_eq!(on(late, 2023), (19, "01-30 01-31 02-28 03-30".to_owned()));
        let leap = r#"{"kind": "year", "dates": ["12-31", "02-29"], "at": "02:00"}"#;
        assert_eq!(on(leap, 2024), (2, "02-29 12-31".to_owned()));
        assert_eq!(on(leap, 2023), (1, "12-31".to_owned()));
    }

    #[test]
    fn every_problem_is_named_at_its_field() {
        for (text, expected) in [
            (
                r#"{"kind": "minute", "every": 0, "from": "8:00", "to": "24:00"}"#,
                vec![
                    "/every: 0 is out of range",
                    "/from: `8:00` is no time of day",
                    "/to: `24:00` is no time of day",
                ],
            ),
            (
                r#"{"kind": "hour", "every": 24, "from": "22:00", "to": "02:00"}"#,
                vec![
                    "/every: 24 is out of range",
                    "/to: the window from 22:00 to 02:00 ends before it begins",
                ],
            ),
            (
                r#"{"kind": "hours", "hours": [1, 24, 1], "minute": 60}"#,
                vec![
                    "/hours/2: 1 stands here twice",
                    "/hours/1: 24 is out of range",
                    "/minute: 60 is out of range",
                ],
            ),
            (
                r#"{"kind": "hours", "hours": []}"#,
                vec!["/hours: the list is empty"],
            ),
            (
                r#"{"kind": "day", "at": "1é:0"}"#,
                vec!["/at: `1é:0` is no time of day"],
            ),
            (
                r#"{"kind": "week", "days": ["monday", "monday"], "at": "00:60"}"#,
                vec![
                    "/days/1: Monday stands here twice",
                    "/at: `00:60` is no time of day",
                ],
            ),
            (
                r#"{"kind": "month", "days": [0, 32], "at": "00:00"}"#,
                vec!["/days/0: 0 is out of range", "/days/1: 32 is out of range"],
            ),
            (
                r#"{"kind": "month", "at": "00:00"}"#,
                vec!["/days: the list is empty"],
            ),
            (
                r#"{"kind": "year", "dates": ["02-30", "13-01", "3-1", "03-01"], "at": ""}"#,
                vec![
                    "/dates/0: `02-30` is no date of the year",
                    "/dates/1: `13-01` is no date of the year",
                    "/dates/2: `3-1` is no date of the year",
                    "/at: `` is no time of day",
                ],
            ),
            (
                r#"{"kind": "cron", "text": "61 0 * * *"}"#,
                vec!["/text: the minute field `61` cannot be read"],
            ),
        ] {
            let problems = cycle(text).timetable().expect_err(text);
            let lines: Vec<String> = problems
                .iter()
                .map(|one| format!("{}: {}", one.pointer, one.message))
                .collect();
            assert_eq!(lines, expected, "{text}");
        }
    }

    #[test]
    fn cycles_in_words() {
        for (text, expected) in [
            (r#"{"kind": "minute", "every": 1}"#, "every minute"),
            (
                r#"{"kind": "minute", "every": 5, "from": "08:00", "to": "20:00"}"#,
                "every 5 minutes from 08:00 to 20:00",
            ),
            (r#"{"kind": "hour", "every": 2}"#, "every 2 hours"),
            (
                r#"{"kind": "hours", "hours": [16, 0, 8]}"#,
                "every day at 00:00, 08:00 and 16:00",
            ),
            (r#"{"kind": "day", "at": "00:15"}"#, "every day at 00:15"),
            (
                r#"{"kind": "week", "days": ["monday", "friday"], "at": "02:00"}"#,
                "every Monday and Friday at 02:00",
            ),
            (
                r#"{"kind": "month", "days": [15, 1], "lastDay": true, "at": "02:00"}"#,
                "on day 1 and 15 and the last day of every month at 02:00",
            ),
            (
                r#"{"kind": "month", "lastDay": true, "at": "02:00"}"#,
                "on the last day of every month at 02:00",
            ),
            (
                r#"{"kind": "year", "dates": ["03-31", "12-31"], "at": "02:00"}"#,
                "every year on 31 March and 31 December at 02:00",
            ),
            (
                r#"{"kind": "cron", "text": "30 9 * * MON-FRI"}"#,
                "at 09:30, on Monday, Tuesday, Wednesday, Thursday, and Friday",
            ),
            (r#"{"kind": "cron", "text": "nonsense"}"#, "cron `nonsense`"),
        ] {
            assert_eq!(cycle(text).in_words(), expected);
        }
    }
}
