//! The occurrences of a rule: a timetable in a zone and a period, one after the other.
//!
//! Every occurrence has a cycle time, which is a wall time and never repeats, and a due time, which is an instant and only rises.
//! Where clocks leap forward, several wall times of a timetable may meet at the first instant after the gap.
//! One of them is kept: the one the clock shows then, or else the first.

use std::ops::{Range, RangeInclusive};

use chrono::{DateTime, Days as DayCount, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::calendar::DaysOff;
use super::timetable::Timetable;
use super::zone::{self, Placement};

/// One cycle of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Occurrence {
    /// When it is due.
    pub(crate) due_at: DateTime<Utc>,
    /// The scheduled wall time in the zone of the schedule, which names the cycle.
    pub(crate) cycle_at: NaiveDateTime,
    /// The day that the data belongs to: the one before that of `cycle_at`.
    pub(crate) bizdate: NaiveDate,
    /// Whether it stands for a day on which nothing is due.
    pub(crate) is_dry_run: bool,
}

/// What comes on the days that a cycle or a calendar leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum OffCycle {
    /// One dry run, at the first time of day, so that whoever waits for it is not held up.
    #[default]
    DryRun,
    Nothing,
}

/// When a schedule is due.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    timetable: Timetable,
    zone: Tz,
    effective: RangeInclusive<NaiveDate>,
    off_cycle: OffCycle,
    days_off: DaysOff,
}

/// Cycles lie on these days and no others, so that every search ends and every date can be printed.
const FIRST_DAY: NaiveDate = day(1971, 1, 1);
const LAST_DAY: NaiveDate = day(9998, 12, 31);

const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => NaiveDate::MAX,
    }
}

impl Rule {
    /// A rule without an end in either direction.
    pub(crate) fn new(timetable: Timetable, zone: Tz, off_cycle: OffCycle) -> Self {
        Self {
            timetable,
            zone,
            effective: FIRST_DAY..=LAST_DAY,
            off_cycle,
            days_off: DaysOff::default(),
        }
    }

    /// The same rule in a period of days, both included.
    pub(crate) fn effective(self, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Self {
        let from = from.unwrap_or(FIRST_DAY).clamp(FIRST_DAY, LAST_DAY);
        let to = to.unwrap_or(LAST_DAY).clamp(FIRST_DAY, LAST_DAY);
        Self {
            effective: from..=to,
            ..self
        }
    }

    /// The same rule, which leaves out these days as well.
    pub(crate) fn without(self, days_off: DaysOff) -> Self {
        Self { days_off, ..self }
    }

    pub(crate) fn zone(&self) -> Tz {
        self.zone
    }

    /// The times of a day on which the cycle comes.
    pub(crate) fn times(&self) -> &[NaiveTime] {
        &self.timetable.times
    }

    /// The occurrences that are due within the interval.
    pub(crate) fn occurrences(&self, due: Range<DateTime<Utc>>) -> Occurrences<'_> {
        // Two days more on either side hold every zone.
        let margin = DayCount::new(2);
        let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
        let first = midnight(*self.effective.start()) - margin;
        let last = midnight(*self.effective.end()) + margin;
        let start = due.start.clamp(first, last.max(first));
        Occurrences {
            walls: self.walls(zone::first_wall(self.zone, start)),
            due,
            before: NaiveDate::MAX,
        }
    }

