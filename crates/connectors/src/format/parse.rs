//! Text columns to typed columns, strictly: what is not exactly a value of the type is a fault of its
//! row. Nothing is rounded, and surrounding blanks are allowed only around numbers.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, FixedSizeBinaryBuilder, PrimitiveBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float64Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray, StringArray};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::DataType;
use sdk::Result;

use super::dates::{self, Pattern};
use super::kind::TextKind;
use super::layout::TextColumnPlan;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Parses a column; `fault` is told each row that does not fit, and why.
pub(super) fn typed(
    texts: &StringArray,
    plan: &TextColumnPlan,
    mut fault: impl FnMut(usize, String),
) -> Result<ArrayRef> {
    let kind = plan.kind;
    let pattern = plan.pattern.as_ref();
    Ok(match kind {
        TextKind::Text => Arc::new(texts.clone()),
        TextKind::Json => {
            for (row, text) in texts.iter().enumerate() {
                let valid = text
                    .is_none_or(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
                if !valid {
                    fault(row, "is not valid JSON".to_string());
                }
            }
            Arc::new(texts.clone())
        }
        TextKind::Boolean | TextKind::Short | TextKind::Integer | TextKind::Long => {
            cast(texts, kind, fault)?
        }
        TextKind::Float | TextKind::Double => {
            let array = cast(texts, kind, &mut fault)?;
            refuse_overflow(texts, &array, kind, fault)?;
            array
        }
        TextKind::ExactDouble => {
            let array: PrimitiveArray<Float64Type> = parse_each(texts, fault, exact_double);
            Arc::new(array)
        }
        TextKind::Decimal(precision, scale) => {
            let array: PrimitiveArray<Decimal128Type> =
                parse_each(texts, fault, |text| decimal(text, precision, scale));
            Arc::new(array.with_precision_and_scale(precision, scale)?)
        }
        TextKind::Date => {
            let array: PrimitiveArray<Date32Type> =
                parse_each(texts, fault, |text| date(text, pattern));
            Arc::new(array)
        }
        TextKind::Time => {
            let array: PrimitiveArray<Time64MicrosecondType> = parse_each(texts, fault, |text| {
                match pattern {
                    Some(pattern) => pattern.read(text),
                    None => dates::read_time(text),
                }
                .ok_or_else(|| "is not a time such as 23:59:59.123456".to_string())
            });
            Arc::new(array)
        }
        TextKind::Timestamp => {
            let array: PrimitiveArray<TimestampMicrosecondType> =
                parse_each(texts, fault, |text| timestamp(text, pattern));
            Arc::new(array)
        }
        TextKind::TimestampTz => {
            let array: PrimitiveArray<TimestampMicrosecondType> =
                parse_each(texts, fault, |text| instant(text, pattern));
            Arc::new(array.with_timezone("UTC"))
        }
        TextKind::Bytes => {
            let mut builder = BinaryBuilder::with_capacity(texts.len(), texts.values().len());
            for (row, text) in texts.iter().enumerate() {
                match text.map(bytes) {
                    None => builder.append_null(),
                    Some(Some(bytes)) => builder.append_value(bytes),
                    Some(None) => {
                        builder.append_null();
                        fault(row, "is not `\\x` and pairs of hexadecimal digits".into());
                    }
                }
            }
            Arc::new(builder.finish())
        }
        TextKind::Uuid => {
            let mut builder = FixedSizeBinaryBuilder::with_capacity(texts.len(), 16);
            for (row, text) in texts.iter().enumerate() {
                match text.map(uuid) {
                    None => builder.append_null(),
                    Some(Some(bytes)) => builder.append_value(bytes)?,
                    Some(None) => {
                        builder.append_null();
                        fault(row, "is not a uuid".to_string());
                    }
                }
            }
            Arc::new(builder.finish())
        }
    })
}

/// One value of a job, not of a file, as an array of length 1.
pub(crate) fn constant(text: &str, plan: &TextColumnPlan) -> std::result::Result<ArrayRef, String> {
    let mut flaw = None;
    let texts = StringArray::from(vec![text]);
    let array =
        typed(&texts, plan, |_, reason| flaw = Some(reason)).map_err(|error| error.to_string())?;
    match flaw {
        None => Ok(array),
        Some(reason) => Err(format!("\"{text}\" {reason}")),
    }
}

/// One value of a job in the smallest unit of its type: days, microseconds, digits of a decimal.
pub(crate) fn ticks(text: &str, plan: &TextColumnPlan) -> std::result::Result<i128, String> {
    let array = constant(text, plan)?;
    if let TextKind::Decimal(..) = plan.kind {
        return Ok(array.as_primitive::<Decimal128Type>().value(0));
    }
    let wide = match plan.kind {
        TextKind::Date => arrow_cast::cast(&array, &DataType::Int32),
        _ => Ok(array),
    };
    let wide = wide.and_then(|array| arrow_cast::cast(&array, &DataType::Int64));
    let wide = wide.map_err(|error| error.to_string())?;
    Ok(i128::from(wide.as_primitive::<Int64Type>().value(0)))
}

/// Numbers and booleans by Arrow's own kernel, which yields NULL for what it cannot parse.
fn cast(
    texts: &StringArray,
    kind: TextKind,
    mut fault: impl FnMut(usize, String),
) -> Result<ArrayRef> {
    let options = CastOptions {
        safe: true,
        ..CastOptions::default()
    };
    let mut array = cast_with_options(texts, &kind.data_type(), &options)?;
    if array.null_count() > texts.null_count() {
        // Blanks around numbers are common in files of fixed width.
        let trimmed: StringArray = texts.iter().map(|text| text.map(str::trim)).collect();
        array = cast_with_options(&trimmed, &kind.data_type(), &options)?;
    }
    if array.null_count() > texts.null_count() {
        let rows = (0..texts.len()).filter(|row| array.is_null(*row) && texts.is_valid(*row));
        for row in rows {
            let empty = if texts.value(row).trim().is_empty() {
                "is empty, which "
            } else {
                ""
            };
            fault(row, format!("{empty}is not a {} in range", kind.name()));
        }
    }
    Ok(array)
}

/// Arrow's kernel makes an infinity of a number that is too large; only a word may stand for one.
fn refuse_overflow(
    texts: &StringArray,
    numbers: &ArrayRef,
    kind: TextKind,
    mut fault: impl FnMut(usize, String),
) -> Result<()> {
    let wide = arrow_cast::cast(numbers, &DataType::Float64)?;
    for (row, value) in wide
        .as_primitive::<Float64Type>()
        .values()
        .iter()
        .enumerate()
    {
        if value.is_infinite()
            && wide.is_valid(row)
            && texts.value(row).bytes().any(|byte| byte.is_ascii_digit())
        {
            fault(row, format!("is not a {} in range", kind.name()));
        }
    }
    Ok(())
}

fn parse_each<T: ArrowPrimitiveType>(
    texts: &StringArray,
    mut fault: impl FnMut(usize, String),
    parse: impl Fn(&str) -> std::result::Result<T::Native, String>,
) -> PrimitiveArray<T> {
    let mut builder = PrimitiveBuilder::<T>::with_capacity(texts.len());
    for (row, text) in texts.iter().enumerate() {
        match text.map(&parse) {
            None => builder.append_null(),
            Some(Ok(value)) => builder.append_value(value),
            Some(Err(reason)) => {
                builder.append_null();
                fault(row, reason);
            }
        }
    }
    builder.finish()
}

fn date(text: &str, pattern: Option<&Pattern>) -> std::result::Result<i32, String> {
    let (days, micros) = match pattern {
        Some(pattern) => pattern.read(text).map(|micros| {
            (
                micros.div_euclid(MICROS_PER_DAY),
                micros.rem_euclid(MICROS_PER_DAY),
            )
        }),
        None => dates::read_date(text),
    }
    .ok_or("is not a date such as 2024-01-31")?;
    if micros != 0 {
        return Err("is a date with a time of day; read it with the type `timestamp`".into());
    }
    i32::try_from(days).map_err(|_| "is a date out of range".to_string())
}

fn timestamp(text: &str, pattern: Option<&Pattern>) -> std::result::Result<i64, String> {
    if let Some(pattern) = pattern {
        return pattern.read(text).ok_or_else(|| {
            "is not a timestamp in the given format, to the microsecond".to_string()
        });
    }
    let moment = dates::read_timestamp(text)
        .ok_or("is not a timestamp such as 2024-01-31 23:59:59.123456")?;
    if moment.zoned {
        return Err(
            "is a timestamp with a time zone; read it with the type `timestamptz`".to_string(),
        );
    }
    Ok(moment.micros)
}

fn instant(text: &str, pattern: Option<&Pattern>) -> std::result::Result<i64, String> {
    if let Some(pattern) = pattern {
        return pattern.read(text).ok_or_else(|| {
            "is not a timestamp in the given format, to the microsecond".to_string()
        });
    }
    let moment = dates::read_timestamp(text)
        .ok_or("is not a timestamp such as 2024-01-31 23:59:59.123456+00:00")?;
    if !moment.zoned {
        return Err("is a timestamp without a time zone; read it with the type `timestamp`".into());
    }
    Ok(moment.micros)
}

/// Digits with sign, point and exponent, taken apart: the value is `digits` × 10^`exponent`.
struct Number<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i32,
}

