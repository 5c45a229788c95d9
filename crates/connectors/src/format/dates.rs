//! Dates and times as text, both ways: ISO 8601 by hand, since it is on the hot path, and the Java
//! patterns of DataX (`yyyy-MM-dd HH:mm:ss`) through chrono.

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime};
use sdk::Day;

const SECONDS_PER_DAY: i64 = 86_400;
const MICROS: i64 = 1_000_000;

/// A Java date pattern (<https://docs.oracle.com/javase/8/docs/api/java/text/SimpleDateFormat.html>).
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    strftime: String,
    has_time: bool,
    has_zone: bool,
}

impl Pattern {
    /// Understands the letters y, M, d, H, h, a, m, s, S, Z and X, and quoted text.
    pub(crate) fn parse(java: &str) -> Result<Pattern, String> {
        let mut pattern = Pattern {
            strftime: String::new(),
            has_time: false,
            has_zone: false,
        };
        let mut rest = java;
        while let Some(letter) = rest.chars().next() {
            if letter == '\'' {
                let end = rest[1..].find('\'').ok_or_else(|| {
                    format!("the date format `{java}` has a quote that is not closed")
                })?;
                match &rest[1..=end] {
                    "" => pattern.strftime.push('\''),
                    quoted => pattern.strftime.push_str(&quoted.replace('%', "%%")),
                }
                rest = &rest[end + 2..];
                continue;
            }
            let run = rest.chars().take_while(|next| *next == letter).count();
            let specifier = match (letter, run) {
                ('y', 4) => "%Y",
                ('y', 2) => "%y",
                ('M', 2) => "%m",
                ('d', 2) => "%d",
                ('H', 2) => "%H",
                ('h', 2) => "%I",
                ('a', 1) => "%p",
                ('m', 2) => "%M",
                ('s', 2) => "%S",
                ('S', 3) => "%3f",
                ('S', 6) => "%6f",
                ('S', 9) => "%9f",
                ('Z', 1) | ('X', 2) => "%z",
                ('X', 3) => "%:z",
                (other, _) if other.is_ascii_alphabetic() => {
                    return Err(format!(
                        "the date format `{java}` has `{}`, which is not understood; use yyyy, MM, dd, HH, mm, ss, SSS, SSSSSS, Z",
                        &rest[..run]
                    ));
                }
                ('%', _) => {
                    return Err(format!(
                        "the date format `{java}` has `%`, which must stand in quotes"
                    ));
                }
                _ => &rest[..letter.len_utf8()],
            };
            pattern.has_time |= matches!(letter, 'H' | 'h' | 'm' | 's' | 'S');
            pattern.has_zone |= matches!(letter, 'Z' | 'X');
            pattern.strftime.push_str(specifier);
            let used = if specifier.starts_with('%') { run } else { 1 };
            rest = &rest[used * letter.len_utf8()..];
        }
        if StrftimeItems::new(&pattern.strftime).any(|item| item == Item::Error) {
            return Err(format!("the date format `{java}` is not understood"));
        }
        Ok(pattern)
    }

    /// Whether it holds more than a day.
    pub(crate) fn has_time(&self) -> bool {
        self.has_time
    }

    /// Whether it names a time zone.
    pub(crate) fn has_zone(&self) -> bool {
        self.has_zone
    }

    /// Microseconds since 1970, in UTC if the text names a zone or as it stands otherwise; finer digits
    /// must be zeros.
    pub(crate) fn read(&self, text: &str) -> Option<i64> {
        let moment = if self.has_zone {
            let instant = DateTime::parse_from_str(text, &self.strftime).ok()?;
            instant.naive_utc()
        } else if self.has_time {
            NaiveDateTime::parse_from_str(text, &self.strftime)
                .ok()
                .or_else(|| {
                    let time = NaiveTime::parse_from_str(text, &self.strftime).ok()?;
                    Some(NaiveDate::default().and_time(time))
                })?
        } else {
            NaiveDate::parse_from_str(text, &self.strftime)
                .ok()?
                .and_time(NaiveTime::MIN)
        };
        let moment = moment.and_utc();
        let exact = moment.timestamp_subsec_nanos() % 1000 == 0;
        (exact && moment.year() != 0).then(|| moment.timestamp_micros())
    }

    /// Writes a moment in UTC; nothing if it lies outside chrono's years.
    pub(crate) fn write(&self, seconds: i64, nanos: u32, out: &mut Vec<u8>) -> bool {
        let Some(moment) = DateTime::from_timestamp(seconds, nanos) else {
            return false;
        };
        out.extend_from_slice(moment.format(&self.strftime).to_string().as_bytes());
        true
    }
}

