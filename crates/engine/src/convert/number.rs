//! Integers, floats, decimals and truth values into one another, without losing a digit.
//!
//! Decimal arithmetic is `decimal`'s; numbers written as text are read by `from_text` with the
//! functions for single cells below.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_schema::DataType;
use sdk::{Error, Result};

use super::decimal::{self, Decimal, NOT_A_NUMBER, Rescale, Shape, TOO_FINE, TOO_MANY_DIGITS};
use super::kernel::{Cells, Fits, Mapped, booleans, map, map_boolean, numbers};

pub(super) const OUT_OF_RANGE: &str = "it is out of range";
const NOT_WHOLE: &str = "it is not a whole number";
const NOT_EXACT: &str = "it has no exact form there";

/// Converts into an integer, a float, a decimal or a truth value.
pub(super) fn convert(array: &ArrayRef, target: &DataType) -> Result<Mapped> {
    match target {
        DataType::Boolean => to_boolean(array),
        DataType::Float32 | DataType::Float64 => to_float(array, target),
        DataType::Decimal128(precision, scale) => {
            let shape = Shape {
                precision: *precision,
                scale: *scale,
            };
            to_decimal::<Decimal128Type>(array, target, shape)
        }
        DataType::Decimal256(precision, scale) => {
            let shape = Shape {
                precision: *precision,
                scale: *scale,
            };
            to_decimal::<Decimal256Type>(array, target, shape)
        }
        _ => to_integer(array, target),
    }
}

fn to_boolean(array: &ArrayRef) -> Result<Mapped> {
    let truth = |value: i128| match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err("only 0 and 1 are truth values"),
    };
    Ok(match array.data_type() {
        DataType::Int64 => map_boolean(numbers(array.as_primitive::<Int64Type>()), |v| {
            truth(v.into())
        }),
        DataType::UInt64 => map_boolean(numbers(array.as_primitive::<UInt64Type>()), |v| {
            truth(v.into())
        }),
        _ => return Err(unplanned(array, &DataType::Boolean)),
    })
}

fn to_integer(array: &ArrayRef, target: &DataType) -> Result<Mapped> {
    match array.data_type() {
        DataType::Boolean => integers(booleans(array.as_boolean()), target, |v| Ok(i128::from(v))),
        DataType::Int64 => integers(numbers(array.as_primitive::<Int64Type>()), target, |v| {
            Ok(i128::from(v))
        }),
        DataType::UInt64 => integers(numbers(array.as_primitive::<UInt64Type>()), target, |v| {
            Ok(i128::from(v))
        }),
        DataType::Float32 => integers(numbers(array.as_primitive::<Float32Type>()), target, |v| {
            whole_float(v.into())
        }),
        DataType::Float64 => integers(
            numbers(array.as_primitive::<Float64Type>()),
            target,
            whole_float,
        ),
        DataType::Decimal128(_, scale) => {
            let rescale = Rescale::<Decimal128Type, Decimal128Type>::new(*scale, 38, 0);
            integers(
                numbers(array.as_primitive::<Decimal128Type>()),
                target,
                |v| whole(rescale.apply(v)),
            )
        }
        DataType::Decimal256(_, scale) => {
            let rescale = Rescale::<Decimal256Type, Decimal128Type>::new(*scale, 38, 0);
            integers(
                numbers(array.as_primitive::<Decimal256Type>()),
                target,
                |v| whole(rescale.apply(v)),
            )
        }
        _ => Err(unplanned(array, target)),
    }
}

fn whole(value: Fits<i128>) -> Fits<i128> {
    value.map_err(|why| {
        if why == TOO_FINE {
            NOT_WHOLE
        } else {
            OUT_OF_RANGE
        }
    })
}

/// Narrows exact integers to the target's width.
pub(super) fn integers<V>(
    cells: Cells<'_, impl Iterator<Item = V>>,
    target: &DataType,
    exact: impl Fn(V) -> Fits<i128>,
) -> Result<Mapped> {
    Ok(match target {
        DataType::Int8 => narrow::<V, Int8Type>(cells, exact),
        DataType::Int16 => narrow::<V, Int16Type>(cells, exact),
        DataType::Int32 => narrow::<V, Int32Type>(cells, exact),
        DataType::Int64 => narrow::<V, Int64Type>(cells, exact),
        DataType::UInt8 => narrow::<V, UInt8Type>(cells, exact),
        DataType::UInt16 => narrow::<V, UInt16Type>(cells, exact),
        DataType::UInt32 => narrow::<V, UInt32Type>(cells, exact),
        DataType::UInt64 => narrow::<V, UInt64Type>(cells, exact),
        _ => {
            return Err(Error::internal(format!(
                "a conversion to integers was planned for {target}"
            )));
        }
    })
}

