//! From an Arrow column to the fields of COPY. Values that PostgreSQL would refuse or round are found
//! here, before anything is sent.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type,
    Int16Type, Int32Type, Int64Type, Time64MicrosecondType, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use sdk::{Error, Result};

use super::field::{Fields, Refusal, Target};
use super::{EPOCH_DAYS, EPOCH_MICROS, numeric};

impl Fields {
    /// Prepares a column. `array` has exactly the Arrow type that `target` asks for.
    pub(crate) fn new(
        array: &ArrayRef,
        target: &Target,
        refused: &mut Vec<Refusal>,
    ) -> Result<Self> {
        let nulls = array
            .nulls()
            .filter(|nulls| nulls.null_count() > 0)
            .cloned();
        Ok(match target {
            Target::Wire | Target::Bytes => {
                let array = array
                    .as_binary_opt::<i32>()
                    .ok_or_else(|| mismatch(array))?;
                Fields::Variable {
                    ends: array.value_offsets().to_vec(),
                    bytes: array.values().clone(),
                    nulls,
                    version: None,
                }
            }
            Target::Text { limit } => text(array, *limit, None, refused)?,
            Target::Char => single(array, nulls, refused)?,
            Target::Jsonb => text(array, None, Some(1), refused)?,
            Target::Bool => {
                let array = array.as_boolean_opt().ok_or_else(|| mismatch(array))?;
                Fields::One(array.values().iter().map(u8::from).collect(), nulls)
            }
            Target::Int2 => Fields::Two(map::<Int16Type, 2>(array, i16::to_be_bytes)?, nulls),
            Target::Int4 => Fields::Four(map::<Int32Type, 4>(array, i32::to_be_bytes)?, nulls),
            Target::Int8 => Fields::Eight(map::<Int64Type, 8>(array, i64::to_be_bytes)?, nulls),
            Target::Float4 => Fields::Four(map::<Float32Type, 4>(array, f32::to_be_bytes)?, nulls),
            Target::Float8 => Fields::Eight(map::<Float64Type, 8>(array, f64::to_be_bytes)?, nulls),
            Target::Date => date(array, nulls, refused)?,
            Target::Time { step } => time(array, nulls, *step, refused)?,
            Target::Timestamp { step } => timestamp(array, nulls, *step, refused)?,
            Target::Uuid => {
                let array = array
                    .as_fixed_size_binary_opt()
                    .filter(|array| array.value_length() == 16)
                    .ok_or_else(|| mismatch(array))?;
                let ends: Vec<i32> = (0..=array.len()).map(|row| row as i32 * 16).collect();
                Fields::Variable {
                    ends,
                    bytes: array.values().clone(),
                    nulls,
                    version: None,
                }
            }
            Target::Numeric { precision, scale } => {
                numbers(array, nulls, (*precision, *scale), refused)?
            }
            Target::List { item, item_type } => list(array, nulls, (item, *item_type), refused)?,
        })
    }
}

fn mismatch(array: &ArrayRef) -> Error {
    Error::internal(format!(
        "a batch brought {} where the target's column has another type",
        array.data_type()
    ))
}

fn is_valid(nulls: &Option<NullBuffer>, row: usize) -> bool {
    nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))
}

fn values<T: ArrowPrimitiveType>(array: &ArrayRef) -> Result<&[T::Native]> {
    let array = array
        .as_primitive_opt::<T>()
        .ok_or_else(|| mismatch(array))?;
    Ok(array.values())
}

fn map<T: ArrowPrimitiveType, const N: usize>(
    array: &ArrayRef,
    to_bytes: fn(T::Native) -> [u8; N],
) -> Result<Vec<[u8; N]>> {
    Ok(values::<T>(array)?
        .iter()
        .map(|value| to_bytes(*value))
        .collect())
}

/// PostgreSQL's dates run from 4713 BC (Julian day 0) to before 5874898; see `datetime.h`.
const DATE_RANGE: std::ops::Range<i32> = -2_451_545..2_145_031_949;
/// Its timestamps run from the same day to before the year 294277.
const TIMESTAMP_RANGE: std::ops::Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;

