//! The row changes of DataX, as its documentation and code have them.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array,
    Int64Array, StringArray, TimestampMillisecondArray, UInt64Array,
};
use arrow_schema::DataType;
use job::{Comparison, Digest, Effect, LetterCase, Side, Transformer};
use sdk::{Column, Kind};

use super::super::TransformStep;
use super::super::transformer::Transformed;

fn texts() -> ArrayRef {
    Arc::new(StringArray::from(vec![
        Some("abcdef"),
        Some(""),
        None,
        Some("日本語"),
    ]))
}

fn plan(effect: Effect, column: Column) -> sdk::Result<TransformStep> {
    let transformer = Transformer { column: 0, effect };
    let mut steps = TransformStep::plan(&[transformer], &[column])?;
    Ok(steps.remove(0).remove(0))
}

fn apply(effect: Effect, array: &ArrayRef) -> Transformed {
    let column = Column::new("c", array.data_type().clone());
    plan(effect, column).unwrap().apply(array).unwrap()
}

/// The new texts, NULL as `-` and bad rows as `!`.
fn changed(effect: Effect, array: &ArrayRef) -> Vec<String> {
    let Transformed { converted, keep } = apply(effect, array);
    assert!(keep.is_none(), "only a filter drops rows");
    assert_eq!(converted.array.data_type(), &DataType::Utf8);
    let bad: Vec<usize> = converted.bad.iter().map(|bad| bad.row).collect();
    let texts = converted.array.as_string::<i32>().iter().enumerate();
    texts
        .map(|(row, text)| match text {
            Some(text) => text.to_string(),
            None if bad.contains(&row) => "!".to_string(),
            None => "-".to_string(),
        })
        .collect()
}

/// The rows that `dx_filter` drops, and those that are bad.
fn dropped(
    comparison: Comparison,
    value: Option<&str>,
    array: &ArrayRef,
) -> (Vec<usize>, Vec<usize>) {
    let value = value.map(str::to_string);
    let Transformed { converted, keep } = apply(Effect::Filter { comparison, value }, array);
    assert_eq!(&converted.array, array, "a filter changes no value");
    let bad: Vec<usize> = converted.bad.iter().map(|bad| bad.row).collect();
    let keep = keep.unwrap();
    let dropped = (0..array.len()).filter(|row| !keep.value(*row));
    (dropped.collect(), bad)
}

#[test]
fn substr_cuts_characters_and_a_start_behind_the_end_is_bad() {
    let part = |start, length| changed(Effect::Substring { start, length }, &texts());
    assert_eq!(part(0, 2), ["ab", "", "-", "日本"]);
    assert_eq!(part(2, 99), ["cdef", "!", "-", "語"]);
    assert_eq!(part(6, 1), ["", "!", "-", "!"]);
    assert_eq!(part(3, 0), ["", "!", "-", ""]);
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![-12_345]));
    assert_eq!(
        changed(
            Effect::Substring {
                start: 1,
                length: 2
            },
            &numbers
        ),
        ["12"]
    );
}

#[test]
fn pad_fills_one_side_and_cuts_the_other_end() {
    let pad = |side, length, pad: &str| {
        changed(
            Effect::Pad {
                side,
                length,
                pad: pad.to_string(),
            },
            &texts(),
        )
    };
    assert_eq!(
        pad(Side::Left, 8, "xyz"),
        ["xyabcdef", "xyzxyzxy", "xyzxyzxy", "xyzxy日本語"]
    );
    assert_eq!(
        pad(Side::Right, 4, "é"),
        ["abcd", "éééé", "éééé", "日本語é"]
    );
    assert_eq!(pad(Side::Left, 2, "0"), ["ab", "00", "00", "日本"]);
    assert_eq!(pad(Side::Left, 0, "0"), ["", "", "", ""]);
    let huge = Effect::Pad {
        side: Side::Left,
        length: u32::MAX as usize,
        pad: "x".to_string(),
    };
    let column = Column::new("c", DataType::Utf8);
    let error = plan(huge, column).unwrap().apply(&texts()).unwrap_err();
    assert_eq!(error.kind(), Kind::Data);
}

#[test]
fn replace_overwrites_a_span() {
    let replace = |start, length| {
        changed(
            Effect::Replace {
                start,
                length,
                text: "**".to_string(),
            },
            &texts(),
        )
    };
    assert_eq!(replace(1, 2), ["a**def", "!", "-", "日**"]);
    assert_eq!(replace(0, 0), ["**abcdef", "**", "-", "**日本語"]);
    assert_eq!(replace(2, 1_000), ["ab**", "!", "-", "日本**"]);
}

#[test]
fn digests_of_null_are_those_of_nothing() {
    let digest = |digest, letters| changed(Effect::Digest { digest, letters }, &texts());
    let md5 = digest(Digest::Md5, LetterCase::Lower);
    assert_eq!(md5[0], "e80b5017098950fc58aad83c8c14978e");
    assert_eq!(md5[1], "d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(md5[2], md5[1]);
    let sha1 = digest(Digest::Sha1, LetterCase::Upper);
    assert_eq!(sha1[0], "1F8AC10F23C5B5BC1167BDA84B833E5C057A77D2");
    assert_eq!(sha1[2], "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709");
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![
        Some(&b"\xff"[..]),
        None,
        Some(b"a"),
    ]));
    assert_eq!(
        changed(
            Effect::Digest {
                digest: Digest::Md5,
                letters: LetterCase::Lower
            },
            &bytes
        ),
        ["!", md5[1].as_str(), "0cc175b9c0f1b6a831c399e269772661"]
    );
}

