//! Time expressions of scheduling parameters: `yyyymmdd-1`, `add_months(yyyymmdd,-1)`, `hh24miss-1/24`.
//!
//! Owns the text between the braces of `${…}` and the brackets of `$[…]`, as `docs/guide/parameters.md` describes it.
//! Finding the expressions in a text, and everything that is not a time, is left to the parent module.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, Timelike};

/// Which baseline an expression starts from, which also decides what it may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Baseline {
    /// `${…}`: the business date; offsets count in the smallest part printed.
    BizDate,
    /// `$[…]`: the scheduled time; offsets count in days, fractions allowed.
    CycTime,
}

/// A parsed expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expression {
    format: Vec<Piece>,
    months: i64,
    /// In days for [`Baseline::CycTime`], in the smallest part printed for [`Baseline::BizDate`].
    offset: Ratio,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Year4,
    Year2,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Separator(char),
}

/// An exact fraction; `1/24/60` of a day has no exact decimal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ratio {
    over: i128,
    under: i128,
}

/// Longer numbers are no sensible offset, and with them the arithmetic below cannot overflow.
const DIGITS: usize = 7;
/// As many numbers may be joined by `*`, `/`, `+` and `-`.
const FACTORS: usize = 4;

impl Expression {
    /// Parses the text inside the braces or brackets.
    pub(super) fn parse(text: &str, baseline: Baseline) -> Result<Self, String> {
        let mut rest = text;
        let mut months = 0;
        let format = match rest.strip_prefix("add_months(") {
            Some(inside) if baseline == Baseline::CycTime => {
                let (format, after) = pieces(inside, baseline)?;
                let after = after.trim_start().strip_prefix(',');
                let after = after.ok_or("`add_months` needs a format, a comma and a number")?;
                let (inside, after) = after
                    .split_once(')')
                    .ok_or("`add_months(` has no closing `)`")?;
                months = whole_months(inside.trim())?;
                rest = after;
                format
            }
            Some(_) => return Err("`add_months` works in `$[…]` only".into()),
            None => {
                let (format, after) = pieces(rest, baseline)?;
                rest = after;
                format
            }
        };
        if !format
            .iter()
            .any(|piece| !matches!(piece, Piece::Separator(_)))
        {
            return Err("there is no part such as `yyyymmdd` in it".into());
        }
        let offset = terms(rest)?;
        if baseline == Baseline::BizDate && offset.over % offset.under != 0 {
            return Err("an offset in `${…}` must be a whole number".into());
        }
        Ok(Self {
            format,
            months,
            offset,
        })
    }

    /// The text for a business date.
    pub(super) fn on_bizdate(&self, bizdate: NaiveDate) -> Result<String, String> {
        let offset = self.offset.over / self.offset.under;
        let months_per_unit = if self.format.contains(&Piece::Day) {
            0
        } else if self.format.contains(&Piece::Month) {
            1
        } else {
            12
        };
        let date = match months_per_unit {
            0 => shift_days(bizdate, offset),
            unit => shift_months(bizdate, offset * unit),
        };
        self.print(date.ok_or_else(out_of_range)?.into())
    }

    /// The text for a scheduled time.
    pub(super) fn on_cyctime(&self, cyctime: NaiveDateTime) -> Result<String, String> {
        let date = shift_months(cyctime.date(), self.months.into()).ok_or_else(out_of_range)?;
        let scaled = self.offset.over * 86_400;
        // Rounded to the nearest second, halves away from zero.
        let half = self.offset.under / 2 * scaled.signum();
        let seconds = i64::try_from((scaled + half) / self.offset.under).ok();
        let time = seconds
            .and_then(TimeDelta::try_seconds)
            .and_then(|delta| date.and_time(cyctime.time()).checked_add_signed(delta));
        self.print(time.ok_or_else(out_of_range)?)
    }

    fn print(&self, time: NaiveDateTime) -> Result<String, String> {
        // Four digits hold no other years.
        let year = u32::try_from(time.year())
            .ok()
            .filter(|year| *year <= 9999)
            .ok_or_else(out_of_range)?;
        let mut text = String::new();
        for piece in &self.format {
            match piece {
                Piece::Year4 => text.push_str(&format!("{year:04}")),
                Piece::Year2 => text.push_str(&format!("{:02}", year % 100)),
                Piece::Month => text.push_str(&format!("{:02}", time.month())),
                Piece::Day => text.push_str(&format!("{:02}", time.day())),
                Piece::Hour => text.push_str(&format!("{:02}", time.hour())),
                Piece::Minute => text.push_str(&format!("{:02}", time.minute())),
                Piece::Second => text.push_str(&format!("{:02}", time.second())),
                Piece::Separator(c) => text.push(*c),
            }
        }
        Ok(text)
    }
}