fn number(text: &str) -> Option<Number<'_>> {
    let text = text.trim();
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.as_bytes().split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, mantissa.as_bytes()),
    };
    let (whole, fraction) = match digits.iter().position(|byte| *byte == b'.') {
        Some(point) => (&digits[..point], &digits[point + 1..]),
        None => (digits, &digits[digits.len()..]),
    };
    let mut all = whole.iter().chain(fraction);
    let valid = whole.len() + fraction.len() > 0 && all.all(u8::is_ascii_digit);
    valid.then_some(Number {
        negative,
        whole,
        fraction,
        exponent,
    })
}

fn decimal(text: &str, precision: u8, scale: i8) -> std::result::Result<i128, String> {
    let parts = number(text).ok_or_else(|| format!("is not a decimal({precision},{scale})"))?;
    // The place of a digit is its power of ten after scaling; digits below 0 must be zeros.
    let mut place = parts
        .exponent
        .saturating_add(i32::from(scale))
        .saturating_add(parts.whole.len() as i32);
    let mut value: i128 = 0;
    for byte in parts.whole.iter().chain(parts.fraction) {
        place = place.saturating_sub(1);
        let digit = i128::from(byte - b'0');
        if place < 0 {
            if digit != 0 {
                return Err(format!(
                    "has more than {scale} decimals and would be rounded to fit decimal({precision},{scale})"
                ));
            }
            continue;
        }
        // The first significant digit bounds the value, so what follows cannot overflow.
        if value == 0 && digit != 0 && place >= i32::from(precision) {
            return Err(format!("does not fit decimal({precision},{scale})"));
        }
        value = value * 10 + digit;
    }
    if value != 0 && place > 0 {
        value *= 10_i128.pow(place.unsigned_abs());
    }
    Ok(if parts.negative { -value } else { value })
}

