//! Values as exact text, for the text formats: all digits of decimals and timestamps, the shortest
//! digits that give back the same double, bytes as `\x` and hexadecimal digits, lists and structures
//! as JSON. Times with a zone are written in UTC with `+00:00`.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int64Type, IntervalMonthDayNanoType,
    UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, FixedSizeBinaryArray, PrimitiveArray, StringArray,
};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_cast::cast;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, Field, IntervalUnit, TimeUnit};
use sdk::Result;

use super::dates::{self, Pattern};

/// What sort of JSON value a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A JSON literal as it is written: a number, true or false.
    Literal,
    /// Text that needs quotes but no escapes.
    Plain,
    /// Text.
    Text,
    /// Already JSON.
    Json,
}

enum Values {
    Boolean(BooleanArray),
    Integer(ScalarBuffer<i64>),
    Unsigned(ScalarBuffer<u64>),
    Single(ScalarBuffer<f32>),
    Double(ScalarBuffer<f64>),
    Decimal(ScalarBuffer<i128>, u32),
    Text(StringArray),
    Bytes(BinaryArray),
    Uuid(FixedSizeBinaryArray),
    Date(ScalarBuffer<i32>),
    Time(ScalarBuffer<i64>, i64),
    Timestamp {
        values: ScalarBuffer<i64>,
        per_second: i64,
        zoned: bool,
    },
    Interval(PrimitiveArray<IntervalMonthDayNanoType>),
    Json(ArrayRef),
    Other(ArrayRef),
}

/// The cells of one column of a batch, ready to be written.
pub(crate) struct Cells {
    values: Values,
    nulls: Option<NullBuffer>,
    shape: Shape,
    pattern: Option<Pattern>,
}

impl Cells {
    /// Prepares a column; `pattern` is how dates and timestamps are written if not exactly.
    pub(crate) fn new(field: &Field, array: &ArrayRef, pattern: Option<&Pattern>) -> Result<Cells> {
        let extension = field
            .metadata()
            .get("ARROW:extension:name")
            .map(String::as_str);
        let nulls = array.logical_nulls();
        let (values, shape) = values(array, extension)?;
        Ok(Cells {
            values,
            nulls,
            shape,
            pattern: pattern.cloned(),
        })
    }

    #[inline]
    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// What sort of JSON value the cell is; infinite numbers have no literal.
    pub(crate) fn shape(&self, row: usize) -> Shape {
        let finite = match &self.values {
            Values::Single(values) => values[row].is_finite(),
            Values::Double(values) => values[row].is_finite(),
            _ => true,
        };
        if finite { self.shape } else { Shape::Plain }
    }

    /// Whether the text consists of digits, signs and ASCII letters only, never of foreign text.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.shape, Shape::Literal | Shape::Plain) && self.pattern.is_none()
    }

    /// Appends the text of a cell that is not NULL, or says why it has none.
    #[inline]
    pub(crate) fn write(&self, row: usize, out: &mut Vec<u8>) -> std::result::Result<(), String> {
        match &self.values {
            Values::Boolean(values) => {
                let text: &[u8] = if values.value(row) { b"true" } else { b"false" };
                out.extend_from_slice(text);
            }
            Values::Integer(values) => integer(values[row], out),
            Values::Unsigned(values) => integer(values[row], out),
            Values::Single(values) => single(values[row], out),
            Values::Double(values) => double(values[row], out),
            Values::Decimal(values, scale) => decimal(values[row], *scale, out),
            Values::Text(values) => out.extend_from_slice(values.value(row).as_bytes()),
            Values::Bytes(values) => {
                out.extend_from_slice(b"\\x");
                hexadecimal(values.value(row), out);
            }
            Values::Uuid(values) => uuid(values.value(row), out),
            Values::Date(values) => return self.date(i64::from(values[row]), out),
            Values::Time(values, per_second) => {
                let (seconds, nanos) = parts(values[row], *per_second);
                dates::write_time(seconds as u32, nanos, out);
            }
            Values::Timestamp {
                values,
                per_second,
                zoned,
            } => return self.timestamp(parts(values[row], *per_second), *zoned, out),
            Values::Interval(values) => {
                let value = values.value(row);
                interval(value.months, value.days, value.nanoseconds, out);
            }
            Values::Json(array) => {
                let json = sdk::cell_to_json(array.as_ref(), row);
                out.extend_from_slice(json.to_string().as_bytes());
            }
            Values::Other(array) => {
                let options = FormatOptions::default();
                let formatter = ArrayFormatter::try_new(array.as_ref(), &options)
                    .map_err(|error| error.to_string())?;
                let text = formatter.value(row).try_to_string();
                out.extend_from_slice(text.map_err(|error| error.to_string())?.as_bytes());
            }
        }
        Ok(())
    }

    fn date(&self, days: i64, out: &mut Vec<u8>) -> std::result::Result<(), String> {
        match &self.pattern {
            None => dates::write_date(days, out),
            Some(pattern) => {
                if !pattern.write(days * 86_400, 0, out) {
                    return Err("is a date too far away for `dateFormat`".to_string());
                }
            }
        }
        Ok(())
    }

    fn timestamp(
        &self,
        (seconds, nanos): (i64, u32),
        zoned: bool,
        out: &mut Vec<u8>,
    ) -> std::result::Result<(), String> {
        match &self.pattern {
            None => {
                dates::write_timestamp(seconds, nanos, out);
                if zoned {
                    out.extend_from_slice(b"+00:00");
                }
            }
            Some(pattern) => {
                if !pattern.write(seconds, nanos, out) {
                    return Err("is a timestamp too far away for `dateFormat`".to_string());
                }
            }
        }
        Ok(())
    }
}