fn narrow<V, T>(
    cells: Cells<'_, impl Iterator<Item = V>>,
    exact: impl Fn(V) -> Fits<i128>,
) -> Mapped
where
    T: ArrowPrimitiveType<Native: TryFrom<i128>>,
{
    let (array, flaws) = map::<V, T>(cells, |value| {
        T::Native::try_from(exact(value)?).map_err(|_| OUT_OF_RANGE)
    });
    Mapped {
        array: Arc::new(array),
        flaws,
    }
}

fn whole_float(value: f64) -> Fits<i128> {
    if !value.is_finite() {
        return Err(OUT_OF_RANGE);
    }
    if value.fract() != 0.0 {
        return Err(NOT_WHOLE);
    }
    // The cast saturates far outside every integer type, where narrowing refuses the value.
    Ok(value as i128)
}

fn to_float(array: &ArrayRef, target: &DataType) -> Result<Mapped> {
    match array.data_type() {
        DataType::Int64 => floats(numbers(array.as_primitive::<Int64Type>()), target, |v| {
            exact_float(v.into())
        }),
        DataType::UInt64 => floats(numbers(array.as_primitive::<UInt64Type>()), target, |v| {
            exact_float(v.into())
        }),
        DataType::Float32 => floats(numbers(array.as_primitive::<Float32Type>()), target, |v| {
            Ok(v.into())
        }),
        DataType::Float64 => floats(numbers(array.as_primitive::<Float64Type>()), target, Ok),
        DataType::Decimal128(_, scale) => {
            decimals_to_floats(array.as_primitive::<Decimal128Type>(), *scale, target)
        }
        DataType::Decimal256(_, scale) => {
            decimals_to_floats(array.as_primitive::<Decimal256Type>(), *scale, target)
        }
        _ => Err(unplanned(array, target)),
    }
}

fn exact_float(value: i128) -> Fits<f64> {
    let float = value as f64;
    if float as i128 == value {
        Ok(float)
    } else {
        Err(NOT_EXACT)
    }
}

fn floats<V>(
    cells: Cells<'_, impl Iterator<Item = V>>,
    target: &DataType,
    exact: impl Fn(V) -> Fits<f64>,
) -> Result<Mapped> {
    if *target == DataType::Float64 {
        let (array, flaws) = map::<V, Float64Type>(cells, exact);
        return Ok(Mapped {
            array: Arc::new(array),
            flaws,
        });
    }
    let (array, flaws) = map::<V, Float32Type>(cells, |value| {
        let value = exact(value)?;
        let narrow = value as f32;
        if f64::from(narrow) == value || value.is_nan() {
            Ok(narrow)
        } else {
            Err(NOT_EXACT)
        }
    });
    Ok(Mapped {
        array: Arc::new(array),
        flaws,
    })
}

/// A decimal fits a float that shows all its digits again; that 0.1 is binary inside does not matter.
fn decimals_to_floats<S>(array: &PrimitiveArray<S>, scale: i8, target: &DataType) -> Result<Mapped>
where
    S: Decimal<Native: decimal::WriteDigits>,
{
    let power = small_power(scale);
    if *target == DataType::Float64 {
        let (array, flaws) = map::<_, Float64Type>(numbers(array), |value| {
            match (small_decimal(value), power) {
                (Some(value), Some(power)) => Ok(value / power),
                _ => float_from_text::<f64>(&plain(value, scale)),
            }
        });
        return Ok(Mapped {
            array: Arc::new(array),
            flaws,
        });
    }
    let (array, flaws) = map::<_, Float32Type>(numbers(array), |value| {
        float_from_text::<f32>(&plain(value, scale))
    });
    Ok(Mapped {
        array: Arc::new(array),
        flaws,
    })
}

fn plain(value: impl decimal::WriteDigits, scale: i8) -> String {
    let mut text = String::new();
    decimal::write_plain(value, scale, &mut text);
    text
}

/// A decimal of at most fifteen digits, which every double shows again.
fn small_decimal(value: impl arrow_cast::cast::DecimalCast) -> Option<f64> {
    let value = value.to_i64()?;
    (value.unsigned_abs() < 1_000_000_000_000_000).then_some(value as f64)
}

/// Ten to the power of `scale` where a double holds it exactly, so that one division rounds once.
fn small_power(scale: i8) -> Option<f64> {
    (0..=22)
        .contains(&scale)
        .then(|| 10f64.powi(i32::from(scale)))
}

