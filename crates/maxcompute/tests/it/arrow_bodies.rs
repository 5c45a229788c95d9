//! Arrow bodies and compressed bodies against the golden vectors.

use arrow_array::RecordBatch;
use maxcompute::arrow_stream::{
    CHUNK_SIZE, decode_payload, encode_payload, frame, supports, unframe,
};
use maxcompute::compression::Compression;
use maxcompute::types::{Column, Type};
use proptest::prelude::{any, proptest};

use crate::vectors::{Vector, all};

fn columns(vector: &Vector) -> Vec<Column> {
    let numbered = vector.types().into_iter().enumerate();
    numbered
        .map(|(number, r#type)| Column::new(format!("c{number}"), r#type))
        .collect()
}

fn joined(vector: &Vector, batches: &[RecordBatch]) -> RecordBatch {
    arrow_select::concat::concat_batches(&vector.batch().schema(), batches).unwrap()
}

#[test]
fn every_arrow_vector_in_both_directions() {
    let vectors = all("arrow");
    assert!(vectors.len() >= 6, "only {} vectors", vectors.len());
    for vector in vectors {
        let name = vector.name.as_str();
        let payload = unframe(&vector.bytes).unwrap();
        assert_eq!(payload.len() as u64, vector.json["ipc_bytes"], "{name}");
        let batches = decode_payload(&columns(&vector), &payload).unwrap();
        assert_eq!(joined(&vector, &batches), vector.batch(), "{name}");

        let chunk_size = vector.json["chunk_size"].as_u64().unwrap() as usize;
        let mut framed = Vec::new();
        frame(&payload, chunk_size, &mut framed);
        assert_eq!(framed, vector.bytes, "{name}");

        let ours = encode_payload(&vector.batch().schema(), &batches).unwrap();
        let again = decode_payload(&columns(&vector), &ours).unwrap();
        assert_eq!(again, batches, "{name}");
    }
}

#[test]
fn writers_closed_without_data_send_no_rows() {
    for body in [&[][..], &[0; 4], &[0, 1, 0, 0, 0, 0, 0, 0]] {
        assert_eq!(unframe(body), Ok(Vec::new()));
    }
    for body in [&[0][..], &[0, 0, 0, 1], &[0; 8], &[0, 0, 0, 0, 1]] {
        assert!(unframe(body).is_err(), "{body:?}");
    }
}

#[test]
fn chunks_of_any_size_around_a_boundary() {
    let payload: Vec<u8> = (0..=255).cycle().take(CHUNK_SIZE + 1).collect();
    for length in [
        0,
        1,
        2,
        127,
        128,
        129,
        CHUNK_SIZE - 1,
        CHUNK_SIZE,
        CHUNK_SIZE + 1,
    ] {
        for size in [1, 127, 128, CHUNK_SIZE] {
            let mut body = Vec::new();
            frame(&payload[..length], size, &mut body);
            assert_eq!(unframe(&body).unwrap(), payload[..length]);
            // A cut body is refused wherever it ends, but for the empty forms above.
            for end in [body.len() - 1, body.len() / 2 + 1, 5] {
                if end < body.len() && end > 4 {
                    assert!(unframe(&body[..end]).is_err(), "{length} {size} {end}");
                }
            }
        }
    }
}

#[test]
fn intervals_have_no_agreed_arrow_form() {
    assert!(supports(
        &"map<string,array<decimal>>".parse::<Type>().unwrap()
    ));
    assert!(!supports(
        &"array<struct<a:interval_day_time>>"
            .parse::<Type>()
            .unwrap()
    ));
}

#[test]
fn every_compressed_vector_decodes() {
    let vectors = all("compressed");
    assert!(vectors.len() >= 4, "only {} vectors", vectors.len());
    for vector in vectors {
        let name = vector.json["content_encoding"].as_str().unwrap();
        let compression: Compression = name.parse().unwrap();
        let plain = vector.named("decodes_to").unwrap();
        assert_eq!(
            compression.decode(&vector.bytes, 1000).unwrap(),
            plain.bytes,
            "{name}"
        );
        assert!(compression.decode(&vector.bytes, 10).is_err(), "{name}");
        let cut = &vector.bytes[..vector.bytes.len() / 2];
        assert_ne!(
            compression.decode(cut, 1000).ok(),
            Some(plain.bytes),
            "{name}"
        );
    }
}

#[test]
fn every_compression_reads_what_it_wrote() {
    let large: Vec<u8> = (0..3_000_000_u32)
        .map(|number| (number / 7) as u8)
        .collect();
    for compression in Compression::ALL {
        let name = compression.content_encoding().unwrap_or("identity");
        assert_eq!(name.parse(), Ok(compression));
        for body in [&large[..], b"x"] {
            let encoded = compression.encode(body).unwrap();
            assert_eq!(
                compression.decode(&encoded, 4_000_000).unwrap(),
                body,
                "{name}"
            );
        }
    }
    assert!("br".parse::<Compression>().is_err());
}

proptest! {
    #[test]
    fn damaged_payloads_are_survived(choice in any::<usize>(), places in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..4)) {
        let vectors = all("arrow");
        let vector = &vectors[choice % vectors.len()];
        let mut payload = unframe(&vector.bytes).unwrap();
        if !payload.is_empty() {
            for (place, byte) in places {
                let place = place % payload.len();
                payload[place] = byte;
            }
        }
        drop(decode_payload(&columns(vector), &payload));
        let mut body = vector.bytes.clone();
        body.truncate(choice % (body.len() + 1));
        drop(unframe(&body));
    }
}
