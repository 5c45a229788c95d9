//! Any bytes as the records of a Tunnel download.

use maxcompute::record::Decoder;
use maxcompute::types::Type;

const TYPES: [&str; 12] = [
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
];

pub(crate) fn run(bytes: &[u8]) {
    let types: Vec<Type> = TYPES
        .iter()
        .map(|text| text.parse().expect("a type of the list above"))
        .collect();
    let mut decoder = Decoder::new(&types);
    let (first, second) = bytes.split_at(bytes.len() / 2);
    for piece in [first, second] {
        decoder.push(piece);
        while let Ok(Some(_)) = decoder.next_batch(3) {}
    }
    drop(decoder.finish());
}
