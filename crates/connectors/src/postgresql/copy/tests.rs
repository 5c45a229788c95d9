//! The codec on its own: what it writes it reads back, cut anywhere, and nothing makes it panic.

use arrow_buffer::i256;
use proptest::prelude::*;

use super::super::lab::{decode, encode_all, without_messages};
use super::build::Trouble;
use super::numeric;

const TYPES: &[(&str, i32)] = &[
    ("int8", -1),
    ("numeric", ((15 << 16) | 2) + 4),
    ("numeric", -1),
    ("text", -1),
    ("bool", -1),
    ("timestamptz", -1),
    ("int4[]", -1),
    ("uuid", -1),
    ("jsonb", -1),
    ("char", -1),
    ("numeric", ((60 << 16) | 20) + 4),
    ("time", -1),
];

/// A stream of a few rows, some fields NULL, by its fields.
fn stream(rows: &[Vec<Option<Vec<u8>>>]) -> Vec<u8> {
    let mut bytes = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
    for row in rows {
        bytes.extend_from_slice(&(row.len() as i16).to_be_bytes());
        for field in row {
            match field {
                None => bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
                Some(field) => {
                    bytes.extend_from_slice(&(field.len() as i32).to_be_bytes());
                    bytes.extend_from_slice(field);
                }
            }
        }
    }
    bytes.extend_from_slice(&(-1_i16).to_be_bytes());
    bytes
}

fn number(text: &str) -> Vec<u8> {
    let mut field = Vec::new();
    numeric::from_text(text.as_bytes(), None, &mut field).unwrap();
    field
}

fn sample(row_count: usize) -> Vec<u8> {
    let rows: Vec<Vec<Option<Vec<u8>>>> = (0..row_count as i64)
        .map(|row| {
            let present = |column: i64| (row + column) % 5 != 0;
            let list = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1]
                .into_iter()
                .chain([0, 0, 0, 4, 0, 0, 0, 9, 255, 255, 255, 255])
                .collect();
            let fields: [Vec<u8>; 12] = [
                row.to_be_bytes().to_vec(),
                number(&format!("{row}.25")),
                number(&format!("-{row}e-7")),
                format!("text {row} ä").into_bytes(),
                vec![(row % 2) as u8],
                (row * 1_000_000).to_be_bytes().to_vec(),
                list,
                vec![row as u8; 16],
                b"\x01{}".to_vec(),
                b"x".to_vec(),
                number("1234567890123456789012345678901234567.5"),
                (row * 1000).to_be_bytes().to_vec(),
            ];
            let fields = fields.into_iter().enumerate();
            fields
                .map(|(column, field)| present(column as i64).then_some(field))
                .collect()
        })
        .collect();
    stream(&rows)
}

#[test]
fn a_stream_cut_anywhere_gives_the_same_rows_and_is_written_back_the_same() {
    let bytes = sample(700);
    let whole = decode(TYPES, false, [bytes.as_slice()]).unwrap();
    assert_eq!(whole.iter().map(|b| b.batch.num_rows()).sum::<usize>(), 700);
    for size in [1, 7, 250, 4096] {
        let cut = decode(TYPES, false, bytes.chunks(size)).unwrap();
        assert_eq!(whole[0].batch, cut[0].batch, "in pieces of {size}");
    }
    let batches: Vec<_> = whole.into_iter().map(|batch| batch.batch).collect();
    let mut messages = Vec::new();
    assert_eq!(
        encode_all(TYPES, false, &batches, &mut messages).unwrap(),
        0
    );
    let again = decode(TYPES, false, [without_messages(&messages).as_slice()]).unwrap();
    assert_eq!(batches[0], again[0].batch);

    let wire = decode(TYPES, true, [bytes.as_slice()]).unwrap();
    let batches: Vec<_> = wire.into_iter().map(|batch| batch.batch).collect();
    let mut messages = Vec::new();
    encode_all(TYPES, true, &batches, &mut messages).unwrap();
    assert_eq!(
        without_messages(&messages),
        bytes,
        "wire form is copied byte by byte"
    );
}

