//! Wall time to instant in a time zone, with the days on which clocks change.
//!
//! Owns the placement of one wall time:
//!
//! - A wall time that the clock shows once is placed at that instant.
//! - A wall time that the clock shows twice (in autumn) is placed at the first of the two instants.
//! - A wall time that the clock never shows (in spring) is placed at the first instant after the gap.
//!
//! A job of 02:30 therefore runs once on both change days:
//!
//! | zone | spring | autumn |
//! | --- | --- | --- |
//! | Europe/Berlin | at 03:00 summer time | at the first 02:30, in summer time |
//! | America/New_York | at 03:00 summer time | at 02:30, which comes once; 01:30 comes twice |
//!
//! What becomes of several wall times in one gap is left to `occurrence`.

use std::ops::Range;

use chrono::{
    DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};
use chrono_tz::{GapInfo, TZ_VARIANTS, Tz};

use super::problem::RuleProblem;

/// Where a wall time lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// The clock shows it, for the first time at this instant.
    Shown(DateTime<Utc>),
    /// The clock leaps over it.
    Skipped {
        /// The wall times that are never shown.
        gap: Range<NaiveDateTime>,
        /// When the clock shows the end of the gap.
        resumes_at: DateTime<Utc>,
    },
}

/// Finds a zone by its IANA name.
pub(crate) fn find(name: &str) -> Result<Tz, RuleProblem> {
    name.parse().map_err(|_| {
        let message = format!("`{name}` is no time zone");
        let hint = match resembling(name) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write an IANA name such as `Europe/Berlin` or `UTC`".to_owned(),
        };
        RuleProblem::new("", message, hint)
    })
}

/// A zone whose name, or whose city, is the same but for case and blanks.
fn resembling(name: &str) -> Option<&'static str> {
    let folded = |name: &str| name.trim().replace(' ', "_").to_ascii_lowercase();
    let name = folded(name);
    TZ_VARIANTS.iter().map(|zone| zone.name()).find(|known| {
        let known = folded(known);
        known == name || known.rsplit('/').next() == Some(name.as_str())
    })
}

/// Places a wall time.
pub(crate) fn place(zone: Tz, wall: NaiveDateTime) -> Placement {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Placement::Shown(at.to_utc()),
        LocalResult::None => match GapInfo::new(&wall, &zone) {
            Some(GapInfo {
                begin: Some((begin, _)),
                end: Some(end),
            }) => Placement::Skipped {
                gap: begin..end.naive_local(),
                resumes_at: end.to_utc(),
            },
            // A gap lies between two known offsets; without them there would be no gap.
            _ => Placement::Shown(zone.from_utc_datetime(&wall).to_utc()),
        },
    }
}

/// The instant of a wall time; that of one that is never shown is the end of its gap.
pub(crate) fn instant(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    match place(zone, wall) {
        Placement::Shown(at) => at,
        Placement::Skipped { resumes_at, .. } => resumes_at,
    }
}

/// The first instant of a day.
pub(crate) fn day_start(zone: Tz, date: NaiveDate) -> DateTime<Utc> {
    instant(zone, date.and_time(NaiveTime::MIN))
}

/// The first wall time that can be placed at `at` or later; some of those that follow may be placed earlier.
pub(crate) fn first_wall(zone: Tz, at: DateTime<Utc>) -> NaiveDateTime {
    let shown = at.with_timezone(&zone).naive_local();
    // At the end of a gap all of its wall times are placed, and they come before the one shown.
    let second = TimeDelta::seconds(1);
    let before = (at - second).with_timezone(&zone).naive_local() + second;
    shown.min(before)
}

#[cfg(test)]
mod tests {
    use chrono_tz::{America, Asia, Australia, Europe, Pacific};

    use super::*;
    use crate::schedule::samples::{at, wall};

    fn placed(zone: Tz, text: &str) -> DateTime<Utc> {
        instant(zone, wall(text))
    }

