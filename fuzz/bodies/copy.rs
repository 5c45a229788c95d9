//! Any bytes as a binary COPY stream: whole and in pieces it gives the same values, and values that
//! are encoded and decoded again are the same.

use connectors::postgresql_lab::{decode, encode_all, without_messages};

/// The types of the columns; a stream with fewer columns has the first ones.
/// Precision and scale are packed as in PostgreSQL's `numeric.c`.
const TYPES: [(&str, i32); 22] = [
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
    ("int2", -1),
    ("int4", -1),
    ("float4", -1),
    ("float8", -1),
    ("varchar", 3 + 4),
    ("name", -1),
    ("bytea", -1),
    ("date", -1),
    ("timestamp", 3),
    ("text[]", -1),
];

/// Signature, flags and length of the extension.
const HEADER_BYTES: usize = 19;

pub(crate) fn run(bytes: &[u8]) {
    let count = bytes
        .get(HEADER_BYTES..)
        .and_then(<[u8]>::first_chunk::<2>)
        .map_or(0, |count| i16::from_be_bytes(*count).max(0) as usize);
    let types = &TYPES[..count.min(TYPES.len())];
    let _ = decode(types, true, bytes.chunks(3));
    let pieces = decode(types, false, bytes.chunks(7));
    let Ok(read) = decode(types, false, [bytes]) else {
        return;
    };
    let values =
        |read: Vec<sdk::ReadBatch>| -> Vec<_> { read.into_iter().map(|read| read.batch).collect() };
    let batches = values(read);
    // Where batches end may depend on the pieces, but all seeds and most inputs make one batch.
    if let Ok([pieces]) = pieces.map(values).as_deref()
        && let [whole] = batches.as_slice()
    {
        assert_eq!(whole, pieces, "the pieces matter");
    }
    let mut messages = Vec::new();
    // A stream may hold what a type's modifier forbids, such as a varchar(3) of four letters.
    if encode_all(types, false, &batches, &mut messages).ok() != Some(0) {
        return;
    }
    let stream = without_messages(&messages);
    let again = decode(types, false, [stream.as_slice()]).expect("our own stream is well formed");
    if let ([before], [after]) = (batches.as_slice(), values(again).as_slice()) {
        assert_eq!(before, after, "encoding changes the values");
    }
}