fn out_of_range() -> String {
    "the result is not between the years 0000 and 9999".into()
}

fn shift_days(date: NaiveDate, days: i128) -> Option<NaiveDate> {
    let count = Days::new(u64::try_from(days.unsigned_abs()).ok()?);
    match days < 0 {
        true => date.checked_sub_days(count),
        false => date.checked_add_days(count),
    }
}

/// Moves by months; a day that the month has not got becomes its last day.
fn shift_months(date: NaiveDate, months: i128) -> Option<NaiveDate> {
    let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    match months < 0 {
        true => date.checked_sub_months(count),
        false => date.checked_add_months(count),
    }
}

/// The format at the beginning of a text, and what follows it: an offset, a comma or nothing.
fn pieces(text: &str, baseline: Baseline) -> Result<(Vec<Piece>, &str), String> {
    const PARTS: [(&str, Piece, Baseline); 7] = [
        ("yyyy", Piece::Year4, Baseline::BizDate),
        ("yy", Piece::Year2, Baseline::BizDate),
        ("mm", Piece::Month, Baseline::BizDate),
        ("dd", Piece::Day, Baseline::BizDate),
        ("hh24", Piece::Hour, Baseline::CycTime),
        ("mi", Piece::Minute, Baseline::CycTime),
        ("ss", Piece::Second, Baseline::CycTime),
    ];
    let mut format = Vec::new();
    let mut rest = text;
    'piece: while let Some(first) = rest.chars().next() {
        for (word, piece, wants) in PARTS {
            let Some(after) = rest.strip_prefix(word) else {
                continue;
            };
            if wants == Baseline::CycTime && baseline == Baseline::BizDate {
                return Err(format!("`{word}` works in `$[…]` only; `${{…}}` is a date"));
            }
            format.push(piece);
            rest = after;
            continue 'piece;
        }
        let is_offset =
            matches!(first, '+' | '-') && rest[1..].starts_with(|c: char| c.is_ascii_digit());
        if is_offset || matches!(first, ',' | ')') {
            // A blank in front of an offset is not meant to be printed.
            while let Some(Piece::Separator(' ')) = format.last() {
                format.pop();
            }
            break;
        }
        if first.is_ascii_alphanumeric() {
            let parts = match baseline {
                Baseline::BizDate => "yyyy, yy, mm, dd",
                Baseline::CycTime => "yyyy, yy, mm, dd, hh24, mi, ss",
            };
            return Err(format!(
                "`{rest}` does not begin with one of the parts {parts}"
            ));
        }
        format.push(Piece::Separator(first));
        rest = &rest[first.len_utf8()..];
    }
    if let Some(Piece::Separator(sign @ ('+' | '-'))) = format.last() {
        return Err(format!("a number is missing after `{sign}`"));
    }
    Ok((format, rest))
}

/// The sum of `±N`, `±N*M`, `±N/D/D` up to the end of the text.
fn terms(text: &str) -> Result<Ratio, String> {
    let mut sum = Ratio { over: 0, under: 1 };
    let mut rest = text.trim();
    let mut factors = 0;
    while let Some(first) = rest.chars().next() {
        let sign = match first {
            '+' => 1,
            '-' => -1,
            _ => return Err(format!("`{rest}` is not an offset such as `-1` or `-1/24`")),
        };
        let (number, mut after) = digits(&rest[1..])?;
        let mut term = Ratio {
            over: sign * number,
            under: 1,
        };
        factors += 1;
        while let Some(operator) = after.chars().next().filter(|c| matches!(c, '*' | '/')) {
            let (number, next) = digits(&after[1..])?;
            match operator {
                '*' => term.over *= number,
                _ if number == 0 => return Err("it divides by zero".into()),
                _ => term.under *= number,
            }
            after = next;
            factors += 1;
            if factors > FACTORS {
                return Err("the offset is too long".into());
            }
        }
        // Five factors below 2^24 make less than 2^120, so neither these products nor those with the
        // seconds of a day overflow 128 bits.
        sum = Ratio {
            over: sum.over * term.under + term.over * sum.under,
            under: sum.under * term.under,
        };
        if factors > FACTORS {
            return Err("the offset is too long".into());
        }
        rest = after;
    }
    Ok(sum)
}

fn digits(text: &str) -> Result<(i128, &str), String> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(length);
    match number.parse() {
        Ok(value) if length <= DIGITS => Ok((value, rest)),
        _ => Err(format!(
            "a number of 1 to {DIGITS} digits is expected before `{rest}`"
        )),
    }
}

