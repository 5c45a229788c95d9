//! The loops that every conversion shares: cells in, an Arrow array and the rows that did not fit out.
//!
//! What fits is decided by the caller's function for one cell; which pairs of types exist is `fit`'s.

use arrow_array::builder::BooleanBufferBuilder;
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, ArrayRef, BooleanArray, PrimitiveArray, StringArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use sdk::{Error, Kind, Result};

/// A converted cell, or the rule that it breaks.
pub(super) type Fits<T> = std::result::Result<T, &'static str>;

/// Why a row is bad: a rule, which gets the cell and the types around it, or a whole sentence.
#[derive(Debug, PartialEq)]
pub(super) enum Why {
    Rule(&'static str),
    Sentence(String),
}

/// Rows that did not fit, ascending.
pub(super) type Flaws = Vec<(usize, Why)>;

/// What a kernel yields: rows in `flaws` are NULL in `array`.
#[derive(Debug)]
pub(super) struct Mapped {
    pub(super) array: ArrayRef,
    pub(super) flaws: Flaws,
}

impl Mapped {
    pub(super) fn clean(array: ArrayRef) -> Mapped {
        Mapped {
            array,
            flaws: Vec::new(),
        }
    }
}

/// The cells of an array in row order. Cells of NULL rows hold anything and are never reported.
pub(super) struct Cells<'a, I> {
    pub(super) values: I,
    pub(super) nulls: Option<&'a NullBuffer>,
}

pub(super) fn numbers<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
) -> Cells<'_, impl Iterator<Item = T::Native> + '_> {
    Cells {
        values: array.values().iter().copied(),
        nulls: array.nulls(),
    }
}

pub(super) fn texts(array: &StringArray) -> Cells<'_, impl Iterator<Item = &str> + '_> {
    Cells {
        values: (0..array.len()).map(|row| array.value(row)),
        nulls: array.nulls(),
    }
}

pub(super) fn booleans(array: &BooleanArray) -> Cells<'_, impl Iterator<Item = bool> + '_> {
    Cells {
        values: array.values().iter(),
        nulls: array.nulls(),
    }
}

/// Converts each cell into a fixed-width value.
pub(super) fn map<V, T: ArrowPrimitiveType>(
    cells: Cells<'_, impl Iterator<Item = V>>,
    convert: impl Fn(V) -> Fits<T::Native>,
) -> (PrimitiveArray<T>, Flaws) {
    let (values, nulls, flaws) = collect(cells, convert);
    (PrimitiveArray::new(values.into(), nulls), flaws)
}

/// Converts each cell into a truth value.
pub(super) fn map_boolean<V>(
    cells: Cells<'_, impl Iterator<Item = V>>,
    convert: impl Fn(V) -> Fits<bool>,
) -> Mapped {
    let (values, nulls, flaws) = collect(cells, convert);
    Mapped {
        array: std::sync::Arc::new(BooleanArray::new(values.into(), nulls)),
        flaws,
    }
}

fn collect<V, T: Default>(
    cells: Cells<'_, impl Iterator<Item = V>>,
    convert: impl Fn(V) -> Fits<T>,
) -> (Vec<T>, Option<NullBuffer>, Flaws) {
    let mut flaws = Vec::new();
    let values: Vec<T> = cells
        .values
        .enumerate()
        .map(|(row, value)| match convert(value) {
            Ok(value) => value,
            Err(why) => {
                if cells.nulls.is_none_or(|nulls| nulls.is_valid(row)) {
                    flaws.push((row, Why::Rule(why)));
                }
                T::default()
            }
        })
        .collect();
    let nulls = without(cells.nulls, values.len(), &flaws);
    (values, nulls, flaws)
}

/// Writes each cell that is not NULL as text.
pub(super) fn map_text<V>(
    cells: Cells<'_, impl Iterator<Item = V>>,
    write: impl Fn(V, &mut String) -> Fits<()>,
) -> Result<Mapped> {
    let mut flaws = Vec::new();
    let mut sink = TextSink::with_rows(cells.values.size_hint().0);
    for (row, value) in cells.values.enumerate() {
        if cells.nulls.is_none_or(|nulls| nulls.is_valid(row)) {
            let start = sink.text.len();
            if let Err(why) = write(value, &mut sink.text) {
                sink.text.truncate(start);
                flaws.push((row, Why::Rule(why)));
            }
        }
        sink.end_row();
    }
    let nulls = without(cells.nulls, sink.rows(), &flaws);
    Ok(Mapped {
        array: std::sync::Arc::new(sink.finish(nulls)?),
        flaws,
    })
}

/// Text cells being written one after the other.
pub(super) struct TextSink {
    pub(super) text: String,
    ends: Vec<usize>,
}

impl TextSink {
    pub(super) fn with_rows(row_count: usize) -> TextSink {
        TextSink {
            text: String::with_capacity(row_count * 16),
            ends: Vec::with_capacity(row_count),
        }
    }

    pub(super) fn end_row(&mut self) {
        self.ends.push(self.text.len());
    }

    pub(super) fn rows(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn finish(self, nulls: Option<NullBuffer>) -> Result<StringArray> {
        if i32::try_from(self.text.len()).is_err() {
            return Err(Error::new(
                Kind::Data,
                "a column of one batch becomes more than 2 GiB of text",
            )
            .hint("make the batches smaller"));
        }
        // Offsets ascend and the last one fits, so none of them wraps.
        let offsets: ScalarBuffer<i32> = std::iter::once(0)
            .chain(self.ends.iter().map(|end| *end as i32))
            .collect();
        Ok(StringArray::new(
            OffsetBuffer::new(offsets),
            Buffer::from(self.text.into_bytes()),
            nulls,
        ))
    }
}

/// The NULLs of the source plus the rows that did not fit.
pub(super) fn without(
    nulls: Option<&NullBuffer>,
    row_count: usize,
    flaws: &Flaws,
) -> Option<NullBuffer> {
    if flaws.is_empty() {
        return nulls.cloned();
    }
    let mut valid = BooleanBufferBuilder::new(row_count);
    match nulls {
        Some(nulls) => valid.append_buffer(nulls.inner()),
        None => valid.append_n(row_count, true),
    }
    for (row, _) in flaws {
        valid.set_bit(*row, false);
    }
    Some(NullBuffer::new(valid.finish()))
}
