//! What every cycle comes down to: on which days, and at what times of the day.
//!
//! Owns the search for days; zones and the effective period are left to `occurrence`.

use chrono::{Datelike, Months, NaiveDate, NaiveTime, WeekdaySet};
use croner::{CronPattern, Weekday};

/// The days and the times of day of a cycle; made by `cycle` and `cron`, which check that neither is empty.
#[derive(Clone, Debug)]
pub(crate) struct Timetable {
    pub(crate) days: Days,
    /// In ascending order, each once.
    pub(crate) times: Vec<NaiveTime>,
}

/// The days of a cycle.
#[derive(Clone, Debug)]
pub(crate) enum Days {
    Every,
    Weekly(WeekdaySet),
    Monthly {
        /// From 1 to 31; a month without the day leaves it out.
        days: Vec<u32>,
        last: LastDay,
    },
    /// Months with days.
    Yearly(Vec<(u32, u32)>),
    Cron(Box<CronPattern>),
}

/// Whether the last day of each month is one of the days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LastDay {
    Included,
    Excluded,
}

impl Days {
    /// Whether the date is one of the days.
    pub(crate) fn contains(&self, date: NaiveDate) -> bool {
        match self {
            Self::Every => true,
            Self::Weekly(days) => days.contains(date.weekday()),
            Self::Monthly { days, last } => {
                days.contains(&date.day())
                    || (*last == LastDay::Included
                        && date.day() == u32::from(date.num_days_in_month()))
            }
            Self::Yearly(dates) => dates.contains(&(date.month(), date.day())),
            Self::Cron(pattern) => {
                let weekday = Weekday::from_days_from_sunday(date.weekday().num_days_from_sunday());
                let day = pattern.day_match(date.year(), date.month(), date.day(), weekday);
                // Both fail for months and days that no calendar has.
                pattern.month_match(date.month()).unwrap_or(false) && day.unwrap_or(false)
            }
        }
    }

    /// The first of the days from `from` to `until`, both included.
    pub(crate) fn next(&self, from: NaiveDate, until: NaiveDate) -> Option<NaiveDate> {
        let mut date = from;
        while date <= until {
            if self.contains(date) {
                return Some(date);
            }
            date = match self.uses_month(date.month()) {
                true => date.succ_opt()?,
                false => date.with_day(1)?.checked_add_months(Months::new(1))?,
            };
        }
        None
    }

    /// The last of the days from `since` to `to`, both included.
    pub(crate) fn previous(&self, to: NaiveDate, since: NaiveDate) -> Option<NaiveDate> {
        let mut date = to;
        while date >= since {
            if self.contains(date) {
                return Some(date);
            }
            date = match self.uses_month(date.month()) {
                true => date.pred_opt()?,
                false => date.with_day(1)?.pred_opt()?,
            };
        }
        None
    }

    /// Whether a day of the month can be one of the days; if not, a search leaps over it.
    fn uses_month(&self, month: u32) -> bool {
        match self {
            Self::Every | Self::Weekly(_) | Self::Monthly { .. } => true,
            Self::Yearly(dates) => dates.iter().any(|date| date.0 == month),
            Self::Cron(pattern) => pattern.month_match(month).unwrap_or(false),
        }
    }
}
