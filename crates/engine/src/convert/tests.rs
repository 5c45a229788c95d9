//! Conversions at their one entry point: exact values, extremes, NULLs, slices, and what is refused.

mod nested;
mod pairs;
mod times;
mod uuid_and_json;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BinaryArray, Decimal128Array, Decimal256Array, Float32Array, Float64Array,
    Int64Array, StringArray, Time64MicrosecondArray, TimestampNanosecondArray,
    TimestampSecondArray, UInt64Array,
};
use arrow_buffer::i256;
use arrow_schema::{DataType, TimeUnit};
use sdk::Column;

use super::{Conversion, Converted, Fit};

const UTC: &str = "UTC";

fn plan(array: &ArrayRef, target: &DataType) -> Conversion {
    Conversion::plan(
        &Column::new("source", array.data_type().clone()),
        &Column::new("target", target.clone()),
    )
}

fn convert(array: ArrayRef, target: &DataType) -> Converted {
    plan(&array, target).apply(&array).unwrap()
}

fn text(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// Each cell of the result as text, bad rows as their rule.
fn shown(array: ArrayRef, target: &DataType) -> Vec<String> {
    let converted = convert(array, target);
    assert_eq!(converted.array.data_type(), target);
    let cells = convert(Arc::clone(&converted.array), &DataType::Utf8).array;
    let mut bad = converted.bad.into_iter().peekable();
    (0..cells.len())
        .map(|row| match bad.next_if(|bad| bad.row == row) {
            Some(bad) => {
                assert!(converted.array.is_null(row), "a bad row is NULL");
                let (_, rule) = bad.reason.rsplit_once(": ").unwrap();
                format!("! {rule}")
            }
            None if cells.is_null(row) => "NULL".to_string(),
            None => cells.as_string::<i32>().value(row).to_string(),
        })
        .collect()
}

fn decimal(values: &[i128], precision: u8, scale: i8) -> ArrayRef {
    Arc::new(
        Decimal128Array::from(values.to_vec())
            .with_precision_and_scale(precision, scale)
            .unwrap(),
    )
}

fn timestamp(unit: TimeUnit) -> DataType {
    DataType::Timestamp(unit, None)
}

#[test]
fn empty_text_is_null_where_the_target_wishes_it() {
    for target in [DataType::Int32, DataType::Decimal128(9, 2), DataType::Utf8] {
        let target = Column {
            empty_as_null: true,
            ..Column::new("target", target)
        };
        for source in [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View] {
            let conversion = Conversion::plan(&Column::new("source", source.clone()), &target);
            assert!(
                matches!(conversion.fit(), Fit::Checked(how) if how.contains("empty text becomes NULL")),
                "{:?}",
                conversion.fit()
            );
            let array = arrow_cast::cast(&text(&["1", "", "2"]), &source).unwrap();
            let converted = conversion.apply(&array).unwrap();
            assert!(converted.bad.is_empty(), "{:?}", converted.bad);
            let nulls: Vec<bool> = (0..3).map(|row| converted.array.is_null(row)).collect();
            assert_eq!(nulls, [false, true, false], "{source}");
        }
    }
}

#[test]
fn a_number_beyond_its_own_declared_digits_is_bad_and_not_null() {
    // Nobody checks the precision of the decimals in a file.
    let array = Arc::new(
        Decimal128Array::from(vec![999_999_999, 9_999_999_999])
            .with_data_type(DataType::Decimal128(9, 0)),
    );
    assert_eq!(
        *plan(&(array.clone() as ArrayRef), &DataType::Int32).fit(),
        Fit::Lossless
    );
    assert_eq!(
        shown(array, &DataType::Int32),
        ["999999999", "! it is out of range"]
    );
}

#[test]
fn integers_narrow_only_within_range() {
    let array: ArrayRef = Arc::new(Int64Array::from(vec![
        Some(32_767),
        Some(32_768),
        None,
        Some(i64::MIN),
    ]));
    assert_eq!(
        shown(array.clone(), &DataType::Int16),
        [
            "32767",
            "! it is out of range",
            "NULL",
            "! it is out of range"
        ]
    );
    assert_eq!(
        shown(array.clone(), &DataType::UInt64),
        ["32767", "32768", "NULL", "! it is out of range"]
    );
    let reason = &convert(array, &DataType::Int16).bad[0].reason;
    assert_eq!(reason, "Int64 32768 does not fit Int16: it is out of range");
    let unsigned: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
    assert_eq!(
        shown(unsigned.clone(), &DataType::Int64),
        ["! it is out of range"]
    );
    assert_eq!(
        shown(unsigned, &DataType::Decimal128(20, 0)),
        ["18446744073709551615"]
    );
}

#[test]
fn floats_meet_other_numbers_only_exactly() {
    let array: ArrayRef = Arc::new(Float64Array::from(vec![
        1.5,
        -0.0,
        9_007_199_254_740_992.0,
        1e300,
        f64::NAN,
        f64::NEG_INFINITY,
    ]));
    let range = "! it is out of range";
    assert_eq!(
        shown(array.clone(), &DataType::Int64),
        [
            "! it is not a whole number",
            "0",
            "9007199254740992",
            range,
            range,
            range
        ]
    );
    let digits = "! it has more digits before the decimal point";
    let number = "! it is not a number";
    assert_eq!(
        shown(array.clone(), &DataType::Decimal128(38, 1)),
        ["1.5", "0.0", "9007199254740992.0", digits, number, number]
    );
    let exact = "! it has no exact form there";
    assert_eq!(
        shown(array, &DataType::Float32),
        ["1.5", "-0", "9.007199e15", exact, "NaN", "-Infinity"]
    );
    let integers: ArrayRef = Arc::new(Int64Array::from(vec![i64::MAX, 1 << 53, (1 << 53) + 1]));
    assert_eq!(
        shown(integers, &DataType::Float64),
        [exact, "9.007199254740992e15", exact]
    );
    let tenths: ArrayRef = Arc::new(Float64Array::from(vec![0.1, 0.1 + 0.2, 123_456.78]));
    assert_eq!(
        shown(tenths, &DataType::Decimal128(15, 2)),
        ["0.10", "! it has more decimal places", "123456.78"]
    );
    assert_eq!(
        shown(
            decimal(&[10, 12_345_678_901_234_567], 38, 2),
            &DataType::Float64
        ),
        ["0.1", "123456789012345.67"]
    );
    assert_eq!(
        shown(
            decimal(&[9_007_199_254_740_993, 1_152_921_504_606_847_000], 38, 0),
            &DataType::Float64
        ),
        [exact, exact]
    );
}

#[test]
fn decimals_rescale_only_exactly() {
    let array = decimal(&[150, 155, -99_999, 100_000], 15, 2);
    assert_eq!(
        shown(array.clone(), &DataType::Decimal128(4, 1)),
        [
            "1.5",
            "! it has more decimal places",
            "! it has more decimal places",
            "! it has more digits before the decimal point"
        ]
    );
    assert_eq!(
        shown(array, &DataType::Int8),
        [
            "! it is not a whole number",
            "! it is not a whole number",
            "! it is not a whole number",
            "! it is out of range"
        ]
    );
    let widest = 10i128.pow(38) - 1;
    assert_eq!(
        shown(
            decimal(&[widest, -widest], 38, 0),
            &DataType::Decimal256(76, 38)
        ),
        [
            format!("{widest}.{}", "0".repeat(38)),
            format!("-{widest}.{}", "0".repeat(38))
        ]
    );
    assert_eq!(
        shown(decimal(&[widest, 0], 38, 0), &DataType::Decimal128(38, 1)),
        ["! it has more digits before the decimal point", "0.0"]
    );
    let wide: ArrayRef = Arc::new(
        Decimal256Array::from(vec![i256::from_i128(widest), i256::MAX])
            .with_precision_and_scale(76, 38)
            .unwrap(),
    );
    assert_eq!(convert(wide, &DataType::Decimal128(38, 38)).bad.len(), 1);
}

#[test]
fn text_becomes_numbers_strictly() {
    let integers = text(&[
        "42",
        " -7 ",
        "42.00",
        "1e3",
        "4.2",
        "",
        "x",
        "9223372036854775808",
    ]);
    assert_eq!(
        shown(integers, &DataType::Int64),
        [
            "42",
            "-7",
            "42",
            "1000",
            "! it is not a whole number",
            "! it is empty",
            "! it is not a number",
            "! it is out of range"
        ]
    );
    let decimals = text(&[
        "1.50",
        ".5",
        "-0.005e1",
        "1.555",
        "1e15",
        "NaN",
        "1.",
        "--1",
        "99999999999999.99",
        "0e99",
        "00000000000000000000000000000000000000000000000000000000000000000000000000000000007",
    ]);
    assert_eq!(
        shown(decimals, &DataType::Decimal128(16, 2)),
        [
            "1.50",
            "0.50",
            "-0.05",
            "! it has more decimal places",
            "! it has more digits before the decimal point",
            "! it is not a number",
            "1.00",
            "! it is not a number",
            "99999999999999.99",
            "0.00",
            "7.00"
        ]
    );
    let floats = text(&[
        "1e308",
        "1e309",
        "1e-400",
        "0.1",
        "-Infinity",
        "nan",
        "0.10000000000000001",
        "9007199254740993",
        "1,5",
        "750370744495838.3",
        "0.1000000000000000055511151231257827",
    ]);
    let exact = "! it has no exact form there";
    assert_eq!(
        shown(floats, &DataType::Float64),
        [
            "1e308",
            "! it is out of range",
            exact,
            "0.1",
            "-Infinity",
            "NaN",
            "0.1",
            exact,
            "! it is not a number",
            "750370744495838.3",
            "0.1"
        ]
    );
    let truths = text(&["TRUE", "f", " On ", "0", "yes", "2", ""]);
    let neither = "! it is neither true nor false";
    assert_eq!(
        shown(truths, &DataType::Boolean),
        ["true", "false", "true", "false", "true", neither, neither]
    );
}

#[test]
fn extremes_have_a_text() {
    let seconds: ArrayRef = Arc::new(TimestampSecondArray::from(vec![i64::MIN, i64::MAX]));
    assert_eq!(
        shown(seconds, &DataType::Utf8),
        [
            "-292277022657-01-27 08:29:52",
            "292277026596-12-04 15:30:07"
        ]
    );
    let nanos: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![i64::MIN, i64::MAX]));
    assert_eq!(
        shown(nanos, &DataType::Utf8),
        [
            "1677-09-21 00:12:43.145224192",
            "2262-04-11 23:47:16.854775807"
        ]
    );
    let floats: ArrayRef = Arc::new(Float32Array::from(vec![
        0.1,
        f32::MAX,
        f32::MIN_POSITIVE,
        1e14,
    ]));
    assert_eq!(
        shown(floats, &DataType::Utf8),
        ["0.1", "3.4028235e38", "1.1754944e-38", "1e14"]
    );
    assert_eq!(
        shown(decimal(&[-5, 0, i128::MIN], 38, 3), &DataType::Utf8)[..2],
        ["-0.005", "0.000"]
    );
    assert_eq!(
        shown(decimal(&[12, 0], 5, -3), &DataType::Utf8),
        ["12000", "0"]
    );
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![&b"ok"[..], b"\xff\xfe"]));
    assert_eq!(
        shown(bytes.clone(), &DataType::Utf8),
        ["ok", "! its bytes are not UTF-8 text"]
    );
    assert_eq!(
        convert(bytes, &DataType::Utf8).bad[0].reason,
        "Binary fffe does not fit Utf8: its bytes are not UTF-8 text"
    );
    let days: ArrayRef = Arc::new(Time64MicrosecondArray::from(vec![86_400_000_000, -1]));
    assert_eq!(
        shown(days, &DataType::Utf8),
        ["24:00:00", "! it is not a time of day"]
    );
}