    /// The occurrences whose cycle times lie on the days.
    pub(crate) fn on_days(&self, days: Range<NaiveDate>) -> Occurrences<'_> {
        Occurrences {
            walls: self.walls(days.start.and_time(NaiveTime::MIN)),
            due: DateTime::<Utc>::MIN_UTC..DateTime::<Utc>::MAX_UTC,
            before: days.end,
        }
    }

    /// The next occurrences that are due at `from` or later, at most `count`.
    pub(crate) fn next(&self, from: DateTime<Utc>, count: usize) -> Vec<Occurrence> {
        let all = self.occurrences(from..DateTime::<Utc>::MAX_UTC);
        all.take(count).collect()
    }

    /// The last occurrence with a cycle time before `wall`.
    pub(crate) fn before(&self, wall: NaiveDateTime) -> Option<Occurrence> {
        let mut date = self.previous_day(wall.date())?;
        loop {
            let times = self.times_on(date);
            let earlier = times.partition_point(|time| date.and_time(*time) < wall);
            for time in times.iter().take(earlier).rev() {
                let found = self.occurrence(date.and_time(*time));
                if found.is_some() {
                    return found;
                }
            }
            date = self.previous_day(date.pred_opt()?)?;
        }
    }

    /// The cycle times on a day of those times of day that have the given places in the timetable.
    pub(crate) fn cycles(&self, date: NaiveDate, places: Range<usize>) -> Vec<NaiveDateTime> {
        let times = self.times_on(date).iter();
        let walls = times.take(places.end).skip(places.start);
        walls
            .map(|time| date.and_time(*time))
            .filter(|wall| self.due_at(*wall).is_some())
            .collect()
    }

    /// The occurrence of a wall time of the timetable, unless another one takes its place.
    fn occurrence(&self, wall: NaiveDateTime) -> Option<Occurrence> {
        let date = wall.date();
        Some(Occurrence {
            due_at: self.due_at(wall)?,
            cycle_at: wall,
            // The first day of all has a day before it.
            bizdate: date.pred_opt().unwrap_or(date),
            is_dry_run: !self.is_on(date),
        })
    }

    fn due_at(&self, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        match zone::place(self.zone, wall) {
            Placement::Shown(at) => Some(at),
            Placement::Skipped { gap, resumes_at } => {
                let first_from = |wall| self.walls(wall).next();
                let is_first = first_from(gap.start) == Some(wall);
                let is_taken = first_from(gap.end) == Some(gap.end);
                (is_first && !is_taken).then_some(resumes_at)
            }
        }
    }

    /// Whether the cycle comes on the date.
    fn is_on(&self, date: NaiveDate) -> bool {
        self.timetable.days.contains(date) && !self.days_off.contains(&date)
    }

    /// The times of day that come on a date.
    fn times_on(&self, date: NaiveDate) -> &[NaiveTime] {
        let times = self.times();
        if !self.effective.contains(&date) {
            return &[];
        }
        match (self.is_on(date), self.off_cycle) {
            (true, _) => times,
            (false, OffCycle::DryRun) => times.get(..1).unwrap_or_default(),
            (false, OffCycle::Nothing) => &[],
        }
    }

    /// The first day with an occurrence from the given one on.
    fn next_day(&self, from: NaiveDate) -> Option<NaiveDate> {
        let (first, last) = (*self.effective.start(), *self.effective.end());
        let from = from.max(first);
        match self.off_cycle {
            OffCycle::DryRun => (from <= last).then_some(from),
            OffCycle::Nothing => {
                let mut date = self.timetable.days.next(from, last)?;
                while self.days_off.contains(&date) {
                    date = self.timetable.days.next(date.succ_opt()?, last)?;
                }
                Some(date)
            }
        }
    }

    /// The last day with an occurrence up to the given one.
    fn previous_day(&self, to: NaiveDate) -> Option<NaiveDate> {
        let (first, last) = (*self.effective.start(), *self.effective.end());
        let to = to.min(last);
        match self.off_cycle {
            OffCycle::DryRun => (to >= first).then_some(to),
            OffCycle::Nothing => {
                let mut date = self.timetable.days.previous(to, first)?;
                while self.days_off.contains(&date) {
                    date = self.timetable.days.previous(date.pred_opt()?, first)?;
                }
                Some(date)
            }
        }
    }

    fn walls(&self, from: NaiveDateTime) -> Walls<'_> {
        let mut walls = Walls {
            rule: self,
            date: None,
            times: &[],
        };
        walls.enter(from.date());
        if walls.date == Some(from.date()) {
            let earlier = walls.times.partition_point(|time| *time < from.time());
            walls.times = walls.times.get(earlier..).unwrap_or_default();
        }
        walls
    }
}

/// The wall times of a rule, whatever the clocks do.
struct Walls<'r> {
    rule: &'r Rule,
    /// Nothing after the last day.
    date: Option<NaiveDate>,
    /// Those of the date that are still to come.
    times: &'r [NaiveTime],
}

impl Walls<'_> {
    fn enter(&mut self, from: NaiveDate) {
        self.date = self.rule.next_day(from);
        self.times = match self.date {
            Some(date) => self.rule.times_on(date),
            None => &[],
        };
    }
}

impl Iterator for Walls<'_> {
    type Item = NaiveDateTime;

    fn next(&mut self) -> Option<NaiveDateTime> {
        loop {
            let date = self.date?;
            if let Some((time, later)) = self.times.split_first() {
                self.times = later;
                return Some(date.and_time(*time));
            }
            self.enter(date.succ_opt()?);
        }
    }
}

/// The occurrences of a rule in the order in which they are due.
pub(crate) struct Occurrences<'r> {
    walls: Walls<'r>,
    due: Range<DateTime<Utc>>,
    before: NaiveDate,
}

impl Iterator for Occurrences<'_> {
    type Item = Occurrence;

    fn next(&mut self) -> Option<Occurrence> {
        loop {
            let wall = self.walls.next().filter(|wall| wall.date() < self.before)?;
            // One that comes twice was placed at its first time, which may lie before the interval.
            let occurrence = self.walls.rule.occurrence(wall);
            if let Some(occurrence) = occurrence.filter(|found| found.due_at >= self.due.start) {
                return (occurrence.due_at < self.due.end).then_some(occurrence);
            }
        }
    }
}

#[cfg(test)]
mod tests;
