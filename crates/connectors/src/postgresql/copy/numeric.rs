//! `numeric` in its binary form: groups of four decimal digits with a weight, after
//! `numeric_send` in PostgreSQL's `numeric.c`. Exact both ways; nothing here rounds.

use std::io::Write;

use arrow_buffer::i256;

use super::build::Trouble;

const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;

/// Limits of the type itself (`NUMERIC_MAX_…` in `numeric.h`).
const MAX_SCALE: usize = 16_383;
const MAX_INTEGER_DIGITS: usize = 131_072;

/// A value as it lies in a field: `digits` are big-endian groups, the first worth 10000^weight.
struct Groups<'a> {
    weight: i32,
    sign: u16,
    scale: usize,
    digits: &'a [u8],
}

impl<'a> Groups<'a> {
    fn parse(cell: &'a [u8]) -> Result<Self, Trouble> {
        let Some((head, digits)) = cell.split_first_chunk::<8>() else {
            return Err(Trouble::Malformed);
        };
        let count = usize::from(u16::from_be_bytes([head[0], head[1]]));
        let groups = Groups {
            weight: i32::from(i16::from_be_bytes([head[2], head[3]])),
            sign: u16::from_be_bytes([head[4], head[5]]),
            scale: usize::from(u16::from_be_bytes([head[6], head[7]])),
            digits,
        };
        let known = matches!(
            groups.sign,
            0 | NEGATIVE | NAN | INFINITY | NEGATIVE_INFINITY
        );
        if digits.len() != count * 2 || !known || groups.scale > MAX_SCALE {
            return Err(Trouble::Malformed);
        }
        if groups.groups().any(|group| group > 9_999) {
            return Err(Trouble::Malformed);
        }
        Ok(groups)
    }

    fn groups(&self) -> impl DoubleEndedIterator<Item = u16> + 'a {
        self.digits
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
    }

    fn special(&self) -> Option<&'static str> {
        match self.sign {
            NAN => Some("NaN"),
            INFINITY => Some("Infinity"),
            NEGATIVE_INFINITY => Some("-Infinity"),
            _ => None,
        }
    }
}

fn no_counterpart(special: &str) -> Trouble {
    Trouble::Unreadable(format!("{special} has no counterpart among decimals"))
}

fn out_of_range() -> Trouble {
    Trouble::Unreadable("the number has more digits than its column type allows".to_string())
}

/// The value times 10^scale.
pub(crate) fn to_i128(cell: &[u8], scale: i8) -> Result<i128, Trouble> {
    let parsed = Groups::parse(cell)?;
    if let Some(special) = parsed.special() {
        return Err(no_counterpart(special));
    }
    let count = (parsed.digits.len() / 2) as i32;
    let mut groups = parsed.groups();
    let Some(last) = groups.next_back() else {
        return Ok(0);
    };
    let unsigned = if count <= 5 {
        // The usual case: all groups but the last fit 64 bits.
        i128::from(groups.fold(0_u64, |value, group| value * 10_000 + u64::from(group)))
    } else {
        groups
            .try_fold(0_i128, |value, group| {
                value.checked_mul(10_000)?.checked_add(i128::from(group))
            })
            .ok_or_else(out_of_range)?
    };
    // The last group is worth 10^exponent in units of the scale.
    let exponent = (parsed.weight - (count - 1)) * 4 + i32::from(scale);
    let value = if exponent >= 0 {
        let factor = 10_i128
            .checked_pow(exponent.unsigned_abs())
            .ok_or_else(out_of_range)?;
        unsigned
            .checked_mul(10_000)
            .and_then(|value| value.checked_add(i128::from(last)))
            .and_then(|value| value.checked_mul(factor))
            .ok_or_else(out_of_range)?
    } else {
        if exponent <= -4 {
            return Err(out_of_range());
        }
        let cut = 10_u16.pow(exponent.unsigned_abs());
        if last % cut != 0 {
            return Err(out_of_range());
        }
        unsigned
            .checked_mul(i128::from(10_000 / cut))
            .and_then(|value| value.checked_add(i128::from(last / cut)))
            .ok_or_else(out_of_range)?
    };
    Ok(if parsed.sign == NEGATIVE {
        -value
    } else {
        value
    })
}

