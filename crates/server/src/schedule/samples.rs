//! What the tests of this module are written with: times as text, and rules at random.

use std::ops::Range;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::{Africa, America, Asia, Australia, Europe, Tz};
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::sample::{select, subsequence};

use super::cycle::{Cycle, DayOfWeek};
use super::occurrence::{OffCycle, Rule};
use super::rule::Schedule;

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect(text)
}

pub(crate) fn wall(text: &str) -> NaiveDateTime {
    let forms = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];
    let mut read = forms
        .iter()
        .filter_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    read.next().expect(text)
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().expect(text)
}

pub(crate) fn schedule(text: &str) -> Schedule {
    serde_json::from_str(text).expect(text)
}

/// A cycle written in JSON.
pub(crate) fn cycle(text: &str) -> Cycle {
    serde_json::from_str(text).expect(text)
}

pub(crate) fn rule(text: &str, zone: Tz) -> Rule {
    Rule::new(
        cycle(text).timetable().expect(text),
        zone,
        OffCycle::default(),
    )
}

/// Zones with changes of an hour, of half an hour, at midnight, in the other half of the year, and without.
pub(crate) fn zones() -> impl Strategy<Value = Tz> {
    select(vec![
        Europe::Berlin,
        America::New_York,
        Australia::Lord_Howe,
        Asia::Beirut,
        America::Santiago,
        Africa::Casablanca,
        Asia::Shanghai,
        Tz::UTC,
    ])
}

fn times() -> impl Strategy<Value = String> {
    (0_u32..24, 0_u32..60).prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}"))
}

fn windows() -> impl Strategy<Value = (String, String)> {
    let whole_day = ("00:00".to_owned(), "23:59".to_owned());
    let window = (times(), times()).prop_map(|(a, b)| match a <= b {
        true => (a, b),
        false => (b, a),
    });
    prop_oneof![Just(whole_day), window]
}

/// Cycles of every kind that are not written as cron text.
pub(crate) fn cycles() -> impl Strategy<Value = Cycle> {
    const WEEK: [DayOfWeek; 7] = [
        DayOfWeek::Monday,
        DayOfWeek::Tuesday,
        DayOfWeek::Wednesday,
        DayOfWeek::Thursday,
        DayOfWeek::Friday,
        DayOfWeek::Saturday,
        DayOfWeek::Sunday,
    ];
    let dates = [
        "01-01", "02-28", "02-29", "03-10", "03-31", "10-27", "12-31",
    ];
    let dates = subsequence(dates.map(str::to_owned).to_vec(), 1..4);
    prop_oneof![
        (1_u32..60, windows()).prop_map(|(every, (from, to))| Cycle::Minute { every, from, to }),
        (1_u32..24, windows()).prop_map(|(every, (from, to))| Cycle::Hour { every, from, to }),
        (subsequence((0..24).collect::<Vec<u32>>(), 1..6), 0_u32..60)
            .prop_map(|(hours, minute)| Cycle::Hours { hours, minute }),
        times().prop_map(|at| Cycle::Day { at }),
        (subsequence(WEEK.to_vec(), 1..7), times()).prop_map(|(days, at)| Cycle::Week { days, at }),
        (
            subsequence((1..32).collect::<Vec<u32>>(), 1..5),
            select(vec![true, false]),
            times()
        )
            .prop_map(|(days, last_day, at)| Cycle::Month { days, last_day, at }),
        (dates, times()).prop_map(|(dates, at)| Cycle::Year { dates, at }),
    ]
}

pub(crate) fn off_cycles() -> impl Strategy<Value = OffCycle> {
    select(vec![OffCycle::DryRun, OffCycle::Nothing])
}

pub(crate) fn rules() -> impl Strategy<Value = Rule> {
    (cycles(), zones(), off_cycles()).prop_map(|(cycle, zone, off_cycle)| {
        Rule::new(cycle.timetable().expect("a right cycle"), zone, off_cycle)
    })
}

/// Days on which, and around which, clocks change in one of the zones, and others.
pub(crate) fn days() -> impl Strategy<Value = NaiveDate> {
    let changes = [
        "2024-02-29",
        "2024-03-10",
        "2024-03-31",
        "2024-04-07",
        "2024-04-14",
        "2024-09-08",
        "2024-10-06",
        "2024-10-27",
        "2024-11-03",
        "2024-12-31",
    ];
    let changes: Vec<NaiveDate> = changes.iter().map(|text| date(text)).collect();
    let any = (0_i64..2000).prop_map(|days| date("2022-01-01") + TimeDelta::days(days));
    let near = (select(changes), -2_i64..2).prop_map(|(date, days)| date + TimeDelta::days(days));
    prop_oneof![any, near]
}

/// An interval of up to four days, to the second.
pub(crate) fn intervals() -> impl Strategy<Value = Range<DateTime<Utc>>> {
    (days(), 0_i64..86_400, 0_i64..4 * 86_400).prop_map(|(date, start, length)| {
        let start = date.and_time(Default::default()).and_utc() + TimeDelta::seconds(start);
        start..start + TimeDelta::seconds(length)
    })
}
