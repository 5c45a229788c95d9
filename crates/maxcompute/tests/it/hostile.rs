//! Values and bytes that no good server sends, and values that the service refuses.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Decimal128Type;
use arrow_array::{
    Array, ArrayRef, Date32Array, Decimal128Array, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampMillisecondArray,
};
use maxcompute::record::{BadCell, Decoded, Decoder, Encoder, check, check_with_limit};
use maxcompute::types::Type;
use proptest::prelude::{any, proptest};
use serde_json::json;

use crate::cells::array_of;
use crate::vectors::all;

#[path = "../../../../fuzz/bodies/tunnel.rs"]
mod tunnel_body;

fn types(texts: &[&str]) -> Vec<Type> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap()
}

/// Encodes under one schema and decodes under another one that shares the wire form.
fn reinterpret(sent: &[Type], batch: &RecordBatch, read: &[Type]) -> Decoded {
    let mut body = Vec::new();
    let mut encoder = Encoder::new(sent);
    encoder.encode(batch, &mut body).unwrap();
    encoder.finish(&mut body);
    let mut decoder = Decoder::new(read);
    decoder.push(&body);
    let decoded = decoder.next_batch(100).unwrap().unwrap();
    assert_eq!(decoder.finish(), Ok(batch.num_rows() as u64));
    decoded
}

fn rows_of(cells: &[BadCell], column: usize) -> Vec<usize> {
    cells
        .iter()
        .filter(|cell| cell.column == column)
        .map(|cell| cell.row)
        .collect()
}

#[test]
fn what_arrow_cannot_hold_is_null_and_reported() {
    let binary = json!([{"hex": "61"}, {"hex": "ff"}, null, {"hex": "c3"}, {"hex": "a4"}, {"hex": "e4b8ad"}]);
    let binary = array_of(&Type::Binary, binary.as_array().unwrap());
    let texts = StringArray::from(vec!["1.50", "x", "", "99999999999", "0.001", "-7"]);
    let numbers = Int64Array::from(vec![127, 128, -129, i64::MIN, i64::MAX, -128]);
    let sent = types(&["binary", "string", "bigint"]);
    let read = types(&["string", "decimal(10,2)", "tinyint"]);
    let batch = batch(vec![
        ("a", binary),
        ("b", Arc::new(texts)),
        ("c", Arc::new(numbers)),
    ]);
    let decoded = reinterpret(&sent, &batch, &read);
    // Values 3 and 4 would be one good character if they were not validated apart.
    assert_eq!(rows_of(&decoded.bad_cells, 0), [1, 3, 4]);
    assert_eq!(rows_of(&decoded.bad_cells, 1), [1, 2, 3, 4]);
    assert_eq!(rows_of(&decoded.bad_cells, 2), [1, 2, 3, 4]);
    let columns = decoded.batch.columns();
    let strings: Vec<Option<&str>> = columns[0].as_string::<i32>().iter().collect();
    assert_eq!(strings, [Some("a"), None, None, None, None, Some("中")]);
    let decimals: Vec<Option<i128>> = columns[1].as_primitive::<Decimal128Type>().iter().collect();
    assert_eq!(decimals, [Some(150), None, None, None, None, Some(-700)]);
    assert_eq!(columns[2].null_count(), 4);
}

#[test]
fn times_beyond_nanoseconds_are_reported() {
    // A struct of two numbers has the wire form of a timestamp but for its null flags, so the
    // bytes are written by hand: year 3000, nanoseconds of two seconds, the first instant.
    let record = |seconds: i64, nanos: i64| {
        let mut sum = crc32c::crc32c(&1_u32.to_le_bytes());
        sum = crc32c::crc32c_append(sum, &seconds.to_le_bytes());
        sum = crc32c::crc32c_append(sum, &(nanos as i32).to_le_bytes());
        let mut bytes = vec![0x0a];
        for number in [
            (seconds << 1 ^ seconds >> 63) as u64,
            (nanos << 1 ^ nanos >> 63) as u64,
        ] {
            put_varint(&mut bytes, number);
        }
        bytes.extend([0x80, 0xc0, 0xff, 0x7f]);
        put_varint(&mut bytes, u64::from(sum));
        bytes
    };
    let mut decoder = Decoder::new(&[Type::Timestamp]);
    decoder.push(&record(32_503_680_000, 0));
    decoder.push(&record(0, 2_000_000_000));
    decoder.push(&record(0, -1));
    decoder.push(&record(-9_223_372_037, 145_224_192));
    decoder.push(&record(-9_223_372_037, 145_224_191));
    let decoded = decoder.next_batch(5).unwrap().unwrap();
    assert_eq!(rows_of(&decoded.bad_cells, 0), [0, 1, 2, 4]);
    assert_eq!(decoded.batch.column(0).null_count(), 4);
}

fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[test]
fn bad_parts_of_nested_cells_name_the_row() {
    let sent = types(&["array<binary>", "map<binary,binary>"]);
    let read = types(&["array<string>", "map<string,string>"]);
    let lists = json!([[{"hex": "61"}], null, [{"hex": "62"}, {"hex": "ff"}], []]);
    let maps = json!([[[{"hex": "ff"}, {"hex": "61"}]], [], null, [[{"hex": "61"}, null]]]);
    let batch = batch(vec![
        ("a", array_of(&sent[0], lists.as_array().unwrap())),
        ("m", array_of(&sent[1], maps.as_array().unwrap())),
    ]);
    let decoded = reinterpret(&sent, &batch, &read);
    assert_eq!(rows_of(&decoded.bad_cells, 0), [2]);
    assert_eq!(rows_of(&decoded.bad_cells, 1), [0]);
    assert_eq!(decoded.batch.num_rows(), 4);
}

#[test]
fn values_that_the_service_refuses_are_found() {
    let days = [-719_163, -719_162, 2_932_896, 2_932_897];
    let millis = [
        -62_135_596_800_001,
        -62_135_596_800_000,
        253_402_300_799_999,
        253_402_300_800_000,
    ];
    let decimals = Decimal128Array::from(vec![-10_000, -9_999, 9_999, 10_000])
        .with_precision_and_scale(4, 2)
        .unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "a",
            Arc::new(Int64Array::from(vec![
                i64::MIN,
                -i64::MAX,
                i64::MAX,
                i64::MIN,
            ])),
        ),
        ("b", Arc::new(Date32Array::from(days.to_vec()))),
        (
            "c",
            Arc::new(TimestampMillisecondArray::from(millis.to_vec()).with_timezone("UTC")),
        ),
        ("d", Arc::new(decimals)),
        (
            "e",
            Arc::new(StringArray::from(vec!["äöüß", "äöü", "abc", "abcd"])),
        ),
        (
            "f",
            Arc::new(StringArray::from(vec!["123456", "12345", "", "123456"])),
        ),
    ];
    let types = types(&[
        "bigint",
        "date",
        "datetime",
        "decimal(4,2)",
        "varchar(3)",
        "string",
    ]);
    let bad_cells = check_with_limit(&types, &batch(columns), 5).unwrap();
    let positions: Vec<(usize, usize)> = bad_cells
        .iter()
        .map(|cell| (cell.row, cell.column))
        .collect();
    let all_of = |row: usize| (0..6).map(move |column| (row, column));
    let expected: Vec<(usize, usize)> = all_of(0).chain(all_of(3)).collect();
    assert_eq!(positions, expected);
}

#[test]
fn checks_reach_into_nested_values_but_not_under_nulls() {
    let nested: Type = "array<struct<a:bigint,b:varchar(1)>>".parse().unwrap();
    let cells = json!([[[1, "x"], null], null, [[2, "yy"], [i64::MIN, "z"]], []]);
    let array = array_of(&nested, cells.as_array().unwrap());
    let batch = batch(vec![("n", array)]);
    let bad_cells = check(std::slice::from_ref(&nested), &batch).unwrap();
    assert_eq!(rows_of(&bad_cells, 0), [2, 2]);
    let sliced = check(&[nested], &batch.slice(1, 2)).unwrap();
    assert_eq!(rows_of(&sliced, 0), [1, 1]);

    let all_null = Int64Array::new(vec![i64::MIN].into(), Some(vec![false].into()));
    let masked = RecordBatch::try_from_iter([("n", Arc::new(all_null) as ArrayRef)]).unwrap();
    assert_eq!(check(&[Type::BigInt], &masked), Ok(Vec::new()));
}

#[test]
fn arrays_of_other_types_are_refused_by_name() {
    let wrong = batch(vec![("total", Arc::new(Int32Array::from(vec![1])))]);
    let error = check(&[Type::BigInt], &wrong).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `total`: values of type Int32 cannot be sent as bigint"
    );
    let mut out = vec![1];
    assert!(
        Encoder::new(&[Type::BigInt])
            .encode(&wrong, &mut out)
            .is_err()
    );
    assert!(Encoder::new(&[]).encode(&wrong, &mut out).is_err());
    assert_eq!(out, [1]);
}