fn date(array: &ArrayRef, nulls: Option<NullBuffer>, refused: &mut Vec<Refusal>) -> Result<Fields> {
    let mut fields = Vec::with_capacity(array.len());
    for (row, days) in values::<Date32Type>(array)?.iter().enumerate() {
        let days = days
            .checked_sub(EPOCH_DAYS)
            .filter(|days| DATE_RANGE.contains(days));
        if days.is_none() && is_valid(&nulls, row) {
            refused.push((row, "the date is outside PostgreSQL's range".to_string()));
        }
        fields.push(days.unwrap_or(0).to_be_bytes());
    }
    Ok(Fields::Four(fields, nulls))
}

fn timestamp(
    array: &ArrayRef,
    nulls: Option<NullBuffer>,
    step: i64,
    refused: &mut Vec<Refusal>,
) -> Result<Fields> {
    let mut fields = Vec::with_capacity(array.len());
    for (row, micros) in values::<TimestampMicrosecondType>(array)?
        .iter()
        .enumerate()
    {
        let shifted = micros
            .checked_sub(EPOCH_MICROS)
            .filter(|micros| TIMESTAMP_RANGE.contains(micros));
        if (shifted.is_none() || step > 1) && is_valid(&nulls, row) {
            if shifted.is_none() {
                refused.push((
                    row,
                    "the timestamp is outside PostgreSQL's range".to_string(),
                ));
            } else if micros % step != 0 {
                refused.push((row, too_fine(step)));
            }
        }
        fields.push(shifted.unwrap_or(0).to_be_bytes());
    }
    Ok(Fields::Eight(fields, nulls))
}

fn time(
    array: &ArrayRef,
    nulls: Option<NullBuffer>,
    step: i64,
    refused: &mut Vec<Refusal>,
) -> Result<Fields> {
    let mut fields = Vec::with_capacity(array.len());
    for (row, micros) in values::<Time64MicrosecondType>(array)?.iter().enumerate() {
        if is_valid(&nulls, row) {
            if !(0..=86_400_000_000).contains(micros) {
                refused.push((
                    row,
                    "the time of day is outside PostgreSQL's range".to_string(),
                ));
            } else if step > 1 && micros % step != 0 {
                refused.push((row, too_fine(step)));
            }
        }
        fields.push(micros.to_be_bytes());
    }
    Ok(Fields::Eight(fields, nulls))
}

fn too_fine(step: i64) -> String {
    let digits = 6 - step.ilog10();
    format!("the column keeps {digits} digits of a second, and the value has more")
}

/// Text is sent as it is, save values with a NUL byte or too many characters.
fn text(
    array: &ArrayRef,
    limit: Option<usize>,
    version: Option<u8>,
    refused: &mut Vec<Refusal>,
) -> Result<Fields> {
    let array = array
        .as_string_opt::<i32>()
        .ok_or_else(|| mismatch(array))?;
    let ends = array.value_offsets();
    let bytes = array.values();
    let used = ends[0] as usize..ends[array.len()] as usize;
    if memchr::memchr(0, &bytes[used]).is_some() {
        for row in 0..array.len() {
            if array.is_valid(row) && memchr::memchr(0, array.value(row).as_bytes()).is_some() {
                let reason = "PostgreSQL's text cannot hold a NUL byte (U+0000)";
                refused.push((row, reason.to_string()));
            }
        }
    }
    if let Some(limit) = limit {
        for (row, pair) in ends.windows(2).enumerate() {
            // Few bytes are few characters; only the others are counted.
            if (pair[1] - pair[0]) as usize <= limit || array.is_null(row) {
                continue;
            }
            let count = array.value(row).chars().count();
            if count > limit {
                let reason =
                    format!("the column takes {limit} characters, and the value has {count}");
                refused.push((row, reason));
            }
        }
    }
    Ok(Fields::Variable {
        ends: ends.to_vec(),
        bytes: bytes.clone(),
        nulls: array
            .nulls()
            .filter(|nulls| nulls.null_count() > 0)
            .cloned(),
        version,
    })
}

/// The type `"char"` is one byte: an ASCII character, nothing (zero), or `\ooo` in octal digits.
fn single(
    array: &ArrayRef,
    nulls: Option<NullBuffer>,
    refused: &mut Vec<Refusal>,
) -> Result<Fields> {
    let array = array
        .as_string_opt::<i32>()
        .ok_or_else(|| mismatch(array))?;
    let mut bytes = Vec::with_capacity(array.len());
    for row in 0..array.len() {
        let byte = match array.value(row).as_bytes() {
            [] => Some(0),
            [byte @ 1..128] => Some(*byte),
            [b'\\', digits @ ..] if digits.len() == 3 => std::str::from_utf8(digits)
                .ok()
                .and_then(|digits| u8::from_str_radix(digits, 8).ok()),
            _ => None,
        };
        if byte.is_none() && array.is_valid(row) {
            refused.push((row, "the column takes one ASCII character".to_string()));
        }
        bytes.push(byte.unwrap_or(0));
    }
    Ok(Fields::One(bytes, nulls))
}

