//! Days and instants, and their text in both directions.
//!
//! Text is ISO 8601 with a space or `T` between date and time; a zone in it is applied, and text without
//! one is read as UTC.

use arrow_schema::DataType;
use sdk::Day;

use super::kernel::Fits;
use super::number::OUT_OF_RANGE;
use super::time::{finer_than, holds, tick_nanos};

pub(super) const NANOS_PER_SECOND: i64 = 1_000_000_000;
pub(super) const SECONDS_PER_DAY: i64 = 86_400;

const NO_TIMESTAMP: &str = "it is not a date and time like 2024-02-29 23:59:59.5";
const NO_DATE: &str = "it is not a date like 2024-02-29";
const NO_TIME: &str = "it is not a time of day like 23:59:59.5";
const NO_SUCH_DAY: &str = "the calendar has no such day";
const NO_YEAR_ZERO: &str = "the calendar has no year 0";
const LEAP_SECOND: &str = "a leap second has no place in any timestamp";
const TOO_FINE: &str = "it is finer than a nanosecond";

/// Seconds since 1970 and the rest in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Instant {
    pub(super) seconds: i64,
    pub(super) nanos: u32,
}

impl Instant {
    pub(super) fn of(tick: i64, tick_nanos: i64) -> Instant {
        if tick_nanos >= NANOS_PER_SECOND {
            // Only dates are this coarse, and their 32 bits times a day's seconds fit.
            return Instant {
                seconds: tick.saturating_mul(tick_nanos / NANOS_PER_SECOND),
                nanos: 0,
            };
        }
        let per_second = NANOS_PER_SECOND / tick_nanos;
        Instant {
            seconds: tick.div_euclid(per_second),
            nanos: (tick.rem_euclid(per_second) * tick_nanos) as u32,
        }
    }

    /// The integer of this instant in a type's unit.
    pub(super) fn ticks(self, target: &DataType) -> Fits<i64> {
        let unit = tick_nanos(target).unwrap_or(1);
        let nanos =
            i128::from(self.seconds) * i128::from(NANOS_PER_SECOND) + i128::from(self.nanos);
        let unit = i128::from(unit);
        if nanos % unit != 0 {
            return Err(finer_than(target));
        }
        let tick = i64::try_from(nanos / unit).map_err(|_| OUT_OF_RANGE)?;
        holds(tick, target)
    }
}

pub(super) fn write_timestamp(instant: Instant, out: &mut String) -> Fits<()> {
    write_day(instant.seconds.div_euclid(SECONDS_PER_DAY), out);
    out.push(' ');
    write_time_of_day(
        instant.seconds.rem_euclid(SECONDS_PER_DAY),
        instant.nanos,
        out,
    )
}

pub(super) fn write_day(days: i64, out: &mut String) {
    let Day { year, month, day } = Day::of(days);
    match u32::try_from(year) {
        Ok(year) if year <= 9_999 => {
            out.push_str(if year == 0 { "+" } else { "" });
            write_two(year / 100, out);
            write_two(year % 100, out);
        }
        _ => {
            out.push_str(if year < 0 { "-" } else { "" });
            let mut buffer = itoa::Buffer::new();
            let digits = buffer.format(year.unsigned_abs());
            out.extend(std::iter::repeat_n(
                '0',
                4usize.saturating_sub(digits.len()),
            ));
            out.push_str(digits);
        }
    }
    out.push('-');
    write_two(month, out);
    out.push('-');
    write_two(day, out);
}

/// `24:00:00` is a time in PostgreSQL; anything beyond it is none.
pub(super) fn write_time_of_day(seconds: i64, nanos: u32, out: &mut String) -> Fits<()> {
    if !(0..=SECONDS_PER_DAY).contains(&seconds) || (seconds == SECONDS_PER_DAY && nanos > 0) {
        return Err("it is not a time of day");
    }
    let seconds = seconds as u32;
    write_two(seconds / 3_600, out);
    out.push(':');
    write_two(seconds / 60 % 60, out);
    out.push(':');
    write_two(seconds % 60, out);
    if nanos == 0 {
        return Ok(());
    }
    out.push('.');
    let (mut rest, mut divisor) = (nanos, 100_000_000);
    while rest > 0 {
        out.push(char::from(b'0' + (rest / divisor) as u8));
        rest %= divisor;
        divisor /= 10;
    }
    Ok(())
}

