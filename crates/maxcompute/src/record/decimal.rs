//! Decimal text to and from scaled integers.
//!
//! Owns the text form: plain notation is written, an exponent and surplus zeros are accepted. Digits
//! are never dropped: text that needs more of them than the type has is refused.

use arrow_buffer::i256;

/// Longer text than any decimal needs; it bounds the work on hostile input.
const MAX_TEXT: usize = 256;
/// Digits of the widest type, and a few that may turn out to be zeros.
const MAX_DIGITS: usize = 96;

/// Digits and scale of a decimal on its way to an integer.
struct Digits {
    negative: bool,
    digits: [u8; MAX_DIGITS],
    length: usize,
}

impl Digits {
    fn text(&self) -> &[u8] {
        &self.digits[..self.length]
    }
}

pub(super) fn parse_i128(text: &[u8], precision: u8, scale: u8) -> Result<i128, &'static str> {
    let digits = scaled_digits(text, precision, scale)?;
    // At most 38 digits are left, which 128 bits hold. Most have at most 19 and need no wide product.
    let number = if digits.length <= 19 {
        i128::from(fold(digits.text()))
    } else {
        let (high, low) = digits.text().split_at(digits.length - 19);
        i128::from(fold(high)) * 10_i128.pow(19) + i128::from(fold(low))
    };
    Ok(if digits.negative { -number } else { number })
}

pub(super) fn parse_i256(text: &[u8], precision: u8, scale: u8) -> Result<i256, &'static str> {
    let digits = scaled_digits(text, precision, scale)?;
    let billion = i256::from_i128(1_000_000_000);
    let mut number = i256::ZERO;
    let head = digits.length % 9;
    let (first, rest) = digits.text().split_at(head);
    number = number.wrapping_add(i256::from_i128(i128::from(fold(first))));
    for group in rest.chunks(9) {
        // At most 54 digits are left, far from the end of 256 bits.
        number = number
            .wrapping_mul(billion)
            .wrapping_add(i256::from_i128(i128::from(fold(group))));
    }
    Ok(if digits.negative {
        number.wrapping_neg()
    } else {
        number
    })
}

fn fold(digits: &[u8]) -> u64 {
    let mut number = 0_u64;
    for digit in digits {
        number = number.wrapping_mul(10) + u64::from(digit - b'0');
    }
    number
}

/// The digits of `text · 10^scale`, without leading zeros.
fn scaled_digits(text: &[u8], precision: u8, scale: u8) -> Result<Digits, &'static str> {
    const NOT_A_NUMBER: &str = "text that is not a decimal number";
    const TOO_WIDE: &str = "a number with more integer digits than the type has";
    const TOO_FINE: &str = "a number with more decimals than the type has";
    if text.len() > MAX_TEXT {
        return Err(NOT_A_NUMBER);
    }
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut result = Digits {
        negative,
        digits: [0; MAX_DIGITS],
        length: 0,
    };
    let mut decimals: i64 = 0;
    let mut zeros: i64 = 0;
    let mut after_point = false;
    let mut seen_digit = false;
    let mut exponent: i64 = 0;
    for (index, &byte) in unsigned.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                seen_digit = true;
                decimals += i64::from(after_point);
                if byte == b'0' {
                    // Zeros are written when a digit follows them, so that trailing ones need no room.
                    zeros += i64::from(result.length > 0);
                    continue;
                }
                while zeros > 0 {
                    push(&mut result, b'0', TOO_WIDE)?;
                    zeros -= 1;
                }
                push(&mut result, byte, TOO_WIDE)?;
            }
            b'.' if !after_point => after_point = true,
            b'e' | b'E' if seen_digit => {
                exponent = parse_exponent(&unsigned[index + 1..]).ok_or(NOT_A_NUMBER)?;
                break;
            }
            _ => return Err(NOT_A_NUMBER),
        }
    }
    if !seen_digit {
        return Err(NOT_A_NUMBER);
    }
    if result.length == 0 {
        return Ok(result);
    }
    let missing = zeros - decimals + exponent + i64::from(scale);
    if missing < 0 {
        return Err(TOO_FINE);
    }
    if result.length as i64 + missing > i64::from(precision) {
        return Err(TOO_WIDE);
    }
    for _ in 0..missing {
        push(&mut result, b'0', TOO_WIDE)?;
    }
    Ok(result)
}