#[test]
fn slices_of_batches_are_written_like_their_rows() {
    let whole = decode(TYPES, false, [sample(50).as_slice()])
        .unwrap()
        .remove(0)
        .batch;
    let mut messages = Vec::new();
    encode_all(TYPES, false, &[whole.slice(13, 20)], &mut messages).unwrap();
    let again = decode(TYPES, false, [without_messages(&messages).as_slice()]).unwrap();
    assert_eq!(whole.slice(13, 20), again[0].batch);
}

#[test]
fn a_stream_that_ends_early_is_an_error() {
    let bytes = sample(3);
    for end in 0..bytes.len() {
        assert!(
            decode(TYPES, false, [&bytes[..end]]).is_err(),
            "cut at {end}"
        );
    }
}

#[test]
fn invalid_text_spoils_its_own_row_only() {
    let rows: Vec<Vec<Option<Vec<u8>>>> = [&b"good"[..], b"\xff\xfe", b"\xc3", b"\xa4", b"end"]
        .iter()
        .map(|text| vec![Some(text.to_vec())])
        .collect();
    let bytes = stream(&rows);
    let batch = decode(&[("text", -1)], false, [bytes.as_slice()])
        .unwrap()
        .remove(0);
    assert_eq!((batch.batch.num_rows(), batch.unreadable.len()), (2, 3));
    assert_eq!(batch.unreadable[0].reason, "the text is not valid UTF-8");
}

#[test]
fn numbers_are_read_as_they_were_written() {
    let long = "9".repeat(400);
    for text in [
        "0",
        "0.00",
        "-1",
        "10000",
        "0.0001",
        "0.00001",
        "99999999.99999999",
        "-0.5",
        "NaN",
        "Infinity",
        "-Infinity",
        "100000000000000000000.0000000000000000000001",
        long.as_str(),
    ] {
        let mut read = Vec::new();
        numeric::write_text(&number(text), &mut read).unwrap();
        assert_eq!(String::from_utf8(read).unwrap(), text);
    }
    let mut out = Vec::new();
    for wrong in [
        "",
        "-",
        ".",
        "1.2.3",
        "1e",
        "0x1",
        "1e999999",
        "1e-99999",
        "1e2147483647",
        "٣",
    ] {
        assert!(
            numeric::from_text(wrong.as_bytes(), None, &mut out).is_err(),
            "{wrong}"
        );
    }
    assert!(numeric::from_text(b"1.25", Some(1), &mut out).is_err());
    assert!(numeric::from_text(b"150", Some(-2), &mut out).is_err());
    assert!(numeric::from_text(b"1.250", Some(2), &mut out).is_ok());
    assert_eq!(
        numeric::to_i128(&number("NaN"), 2),
        Err(Trouble::Unreadable(
            "NaN has no counterpart among decimals".into()
        ))
    );
}

proptest! {
    #[test]
    fn decimals_survive(value in any::<i128>(), scale in 0_u8..=38) {
        let mut field = Vec::new();
        numeric::from_i128(value, scale, &mut field);
        prop_assert_eq!(numeric::to_i128(&field, scale as i8), Ok(value));
        let mut wide = Vec::new();
        numeric::from_i256(i256::from_i128(value), scale, &mut wide).unwrap();
        prop_assert_eq!(numeric::to_i256(&wide, scale as i8), Ok(i256::from_i128(value)));
        let (mut narrow, mut long) = (Vec::new(), Vec::new());
        numeric::write_text(&field, &mut narrow).unwrap();
        numeric::write_text(&wide, &mut long).unwrap();
        prop_assert_eq!(narrow, long);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut stream = sample(0);
        stream.truncate(19);
        stream.extend_from_slice(&bytes);
        let _ = decode(TYPES, false, [stream.as_slice()]);
        let _ = decode(TYPES, true, stream.chunks(5));
        let _ = decode(&[("numeric", -1)], false, [bytes.as_slice()]);
        for name in ["numeric", "date", "interval", "inet", "varbit", "_int4", "tstzrange", "timetz"] {
            let _ = super::text::text_of(name, &bytes);
        }
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0_usize..6000, byte: u8, more in 0_usize..6000, other: u8) {
        let mut bytes = sample(40);
        let length = bytes.len();
        bytes[at % length] = byte;
        bytes[more % length] = other;
        let _ = decode(TYPES, false, [bytes.as_slice()]);
        let _ = decode(TYPES, true, bytes.chunks(100));
    }
}
