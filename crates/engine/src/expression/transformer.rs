//! The row changes of DataX (`dx_substr`, `dx_pad`, `dx_replace`, `dx_filter`, `dx_digest`) on columns.
//!
//! They work on the text of a column's values, whatever its type, and yield text
//! (<https://github.com/alibaba/DataX/blob/master/transformer/doc/transformer.md>). Positions count
//! characters; DataX counts UTF-16 units, which differs only beyond the Basic Multilingual Plane, where
//! it can cut a character in half. Comparisons are `comparison`'s.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, StringArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use job::{Digest, Effect, LetterCase, Side, Transformer};
use md5::Md5;
use sdk::{Column, Error, Kind, Result};
use sha1::Sha1;

use super::comparison::Comparer;
use crate::convert::{BadValue, Conversion, Converted, Fit};

/// One change of one column, ready to run.
#[derive(Debug, Clone)]
pub(crate) struct TransformStep(Arc<Planned>);

#[derive(Debug)]
struct Planned {
    /// The column as it goes on.
    column: Column,
    to_text: Conversion,
    what: What,
}

#[derive(Debug)]
enum What {
    Change(Effect),
    Compare(Box<Comparer>),
}

/// A column after a step.
#[derive(Debug)]
pub(crate) struct Transformed {
    pub(crate) converted: Converted,
    /// False for rows that are dropped; nothing is said about bad rows.
    pub(crate) keep: Option<BooleanArray>,
}

impl TransformStep {
    /// Plans a job's transformers: the steps of each column, in their order.
    pub(crate) fn plan(
        transformers: &[Transformer],
        columns: &[Column],
    ) -> Result<Vec<Vec<TransformStep>>> {
        let mut plans: Vec<Vec<TransformStep>> = vec![Vec::new(); columns.len()];
        for Transformer { column, effect } in transformers {
            let Some(steps) = plans.get_mut(*column) else {
                return Err(Error::new(
                    Kind::Config,
                    format!(
                        "a transformer changes column {column}, but there are only {} columns",
                        columns.len()
                    ),
                )
                .hint("`columnIndex` counts from 0"));
            };
            let before = steps
                .last()
                .map_or(&columns[*column], TransformStep::column);
            let step = TransformStep::one(effect, before)?;
            steps.push(step);
        }
        Ok(plans)
    }

    fn one(effect: &Effect, column: &Column) -> Result<TransformStep> {
        let mut text = Column::new(&column.name, DataType::Utf8).native("text");
        text.nullable = column.nullable;
        let to_text = Conversion::plan(column, &text);
        if let Fit::Impossible(_) = to_text.fit() {
            return Err(Error::new(
                Kind::Config,
                format!(
                    "cannot transform column \"{}\": {} has no text",
                    column.name, column.native
                ),
            ));
        }
        let (column, what) = match effect {
            Effect::Filter { comparison, value } => {
                let comparer = Comparer::plan(*comparison, value.as_deref(), column)?;
                (column.clone(), What::Compare(Box::new(comparer)))
            }
            other => (text, What::Change(other.clone())),
        };
        Ok(TransformStep(Arc::new(Planned {
            column,
            to_text,
            what,
        })))
    }

    /// The column as the next step sees it: text, save for a filter.
    pub(crate) fn column(&self) -> &Column {
        &self.0.column
    }

    /// Applies the step to the column's array.
    pub(crate) fn apply(&self, array: &ArrayRef) -> Result<Transformed> {
        match &self.0.what {
            What::Compare(comparer) => comparer.keep(array, &self.0.to_text),
            What::Change(effect) => {
                let text = self.0.to_text.apply(array)?;
                Ok(Transformed {
                    converted: change(effect, text.array.as_string::<i32>(), text.bad)?,
                    keep: None,
                })
            }
        }
    }
}

fn change(effect: &Effect, text: &StringArray, bad: Vec<BadValue>) -> Result<Converted> {
    let mut changed = Changed {
        builder: StringBuilder::with_capacity(text.len(), text.value_data().len()),
        bad,
        unreadable: None,
    };
    changed.unreadable = unreadable(&changed.bad, text.len());
    match effect {
        Effect::Substring { start, length } => changed.cut(text, *start, |out, value, from| {
            let end = byte_at(&value[from..], *length).map_or(value.len(), |end| from + end);
            out.push_str(&value[from..end]);
        })?,
        Effect::Replace {
            start,
            length,
            text: replacement,
        } => changed.cut(text, *start, |out, value, from| {
            out.push_str(&value[..from]);
            out.push_str(replacement);
            if let Some(rest) = byte_at(&value[from..], *length) {
                out.push_str(&value[from + rest..]);
            }
        })?,
        Effect::Pad { side, length, pad } => {
            let bounds = Padding {
                side: *side,
                length: *length,
                pad,
            };
            changed.all(text, |value, out| bounds.write(value, out))?;
        }
        Effect::Digest { digest, letters } => match digest {
            Digest::Md5 => changed.all(text, |value, out| {
                hexadecimal(&md5_of(value), *letters, out);
                Ok(())
            })?,
            Digest::Sha1 => changed.all(text, |value, out| {
                hexadecimal(&sha1_of(value), *letters, out);
                Ok(())
            })?,
        },
        Effect::Filter { .. } => {
            return Err(Error::internal("a filter does not change its column"));
        }
    }
    changed.bad.sort_by_key(|bad| bad.row);
    Ok(Converted {
        array: Arc::new(changed.builder.finish()),
        bad: changed.bad,
    })
}

