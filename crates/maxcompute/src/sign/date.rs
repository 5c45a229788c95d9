//! The two date formats of signed requests, in UTC.
//!
//! Owns a small civil calendar, so that no clock is read here: the caller passes the time.
//! The header format is `IMF-fixdate` of RFC 9110, section 5.6.7.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: u64 = 86_400;
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `Tue, 02 Jan 2024 03:04:05 GMT`. A time before 1970 is written as 1970.
pub fn http_date(time: SystemTime) -> String {
    let (days, second) = days_and_second(time);
    let (year, month, day) = civil(days);
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        WEEKDAYS[(days % 7) as usize],
        MONTHS[month - 1],
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// `20240102`, the day that version 4 signs.
pub fn compact_date(time: SystemTime) -> String {
    let (year, month, day) = civil(days_and_second(time).0);
    format!("{year:04}{month:02}{day:02}")
}

/// Reads what [`http_date`] writes.
pub fn parse_http_date(text: &str) -> Option<SystemTime> {
    let (_, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let day: u64 = parts.next()?.parse().ok()?;
    let name = parts.next()?;
    let month = 1 + MONTHS.iter().position(|month| *month == name)?;
    let year: u64 = parts.next()?.parse().ok()?;
    let mut clock = parts.next()?.splitn(3, ':');
    let mut second = 0;
    for limit in [24, 60, 61] {
        let number: u64 = clock.next()?.parse().ok()?;
        if number >= limit {
            return None;
        }
        second = second * 60 + number;
    }
    if parts.next()? != "GMT" || !(1970..=9999).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    let seconds = days_from_civil(year, month as u64, day) * SECONDS_PER_DAY + second;
    Some(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn days_and_second(time: SystemTime) -> (u64, u64) {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs());
    (seconds / SECONDS_PER_DAY, seconds % SECONDS_PER_DAY)
}

/// Days since 1970-01-01 of a date, by counting years from March so that a leap day comes last.
fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    // 0000-03-01 lies 719,468 days before 1970-01-01.
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

/// Year, month (from 1) and day (from 1) of a count of days since 1970-01-01.
fn civil(days: u64) -> (u64, usize, u64) {
    // The estimate is never too low: a year has at most 366 days, 1970 at least that many behind.
    let mut year = 1970 + days / 365;
    while days_from_civil(year, 1, 1) > days {
        year -= 1;
    }
    let mut month = 12;
    while days_from_civil(year, month, 1) > days {
        month -= 1;
    }
    let day = days - days_from_civil(year, month, 1) + 1;
    (year, month as usize, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn known_instants() {
        for (seconds, date, compact) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT", "19700101"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT", "20000229"),
            (1_704_164_645, "Tue, 02 Jan 2024 03:04:05 GMT", "20240102"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT", "20241231"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT", "21000301"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT", "99991231"),
        ] {
            assert_eq!(http_date(at(seconds)), date);
            assert_eq!(compact_date(at(seconds)), compact);
            assert_eq!(parse_http_date(date), Some(at(seconds)));
        }
    }

    #[test]
    fn other_text_is_no_date() {
        for text in [
            "",
            "Tue, 02 Jan 2024 03:04:05 CET",
            "Tue, 02 Jan 2024 24:04:05 GMT",
            "Tue, 02 Foo 2024 03:04:05 GMT",
            "Tue, 02 Jan 1969 03:04:05 GMT",
            "2024-01-02",
        ] {
            assert_eq!(parse_http_date(text), None, "{text}");
        }
    }
}