#[test]
fn a_filter_drops_what_matches() {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Like, NotEqual, NotLike};
    let text = texts();
    assert_eq!(dropped(Like, Some("a.*"), &text).0, [0]);
    assert_eq!(
        dropped(Like, Some("bc"), &text).0,
        [0usize; 0],
        "like matches the whole text"
    );
    assert_eq!(dropped(NotLike, Some("a.*"), &text).0, [1, 2, 3]);
    assert_eq!(dropped(Equal, Some(""), &text).0, [1]);
    assert_eq!(dropped(NotEqual, Some(""), &text).0, [0, 2, 3]);
    assert_eq!(dropped(Equal, None, &text).0, [2]);
    assert_eq!(dropped(NotEqual, None, &text).0, [0, 1, 3]);
    assert_eq!(dropped(Greater, Some("abc"), &text).0, [0, 3]);
    assert_eq!(dropped(LessOrEqual, Some("abcdef"), &text).0, [0, 1]);

    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![
        Some(10),
        Some(9),
        None,
        Some(i64::MIN),
    ]));
    assert_eq!(dropped(Greater, Some("9"), &numbers).0, [0]);
    assert_eq!(dropped(GreaterOrEqual, Some("9"), &numbers).0, [0, 1]);
    assert_eq!(dropped(Less, Some("9.5"), &numbers).0, [1, 3]);
    assert_eq!(dropped(Equal, Some("10"), &numbers).0, [0]);
    assert_eq!(dropped(NotEqual, Some("10"), &numbers).0, [1, 2, 3]);
    assert_eq!(dropped(Like, Some("1."), &numbers).0, [0]);

    let unsigned: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
    assert_eq!(
        dropped(Greater, Some("18446744073709551614"), &unsigned).0,
        [0]
    );

    let prices: ArrayRef = Arc::new(
        Decimal128Array::from(vec![Some(150), Some(155), None])
            .with_precision_and_scale(15, 2)
            .unwrap(),
    );
    assert_eq!(dropped(GreaterOrEqual, Some("1.545"), &prices).0, [1]);
    assert_eq!(dropped(Equal, Some("1.5"), &prices).0, [0]);

    let floats: ArrayRef = Arc::new(Float64Array::from(vec![
        Some(f64::NAN),
        Some(0.0),
        Some(-0.0),
        None,
    ]));
    assert_eq!(dropped(Greater, Some("-1"), &floats).0, [1, 2]);
    assert_eq!(dropped(Equal, Some("0"), &floats).0, [1, 2]);
    assert_eq!(dropped(NotEqual, Some("0"), &floats).0, [0, 3]);

    let truths: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]));
    assert_eq!(dropped(Equal, Some("true"), &truths).0, [0]);

    let days: ArrayRef = Arc::new(Date32Array::from(vec![Some(0), Some(1)]));
    assert_eq!(dropped(GreaterOrEqual, Some("86400000"), &days).0, [1]);
    assert_eq!(dropped(Less, Some("1970-01-02"), &days).0, [0]);
    let stamps: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![
        Some(999),
        Some(1_000),
    ]));
    assert_eq!(dropped(Equal, Some("1000"), &stamps).0, [1]);
    assert_eq!(dropped(Equal, Some("1970-01-01 00:00:01"), &stamps).0, [1]);

    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![
        Some(&b"\xff"[..]),
        Some(b"a"),
        None,
    ]));
    assert_eq!(dropped(NotEqual, Some("a"), &bytes), (vec![2], vec![0]));
}

#[test]
fn steps_follow_one_another_on_their_column() {
    let columns = [
        Column::new("a", DataType::Int64).native("bigint"),
        Column::new("b", DataType::Int64).native("bigint"),
    ];
    let step = |column, effect| Transformer { column, effect };
    let steps = TransformStep::plan(
        &[
            step(
                1,
                Effect::Filter {
                    comparison: Comparison::Less,
                    value: Some("5".to_string()),
                },
            ),
            step(
                1,
                Effect::Substring {
                    start: 0,
                    length: 1,
                },
            ),
            step(
                1,
                Effect::Filter {
                    comparison: Comparison::Less,
                    value: Some("5".to_string()),
                },
            ),
        ],
        &columns,
    )
    .unwrap();
    assert!(steps[0].is_empty());
    let types: Vec<_> = steps[1]
        .iter()
        .map(|step| &step.column().data_type)
        .collect();
    assert_eq!(types, [&DataType::Int64, &DataType::Utf8, &DataType::Utf8]);
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![4, 40, 50]));
    let first = steps[1][0].apply(&numbers).unwrap().keep.unwrap();
    assert_eq!(first, BooleanArray::from(vec![false, true, true]));
    let cut = steps[1][1].apply(&numbers).unwrap().converted.array;
    let last = steps[1][2].apply(&cut).unwrap().keep.unwrap();
    assert_eq!(last, BooleanArray::from(vec![false, false, true]));
    let beyond = step(
        2,
        Effect::Substring {
            start: 0,
            length: 1,
        },
    );
    assert_eq!(
        TransformStep::plan(&[beyond], &columns)
            .unwrap_err()
            .to_string(),
        "a transformer changes column 2, but there are only 2 columns"
    );
}

#[test]
fn a_filter_that_cannot_be_compared_is_refused() {
    let refusal = |comparison, value: &str, data_type: DataType| {
        let value = Some(value.to_string());
        let column = Column::new("c", data_type).native("bigint");
        plan(Effect::Filter { comparison, value }, column)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refusal(Comparison::Greater, "many", DataType::Int64),
        "cannot compare column \"c\" of type bigint with `many`"
    );
    assert!(refusal(Comparison::Equal, "x", DataType::Float64).contains("cannot compare"));
    assert!(refusal(Comparison::Equal, "soon", DataType::Date32).contains("cannot compare"));
    assert!(refusal(Comparison::Like, "(", DataType::Utf8).contains("regular expression `(`"));
}
