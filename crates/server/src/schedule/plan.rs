//! The instances of many schedules with what they wait for, in the order in which they are due.
//!
//! Plain data: the server writes it down, a simulation runs it.
//! Instances are made for whole days, each schedule's in its own zone, because those of a day wait for each other
//! whatever their order; so everything that an instance waits for is of the same days or of earlier ones.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use chrono::{NaiveDate, NaiveDateTime};

use super::dependency::{ScheduleNode, upstream_cycles};
use super::occurrence::{Occurrence, Occurrences};

/// One cycle of one of the schedules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    /// The place of the schedule in the list.
    pub(crate) schedule: usize,
    pub(crate) occurrence: Occurrence,
    pub(crate) waits_for: Vec<Edge>,
}

/// An instance that another one waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Edge {
    /// The place of the schedule in the list.
    pub(crate) schedule: usize,
    pub(crate) cycle_at: NaiveDateTime,
}

/// The instances of all schedules on the days, by due time; those due at once come in a fixed order, too.
pub(crate) fn generate(schedules: &[ScheduleNode], days: Range<NaiveDate>) -> Instances<'_> {
    let mut instances = Instances {
        schedules,
        streams: Vec::new(),
        next: BinaryHeap::new(),
    };
    for (place, schedule) in schedules.iter().enumerate() {
        instances.streams.push(schedule.rule.on_days(days.clone()));
        instances.pull(place);
    }
    instances
}

/// What an occurrence of one of the schedules waits for.
pub(crate) fn edges(
    schedules: &[ScheduleNode],
    place: usize,
    occurrence: &Occurrence,
) -> Vec<Edge> {
    let mut edges = Vec::new();
    let Some(schedule) = schedules.get(place) else {
        return edges;
    };
    for dependency in &schedule.dependencies {
        let Some(upstream) = schedules.get(dependency.upstream) else {
            continue;
        };
        let (down, up) = (&schedule.rule, &upstream.rule);
        let cycles = upstream_cycles(dependency.kind, down, occurrence, up);
        edges.extend(cycles.into_iter().map(|cycle_at| Edge {
            schedule: dependency.upstream,
            cycle_at,
        }));
    }
    edges
}

/// Instances in order, made one at a time.
pub(crate) struct Instances<'s> {
    schedules: &'s [ScheduleNode],
    streams: Vec<Occurrences<'s>>,
    /// The next occurrence of each schedule.
    next: BinaryHeap<Reverse<(Occurrence, usize)>>,
}

impl Instances<'_> {
    fn pull(&mut self, place: usize) {
        let occurrence = self.streams.get_mut(place).and_then(Iterator::next);
        self.next
            .extend(occurrence.map(|next| Reverse((next, place))));
    }
}

impl Iterator for Instances<'_> {
    type Item = Instance;

    fn next(&mut self) -> Option<Instance> {
        let Reverse((occurrence, place)) = self.next.pop()?;
        self.pull(place);
        let waits_for = edges(self.schedules, place, &occurrence);
        Some(Instance {
            schedule: place,
            occurrence,
            waits_for,
        })
    }
}

#[cfg(test)]
mod tests;