/// What differs between the two widths of floats.
pub(super) trait Float: Copy + std::str::FromStr + std::fmt::LowerExp + Into<f64> {
    /// Digits that survive from text to the float and back, whatever they are.
    const SURE_DIGITS: usize;
    /// Magnitudes between which that holds.
    const SURE_RANGE: std::ops::Range<f64>;
}

impl Float for f32 {
    const SURE_DIGITS: usize = 6;
    const SURE_RANGE: std::ops::Range<f64> = 1e-30..1e30;
}

impl Float for f64 {
    const SURE_DIGITS: usize = 15;
    const SURE_RANGE: std::ops::Range<f64> = 1e-290..1e290;
}

/// Reads a float that shows every digit of the text again. `NaN` and infinities are floats too.
pub(super) fn float_from_text<F: Float>(text: &str) -> Fits<F> {
    let text = text.trim();
    let float: F = text.parse().map_err(|_| NOT_A_NUMBER)?;
    let value: f64 = float.into();
    let Ok(digits) = decimal::significant_digits(text) else {
        // Only the names of NaN and the infinities get here.
        return Ok(float);
    };
    if value.is_infinite() {
        return Err(OUT_OF_RANGE);
    }
    if digits == 0 || (digits <= F::SURE_DIGITS && F::SURE_RANGE.contains(&value.abs())) {
        return Ok(float);
    }
    if decimal::same_digits(&format!("{float:.*e}", digits - 1), text) {
        return Ok(float);
    }
    // The shortest text may take the other side of a tie than rounding to as many digits does.
    let shortest = format!("{float:e}");
    if decimal::significant_digits(&shortest) == Ok(digits) && decimal::same_digits(&shortest, text)
    {
        Ok(float)
    } else {
        Err(NOT_EXACT)
    }
}

fn to_decimal<T: Decimal>(array: &ArrayRef, target: &DataType, shape: Shape) -> Result<Mapped> {
    let (array, flaws) = match array.data_type() {
        DataType::Int64 => {
            let rescale = Rescale::<Decimal128Type, T>::new(0, shape.precision, shape.scale);
            map::<_, T>(numbers(array.as_primitive::<Int64Type>()), |v| {
                rescale.apply(v.into())
            })
        }
        DataType::UInt64 => {
            let rescale = Rescale::<Decimal128Type, T>::new(0, shape.precision, shape.scale);
            map::<_, T>(numbers(array.as_primitive::<UInt64Type>()), |v| {
                rescale.apply(v.into())
            })
        }
        DataType::Decimal128(_, scale) => {
            let rescale = Rescale::<Decimal128Type, T>::new(*scale, shape.precision, shape.scale);
            map::<_, T>(numbers(array.as_primitive::<Decimal128Type>()), |v| {
                rescale.apply(v)
            })
        }
        DataType::Decimal256(_, scale) => {
            let rescale = Rescale::<Decimal256Type, T>::new(*scale, shape.precision, shape.scale);
            map::<_, T>(numbers(array.as_primitive::<Decimal256Type>()), |v| {
                rescale.apply(v)
            })
        }
        DataType::Float32 => map::<_, T>(numbers(array.as_primitive::<Float32Type>()), |v| {
            float_to_decimal::<T>(v.into(), || v.to_string(), shape)
        }),
        DataType::Float64 => map::<_, T>(numbers(array.as_primitive::<Float64Type>()), |v| {
            float_to_decimal::<T>(v, || v.to_string(), shape)
        }),
        _ => return Err(unplanned(array, target)),
    };
    Ok(Mapped {
        array: Arc::new(array.with_data_type(target.clone())),
        flaws,
    })
}

/// Whole floats become exactly what they are; others what they print, which is the one decimal of
/// that length that reads back as the same float.
fn float_to_decimal<T: Decimal>(
    value: f64,
    shortest: impl Fn() -> String,
    shape: Shape,
) -> Fits<T::Native> {
    if !value.is_finite() {
        return Err(NOT_A_NUMBER);
    }
    if value.fract() != 0.0 {
        return decimal::parse::<T>(&shortest(), shape);
    }
    // Doubles beyond this have more digits than any decimal.
    if value.abs() >= 1e76 {
        return Err(TOO_MANY_DIGITS);
    }
    decimal::parse::<T>(&format!("{value:.0}"), shape)
}

fn unplanned(array: &ArrayRef, target: &DataType) -> Error {
    Error::internal(format!(
        "no conversion from {} to {target} exists",
        array.data_type()
    ))
}
