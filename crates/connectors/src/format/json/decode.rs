//! Rows of a JSON lines file into a batch. Values arrive as the text they have in the file, so numbers
//! of any length keep all their digits; strings are unescaped unless the column holds documents,
//! `null` and absent keys are NULL, nested values stay JSON.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

use sdk::{Error, Kind, Result};
use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::format::kind::TextKind;
use crate::format::layout::{Pick, TextColumnPlan};
use crate::format::size;
use crate::format::text::{Locate, TextRows};

/// Reads lines of JSON.
pub(crate) struct JsonRows {
    input: BufReader<Box<dyn Read + Send>>,
    name: String,
    locate: Locate,
    row_limit: usize,
    line: Vec<u8>,
    line_number: u64,
}

impl JsonRows {
    /// Rows of at most `row_limit` bytes.
    pub(crate) fn new(
        input: Box<dyn Read + Send>,
        name: &str,
        row_limit: usize,
        locate: Locate,
    ) -> Self {
        JsonRows {
            input: BufReader::with_capacity(1 << 18, input),
            name: name.to_string(),
            locate,
            row_limit,
            line: Vec::new(),
            line_number: 0,
        }
    }

    /// Goes to the next line that is not blank and returns it with its number.
    pub(crate) fn advance(&mut self) -> Result<Option<(&[u8], u64)>> {
        loop {
            self.line.clear();
            let limit = self.row_limit as u64;
            let length = (&mut self.input)
                .take(limit)
                .read_until(b'\n', &mut self.line)
                .map_err(|error| crate::store::read_error(&self.name, error))?;
            if length == 0 {
                return Ok(None);
            }
            self.line_number += 1;
            if length == self.row_limit && self.line.last() != Some(&b'\n') {
                let place = (self.locate)(self.line_number);
                return Err(Error::new(
                    Kind::Data,
                    format!("{place} is longer than {}", size(self.row_limit)),
                )
                .hint(
                    "check that the file has one JSON object per line, or set `maxRowBytes` higher",
                ));
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        Ok(Some((self.line.trim_ascii(), self.line_number)))
    }
}

/// What a column takes of a line.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    /// It is a constant.
    Nothing,
    /// The text of a value.
    Value,
    /// A value as it is written, so that a document that is a string stays one.
    Document,
}

/// Which key goes to which columns.
pub(crate) struct KeyMap {
    /// Keys in the order of their first column, and the columns of each.
    keys: Vec<(String, Vec<usize>)>,
    place_of: HashMap<String, usize>,
    columns: Vec<Takes>,
    /// Keys that no column wants make a row unreadable instead of being passed over.
    strict: bool,
}

impl KeyMap {
    /// The map of a plan. `strict` when the plan was made from a sample and should know every key.
    pub(crate) fn new(plan: &[TextColumnPlan], strict: bool) -> KeyMap {
        let mut keys: Vec<(String, Vec<usize>)> = Vec::new();
        let mut place_of = HashMap::new();
        for (index, column) in plan.iter().enumerate() {
            if let Pick::Name(name) = &column.pick {
                let place = *place_of.entry(name.clone()).or_insert_with(|| {
                    keys.push((name.clone(), Vec::new()));
                    keys.len() - 1
                });
                keys[place].1.push(index);
            }
        }
        KeyMap {
            keys,
            place_of,
            columns: plan
                .iter()
                .map(|column| match (&column.pick, column.kind) {
                    (Pick::Constant(_), _) => Takes::Nothing,
                    (_, TextKind::Json) => Takes::Document,
                    _ => Takes::Value,
                })
                .collect(),
            strict,
        }
    }

    /// Adds the row of a line to the batch; a line that is no JSON object becomes an unreadable row.
    pub(crate) fn add_line(&self, line: &[u8], number: u64, rows: &mut TextRows) {
        let row = std::str::from_utf8(line)
            .map_err(|_| "holds bytes that are not valid in the file's encoding".to_string())
            .and_then(|text| self.cells(text));
        match row {
            Ok(cells) => {
                for (column, cell) in cells.iter().enumerate() {
                    if self.columns[column] != Takes::Nothing {
                        rows.push(column, cell.as_deref().map(str::as_bytes));
                    }
                }
                rows.end_row(number);
            }
            Err(reason) => {
                rows.broken(number, &reason, line);
            }
        }
    }

    fn cells<'a>(&self, text: &'a str) -> std::result::Result<Vec<Option<Cow<'a, str>>>, String> {
        let mut cells: Vec<Option<Cow<'a, str>>> = vec![None; self.columns.len()];
        let mut fault = None;
        let mut expected = 0;
        each_entry(text, |key, value| {
            // Rows mostly have their keys in the same order.
            let place = match self.keys.get(expected) {
                Some((name, _)) if name == key => Some(expected),
                _ => self.place_of.get(key).copied(),
            };
            match place {
                Some(place) => {
                    expected = place + 1;
                    for column in &self.keys[place].1 {
                        match cell(value, self.columns[*column]) {
                            Ok(text) => cells[*column] = text,
                            Err(_) => {
                                fault = Some(format!(
                                    "has an escape under the key \"{key}\" that stands for no character"
                                ))
                            }
                        }
                    }
                }
                None if self.strict => {
                    fault = Some(format!(
                        "has the key \"{key}\", which the first rows of the data lack; list the columns in the job"
                    ))
                }
                None => {}
            }
        })?;
        fault.map_or(Ok(cells), Err)
    }
}

/// A JSON value as the text of a cell.
fn cell(raw: &RawValue, takes: Takes) -> serde_json::Result<Option<Cow<'_, str>>> {
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        Some(b'n') => None,
        Some(b'"') if takes == Takes::Value => Some(match memchr::memchr(b'\\', text.as_bytes()) {
            None => Cow::Borrowed(&text[1..text.len() - 1]),
            Some(_) => Cow::Owned(serde_json::from_str(text)?),
        }),
        _ => Some(Cow::Borrowed(text)),
    })
}

/// Calls `entry` for each key and value of a JSON object; when a key is repeated, the last one counts.
pub(super) fn each_entry<'a>(
    text: &'a str,
    entry: impl FnMut(&str, &'a RawValue),
) -> std::result::Result<(), String> {
    struct Entries<F>(F);

    impl<'a, F: FnMut(&str, &'a RawValue)> Visitor<'a> for Entries<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> std::result::Result<(), A::Error> {
            while let Some(key) = map.next_key::<Key<'a>>()? {
                let value: &'a RawValue = map.next_value()?;
                (self.0)(&key.0, value);
            }
            Ok(())
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer
        .deserialize_map(Entries(entry))
        .and_then(|()| deserializer.end())
        .map_err(|error| format!("is not a JSON object: {}", without_place(&error)))
}

/// A key without a copy where it has no escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// The message without `at line 1 column 5`, since the line is not the file's.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) => format!("{message} at column {}", error.column()),
        None => text,
    }
}
