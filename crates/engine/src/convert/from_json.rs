//! JSON text taken apart into columns of text, without touching the digits of its numbers.
//!
//! What the pieces become is decided by the conversions of the children (`nested`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, StringArray};
use arrow_buffer::OffsetBuffer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::kernel::{Flaws, Why};

fn parse<'a, T: serde::Deserialize<'a>>(text: &'a StringArray, row: usize) -> Option<T> {
    serde_json::from_str(text.value(row)).ok()
}

/// The elements of one JSON array per row, as text.
pub(super) fn read_arrays(text: &StringArray, flaws: &mut Flaws) -> (OffsetBuffer<i32>, ArrayRef) {
    let mut items: Vec<Option<Cow<'_, str>>> = Vec::new();
    let mut lengths = Vec::with_capacity(text.len());
    for row in 0..text.len() {
        let before = items.len();
        if text.is_valid(row) {
            match parse::<Vec<&RawValue>>(text, row) {
                Some(values) => items.extend(values.into_iter().map(text_of)),
                None => flaws.push((row, Why::Rule("it is not a JSON array"))),
            }
        }
        lengths.push(items.len() - before);
    }
    (
        OffsetBuffer::from_lengths(lengths),
        Arc::new(StringArray::from_iter(items)),
    )
}

/// The members of one JSON object per row, a column for each name.
pub(super) fn read_objects(text: &StringArray, names: &[&str], flaws: &mut Flaws) -> Vec<ArrayRef> {
    let mut columns: Vec<Vec<Option<Cow<'_, str>>>> = vec![vec![None; text.len()]; names.len()];
    let places: HashMap<&str, usize> = names.iter().copied().zip(0..).collect();
    for row in (0..text.len()).filter(|row| text.is_valid(*row)) {
        let Some(Members(members)) = parse(text, row) else {
            flaws.push((row, Why::Rule("it is not a JSON object")));
            continue;
        };
        for (name, value) in members {
            match places.get(name.as_ref()) {
                Some(place) => columns[*place][row] = text_of(value),
                None => {
                    flaws.push((row, Why::Rule("it has a field that the target lacks")));
                    break;
                }
            }
        }
    }
    columns
        .into_iter()
        .map(|column| Arc::new(StringArray::from_iter(column)) as ArrayRef)
        .collect()
}

/// The keys and values of one JSON object per row, as text.
pub(super) fn read_maps(
    text: &StringArray,
    flaws: &mut Flaws,
) -> (OffsetBuffer<i32>, [ArrayRef; 2]) {
    let mut keys = Vec::new();
    let mut values = Vec::new();
    let mut lengths = Vec::with_capacity(text.len());
    for row in 0..text.len() {
        let before = keys.len();
        if text.is_valid(row) {
            match parse(text, row) {
                Some(Members(members)) => {
                    for (key, value) in members {
                        keys.push(Some(key));
                        values.push(text_of(value));
                    }
                }
                None => flaws.push((row, Why::Rule("it is not a JSON object"))),
            }
        }
        lengths.push(keys.len() - before);
    }
    (
        OffsetBuffer::from_lengths(lengths),
        [
            Arc::new(StringArray::from_iter(keys)),
            Arc::new(StringArray::from_iter(values)),
        ],
    )
}

/// The text that a JSON value stands for: a string's characters, NULL for `null`, and every other
/// value as it is written, so that numbers keep their digits.
pub(super) fn text_of(value: &RawValue) -> Option<Cow<'_, str>> {
    let raw = value.get();
    if raw == "null" {
        return None;
    }
    if raw.starts_with('"') {
        // A raw value is valid JSON, and its borrowed form fails only for escapes.
        return match serde_json::from_str::<&str>(raw) {
            Ok(text) => Some(Cow::Borrowed(text)),
            Err(_) => serde_json::from_str::<String>(raw).ok().map(Cow::Owned),
        };
    }
    Some(Cow::Borrowed(raw))
}

/// The members of a JSON object in their order.
pub(super) struct Members<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((Cow::Owned(key), value));
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(InOrder).map(Members)
    }
}
