//! Every mapped type of each store with the values that are likely to go wrong.

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringBuilder, StructBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array,
    DurationNanosecondArray, FixedSizeBinaryArray, Float32Array, Float64Array, Int8Array,
    Int16Array, Int32Array, Int64Array, IntervalYearMonthArray, StringArray,
    Time64MicrosecondArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray,
};
use arrow_buffer::i256;
use arrow_schema::{DataType, Field};
use sdk::Extension;
use testkit::conformance::TypeCase;

/// 0001-01-01 and 9999-12-31 in days since 1970.
const FIRST_DAY: i32 = -719_162;
const LAST_DAY: i32 = 2_932_896;
/// 0001-01-01 00:00:00 and 9999-12-31 23:59:59.999999 in microseconds since 1970.
const FIRST_MICROSECOND: i64 = -62_135_596_800_000_000;
const LAST_MICROSECOND: i64 = 253_402_300_799_999_999;

pub(super) fn postgresql() -> Vec<TypeCase> {
    vec![
        TypeCase::new("smallint", shorts()),
        TypeCase::new("integer", integers()),
        TypeCase::new("bigint", longs(i64::MIN)),
        TypeCase::new("real", floats()),
        TypeCase::new("double precision", doubles()),
        TypeCase::new("numeric(15,2)", decimals(15, 2)),
        TypeCase::new("numeric(38,10)", decimals(38, 10)),
        TypeCase::new("numeric(60,20)", wide_decimals(60, 20)),
        TypeCase::new("numeric", numbers_without_bounds()),
        TypeCase::new("boolean", booleans()),
        TypeCase::new("text", texts()),
        TypeCase::new("varchar(5)", short_texts()),
        TypeCase::new("char(3)", texts_of_three()),
        TypeCase::new("bytea", bytes()),
        TypeCase::new("date", days(-2_440_588 + 37, 2_145_031_948)),
        TypeCase::new("time", times()),
        TypeCase::new(
            "timestamp",
            microseconds(-210_866_803_200_000_000, i64::MAX - 1, None),
        ),
        TypeCase::new(
            "timestamptz",
            microseconds(-210_866_803_200_000_000, i64::MAX - 1, Some("UTC")),
        ),
        TypeCase::meaning("uuid", Extension::Uuid, uuids()),
        TypeCase::meaning("json", Extension::Json, documents()),
        TypeCase::meaning("jsonb", Extension::Json, documents()),
        TypeCase::new("integer[]", lists()),
        TypeCase::new("text[]", lists_of_text()),
    ]
}

pub(super) fn odps() -> Vec<TypeCase> {
    vec![
        TypeCase::new(
            "tinyint",
            Arc::new(Int8Array::from(vec![i8::MIN, 0, i8::MAX])),
        ),
        TypeCase::new("smallint", shorts()),
        TypeCase::new("int", integers()),
        // The service keeps the smallest number for itself.
        TypeCase::new("bigint", longs(i64::MIN + 1)),
        TypeCase::new("float", floats()),
        TypeCase::new("double", doubles()),
        TypeCase::new("boolean", booleans()),
        TypeCase::new("string", texts()),
        TypeCase::new("varchar(5)", short_texts()),
        TypeCase::new("char(3)", texts_of_three()),
        TypeCase::new("binary", bytes()),
        TypeCase::new("decimal(15,2)", decimals(15, 2)),
        TypeCase::new("decimal(38,18)", decimals(38, 18)),
        TypeCase::new("date", days(FIRST_DAY, LAST_DAY)),
        TypeCase::new("datetime", milliseconds()),
        TypeCase::new("timestamp", nanoseconds(Some("UTC"))),
        TypeCase::new("timestamp_ntz", nanoseconds(None)),
        TypeCase::meaning("json", Extension::Json, documents()),
        TypeCase::new("interval_day_time", spans()),
        TypeCase::new("interval_year_month", months()),
        TypeCase::new("array<int>", lists()),
        TypeCase::new("map<string,int>", maps()),
        TypeCase::new("struct<a:int,b:string>", structs()),
    ]
}

