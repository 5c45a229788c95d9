//! Values as text that loses nothing and that `from_text` reads back.
//!
//! Numbers are plain digits; dates and timestamps are `YYYY-MM-DD HH:MM:SS[.fraction]`, with `+00:00`
//! when the type has a zone; years beyond 9999 have more digits and those before year 0 a minus sign.
//! The year 0 itself, 1 BC, is `+0000`.
//! Lists, structs and maps are JSON (`to_json`); intervals are what Arrow prints and durations are ISO 8601
//! seconds, both of which PostgreSQL reads.

use std::fmt::{Display, Write};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int64Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, new_null_array};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use sdk::{Error, Extension, Result};

use super::calendar::{Instant, SECONDS_PER_DAY, write_day, write_time_of_day, write_timestamp};
use super::decimal::write_plain;
use super::kernel::{Cells, Mapped, booleans, map_text, numbers};
use super::number::Float;
use super::time::{tick_nanos, to_ticks};
use super::{to_json, uuid};

/// Converts any canonical array into text.
pub(super) fn convert(array: &ArrayRef, extension: Option<Extension>) -> Result<Mapped> {
    match array.data_type() {
        DataType::Null => Ok(Mapped::clean(new_null_array(&DataType::Utf8, array.len()))),
        DataType::Boolean => map_text(booleans(array.as_boolean()), |value, out| {
            out.push_str(if value { "true" } else { "false" });
            Ok(())
        }),
        DataType::Int64 => map_text(numbers(array.as_primitive::<Int64Type>()), |value, out| {
            out.push_str(itoa::Buffer::new().format(value));
            Ok(())
        }),
        DataType::UInt64 => map_text(numbers(array.as_primitive::<UInt64Type>()), |value, out| {
            out.push_str(itoa::Buffer::new().format(value));
            Ok(())
        }),
        DataType::Float32 => map_text(numbers(array.as_primitive::<Float32Type>()), |v, out| {
            write_float(v, out);
            Ok(())
        }),
        DataType::Float64 => map_text(numbers(array.as_primitive::<Float64Type>()), |v, out| {
            write_float(v, out);
            Ok(())
        }),
        DataType::Decimal128(_, scale) => {
            map_text(numbers(array.as_primitive::<Decimal128Type>()), |v, out| {
                write_plain(v, *scale, out);
                Ok(())
            })
        }
        DataType::Decimal256(_, scale) => {
            map_text(numbers(array.as_primitive::<Decimal256Type>()), |v, out| {
                write_plain(v, *scale, out);
                Ok(())
            })
        }
        DataType::Date32
        | DataType::Date64
        | DataType::Timestamp(..)
        | DataType::Time32(_)
        | DataType::Time64(_) => times(array),
        DataType::Utf8 => Ok(Mapped::clean(array.clone())),
        DataType::Binary => {
            let binary = array.as_binary::<i32>();
            bytes((0..binary.len()).map(|row| binary.value(row)), array)
        }
        DataType::FixedSizeBinary(_) => {
            let binary = array.as_fixed_size_binary();
            let values = (0..binary.len()).map(|row| binary.value(row));
            if extension == Some(Extension::Uuid) {
                let cells = Cells {
                    values,
                    nulls: array.nulls(),
                };
                return map_text(cells, |value, out| {
                    uuid::write(value, out);
                    Ok(())
                });
            }
            bytes(values, array)
        }
        DataType::Interval(_) => Ok(Mapped::clean(cast(array, &DataType::Utf8)?)),
        DataType::Duration(unit) => {
            let ticks = cast(array, &DataType::Int64)?;
            let cells = numbers(ticks.as_primitive::<Int64Type>());
            map_text(cells, |ticks, out| {
                write_duration(ticks, *unit, out);
                Ok(())
            })
        }
        DataType::List(_) | DataType::Struct(_) | DataType::Map(..) => {
            to_json::convert(array, extension)
        }
        other => Err(Error::internal(format!(
            "no conversion from {other} to text exists"
        ))),
    }
}

fn bytes<'a>(values: impl Iterator<Item = &'a [u8]>, array: &ArrayRef) -> Result<Mapped> {
    let cells = Cells {
        values,
        nulls: array.nulls(),
    };
    map_text(cells, |value, out| {
        out.push_str(std::str::from_utf8(value).map_err(|_| "its bytes are not UTF-8 text")?);
        Ok(())
    })
}

/// The shortest text that reads back as the same float. Like PostgreSQL, it turns to an exponent where
/// plain digits would claim more than the float holds.
fn write_float<F: Float + Display>(float: F, out: &mut String) {
    let value: f64 = float.into();
    let plain = 1e-4..10f64.powi(F::SURE_DIGITS as i32);
    // Writing to a string cannot fail.
    let _ = if value.is_nan() {
        out.write_str("NaN")
    } else if value.is_infinite() {
        out.write_str(if value > 0.0 { "Infinity" } else { "-Infinity" })
    } else if value == 0.0 || plain.contains(&value.abs()) {
        write!(out, "{float}")
    } else {
        write!(out, "{float:e}")
    };
}

/// The sign stands at the number: PostgreSQL knows none in front of the `P`.
fn write_duration(ticks: i64, unit: TimeUnit, out: &mut String) {
    let (per_second, digits) = match unit {
        TimeUnit::Second => (1, 0),
        TimeUnit::Millisecond => (1_000, 3),
        TimeUnit::Microsecond => (1_000_000, 6),
        TimeUnit::Nanosecond => (1_000_000_000, 9),
    };
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.unsigned_abs();
    let (seconds, rest) = (ticks / per_second, ticks % per_second);
    // Writing to a string cannot fail.
    let _ = write!(out, "PT{sign}{seconds}");
    if rest > 0 {
        let fraction = format!("{rest:0digits$}");
        let _ = write!(out, ".{}", fraction.trim_end_matches('0'));
    }
    out.push('S');
}

fn times(array: &ArrayRef) -> Result<Mapped> {
    let data_type = array.data_type();
    let unit = tick_nanos(data_type).unwrap_or(1);
    let ticks = to_ticks(array)?;
    let cells = numbers(&ticks);
    match data_type {
        DataType::Date32 => map_text(cells, |tick, out| {
            write_day(tick, out);
            Ok(())
        }),
        DataType::Time32(_) | DataType::Time64(_) => map_text(cells, |tick, out| {
            let instant = Instant::of(tick, unit);
            write_time_of_day(instant.seconds, instant.nanos, out)
        }),
        DataType::Date64 => map_text(cells, |tick, out| {
            let instant = Instant::of(tick, unit);
            if instant.nanos == 0 && instant.seconds % SECONDS_PER_DAY == 0 {
                write_day(instant.seconds / SECONDS_PER_DAY, out);
                return Ok(());
            }
            write_timestamp(instant, out)
        }),
        DataType::Timestamp(_, Some(_)) => map_text(cells, |tick, out| {
            write_timestamp(Instant::of(tick, unit), out)?;
            out.push_str("+00:00");
            Ok(())
        }),
        _ => map_text(cells, |tick, out| {
            write_timestamp(Instant::of(tick, unit), out)
        }),
    }
}
