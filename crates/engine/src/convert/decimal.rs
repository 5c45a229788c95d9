//! Exact decimals: rescaling, decimals from integers and text, and their plain notation.
//!
//! A decimal either keeps its value to the last digit or does not fit; nothing here rounds. Floats meet
//! decimals in `number`.

use arrow_array::ArrowNativeTypeOp;
use arrow_array::types::DecimalType;
use arrow_buffer::i256;
use arrow_cast::cast::DecimalCast;

use super::kernel::Fits;

pub(super) const TOO_MANY_DIGITS: &str = "it has more digits before the decimal point";
pub(super) const TOO_FINE: &str = "it has more decimal places";
pub(super) const NOT_A_NUMBER: &str = "it is not a number";

/// A decimal type with the integer that holds it.
pub(super) trait Decimal: DecimalType<Native: DecimalCast> {}

impl<T: DecimalType<Native: DecimalCast>> Decimal for T {}

/// Ten to this power, unless the integer is too narrow for it.
fn power_of_ten<T: Decimal>(exponent: usize) -> Option<T::Native> {
    let nines = T::MAX_FOR_EACH_PRECISION.get(exponent)?;
    nines.add_checked(T::Native::ONE).ok()
}

/// Moves values from one scale to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rescale<S: Decimal, T: Decimal> {
    step: Step<S, T>,
    largest: T::Native,
}

#[derive(Debug, Clone, Copy)]
enum Step<S: Decimal, T: Decimal> {
    Multiply(T::Native),
    Divide(S::Native),
    /// The distance is wider than any value, so only zero keeps its value.
    OnlyZero(&'static str),
}

impl<S: Decimal, T: Decimal> Rescale<S, T> {
    pub(super) fn new(from_scale: i8, precision: u8, scale: i8) -> Rescale<S, T> {
        let distance = i32::from(scale) - i32::from(from_scale);
        let exponent = distance.unsigned_abs() as usize;
        let step = if distance >= 0 {
            power_of_ten::<T>(exponent).map_or(Step::OnlyZero(TOO_MANY_DIGITS), Step::Multiply)
        } else {
            power_of_ten::<S>(exponent).map_or(Step::OnlyZero(TOO_FINE), Step::Divide)
        };
        Rescale {
            step,
            largest: largest::<T>(precision),
        }
    }

    pub(super) fn apply(&self, value: S::Native) -> Fits<T::Native> {
        let scaled = match self.step {
            Step::Multiply(factor) => T::Native::from_decimal(value)
                .and_then(|value| value.mul_checked(factor).ok())
                .ok_or(TOO_MANY_DIGITS)?,
            Step::Divide(factor) => {
                if !value.mod_wrapping(factor).is_zero() {
                    return Err(TOO_FINE);
                }
                T::Native::from_decimal(value.div_wrapping(factor)).ok_or(TOO_MANY_DIGITS)?
            }
            Step::OnlyZero(_) if value.is_zero() => T::Native::ZERO,
            Step::OnlyZero(why) => return Err(why),
        };
        within::<T>(scaled, self.largest)
    }
}

fn largest<T: Decimal>(precision: u8) -> T::Native {
    let precision = usize::from(precision.min(T::MAX_PRECISION));
    T::MAX_FOR_EACH_PRECISION[precision]
}

fn within<T: Decimal>(value: T::Native, largest: T::Native) -> Fits<T::Native> {
    if value.is_gt(largest) || value.is_lt(largest.neg_wrapping()) {
        return Err(TOO_MANY_DIGITS);
    }
    Ok(value)
}

/// Precision and scale of the decimal that text is read into.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) precision: u8,
    pub(super) scale: i8,
}

/// Reads a decimal, with or without an exponent, into an integer of the given scale.
pub(super) fn parse<T: Decimal>(text: &str, shape: Shape) -> Fits<T::Native> {
    let number = Digits::read(text.trim())?;
    let count = number.count();
    if count == 0 {
        return Ok(T::Native::ZERO);
    }
    // The value is `digits × 10^shift` in units of the target's last place.
    let shift = number
        .exponent
        .saturating_sub(number.fraction.len() as i64)
        .saturating_add(i64::from(shape.scale));
    let kept = (count as i64).saturating_add(shift);
    if kept > i64::from(shape.precision.min(T::MAX_PRECISION)) {
        return Err(TOO_MANY_DIGITS);
    }
    let kept = kept.max(0) as usize;
    if number.digits().skip(kept).any(|digit| digit != b'0') {
        return Err(TOO_FINE);
    }
    // At most `precision` digits are gathered, so the arithmetic cannot overflow.
    let mut value = T::Native::ZERO;
    let mut chunk: i64 = 0;
    let mut chunk_digits = 0;
    for digit in number.digits().take(kept) {
        chunk = chunk * 10 + i64::from(digit - b'0');
        chunk_digits += 1;
        if chunk_digits == CHUNK_DIGITS {
            value = append::<T>(value, chunk, chunk_digits)?;
            (chunk, chunk_digits) = (0, 0);
        }
    }
    value = append::<T>(value, chunk, chunk_digits)?;
    if shift > 0 {
        let factor = power_of_ten::<T>(shift as usize).ok_or(TOO_MANY_DIGITS)?;
        value = value.mul_checked(factor).map_err(|_| TOO_MANY_DIGITS)?;
    }
    Ok(if number.negative {
        value.neg_wrapping()
    } else {
        value
    })
}

