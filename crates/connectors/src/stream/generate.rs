//! Values of any row from the seed, the column and the row's number alone, so that splits can begin
//! anywhere and reading one twice gives the same rows.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, FixedSizeBinaryBuilder, StringBuilder};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
    Int16Array, Int32Array, Int64Array, Time64MicrosecondArray, TimestampMicrosecondArray,
    UInt64Array, make_array,
};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_select::take::take;
use sdk::{Error, Result};

use crate::format::kind::TextKind;

/// How the values of a column are made. Whole numbers, decimals, dates and times are all counted in
/// the smallest unit of their type.
#[derive(Debug, Clone)]
pub(super) enum Values {
    /// The one value of this array.
    Constant(ArrayRef),
    /// An arithmetic progression that wraps around at the ends of the type.
    Counted {
        first: i128,
        step: i128,
    },
    /// Evenly between the bounds.
    Random(i128, i128),
    /// Evenly between the bounds.
    Between(f64, f64),
    /// Random characters, as many as lie between the bounds.
    Lengths(usize, usize),
    /// False and true in these shares.
    Shares(u64, u64),
    Uuids,
}

/// A column of made-up values.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: TextKind,
    pub(super) values: Values,
    pub(super) null_ratio: f64,
}

/// A column's own sequence of random numbers, any of which can be had directly: SplitMix64
/// (<https://doi.org/10.1145/2714064.2660195>).
#[derive(Clone, Copy)]
struct Dice(u64);

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Dice {
    fn new(seed: u64, stream: u64) -> Dice {
        Dice(Dice(seed).throw(stream))
    }

    #[inline]
    fn throw(self, row: u64) -> u64 {
        let mut mixed = self
            .0
            .wrapping_add(row.wrapping_add(1).wrapping_mul(GOLDEN));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Evenly below `bound`, which is not 0.
    #[inline]
    fn below(self, row: u64, bound: u128) -> u128 {
        match u64::try_from(bound) {
            Ok(bound) => (u128::from(self.throw(row)) * u128::from(bound)) >> 64,
            Err(_) => {
                let high = u128::from(self.throw(row)) << 64;
                let low = u128::from(Dice(self.0 ^ GOLDEN).throw(row));
                (high | low) % bound
            }
        }
    }

    /// Evenly from 0 to 1, 1 excluded.
    fn fraction(self, row: u64) -> f64 {
        (self.throw(row) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Column {
    /// The values of `count` rows from row `first` on. `stream` sets the column apart from others.
    pub(super) fn rows(
        &self,
        seed: u64,
        stream: u64,
        first: u64,
        count: usize,
    ) -> Result<ArrayRef> {
        let dice = Dice::new(seed, 2 * stream);
        let rows = Rows { first, count };
        let array: ArrayRef = match &self.values {
            Values::Constant(one) => take(one, &UInt64Array::from(vec![0; count]), None)?,
            Values::Counted { first, step } => self
                .integers(rows.map(|row| first.wrapping_add(step.wrapping_mul(i128::from(row)))))?,
            Values::Random(low, high) => {
                let span = high.abs_diff(*low).saturating_add(1);
                self.integers(rows.map(|row| low.wrapping_add_unsigned(dice.below(row, span))))?
            }
            Values::Between(low, high) => {
                // Their difference may be beyond a double.
                let share = |row| dice.fraction(row);
                let values = rows.map(|row| low * (1.0 - share(row)) + high * share(row));
                let array: ArrayRef = match self.kind {
                    TextKind::Float => Arc::new(Float32Array::from_iter_values(
                        values.map(|value| value as f32),
                    )),
                    _ => Arc::new(Float64Array::from_iter_values(values)),
                };
                array
            }
            Values::Lengths(low, high) => text(self.kind, rows, dice, (*low, *high)),
            Values::Shares(no, yes) => {
                let shares = u128::from(*no) + u128::from(*yes);
                let buffer = BooleanBuffer::collect_bool(count, |at| {
                    dice.below(first + at as u64, shares) >= u128::from(*no)
                });
                Arc::new(BooleanArray::new(buffer, None))
            }
            Values::Uuids => uuids(rows, dice)?,
        };
        Ok(self.with_nulls(array, Dice::new(seed, 2 * stream + 1), first))
    }

    /// Numbers as values of the column's type.
    fn integers(&self, numbers: impl Iterator<Item = i128>) -> Result<ArrayRef> {
        Ok(match self.kind {
            TextKind::Short => Arc::new(Int16Array::from_iter_values(numbers.map(|n| n as i16))),
            TextKind::Integer => Arc::new(Int32Array::from_iter_values(numbers.map(|n| n as i32))),
            TextKind::Long => Arc::new(Int64Array::from_iter_values(numbers.map(|n| n as i64))),
            TextKind::Date => Arc::new(Date32Array::from_iter_values(numbers.map(|n| n as i32))),
            TextKind::Decimal(precision, scale) => {
                let limit = 10_i128.pow(u32::from(precision));
                let values = Decimal128Array::from_iter_values(numbers.map(|n| n % limit));
                Arc::new(values.with_precision_and_scale(precision, scale)?)
            }
            TextKind::Time => {
                let day = 86_400_000_000;
                let values = numbers.map(|n| n.rem_euclid(day) as i64);
                Arc::new(Time64MicrosecondArray::from_iter_values(values))
            }
            TextKind::Timestamp => Arc::new(TimestampMicrosecondArray::from_iter_values(
                numbers.map(|n| n as i64),
            )),
            TextKind::TimestampTz => Arc::new(
                TimestampMicrosecondArray::from_iter_values(numbers.map(|n| n as i64))
                    .with_timezone("UTC"),
            ),
            _ => return Err(Error::internal("a column that is no number was counted")),
        })
    }

    fn with_nulls(&self, array: ArrayRef, dice: Dice, first: u64) -> ArrayRef {
        if self.null_ratio == 0.0 {
            return array;
        }
        let valid = BooleanBuffer::collect_bool(array.len(), |at| {
            dice.fraction(first + at as u64) >= self.null_ratio
        });
        let builder = array.to_data().into_builder();
        let nulls = NullBuffer::union(Some(&NullBuffer::new(valid)), array.nulls());
        match builder.nulls(nulls).build() {
            Ok(data) => make_array(data),
            // The lengths agree, so this cannot happen; values without NULLs are still right.
            Err(_) => array,
        }
    }
}

/// The numbers of some rows.
#[derive(Clone, Copy)]
struct Rows {
    first: u64,
    count: usize,
}

impl Rows {
    fn numbers(self) -> std::ops::Range<u64> {
        self.first..self.first + self.count as u64
    }

    fn map<T>(self, value: impl FnMut(u64) -> T) -> impl Iterator<Item = T> {
        self.numbers().map(value)
    }
}

const LETTERS: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -";

fn text(kind: TextKind, rows: Rows, dice: Dice, (low, high): (usize, usize)) -> ArrayRef {
    let span = (high - low + 1) as u128;
    let contents = Dice(dice.0 ^ GOLDEN);
    let fill = |row: u64, text: &mut String| {
        text.clear();
        let length = low + dice.below(row, span) as usize;
        // Ten letters of six bits from each throw.
        let mut bits = contents.throw(row);
        while text.len() < length {
            let mut rest = bits;
            for _ in 0..10.min(length - text.len()) {
                text.push(char::from(LETTERS[(rest & 63) as usize]));
                rest >>= 6;
            }
            bits = Dice(bits).throw(0);
        }
    };
    let mut scratch = String::with_capacity(high);
    let average = rows.count * (low + high) / 2;
    if kind == TextKind::Bytes {
        let mut builder = BinaryBuilder::with_capacity(rows.count, average);
        for row in rows.numbers() {
            fill(row, &mut scratch);
            builder.append_value(&scratch);
        }
        return Arc::new(builder.finish());
    }
    let mut builder = StringBuilder::with_capacity(rows.count, average);
    for row in rows.numbers() {
        fill(row, &mut scratch);
        builder.append_value(&scratch);
    }
    Arc::new(builder.finish())
}

/// Random UUIDs (version 4, <https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-4>).
fn uuids(rows: Rows, dice: Dice) -> Result<ArrayRef> {
    let mut builder = FixedSizeBinaryBuilder::with_capacity(rows.count, 16);
    for row in rows.numbers() {
        let mut bytes = dice.below(row, u128::MAX).to_le_bytes();
        bytes[6] = bytes[6] & 0x0F | 0x40;
        bytes[8] = bytes[8] & 0x3F | 0x80;
        builder.append_value(bytes)?;
    }
    Ok(Arc::new(builder.finish()))
}
