//! All pairs of types: the table says what the kernels do, and text loses nothing.

use std::sync::Arc;
use std::time::Instant;

use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::types::{Decimal128Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array,
    FixedSizeBinaryArray, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array,
    Int64Array, IntervalYearMonthArray, NullArray, PrimitiveArray, StringArray,
    Time32MillisecondArray, Time32SecondArray, Time64MicrosecondArray, Time64NanosecondArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_buffer::i256;
use arrow_cast::cast;
use arrow_schema::DataType;
use proptest::prelude::{Strategy, any, proptest};
use sdk::{Column, Kind};

use super::super::fit::{Family, canonical};
use super::super::{Conversion, Fit};
use super::{convert, decimal, plan, text};

/// One array of each type: NULL first and last, extremes between.
fn samples() -> Vec<ArrayRef> {
    fn ends<T: ArrowPrimitiveType>(least: T::Native, most: T::Native, some: T::Native) -> ArrayRef {
        let values = [None, Some(least), Some(most), Some(some), None];
        Arc::new(values.into_iter().collect::<PrimitiveArray<T>>())
    }
    let widest = 10i128.pow(38) - 1;
    let wide = i256::from_i128(widest).wrapping_mul(i256::from_i128(widest));
    let mut list = ListBuilder::new(Int32Builder::new());
    list.append_null();
    list.append_value([Some(i32::MIN), None]);
    list.append_value([]);
    list.append_value([Some(7)]);
    list.append_null();
    let mut samples: Vec<ArrayRef> = vec![
        Arc::new(NullArray::new(5)),
        Arc::new(BooleanArray::from(vec![
            None,
            Some(true),
            Some(false),
            Some(true),
            None,
        ])),
        ends::<<Int8Array as Native>::Type>(i8::MIN, i8::MAX, 1),
        ends::<<Int16Array as Native>::Type>(i16::MIN, i16::MAX, 1),
        ends::<<Int32Array as Native>::Type>(i32::MIN, i32::MAX, 1),
        ends::<<Int64Array as Native>::Type>(i64::MIN, i64::MAX, 1),
        ends::<<UInt8Array as Native>::Type>(u8::MIN, u8::MAX, 1),
        ends::<<UInt16Array as Native>::Type>(u16::MIN, u16::MAX, 1),
        ends::<<UInt32Array as Native>::Type>(u32::MIN, u32::MAX, 1),
        ends::<<UInt64Array as Native>::Type>(u64::MIN, u64::MAX, 1),
        ends::<<Float32Array as Native>::Type>(f32::MIN, f32::INFINITY, 0.1),
        ends::<<Float64Array as Native>::Type>(f64::MIN, f64::NAN, 0.1),
        ends::<<Date32Array as Native>::Type>(i32::MIN, i32::MAX, 19_782),
        ends::<<Time32SecondArray as Native>::Type>(0, 86_399, 1),
        ends::<<Time32MillisecondArray as Native>::Type>(0, 86_399_999, 1),
        ends::<<Time64MicrosecondArray as Native>::Type>(0, 86_399_999_999, 1),
        ends::<<Time64NanosecondArray as Native>::Type>(0, 86_399_999_999_999, 1),
        ends::<<TimestampSecondArray as Native>::Type>(i64::MIN, i64::MAX, 86_400),
        ends::<<TimestampMillisecondArray as Native>::Type>(i64::MIN, i64::MAX, 86_400_000),
        ends::<<TimestampMicrosecondArray as Native>::Type>(i64::MIN, i64::MAX, 1),
        ends::<<TimestampNanosecondArray as Native>::Type>(i64::MIN, i64::MAX, 1),
        ends::<<IntervalYearMonthArray as Native>::Type>(i32::MIN + 1, i32::MAX, 14),
        Arc::new(StringArray::from(vec![
            None,
            Some(""),
            Some("1"),
            Some("é\0"),
            None,
        ])),
        Arc::new(BinaryArray::from(vec![
            None,
            Some(&b""[..]),
            Some(b"1"),
            Some(b"\xff"),
            None,
        ])),
        Arc::new(
            FixedSizeBinaryArray::try_from_sparse_iter_with_size(
                [
                    None,
                    Some([0xffu8; 16]),
                    Some([0; 16]),
                    Some([b'1'; 16]),
                    None,
                ]
                .into_iter(),
                16,
            )
            .unwrap(),
        ),
        Arc::new(list.finish()),
    ];
    let decimals = Decimal128Array::from(vec![None, Some(-widest), Some(widest), Some(150), None]);
    for (precision, scale) in [(38, 0), (38, 38), (38, 2), (5, -2), (4, 2)] {
        let column = decimals
            .clone()
            .with_precision_and_scale(precision, scale)
            .unwrap();
        samples.push(Arc::new(column.null_if_overflow_precision(precision)));
    }
    let wides = Decimal256Array::from(vec![
        None,
        Some(wide),
        Some(wide.wrapping_neg()),
        Some(i256::ONE),
        None,
    ]);
    samples.push(Arc::new(wides.with_precision_and_scale(76, 30).unwrap()));
    let zoned =
        TimestampMicrosecondArray::from(vec![None, Some(i64::MIN), Some(i64::MAX), Some(1), None]);
    samples.push(Arc::new(zoned.with_timezone("America/New_York")));
    for layout in [
        DataType::LargeUtf8,
        DataType::Utf8View,
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
    ] {
        samples.push(cast(&text(&["", "1", "é", "true", "2024-01-01"]), &layout).unwrap());
    }
    samples
}

/// Names the element type of an array type.
trait Native {
    type Type: ArrowPrimitiveType;
}

impl<T: ArrowPrimitiveType> Native for PrimitiveArray<T> {
    type Type = T;
}

#[test]
fn the_table_tells_what_happens_for_every_pair() {
    let samples = samples();
    for source in &samples {
        for target in &samples {
            let conversion = plan(source, target.data_type());
            let pair = format!("{} -> {}", source.data_type(), target.data_type());
            let applied = conversion.apply(source);
            if let Fit::Impossible(why) = conversion.fit() {
                assert_eq!(applied.unwrap_err().kind(), Kind::Config, "{pair}");
                assert!(why.contains(" cannot become "), "{pair}: {why}");
                continue;
            }
            let converted = applied.unwrap_or_else(|error| panic!("{pair}: {error}"));
            assert_eq!(converted.array.data_type(), target.data_type(), "{pair}");
            assert_eq!(converted.array.len(), source.len(), "{pair}");
            if *conversion.fit() == Fit::Lossless {
                assert_eq!(converted.bad, [], "{pair}");
            }
            let source_nulls = source.logical_nulls();
            let result_nulls = converted.array.logical_nulls();
            let bad: Vec<usize> = converted.bad.iter().map(|bad| bad.row).collect();
            assert!(bad.is_sorted_by(|left, right| left < right), "{pair}");
            for row in 0..source.len() {
                let was_null = source_nulls
                    .as_ref()
                    .is_some_and(|nulls| nulls.is_null(row));
                let is_null = result_nulls
                    .as_ref()
                    .is_some_and(|nulls| nulls.is_null(row));
                assert_eq!(is_null, was_null || bad.contains(&row), "{pair}, row {row}");
                assert!(!(was_null && bad.contains(&row)), "{pair}, row {row}");
            }
            // A slice and an empty array convert like the whole.
            let slice = conversion.apply(&source.slice(2, 2)).unwrap();
            assert_eq!(&slice.array, &converted.array.slice(2, 2), "{pair}");
            assert_eq!(
                conversion.apply(&source.slice(0, 0)).unwrap().array.len(),
                0
            );
            // What converted without a reason converts back to the same value, if it converts back;
            // only texts have many spellings of one value.
            let back = plan(&converted.array, source.data_type());
            let spelled = Family::of(&canonical(source.data_type())) == Family::Text;
            if matches!(back.fit(), Fit::Impossible(_)) || spelled {
                continue;
            }
            let back = back.apply(&converted.array).unwrap();
            for row in (0..source.len()).filter(|row| !bad.contains(row)) {
                if back.bad.iter().all(|bad| bad.row != row) {
                    let (left, right) = (source.slice(row, 1), back.array.slice(row, 1));
                    let same = left.as_ref() == right.as_ref() || source.data_type().is_null();
                    assert!(same, "{pair} and back, row {row}: {left:?} {right:?}");
                }
            }
        }
    }
}

#[test]
fn an_impossible_pair_names_both_types_and_a_way_out() {
    let bytes = Column::new("photo", DataType::Binary).native("bytea");
    let number = Column::new("size", DataType::Int64).native("bigint");
    let conversion = Conversion::plan(&bytes, &number);
    assert_eq!(
        conversion.fit(),
        &Fit::Impossible(
            "bytea cannot become bigint; a binary or text column would take it".to_string()
        )
    );
    let array: ArrayRef = Arc::new(BinaryArray::from(vec![&b"x"[..]]));
    assert_eq!(
        conversion.apply(&array).unwrap_err().to_string(),
        "cannot convert column \"photo\" into column \"size\": \
         bytea cannot become bigint; a binary or text column would take it"
    );
}

#[test]
fn a_batch_of_another_type_is_an_internal_error() {
    let conversion = Conversion::plan(
        &Column::new("n", DataType::Int8),
        &Column::new("n", DataType::Int16),
    );
    let array: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    assert_eq!(
        conversion.apply(&array).unwrap_err().to_string(),
        "column \"n\" was planned as Int8, but a batch carries Int64"
    );
}

#[test]
fn an_identical_type_is_not_copied() {
    let array = decimal(&[1, 2, 3], 10, 2);
    let converted = convert(array.clone(), array.data_type());
    assert_eq!(
        converted
            .array
            .as_primitive::<Decimal128Type>()
            .values()
            .as_ptr(),
        array.as_primitive::<Decimal128Type>().values().as_ptr()
    );
}

/// Through text and back, with a slice whose offset is not zero.
fn survives_text(array: ArrayRef) {
    let array = array.slice(1, array.len() - 1);
    let written = convert(array.clone(), &DataType::Utf8);
    assert_eq!(written.bad, []);
    let read = convert(written.array, array.data_type());
    assert_eq!(read.bad, []);
    assert_eq!(&read.array, &array);
}

fn column<T: std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Vec<Option<T>>> {
    proptest::collection::vec(proptest::option::of(value), 2..40)
}

proptest! {
    #[test]
    fn integers_survive_text(values in column(any::<i64>())) {
        survives_text(Arc::new(Int64Array::from(values)));
    }

    #[test]
    fn unsigned_integers_survive_text(values in column(any::<u64>())) {
        survives_text(Arc::new(UInt64Array::from(values)));
    }

    #[test]
    fn doubles_survive_text(values in column(any::<u64>())) {
        let floats = values.into_iter().map(|bits| bits.map(f64::from_bits));
        // There are many NaNs, but one text.
        let floats = floats.map(|float| float.map(|f| if f.is_nan() { f64::NAN } else { f }));
        survives_text(Arc::new(Float64Array::from_iter(floats)));
    }

    #[test]
    fn floats_survive_text(values in column(any::<u32>())) {
        let floats = values.into_iter().map(|bits| bits.map(f32::from_bits));
        let floats = floats.map(|float| float.map(|f| if f.is_nan() { f32::NAN } else { f }));
        survives_text(Arc::new(Float32Array::from_iter(floats)));
    }

    #[test]
    fn doubles_survive_decimals(values in column(-1e6f64..1e6)) {
        let array: ArrayRef = Arc::new(Float64Array::from(values));
        let wide = convert(array.clone(), &DataType::Decimal256(76, 40));
        assert_eq!(wide.bad, []);
        assert_eq!(&convert(wide.array, &DataType::Float64).array, &array);
    }

    #[test]
    fn decimals_survive_text(values in column(any::<i128>()), scale in -10i8..38) {
        let array = Decimal128Array::from(values).with_precision_and_scale(38, scale).unwrap();
        survives_text(Arc::new(array.null_if_overflow_precision(38)));
    }

    #[test]
    fn wide_decimals_survive_text(values in column(any::<(i128, u64)>()), scale in 0i8..76) {
        let values = values.into_iter().map(|value| {
            value.map(|(high, low)| i256::from_i128(high).wrapping_mul(i256::from_i128(low.into())))
        });
        let array = Decimal256Array::from_iter(values).with_precision_and_scale(76, scale).unwrap();
        survives_text(Arc::new(array.null_if_overflow_precision(76)));
    }

    #[test]
    fn dates_survive_text(values in column(any::<i32>())) {
        survives_text(Arc::new(Date32Array::from(values)));
    }

    #[test]
    fn timestamps_survive_text(values in column(any::<i64>())) {
        survives_text(Arc::new(TimestampSecondArray::from(values.clone())));
        survives_text(Arc::new(TimestampMillisecondArray::from(values.clone())));
        survives_text(Arc::new(TimestampMicrosecondArray::from(values.clone()).with_timezone("UTC")));
        survives_text(Arc::new(TimestampNanosecondArray::from(values)));
    }

    #[test]
    fn times_survive_text(values in column(0i64..86_400_000_000)) {
        survives_text(Arc::new(Time64MicrosecondArray::from(values)));
    }

    #[test]
    fn booleans_and_bytes_survive_text(truths in column(any::<bool>()), texts in column(".*")) {
        survives_text(Arc::new(BooleanArray::from(truths)));
        survives_text(Arc::new(BinaryArray::from_iter(texts.iter().map(|text| text.as_ref()))));
    }

    #[test]
    fn lists_survive_text(rows in column(column(any::<f64>()))) {
        let mut builder = ListBuilder::new(arrow_array::builder::Float64Builder::new());
        for row in rows {
            builder.append_option(row);
        }
        survives_text(Arc::new(builder.finish()));
    }

    #[test]
    fn no_text_is_fatal(texts in column("[-+0-9:. TZeE/\\[\\]{}\"a-f]{0,40}")) {
        let array: ArrayRef = Arc::new(StringArray::from(texts));
        for sample in samples() {
            if let Ok(converted) = plan(&array, sample.data_type()).apply(&array) {
                assert_eq!(converted.array.len(), array.len());
            }
        }
    }
}

/// Prints how fast the two hottest conversions are; asserts only what they yield.
#[test]
fn a_large_batch_converts_whole() {
    const ROWS: i64 = 65_536;
    let integers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS));
    let start = Instant::now();
    let decimals = convert(integers, &DataType::Decimal128(15, 2));
    eprintln!("{ROWS} integers to decimals: {:?}", start.elapsed());
    assert_eq!(decimals.bad, []);
    assert_eq!(
        decimals
            .array
            .as_primitive::<Decimal128Type>()
            .value(65_535),
        6_553_500
    );

    let micros = (0..ROWS).map(|row| row * 1_000_003);
    let stamps: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter_values(micros));
    let start = Instant::now();
    let texts = convert(stamps.clone(), &DataType::Utf8);
    eprintln!("{ROWS} timestamps to text: {:?}", start.elapsed());
    let start = Instant::now();
    let back = convert(texts.array, stamps.data_type());
    eprintln!("{ROWS} texts to timestamps: {:?}", start.elapsed());
    assert_eq!(
        back.array
            .as_primitive::<TimestampMicrosecondType>()
            .value(65_535),
        65_535 * 1_000_003
    );
}
