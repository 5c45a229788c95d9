//! A year of schedules under a clock that is moved by hand, and plans in parts compared with plans as a whole.

use std::collections::HashSet;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{America, Asia, Australia, Europe, Tz};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::select;

use super::*;
use crate::schedule::dependency::{Dependency, DependencyKind, check};
use crate::schedule::occurrence::{OffCycle, Rule};
use crate::schedule::samples::{at, cycle, date, days, rule, rules, zones};
use DependencyKind::{PreviousCycle, SameCycle};

fn node(name: &str, rule: Rule, dependencies: &[(usize, DependencyKind)]) -> ScheduleNode {
    ScheduleNode {
        name: name.to_owned(),
        rule,
        dependencies: dependencies
            .iter()
            .map(|(upstream, kind)| Dependency {
                upstream: *upstream,
                kind: *kind,
            })
            .collect(),
    }
}

/// Schedules with the number of their instances in 2024, a leap year that begins on a Monday.
fn year() -> (Vec<ScheduleNode>, Vec<usize>) {
    const DAYS: usize = 366;
    let (berlin, new_york) = (Europe::Berlin, America::New_York);
    let (shanghai, lord_howe) = (Asia::Shanghai, Australia::Lord_Howe);
    let every_minute = r#"{"kind": "minute", "every": 1}"#;
    let hourly = r#"{"kind": "hour", "every": 1}"#;
    let yearly = Rule::new(
        cycle(r#"{"kind": "year", "dates": ["02-29"], "at": "12:00"}"#)
            .timetable()
            .expect("a timetable"),
        new_york,
        OffCycle::Nothing,
    );
    let spring = rule(r#"{"kind": "day", "at": "02:30"}"#, berlin)
        .effective(Some(date("2024-03-01")), Some(date("2024-05-31")));
    [
        (
            node("ticks", rule(every_minute, shanghai), &[]),
            DAYS * 1440,
        ),
        // In spring an hour of minutes is never shown.
        (
            node("chained", rule(every_minute, berlin), &[(1, PreviousCycle)]),
            DAYS * 1440 - 60,
        ),
        (
            node("hours", rule(hourly, new_york), &[(0, SameCycle)]),
            DAYS * 24 - 1,
        ),
        // The gap of half an hour holds one full hour, which runs at its end.
        (
            node(
                "island",
                rule(hourly, lord_howe),
                &[(2, PreviousCycle), (3, PreviousCycle)],
            ),
            DAYS * 24,
        ),
        (
            node(
                "days",
                rule(r#"{"kind": "day", "at": "02:30"}"#, berlin),
                &[(1, SameCycle), (2, SameCycle)],
            ),
            DAYS,
        ),
        (
            node(
                "mondays",
                rule(
                    r#"{"kind": "week", "days": ["monday"], "at": "00:00"}"#,
                    berlin,
                ),
                &[(4, SameCycle)],
            ),
            DAYS,
        ),
        (
            node(
                "months",
                rule(
                    r#"{"kind": "month", "lastDay": true, "at": "06:00"}"#,
                    shanghai,
                ),
                &[(5, SameCycle), (6, PreviousCycle)],
            ),
            DAYS,
        ),
        (node("leap day", yearly, &[(6, SameCycle)]), 1),
        // 262 working days with two times each, 104 days off with a dry run each.
        (
            node(
                "office",
                rule(
                    r#"{"kind": "cron", "text": "0 9,17 * * MON-FRI"}"#,
                    shanghai,
                ),
                &[(7, SameCycle), (9, PreviousCycle)],
            ),
            262 * 2 + 104,
        ),
        (node("spring", spring, &[(8, SameCycle)]), 31 + 30 + 31),
        (
            node(
                "quarters",
                rule(
                    r#"{"kind": "minute", "every": 15, "from": "06:00", "to": "22:00"}"#,
                    lord_howe,
                ),
                &[(3, SameCycle)],
            ),
            DAYS * 65,
        ),
    ]
    .into_iter()
    .unzip()
}

/// The instances of one schedule.
#[derive(Default)]
struct Record {
    /// In ascending order, as numbers, which compare fast.
    cycles: Vec<i64>,
    /// Their numbers in the simulation.
    instances: Vec<usize>,
    dry_runs: usize,
}

/// A server of sorts: it makes the instances of each day on the day before, and runs what is due and waits for nothing.
struct Simulation {
    schedules: Vec<ScheduleNode>,
    first_day: NaiveDate,
    records: Vec<Record>,
    /// By number of the instance: which others it still waits for.
    waits: Vec<Vec<usize>>,
    has_run: Vec<bool>,
    /// Instances that are not due yet, in order.
    ahead: Vec<(DateTime<Utc>, usize)>,
    /// Instances that are due and wait for others.
    blocked: Vec<usize>,
    edges: usize,
}

impl Simulation {
    fn generate(&mut self, day: NaiveDate, now: DateTime<Utc>) {
        let mut last_due = now;
        let mut made = Vec::new();
        for instance in generate(&self.schedules, day..day + TimeDelta::days(1)) {
            let occurrence = instance.occurrence;
            assert!(last_due <= occurrence.due_at, "in order, and none too late");
            last_due = occurrence.due_at;
            let record = &mut self.records[instance.schedule];
            let cycle = occurrence.cycle_at.and_utc().timestamp();
            // What only rises never comes twice.
            assert!(record.cycles.last().is_none_or(|last| *last < cycle));
            record.cycles.push(cycle);
            let number = self.has_run.len() + made.len();
            record.instances.push(number);
            record.dry_runs += usize::from(occurrence.is_dry_run);
            self.ahead.push((occurrence.due_at, number));
            made.push(instance.waits_for);
        }
        self.ahead.sort();
        for edges in made {
            self.edges += edges.len();
            // What lies before the first day is not known here.
            let known = edges
                .iter()
                .filter(|edge| edge.cycle_at.date() >= self.first_day);
            self.waits
                .push(known.map(|edge| self.number(edge)).collect());
            self.has_run.push(false);
        }
    }

    fn number(&self, edge: &Edge) -> usize {
        let record = &self.records[edge.schedule];
        let cycle = edge.cycle_at.and_utc().timestamp();
        let place = record.cycles.binary_search(&cycle);
        record.instances[place.expect("an edge points to an instance")]
    }

    /// Runs everything that is due, until nothing moves.
    fn run(&mut self, now: DateTime<Utc>) {
        let due = self.ahead.partition_point(|(due_at, _)| *due_at <= now);
        self.blocked
            .extend(self.ahead.drain(..due).map(|(_, number)| number));
        loop {
            let before = self.blocked.len();
            for number in std::mem::take(&mut self.blocked) {
                let waits = &mut self.waits[number];
                while waits.last().is_some_and(|upstream| self.has_run[*upstream]) {
                    waits.pop();
                }
                match waits.is_empty() {
                    true => {
                        assert!(!self.has_run[number], "no instance runs twice");
                        self.has_run[number] = true;
                    }
                    false => self.blocked.push(number),
                }
            }
            if self.blocked.len() == before {
                return;
            }
        }
    }
}

#[test]
fn a_year_of_schedules() {
    let (schedules, expected) = year();
    assert_eq!(check(&schedules), Ok(()));
    let started = Instant::now();
    let year = date("2024-01-01")..date("2025-01-01");
    let mut simulation = Simulation {
        records: schedules.iter().map(|_| Record::default()).collect(),
        schedules,
        first_day: year.start,
        waits: Vec::new(),
        has_run: Vec::new(),
        ahead: Vec::new(),
        blocked: Vec::new(),
        edges: 0,
    };
    let mut now = at("2023-12-30T00:00:00Z");
    while now < at("2025-01-02T00:00:00Z") {
        let tomorrow = now.date_naive() + TimeDelta::days(1);
        if now.time() == Default::default() && year.contains(&tomorrow) {
            simulation.generate(tomorrow, now);
        }
        now += TimeDelta::hours(1);
        simulation.run(now);
    }
    let elapsed = started.elapsed();

    assert!(simulation.blocked.is_empty(), "nobody waits forever");
    assert!(simulation.ahead.is_empty());
    assert!(simulation.has_run.iter().all(|has_run| *has_run));
    let records = simulation.records.iter();
    let counts: Vec<usize> = records.clone().map(|record| record.cycles.len()).collect();
    assert_eq!(counts, expected);
    // Fifty-three Mondays, twelve last days, 104 days off; no other rule has days off cycle.
    let dry_runs: Vec<usize> = records.map(|record| record.dry_runs).collect();
    assert_eq!(dry_runs, [0, 0, 0, 0, 0, 366 - 53, 366 - 12, 0, 104, 0, 0]);
    let total = simulation.has_run.len();
    assert!(total >= 1_000_000);
    println!(
        "{total} instances with {} edges made and run in {elapsed:.1?}, {:.0} instances/s",
        simulation.edges,
        total as f64 / elapsed.as_secs_f64()
    );
}

#[test]
fn nothing_comes_of_nothing() {
    assert_eq!(
        generate(&[], date("2024-01-01")..date("2025-01-01")).count(),
        0
    );
    let daily = [node(
        "days",
        rule(r#"{"kind": "day", "at": "00:00"}"#, Tz::UTC),
        &[],
    )];
    assert_eq!(
        generate(&daily, date("2024-01-02")..date("2024-01-01")).count(),
        0
    );
}

/// Rules that differ in how many times of day they have and when.
fn few_times() -> impl Strategy<Value = Rule> {
    let cycles = [
        r#"{"kind": "day", "at": "00:00"}"#,
        r#"{"kind": "day", "at": "23:00"}"#,
        r#"{"kind": "hours", "hours": [0, 1]}"#,
        r#"{"kind": "hours", "hours": [22, 23]}"#,
        r#"{"kind": "hours", "hours": [3, 9, 15, 21]}"#,
        r#"{"kind": "hour", "every": 6}"#,
        r#"{"kind": "cron", "text": "30 2,12 * * MON-FRI"}"#,
    ];
    (select(cycles.to_vec()), zones()).prop_map(|(text, zone)| rule(text, zone))
}

proptest! {
    #[test]
    fn days_apart_and_days_together_have_the_same_instances(
        first in rules(),
        second in rules(),
        day in days(),
        is_same in any::<bool>(),
    ) {
        let kind = if is_same { SameCycle } else { PreviousCycle };
        let schedules = [node("first", first, &[(0, PreviousCycle)]), node("second", second, &[(0, kind)])];
        let until = day + TimeDelta::days(3);
        let together: Vec<_> = generate(&schedules, day..until).collect();
        prop_assert_eq!(together.is_sorted_by_key(|one| one.occurrence.due_at), true);
        let mut apart: Vec<_> = day
            .iter_days()
            .take(3)
            .flat_map(|day| generate(&schedules, day..day + TimeDelta::days(1)))
            .collect();
        let name = |one: &Instance| (one.schedule, one.occurrence);
        apart.sort_by_key(name);
        let mut sorted = together;
        sorted.sort_by_key(name);
        prop_assert_eq!(apart, sorted);
    }

    #[test]
    fn what_is_not_refused_never_waits_forever(
        rules in vec(few_times(), 4),
        arrows in vec((0_usize..4, 0_usize..4, any::<bool>()), 1..7),
        day in days(),
    ) {
        let mut schedules: Vec<_> = rules.into_iter().map(|rule| node("", rule, &[])).collect();
        for (down, upstream, is_same) in arrows {
            let kind = if is_same { SameCycle } else { PreviousCycle };
            schedules[down].dependencies.push(Dependency { upstream, kind });
        }
        if check(&schedules).is_err() {
            return Ok(());
        }
        let mut waiting: Vec<_> = generate(&schedules, day..day + TimeDelta::days(4)).collect();
        loop {
            let left: HashSet<Edge> = waiting
                .iter()
                .map(|one| Edge { schedule: one.schedule, cycle_at: one.occurrence.cycle_at })
                .collect();
            let before = waiting.len();
            waiting.retain(|one| one.waits_for.iter().any(|edge| left.contains(edge)));
            if waiting.len() == before {
                break;
            }
        }
        prop_assert!(waiting.is_empty(), "{:?}", waiting);
    }
}