/// All numbers of two digits, one after the other.
const PAIRS: &str = "\
    00010203040506070809101112131415161718192021222324252627282930313233343536373839\
    40414243444546474849505152535455565758596061626364656667686970717273747576777879\
    8081828384858687888990919293949596979899";

fn write_two(value: u32, out: &mut String) {
    let at = 2 * (value % 100) as usize;
    out.push_str(&PAIRS[at..at + 2]);
}

/// Reads a date and time. A date alone is its midnight; `YYYYMMDD` and `YYYYMMDDhhmmss` are known.
pub(super) fn read_timestamp(text: &str) -> Fits<Instant> {
    read_instant(text, NO_TIMESTAMP)
}

/// Reads a date; a time of day may follow if it is midnight, which the caller checks.
pub(super) fn read_date(text: &str) -> Fits<Instant> {
    read_instant(text, NO_DATE)
}

fn read_instant(text: &str, malformed: &'static str) -> Fits<Instant> {
    let mut scan = Scan::over(text.trim())?;
    let digits = scan.digit_run();
    let signed = scan.rest.first() == Some(&b'+');
    // A year of that many digits is followed by a hyphen.
    let compact = matches!(digits, 8 | 14) && scan.rest.get(digits) != Some(&b'-');
    let day = if compact {
        scan.compact_day()
    } else {
        scan.day()
    };
    let day = day.ok_or(malformed)?;
    let days = day.number().ok_or(NO_SUCH_DAY)?;
    // ISO 8601 calls 1 BC the year 0, but who writes 0000 nearly always means no date at all, and
    // PostgreSQL refuses it. With a sign, as `write_day` has it, it is meant.
    if day.year == 0 && !signed {
        return Err(NO_YEAR_ZERO);
    }
    let mut seconds = days.checked_mul(SECONDS_PER_DAY).ok_or(OUT_OF_RANGE)?;
    let mut nanos = 0;
    let compact_time = compact && digits == 14;
    let timed = compact_time || scan.accept(|byte| matches!(byte, b' ' | b'T' | b't'));
    if timed {
        let time = if compact_time {
            scan.compact_time().ok_or(malformed)?
        } else {
            scan.time(malformed)?
        };
        let east = scan.zone().ok_or(malformed)?;
        seconds = seconds
            .checked_add(time.seconds()? - east)
            .ok_or(OUT_OF_RANGE)?;
        nanos = time.nanos;
    }
    if !scan.rest.is_empty() {
        return Err(malformed);
    }
    Ok(Instant { seconds, nanos })
}

/// Reads `HH:MM[:SS[.fraction]]`.
pub(super) fn read_time_of_day(text: &str) -> Fits<Instant> {
    let mut scan = Scan::over(text.trim())?;
    let time = scan.time(NO_TIME)?;
    if !scan.rest.is_empty() {
        return Err(NO_TIME);
    }
    Ok(Instant {
        seconds: time.seconds()?,
        nanos: time.nanos,
    })
}

struct TimeOfDay {
    hour: u32,
    minute: u32,
    second: u32,
    nanos: u32,
}

impl TimeOfDay {
    fn seconds(&self) -> Fits<i64> {
        if self.second == 60 {
            return Err(LEAP_SECOND);
        }
        if self.hour > 23 || self.minute > 59 || self.second > 59 {
            return Err(NO_TIME);
        }
        Ok(i64::from(
            self.hour * 3_600 + self.minute * 60 + self.second,
        ))
    }
}

