//! Text into every other type, strictly: the whole text must be one value of the type.
//!
//! Spaces around the value are tolerated. An empty text is no value of any type but text and binary,
//! and never NULL. Text becomes binary as its UTF-8 bytes, whatever it looks like: reading `\x41` as
//! hexadecimal would change texts that merely begin so (the expression `decode(c, 'hex')` does that).
//! A timestamp's zone is applied (`calendar`); lists, structs and maps are read from JSON (`from_json`).

use std::sync::Arc;

use arrow_array::builder::FixedSizeBinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray, StringArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use sdk::{Error, Extension, Result};

use super::calendar::{read_date, read_time_of_day, read_timestamp};
use super::decimal::{self, Decimal, Shape, TOO_FINE};
use super::kernel::{Fits, Mapped, Why, map, map_boolean, map_text, texts};
use super::number::{OUT_OF_RANGE, float_from_text, integers};
use super::time::from_ticks;
use super::uuid;

/// Converts text into any canonical type but the nested ones.
pub(super) fn convert(
    array: &ArrayRef,
    target: &DataType,
    extension: Option<Extension>,
) -> Result<Mapped> {
    let text = array.as_string::<i32>();
    match target {
        DataType::Boolean => Ok(map_boolean(texts(text), boolean)),
        DataType::Float32 => {
            let (array, flaws) = map::<_, Float32Type>(texts(text), float_from_text);
            Ok(Mapped {
                array: Arc::new(array),
                flaws,
            })
        }
        DataType::Float64 => {
            let (array, flaws) = map::<_, Float64Type>(texts(text), float_from_text);
            Ok(Mapped {
                array: Arc::new(array),
                flaws,
            })
        }
        DataType::Decimal128(precision, scale) => Ok(decimals::<Decimal128Type>(
            text,
            target,
            Shape {
                precision: *precision,
                scale: *scale,
            },
        )),
        DataType::Decimal256(precision, scale) => Ok(decimals::<Decimal256Type>(
            text,
            target,
            Shape {
                precision: *precision,
                scale: *scale,
            },
        )),
        DataType::Date32 => times(text, target, |text| read_date(text)?.ticks(target)),
        DataType::Timestamp(..) => times(text, target, |text| read_timestamp(text)?.ticks(target)),
        DataType::Time32(_) | DataType::Time64(_) => {
            times(text, target, |text| read_time_of_day(text)?.ticks(target))
        }
        DataType::Binary => Ok(Mapped::clean(cast(array, target)?)),
        DataType::FixedSizeBinary(16) if extension == Some(Extension::Uuid) => uuids(text),
        DataType::Utf8 if extension == Some(Extension::Json) => json(text),
        _ if target.is_integer() => integers(texts(text), target, integer),
        other => Err(Error::internal(format!(
            "no conversion from text to {other} exists"
        ))),
    }
}

fn boolean(text: &str) -> Fits<bool> {
    const TRUE: [&str; 6] = ["true", "t", "1", "yes", "y", "on"];
    const FALSE: [&str; 6] = ["false", "f", "0", "no", "n", "off"];
    let text = text.trim();
    let is_in = |words: [&str; 6]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_in(TRUE) {
        Ok(true)
    } else if is_in(FALSE) {
        Ok(false)
    } else {
        Err("it is neither true nor false")
    }
}

/// Whole numbers may be written as decimals (`42.00`), because that is how numeric columns print them.
fn integer(text: &str) -> Fits<i128> {
    if let Ok(value) = text.trim().parse::<i64>() {
        return Ok(value.into());
    }
    let shape = Shape {
        precision: 38,
        scale: 0,
    };
    decimal::parse::<Decimal128Type>(text, shape).map_err(|why| match why {
        TOO_FINE => "it is not a whole number",
        decimal::TOO_MANY_DIGITS => OUT_OF_RANGE,
        other => other,
    })
}

fn decimals<T: Decimal>(text: &StringArray, target: &DataType, shape: Shape) -> Mapped {
    let (array, flaws): (PrimitiveArray<T>, _) =
        map(texts(text), |text| decimal::parse::<T>(text, shape));
    Mapped {
        array: Arc::new(array.with_data_type(target.clone())),
        flaws,
    }
}

fn times(
    text: &StringArray,
    target: &DataType,
    read: impl Fn(&str) -> Fits<i64>,
) -> Result<Mapped> {
    let (ticks, flaws) = map::<_, Int64Type>(texts(text), read);
    Ok(Mapped {
        array: from_ticks(ticks, target)?,
        flaws,
    })
}

fn uuids(text: &StringArray) -> Result<Mapped> {
    let mut flaws = Vec::new();
    let mut builder = FixedSizeBinaryBuilder::with_capacity(text.len(), 16);
    for row in 0..text.len() {
        if text.is_null(row) {
            builder.append_null();
            continue;
        }
        match uuid::parse(text.value(row)) {
            Ok(bytes) => builder.append_value(bytes)?,
            Err(why) => {
                flaws.push((row, Why::Rule(why)));
                builder.append_null();
            }
        }
    }
    Ok(Mapped {
        array: Arc::new(builder.finish()),
        flaws,
    })
}

/// Text that must be JSON, kept to the letter.
fn json(text: &StringArray) -> Result<Mapped> {
    map_text(texts(text), |text, out| {
        serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|_| "it is not JSON")?;
        out.push_str(text);
        Ok(())
    })
}