/// A double that prints as the same number, so that nothing was rounded.
fn exact_double(text: &str) -> std::result::Result<f64, String> {
    let error = || {
        "is not a number that a double holds exactly; give the column the type `decimal(p,s)` or `string`".to_string()
    };
    let value: f64 = text.trim().parse().map_err(|_| error())?;
    let Some(parts) = number(text) else {
        // NaN and infinities have no digits to lose.
        return Ok(value);
    };
    // Any number of 15 digits survives a double, unless it lies near the ends of the range.
    let digits = parts.whole.len() + parts.fraction.len();
    if digits <= 15 && parts.exponent.unsigned_abs() < 250 {
        return Ok(value);
    }
    let printed = format!("{value:e}");
    let exact = value.is_finite()
        && number(&printed).is_some_and(|again| canonical(&again) == canonical(&parts));
    if exact { Ok(value) } else { Err(error()) }
}

/// Significant digits and the power of ten of the last one; zero is no digits at all.
fn canonical(number: &Number<'_>) -> (Vec<u8>, i64) {
    let digits: Vec<u8> = number
        .whole
        .iter()
        .chain(number.fraction)
        .copied()
        .collect();
    let Some(first) = digits.iter().position(|digit| *digit != b'0') else {
        return (Vec::new(), 0);
    };
    let last = digits
        .iter()
        .rposition(|digit| *digit != b'0')
        .unwrap_or(first);
    let dropped = (digits.len() - 1 - last) as i64;
    let power = i64::from(number.exponent) - number.fraction.len() as i64 + dropped;
    (digits[first..=last].to_vec(), power)
}

