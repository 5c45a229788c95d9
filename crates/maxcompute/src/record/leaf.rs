//! Reads single values into columns: everything but ARRAY, MAP and STRUCT.
//!
//! Owns the value formats of `FORMATS.md`, section 7.4, and the ranges of the Arrow types. A value is
//! read whole before anything is changed, so that one that has not arrived yet can be read again.

use super::BadCell;
use super::columns::{Column, NOT_UTF8, Place, Values};
use super::decimal;
use super::decode::MAX_RECORD_BYTES;
use super::wire::{Checksums, NANOS_PER_SECOND, Reader, Stop, broken};

/// What is known of the cell while its value is read.
pub(super) struct Cell<'a> {
    pub(super) checksums: &'a mut Checksums,
    pub(super) bad_cells: &'a mut Vec<BadCell>,
    pub(super) row: usize,
    pub(super) column: usize,
}

impl Cell<'_> {
    #[cold]
    pub(super) fn report(&mut self, reason: &str) {
        self.bad_cells.push(BadCell {
            row: self.row,
            column: self.column,
            reason: reason.to_owned(),
        });
    }
}

const OUT_OF_INTEGER_RANGE: &str = "a number outside the range of the type";
const OUT_OF_NANOSECONDS: &str =
    "a time outside the years 1677 to 2262, which nanoseconds can count";
const WRONG_NANOSECONDS: &str = "a time whose nanoseconds are not a part of a second";

#[inline]
pub(super) fn read_value(
    column: &mut Column,
    reader: &mut Reader<'_>,
    cell: &mut Cell<'_>,
) -> Result<(), Stop> {
    let good = match &mut column.values {
        Values::TinyInt(values) => push_checked(values, integer(reader, cell)?),
        Values::SmallInt(values) => push_checked(values, integer(reader, cell)?),
        Values::Int(values) => push_checked(values, integer(reader, cell)?),
        Values::BigInt(values) => {
            values.push(integer(reader, cell)?);
            Ok(())
        }
        Values::Float(values) => {
            let bytes = reader.array::<4>()?;
            cell.checksums.feed(bytes);
            values.push(f32::from_le_bytes(bytes));
            Ok(())
        }
        Values::Double(values) => {
            let bytes = reader.array::<8>()?;
            cell.checksums.feed(bytes);
            values.push(f64::from_le_bytes(bytes));
            Ok(())
        }
        Values::Boolean(values) => {
            let number = reader.varint()?;
            if number > 1 {
                return broken("a truth value that is neither 0 nor 1");
            }
            cell.checksums.feed([number as u8]);
            values.append(number == 1);
            Ok(())
        }
        Values::Text(offsets, bytes) => {
            let value = delimited(reader, cell)?;
            // Columns of the record are validated as a whole when their batch is done.
            if column.place != Place::Record && std::str::from_utf8(value).is_err() {
                offsets.push(bytes.len())?;
                Err(NOT_UTF8)
            } else {
                bytes.extend_from_slice(value);
                offsets.push(bytes.len())?;
                Ok(())
            }
        }
        Values::Binary(offsets, bytes) => {
            bytes.extend_from_slice(delimited(reader, cell)?);
            offsets.push(bytes.len())?;
            Ok(())
        }
        Values::Decimal128(values, precision, scale) => {
            let parsed = decimal::parse_i128(delimited(reader, cell)?, *precision, *scale);
            values.push(parsed.unwrap_or_default());
            parsed.map(drop)
        }
        Values::Decimal256(values, precision, scale) => {
            let parsed = decimal::parse_i256(delimited(reader, cell)?, *precision, *scale);
            values.push(parsed.unwrap_or_default());
            parsed.map(drop)
        }
        Values::Instant(values) => {
            let (seconds, nanos) = seconds_and_nanos(reader, cell)?;
            let parsed = if (0..NANOS_PER_SECOND).contains(&nanos) {
                to_nanos(seconds, nanos).ok_or(OUT_OF_NANOSECONDS)
            } else {
                Err(WRONG_NANOSECONDS)
            };
            values.push(parsed.unwrap_or_default());
            parsed.map(drop)
        }
        Values::Span(values) => {
            let (seconds, nanos) = seconds_and_nanos(reader, cell)?;
            let parsed = to_nanos(seconds, nanos).ok_or(OUT_OF_INTEGER_RANGE);
            values.push(parsed.unwrap_or_default());
            parsed.map(drop)
        }
        Values::List(..) | Values::Map(..) | Values::Struct(_) => {
            return broken("a nested value where a single one belongs");
        }
    };
    match good {
        Ok(()) => column.count_value(),
        Err(reason) => {
            // A key cannot be null: it keeps the default value that was put in its place.
            if column.place == Place::MapKey {
                column.nulls.append_non_null();
            } else {
                column.nulls.append_null();
            }
            column.length += 1;
            cell.report(reason);
        }
    }
    Ok(())
}

#[inline]
fn integer(reader: &mut Reader<'_>, cell: &mut Cell<'_>) -> Result<i64, Stop> {
    let number = reader.zigzag()?;
    cell.checksums.feed(number.to_le_bytes());
    Ok(number)
}

#[inline]
fn push_checked<T: TryFrom<i64> + Default>(
    values: &mut Vec<T>,
    number: i64,
) -> Result<(), &'static str> {
    match T::try_from(number) {
        Ok(number) => {
            values.push(number);
            Ok(())
        }
        Err(_) => {
            values.push(T::default());
            Err(OUT_OF_INTEGER_RANGE)
        }
    }
}

#[inline]
fn delimited<'a>(reader: &mut Reader<'a>, cell: &mut Cell<'_>) -> Result<&'a [u8], Stop> {
    let length = reader.varint()?;
    match usize::try_from(length) {
        Ok(length) if length <= MAX_RECORD_BYTES => {
            let bytes = reader.take(length)?;
            cell.checksums.feed_bytes(bytes);
            Ok(bytes)
        }
        _ => broken("a value longer than a record may be"),
    }
}

fn seconds_and_nanos(reader: &mut Reader<'_>, cell: &mut Cell<'_>) -> Result<(i64, i64), Stop> {
    let seconds = reader.zigzag()?;
    let Ok(nanos) = i32::try_from(reader.zigzag()?) else {
        return broken("nanoseconds of more than 32 bits");
    };
    cell.checksums.feed(seconds.to_le_bytes());
    cell.checksums.feed(nanos.to_le_bytes());
    Ok((seconds, i64::from(nanos)))
}

/// The sum may fit where the product alone does not, at the very first representable second.
fn to_nanos(seconds: i64, nanos: i64) -> Option<i64> {
    let sum = i128::from(seconds) * i128::from(NANOS_PER_SECOND) + i128::from(nanos);
    i64::try_from(sum).ok()
}
