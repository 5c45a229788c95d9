//! Passing over one value of the record stream: where it ends, what it gives to the checksum, and whether the column
//! may hold it. The bytes are never turned into a typed value here; that is the work of `maxcompute::record`.

use std::ops::RangeInclusive;

use maxcompute::record::MAX_FIELD_BYTES;
use maxcompute::types::Type;

use super::cursor::{Cursor, Halt, Walk};

const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_SECOND: i64 = 253_402_300_799;
const FIRST_DAY: i64 = -719_162;
const LAST_DAY: i64 = 2_932_896;
const LAST_NANO: i64 = 999_999_999;

/// Takes the bytes that a value gives to the record checksum.
pub(crate) trait Sink {
    fn feed(&mut self, bytes: &[u8]);
}

/// Wants no bytes: for finding where records begin.
pub(crate) struct Ignore;

impl Sink for Ignore {
    fn feed(&mut self, _bytes: &[u8]) {}
}

/// CRC-32C of what is fed. Small pieces are collected first, because one long update is far cheaper than many of
/// eight bytes.
#[derive(Default)]
pub(crate) struct Checksum {
    crc: u32,
    pending: Vec<u8>,
}

impl Checksum {
    const FLUSH_BYTES: usize = 4096;

    /// The checksum of everything fed since the last call.
    pub(crate) fn finish(&mut self) -> u32 {
        let crc = crc32c::crc32c_append(self.crc, &self.pending);
        self.reset();
        crc
    }

    pub(crate) fn reset(&mut self) {
        self.crc = 0;
        self.pending.clear();
    }
}

impl Sink for Checksum {
    fn feed(&mut self, bytes: &[u8]) {
        if bytes.len() + self.pending.len() > Self::FLUSH_BYTES {
            self.crc = crc32c::crc32c_append(self.crc, &self.pending);
            self.pending.clear();
            if bytes.len() > Self::FLUSH_BYTES {
                self.crc = crc32c::crc32c_append(self.crc, bytes);
                return;
            }
        }
        self.pending.extend_from_slice(bytes);
    }
}

/// The protobuf wire type that a column's tag carries.
pub(crate) fn wire_type(column: &Type) -> u64 {
    match column {
        Type::TinyInt
        | Type::SmallInt
        | Type::Int
        | Type::BigInt
        | Type::Boolean
        | Type::Date
        | Type::Datetime
        | Type::IntervalYearMonth => 0,
        Type::Double => 1,
        Type::Float => 5,
        _ => 2,
    }
}

/// Passes over one value without its tag.
pub(crate) fn pass(column: &Type, cursor: &mut Cursor, sink: &mut impl Sink) -> Walk<()> {
    match column {
        Type::TinyInt => integer(cursor, sink, i8::MIN.into(), i8::MAX.into()),
        Type::SmallInt => integer(cursor, sink, i16::MIN.into(), i16::MAX.into()),
        Type::Int => integer(cursor, sink, i32::MIN.into(), i32::MAX.into()),
        // The smallest 64-bit value is reserved by the service.
        Type::BigInt => integer(cursor, sink, i64::MIN + 1, i64::MAX),
        Type::Date => integer(cursor, sink, FIRST_DAY, LAST_DAY),
        Type::Datetime => integer(cursor, sink, FIRST_SECOND * 1000, LAST_SECOND * 1000 + 999),
        Type::IntervalYearMonth => integer(cursor, sink, i32::MIN.into(), i32::MAX.into()),
        Type::Boolean => match cursor.varint()? {
            flag @ 0..=1 => {
                sink.feed(&[flag as u8]);
                Ok(())
            }
            other => Err(Halt::malformed(format!("a boolean is {other}"))),
        },
        Type::Float => fixed(cursor, sink, 4),
        Type::Double => fixed(cursor, sink, 8),
        Type::String | Type::Binary | Type::Json => text(cursor, sink).map(|_| ()),
        Type::Varchar(limit) | Type::Char(limit) => {
            let bytes = text(cursor, sink)?;
            if too_long(bytes, *limit) {
                return Err(Halt::malformed(format!(
                    "a text has more than {limit} characters"
                )));
            }
            Ok(())
        }
        Type::Decimal { precision, scale } => {
            let bytes = text(cursor, sink)?;
            if decimal_fits(bytes, *precision, *scale) {
                return Ok(());
            }
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]).into_owned();
            Err(Halt::malformed(format!(
                "{shown:?} is not a decimal({precision},{scale})"
            )))
        }
        Type::Timestamp | Type::TimestampNtz => {
            pair(cursor, sink, FIRST_SECOND..=LAST_SECOND, 0..=LAST_NANO)
        }
        // Both parts of an interval have a sign.
        Type::IntervalDayTime => pair(cursor, sink, i64::MIN..=i64::MAX, -LAST_NANO..=LAST_NANO),
        Type::Array(element) => list(element, cursor, sink).map(|_| ()),
        Type::Map(key, value) => {
            let keys = list(key, cursor, sink)?;
            let values = list(value, cursor, sink)?;
            if keys != values {
                return Err(Halt::malformed(format!(
                    "a map has {keys} keys and {values} values"
                )));
            }
            Ok(())
        }
        Type::Struct(fields) => {
            for (_, field) in fields {
                nullable(field, cursor, sink)?;
            }
            Ok(())
        }
    }
}