/// `N`, `-N` or `12*N`.
fn whole_months(text: &str) -> Result<i64, String> {
    let signed = match text.starts_with(['+', '-']) {
        true => text.to_owned(),
        false => format!("+{text}"),
    };
    // `12*-1` is written now and then; the sign may stand before either factor.
    let signed = match signed.split_once("*-") {
        Some((first, second)) if first.starts_with('+') => format!("-{}*{second}", &first[1..]),
        _ => signed,
    };
    let Ratio { over, under } = terms(&signed)?;
    match i64::try_from(over) {
        Ok(months) if under == 1 => Ok(months),
        _ => Err("`add_months` needs a whole number of months".into()),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, NaiveDateTime};

    use super::{Baseline, Expression};

    fn bizdate(text: &str) -> Result<String, String> {
        let date = NaiveDate::from_ymd_opt(2024, 3, 31).expect("a date");
        Expression::parse(text, Baseline::BizDate)?.on_bizdate(date)
    }

    fn cyctime(text: &str) -> Result<String, String> {
        let time = NaiveDateTime::parse_from_str("20240401003005", "%Y%m%d%H%M%S").expect("a time");
        Expression::parse(text, Baseline::CycTime)?.on_cyctime(time)
    }

    #[test]
    fn braces_count_in_the_smallest_part() {
        for (text, value) in [
            ("yyyymmdd", "20240331"),
            ("yyyymmdd-1", "20240330"),
            ("yyyymmdd+7*2", "20240414"),
            ("yyyymmdd -1", "20240330"),
            ("yyyy-mm-dd", "2024-03-31"),
            ("yyyy-mm-dd-31", "2024-02-29"),
            ("yyyymm-1", "202402"),
            ("yyyy/mm+10", "2025/01"),
            ("yyyy-1", "2023"),
            ("yy", "24"),
            ("dd.mm.yy", "31.03.24"),
            ("yyyy年mm月", "2024年03月"),
        ] {
            assert_eq!(bizdate(text).as_deref(), Ok(value), "{text}");
        }
    }

    #[test]
    fn brackets_count_in_days() {
        for (text, value) in [
            ("yyyymmddhh24miss", "20240401003005"),
            ("yyyymmdd-1", "20240331"),
            ("yyyymmdd+7*1", "20240408"),
            ("yyyymm-1", "202403"),
            ("hh24miss-1/24", "233005"),
            ("yyyymmddhh24miss-10/24/60", "20240401002005"),
            ("hh24miss-31/24/60", "235905"),
            ("yyyymmdd-31/24/60", "20240331"),
            ("yyyy-mm-dd hh24:mi:ss", "2024-04-01 00:30:05"),
            ("add_months(yyyymmdd,-1)", "20240301"),
            ("add_months(yyyymmdd,12*-1)", "20230401"),
            ("add_months(yyyymmdd,12*1)", "20250401"),
            (
                "add_months(yyyymmddhh24miss,-12*1)-30/24/60",
                "20230401000005",
            ),
            ("add_months(yyyymmdd, -1)-1-1/24", "20240228"),
            ("add_months(yyyymmdd , -1) -1", "20240229"),
            ("ss+1/86400/2", "06"),
        ] {
            assert_eq!(cyctime(text).as_deref(), Ok(value), "{text}");
        }
    }

    #[test]
    fn a_missing_day_becomes_the_last_of_the_month() {
        let time = NaiveDate::from_ymd_opt(2024, 3, 31).expect("a date").into();
        let parsed =
            Expression::parse("add_months(yyyymmdd,-1)", Baseline::CycTime).expect("an expression");
        assert_eq!(parsed.on_cyctime(time).as_deref(), Ok("20240229"));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "-",
            "-1",
            "yyyymmdd-",
            "yyyymmdd-1/0",
            "yyyymmdd-1-",
            "yyyymmddhh",
            "YYYYMMDD",
            "add_months(yyyymmdd)",
            "add_months(yyyymmdd,",
            "add_months(yyyymmdd,1/2)",
            "add_months(,1)",
            "yyyymmdd-99999999",
            "yyyymmdd-9999999*9999999",
            "yyyymmdd-1*1*1*1*1",
            "yyyymmdd,",
            "yyyy)",
            "yyyymmdd-9999999",
        ] {
            assert!(cyctime(text).is_err(), "{text}");
        }
        for text in [
            "yyyymmdd-1/24",
            "hh24",
            "add_months(yyyymmdd,1)",
            "yyyy+99999",
            "yyyymm-999999",
        ] {
            assert!(bizdate(text).is_err(), "{text}");
        }
    }
}
