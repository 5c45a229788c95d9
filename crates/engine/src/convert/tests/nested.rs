//! Lists, structs and maps, and their JSON.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{
    Array, ArrayRef, FixedSizeBinaryArray, Float64Array, Int64Array, ListArray, StructArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};

use super::{Fit, convert, plan, shown, text};

fn list(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", item, true)))
}

/// `[1, 300], NULL, [], [NULL], [-1]`
fn lists() -> ArrayRef {
    let mut builder = ListBuilder::new(Int32Builder::new());
    builder.append_value([Some(1), Some(300)]);
    builder.append_null();
    builder.append_value([]);
    builder.append_value([None]);
    builder.append_value([Some(-1)]);
    Arc::new(builder.finish())
}

#[test]
fn a_list_converts_item_by_item_and_one_bad_item_spoils_its_row() {
    let array = lists();
    assert_eq!(
        shown(array.clone(), &list(DataType::Utf8)),
        ["[\"1\",\"300\"]", "NULL", "[]", "[null]", "[\"-1\"]"]
    );
    let narrow = convert(array.clone(), &list(DataType::UInt8));
    let reasons: Vec<_> = narrow
        .bad
        .iter()
        .map(|bad| (bad.row, bad.reason.as_str()))
        .collect();
    assert_eq!(
        reasons,
        [
            (0, "Int32 300 does not fit UInt8: it is out of range"),
            (4, "Int32 -1 does not fit UInt8: it is out of range")
        ]
    );
    let sliced = convert(array.slice(3, 2), &list(DataType::UInt8));
    assert_eq!(sliced.bad.len(), 1);
    assert_eq!(sliced.bad[0].row, 1);
    let strict = DataType::List(Arc::new(Field::new("element", DataType::Int64, false)));
    let converted = convert(array, &strict);
    assert_eq!(converted.bad.len(), 1);
    assert_eq!(converted.bad[0].row, 3);
    let kept = converted.array.as_list::<i32>();
    assert_eq!(
        kept.value(0).as_primitive::<Int64Type>().values(),
        &[1, 300]
    );
    assert_eq!(kept.value(4).as_primitive::<Int64Type>().values(), &[-1]);
}

#[test]
fn nulls_hide_what_lies_under_them() {
    // The second row is NULL although its offsets cover an item that does not fit.
    let items: ArrayRef = Arc::new(Int64Array::from(vec![1, 1_000, 2]));
    let array: ArrayRef = Arc::new(ListArray::new(
        Arc::new(Field::new("item", DataType::Int64, true)),
        OffsetBuffer::new(vec![0, 1, 2, 3].into()),
        items,
        Some(vec![true, false, true].into()),
    ));
    assert_eq!(shown(array, &list(DataType::Int8)), ["[1]", "NULL", "[2]"]);
}

#[test]
fn json_text_becomes_a_list_with_all_its_digits() {
    let texts = text(&[
        "[1.10, \"2.20\", null]",
        "[12345678901234567890123456.78]",
        "[]",
        "{}",
        "[1.001]",
        "[1",
    ]);
    let decimals = list(DataType::Decimal128(30, 2));
    assert_eq!(
        shown(texts, &decimals),
        [
            "[1.10,2.20,null]",
            "[12345678901234567890123456.78]",
            "[]",
            "! it is not a JSON array",
            "! it has more decimal places",
            "! it is not a JSON array"
        ]
    );
    let nested = text(&["[[1,2],null,[]]", "[[\"x\"]]"]);
    assert_eq!(
        shown(nested, &list(list(DataType::Int32))),
        ["[[1,2],null,[]]", "! it is not a number"]
    );
    let strings = text(&["[\"a\\\"b\\u00e9\\n\", \"\"]"]);
    assert_eq!(
        shown(strings, &list(DataType::Utf8)),
        ["[\"a\\\"bé\\n\",\"\"]"]
    );
    let halves = text(&["[\"\\ud800\"]", "[\"\\ud83d\\ude00\"]"]);
    assert_eq!(
        shown(halves, &list(DataType::Utf8)),
        ["! it escapes half a character", "[\"😀\"]"]
    );
}