fn integer(cursor: &mut Cursor, sink: &mut impl Sink, least: i64, greatest: i64) -> Walk<()> {
    let number = cursor.zigzag()?;
    if number < least || number > greatest {
        return Err(Halt::malformed(format!(
            "{number} is outside {least} to {greatest}"
        )));
    }
    sink.feed(&number.to_le_bytes());
    Ok(())
}

fn fixed(cursor: &mut Cursor, sink: &mut impl Sink, width: usize) -> Walk<()> {
    sink.feed(cursor.take(width)?);
    Ok(())
}

fn text<'a>(cursor: &mut Cursor<'a>, sink: &mut impl Sink) -> Walk<&'a [u8]> {
    let length = cursor.varint()?;
    if length > MAX_FIELD_BYTES as u64 {
        return Err(Halt::malformed(format!(
            "a cell has {length} bytes, more than {MAX_FIELD_BYTES}"
        )));
    }
    let bytes = cursor.take(length as usize)?;
    sink.feed(bytes);
    Ok(bytes)
}

fn pair(
    cursor: &mut Cursor,
    sink: &mut impl Sink,
    second_range: RangeInclusive<i64>,
    nano_range: RangeInclusive<i64>,
) -> Walk<()> {
    let seconds = cursor.zigzag()?;
    let nanos = cursor.zigzag()?;
    if !second_range.contains(&seconds) {
        return Err(Halt::malformed(format!(
            "second {seconds} is outside the years 1 to 9999"
        )));
    }
    if !nano_range.contains(&nanos) {
        return Err(Halt::malformed(format!(
            "{nanos} is no count of nanoseconds"
        )));
    }
    sink.feed(&seconds.to_le_bytes());
    sink.feed(&(nanos as i32).to_le_bytes());
    Ok(())
}

fn list(element: &Type, cursor: &mut Cursor, sink: &mut impl Sink) -> Walk<u64> {
    let count = cursor.varint()?;
    for _ in 0..count {
        nullable(element, cursor, sink)?;
    }
    Ok(count)
}

fn nullable(column: &Type, cursor: &mut Cursor, sink: &mut impl Sink) -> Walk<()> {
    match cursor.varint()? {
        0 => pass(column, cursor, sink),
        1 => Ok(()),
        other => Err(Halt::malformed(format!("a null flag is {other}"))),
    }
}

/// True if a text has more characters than its column. Bytes that begin no UTF-8 character are not counted.
fn too_long(bytes: &[u8], limit: u32) -> bool {
    let limit = limit as usize;
    bytes.len() > limit && bytes.iter().filter(|byte| (**byte as i8) >= -0x40).count() > limit
}

/// True for plain or exponent notation whose digits fit the column without rounding.
fn decimal_fits(text: &[u8], precision: u8, scale: u8) -> bool {
    let unsigned = match text.first() {
        Some(b'-' | b'+') => &text[1..],
        _ => text,
    };
    let (mantissa, exponent) = match unsigned.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => match std::str::from_utf8(&unsigned[at + 1..]).map(str::parse::<i32>) {
            Ok(Ok(exponent)) if exponent.abs() <= 1000 => (&unsigned[..at], exponent),
            _ => return false,
        },
        None => (unsigned, 0),
    };
    let point = mantissa
        .iter()
        .position(|byte| *byte == b'.')
        .unwrap_or(mantissa.len());
    let mut digits = 0;
    let mut highest = i64::MIN;
    let mut lowest = i64::MAX;
    for (at, byte) in mantissa.iter().enumerate() {
        if at == point {
            continue;
        }
        if !byte.is_ascii_digit() {
            return false;
        }
        digits += 1;
        if *byte != b'0' {
            let distance = point as i64 - at as i64;
            let power = if distance > 0 { distance - 1 } else { distance } + i64::from(exponent);
            highest = highest.max(power);
            lowest = lowest.min(power);
        }
    }
    if digits == 0 {
        return false;
    }
    highest == i64::MIN
        || (highest < i64::from(precision) - i64::from(scale) && lowest >= -i64::from(scale))
}

#[cfg(test)]
mod tests {
    use super::{decimal_fits, too_long};

    #[test]
    fn decimals_are_held_to_precision_and_scale() {
        for good in [
            "0",
            "-0.00",
            "999.99",
            "+1",
            "1e2",
            "99999e-2",
            ".5",
            "5.",
            "000999.990000",
        ] {
            assert!(
                decimal_fits(good.as_bytes(), 5, 2),
                "{good} fits decimal(5,2)"
            );
        }
        for bad in [
            "", "-", ".", "1000", "0.001", "1e3", "1e-3", "1.2.3", "nan", "inf", "1e", "1e99999",
            "e1", "１",
        ] {
            assert!(
                !decimal_fits(bad.as_bytes(), 5, 2),
                "{bad} does not fit decimal(5,2)"
            );
        }
    }

    #[test]
    fn text_is_limited_in_characters_not_bytes() {
        assert!(!too_long("中文".as_bytes(), 2));
        assert!(too_long("中文字".as_bytes(), 2));
        assert!(too_long(b"abc", 2));
        assert!(!too_long(b"", 0));
    }
}
