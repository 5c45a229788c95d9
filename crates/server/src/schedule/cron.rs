//! Cron text to a timetable and back.
//!
//! The `croner` crate knows the fields; which days and times come is worked out like that of every other cycle,
//! so that change days are treated alike.

use chrono::{NaiveDate, NaiveTime, Timelike, Weekday};
use croner::CronPattern;
use croner::parser::{CronParser, Seconds, Year};

use super::problem::RuleProblem;
use super::timetable::{Days, LastDay, Timetable};

/// The fields in order, each with what it may hold; the first may be left out.
const FIELDS: [(&str, &str); 6] = [
    ("second", "0 to 59"),
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    (
        "day of month",
        "1 to 31, `L` for the last day, `15W` for the working day nearest to the 15th",
    ),
    ("month", "1 to 12 or JAN to DEC"),
    (
        "day of week",
        "0 to 7 or SUN to SAT, `5L` for the last Friday, `5#2` for the second one",
    ),
];

/// Reads cron text; a second may come first, and then is a single number.
pub(crate) fn parse(text: &str) -> Result<Timetable, Vec<RuleProblem>> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let known = match fields.len() {
        5 => &FIELDS[1..],
        6 => &FIELDS[..],
        count => {
            return Err(vec![RuleProblem::new(
                "",
                format!("cron text has 5 or 6 fields, not {count}"),
                "write minute, hour, day of month, month and day of week: `15 0 * * *` is every day at 00:15",
            )]);
        }
    };
    let mut problems = Vec::new();
    for (place, (name, holds)) in known.iter().enumerate() {
        // Alone among stars, a field that fails is known by its place.
        let mut alone = vec!["*"; fields.len()];
        alone[place] = fields[place];
        if has_empty_item(fields[place]) || pattern(&alone.join(" ")).is_none() {
            problems.push(RuleProblem::new(
                "",
                format!("the {name} field `{}` cannot be read", fields[place]),
                format!(
                    "it holds {holds}; lists `1,15`, ranges `1-5` and steps `*/10` or `0-30/10`"
                ),
            ));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    pattern(text)
        .ok_or_else(|| {
            RuleProblem::new(
                "",
                format!("cron text `{text}` cannot be read"),
                "write five fields, such as `15 0 * * *`",
            )
        })
        .and_then(timetable)
        .map_err(|problem| vec![problem])
}

/// What the text means, in English.
pub(crate) fn in_words(text: &str) -> Option<String> {
    parse(text).ok()?;
    let sentence = pattern(text)?.describe();
    let mut rest = sentence.trim_end_matches('.').chars();
    let first = rest.next()?;
    Some(format!("{}{}", first.to_lowercase(), rest.as_str()))
}

fn pattern(text: &str) -> Option<CronPattern> {
    let parser = CronParser::builder()
        .seconds(Seconds::Optional)
        .year(Year::Disallowed)
        .build();
    Some(parser.parse(text).ok()?.pattern)
}

/// The crate reads `1,,2` and a lone `+` without complaint.
fn has_empty_item(field: &str) -> bool {
    let items = field.strip_prefix('+').unwrap_or(field);
    items.split(',').any(str::is_empty)
}

fn timetable(pattern: CronPattern) -> Result<Timetable, RuleProblem> {
    let seconds = pattern.seconds.values();
    let [second] = seconds[..] else {
        return Err(RuleProblem::new(
            "",
            "the second field names more than one second",
            "write a single number, such as 0: a schedule is due once a minute at most",
        ));
    };
    let mut times = Vec::new();
    for hour in pattern.hours.values() {
        for minute in pattern.minutes.values() {
            let (hour, minute, second) = (hour.into(), minute.into(), second.into());
            times.extend(NaiveTime::from_hms_opt(hour, minute, second));
        }
    }
    let days = Days::Cron(Box::new(pattern));
    if !comes_ever(&days) {
        return Err(RuleProblem::new(
            "",
            "no year has such a day",
            "check the day of month against the month",
        ));
    }
    Ok(Timetable { days, times })
}

/// Twenty-eight years hold a year of each kind: every weekday as its first, leap or not.
fn comes_ever(days: &Days) -> bool {
    let first = NaiveDate::from_ymd_opt(2000, 1, 1);
    let last = NaiveDate::from_ymd_opt(2027, 12, 31);
    matches!((first, last), (Some(first), Some(last)) if days.next(first, last).is_some())
}

/// The timetable as cron text, unless cron has no way to say it.
pub(crate) fn print(timetable: &Timetable) -> Option<String> {
    let times = || timetable.times.iter();
    let minutes = distinct(times().map(NaiveTime::minute));
    let hours = distinct(times().map(NaiveTime::hour));
    // Cron runs at each of the minutes in each of the hours.
    if minutes.len() * hours.len() != timetable.times.len() {
        return None;
    }
    let days = match &timetable.days {
        Days::Every => "* * *".to_owned(),
        Days::Weekly(days) => {
            let days = days.iter(Weekday::Sun);
            let numbers = distinct(days.map(|day| day.num_days_from_sunday()));
            format!("* * {}", field(&numbers, 0, 6))
        }
        Days::Monthly { days, last } => {
            let mut items = Vec::new();
            if !days.is_empty() {
                items.push(field(&distinct(days.iter().copied()), 1, 31));
            }
            // A star holds the last day already and stands alone.
            if *last == LastDay::Included && items != ["*"] {
                items.push("L".to_owned());
            }
            format!("{} * *", items.join(","))
        }
        Days::Yearly(dates) => {
            let months = distinct(dates.iter().map(|date| date.0));
            let days = distinct(dates.iter().map(|date| date.1));
            if months.len() * days.len() != dates.len() {
                return None;
            }
            format!("{} {} *", field(&days, 1, 31), field(&months, 1, 12))
        }
        Days::Cron(pattern) => return Some(pattern.as_str().to_owned()),
    };
    let minutes = field(&minutes, 0, 59);
    let hours = field(&hours, 0, 23);
    Some(format!("{minutes} {hours} {days}"))
}

fn distinct(values: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut values: Vec<u32> = values.collect();
    values.sort();
    values.dedup();
    values
}

/// Ascending values as one field: a star, a step, a range or a list.
fn field(values: &[u32], min: u32, max: u32) -> String {
    let whole = |step: u32| (min..=max).step_by(step.try_into().unwrap_or(1));
    let [first, second, .., last] = values else {
        let values: Vec<String> = values.iter().map(u32::to_string).collect();
        return values.join(",");
    };
    let step = second - first;
    if whole(1).eq(values.iter().copied()) {
        return "*".to_owned();
    }
    if whole(step).eq(values.iter().copied()) {
        return format!("*/{step}");
    }
    if (*first..=*last).eq(values.iter().copied()) {
        return format!("{first}-{last}");
    }
    let values: Vec<String> = values.iter().map(u32::to_string).collect();
    values.join(",")
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;
    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

    use super::*;
    use crate::schedule::samples::cycle;

    #[test]
    fn wrong_fields_are_named() {
        for (text, expected) in [
            ("", "cron text has 5 or 6 fields, not 0"),
            ("@daily", "cron text has 5 or 6 fields, not 1"),
            ("0 0 0 * * * 2024", "cron text has 5 or 6 fields, not 7"),
            ("60 0 * * *", "the minute field `60` cannot be read"),
            ("0 24 * * *", "the hour field `24` cannot be read"),
            ("0 0 0 * *", "the day of month field `0` cannot be read"),
            (
                "0 0 * JANUARY *",
                "the month field `JANUARY` cannot be read",
            ),
            ("0 0 * * 8", "the day of week field `8` cannot be read"),
            (
                "0 0 * * MON,",
                "the day of week field `MON,` cannot be read",
            ),
            ("0 0 * * +", "the day of week field `+` cannot be read"),
            ("0 0,,1 * * *", "the hour field `0,,1` cannot be read"),
            ("5/10 0 * * *", "the minute field `5/10` cannot be read"),
            ("0 20-4 * * *", "the hour field `20-4` cannot be read"),
            ("x 0 0 * * *", "the second field `x` cannot be read"),
            ("* 0 0 * * *", "the second field names more than one second"),
            ("0 0 30 2 *", "no year has such a day"),
        ] {
            let problems = parse(text).expect_err(text);
            assert_eq!(problems.len(), 1, "{text}: {problems:?}");
            assert_eq!(problems[0].message, expected);
        }
        assert_eq!(parse("a b c d e").expect_err("five problems").len(), 5);
    }

    #[test]
    fn rare_days_are_found() {
        for (text, expected) in [
            ("0 0 29 2 *", "2028-02-29"),
            // Both the day and the weekday.
            ("0 0 29 2 +MON", "2044-02-29"),
            ("0 0 L 2 *", "2025-02-28"),
            ("0 0 1W 6 *", "2024-06-03"),
            ("0 0 * 8 FRI#2", "2024-08-09"),
            ("0 0 * 8 5L", "2024-08-30"),
            // Either the day or the weekday.
            ("0 0 13 * FRI", "2024-03-08"),
        ] {
            let timetable = parse(text).expect(text);
            let from = NaiveDate::from_ymd_opt(2024, 3, 2).expect("a date");
            let found = timetable.days.next(from, NaiveDate::MAX);
            assert_eq!(
                found.map(|date| date.to_string()).as_deref(),
                Some(expected),
                "{text}"
            );
            let found = found.expect("a date");
            assert_eq!(timetable.days.previous(found, NaiveDate::MIN), Some(found));
        }
    }

    #[test]
    fn timetables_as_cron_text() {
        for (text, expected) in [
            (r#"{"kind": "minute", "every": 1}"#, Some("* * * * *")),
            (r#"{"kind": "minute", "every": 15}"#, Some("*/15 * * * *")),
            (
                r#"{"kind": "minute", "every": 30, "from": "08:00", "to": "17:30"}"#,
                Some("0,30 8-17 * * *"),
            ),
            // The steps of one hour are not those of the next, or the last hour is cut off.
            (r#"{"kind": "minute", "every": 7}"#, None),
            (
                r#"{"kind": "minute", "every": 30, "from": "08:00", "to": "17:00"}"#,
                None,
            ),
            (
                r#"{"kind": "hour", "every": 6, "from": "00:20"}"#,
                Some("20 */6 * * *"),
            ),
            (r#"{"kind": "hours", "hours": [9, 3]}"#, Some("0 3,9 * * *")),
            (r#"{"kind": "day", "at": "00:15"}"#, Some("15 0 * * *")),
            (
                r#"{"kind": "week", "days": ["sunday", "monday"], "at": "02:00"}"#,
                Some("0 2 * * 0,1"),
            ),
            (
                r#"{"kind": "month", "days": [1], "lastDay": true, "at": "02:00"}"#,
                Some("0 2 1,L * *"),
            ),
            (
                r#"{"kind": "year", "dates": ["03-31", "12-31"], "at": "02:00"}"#,
                Some("0 2 31 3,12 *"),
            ),
            (
                r#"{"kind": "year", "dates": ["03-31", "12-01"], "at": "02:00"}"#,
                None,
            ),
            (
                r#"{"kind": "cron", "text": "0 2 * * mon"}"#,
                Some("0 2 * * 1"),
            ),
        ] {
            let timetable = cycle(text).timetable().expect(text);
            assert_eq!(print(&timetable).as_deref(), expected, "{text}");
        }
        let days: Vec<u32> = (1..=31).collect();
        let every =
            format!(r#"{{"kind": "month", "days": {days:?}, "lastDay": true, "at": "02:00"}}"#);
        let timetable = cycle(&every).timetable().expect("a timetable");
        assert_eq!(print(&timetable).as_deref(), Some("0 2 * * *"));
    }

    proptest! {
        #[test]
        fn no_text_panics(
            items in proptest::collection::vec(
                prop_oneof![
                    Just("*".to_owned()), Just("/".to_owned()), Just("-".to_owned()), Just(",".to_owned()),
                    Just("L".to_owned()), Just("W".to_owned()), Just("#".to_owned()), Just("?".to_owned()),
                    Just(" ".to_owned()), Just(" ".to_owned()), Just("FRI".to_owned()), Just("dec".to_owned()),
                    "[0-9]{1,6}", any::<char>().prop_map(String::from),
                ],
                0..16,
            ),
        ) {
            let text = items.concat();
            for text in [format!("* * {text} *"), format!("0 0 {text} * *"), format!("0 0 * * {text}"), text] {
                if let Ok(timetable) = parse(&text) {
                    assert!(!timetable.times.is_empty());
                    assert!(timetable.times.is_sorted());
                    let from = NaiveDate::default();
                    let found = timetable.days.next(from, NaiveDate::MAX).expect("a day");
                    assert!(found.year() < 2100);
                }
            }
        }
    }
}