/// A parser over the bytes of one value.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take(&mut self, byte: u8) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// Exactly `count` digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let mut value = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            value = value * 10 + i64::from(digit - b'0');
        }
        self.0 = rest;
        Some(value)
    }

    fn date(&mut self) -> Option<i64> {
        let negative = self.take(b'-');
        let positive = !negative && self.take(b'+');
        let width = self
            .0
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if !(4..=7).contains(&width) {
            return None;
        }
        let year = self.digits(width)?;
        // ISO 8601 calls 1 BC the year 0, but who writes 0000 nearly always means no date at all, and
        // PostgreSQL refuses it. With a sign, as `write_date` has it, it is meant.
        if year == 0 && !positive {
            return None;
        }
        let year = if negative { -year } else { year };
        let separator = *self.0.first()?;
        if !matches!(separator, b'-' | b'/') {
            return None;
        }
        self.take(separator);
        let month = self.digits(2)?;
        if !self.take(separator) {
            return None;
        }
        let day = self.digits(2)?;
        // Two digits fit.
        let (month, day) = (month as u32, day as u32);
        Day { year, month, day }.number()
    }

    /// Microseconds of the day if a time follows the date, 0 otherwise.
    fn time_behind_date(&mut self) -> Option<i64> {
        if self.take(b' ') || self.take(b'T') || self.take(b't') {
            return self.time();
        }
        Some(0)
    }

    /// Microseconds of the day; finer digits must be zeros.
    fn time(&mut self) -> Option<i64> {
        let hour = self.digits(2)?;
        if !self.take(b':') {
            return None;
        }
        let minute = self.digits(2)?;
        let second = if self.take(b':') { self.digits(2)? } else { 0 };
        let mut micros = 0;
        if self.take(b'.') {
            let width = self
                .0
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            if width == 0 {
                return None;
            }
            let (fraction, rest) = self.0.split_at(width);
            for place in 0..6 {
                let digit = fraction.get(place).map_or(0, |byte| byte - b'0');
                micros = micros * 10 + i64::from(digit);
            }
            if fraction.iter().skip(6).any(|digit| *digit != b'0') {
                return None;
            }
            self.0 = rest;
        }
        // PostgreSQL's 24:00:00 is no time of day to Arrow, nor to the engine where it reads text.
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Some(((hour * 60 + minute) * 60 + second) * MICROS + micros)
    }

    /// The offset from UTC in seconds, if one is written.
    fn zone(&mut self) -> Option<Option<i64>> {
        if self.0.is_empty() {
            return Some(None);
        }
        self.take(b' ');
        if self.take(b'Z') || self.take(b'z') {
            return Some(Some(0));
        }
        let sign = match self.0.first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.0 = &self.0[1..];
        let hours = self.digits(2)?;
        let colon = self.take(b':');
        let minutes = if colon || !self.0.is_empty() {
            self.digits(2)?
        } else {
            0
        };
        (hours <= 15 && minutes <= 59).then_some(Some(sign * (hours * 60 + minutes) * 60))
    }
}

/// A moment read from text: microseconds since 1970 and whether the text named a zone.
pub(crate) struct Moment {
    pub(crate) micros: i64,
    pub(crate) zoned: bool,
}

/// Reads `2024-01-31`, `2024-01-31 23:59:59.123456`, with `T` or blank between and an optional zone.
pub(crate) fn read_timestamp(text: &str) -> Option<Moment> {
    let mut cursor = Cursor(text.as_bytes());
    let days = cursor.date()?;
    let micros = cursor.time_behind_date()?;
    let zone = cursor.zone()?;
    if !cursor.0.is_empty() {
        return None;
    }
    // The first second of the range does not fit 64 bits, only its later part does.
    let seconds = i128::from(days * SECONDS_PER_DAY - zone.unwrap_or(0));
    let micros = i64::try_from(seconds * i128::from(MICROS) + i128::from(micros)).ok()?;
    Some(Moment {
        micros,
        zoned: zone.is_some(),
    })
}

/// Reads `2024-01-31` as days since 1970, and microseconds of the day if a time follows. Dates reach
/// further than timestamps do.
pub(crate) fn read_date(text: &str) -> Option<(i64, i64)> {
    let mut cursor = Cursor(text.as_bytes());
    let days = cursor.date()?;
    let micros = cursor.time_behind_date()?;
    cursor.0.is_empty().then_some((days, micros))
}

/// Reads `23:59:59.123456` as microseconds of the day.
pub(crate) fn read_time(text: &str) -> Option<i64> {
    let mut cursor = Cursor(text.as_bytes());
    let micros = cursor.time()?;
    cursor.0.is_empty().then_some(micros)
}

fn two_digits(value: u32, out: &mut Vec<u8>) {
    out.push(b'0' + (value / 10 % 10) as u8);
    out.push(b'0' + (value % 10) as u8);
}

