//! Names and types of the columns of JSON lines, from the first rows.

use std::collections::HashMap;

use sdk::Result;

use super::decode::{JsonRows, each_entry};
use crate::format::kind::TextKind;
use crate::format::layout::TextColumnPlan;

/// Rows and bytes that are looked at.
const SAMPLE_ROWS: usize = 10_000;
const SAMPLE_BYTES: usize = 4 << 20;

/// What the values of a key have been so far.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Nothing,
    Boolean,
    Long,
    Number,
    Text,
    Nested,
    Mixed,
}

impl Seen {
    fn of(raw: &str) -> Seen {
        match raw.as_bytes().first() {
            Some(b'n') => Seen::Nothing,
            Some(b't' | b'f') => Seen::Boolean,
            Some(b'"') => Seen::Text,
            Some(b'{' | b'[') => Seen::Nested,
            _ if raw.parse::<i64>().is_ok() => Seen::Long,
            _ => Seen::Number,
        }
    }

    fn with(self, other: Seen) -> Seen {
        match (self, other) {
            (Seen::Nothing, seen) | (seen, Seen::Nothing) => seen,
            (Seen::Long | Seen::Number, Seen::Long | Seen::Number) if self != other => Seen::Number,
            _ if self == other => self,
            _ => Seen::Mixed,
        }
    }

    /// Mixed values have only their text in common. Integers beyond 64 bits and numbers that a double
    /// would round are found when they are read.
    fn kind(self) -> TextKind {
        match self {
            Seen::Boolean => TextKind::Boolean,
            Seen::Long => TextKind::Long,
            Seen::Number => TextKind::ExactDouble,
            Seen::Nested => TextKind::Json,
            Seen::Nothing | Seen::Text | Seen::Mixed => TextKind::Text,
        }
    }
}

/// What the first rows have in common.
pub(crate) struct Sample {
    /// The union of their keys in order of appearance, each with the narrowest type that holds all its
    /// values.
    pub(crate) columns: Vec<TextColumnPlan>,
    /// Lines that are JSON objects, and lines that are not; reading tells what is wrong with those.
    pub(crate) good_lines: usize,
    pub(crate) broken_lines: usize,
}

/// Looks at the first rows.
pub(crate) fn sample(rows: &mut JsonRows) -> Result<Sample> {
    let mut keys: Vec<(String, Seen)> = Vec::new();
    let (mut lines, mut good_lines) = (0, 0);
    let mut bytes = 0;
    let mut place_of: HashMap<String, usize> = HashMap::new();
    while lines < SAMPLE_ROWS && bytes <= SAMPLE_BYTES {
        let Some((line, _)) = rows.advance()? else {
            break;
        };
        bytes += line.len();
        lines += 1;
        if let Ok(text) = std::str::from_utf8(line) {
            let mut entries = Vec::new();
            let valid = each_entry(text, |key, value| {
                entries.push((key.to_string(), Seen::of(value.get())));
            });
            if valid.is_err() {
                continue;
            }
            good_lines += 1;
            for (place, (key, seen)) in entries.into_iter().enumerate() {
                // Rows mostly have their keys in the same order.
                let known = match keys.get(place) {
                    Some((known, _)) if *known == key => Some(place),
                    _ => place_of.get(&key).copied(),
                };
                match known {
                    Some(known) => keys[known].1 = keys[known].1.with(seen),
                    None => {
                        place_of.insert(key.clone(), keys.len());
                        keys.push((key, seen));
                    }
                }
            }
        }
    }
    Ok(Sample {
        columns: keys
            .iter()
            .map(|(key, seen)| TextColumnPlan::named(key, seen.kind()))
            .collect(),
        good_lines,
        broken_lines: lines - good_lines,
    })
}
