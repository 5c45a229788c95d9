//! Dates, times of day and timestamps: units into one another, and their calendar.
//!
//! A timestamp with a zone counts from 1970 in UTC; one without counts wall clock time, which is read
//! as UTC wherever the two meet, so no conversion shifts a value. Their text is `calendar`'s.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int64Array};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use sdk::{Error, Result};

use super::calendar::{NANOS_PER_SECOND, SECONDS_PER_DAY};
use super::kernel::{Fits, Mapped, map, numbers};
use super::number::OUT_OF_RANGE;

/// How long one unit of a type's integer is, in nanoseconds. Plain integers count milliseconds since
/// 1970 when they meet dates and timestamps, as DataX has it.
pub(super) fn tick_nanos(data_type: &DataType) -> Option<i64> {
    Some(match data_type {
        DataType::Date32 => SECONDS_PER_DAY * NANOS_PER_SECOND,
        DataType::Date64 | DataType::Int64 => 1_000_000,
        DataType::Timestamp(unit, _) | DataType::Time32(unit) | DataType::Time64(unit) => {
            unit_nanos(*unit)
        }
        _ => return None,
    })
}

pub(super) fn unit_nanos(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => NANOS_PER_SECOND,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    }
}

/// Converts between types that count time in different units.
pub(super) fn convert(array: &ArrayRef, target: &DataType) -> Result<Mapped> {
    let (Some(from), Some(into)) = (tick_nanos(array.data_type()), tick_nanos(target)) else {
        return Err(Error::internal(format!(
            "no conversion from {} to {target} exists",
            array.data_type()
        )));
    };
    let ticks = to_ticks(array)?;
    if from == into {
        return Ok(Mapped::clean(from_ticks(ticks, target)?));
    }
    let (ticks, flaws) = if from > into {
        let factor = from / into;
        map::<_, Int64Type>(numbers(&ticks), |tick| {
            let tick = tick.checked_mul(factor).ok_or(OUT_OF_RANGE)?;
            holds(tick, target)
        })
    } else {
        let factor = into / from;
        let why = finer_than(target);
        map::<_, Int64Type>(numbers(&ticks), |tick| {
            if tick % factor != 0 {
                return Err(why);
            }
            holds(tick / factor, target)
        })
    };
    Ok(Mapped {
        array: from_ticks(ticks, target)?,
        flaws,
    })
}

/// The rule that a value breaks when its rest is shorter than the target's unit.
pub(super) fn finer_than(target: &DataType) -> &'static str {
    match target {
        DataType::Date32 | DataType::Date64 => "its time of day is not midnight",
        DataType::Timestamp(unit, _) | DataType::Time32(unit) | DataType::Time64(unit) => {
            match unit {
                TimeUnit::Second => "it is finer than a second",
                TimeUnit::Millisecond => "it is finer than a millisecond",
                TimeUnit::Microsecond => "it is finer than a microsecond",
                TimeUnit::Nanosecond => "it is finer than a nanosecond",
            }
        }
        _ => "it is finer than a millisecond",
    }
}

pub(super) fn holds(tick: i64, target: &DataType) -> Fits<i64> {
    let narrow = matches!(target, DataType::Date32 | DataType::Time32(_));
    if narrow && i32::try_from(tick).is_err() {
        return Err(OUT_OF_RANGE);
    }
    Ok(tick)
}

/// The integers inside an array of any type that counts time.
pub(super) fn to_ticks(array: &ArrayRef) -> Result<Int64Array> {
    let array = match array.data_type() {
        DataType::Date32 | DataType::Time32(_) => cast(array, &DataType::Int32)?,
        _ => Arc::clone(array),
    };
    Ok(cast(&array, &DataType::Int64)?
        .as_primitive::<Int64Type>()
        .clone())
}

/// The reverse of [`to_ticks`]; every integer must fit the target's width.
pub(super) fn from_ticks(ticks: Int64Array, target: &DataType) -> Result<ArrayRef> {
    let array: ArrayRef = match target {
        DataType::Date32 | DataType::Time32(_) => {
            Arc::new(ticks.unary::<_, Int32Type>(|tick| tick as i32))
        }
        _ => Arc::new(ticks),
    };
    Ok(cast(&array, target)?)
}