#[test]
fn large_cells_end_a_batch_early_and_the_largest_pass() {
    let sizes = [100 << 20, 1, 9 << 20, 2, 3, 5 << 20, 5 << 20, 4];
    let texts: Vec<String> = sizes.iter().map(|size| "x".repeat(*size)).collect();
    let batch = batch(vec![("s", Arc::new(StringArray::from(texts)))]);
    let mut body = Vec::new();
    let mut encoder = Encoder::new(&[Type::String]);
    encoder.encode(&batch, &mut body).unwrap();
    encoder.finish(&mut body);
    let mut decoder = Decoder::new(&[Type::String]);
    let mut batch_rows = Vec::new();
    for piece in body.chunks(64 << 10) {
        decoder.push(piece);
        while let Some(decoded) = decoder.next_batch(1000).unwrap() {
            let start = batch_rows.iter().sum();
            assert_eq!(
                decoded.batch.column(0),
                &batch.column(0).slice(start, decoded.batch.num_rows())
            );
            batch_rows.push(decoded.batch.num_rows());
        }
    }
    assert_eq!(decoder.finish(), Ok(8));
    assert_eq!(batch_rows, [1, 2, 4, 1]);
    assert_eq!(check(&[Type::String], &batch).unwrap().len(), 2);
}

#[test]
fn sixteen_hundred_columns() {
    let types = vec![Type::Int; 1600];
    let row: Vec<serde_json::Value> = (0..1600)
        .map(|column| {
            if column % 3 == 0 {
                json!(null)
            } else {
                json!(column)
            }
        })
        .collect();
    let batch = crate::cells::batch_of(&types, &[row.clone(), row]);
    let decoded = reinterpret(&types, &batch, &types);
    assert_eq!(decoded.batch.columns(), batch.columns());
}

/// Feeds bytes in two pieces and reads to the end or to the first error.
fn survive(types: &[Type], bytes: &[u8], cut: usize) {
    let mut decoder = Decoder::new(types);
    let (first, second) = bytes.split_at(cut.min(bytes.len()));
    for piece in [first, second] {
        decoder.push(piece);
        for _ in 0..bytes.len() + 2 {
            if !matches!(decoder.next_batch(3), Ok(Some(_))) {
                break;
            }
        }
    }
    drop(decoder.finish());
}

fn every_type() -> Vec<Type> {
    types(&[
        "map<string,array<struct<a:int,b:decimal>>>",
        "bigint",
        "string",
        "tinyint",
        "boolean",
        "float",
        "double",
        "decimal(38,18)",
        "timestamp",
        "interval_day_time",
        "array<map<int,binary>>",
        "struct<x:date>",
    ])
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..200) {
        survive(&every_type(), &bytes, cut);
    }

    #[test]
    fn damaged_vectors_are_survived(choice in any::<usize>(), place in any::<usize>(), byte in any::<u8>(), cut in 0_usize..4000) {
        let vectors = all("protobuf");
        let vector = &vectors[choice % vectors.len()];
        let mut bytes = vector.bytes.clone();
        let place = place % bytes.len();
        bytes[place] = byte;
        survive(&vector.types(), &bytes, cut);
        survive(&every_type(), &bytes, cut);
    }
}

#[test]
fn the_fuzz_corpus_is_survived() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/tunnel");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        tunnel_body::run(&bytes);
        count += 1;
    }
    assert!(count >= 10, "only {count} files");
}

#[test]
fn rows_of_many_nulls_do_not_make_huge_batches() {
    let types = vec![Type::BigInt; 1_200];
    let rows = 20_000;
    // A record without values is its end tag and a checksum of zero.
    let record = [0x80, 0xc0, 0xff, 0x7f, 0];
    let mut decoder = Decoder::new(&types).batch_bytes(1 << 20);
    decoder.push(&record.repeat(rows));
    let mut decoded_rows = 0;
    while let Some(decoded) = decoder.next_batch(rows).unwrap() {
        let (rows, bytes) = (
            decoded.batch.num_rows(),
            decoded.batch.get_array_memory_size(),
        );
        assert!(bytes < 3 << 20, "{rows} rows in {bytes} bytes");
        decoded_rows += rows;
    }
    // Without a footer the last few rows wait for more.
    assert!(rows - decoded_rows < 1_000, "{decoded_rows} rows");
}
