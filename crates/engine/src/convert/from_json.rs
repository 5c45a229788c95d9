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

use super::kernel::{Fits, Flaws, Why};

const NO_ARRAY: &str = "it is not a JSON array";
const NO_OBJECT: &str = "it is not a JSON object";

fn parse<'a, T: Deserialize<'a>>(text: &'a str, malformed: &'static str) -> Fits<T> {
    serde_json::from_str(text).map_err(|_| malformed)
}

/// The elements of one JSON array per row, as text.
pub(super) fn read_arrays(text: &StringArray, flaws: &mut Flaws) -> (OffsetBuffer<i32>, ArrayRef) {
    let elements = |text| -> Fits<Vec<_>> {
        let values: Vec<&RawValue> = parse(text, NO_ARRAY)?;
        values.into_iter().map(text_of).collect()
    };
    let mut items: Vec<Option<Cow<'_, str>>> = Vec::new();
    let mut lengths = Vec::with_capacity(text.len());
    for row in 0..text.len() {
        let before = items.len();
        if text.is_valid(row) {
            match elements(text.value(row)) {
                Ok(texts) => items.extend(texts),
                Err(why) => flaws.push((row, Why::Rule(why))),
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
    let places: HashMap<&str, usize> = names.iter().copied().zip(0..).collect();
    let members = |text| -> Fits<Vec<_>> {
        let Members(members) = parse(text, NO_OBJECT)?;
        let members = members.into_iter().map(|(name, value)| {
            let place = places.get(name.as_ref());
            let place = place.ok_or("it has a field that the target lacks")?;
            Ok((*place, text_of(value)?))
        });
        members.collect()
    };
    let mut columns: Vec<Vec<Option<Cow<'_, str>>>> = vec![vec![None; text.len()]; names.len()];
    for row in (0..text.len()).filter(|row| text.is_valid(*row)) {
        match members(text.value(row)) {
            Ok(members) => {
                for (place, value) in members {
                    columns[place][row] = value;
                }
            }
            Err(why) => flaws.push((row, Why::Rule(why))),
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
    let entries = |text| -> Fits<Vec<_>> {
        let Members(members) = parse(text, NO_OBJECT)?;
        let entries = members
            .into_iter()
            .map(|(key, value)| Ok((Some(key), text_of(value)?)));
        entries.collect()
    };
    let mut keys = Vec::new();
    let mut values = Vec::new();
    let mut lengths = Vec::with_capacity(text.len());
    for row in 0..text.len() {
        let before = keys.len();
        if text.is_valid(row) {
            match entries(text.value(row)) {
                Ok(entries) => {
                    for (key, value) in entries {
                        keys.push(key);
                        values.push(value);
                    }
                }
                Err(why) => flaws.push((row, Why::Rule(why))),
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
fn text_of(value: &RawValue) -> Fits<Option<Cow<'_, str>>> {
    let raw = value.get();
    if raw == "null" {
        return Ok(None);
    }
    if !raw.starts_with('"') {
        return Ok(Some(Cow::Borrowed(raw)));
    }
    // The borrowed form fails for escapes.
    if let Ok(text) = serde_json::from_str::<&str>(raw) {
        return Ok(Some(Cow::Borrowed(text)));
    }
    // A raw value is valid JSON, whose grammar lets a string escape a lone surrogate.
    let text: String = parse(raw, "it escapes half a character")?;
    Ok(Some(Cow::Owned(text)))
}

/// The members of a JSON object in their order.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

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
