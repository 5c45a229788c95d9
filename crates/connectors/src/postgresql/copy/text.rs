//! Fields as text for people: the dirty-row file and messages. Follows PostgreSQL's own output with
//! ISO dates; what it does not know becomes hexadecimal digits, never an error.

use std::fmt::{Display, LowerExp, Write};

use sdk::Day;

use super::list::{Shape, next_field};
use super::numeric;

/// A field of the type `type_name` (as in `pg_type`) as text.
pub(crate) fn text_of(type_name: &str, cell: &[u8]) -> String {
    known(type_name, cell).unwrap_or_else(|| hex(cell))
}

fn hex(cell: &[u8]) -> String {
    let mut text = String::with_capacity(2 + cell.len() * 2);
    text.push_str("\\x");
    for byte in cell {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn known(type_name: &str, cell: &[u8]) -> Option<String> {
    if let Some(item) = type_name.strip_prefix('_') {
        return array(item, cell);
    }
    Some(match type_name {
        "bool" => (if cell == [1] { "t" } else { "f" }).to_string(),
        "int2" => i16::from_be_bytes(cell.try_into().ok()?).to_string(),
        "int4" => i32_of(cell)?.to_string(),
        "int8" => i64_of(cell)?.to_string(),
        "oid" => u32::from_be_bytes(cell.try_into().ok()?).to_string(),
        "float4" => float(f32::from_be_bytes(cell.try_into().ok()?)),
        "float8" => float(f64::from_be_bytes(cell.try_into().ok()?)),
        "text" | "varchar" | "bpchar" | "name" | "json" | "xml" => {
            std::str::from_utf8(cell).ok()?.to_string()
        }
        "char" => match cell {
            [0] => String::new(),
            [byte @ 1..128] => char::from(*byte).to_string(),
            [byte] => format!("\\{byte:03o}"),
            _ => return None,
        },
        "jsonb" => std::str::from_utf8(cell.get(1..)?).ok()?.to_string(),
        "numeric" => {
            let mut text = Vec::new();
            numeric::write_text(cell, &mut text).ok()?;
            String::from_utf8(text).ok()?
        }
        "date" => date(i32_of(cell)?),
        "time" => time(i64_of(cell)?),
        "timetz" => {
            let (micros, zone) = cell.split_first_chunk::<8>()?;
            format!(
                "{}{}",
                time(i64::from_be_bytes(*micros)),
                zone_text(i32_of(zone)?)
            )
        }
        "timestamp" => timestamp(i64_of(cell)?, ""),
        "timestamptz" => timestamp(i64_of(cell)?, "+00"),
        "interval" => interval(cell)?,
        "uuid" => {
            let digits = hex(<&[u8; 16]>::try_from(cell).ok()?);
            let digits = &digits[2..];
            format!(
                "{}-{}-{}-{}-{}",
                &digits[..8],
                &digits[8..12],
                &digits[12..16],
                &digits[16..20],
                &digits[20..]
            )
        }
        "bit" | "varbit" => bits(cell)?,
        "inet" => address(cell, false)?,
        "cidr" => address(cell, true)?,
        "macaddr" | "macaddr8" => cell
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .join(":"),
        "int4range" => range("int4", cell)?,
        "int8range" => range("int8", cell)?,
        "numrange" => range("numeric", cell)?,
        "daterange" => range("date", cell)?,
        "tsrange" => range("timestamp", cell)?,
        "tstzrange" => range("timestamptz", cell)?,
        _ => return None,
    })
}

fn i32_of(cell: &[u8]) -> Option<i32> {
    Some(i32::from_be_bytes(cell.try_into().ok()?))
}

fn i64_of(cell: &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(cell.try_into().ok()?))
}

/// Very large and very small numbers get an exponent rather than hundreds of zeros.
fn float(number: impl Display + LowerExp + Into<f64> + Copy) -> String {
    let size = number.into().abs();
    if size.is_finite() && size != 0.0 && !(1e-4..1e15).contains(&size) {
        return format!("{number:e}");
    }
    number.to_string().replace("inf", "Infinity")
}

fn date(days: i32) -> String {
    match days {
        i32::MAX => return "infinity".to_string(),
        i32::MIN => return "-infinity".to_string(),
        _ => {}
    }
    let Day { year, month, day } = Day::of(i64::from(days) + i64::from(super::EPOCH_DAYS));
    if year > 0 {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{:04}-{month:02}-{day:02} BC", 1 - year)
    }
}

fn time(micros: i64) -> String {
    let seconds = micros.div_euclid(1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match micros.rem_euclid(1_000_000) {
        0 => format!("{hour:02}:{minute:02}:{second:02}"),
        fraction => {
            let digits = format!("{fraction:06}");
            let digits = digits.trim_end_matches('0');
            format!("{hour:02}:{minute:02}:{second:02}.{digits}")
        }
    }
}

fn zone_text(seconds_west: i32) -> String {
    let sign = if seconds_west > 0 { '-' } else { '+' };
    let seconds = seconds_west.unsigned_abs();
    let mut text = format!("{sign}{:02}", seconds / 3600);
    if !seconds.is_multiple_of(3600) {
        let _ = write!(text, ":{:02}", seconds / 60 % 60);
    }
    if !seconds.is_multiple_of(60) {
        let _ = write!(text, ":{:02}", seconds % 60);
    }
    text
}

fn timestamp(micros: i64, zone: &str) -> String {
    const DAY: i64 = 86_400_000_000;
    match micros {
        i64::MAX => return "infinity".to_string(),
        i64::MIN => return "-infinity".to_string(),
        _ => {}
    }
    // A day count of 64-bit microseconds always fits 32 bits.
    let day = date(micros.div_euclid(DAY) as i32);
    let time = time(micros.rem_euclid(DAY));
    match day.strip_suffix(" BC") {
        Some(day) => format!("{day} {time}{zone} BC"),
        None => format!("{day} {time}{zone}"),
    }
}

fn interval(cell: &[u8]) -> Option<String> {
    let (micros, rest) = cell.split_first_chunk::<8>()?;
    let (days, months) = rest.split_first_chunk::<4>()?;
    let (micros, days) = (i64::from_be_bytes(*micros), i32::from_be_bytes(*days));
    let months = i32_of(months)?;
    if (micros, days, months) == (i64::MAX, i32::MAX, i32::MAX) {
        return Some("infinity".to_string());
    }
    if (micros, days, months) == (i64::MIN, i32::MIN, i32::MIN) {
        return Some("-infinity".to_string());
    }
    let mut parts = Vec::new();
    for (count, unit) in [(months / 12, "year"), (months % 12, "mon"), (days, "day")] {
        if count != 0 {
            let plural = if count == 1 { "" } else { "s" };
            parts.push(format!("{count} {unit}{plural}"));
        }
    }
    if micros != 0 || parts.is_empty() {
        let sign = if micros < 0 { "-" } else { "" };
        // The smallest value has no positive counterpart; its text may be one microsecond off.
        parts.push(format!("{sign}{}", time(micros.saturating_abs())));
    }
    Some(parts.join(" "))
}

fn bits(cell: &[u8]) -> Option<String> {
    let (count, bytes) = cell.split_first_chunk::<4>()?;
    let count = usize::try_from(i32::from_be_bytes(*count)).ok()?;
    if bytes.len() != count.div_ceil(8) {
        return None;
    }
    Some(
        (0..count)
            .map(|bit| {
                if bytes[bit / 8] >> (7 - bit % 8) & 1 == 1 {
                    '1'
                } else {
                    '0'
                }
            })
            .collect(),
    )
}

fn address(cell: &[u8], network: bool) -> Option<String> {
    let ([family, bits, _, length], bytes) = cell.split_first_chunk::<4>()?;
    let (text, full) = match (family, length) {
        (2, 4) => {
            let octets = <[u8; 4]>::try_from(bytes).ok()?;
            (std::net::Ipv4Addr::from(octets).to_string(), 32)
        }
        (3, 16) => {
            let octets = <[u8; 16]>::try_from(bytes).ok()?;
            (std::net::Ipv6Addr::from(octets).to_string(), 128)
        }
        _ => return None,
    };
    Some(if *bits == full && !network {
        text
    } else {
        format!("{text}/{bits}")
    })
}

/// Flags after `rangetypes.h`.
fn range(item: &str, cell: &[u8]) -> Option<String> {
    let (flags, mut rest) = cell.split_first()?;
    if flags & 0x01 != 0 {
        return Some("empty".to_string());
    }
    let mut bound = |infinite: u8| -> Option<String> {
        if flags & infinite != 0 {
            return Some(String::new());
        }
        Some(text_of(item, next_field(&mut rest)??))
    };
    let (lower, upper) = (bound(0x08)?, bound(0x10)?);
    let open = if flags & 0x02 != 0 { '[' } else { '(' };
    let close = if flags & 0x04 != 0 { ']' } else { ')' };
    Some(format!("{open}{lower},{upper}{close}"))
}

/// Items in braces; the shape of several dimensions is written in front of the flat items.
fn array(item: &str, cell: &[u8]) -> Option<String> {
    let shape = Shape::parse(cell)?;
    let mut rest = shape.items;
    let mut prefix = String::new();
    if shape.dimensions > 1 {
        for _ in 0..shape.dimensions {
            let (dimension, after) = rest.split_first_chunk::<8>()?;
            let length = i32_of(&dimension[..4])?;
            let _ = write!(prefix, "[{length}]");
            rest = after;
        }
        prefix.push('=');
    }
    let mut items = Vec::new();
    while !rest.is_empty() {
        items.push(match next_field(&mut rest)? {
            None => "NULL".to_string(),
            Some(field) => {
                let text = text_of(item, field);
                if text.is_empty() || text.contains([',', '"', '\\', '{', '}', ' ']) {
                    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
                } else {
                    text
                }
            }
        });
    }
    Some(format!("{prefix}{{{}}}", items.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_read_like_postgresql_prints_them() {
        let cases: [(&str, Vec<u8>, &str); 10] = [
            (
                "float4",
                f32::NEG_INFINITY.to_be_bytes().to_vec(),
                "-Infinity",
            ),
            ("date", (-730_119_i32).to_be_bytes().to_vec(), "0001-01-01"),
            (
                "date",
                (-730_120_i32).to_be_bytes().to_vec(),
                "0001-12-31 BC",
            ),
            (
                "timestamp",
                (-1_i64).to_be_bytes().to_vec(),
                "1999-12-31 23:59:59.999999",
            ),
            ("timestamptz", i64::MAX.to_be_bytes().to_vec(), "infinity"),
            ("inet", vec![2, 24, 0, 4, 10, 1, 2, 0], "10.1.2.0/24"),
            ("varbit", vec![0, 0, 0, 5, 0b1011_0000], "10110"),
            (
                "int4range",
                vec![0x02, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 9],
                "[1,9)",
            ),
            (
                "_int2",
                vec![
                    0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 21, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 7,
                    255, 255, 255, 255,
                ],
                "{7,NULL}",
            ),
            ("point", vec![1, 2], "\\x0102"),
        ];
        for (type_name, cell, text) in cases {
            assert_eq!(text_of(type_name, &cell), text, "{type_name}");
        }
    }
}
