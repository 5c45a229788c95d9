//! A cycle as a sentence: "every Monday and Friday at 02:00".

use std::fmt::Display;

use chrono::Datelike;

use super::{Cycle, first_minute, last_minute, month_and_day};
use crate::schedule::cron;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Cycle {
    /// The cycle in English, in lower case and without a full stop.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::Minute { every, from, to } => stepping(*every, "minute", from, to),
            Self::Hour { every, from, to } => stepping(*every, "hour", from, to),
            Self::Hours { hours, minute } => {
                let mut hours = hours.clone();
                hours.sort();
                let times = hours.iter().map(|hour| format!("{hour:02}:{minute:02}"));
                format!("every day at {}", listed(times))
            }
            Self::Day { at } => format!("every day at {at}"),
            Self::Week { days, at } => format!("every {} at {at}", listed(days)),
            Self::Month { days, last_day, at } => {
                let mut parts = Vec::new();
                if !days.is_empty() {
                    let mut days = days.clone();
                    days.sort();
                    parts.push(format!("day {}", listed(days)));
                }
                if *last_day {
                    parts.push("the last day".to_owned());
                }
                format!("on {} of every month at {at}", listed(parts))
            }
            Self::Year { dates, at } => {
                let dates = dates.iter().map(|text| date_in_words(text));
                format!("every year on {} at {at}", listed(dates))
            }
            Self::Cron { text } => match cron::in_words(text) {
                Some(words) => words,
                None => format!("cron `{text}`"),
            },
        }
    }
}

fn stepping(every: u32, unit: &str, from: &str, to: &str) -> String {
    let step = match every {
        1 => format!("every {unit}"),
        _ => format!("every {every} {unit}s"),
    };
    match from == first_minute() && to == last_minute() {
        true => step,
        false => format!("{step} from {from} to {to}"),
    }
}

fn date_in_words(text: &str) -> String {
    let named = month_and_day(text).and_then(|date| {
        let month = MONTHS.get(usize::try_from(date.month0()).ok()?)?;
        Some(format!("{} {month}", date.day()))
    });
    named.unwrap_or_else(|| text.to_owned())
}

/// "a", "a and b", "a, b and c".
fn listed(items: impl IntoIterator<Item = impl Display>) -> String {
    let mut items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match items.pop() {
        Some(last) if !items.is_empty() => format!("{} and {last}", items.join(", ")),
        Some(only) => only,
        None => String::new(),
    }
}
