//! The COPY codec in memory, on the sixteen columns that all benchmarks copy.
//!
//! The columns and their values are those of `crates/xtask/src/bench/tables.sql`.

use std::hint::black_box;

use connectors::postgresql_lab::{Types, decode, encode_all};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// The modifier of `numeric(15, 2)`.
const PRICE: i32 = ((15 << 16) | 2) + 4;
const TYPES: Types<'static> = &[
    ("int8", -1),
    ("int8", -1),
    ("int4", -1),
    ("int4", -1),
    ("int2", -1),
    ("numeric", PRICE),
    ("numeric", PRICE),
    ("bool", -1),
    ("bpchar", 8 + 4),
    ("date", -1),
    ("date", -1),
    ("timestamptz", -1),
    ("timestamptz", -1),
    ("varchar", 40 + 4),
    ("varchar", 30 + 4),
    ("text", -1),
];

const ROWS: i64 = 100_000;
/// 1950-01-01 and 2020-01-01 as days since 2000.
const BORN: i64 = -18_262;
const SHIPPED: i64 = 7_305;
/// 2024-01-01 and 2025-01-01 as microseconds since 2000.
const CREATED: i64 = 757_382_400_000_000;
const UPDATED: i64 = 789_004_800_000_000;
const CITIES: [Option<&str>; 6] = [
    Some("Hamburg"),
    Some("Hangzhou"),
    Some("Boston"),
    Some("São Paulo"),
    Some("Lagos"),
    None,
];

fn field(bytes: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        None => bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
        Some(value) => {
            bytes.extend_from_slice(&(value.len() as i32).to_be_bytes());
            bytes.extend_from_slice(value);
        }
    }
}

/// Hundredths as the server writes them: groups of four digits, without zeros in front and behind.
fn numeric(hundredths: i64) -> Vec<u8> {
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    let groups = [whole / 10_000, whole % 10_000, rest * 100];
    let first = groups.iter().position(|group| *group != 0).unwrap_or(3);
    let last = groups.iter().rposition(|group| *group != 0).unwrap_or(2);
    let groups = groups.get(first..=last).unwrap_or_default();
    let weight = if groups.is_empty() {
        0
    } else {
        1 - first as i64
    };
    let mut bytes = Vec::new();
    for word in [groups.len() as i64, weight, 0, 2].iter().chain(groups) {
        bytes.extend_from_slice(&(*word as i16).to_be_bytes());
    }
    bytes
}

fn row(bytes: &mut Vec<u8>, n: i64) {
    let long = |bytes: &mut Vec<u8>, value: i64| field(bytes, Some(&value.to_be_bytes()));
    let integer = |bytes: &mut Vec<u8>, value: Option<i64>| {
        let value = value.map(|value| (value as i32).to_be_bytes());
        field(bytes, value.as_ref().map(<[u8; 4]>::as_slice));
    };
    bytes.extend_from_slice(&(TYPES.len() as i16).to_be_bytes());
    long(bytes, n);
    long(bytes, n * 7919 % 1_000_003);
    integer(bytes, (n % 11 != 0).then_some(n % 1_000));
    integer(bytes, Some(n % 5));
    let level = ((n % 100) as i16).to_be_bytes();
    field(bytes, (n % 13 != 0).then_some(&level));
    field(bytes, Some(&numeric(n * 104_729 % 100_000_000)));
    field(bytes, (n % 3 == 0).then_some(&numeric(n % 5_000)));
    field(bytes, (n % 17 != 0).then_some(&[u8::from(n % 2 == 0)]));
    field(bytes, Some(format!("C{:07}", n % 10_000_000).as_bytes()));
    integer(bytes, Some(BORN + n % 25_000));
    integer(bytes, (n % 7 != 0).then_some(SHIPPED + n % 2_000));
    long(bytes, CREATED + n * 1_234_567);
    let updated = (UPDATED + n * 500_000).to_be_bytes();
    field(bytes, (n % 4 != 0).then_some(&updated));
    field(bytes, Some(format!("customer {n}").as_bytes()));
    field(bytes, CITIES[(n % 6) as usize].map(str::as_bytes));
    let note = "lorem ipsum ".repeat((n % 8) as usize);
    field(bytes, (n % 10 != 0).then_some(note.as_bytes()));
}

fn stream() -> Vec<u8> {
    let mut bytes = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
    for n in 1..=ROWS {
        row(&mut bytes, n);
    }
    bytes.extend_from_slice(&(-1_i16).to_be_bytes());
    bytes
}

fn codec(criterion: &mut Criterion) {
    let bytes = stream();
    let mut group = criterion.benchmark_group("copy");
    group
        .throughput(Throughput::Elements(ROWS as u64))
        .sample_size(20);
    for (name, wire) in [("decoded", false), ("wire", true)] {
        let pieces = || bytes.chunks(128 << 10);
        group.bench_function(format!("read {name}"), |bencher| {
            bencher.iter(|| black_box(decode(TYPES, wire, pieces())).is_ok());
        });
        let batches = decode(TYPES, wire, pieces()).expect("the stream is whole");
        let batches: Vec<_> = batches.into_iter().map(|batch| batch.batch).collect();
        let mut out = Vec::new();
        group.bench_function(format!("write {name}"), |bencher| {
            bencher.iter(|| {
                // As the writer does: one buffer, used again for each batch.
                let mut rows = 0;
                for batch in &batches {
                    out.clear();
                    let _ = encode_all(TYPES, wire, std::slice::from_ref(batch), &mut out);
                    rows += black_box(&out).len();
                }
                rows
            });
        });
    }
    group.finish();
}

criterion_group!(benches, codec);
criterion_main!(benches);