/// What is left to read of a text; each method takes its part off or answers `None`.
struct Scan<'a> {
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    fn over(text: &'a str) -> Fits<Scan<'a>> {
        if text.is_empty() {
            return Err("it is empty");
        }
        Ok(Scan {
            rest: text.as_bytes(),
        })
    }

    fn digit_run(&self) -> usize {
        self.rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    }

    fn accept(&mut self, wanted: impl Fn(u8) -> bool) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if wanted(*first) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn literal(&mut self, byte: u8) -> Option<()> {
        self.accept(|found| found == byte).then_some(())
    }

    fn digits(&mut self, count: usize) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        let mut value = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            value = value * 10 + u32::from(digit - b'0');
        }
        self.rest = rest;
        Some(value)
    }

    fn day(&mut self) -> Option<Day> {
        let before_year_zero = self.accept(|byte| byte == b'-');
        if !before_year_zero {
            self.accept(|byte| byte == b'+');
        }
        let length = self.digit_run();
        // Twelve digits name every year that a timestamp in seconds can hold.
        if !(4..=12).contains(&length) {
            return None;
        }
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        let year = digits
            .iter()
            .fold(0i64, |year, digit| year * 10 + i64::from(digit - b'0'));
        self.literal(b'-')?;
        let month = self.digits(2)?;
        self.literal(b'-')?;
        let day = self.digits(2)?;
        Some(Day {
            year: if before_year_zero { -year } else { year },
            month,
            day,
        })
    }

    fn compact_day(&mut self) -> Option<Day> {
        Some(Day {
            year: i64::from(self.digits(4)?),
            month: self.digits(2)?,
            day: self.digits(2)?,
        })
    }

    fn compact_time(&mut self) -> Option<TimeOfDay> {
        Some(TimeOfDay {
            hour: self.digits(2)?,
            minute: self.digits(2)?,
            second: self.digits(2)?,
            nanos: 0,
        })
    }

    fn time(&mut self, malformed: &'static str) -> Fits<TimeOfDay> {
        let hour = self.digits(2).ok_or(malformed)?;
        self.literal(b':').ok_or(malformed)?;
        let minute = self.digits(2).ok_or(malformed)?;
        let mut time = TimeOfDay {
            hour,
            minute,
            second: 0,
            nanos: 0,
        };
        if self.accept(|byte| byte == b':') {
            time.second = self.digits(2).ok_or(malformed)?;
            if self.accept(|byte| matches!(byte, b'.' | b',')) {
                time.nanos = self.fraction(malformed)?;
            }
        }
        Ok(time)
    }

    fn fraction(&mut self, malformed: &'static str) -> Fits<u32> {
        let (digits, rest) = self.rest.split_at(self.digit_run());
        if digits.is_empty() {
            return Err(malformed);
        }
        self.rest = rest;
        let mut nanos = 0;
        let mut weight = 100_000_000;
        for digit in digits {
            let digit = u32::from(digit - b'0');
            if weight == 0 && digit > 0 {
                return Err(TOO_FINE);
            }
            nanos += digit * weight;
            weight /= 10;
        }
        Ok(nanos)
    }

    /// Seconds that the zone is ahead of UTC; no zone at all is UTC.
    fn zone(&mut self) -> Option<i64> {
        if self.rest.is_empty() {
            return Some(0);
        }
        self.accept(|byte| byte == b' ');
        if let b"Z" | b"z" | b"UTC" | b"GMT" = self.rest {
            self.rest = &[];
            return Some(0);
        }
        let west = self.accept(|byte| byte == b'-');
        if !west {
            self.literal(b'+')?;
        }
        let mut seconds = i64::from(self.digits(2)?) * 3_600;
        for unit in [60, 1] {
            if self.rest.is_empty() {
                break;
            }
            self.accept(|byte| byte == b':');
            let part = self.digits(2)?;
            if part > 59 {
                return None;
            }
            seconds += i64::from(part) * unit;
        }
        // No place on Earth is further from UTC than this; PostgreSQL draws the same line.
        if seconds >= 16 * 3_600 {
            return None;
        }
        Some(if west { -seconds } else { seconds })
    }
}