/// The column in one of the forms above; rare types are widened first.
fn values(array: &ArrayRef, extension: Option<&str>) -> Result<(Values, Shape)> {
    let widened = |wanted: &DataType| -> Result<ArrayRef> { Ok(cast(array, wanted)?) };
    Ok(match array.data_type() {
        DataType::Boolean => (Values::Boolean(array.as_boolean().clone()), Shape::Literal),
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => {
            let wide = widened(&DataType::Int64)?;
            let values = wide.as_primitive::<Int64Type>().values().clone();
            (Values::Integer(values), Shape::Literal)
        }
        DataType::UInt64 => {
            let values = array.as_primitive::<UInt64Type>().values().clone();
            (Values::Unsigned(values), Shape::Literal)
        }
        DataType::Float16 | DataType::Float32 => {
            let wide = widened(&DataType::Float32)?;
            let values = wide.as_primitive::<Float32Type>().values().clone();
            (Values::Single(values), Shape::Literal)
        }
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().values().clone();
            (Values::Double(values), Shape::Literal)
        }
        DataType::Decimal128(_, scale) if *scale >= 0 => {
            let values = array.as_primitive::<Decimal128Type>().values().clone();
            let scale = u32::from(scale.unsigned_abs());
            (Values::Decimal(values, scale), Shape::Literal)
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let narrow = widened(&DataType::Utf8)?;
            let shape = match extension {
                Some("arrow.json") => Shape::Json,
                _ => Shape::Text,
            };
            (Values::Text(narrow.as_string::<i32>().clone()), shape)
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            let narrow = widened(&DataType::Binary)?;
            // The backslash of `\x` needs an escape in JSON.
            (
                Values::Bytes(narrow.as_binary::<i32>().clone()),
                Shape::Text,
            )
        }
        DataType::FixedSizeBinary(16) if extension == Some("arrow.uuid") => (
            Values::Uuid(array.as_fixed_size_binary().clone()),
            Shape::Plain,
        ),
        DataType::FixedSizeBinary(_) => {
            let wide = widened(&DataType::Binary)?;
            (Values::Bytes(wide.as_binary::<i32>().clone()), Shape::Text)
        }
        DataType::Date32 => {
            let values = array.as_primitive::<Date32Type>().values().clone();
            (Values::Date(values), Shape::Plain)
        }
        DataType::Time32(unit) | DataType::Time64(unit) => {
            let wide = match unit {
                TimeUnit::Second | TimeUnit::Millisecond => {
                    widened(&DataType::Time64(TimeUnit::Microsecond))?
                }
                _ => array.clone(),
            };
            let per_second = match unit {
                TimeUnit::Nanosecond => 1_000_000_000,
                _ => 1_000_000,
            };
            (Values::Time(ticks(&wide)?, per_second), Shape::Plain)
        }
        DataType::Timestamp(unit, zone) => {
            let per_second = match unit {
                TimeUnit::Second => 1,
                TimeUnit::Millisecond => 1_000,
                TimeUnit::Microsecond => 1_000_000,
                TimeUnit::Nanosecond => 1_000_000_000,
            };
            let values = Values::Timestamp {
                values: ticks(array)?,
                per_second,
                zoned: zone.is_some(),
            };
            (values, Shape::Plain)
        }
        DataType::Date64 => {
            let values = Values::Timestamp {
                values: ticks(array)?,
                per_second: 1_000,
                zoned: false,
            };
            (values, Shape::Plain)
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let values = array.as_primitive::<IntervalMonthDayNanoType>().clone();
            (Values::Interval(values), Shape::Plain)
        }
        DataType::Dictionary(_, value) => return values(&widened(value)?, extension),
        DataType::List(_) | DataType::LargeList(_) | DataType::Struct(_) | DataType::Map(_, _) => {
            (Values::Json(array.clone()), Shape::Json)
        }
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => (Values::Other(array.clone()), Shape::Literal),
        _ => (Values::Other(array.clone()), Shape::Text),
    })
}

/// The numbers behind a date or time type of 64 bits.
fn ticks(array: &ArrayRef) -> Result<ScalarBuffer<i64>> {
    let plain = cast(array, &DataType::Int64)?;
    Ok(plain.as_primitive::<Int64Type>().values().clone())
}

