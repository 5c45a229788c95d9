//! The record stream against the golden vectors, in both directions.

use arrow_array::RecordBatch;
use maxcompute::record::{DecodeError, DecodeErrorKind, Decoder, Encoder};
use maxcompute::types::Type;

use crate::vectors::{Vector, all, load};

/// Decodes a body that arrives in pieces of one size; no cell may be bad.
fn decode(types: &[Type], body: &[u8], piece: usize) -> Result<Vec<RecordBatch>, DecodeError> {
    let mut decoder = Decoder::new(types);
    let mut batches = Vec::new();
    for bytes in body.chunks(piece) {
        decoder.push(bytes);
        while let Some(decoded) = decoder.next_batch(7)? {
            assert_eq!(decoded.bad_cells, []);
            batches.push(decoded.batch);
        }
    }
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    assert_eq!(decoder.finish()?, rows as u64);
    Ok(batches)
}

fn encode(types: &[Type], batches: &[RecordBatch]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut encoder = Encoder::new(types);
    for batch in batches {
        encoder.encode(batch, &mut body).unwrap();
    }
    encoder.finish(&mut body);
    body
}

fn joined(vector: &Vector, batches: &[RecordBatch]) -> RecordBatch {
    arrow_select::concat::concat_batches(&vector.batch().schema(), batches).unwrap()
}

#[test]
fn every_vector_decodes_to_its_rows_in_pieces_of_any_size() {
    let vectors = all("protobuf");
    assert!(vectors.len() >= 19, "only {} vectors", vectors.len());
    for vector in vectors {
        for piece in [1, 2, 3, 5, 17, 64, usize::MAX] {
            let batches = decode(&vector.types(), &vector.bytes, piece)
                .unwrap_or_else(|error| panic!("{}: {error}", vector.name));
            assert_eq!(joined(&vector, &batches), vector.batch(), "{}", vector.name);
        }
    }
}

#[test]
fn every_vector_is_encoded_to_its_bytes() {
    for vector in all("protobuf") {
        let name = vector.name.as_str();
        let body = encode(&vector.types(), &[vector.batch()]);
        match name {
            // These test a reader: we write neither sign-extended checksums nor metrics.
            "pb_basic_sign_extended" => assert_eq!(body, load("pb_basic").bytes),
            "pb_binary_sign_extended" | "pb_metrics_footer" => {
                assert!(body.len() < vector.bytes.len(), "{name}");
            }
            // The number `12345678.90` is written as `12345678.9`, like the service does.
            "pb_decimal" => {
                let batches = decode(&vector.types(), &body, usize::MAX).unwrap();
                assert_eq!(batches, [vector.batch()]);
                assert!(body.windows(12).any(|text| text == b"\x0a12345678.9\x1a"));
            }
            _ => assert_eq!(body, vector.bytes, "{name}"),
        }
    }
}

#[test]
fn slices_and_many_batches_make_the_same_stream() {
    for name in ["pb_many", "pb_complex", "pb_strings"] {
        let vector = load(name);
        let batch = vector.batch();
        let slices: Vec<RecordBatch> = (0..batch.num_rows())
            .map(|row| batch.slice(row, 1))
            .collect();
        assert_eq!(encode(&vector.types(), &slices), vector.bytes, "{name}");
    }
}

#[test]
fn a_stream_cut_anywhere_is_refused() {
    for name in ["pb_basic", "pb_complex", "pb_metrics_footer", "pb_empty"] {
        let vector = load(name);
        for length in 0..vector.bytes.len() {
            let error = decode(&vector.types(), &vector.bytes[..length], usize::MAX).unwrap_err();
            assert_eq!(error.kind, DecodeErrorKind::Truncated, "{name} {length}");
        }
    }
}

#[test]
fn a_changed_byte_is_noticed() {
    let vector = load("pb_basic");
    for position in 0..vector.bytes.len() {
        let mut body = vector.bytes.clone();
        body[position] ^= 0x01;
        assert!(
            decode(&vector.types(), &body, usize::MAX).is_err(),
            "{position}"
        );
    }
}

#[test]
fn bytes_behind_the_footer_are_refused() {
    let vector = load("pb_basic");
    let mut body = vector.bytes;
    body.push(0);
    let error = decode(&load("pb_basic").types(), &body, 1).unwrap_err();
    assert_eq!(error.kind, DecodeErrorKind::Corrupt);
    assert_eq!(error.position, body.len() as u64 - 1);
}