/// The types that columns of CSV and JSON files can be given.
pub(super) fn text_files() -> Vec<TypeCase> {
    vec![
        TypeCase::new("smallint", shorts()),
        TypeCase::new("integer", integers()),
        TypeCase::new("bigint", longs(i64::MIN)),
        TypeCase::new("float", floats()),
        TypeCase::new("double", doubles()),
        TypeCase::new("decimal(15,2)", decimals(15, 2)),
        TypeCase::new("decimal(38,10)", decimals(38, 10)),
        TypeCase::new("boolean", booleans()),
        TypeCase::new("string", texts()),
        TypeCase::new("bytes", bytes()),
        TypeCase::new("date", days(FIRST_DAY, LAST_DAY)),
        TypeCase::new("time", times()),
        TypeCase::new(
            "timestamp",
            microseconds(FIRST_MICROSECOND, LAST_MICROSECOND, None),
        ),
        TypeCase::new(
            "timestamptz",
            microseconds(FIRST_MICROSECOND, LAST_MICROSECOND, Some("UTC")),
        ),
        TypeCase::meaning("uuid", Extension::Uuid, uuids()),
        TypeCase::meaning("json", Extension::Json, documents()),
    ]
}

/// A JSON column of a JSON file holds the value itself, so a document that is only `null` cannot be
/// told from NULL and is left out.
pub(super) fn json_files() -> Vec<TypeCase> {
    let mut cases = text_files();
    for case in &mut cases {
        if case.extension == Some(Extension::Json) {
            let documents = documents();
            let documents = documents.as_string::<i32>().iter();
            let not_null = documents.filter(|text| *text != Some("null"));
            case.values = Arc::new(not_null.collect::<StringArray>());
        }
    }
    cases
}

/// Parquet keeps nearly all of Arrow's types.
pub(super) fn parquet_files() -> Vec<TypeCase> {
    let mut cases = text_files();
    cases.extend([
        TypeCase::new("", Arc::new(Int8Array::from(vec![i8::MIN, 0, i8::MAX]))),
        TypeCase::new("", wide_decimals(60, 20)),
        TypeCase::new("", nanoseconds(None)),
        TypeCase::new("", nanoseconds(Some("UTC"))),
        TypeCase::new("", lists()),
        TypeCase::new("", lists_of_text()),
        TypeCase::new("", maps()),
        TypeCase::new("", structs()),
    ]);
    cases
}

fn shorts() -> ArrayRef {
    Arc::new(Int16Array::from(vec![i16::MIN, -1, 0, i16::MAX]))
}

fn integers() -> ArrayRef {
    Arc::new(Int32Array::from(vec![i32::MIN, -1, 0, i32::MAX]))
}

fn longs(smallest: i64) -> ArrayRef {
    Arc::new(Int64Array::from(vec![
        smallest,
        -1,
        0,
        (1 << 53) + 1,
        i64::MAX,
    ]))
}

fn floats() -> ArrayRef {
    Arc::new(Float32Array::from(vec![
        f32::MIN,
        f32::MAX,
        f32::MIN_POSITIVE / 2.0,
        -0.0,
        0.1,
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
    ]))
}

fn doubles() -> ArrayRef {
    Arc::new(Float64Array::from(vec![
        f64::MIN,
        f64::MAX,
        f64::MIN_POSITIVE / 2.0,
        -0.0,
        0.1 + 0.2,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ]))
}

fn decimals(precision: u8, scale: i8) -> ArrayRef {
    let most = 10_i128.pow(u32::from(precision)) - 1;
    let values = Decimal128Array::from(vec![-most, -1, 0, 1, most]);
    Arc::new(values.with_precision_and_scale(precision, scale).unwrap())
}

fn wide_decimals(precision: u8, scale: i8) -> ArrayRef {
    let most = i256::from_i128(10)
        .wrapping_pow(u32::from(precision))
        .wrapping_sub(i256::ONE);
    let values = Decimal256Array::from(vec![
        most.wrapping_neg(),
        i256::MINUS_ONE,
        i256::ZERO,
        i256::ONE,
        most,
    ]);
    Arc::new(values.with_precision_and_scale(precision, scale).unwrap())
}

/// As PostgreSQL prints them: `numeric` without precision is text in Arrow.
fn numbers_without_bounds() -> ArrayRef {
    let long = "9".repeat(500);
    let small = format!("0.{}1", "0".repeat(300));
    Arc::new(StringArray::from(vec![
        "NaN",
        "Infinity",
        "-Infinity",
        "0",
        "-1.50",
        &long,
        &small,
    ]))
}

fn booleans() -> ArrayRef {
    Arc::new(BooleanArray::from(vec![true, false]))
}

fn texts() -> ArrayRef {
    let long = "long ".repeat(40_000);
    Arc::new(StringArray::from(vec![
        "",
        " ",
        "NULL",
        "null",
        "\\N",
        "\\\\N",
        "\"",
        "a,b;c\td",
        "first\nsecond\r\nthird\rfourth",
        "\\x41",
        "'quoted' \"twice\"",
        "Zoë 東京 🚢",
        "\u{feff}mark",
        "\u{1}\u{7f}\u{2028}",
        &long,
    ]))
}