fn parts(ticks: i64, per_second: i64) -> (i64, u32) {
    let fraction = ticks.rem_euclid(per_second) * (1_000_000_000 / per_second);
    (ticks.div_euclid(per_second), fraction as u32)
}

fn integer(value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Plain digits where they are short, an exponent elsewhere; both give back the same double.
fn double(value: f64, out: &mut Vec<u8>) {
    if value.is_nan() || value.is_infinite() {
        out.extend_from_slice(unbounded(value).as_bytes());
        return;
    }
    let size = value.abs();
    let text = if size == 0.0 || (1e-5..1e16).contains(&size) {
        format!("{value}")
    } else {
        format!("{value:e}")
    };
    out.extend_from_slice(text.as_bytes());
}

fn single(value: f32, out: &mut Vec<u8>) {
    if value.is_nan() || value.is_infinite() {
        out.extend_from_slice(unbounded(f64::from(value)).as_bytes());
        return;
    }
    let size = value.abs();
    let text = if size == 0.0 || (1e-5..1e16).contains(&size) {
        format!("{value}")
    } else {
        format!("{value:e}")
    };
    out.extend_from_slice(text.as_bytes());
}

fn unbounded(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

fn decimal(value: i128, scale: u32, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    let digits = match u64::try_from(value.unsigned_abs()) {
        Ok(small) => buffer.format(small),
        Err(_) => buffer.format(value.unsigned_abs()),
    }
    .as_bytes();
    let scale = scale as usize;
    if scale == 0 {
        out.extend_from_slice(digits);
        return;
    }
    if digits.len() > scale {
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        out.extend_from_slice(whole);
        out.push(b'.');
        out.extend_from_slice(fraction);
        return;
    }
    out.extend_from_slice(b"0.");
    out.resize(out.len() + scale - digits.len(), b'0');
    out.extend_from_slice(digits);
}

fn hexadecimal(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

fn uuid(bytes: &[u8], out: &mut Vec<u8>) {
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        hexadecimal(&[*byte], out);
    }
}

/// An ISO 8601 duration, which PostgreSQL reads as an interval.
fn interval(months: i32, days: i32, nanos: i64, out: &mut Vec<u8>) {
    let (seconds, fraction) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let mut text = format!("P{months}M{days}DT");
    if nanos < 0 {
        text.push('-');
    }
    text.push_str(&format!("{}", seconds.unsigned_abs()));
    if fraction != 0 {
        let digits = format!("{:09}", fraction.unsigned_abs());
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
    text.push('S');
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        Decimal128Array, Float32Array, Float64Array, Int16Array, IntervalMonthDayNanoArray,
        TimestampNanosecondArray, UInt64Array,
    };
    use arrow_buffer::IntervalMonthDayNano;

    use super::*;

    fn texts(array: ArrayRef) -> Vec<String> {
        let field = Field::new("x", array.data_type().clone(), true);
        let cells = Cells::new(&field, &array, None).unwrap();
        (0..array.len())
            .map(|row| {
                let mut out = Vec::new();
                cells.write(row, &mut out).unwrap();
                String::from_utf8(out).unwrap()
            })
            .collect()
    }

    #[test]
    fn numbers_are_exact() {
        assert_eq!(
            texts(Arc::new(Int16Array::from(vec![i16::MIN]))),
            ["-32768"]
        );
        assert_eq!(
            texts(Arc::new(UInt64Array::from(vec![u64::MAX]))),
            ["18446744073709551615"]
        );
        assert_eq!(
            texts(Arc::new(Float64Array::from(vec![
                0.1,
                1e300,
                -0.0,
                f64::NAN,
                f64::NEG_INFINITY,
                5e-324
            ]))),
            ["0.1", "1e300", "-0", "NaN", "-Infinity", "5e-324"]
        );
        assert_eq!(texts(Arc::new(Float32Array::from(vec![0.1]))), ["0.1"]);
        let decimals = Decimal128Array::from(vec![-5, 1230, -(10_i128.pow(38) - 1), 0])
            .with_precision_and_scale(38, 2)
            .unwrap();
        assert_eq!(
            texts(Arc::new(decimals)),
            [
                "-0.05",
                "12.30",
                "-999999999999999999999999999999999999.99",
                "0.00"
            ]
        );
    }

    #[test]
    fn times_keep_all_digits() {
        let times = TimestampNanosecondArray::from(vec![-1, 1]).with_timezone("Asia/Shanghai");
        assert_eq!(
            texts(Arc::new(times)),
            [
                "1969-12-31 23:59:59.999999999+00:00",
                "1970-01-01 00:00:00.000000001+00:00"
            ]
        );
        let intervals = IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(
            14,
            -3,
            -1_500_000_000,
        )]);
        assert_eq!(texts(Arc::new(intervals)), ["P14M-3DT-1.5S"]);
    }
}
