//! Which cycles of another schedule an occurrence waits for, and whether schedules wait for each other in a circle.
//!
//! Everything follows from the times of day of the two rules; days belong together by date, each in its own zone.
//! A schedule that waits for itself does so for its previous cycle.

use std::collections::VecDeque;
use std::ops::Range;

use chrono::{NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::occurrence::{Occurrence, Rule};
use super::problem::RuleProblem;

/// Which cycles of the other schedule are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DependencyKind {
    /// Those of the same day: all of them if either schedule has one time of day, else those since the occurrence before.
    SameCycle,
    /// Those of the day before if either schedule has one time of day, else the one before those of the same cycle.
    PreviousCycle,
}

/// One schedule that another one waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// Its place in the list of schedules.
    pub(crate) upstream: usize,
    pub(crate) kind: DependencyKind,
}

/// A schedule among others.
#[derive(Clone, Debug)]
pub(crate) struct ScheduleNode {
    pub(crate) name: String,
    pub(crate) rule: Rule,
    pub(crate) dependencies: Vec<Dependency>,
}

/// The cycle times of `upstream` that an occurrence of `downstream` waits for.
///
/// Each of them is an occurrence; where there is none, nothing is waited for.
pub(crate) fn upstream_cycles(
    kind: DependencyKind,
    downstream: &Rule,
    occurrence: &Occurrence,
    upstream: &Rule,
) -> Vec<NaiveDateTime> {
    if kind == DependencyKind::SameCycle {
        let (date, time) = (occurrence.cycle_at.date(), occurrence.cycle_at.time());
        let same = counterparts(downstream.times(), time, upstream.times());
        return upstream.cycles(date, same);
    }
    let last = upstream.before(previous_before(downstream, occurrence, upstream));
    let Some(last) = last.map(|last| last.cycle_at) else {
        return Vec::new();
    };
    match is_by_day(downstream, upstream) {
        true => upstream.cycles(last.date(), 0..upstream.times().len()),
        false => vec![last],
    }
}

/// Before when the last cycle of `upstream` lies that is a previous one.
pub(crate) fn previous_before(
    downstream: &Rule,
    occurrence: &Occurrence,
    upstream: &Rule,
) -> NaiveDateTime {
    let (date, time) = (occurrence.cycle_at.date(), occurrence.cycle_at.time());
    let midnight = date.and_time(NaiveTime::MIN);
    if is_by_day(downstream, upstream) {
        return midnight;
    }
    let same = counterparts(downstream.times(), time, upstream.times());
    let first = upstream.times().get(same.start);
    first.map_or(midnight, |first| date.and_time(*first))
}

/// Whether whole days are matched rather than times of day.
pub(crate) fn is_by_day(downstream: &Rule, upstream: &Rule) -> bool {
    downstream.times().len() == 1 || upstream.times().len() == 1
}

/// The places in `upstream` of the times that belong to `time`, which is one of `downstream`; never empty.
fn counterparts(downstream: &[NaiveTime], time: NaiveTime, upstream: &[NaiveTime]) -> Range<usize> {
    let place = downstream.partition_point(|other| *other < time);
    if downstream.len() == 1 || upstream.len() == 1 {
        return 0..upstream.len();
    }
    if downstream.len() == upstream.len() {
        return place..place + 1;
    }
    let up_to = |time: &NaiveTime| upstream.partition_point(|other| other <= time);
    let end = up_to(&time);
    let start = match place
        .checked_sub(1)
        .and_then(|before| downstream.get(before))
    {
        Some(before) => up_to(before),
        None => 0,
    };
    if start < end {
        return start..end;
    }
    // None since the occurrence before: the nearest one that is not later, or else the first.
    let nearest = end.saturating_sub(1);
    nearest..nearest + 1
}

/// Refuses schedules of which some would wait for each other forever.
///
/// A circle through a previous cycle does no harm as long as each turn leads to an earlier cycle:
/// it steps over a day, or all schedules of the circle have the same number of times of day.
pub(crate) fn check(schedules: &[ScheduleNode]) -> Result<(), RuleProblem> {
    let Some(circle) = circle_within_cycle(schedules).or_else(|| uneven_circle(schedules)) else {
        return Ok(());
    };
    let names: Vec<&str> = circle
        .iter()
        .chain(circle.first())
        .filter_map(|place| schedules.get(*place))
        .map(|schedule| schedule.name.as_str())
        .collect();
    let first = names.first().copied().unwrap_or_default();
    Err(RuleProblem::new(
        "/dependencies",
        format!("`{first}` waits for itself: {}", names.join(" → ")),
        "remove one of these dependencies, or wait for the previous cycle of a schedule with the same times",
    ))
}

