//! Occurrences on change days, at the edges of periods, and compared with a clock that is watched minute by minute.

use chrono::{Datelike, TimeDelta, TimeZone};
use chrono_tz::{America, Asia, Australia, Europe};
use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_assume, proptest};
use proptest::sample::Index;

use super::*;
use crate::schedule::cron;
use crate::schedule::samples::{
    at, cycle, cycles, date, days, intervals, off_cycles, rule, rules, wall, zones,
};

/// The occurrences with cycle times on one day, as "cycle time = due time" in UTC.
fn on(rule: &Rule, day: &str) -> Vec<String> {
    let day = date(day);
    rule.on_days(day..day + TimeDelta::days(1))
        .map(|one| {
            let cycle_at = one.cycle_at.format("%H:%M");
            format!("{cycle_at} = {}", one.due_at.format("%H:%MZ"))
        })
        .collect()
}

#[test]
fn half_past_two_runs_once_on_every_day() {
    let daily = |zone: Tz| rule(r#"{"kind": "day", "at": "02:30"}"#, zone);
    let berlin = daily(Europe::Berlin);
    assert_eq!(on(&berlin, "2024-03-30"), ["02:30 = 01:30Z"]);
    // The clock goes from 02:00 to 03:00 at 01:00 UTC.
    assert_eq!(on(&berlin, "2024-03-31"), ["02:30 = 01:00Z"]);
    assert_eq!(on(&berlin, "2024-04-01"), ["02:30 = 00:30Z"]);
    // The clock goes from 03:00 to 02:00 at 01:00 UTC; it shows 02:30 at 00:30 and 01:30.
    assert_eq!(on(&berlin, "2024-10-27"), ["02:30 = 00:30Z"]);
    assert_eq!(on(&berlin, "2024-10-28"), ["02:30 = 01:30Z"]);
    let new_york = daily(America::New_York);
    assert_eq!(on(&new_york, "2024-03-10"), ["02:30 = 07:00Z"]);
    assert_eq!(on(&new_york, "2024-11-03"), ["02:30 = 07:30Z"]);
    let lord_howe = daily(Australia::Lord_Howe);
    assert_eq!(on(&lord_howe, "2024-10-06"), ["02:30 = 15:30Z"]);
    assert_eq!(on(&lord_howe, "2024-04-07"), ["02:30 = 16:00Z"]);
    let shanghai = daily(Asia::Shanghai);
    for day in ["2024-03-10", "2024-03-31", "2024-10-27"] {
        assert_eq!(on(&shanghai, day), ["02:30 = 18:30Z"]);
    }
}

#[test]
fn what_falls_into_the_half_hour_of_lord_howe() {
    let daily = rule(r#"{"kind": "day", "at": "02:15"}"#, Australia::Lord_Howe);
    assert_eq!(on(&daily, "2024-10-06"), ["02:15 = 15:30Z"]);
    let daily = rule(r#"{"kind": "day", "at": "01:45"}"#, Australia::Lord_Howe);
    assert_eq!(on(&daily, "2024-04-07"), ["01:45 = 14:45Z"]);
    // No other hour is due at 02:30, so 02:00 keeps its place.
    let hourly = rule(r#"{"kind": "hour", "every": 1}"#, Australia::Lord_Howe);
    assert_eq!(
        on(&hourly, "2024-10-06")[..5],
        [
            "00:00 = 13:30Z",
            "01:00 = 14:30Z",
            "02:00 = 15:30Z",
            "03:00 = 16:00Z",
            "04:00 = 17:00Z"
        ]
    );
}

#[test]
fn hours_do_not_pile_up_in_spring_nor_repeat_in_autumn() {
    let hourly = rule(r#"{"kind": "hour", "every": 1}"#, Europe::Berlin);
    let spring = on(&hourly, "2024-03-31");
    assert_eq!(spring.len(), 23);
    assert_eq!(
        spring[..3],
        ["00:00 = 23:00Z", "01:00 = 00:00Z", "03:00 = 01:00Z"]
    );
    let autumn = on(&hourly, "2024-10-27");
    assert_eq!(autumn.len(), 24);
    assert_eq!(
        autumn[1..4],
        ["01:00 = 23:00Z", "02:00 = 00:00Z", "03:00 = 02:00Z"]
    );
    // Two hours after midnight it is three o'clock, and the 02:00 of the cycle is due.
    let every_second = rule(r#"{"kind": "hour", "every": 2}"#, Europe::Berlin);
    assert_eq!(
        on(&every_second, "2024-03-31")[..3],
        ["00:00 = 23:00Z", "02:00 = 01:00Z", "04:00 = 02:00Z"]
    );
}

#[test]
fn minutes_do_not_pile_up_in_spring_nor_repeat_in_autumn() {
    let every_minute = rule(r#"{"kind": "minute", "every": 1}"#, America::New_York);
    assert_eq!(on(&every_minute, "2024-03-10").len(), 23 * 60);
    assert_eq!(on(&every_minute, "2024-11-03").len(), 24 * 60);
    // Of several in the gap the first stands for all.
    let text = r#"{"kind": "minute", "every": 20, "from": "01:10", "to": "03:30"}"#;
    let sparse = rule(text, Europe::Berlin);
    assert_eq!(
        on(&sparse, "2024-03-31"),
        [
            "01:10 = 00:10Z",
            "01:30 = 00:30Z",
            "01:50 = 00:50Z",
            "02:10 = 01:00Z",
            "03:10 = 01:10Z",
            "03:30 = 01:30Z",
        ]
    );
    // Those that the clock shows twice come the first time only, even if the interval begins in between.
    let interval = at("2024-10-27T00:30:00Z")..at("2024-10-27T02:10:00Z");
    let found: Vec<String> = sparse
        .occurrences(interval)
        .map(|one| one.cycle_at.format("%H:%M").to_string())
        .collect();
    assert_eq!(found, ["02:30", "02:50"]);
    let second_pass = at("2024-10-27T01:00:00Z")..at("2024-10-27T02:10:00Z");
    assert_eq!(sparse.occurrences(second_pass).count(), 0);
}

#[test]
fn cron_follows_the_same_rules_on_change_days() {
    let cron = |text: &str| {
        let text = format!(r#"{{"kind": "cron", "text": "{text}"}}"#);
        rule(&text, Europe::Berlin)
    };
    assert_eq!(on(&cron("30 2 * * *"), "2024-03-31"), ["02:30 = 01:00Z"]);
    assert_eq!(on(&cron("30 2 * * *"), "2024-10-27"), ["02:30 = 00:30Z"]);
    assert_eq!(on(&cron("*/5 2 * * *"), "2024-03-31"), ["02:00 = 01:00Z"]);
    assert_eq!(on(&cron("*/5 * * * *"), "2024-03-31").len(), 23 * 12);
    let seconds = cron("30 0 9 * * *").next(at("2024-01-01T00:00:00Z"), 1);
    assert_eq!(seconds[0].due_at, at("2024-01-01T08:00:30Z"));
}

#[test]
fn days_off_cycle_are_dry_runs_within_the_period() {
    let weekly = rule(
        r#"{"kind": "week", "days": ["monday"], "at": "02:00"}"#,
        Tz::UTC,
    )
    .effective(Some(date("2024-01-07")), Some(date("2024-01-09")));
    let all = at("2023-01-01T00:00:00Z")..at("2025-01-01T00:00:00Z");
    let found: Vec<_> = weekly
        .occurrences(all.clone())
        .map(|one| (one.cycle_at, one.bizdate, one.is_dry_run))
        .collect();
    assert_eq!(
        found,
        [
            (wall("2024-01-07 02:00"), date("2024-01-06"), true),
            (wall("2024-01-08 02:00"), date("2024-01-07"), false),
            (wall("2024-01-09 02:00"), date("2024-01-08"), true),
        ]
    );
    let plain = Rule {
        off_cycle: OffCycle::Nothing,
        ..weekly.clone()
    };
    assert_eq!(plain.occurrences(all).count(), 1);
    // A day off cycle has one dry run, however many times of day there are.
    let cron = rule(r#"{"kind": "cron", "text": "0 9,17 * * MON-FRI"}"#, Tz::UTC);
    assert_eq!(
        on(&cron, "2024-01-05"),
        ["09:00 = 09:00Z", "17:00 = 17:00Z"]
    );
    assert_eq!(on(&cron, "2024-01-06"), ["09:00 = 09:00Z"]);
}

#[test]
fn days_off_of_a_calendar_are_left_out_like_those_of_the_cycle() {
    let off = ["2024-01-05", "2024-01-06", "2024-01-08"].map(date);
    let cron = rule(r#"{"kind": "cron", "text": "0 9,17 * * MON-FRI"}"#, Tz::UTC);
    let rests = cron.without(DaysOff::new(off.into_iter().collect()));
    let from = |time: &str| at(time)..at("2024-01-10T00:00:00Z");
    let found = |rule: &Rule| -> Vec<(NaiveDateTime, bool)> {
        rule.occurrences(from("2024-01-04T12:00:00Z"))
            .map(|one| (one.cycle_at, one.is_dry_run))
            .collect()
    };
    assert_eq!(
        found(&rests),
        [
            (wall("2024-01-04 17:00"), false),
            (wall("2024-01-05 09:00"), true),
            (wall("2024-01-06 09:00"), true),
            (wall("2024-01-07 09:00"), true),
            (wall("2024-01-08 09:00"), true),
            (wall("2024-01-09 09:00"), false),
            (wall("2024-01-09 17:00"), false),
        ]
    );
    let plain = Rule {
        off_cycle: OffCycle::Nothing,
        ..rests
    };
    assert_eq!(
        found(&plain),
        [
            (wall("2024-01-04 17:00"), false),
            (wall("2024-01-09 09:00"), false),
            (wall("2024-01-09 17:00"), false),
        ]
    );
    let before = plain
        .before(wall("2024-01-09 09:00"))
        .map(|one| one.cycle_at);
    assert_eq!(before, Some(wall("2024-01-04 17:00")));
}

#[test]
fn the_next_one_may_be_years_away_and_the_last_one_is_the_last() {
    let text = r#"{"kind": "year", "dates": ["02-29"], "at": "00:00"}"#;
    let leap = Rule {
        off_cycle: OffCycle::Nothing,
        ..rule(text, Asia::Shanghai)
    };
    let found: Vec<_> = leap
        .next(at("2024-02-28T16:00:01Z"), 2)
        .iter()
        .map(|one| one.cycle_at.date())
        .collect();
    assert_eq!(found, [date("2028-02-29"), date("2032-02-29")]);
    let inclusive = leap.next(at("2024-02-28T16:00:00Z"), 1);
    assert_eq!(inclusive[0].cycle_at, wall("2024-02-29 00:00"));
    let ended = leap.clone().effective(None, Some(date("2026-01-01")));
    assert_eq!(ended.next(at("2024-03-01T00:00:00Z"), 1), []);
    let last = ended.before(wall("2026-01-01 00:00"));
    assert_eq!(last.map(|one| one.cycle_at), Some(wall("2024-02-29 00:00")));
    let begun = leap.effective(Some(date("2024-03-01")), None);
    assert_eq!(begun.before(wall("2028-02-29 00:00")), None);
}

#[test]
fn the_ends_of_the_calendar_are_no_trouble() {
    let daily = rule(r#"{"kind": "day", "at": "00:00"}"#, Asia::Shanghai);
    let first = daily.next(DateTime::<Utc>::MIN_UTC, 1);
    assert_eq!(first[0].cycle_at.date(), FIRST_DAY);
    assert_eq!(daily.next(DateTime::<Utc>::MAX_UTC, 1), []);
    assert_eq!(daily.on_days(NaiveDate::MAX..NaiveDate::MAX).count(), 0);
    let last = daily
        .before(NaiveDateTime::MAX)
        .map(|one| one.cycle_at.date());
    assert_eq!(last, Some(LAST_DAY));
    assert_eq!(daily.before(NaiveDateTime::MIN), None);
    let never = daily.effective(Some(NaiveDate::MAX), Some(NaiveDate::MIN));
    assert_eq!(never.next(at("2024-01-01T00:00:00Z"), 1), []);
}

/// The occurrences in an interval, found by watching the clock: a wall time is due
/// at the first instant at which the clock shows it or a later one.
fn watched(rule: &Rule, interval: Range<DateTime<Utc>>) -> Vec<Occurrence> {
    let margin = TimeDelta::days(2);
    let start = (interval.start - margin)
        .date_naive()
        .and_time(NaiveTime::MIN);
    let mut waiting: Vec<NaiveDateTime> = Vec::new();
    for date in start.date().iter_days().take(10) {
        let times = rule.timetable.times.iter();
        let walls = times.map(|time| date.and_time(*time));
        let is_on = rule.timetable.days.contains(date);
        waiting.extend(match (is_on, rule.off_cycle) {
            (true, _) => walls.collect::<Vec<_>>(),
            (false, OffCycle::DryRun) => walls.take(1).collect(),
            (false, OffCycle::Nothing) => Vec::new(),
        });
    }
    let mut waiting = waiting.into_iter().peekable();
    // Those before the watch begins are long due.
    let shown = |minute: i64| {
        let instant = start.and_utc() + TimeDelta::minutes(minute);
        let clock = rule.zone.from_utc_datetime(&instant.naive_utc());
        (instant, clock.naive_local())
    };
    while waiting.next_if(|wall| *wall < shown(0).1).is_some() {}
    let mut found = Vec::new();
    for minute in 0..9 * 1440 {
        let (instant, clock) = shown(minute);
        let mut due = Vec::new();
        while let Some(wall) = waiting.next_if(|wall| *wall <= clock) {
            due.push(wall);
        }
        let kept = due.iter().find(|wall| **wall == clock).or(due.first());
        if let Some(wall) = kept.filter(|_| interval.contains(&instant)) {
            found.push(Occurrence {
                due_at: instant,
                cycle_at: *wall,
                bizdate: wall.date() - TimeDelta::days(1),
                is_dry_run: !rule.timetable.days.contains(wall.date()),
            });
        }
    }
    found
}

proptest! {
    #[test]
    fn occurrences_are_those_of_a_watched_clock(rule in rules(), interval in intervals()) {
        let found: Vec<_> = rule.occurrences(interval.clone()).collect();
        prop_assert_eq!(found, watched(&rule, interval));
    }

    #[test]
    fn due_times_rise_and_cycle_times_never_repeat(rule in rules(), interval in intervals()) {
        let found: Vec<_> = rule.occurrences(interval.clone()).collect();
        for pair in found.windows(2) {
            prop_assert!(pair[0].due_at < pair[1].due_at);
            prop_assert!(pair[0].cycle_at < pair[1].cycle_at);
        }
        for one in found {
            prop_assert!(interval.contains(&one.due_at));
            prop_assert_eq!(one.bizdate, one.cycle_at.date() - TimeDelta::days(1));
        }
    }

    #[test]
    fn adjacent_intervals_make_one(rule in rules(), interval in intervals(), place in any::<Index>()) {
        let all: Vec<_> = rule.occurrences(interval.clone()).collect();
        // What is due at the border itself belongs to the later interval.
        let border = match all.is_empty() {
            true => interval.start + (interval.end - interval.start) / 2,
            false => place.get(&all).due_at,
        };
        let earlier: Vec<_> = rule.occurrences(interval.start..border).collect();
        let later: Vec<_> = rule.occurrences(border..interval.end).collect();
        prop_assert_eq!([earlier, later].concat(), all);
    }

    #[test]
    fn days_hold_the_same_occurrences_as_intervals(rule in rules(), date in days()) {
        let day = date..date + TimeDelta::days(2);
        let midnight = date.and_time(NaiveTime::MIN).and_utc();
        let around = midnight - TimeDelta::days(2)..midnight + TimeDelta::days(4);
        let found: Vec<_> = rule
            .occurrences(around)
            .filter(|one| day.contains(&one.cycle_at.date()))
            .collect();
        prop_assert_eq!(rule.on_days(day).collect::<Vec<_>>(), found);
    }

    #[test]
    fn the_one_before_is_the_last_of_those_before(rule in rules(), date in days(), second in 0_i64..86_400) {
        let wall = date.and_time(NaiveTime::MIN) + TimeDelta::seconds(second);
        let since = wall - TimeDelta::days(9 * 366);
        let all = rule.occurrences(since.and_utc()..(wall + TimeDelta::days(2)).and_utc());
        // Rules of every minute have many; the last days are enough.
        let last = match rule.times().len() > 1 {
            true => rule.on_days(date - TimeDelta::days(3)..date + TimeDelta::days(1)).take_while(|one| one.cycle_at < wall).last(),
            false => all.take_while(|one| one.cycle_at < wall).last(),
        };
        prop_assert_eq!(rule.before(wall), last);
    }

    #[test]
    fn cycles_of_a_day_are_its_occurrences(rule in rules(), date in days()) {
        let count = rule.times().len();
        let found: Vec<_> = rule.on_days(date..date + TimeDelta::days(1)).map(|one| one.cycle_at).collect();
        prop_assert_eq!(rule.cycles(date, 0..count), found.clone());
        let apart: Vec<_> = (0..count).flat_map(|place| rule.cycles(date, place..place + 1)).collect();
        prop_assert_eq!(apart, found);
    }

    #[test]
    fn cron_text_means_the_same(
        (cycle, zone, off_cycle) in (cycles(), zones(), off_cycles()),
        interval in intervals(),
    ) {
        let timetable = cycle.timetable().expect("a right cycle");
        let text = cron::print(&timetable);
        prop_assume!(text.is_some());
        let text = text.unwrap_or_default();
        let by_cron = cron::parse(&text).expect("cron text that is read again");
        prop_assert_eq!(&by_cron.times, &timetable.times);
        let by_cycle = Rule::new(timetable, zone, off_cycle);
        let by_cron = Rule::new(by_cron, zone, off_cycle);
        let expected: Vec<_> = by_cycle.occurrences(interval.clone()).collect();
        prop_assert_eq!(by_cron.occurrences(interval.clone()).collect::<Vec<_>>(), expected, "{}", text);
        let years = by_cycle.next(interval.start, 3);
        prop_assert_eq!(by_cron.next(interval.start, 3), years);
    }
}

#[test]
fn a_cycle_of_every_kind_can_be_due() {
    let kinds = [
        r#"{"kind": "minute", "every": 59}"#,
        r#"{"kind": "hour", "every": 23}"#,
        r#"{"kind": "hours", "hours": [23]}"#,
        r#"{"kind": "day", "at": "23:59"}"#,
        r#"{"kind": "week", "days": ["sunday"], "at": "23:59"}"#,
        r#"{"kind": "month", "days": [31], "at": "23:59"}"#,
        r#"{"kind": "year", "dates": ["12-31"], "at": "23:59"}"#,
        r#"{"kind": "cron", "text": "59 23 31 12 *"}"#,
    ];
    for text in kinds {
        let timetable = cycle(text).timetable().expect(text);
        let rule = Rule::new(timetable, Europe::Berlin, OffCycle::Nothing);
        let next = rule.next(at("2024-01-01T00:00:00Z"), 1);
        assert_eq!(next[0].cycle_at.year(), 2024, "{text}");
    }
}
