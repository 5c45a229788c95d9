//! The rules of time: cycles, zones, instances and what they wait for; pure, without clock and store.
//!
//! What users see of it stands in `docs/concepts/scheduling.md`. In reading order:
//!
//! - `rule`: the document of a schedule, checked as a whole
//! - `cycle`: one part of it, the days and times of day; `cron` reads and writes them as cron text
//! - `timetable`: what every cycle comes down to
//! - `calendar`: days off that schedules share
//! - `zone`: wall time to instant, with the days on which clocks change
//! - `occurrence`: a timetable in a zone and a period, one occurrence after the other
//! - `dependency`: which cycles of other schedules an occurrence waits for
//! - `plan`: the instances of many schedules with what they wait for
//! - `preview`: the next occurrences with the values of all parameters
//! - `problem`: what is wrong with a document

pub(crate) mod calendar;
pub(crate) mod cron;
pub(crate) mod cycle;
pub(crate) mod dependency;
pub(crate) mod occurrence;
pub(crate) mod plan;
pub(crate) mod preview;
pub(crate) mod problem;
pub(crate) mod rule;
pub(crate) mod timetable;
pub(crate) mod zone;

#[cfg(test)]
mod samples;