fn short_texts() -> ArrayRef {
    Arc::new(StringArray::from(vec!["", "five5", "東京東京東", " a "]))
}

/// Full length, so that no store pads them.
fn texts_of_three() -> ArrayRef {
    Arc::new(StringArray::from(vec!["abc", "東京都", " a."]))
}

fn bytes() -> ArrayRef {
    let all: Vec<u8> = (0..=255).collect();
    Arc::new(BinaryArray::from_vec(vec![b"", b"\0", b"\\x00", &all]))
}

fn days(first: i32, last: i32) -> ArrayRef {
    Arc::new(Date32Array::from(vec![first, -1, 0, 11_016, last]))
}

fn times() -> ArrayRef {
    Arc::new(Time64MicrosecondArray::from(vec![
        0,
        1,
        86_399_000_000,
        86_399_999_999,
    ]))
}

fn microseconds(first: i64, last: i64, zone: Option<&str>) -> ArrayRef {
    let values = TimestampMicrosecondArray::from(vec![first, -1, 0, 951_782_400_123_456, last]);
    Arc::new(values.with_timezone_opt(zone))
}

fn milliseconds() -> ArrayRef {
    let values = TimestampMillisecondArray::from(vec![
        FIRST_MICROSECOND / 1_000,
        -1,
        0,
        951_782_400_123,
        LAST_MICROSECOND / 1_000,
    ]);
    Arc::new(values.with_timezone("UTC"))
}

fn nanoseconds(zone: Option<&str>) -> ArrayRef {
    let values =
        TimestampNanosecondArray::from(vec![i64::MIN, -1, 0, 951_782_400_123_456_789, i64::MAX]);
    Arc::new(values.with_timezone_opt(zone))
}

fn spans() -> ArrayRef {
    Arc::new(DurationNanosecondArray::from(vec![
        i64::MIN,
        -1,
        0,
        86_400_000_000_001,
        i64::MAX,
    ]))
}

fn months() -> ArrayRef {
    Arc::new(IntervalYearMonthArray::from(vec![
        i32::MIN,
        -14,
        0,
        14,
        i32::MAX,
    ]))
}

fn uuids() -> ArrayRef {
    let values = [
        [0; 16],
        [0xff; 16],
        *b"\x12\x34\x56\x78\x9a\xbc\xde\xf0\x01\x23\x45\x67\x89\xab\xcd\xef",
    ];
    Arc::new(FixedSizeBinaryArray::try_from_iter(values.into_iter()).unwrap())
}

/// In the form that `jsonb` prints, so that it comes back as it went.
fn documents() -> ArrayRef {
    Arc::new(StringArray::from(vec![
        "{}",
        "[]",
        "null",
        "\"text\"",
        "12345678901234567890",
        r#"{"a": [1, 2, {"b": null}], "c": "東京"}"#,
    ]))
}

fn lists() -> ArrayRef {
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value([]);
    lists.append_value([Some(i32::MIN), None, Some(i32::MAX)]);
    lists.append_value([None]);
    Arc::new(lists.finish())
}

fn lists_of_text() -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    lists.append_value([Some(""), None, Some("NULL"), Some("a,b"), Some("{\"}")]);
    lists.append_value([Some("東京")]);
    Arc::new(lists.finish())
}

fn maps() -> ArrayRef {
    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    maps.append(true).unwrap();
    maps.keys().append_value("");
    maps.values().append_null();
    maps.keys().append_value("東京");
    maps.values().append_value(i32::MIN);
    maps.append(true).unwrap();
    let maps = maps.finish();
    // The builder calls the fields `keys` and `values`; the stores call them by their singular.
    let (_, offsets, entries, nulls, _) = maps.into_parts();
    let (_, arrays, _) = entries.into_parts();
    let fields = vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Int32, true),
    ];
    let entries = arrow_array::StructArray::new(fields.into(), arrays, None);
    let field = Field::new("entries", entries.data_type().clone(), false);
    Arc::new(arrow_array::MapArray::new(
        Arc::new(field),
        offsets,
        entries,
        nulls,
        false,
    ))
}

fn structs() -> ArrayRef {
    let fields = vec![
        Field::new("a", DataType::Int32, true),
        Field::new("b", DataType::Utf8, true),
    ];
    let mut structs = StructBuilder::from_fields(fields, 2);
    for (number, word) in [(Some(i32::MAX), Some("")), (None, None), (Some(0), None)] {
        let numbers = structs.field_builder::<Int32Builder>(0).unwrap();
        numbers.append_option(number);
        let words = structs.field_builder::<StringBuilder>(1).unwrap();
        words.append_option(word);
        structs.append(true);
    }
    Arc::new(structs.finish())
}