/// The value times 10^scale, for more than 38 digits.
pub(crate) fn to_i256(cell: &[u8], scale: i8) -> Result<i256, Trouble> {
    let parsed = Groups::parse(cell)?;
    if let Some(special) = parsed.special() {
        return Err(no_counterpart(special));
    }
    let scale = usize::try_from(scale).map_err(|_| out_of_range())?;
    if parsed.scale > scale {
        return Err(out_of_range());
    }
    let mut text = Vec::new();
    write_text(cell, &mut text)?;
    text.retain(|byte| *byte != b'.');
    text.resize(text.len() + scale - parsed.scale, b'0');
    // Arrow parses long digits recursively; 256 bits hold 77 of them, and a sign and zeros may lead.
    if text.len() > 80 + scale {
        return Err(out_of_range());
    }
    let text = String::from_utf8(text).map_err(|_| Trouble::Malformed)?;
    i256::from_string(&text).ok_or_else(out_of_range)
}

/// The exact decimal text, as PostgreSQL prints it.
pub(crate) fn write_text(cell: &[u8], out: &mut Vec<u8>) -> Result<(), Trouble> {
    let parsed = Groups::parse(cell)?;
    if let Some(special) = parsed.special() {
        out.extend_from_slice(special.as_bytes());
        return Ok(());
    }
    if parsed.sign == NEGATIVE {
        out.push(b'-');
    }
    let group = |place: i32| -> u16 {
        usize::try_from(place)
            .ok()
            .and_then(|place| parsed.digits.get(place * 2..place * 2 + 2))
            .map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]))
    };
    let start = out.len();
    for place in 0..=parsed.weight {
        let digits = four_digits(group(place));
        if out.len() > start {
            out.extend_from_slice(&digits);
        } else {
            let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
            out.extend_from_slice(&digits[zeros..]);
        }
    }
    if out.len() == start {
        out.push(b'0');
    }
    if parsed.scale > 0 {
        out.push(b'.');
        let end = out.len() + parsed.scale;
        // With a weight below -1 the first places are negative: groups of zeros.
        let mut place = parsed.weight + 1;
        while out.len() < end {
            out.extend_from_slice(&four_digits(group(place)));
            place += 1;
        }
        out.truncate(end);
    }
    Ok(())
}

fn four_digits(group: u16) -> [u8; 4] {
    let digit = |divisor: u16| b'0' + (group / divisor % 10) as u8;
    [digit(1000), digit(100), digit(10), digit(1)]
}

/// Appends the field (without its length) of `value` / 10^scale.
pub(crate) fn from_i128(value: i128, scale: u8, out: &mut Vec<u8>) {
    let sign = if value < 0 { NEGATIVE } else { 0 };
    // 39 digits at most, cut at the decimal point: eleven groups.
    let mut groups = [0_u16; 12];
    let mut count = 0;
    let mut push = |group: u64| {
        groups[count] = group as u16;
        count += 1;
    };
    let magnitude = value.unsigned_abs();
    // Digits of the last, incomplete group of the fraction.
    let odd = u32::from(scale % 4);
    if let Ok(mut rest) = u64::try_from(magnitude) {
        if odd > 0 {
            let cut = 10_u64.pow(odd);
            push(rest % cut * 10_u64.pow(4 - odd));
            rest /= cut;
        }
        while rest > 0 {
            push(rest % 10_000);
            rest /= 10_000;
        }
    } else {
        let mut rest = magnitude;
        if odd > 0 {
            let cut = 10_u128.pow(odd);
            push((rest % cut) as u64 * 10_u64.pow(4 - odd));
            rest /= cut;
        }
        while rest > 0 {
            push((rest % 10_000) as u64);
            rest /= 10_000;
        }
    }
    let fraction_groups = i32::from(scale.div_ceil(4));
    let groups = &groups[..count];
    let zeros = groups.iter().take_while(|group| **group == 0).count();
    let weight = count as i32 - fraction_groups - 1;
    write_field(&groups[zeros..], weight, sign, usize::from(scale), out);
}

/// Writes groups that are ordered from the lowest.
fn write_field(groups: &[u16], weight: i32, sign: u16, scale: usize, out: &mut Vec<u8>) {
    let (sign, weight) = if groups.is_empty() {
        (0, 0)
    } else {
        (sign, weight)
    };
    let mut head = [0; 8];
    head[..2].copy_from_slice(&(groups.len() as u16).to_be_bytes());
    head[2..4].copy_from_slice(&(weight as i16).to_be_bytes());
    head[4..6].copy_from_slice(&sign.to_be_bytes());
    head[6..].copy_from_slice(&(scale as u16).to_be_bytes());
    out.extend_from_slice(&head);
    for group in groups.iter().rev() {
        out.extend_from_slice(&group.to_be_bytes());
    }
}