/// Hexadecimal digits after `\x`, or the text's own bytes.
fn bytes(text: &str) -> Option<Vec<u8>> {
    match text.strip_prefix("\\x") {
        Some(digits) => hexadecimal(digits.as_bytes()),
        None => Some(text.as_bytes().to_vec()),
    }
}

fn hexadecimal(digits: &[u8]) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| (byte as char).to_digit(16);
    digits
        .chunks_exact(2)
        .map(|pair| Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8))
        .collect()
}

/// 32 hexadecimal digits, with the four hyphens at their places or without any, perhaps in braces; the
/// same as the engine reads.
fn uuid(text: &str) -> Option<Vec<u8>> {
    let bare = text.trim();
    let braced = bare
        .strip_prefix('{')
        .and_then(|bare| bare.strip_suffix('}'));
    let bare = braced.unwrap_or(bare).as_bytes();
    let digits = match bare.len() {
        36 if [8, 13, 18, 23].iter().all(|at| bare[*at] == b'-') => [
            &bare[..8],
            &bare[9..13],
            &bare[14..18],
            &bare[19..23],
            &bare[24..],
        ]
        .concat(),
        32 => bare.to_vec(),
        _ => return None,
    };
    hexadecimal(&digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_or_refused() {
        assert_eq!(decimal("12.30", 15, 2), Ok(1230));
        assert_eq!(decimal("-0.05", 15, 2), Ok(-5));
        assert_eq!(decimal("1.5e3", 15, 2), Ok(150_000));
        assert_eq!(decimal("1.500", 15, 2), Ok(150));
        assert_eq!(decimal("000000000000000000001", 3, 0), Ok(1));
        assert_eq!(
            decimal("99999999999999999999999999999999999999", 38, 0),
            Ok(10_i128.pow(38) - 1)
        );
        assert_eq!(decimal("0e999999999", 5, 2), Ok(0));
        for wrong in [
            "1.005",
            "10000000000000",
            "1e2147483647",
            "1e-2147483648",
            "abc",
            "",
            "-",
            "1.2.3",
            "NaN",
        ] {
            assert!(decimal(wrong, 15, 2).is_err(), "{wrong}");
        }
    }

    #[test]
    fn inferred_doubles_never_round() {
        assert_eq!(exact_double("0.30000000000000004"), Ok(0.30000000000000004));
        assert_eq!(exact_double("1.50"), Ok(1.5));
        assert_eq!(exact_double("-1e300"), Ok(-1e300));
        assert_eq!(exact_double("0"), Ok(0.0));
        for wrong in [
            "12345678901234567.89",
            "1e999",
            "1e-2147483648",
            "0.1000000000000000000001",
        ] {
            assert!(exact_double(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn bytes_and_uuids() {
        assert_eq!(bytes("\\x00fF"), Some(vec![0, 255]));
        assert_eq!(bytes("\\x0"), None);
        assert_eq!(bytes("ab"), Some(b"ab".to_vec()));
        // The same cases as in the tests of the engine's conversions.
        for right in [
            "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            "6BA7B8109DAD11D180B400C04FD430C8",
            " {6ba7b810-9dad-11d1-80b4-00c04fd430c8} ",
        ] {
            assert_eq!(uuid(right).map(|bytes| bytes[15]), Some(0xc8), "{right}");
        }
        for wrong in [
            "",
            "6ba7b810-9dad-11d1-80b4",
            "6ba7-b8109dad-11d1-80b4-00c04fd430c8",
            "-6ba7b8109dad11d180b400c04fd430c8---",
            "6ba7b8109dad11d180b400c04fd430cg",
            "{6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        ] {
            assert_eq!(uuid(wrong), None, "{wrong}");
        }
    }
}
