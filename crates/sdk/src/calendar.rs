//! Days of the proleptic Gregorian calendar over more years than any store counts.
//!
//! The arithmetic is that of <https://howardhinnant.github.io/date_algorithms.html>. Libraries end some
//! hundred thousand years away, and PostgreSQL's dates go up to the year 5,874,897.

const DAYS_PER_ERA: i64 = 146_097;

/// A day of the Gregorian calendar; year 0 is 1 BC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// As ISO 8601 counts them.
    pub year: i64,
    /// From 1.
    pub month: u32,
    /// From 1.
    pub day: u32,
}

impl Day {
    /// The day this many days after 1970-01-01.
    pub fn of(days: i64) -> Day {
        // Counting from 0000-03-01 puts the leap day at the end of a year.
        let days = days.saturating_add(719_468);
        let era = days.div_euclid(DAYS_PER_ERA);
        let of_era = days.rem_euclid(DAYS_PER_ERA);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let day = (of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        Day {
            year: year + era * 400 + i64::from(month <= 2),
            month: month as u32,
            day,
        }
    }

    /// Days since 1970-01-01, unless the calendar has no such day.
    pub fn number(self) -> Option<i64> {
        if !(1..=12).contains(&self.month) || self.day == 0 || self.day > self.days_in_month() {
            return None;
        }
        let year = self.year - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let shifted_month = i64::from((self.month + 9) % 12);
        let of_year = (153 * shifted_month + 2) / 5 + i64::from(self.day) - 1;
        let of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
        Some(era * DAYS_PER_ERA + of_era - 719_468)
    }

    fn days_in_month(self) -> u32 {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_both_ways() {
        // 5874897-12-31 and 4713-01-01 BC are PostgreSQL's; the others surround leap days.
        for (days, year, month, day) in [
            (2_145_042_905, 5_874_897, 12, 31),
            (-2_440_550, -4712, 1, 1),
            (11_016, 2000, 2, 29),
            (11_017, 2000, 3, 1),
            (0, 1970, 1, 1),
            (-1, 1969, 12, 31),
            (-719_528, 0, 1, 1),
        ] {
            let date = Day { year, month, day };
            assert_eq!(Day::of(days), date);
            assert_eq!(date.number(), Some(days));
        }
    }

    #[test]
    fn days_that_the_calendar_has_not_got_have_no_number() {
        for (year, month, day) in [
            (2023, 2, 29),
            (1900, 2, 29),
            (2024, 4, 31),
            (2024, 13, 1),
            (2024, 0, 1),
            (2024, 1, 0),
        ] {
            assert_eq!(Day { year, month, day }.number(), None);
        }
    }
}