    #[test]
    fn half_past_two_in_berlin() {
        let zone = Europe::Berlin;
        assert_eq!(placed(zone, "2024-03-30 02:30"), at("2024-03-30T01:30:00Z"));
        // 02:00 to 03:00 is left out: at the first instant of summer time.
        assert_eq!(
            place(zone, wall("2024-03-31 02:30")),
            Placement::Skipped {
                gap: wall("2024-03-31 02:00")..wall("2024-03-31 03:00"),
                resumes_at: at("2024-03-31T01:00:00Z"),
            }
        );
        assert_eq!(placed(zone, "2024-04-01 02:30"), at("2024-04-01T00:30:00Z"));
        // 02:00 to 03:00 comes twice: the first time, in summer time.
        assert_eq!(placed(zone, "2024-10-27 02:30"), at("2024-10-27T00:30:00Z"));
        assert_eq!(placed(zone, "2024-10-28 02:30"), at("2024-10-28T01:30:00Z"));
    }

    #[test]
    fn half_past_two_in_new_york() {
        let zone = America::New_York;
        assert_eq!(
            place(zone, wall("2024-03-10 02:30")),
            Placement::Skipped {
                gap: wall("2024-03-10 02:00")..wall("2024-03-10 03:00"),
                resumes_at: at("2024-03-10T07:00:00Z"),
            }
        );
        // 01:00 to 02:00 comes twice, so 02:30 is unique, in winter time.
        assert_eq!(placed(zone, "2024-11-03 02:30"), at("2024-11-03T07:30:00Z"));
        assert_eq!(placed(zone, "2024-11-03 01:30"), at("2024-11-03T05:30:00Z"));
    }

    #[test]
    fn half_an_hour_on_lord_howe() {
        let zone = Australia::Lord_Howe;
        assert_eq!(
            place(zone, wall("2024-10-06 02:15")),
            Placement::Skipped {
                gap: wall("2024-10-06 02:00")..wall("2024-10-06 02:30"),
                resumes_at: at("2024-10-05T15:30:00Z"),
            }
        );
        // The first wall time after the gap is shown at the same instant.
        assert_eq!(placed(zone, "2024-10-06 02:30"), at("2024-10-05T15:30:00Z"));
        // 01:30 to 02:00 comes twice.
        assert_eq!(placed(zone, "2024-04-07 01:45"), at("2024-04-06T14:45:00Z"));
        assert_eq!(placed(zone, "2024-04-07 02:30"), at("2024-04-06T16:00:00Z"));
    }

    #[test]
    fn no_change_in_shanghai() {
        for day in ["2024-03-31", "2024-10-27"] {
            assert_eq!(
                placed(Asia::Shanghai, &format!("{day} 02:30")),
                at(&format!("{day}T02:30:00Z")) - TimeDelta::hours(8)
            );
        }
    }

    #[test]
    fn days_may_begin_late_or_not_at_all() {
        let date = |text: &str| wall(text).date();
        // Clocks go from 00:00 to 01:00.
        let beirut = day_start(Asia::Beirut, date("2024-03-31 00:00"));
        assert_eq!(beirut, at("2024-03-30T22:00:00Z"));
        // Samoa left out 30 December 2011 when it crossed the date line.
        let apia = day_start(Pacific::Apia, date("2011-12-30 00:00"));
        assert_eq!(apia, day_start(Pacific::Apia, date("2011-12-31 00:00")));
    }

    #[test]
    fn the_first_wall_time_of_an_instant() {
        let zone = Europe::Berlin;
        for (instant, expected) in [
            ("2024-03-31T00:59:59Z", "2024-03-31 01:59:59"),
            ("2024-03-31T01:00:00Z", "2024-03-31 02:00"),
            ("2024-03-31T01:00:01Z", "2024-03-31 03:00:01"),
            ("2024-10-27T00:59:59Z", "2024-10-27 02:59:59"),
            ("2024-10-27T01:00:00Z", "2024-10-27 02:00"),
            ("2024-10-27T01:00:01Z", "2024-10-27 02:00:01"),
        ] {
            assert_eq!(first_wall(zone, at(instant)), wall(expected), "{instant}");
        }
    }

    #[test]
    fn zones_have_iana_names() {
        assert_eq!(find("Asia/Shanghai"), Ok(Asia::Shanghai));
        for (name, hint) in [
            ("europe/berlin", "did you mean `Europe/Berlin`?"),
            ("New York", "did you mean `America/New_York`?"),
            (
                "CEST",
                "write an IANA name such as `Europe/Berlin` or `UTC`",
            ),
            ("", "write an IANA name such as `Europe/Berlin` or `UTC`"),
        ] {
            let problem = find(name).expect_err(name);
            assert_eq!(problem.message, format!("`{name}` is no time zone"));
            assert_eq!(problem.hint, hint);
        }
    }
}