fn md5_of(value: &str) -> [u8; 16] {
    use md5::Digest;
    Md5::digest(value.as_bytes()).into()
}

fn sha1_of(value: &str) -> [u8; 20] {
    use sha1::Digest;
    Sha1::digest(value.as_bytes()).into()
}

/// A column of text being written.
struct Changed {
    builder: StringBuilder,
    bad: Vec<BadValue>,
    /// Rows that have no text at all; they stay bad, though NULL would count as empty.
    unreadable: Option<NullBuffer>,
}

impl Changed {
    /// Writes the rows that are not NULL, from a character on; a start behind the end is bad.
    fn cut(
        &mut self,
        text: &StringArray,
        start: usize,
        write: impl Fn(&mut String, &str, usize),
    ) -> Result<()> {
        let mut out = String::new();
        for row in 0..text.len() {
            if text.is_null(row) {
                self.builder.append_null();
                continue;
            }
            let value = text.value(row);
            match byte_at(value, start) {
                Some(from) => {
                    out.clear();
                    write(&mut out, value, from);
                    self.append(&out)?;
                }
                None => {
                    self.builder.append_null();
                    self.bad.push(BadValue {
                        row,
                        reason: format!(
                            "the text has {} characters, but the transformer starts at {start}",
                            value.chars().count()
                        ),
                    });
                }
            }
        }
        Ok(())
    }

    /// Writes all rows, NULL as the empty text.
    fn all(
        &mut self,
        text: &StringArray,
        write: impl Fn(&str, &mut String) -> Result<()>,
    ) -> Result<()> {
        let mut out = String::new();
        for row in 0..text.len() {
            if self
                .unreadable
                .as_ref()
                .is_some_and(|rows| rows.is_null(row))
            {
                self.builder.append_null();
                continue;
            }
            let value = if text.is_null(row) {
                ""
            } else {
                text.value(row)
            };
            out.clear();
            write(value, &mut out)?;
            self.append(&out)?;
        }
        Ok(())
    }

    fn append(&mut self, value: &str) -> Result<()> {
        if self.builder.values_slice().len() + value.len() > i32::MAX as usize {
            return Err(too_much_text());
        }
        self.builder.append_value(value);
        Ok(())
    }
}

fn too_much_text() -> Error {
    Error::new(
        Kind::Data,
        "a transformer makes more than 2 GiB of text out of one batch",
    )
    .hint("shorten the padding, or make the batches smaller")
}

fn unreadable(bad: &[BadValue], row_count: usize) -> Option<NullBuffer> {
    if bad.is_empty() {
        return None;
    }
    let mut readable = vec![true; row_count];
    for bad in bad {
        readable[bad.row] = false;
    }
    Some(readable.into())
}

/// Where the character with this number begins; the end of the text counts as a place.
fn byte_at(value: &str, character: usize) -> Option<usize> {
    if value.is_ascii() {
        return (character <= value.len()).then_some(character);
    }
    value
        .char_indices()
        .map(|(at, _)| at)
        .chain(std::iter::once(value.len()))
        .nth(character)
}

struct Padding<'a> {
    side: Side,
    length: usize,
    pad: &'a str,
}

impl Padding<'_> {
    fn write(&self, value: &str, out: &mut String) -> Result<()> {
        if let Some(end) = byte_at(value, self.length) {
            // A longer text keeps its first characters, whichever side is padded.
            out.push_str(&value[..end]);
            return Ok(());
        }
        let missing = self.length - value.chars().count();
        if missing.saturating_mul(4) > i32::MAX as usize {
            return Err(too_much_text());
        }
        let padding = self.pad.chars().cycle().take(missing);
        match self.side {
            Side::Left => {
                out.extend(padding);
                out.push_str(value);
            }
            Side::Right => {
                out.push_str(value);
                out.extend(padding);
            }
        }
        Ok(())
    }
}

fn hexadecimal(bytes: &[u8], letters: LetterCase, out: &mut String) {
    let digits = match letters {
        LetterCase::Upper => b"0123456789ABCDEF",
        LetterCase::Lower => b"0123456789abcdef",
    };
    for byte in bytes {
        out.push(char::from(digits[usize::from(byte >> 4)]));
        out.push(char::from(digits[usize::from(byte & 15)]));
    }
}