fn push(result: &mut Digits, digit: u8, full: &'static str) -> Result<(), &'static str> {
    let slot = result.digits.get_mut(result.length).ok_or(full)?;
    *slot = digit;
    result.length += 1;
    Ok(())
}

fn parse_exponent(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let exponent: i64 = text.parse().ok()?;
    // A larger one is refused as too wide or too fine later; the bound keeps sums from overflowing.
    Some(exponent.clamp(-100_000, 100_000))
}

/// Writes a scaled integer, given as the digits of its magnitude, and returns the text.
///
/// The fraction carries no trailing zeros, which is also how the service writes it.
pub(super) fn format<'a>(
    buffer: &'a mut [u8; 128],
    negative: bool,
    digits: &[u8],
    scale: usize,
) -> &'a [u8] {
    let mut length = 0;
    let mut put = |bytes: &[u8]| {
        buffer[length..length + bytes.len()].copy_from_slice(bytes);
        length += bytes.len();
    };
    if negative {
        put(b"-");
    }
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
    put(if whole.is_empty() { b"0" } else { whole });
    let zeros = fraction.iter().rev().take_while(|digit| **digit == b'0');
    let fraction = &fraction[..fraction.len() - zeros.count()];
    if !fraction.is_empty() {
        put(b".");
        for _ in digits.len()..scale {
            put(b"0");
        }
        put(fraction);
    }
    &buffer[..length]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_accepts_every_notation_of_a_value() {
        for (text, value) in [
            ("0", 0),
            ("-0.000", 0),
            ("0e99999999", 0),
            ("1", 100),
            ("+1.5", 150),
            ("-1.50000000000000000000000", -150),
            (".5", 50),
            ("5.", 500),
            ("1e3", 100_000),
            ("1.25E+1", 1250),
            ("12500e-2", 12_500),
            ("00000000000000000000000000000000000000000000000001", 100),
            ("99999999.99", 9_999_999_999),
            ("100", 10_000),
        ] {
            assert_eq!(parse_i128(text.as_bytes(), 10, 2), Ok(value), "{text}");
            assert_eq!(
                parse_i256(text.as_bytes(), 10, 2),
                Ok(i256::from_i128(value)),
                "{text}"
            );
        }
    }

    #[test]
    fn parse_refuses_what_would_lose_digits_or_is_no_number() {
        for text in [
            "100000000",
            "1e8",
            "1e99999999999",
            "0.001",
            "1e-3",
            "",
            "-",
            ".",
            "1.2.3",
            "1e",
            "e1",
            "nan",
            "Infinity",
            "1 ",
            "0x1",
            "１",
        ] {
            assert!(parse_i128(text.as_bytes(), 10, 2).is_err(), "{text}");
            assert!(parse_i256(text.as_bytes(), 10, 2).is_err(), "{text}");
        }
        assert!(parse_i128(&[b'9'; 500], 38, 0).is_err());
    }

    #[test]
    fn extremes_of_both_widths() {
        let nines = "99999999999999999999.999999999999999999";
        assert_eq!(
            parse_i128(nines.as_bytes(), 38, 18),
            Ok(10_i128.pow(38) - 1)
        );
        let wide = format!("-{}.{}", "9".repeat(36), "9".repeat(18));
        let expected = i256::from_string(&format!("-{}", "9".repeat(54))).unwrap();
        assert_eq!(parse_i256(wide.as_bytes(), 54, 18), Ok(expected));
    }

    #[test]
    fn format_is_plain_and_short() {
        let mut buffer = [0; 128];
        for (negative, digits, scale, text) in [
            (false, "0", 2, "0"),
            (false, "0", 0, "0"),
            (true, "1", 2, "-0.01"),
            (false, "150", 2, "1.5"),
            (false, "1234567890", 2, "12345678.9"),
            (false, "1200", 0, "1200"),
            (true, "12345", 18, "-0.000000000000012345"),
        ] {
            let written = format(&mut buffer, negative, digits.as_bytes(), scale);
            assert_eq!(std::str::from_utf8(written), Ok(text));
        }
    }
}