/// A circle of same-cycle dependencies.
fn circle_within_cycle(schedules: &[ScheduleNode]) -> Option<Vec<usize>> {
    let upstream: Vec<Vec<usize>> = schedules
        .iter()
        .map(|node| {
            let within_cycle = node
                .dependencies
                .iter()
                .filter(|one| one.kind == DependencyKind::SameCycle);
            let places = within_cycle.map(|one| one.upstream);
            places.filter(|up| *up < schedules.len()).collect()
        })
        .collect();
    let mut waits: Vec<usize> = upstream.iter().map(Vec::len).collect();
    let mut downstream = vec![Vec::new(); schedules.len()];
    for (place, upstream) in upstream.iter().enumerate() {
        for up in upstream {
            downstream[*up].push(place);
        }
    }
    // Takes away whatever waits for nothing; what is left waits for a circle.
    let mut free: Vec<usize> = (0..schedules.len())
        .filter(|place| waits[*place] == 0)
        .collect();
    while let Some(place) = free.pop() {
        for down in &downstream[place] {
            waits[*down] -= 1;
            if waits[*down] == 0 {
                free.push(*down);
            }
        }
    }
    let mut path = vec![waits.iter().position(|count| *count > 0)?];
    loop {
        let mut upstream = upstream[*path.last()?].iter().copied();
        let next = upstream.find(|up| waits[*up] > 0)?;
        if let Some(start) = path.iter().position(|place| *place == next) {
            return Some(path.split_off(start));
        }
        path.push(next);
    }
}

/// A circle that never steps over a day, of schedules with different numbers of times of day.
fn uneven_circle(schedules: &[ScheduleNode]) -> Option<Vec<usize>> {
    let mut edges: Vec<Vec<usize>> = Vec::new();
    let mut uneven = Vec::new();
    let mut steps_within_day = 0;
    for (place, node) in schedules.iter().enumerate() {
        let mut within_day = Vec::new();
        for one in &node.dependencies {
            let Some(upstream) = schedules
                .get(one.upstream)
                .filter(|_| one.upstream != place)
            else {
                continue;
            };
            if one.kind == DependencyKind::PreviousCycle {
                if is_by_day(&node.rule, &upstream.rule) {
                    continue;
                }
                steps_within_day += 1;
            }
            within_day.push(one.upstream);
            if node.rule.times().len() != upstream.rule.times().len() {
                uneven.push((place, one.upstream));
            }
        }
        edges.push(within_day);
    }
    // Without a step back the circle would be one of same-cycle dependencies.
    if steps_within_day == 0 {
        return None;
    }
    uneven
        .into_iter()
        .find_map(|(down, up)| path(&edges, up, down))
}