/// Appends the field of `value` / 10^scale, for more than 38 digits.
pub(crate) fn from_i256(value: i256, scale: u8, out: &mut Vec<u8>) -> Result<(), String> {
    let mut text = Vec::new();
    let digits = value.to_string();
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits.as_str()),
    };
    let scale = usize::from(scale);
    // Zeros in front make sure that there is a digit before the point.
    let width = scale + 1;
    let padded = format!("{digits:0>width$}");
    let (integer, fraction) = padded.split_at(padded.len() - scale);
    write!(text, "{sign}{integer}.{fraction}").map_err(|error| error.to_string())?;
    from_text(&text, None, out)
}

/// Appends the field of a number written in decimal. With a scale, refuses digits that the column
/// would round away.
pub(crate) fn from_text(text: &[u8], scale: Option<i32>, out: &mut Vec<u8>) -> Result<(), String> {
    let text = text.trim_ascii();
    let special = match text.to_ascii_lowercase().as_slice() {
        b"nan" => Some(NAN),
        b"infinity" | b"inf" | b"+infinity" | b"+inf" => Some(INFINITY),
        b"-infinity" | b"-inf" => Some(NEGATIVE_INFINITY),
        _ => None,
    };
    if let Some(sign) = special {
        out.extend_from_slice(&[0, 0, 0, 0]);
        out.extend_from_slice(&sign.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        return Ok(());
    }
    let Decimal {
        sign,
        digits,
        integer_count,
    } = Decimal::parse(text).ok_or("the text is not a number")?;
    let fraction_count = (digits.len() as i64 - integer_count).max(0) as usize;
    if fraction_count > MAX_SCALE || integer_count > MAX_INTEGER_DIGITS as i64 {
        return Err("the number has more digits than numeric can hold".to_string());
    }
    if let Some(scale) = scale {
        let kept = (integer_count + i64::from(scale)).clamp(0, digits.len() as i64) as usize;
        if digits[kept..].iter().any(|digit| *digit != 0) {
            return Err(format!(
                "the number has more than {scale} digits after the point"
            ));
        }
    }
    let display_scale = match scale {
        Some(scale) => fraction_count.min(scale.max(0) as usize),
        None => fraction_count,
    };
    // Digit `i` is worth 10^(integer_count - 1 - i); groups are cut where that exponent divides by four.
    let lead = (4 - integer_count.rem_euclid(4)) % 4;
    let first_weight = (integer_count + lead) / 4 - 1;
    let mut groups = Vec::with_capacity(digits.len() / 4 + 2);
    let mut group = 0;
    let mut filled = lead;
    for digit in &digits {
        group = group * 10 + u16::from(*digit);
        filled += 1;
        if filled == 4 {
            groups.push(group);
            (group, filled) = (0, 0);
        }
    }
    if filled > 0 {
        groups.push(group * 10_u16.pow(4 - filled as u32));
    }
    let leading = groups.iter().take_while(|group| **group == 0).count();
    groups.drain(..leading);
    while groups.last() == Some(&0) {
        groups.pop();
    }
    groups.reverse();
    let weight = first_weight as i32 - leading as i32;
    write_field(&groups, weight, sign, display_scale, out);
    Ok(())
}

/// A decimal number taken apart: the value is 0.d1d2d3… × 10^integer_count.
struct Decimal {
    sign: u16,
    digits: Vec<u8>,
    integer_count: i64,
}

impl Decimal {
    fn parse(text: &[u8]) -> Option<Self> {
        let (sign, rest) = match text {
            [b'-', rest @ ..] => (NEGATIVE, rest),
            [b'+', rest @ ..] => (0, rest),
            rest => (0, rest),
        };
        let (mantissa, exponent) = match rest.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(place) => {
                let exponent = std::str::from_utf8(&rest[place + 1..]).ok()?;
                (&rest[..place], exponent.parse::<i32>().ok()?)
            }
            None => (rest, 0),
        };
        let point = mantissa.iter().position(|byte| *byte == b'.');
        let mut digits = Vec::with_capacity(mantissa.len());
        for (place, byte) in mantissa.iter().enumerate() {
            match byte {
                b'0'..=b'9' => digits.push(byte - b'0'),
                b'.' if Some(place) == point => {}
                _ => return None,
            }
        }
        if digits.is_empty() {
            return None;
        }
        let written = point.unwrap_or(mantissa.len()) as i64;
        let mut integer_count = written + i64::from(exponent);
        // Zeros in front of the number are no digits of it, and digits beyond the type's limits are
        // refused by the caller before anything of that size is laid out.
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        let zeros = zeros.min(usize::try_from(written.max(0)).ok()?);
        digits.drain(..zeros);
        integer_count -= zeros as i64;
        Some(Decimal {
            sign,
            digits,
            integer_count,
        })
    }
}
