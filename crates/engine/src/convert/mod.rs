//! Strict conversion of a source column into a target column, column by column.
//!
//! Owns what every value of one type becomes in another; nothing here rounds, truncates or overflows:
//! a value that has no exact form in the target makes its row bad. Which columns meet, and what
//! becomes of bad rows, is left to the engine's mapping and tasks.
//!
//! Reading order: [`Conversion`] plans and applies; `fit` says which pairs of types exist and what may
//! go wrong; `kernel` holds the loops; `number`, `decimal` and `time` (with `calendar`) know the values,
//! `to_text` and `from_text` their text, and `nested` the containers, which `to_json` and `from_json`
//! write and read.

mod calendar;
mod decimal;
mod fit;
mod from_json;
mod from_text;
mod kernel;
mod nested;
mod number;
mod time;
mod to_json;
mod to_text;
mod uuid;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow_array::builder::FixedSizeBinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, new_null_array};
use arrow_cast::cast;
use arrow_schema::DataType;
use arrow_select::nullif::nullif;
use sdk::{Column, Error, Extension, Kind, Result};

use fit::{Family, Side};
use kernel::{Flaws, Mapped, Why};

/// How well a target column takes a source column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// Every value keeps its meaning.
    Lossless,
    /// Values that do not fit make their row dirty; says which.
    Checked(String),
    /// No value could be converted; says why and what would work.
    Impossible(String),
}

/// How a source column becomes a target column; planned once, applied to every batch.
#[derive(Debug)]
pub(crate) struct Conversion {
    source: Side,
    target: Side,
    fit: Fit,
    step: Step,
    /// Empty text is NULL before anything else is done.
    empty_as_null: bool,
}

/// What is done to an array.
#[derive(Debug)]
enum Step {
    /// The array already is what the target wants.
    Pass,
    /// Arrow's own cast keeps every value of this pair.
    Cast,
    /// There are only NULLs.
    Null,
    /// Cell by cell, as the two types demand.
    Cells,
    /// The same container, its children converted.
    Children(nested::Children),
    /// JSON text into a container.
    Json(nested::Children),
    /// Nothing; the fit says why.
    Refuse,
}

/// A converted array: rows in `bad`, ascending, could not be converted and are NULL in `array`.
#[derive(Debug)]
pub(crate) struct Converted {
    pub(crate) array: ArrayRef,
    pub(crate) bad: Vec<BadValue>,
}

impl Converted {
    pub(crate) fn clean(array: ArrayRef) -> Converted {
        Converted {
            array,
            bad: Vec::new(),
        }
    }

    /// The next step over the array. Rows that are bad already keep their first reason.
    pub(crate) fn then(
        self,
        step: impl FnOnce(&ArrayRef) -> Result<Converted>,
    ) -> Result<Converted> {
        let mut next = step(&self.array)?;
        if !self.bad.is_empty() {
            let mut bad = self.bad;
            bad.append(&mut next.bad);
            // Stable, so that the first reason of a row stays the first.
            bad.sort_by_key(|bad| bad.row);
            bad.dedup_by_key(|bad| bad.row);
            next.bad = bad;
        }
        Ok(next)
    }
}

/// A row that could not be converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadValue {
    pub(crate) row: usize,
    /// Names both types and quotes the start of the value, so it belongs to the dirty row, not to logs.
    pub(crate) reason: String,
}

impl Conversion {
    /// Plans the conversion of batches of `source` for `target`.
    pub(crate) fn plan(source: &Column, target: &Column) -> Conversion {
        let planned = Self::plan_sides(Side::source(source), Side::target(target));
        if !target.empty_as_null || planned.source.family() != Family::Text {
            return planned;
        }
        let note = "empty text becomes NULL";
        Conversion {
            empty_as_null: true,
            fit: match planned.fit {
                Fit::Lossless => Fit::Checked(note.to_string()),
                Fit::Checked(how) => Fit::Checked(format!("{how}; {note}")),
                impossible => impossible,
            },
            ..planned
        }
    }

    fn plan_sides(source: Side, target: Side) -> Conversion {
        if fit::is_same(&source, &target) {
            return Conversion {
                source,
                target,
                fit: Fit::Lossless,
                step: Step::Pass,
                empty_as_null: false,
            };
        }
        if let Some(children) = nested::plan(&source, &target) {
            let fit = children.fit(&source, &target);
            let step = match (&fit, source.family()) {
                (Fit::Impossible(_), _) => Step::Refuse,
                (_, Family::Text) => Step::Json(children),
                _ => Step::Children(children),
            };
            return Conversion {
                source,
                target,
                fit,
                step,
                empty_as_null: false,
            };
        }
        let fit = fit::fit(&source, &target);
        let step = match &fit {
            Fit::Impossible(_) => Step::Refuse,
            Fit::Lossless if fit::is_arrow_cast_exact(&source, &target) => Step::Cast,
            _ if source.family() == Family::Null => Step::Null,
            _ => Step::Cells,
        };
        Conversion {
            source,
            target,
            fit,
            step,
            empty_as_null: false,
        }
    }

    /// Whether values may not fit.
    pub(crate) fn fit(&self) -> &Fit {
        &self.fit
    }