fn numbers(
    array: &ArrayRef,
    nulls: Option<NullBuffer>,
    (precision, column_scale): (Option<i32>, Option<i32>),
    refused: &mut Vec<Refusal>,
) -> Result<Fields> {
    let rows = array.len();
    let mut bytes = Vec::with_capacity(rows * 14);
    let mut ends = Vec::with_capacity(rows + 1);
    ends.push(0);
    let is_null = |row: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
    let mut end_of = |bytes: &Vec<u8>| {
        let end = i32::try_from(bytes.len());
        end.map_err(|_| Error::internal("a batch of numbers is larger than 2 GiB"))
            .map(|end| ends.push(end))
    };
    match array.data_type() {
        DataType::Decimal128(digits, scale) => {
            let limit = 10_u128.pow(u32::from(*digits));
            for (row, value) in values::<Decimal128Type>(array)?.iter().enumerate() {
                if !is_null(row) {
                    if value.unsigned_abs() >= limit {
                        refused.push((row, format!("the number has more than {digits} digits")));
                    }
                    numeric::from_i128(*value, scale.unsigned_abs(), &mut bytes);
                }
                end_of(&bytes)?;
            }
        }
        DataType::Decimal256(_, scale) => {
            for (row, value) in values::<Decimal256Type>(array)?.iter().enumerate() {
                if !is_null(row) {
                    let written = numeric::from_i256(*value, scale.unsigned_abs(), &mut bytes);
                    refused.extend(written.err().map(|reason| (row, reason)));
                }
                end_of(&bytes)?;
            }
        }
        DataType::Utf8 => {
            // Without a precision there is no scale that could round.
            let scale = precision.and(column_scale);
            for (row, text) in array.as_string::<i32>().iter().enumerate() {
                if let Some(text) = text {
                    let written = numeric::from_text(text.as_bytes(), scale, &mut bytes);
                    refused.extend(written.err().map(|reason| (row, reason)));
                }
                end_of(&bytes)?;
            }
        }
        _ => return Err(mismatch(array)),
    }
    Ok(Fields::Variable {
        ends,
        bytes: bytes.into(),
        nulls,
        version: None,
    })
}

fn list(
    array: &ArrayRef,
    nulls: Option<NullBuffer>,
    (item, item_type): (&Target, u32),
    refused: &mut Vec<Refusal>,
) -> Result<Fields> {
    let lists = array.as_list_opt::<i32>().ok_or_else(|| mismatch(array))?;
    let mut refused_items = Vec::new();
    let items = Fields::new(lists.values(), item, &mut refused_items)?;
    let offsets = lists.value_offsets();
    for (place, reason) in refused_items {
        let row = offsets.partition_point(|start| *start as usize <= place);
        // Items before the first or behind the last list belong to no row of this batch.
        if row > 0 && row <= lists.len() && lists.is_valid(row - 1) {
            refused.push((row - 1, format!("in an item of the list: {reason}")));
        }
    }
    let mut bytes = Vec::new();
    let mut ends = vec![0];
    for row in 0..lists.len() {
        let span = offsets[row] as usize..offsets[row + 1] as usize;
        if lists.is_valid(row) {
            let has_null = span.clone().any(|place| items.is_null(place));
            bytes.extend_from_slice(&i32::from(!span.is_empty()).to_be_bytes());
            bytes.extend_from_slice(&i32::from(has_null).to_be_bytes());
            bytes.extend_from_slice(&item_type.to_be_bytes());
            if !span.is_empty() {
                bytes.extend_from_slice(&(span.len() as u32).to_be_bytes());
                bytes.extend_from_slice(&1_i32.to_be_bytes());
            }
            for place in span {
                items.write_one(place, &mut bytes);
            }
        }
        let end = i32::try_from(bytes.len())
            .map_err(|_| Error::internal("a batch of lists is larger than 2 GiB"))?;
        ends.push(end);
    }
    Ok(Fields::Variable {
        ends,
        bytes: bytes.into(),
        nulls,
        version: None,
    })
}