/// Digits that surely fit the machine word in which they are gathered.
const CHUNK_DIGITS: usize = 18;

fn append<T: Decimal>(value: T::Native, chunk: i64, digits: usize) -> Fits<T::Native> {
    let chunk = T::Native::from_decimal(i128::from(chunk)).ok_or(TOO_MANY_DIGITS)?;
    if value.is_zero() {
        return Ok(chunk);
    }
    power_of_ten::<T>(digits)
        .and_then(|factor| value.mul_checked(factor).ok())
        .and_then(|value| value.add_checked(chunk).ok())
        .ok_or(TOO_MANY_DIGITS)
}

/// A number's text taken apart, without leading zeros.
struct Digits<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    /// Zeros right after the point of a number without whole part; they carry no digit.
    skipped: usize,
    exponent: i64,
}

impl<'a> Digits<'a> {
    fn read(text: &'a str) -> Fits<Digits<'a>> {
        let bytes = text.as_bytes();
        let (negative, bytes) = match bytes.first() {
            None => return Err("it is empty"),
            Some(b'-') => (true, &bytes[1..]),
            Some(b'+') => (false, &bytes[1..]),
            Some(_) => (false, bytes),
        };
        let (whole, rest) = split_digits(bytes);
        let (fraction, rest) = match rest.split_first() {
            Some((b'.', rest)) => split_digits(rest),
            _ => (&[][..], rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(NOT_A_NUMBER);
        }
        let exponent = match rest.split_first() {
            None => 0,
            Some((b'e' | b'E', digits)) => exponent(digits)?,
            Some(_) => return Err(NOT_A_NUMBER),
        };
        let whole = &whole[zeros(whole)..];
        let skipped = if whole.is_empty() { zeros(fraction) } else { 0 };
        Ok(Digits {
            negative,
            whole,
            fraction,
            skipped,
            exponent,
        })
    }

    /// Digits from the first that is not zero.
    fn count(&self) -> usize {
        self.whole.len() + self.fraction.len() - self.skipped
    }

    fn digits(&self) -> impl Iterator<Item = u8> + '_ {
        let fraction = &self.fraction[self.skipped..];
        self.whole.iter().chain(fraction).copied()
    }
}

/// Digits of a number that carry information: leading zeros and zeros that end a fraction do not.
pub(super) fn significant_digits(text: &str) -> Fits<usize> {
    let number = Digits::read(text)?;
    let fraction = &number.fraction[number.skipped..];
    let trailing = fraction.iter().rev().take_while(|d| **d == b'0').count();
    Ok(number.count() - trailing)
}

/// The digits that [`significant_digits`] counts, for comparison.
pub(super) fn same_digits(left: &str, right: &str) -> bool {
    let (Ok(left), Ok(right)) = (Digits::read(left), Digits::read(right)) else {
        return false;
    };
    let mut left_digits = left.digits();
    let mut right_digits = right.digits();
    loop {
        match (left_digits.next(), right_digits.next()) {
            (None, None) => return true,
            // A shorter number goes on with zeros.
            (l, r) => {
                if l.unwrap_or(b'0') != r.unwrap_or(b'0') {
                    return false;
                }
            }
        }
    }
}

fn split_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(bytes.len());
    bytes.split_at(end)
}

fn zeros(digits: &[u8]) -> usize {
    digits.iter().take_while(|digit| **digit == b'0').count()
}

fn exponent(bytes: &[u8]) -> Fits<i64> {
    let (negative, bytes) = match bytes.first() {
        Some(b'-') => (true, &bytes[1..]),
        Some(b'+') => (false, &bytes[1..]),
        _ => (false, bytes),
    };
    let (digits, rest) = split_digits(bytes);
    if digits.is_empty() || !rest.is_empty() {
        return Err(NOT_A_NUMBER);
    }
    // An exponent of ten digits puts any number far outside every type, so the rest need not count.
    let size = digits[zeros(digits)..]
        .iter()
        .take(10)
        .fold(0i64, |size, digit| size * 10 + i64::from(digit - b'0'));
    Ok(if negative { -size } else { size })
}

/// A decimal's integer, written out in digits.
pub(super) trait WriteDigits: Copy {
    /// Calls `write` with the digits, led by `-` for negative values.
    fn with_digits(self, write: impl FnOnce(&str));
}

impl WriteDigits for i128 {
    fn with_digits(self, write: impl FnOnce(&str)) {
        write(itoa::Buffer::new().format(self));
    }
}

impl WriteDigits for i256 {
    fn with_digits(self, write: impl FnOnce(&str)) {
        match self.to_i128() {
            Some(narrow) => narrow.with_digits(write),
            None => write(&self.to_string()),
        }
    }
}

/// Writes a decimal in plain notation with all the places of its scale.
pub(super) fn write_plain(value: impl WriteDigits, scale: i8, out: &mut String) {
    value.with_digits(|digits| {
        let digits = match digits.strip_prefix('-') {
            Some(digits) => {
                out.push('-');
                digits
            }
            None => digits,
        };
        let places = usize::from(scale.unsigned_abs());
        if scale <= 0 {
            out.push_str(digits);
            if digits != "0" {
                out.extend(std::iter::repeat_n('0', places));
            }
            return;
        }
        if digits.len() <= places {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', places - digits.len()));
            out.push_str(digits);
            return;
        }
        let (whole, fraction) = digits.split_at(digits.len() - places);
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
    });
}