    /// Converts an array of the source column's type. Fails only if the conversion is impossible or
    /// the array is of another type, never because of a value.
    pub(crate) fn apply(&self, array: &ArrayRef) -> Result<Converted> {
        if !self.source.carries(array.data_type()) {
            return Err(Error::internal(format!(
                "column \"{}\" was planned as {}, but a batch carries {}",
                self.source.name,
                self.source.data_type,
                array.data_type()
            )));
        }
        let array = &match self.empty_as_null {
            true => without_empty(array)?,
            false => Arc::clone(array),
        };
        let mapped = match &self.step {
            Step::Pass => {
                let array = cast_if_needed(array, &self.target.data_type)?;
                return Ok(Converted::clean(array));
            }
            Step::Cast => {
                let cast = cast_if_needed(array, &self.target.data_type)?;
                // A number with more digits than its own type declares would become NULL unseen.
                if cast.logical_null_count() == array.logical_null_count() {
                    return Ok(Converted::clean(cast));
                }
                self.convert_cells(&self.canonical(array)?)?
            }
            Step::Null => Mapped::clean(new_null_array(&self.target.data_type, array.len())),
            Step::Refuse => return Err(self.refusal()),
            Step::Cells => self.convert_cells(&self.canonical(array)?)?,
            Step::Children(children) => children.convert(&self.canonical(array)?, &self.target)?,
            Step::Json(children) => children.read_json(&self.canonical(array)?, &self.target)?,
        };
        let bad = if mapped.flaws.is_empty() {
            Vec::new()
        } else {
            self.explain(&self.canonical(array)?, mapped.flaws)
        };
        Ok(Converted {
            array: cast_if_needed(&mapped.array, &self.target.data_type)?,
            bad,
        })
    }

    fn canonical(&self, array: &ArrayRef) -> Result<ArrayRef> {
        cast_if_needed(array, &self.source.canonical)
    }

    fn convert_cells(&self, array: &ArrayRef) -> Result<Mapped> {
        let target = &self.target.canonical;
        match (self.source.family(), self.target.family()) {
            (Family::Text, Family::Text) => {
                from_text::convert(array, target, self.target.extension)
            }
            (_, Family::Text) if self.target.extension == Some(Extension::Json) => {
                to_json::convert(array, self.source.extension)
            }
            (_, Family::Text) => to_text::convert(array, self.source.extension),
            (Family::Text, _) => from_text::convert(array, target, self.target.extension),
            (Family::Binary, _) => bytes(array, target),
            (source, target_family) if source.counts_time() || target_family.counts_time() => {
                time::convert(array, target)
            }
            _ => number::convert(array, target),
        }
    }

    fn explain(&self, array: &ArrayRef, flaws: Flaws) -> Vec<BadValue> {
        flaws
            .into_iter()
            .map(|(row, why)| BadValue {
                row,
                reason: match why {
                    Why::Sentence(sentence) => sentence,
                    Why::Rule(rule) => format!(
                        "{} {} does not fit {}: {rule}",
                        self.source.native,
                        excerpt(array, row, self.source.extension),
                        self.target.native
                    ),
                },
            })
            .collect()
    }

    fn refusal(&self) -> Error {
        let why = match &self.fit {
            Fit::Impossible(why) => why.as_str(),
            _ => "no conversion exists",
        };
        Error::new(
            Kind::Config,
            format!(
                "cannot convert column \"{}\" into column \"{}\": {why}",
                self.source.name, self.target.name
            ),
        )
    }
}

fn cast_if_needed(array: &ArrayRef, data_type: &DataType) -> Result<ArrayRef> {
    if array.data_type() == data_type {
        return Ok(Arc::clone(array));
    }
    Ok(cast(array, data_type)?)
}

/// Text with NULL in place of every empty one.
fn without_empty(array: &ArrayRef) -> Result<ArrayRef> {
    let text = cast_if_needed(array, &DataType::Utf8)?;
    let is_empty = |value: Option<&str>| Some(value == Some(""));
    let empty: BooleanArray = text.as_string::<i32>().iter().map(is_empty).collect();
    Ok(nullif(&text, &empty)?)
}

/// Bytes of any length into bytes of one length, and back.
fn bytes(array: &ArrayRef, target: &DataType) -> Result<Mapped> {
    let (DataType::Binary, DataType::FixedSizeBinary(length)) = (array.data_type(), target) else {
        return Ok(Mapped::clean(cast(array, target)?));
    };
    let binary = array.as_binary::<i32>();
    let mut builder = FixedSizeBinaryBuilder::with_capacity(binary.len(), *length);
    let mut flaws = Vec::new();
    for row in 0..binary.len() {
        if binary.is_null(row) {
            builder.append_null();
        } else if binary.value(row).len() as i64 == i64::from(*length) {
            builder.append_value(binary.value(row))?;
        } else {
            flaws.push((row, Why::Rule("it has another length")));
            builder.append_null();
        }
    }
    Ok(Mapped {
        array: Arc::new(builder.finish()),
        flaws,
    })
}

/// Characters of a value that a reason quotes.
const EXCERPT_LENGTH: usize = 40;

/// The start of a value for people: text in quotes, bytes in hexadecimal digits.
fn excerpt(array: &ArrayRef, row: usize, extension: Option<Extension>) -> String {
    let cell = array.slice(row, 1);
    let text = match cell.data_type() {
        DataType::Binary => hexadecimal(cell.as_binary::<i32>().value(0)),
        DataType::FixedSizeBinary(_) if extension != Some(Extension::Uuid) => {
            hexadecimal(cell.as_fixed_size_binary().value(0))
        }
        _ => match to_text::convert(&cell, extension) {
            Ok(mapped) if mapped.flaws.is_empty() => {
                mapped.array.as_string::<i32>().value(0).to_string()
            }
            _ => return "value".to_string(),
        },
    };
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(EXCERPT_LENGTH).collect();
    let cut = if characters.next().is_some() {
        "…"
    } else {
        ""
    };
    if *cell.data_type() == DataType::Utf8 {
        format!("{start:?}{cut}")
    } else {
        format!("{start}{cut}")
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    // One byte more than is shown, so that the cut is seen.
    bytes
        .iter()
        .take(EXCERPT_LENGTH / 2 + 1)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