#[test]
fn structs_meet_by_the_names_of_their_fields() {
    let fields = vec![
        Field::new("a", DataType::Int64, true),
        Field::new("b", DataType::Float64, true),
    ];
    let array: ArrayRef = Arc::new(StructArray::new(
        fields.into(),
        vec![
            Arc::new(Int64Array::from(vec![Some(1), Some(300), None])),
            Arc::new(Float64Array::from(vec![Some(0.5), None, Some(f64::NAN)])),
        ],
        None,
    ));
    let swapped = DataType::Struct(
        vec![
            Field::new("b", DataType::Utf8, true),
            Field::new("a", DataType::Int8, true),
        ]
        .into(),
    );
    assert_eq!(
        shown(array.clone(), &swapped),
        [
            "{\"b\":\"0.5\",\"a\":1}",
            "! it is out of range",
            "{\"b\":\"NaN\",\"a\":null}"
        ]
    );
    assert_eq!(
        shown(array.clone(), &DataType::Utf8)[2],
        "{\"a\":null,\"b\":\"NaN\"}"
    );
    let other = DataType::Struct(vec![Field::new("c", DataType::Utf8, true)].into());
    assert!(matches!(plan(&array, &other).fit(), Fit::Impossible(_)));
    let read = text(&["{\"b\":\"x\"}", "{\"c\":1}", "[]", "{\"a\":128}"]);
    assert_eq!(
        shown(read, &swapped),
        [
            "{\"b\":\"x\",\"a\":null}",
            "! it has a field that the target lacks",
            "! it is not a JSON object",
            "! it is out of range"
        ]
    );
    let half = text(&["{\"a\":1,\"b\":\"\\udc00\"}"]);
    assert_eq!(shown(half, &swapped), ["! it escapes half a character"]);
}

#[test]
fn maps_keep_their_order() {
    let mut builder = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    builder.keys().append_value("z");
    builder.values().append_value(7);
    builder.keys().append_value("a\"");
    builder.values().append_null();
    builder.append(true).unwrap();
    builder.append(false).unwrap();
    builder.keys().append_value("k");
    builder.values().append_value(300);
    builder.append(true).unwrap();
    let array: ArrayRef = Arc::new(builder.finish());
    let texts = ["{\"z\":7,\"a\\\"\":null}", "NULL", "{\"k\":300}"];
    assert_eq!(shown(array.clone(), &DataType::Utf8), texts);
    let same = array.data_type().clone();
    let back = convert(convert(array.clone(), &DataType::Utf8).array, &same);
    assert_eq!(back.bad, []);
    assert_eq!(&back.array, &array);
    let DataType::Map(entries, sorted) = &same else {
        panic!("a map");
    };
    let DataType::Struct(fields) = entries.data_type() else {
        panic!("entries");
    };
    let narrow = vec![
        fields[0].clone(),
        Arc::new(fields[1].as_ref().clone().with_data_type(DataType::Int8)),
    ];
    let narrow = DataType::Map(
        Arc::new(Field::new(
            "entries",
            DataType::Struct(narrow.into()),
            false,
        )),
        *sorted,
    );
    assert_eq!(
        shown(array.slice(1, 2), &narrow),
        ["NULL", "! it is out of range"]
    );
}

#[test]
fn json_of_any_depth_is_read_without_recursion() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let open = "[{\"a\":".repeat(100_000);
    let read = convert(text(&[&deep, &open]), &list(DataType::Utf8));
    let bad: Vec<usize> = read.bad.iter().map(|bad| bad.row).collect();
    assert_eq!(bad, [1]);
    let items = read.array.as_list::<i32>().value(0);
    assert_eq!(items.as_string::<i32>().value(0).len(), 199_998);
}

#[test]
fn a_uuid_stays_a_uuid_inside_a_list() {
    let uuid = Field::new("item", DataType::FixedSizeBinary(16), true).with_metadata(
        HashMap::from([("ARROW:extension:name".to_string(), "arrow.uuid".to_string())]),
    );
    let items: ArrayRef =
        Arc::new(FixedSizeBinaryArray::try_from_iter([[0x11u8; 16]].into_iter()).unwrap());
    let array: ArrayRef = Arc::new(ListArray::new(
        Arc::new(uuid),
        OffsetBuffer::new(vec![0, 1].into()),
        items,
        None,
    ));
    let same = array.data_type().clone();
    let json = convert(array.clone(), &DataType::Utf8).array;
    assert_eq!(
        json.as_string::<i32>().value(0),
        "[\"11111111-1111-1111-1111-111111111111\"]"
    );
    assert_eq!(&convert(json, &same).array, &array);
}