/// A shortest way from one place to another.
fn path(edges: &[Vec<usize>], from: usize, to: usize) -> Option<Vec<usize>> {
    let mut came_from: Vec<Option<usize>> = vec![None; edges.len()];
    let mut queue = VecDeque::from([from]);
    while let Some(place) = queue.pop_front() {
        if place == to {
            let mut path = vec![to];
            while let Some(before) = came_from[*path.last()?] {
                path.push(before);
            }
            path.reverse();
            return Some(path);
        }
        for next in &edges[place] {
            if *next != from && came_from[*next].is_none() {
                came_from[*next] = Some(place);
                queue.push_back(*next);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use chrono_tz::{Asia, Europe, Tz};
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;
    use crate::schedule::samples::{date, days, rule, rules};

    const DAILY: &str = r#"{"kind": "day", "at": "00:15"}"#;
    const LATE: &str = r#"{"kind": "day", "at": "05:00"}"#;
    const HOURLY: &str = r#"{"kind": "hour", "every": 1}"#;
    const HALF_PAST: &str = r#"{"kind": "hour", "every": 1, "from": "00:30"}"#;
    const EVERY_SIX: &str = r#"{"kind": "hour", "every": 6}"#;
    const QUARTERS: &str = r#"{"kind": "minute", "every": 15}"#;
    const NOON: &str = r#"{"kind": "hours", "hours": [12, 18]}"#;
    const MONDAYS: &str = r#"{"kind": "week", "days": ["monday"], "at": "03:00"}"#;

    /// What the occurrence of a day at a time waits for, shortened where it is much.
    fn waits(kind: DependencyKind, down: &Rule, up: &Rule, cycle: &str) -> String {
        let (day, time) = cycle.split_once(' ').expect(cycle);
        let day = date(day);
        let occurrence = down
            .on_days(day..day.succ_opt().expect("a day"))
            .find(|one| one.cycle_at.format("%H:%M").to_string() == time)
            .expect(cycle);
        let cycles: Vec<String> = upstream_cycles(kind, down, &occurrence, up)
            .iter()
            .map(|cycle_at| cycle_at.format("%d %H:%M").to_string())
            .collect();
        match cycles.as_slice() {
            [first, .., last] if cycles.len() > 4 => format!("{first} … {last} ({})", cycles.len()),
            _ => cycles.join(", "),
        }
    }

    #[test]
    fn same_cycle_by_times_of_day() {
        for (down, cycle, up, expected) in [
            (DAILY, "00:15", DAILY, "10 00:15"),
            (DAILY, "00:15", LATE, "10 05:00"),
            (DAILY, "00:15", HOURLY, "10 00:00 … 10 23:00 (24)"),
            (HOURLY, "07:00", DAILY, "10 00:15"),
            (HOURLY, "07:00", HOURLY, "10 07:00"),
            (HOURLY, "07:00", HALF_PAST, "10 07:30"),
            (
                HOURLY,
                "07:00",
                QUARTERS,
                "10 06:15, 10 06:30, 10 06:45, 10 07:00",
            ),
            (HOURLY, "00:00", QUARTERS, "10 00:00"),
            (QUARTERS, "07:00", HOURLY, "10 07:00"),
            (QUARTERS, "07:45", HOURLY, "10 07:00"),
            (EVERY_SIX, "12:00", HOURLY, "10 07:00 … 10 12:00 (6)"),
            (EVERY_SIX, "12:00", NOON, "10 12:00"),
            (NOON, "12:00", QUARTERS, "10 00:00 … 10 12:00 (49)"),
            // Nothing is as early, so the first of the day it is.
            (EVERY_SIX, "06:00", NOON, "10 12:00"),
        ] {
            let found = waits(
                DependencyKind::SameCycle,
                &rule(down, Europe::Berlin),
                &rule(up, Europe::Berlin),
                &format!("2024-01-10 {cycle}"),
            );
            assert_eq!(found, expected, "{down} {cycle} {up}");
        }
    }

    #[test]
    fn previous_cycle_by_times_of_day() {
        for (down, cycle, up, expected) in [
            (DAILY, "00:15", DAILY, "09 00:15"),
            (DAILY, "00:15", LATE, "09 05:00"),
            (DAILY, "00:15", HOURLY, "09 00:00 … 09 23:00 (24)"),
            (HOURLY, "07:00", DAILY, "09 00:15"),
            (HOURLY, "07:00", HOURLY, "10 06:00"),
            (HOURLY, "00:00", HOURLY, "09 23:00"),
            (HOURLY, "07:00", HALF_PAST, "10 06:30"),
            (HOURLY, "07:00", QUARTERS, "10 06:00"),
            (QUARTERS, "07:45", HOURLY, "10 06:00"),
        ] {
            let found = waits(
                DependencyKind::PreviousCycle,
                &rule(down, Europe::Berlin),
                &rule(up, Europe::Berlin),
                &format!("2024-01-10 {cycle}"),
            );
            assert_eq!(found, expected, "{down} {cycle} {up}");
        }
    }

    #[test]
    fn dry_runs_stand_in_and_what_is_not_there_is_not_waited_for() {
        let daily = rule(DAILY, Europe::Berlin);
        let mondays = rule(MONDAYS, Europe::Berlin);
        let same = DependencyKind::SameCycle;
        let previous = DependencyKind::PreviousCycle;
        // 10 January 2024 is a Wednesday.
        assert_eq!(
            waits(same, &daily, &mondays, "2024-01-10 00:15"),
            "10 03:00"
        );
        assert_eq!(
            waits(previous, &mondays, &mondays, "2024-01-10 03:00"),
            "09 03:00"
        );
        let begun = daily.clone().effective(Some(date("2024-01-10")), None);
        assert_eq!(waits(same, &daily, &begun, "2024-01-09 00:15"), "");
        assert_eq!(waits(previous, &begun, &begun, "2024-01-10 00:15"), "");
        assert_eq!(
            waits(previous, &daily, &begun, "2024-01-11 00:15"),
            "10 00:15"
        );
    }

    #[test]
    fn change_days_leave_out_what_does_not_run() {
        let same = DependencyKind::SameCycle;
        let previous = DependencyKind::PreviousCycle;
        let berlin = |text: &str| rule(text, Europe::Berlin);
        let spring = |time: &str| format!("2024-03-31 {time}");
        let daily = waits(same, &berlin(DAILY), &berlin(HOURLY), &spring("00:15"));
        assert_eq!(daily, "31 00:00 … 31 23:00 (23)");
        let hourly = waits(previous, &berlin(HOURLY), &berlin(HOURLY), &spring("03:00"));
        assert_eq!(hourly, "31 01:00");
        // Days are matched by date, whatever the zones.
        let shanghai = rule(HOURLY, Asia::Shanghai);
        assert_eq!(
            waits(same, &berlin(DAILY), &shanghai, &spring("00:15")),
            "31 00:00 … 31 23:00 (24)"
        );
        assert_eq!(
            waits(same, &shanghai, &berlin(HOURLY), &spring("02:00")),
            ""
        );
    }

    fn node(name: &str, cycle: &str, dependencies: &[(usize, DependencyKind)]) -> ScheduleNode {
        ScheduleNode {
            name: name.to_owned(),
            rule: rule(cycle, Tz::UTC),
            dependencies: dependencies
                .iter()
                .map(|(upstream, kind)| Dependency {
                    upstream: *upstream,
                    kind: *kind,
                })
                .collect(),
        }
    }

    #[test]
    fn circles_are_named() {
        use DependencyKind::{PreviousCycle, SameCycle};
        let message =
            |schedules: &[ScheduleNode]| check(schedules).map_err(|problem| problem.message);
        let chain = [
            node("orders", DAILY, &[(0, PreviousCycle)]),
            node("totals", DAILY, &[(0, SameCycle)]),
            node("report", DAILY, &[(0, SameCycle), (1, SameCycle)]),
        ];
        assert_eq!(message(&chain), Ok(()));
        let itself = [node("orders", DAILY, &[(0, SameCycle)])];
        assert_eq!(
            message(&itself),
            Err("`orders` waits for itself: orders → orders".to_owned())
        );
        let circle = [
            node("report", DAILY, &[(1, SameCycle)]),
            node("totals", DAILY, &[(2, SameCycle)]),
            node("orders", HOURLY, &[(3, SameCycle), (1, SameCycle)]),
            node("source", HOURLY, &[]),
        ];
        assert_eq!(
            message(&circle),
            Err("`totals` waits for itself: totals → orders → totals".to_owned())
        );
    }

    #[test]
    fn circles_through_a_previous_cycle_are_right_when_each_turn_goes_back() {
        use DependencyKind::{PreviousCycle, SameCycle};
        let message =
            |schedules: &[ScheduleNode]| check(schedules).map_err(|problem| problem.message);
        // The day before, or the hour before.
        for (first, second) in [
            (DAILY, DAILY),
            (DAILY, HOURLY),
            (HOURLY, DAILY),
            (HOURLY, HALF_PAST),
        ] {
            let two = [
                node("first", first, &[(1, SameCycle)]),
                node("second", second, &[(0, PreviousCycle)]),
            ];
            assert_eq!(message(&two), Ok(()), "{first} {second}");
        }
        // The hourly one of 05:00 would wait for 04:00, which waits for the whole day, 05:00 included.
        let uneven = [
            node("daily", DAILY, &[(1, SameCycle)]),
            node("hourly", HOURLY, &[(2, PreviousCycle)]),
            node("other", HOURLY, &[(0, SameCycle)]),
        ];
        assert_eq!(
            message(&uneven),
            Err("`hourly` waits for itself: hourly → other → daily → hourly".to_owned())
        );
    }

    proptest! {
        #[test]
        fn what_is_waited_for_exists_and_lies_where_it_should(down in rules(), up in rules(), day in days()) {
            let next = day.succ_opt().expect("a day");
            for occurrence in down.on_days(day..next).take(30) {
                let same = upstream_cycles(DependencyKind::SameCycle, &down, &occurrence, &up);
                let of_day: Vec<_> = up.on_days(day..next).map(|one| one.cycle_at).collect();
                prop_assert!(same.iter().all(|cycle_at| of_day.contains(cycle_at)));
                let previous = upstream_cycles(DependencyKind::PreviousCycle, &down, &occurrence, &up);
                for cycle_at in &previous {
                    let found = up.before(*cycle_at + chrono::TimeDelta::seconds(1));
                    prop_assert_eq!(found.map(|one| one.cycle_at), Some(*cycle_at));
                    prop_assert!(same.iter().all(|later| cycle_at < later));
                }
            }
        }
    }
}
