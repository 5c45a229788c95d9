//! Names and types of the columns of JSON lines, from the first rows.

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

/// The union of the keys of the first rows in order of appearance, each with the narrowest type that
/// holds all its values. Lines that are no JSON objects are passed over; reading finds them.
pub(crate) fn sample(rows: &mut JsonRows) -> Result<Vec<TextColumnPlan>> {
    let mut keys: Vec<(String, Seen)> = Vec::new();
    let mut bytes = 0;
    for _ in 0..SAMPLE_ROWS {
        let Some((line, _)) = rows.advance()? else {
            break;
        };
        bytes += line.len();
        if let Ok(text) = std::str::from_utf8(line) {
            let mut entries = Vec::new();
            let valid = each_entry(text, |key, value| {
                entries.push((key.to_string(), Seen::of(value.get())));
            });
            for (place, (key, seen)) in entries.into_iter().enumerate() {
                if valid.is_err() {
                    break;
                }
                // Rows mostly have their keys in the same order.
                let known = match keys.get(place) {
                    Some((known, _)) if *known == key => Some(place),
                    _ => keys.iter().position(|(known, _)| *known == key),
                };
                match known {
                    Some(known) => keys[known].1 = keys[known].1.with(seen),
                    None => keys.push((key, seen)),
                }
            }
        }
        if bytes > SAMPLE_BYTES {
            break;
        }
    }
    Ok(keys
        .iter()
        .map(|(key, seen)| TextColumnPlan::named(key, seen.kind()))
        .collect())
}