/// Writes `2024-01-31`; years beyond four digits keep all of theirs, years before 1 have a sign: `+0000`
/// is 1 BC.
pub(crate) fn write_date(days: i64, out: &mut Vec<u8>) {
    let Day { year, month, day } = Day::of(days);
    if year == 0 {
        out.push(b'+');
    }
    if (0..=9999).contains(&year) {
        two_digits(year as u32 / 100, out);
        two_digits(year as u32 % 100, out);
    } else {
        out.extend_from_slice(format!("{year:05}").as_bytes());
    }
    out.push(b'-');
    two_digits(month, out);
    out.push(b'-');
    two_digits(day, out);
}

/// Writes `23:59:59` and as many digits of the fraction as are not zeros at the end.
pub(crate) fn write_time(seconds: u32, nanos: u32, out: &mut Vec<u8>) {
    two_digits(seconds / 3600, out);
    out.push(b':');
    two_digits(seconds / 60 % 60, out);
    out.push(b':');
    two_digits(seconds % 60, out);
    if nanos > 0 {
        let mut digits = [b'.'; 10];
        let mut rest = nanos;
        for place in digits[1..].iter_mut().rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        let end = digits
            .iter()
            .rposition(|digit| *digit != b'0')
            .map_or(0, |last| last + 1);
        out.extend_from_slice(&digits[..end]);
    }
}

/// Writes `2024-01-31 23:59:59.5`.
pub(crate) fn write_timestamp(seconds: i64, nanos: u32, out: &mut Vec<u8>) {
    write_date(seconds.div_euclid(SECONDS_PER_DAY), out);
    out.push(b' ');
    write_time(seconds.rem_euclid(SECONDS_PER_DAY) as u32, nanos, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(micros: i64) -> String {
        let mut out = Vec::new();
        let nanos = micros.rem_euclid(MICROS) as u32 * 1000;
        write_timestamp(micros.div_euclid(MICROS), nanos, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn timestamps_survive_text() {
        for micros in [
            0,
            1,
            -1,
            951_782_399_999_999,
            253_402_300_799_999_999,
            -62_135_596_800_000_000,
            -62_135_596_800_000_001,
            -210_866_803_200_000_000,
            i64::MAX,
            i64::MIN,
        ] {
            let text = printed(micros);
            let moment = read_timestamp(&text).unwrap_or_else(|| panic!("{text} is not read"));
            assert_eq!((moment.micros, moment.zoned), (micros, false), "{text}");
        }
        assert_eq!(printed(951_782_399_500_000), "2000-02-28 23:59:59.5");
    }

    #[test]
    fn zones_and_impossible_dates() {
        let moment = read_timestamp("2024-02-29T08:00:00+08:00").unwrap();
        assert_eq!((moment.micros, moment.zoned), (1_709_164_800_000_000, true));
        assert!(read_timestamp("2024-02-29 00:00:00Z").unwrap().zoned);
        for wrong in [
            "2023-02-29",
            "2024-13-01",
            "2024-01-01 24:00:00",
            "2024-01-01 25:00:00",
            "2024-01-01 00:00:00.1234567",
            "2024-01-01x",
            "",
            "24-01-01",
            "0000-01-01",
            "-0000-12-31",
        ] {
            assert!(read_timestamp(wrong).is_none(), "{wrong}");
        }
        assert!(read_timestamp("2024-01-01 00:00:00.123456000").is_some());
        assert_eq!(read_time("23:59:59.999999"), Some(86_399_999_999));
        assert_eq!(read_time("24:00:00"), None);
    }

    #[test]
    fn java_patterns_read_and_write() {
        let pattern = Pattern::parse("dd/MM/yyyy'T'HH:mm:ss.SSS").unwrap();
        let micros = pattern.read("29/02/2024T01:02:03.004").unwrap();
        assert_eq!(printed(micros), "2024-02-29 01:02:03.004");
        let mut out = Vec::new();
        assert!(pattern.write(micros.div_euclid(MICROS), 4_000_000, &mut out));
        assert_eq!(out, b"29/02/2024T01:02:03.004");
        let compact = Pattern::parse("yyyyMMdd").unwrap();
        assert!(!compact.has_time());
        assert_eq!(
            compact.read("20240229").map(printed),
            Some("2024-02-29 00:00:00".to_string())
        );
        let fine = Pattern::parse("yyyy-MM-dd HH:mm:ss.SSSSSSSSS").unwrap();
        assert!(fine.read("2024-02-29 01:02:03.004005000").is_some());
        assert_eq!(fine.read("2024-02-29 01:02:03.004005006"), None);
        assert_eq!(compact.read("00000101"), None);
        assert!(Pattern::parse("QQQ").is_err());
    }
}
