//! The COPY codec in memory, on the 16 columns that `docs/benchmarks.md` measures with.

use std::hint::black_box;
use std::io::Write;

use connectors::postgresql_lab::{Types, decode, encode_all};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const TYPES: Types<'static> = &[
    ("int8", -1),
    ("int4", -1),
    ("int2", -1),
    ("numeric", ((15 << 16) | 2) + 4),
    ("bool", -1),
    ("bpchar", 12),
    ("date", -1),
    ("timestamptz", -1),
    ("varchar", 36),
    ("text", -1),
    ("int4", -1),
    ("int8", -1),
    ("float8", -1),
    ("text", -1),
    ("numeric", ((15 << 16) | 2) + 4),
    ("timestamptz", -1),
];

const ROWS: u64 = 100_000;

/// Rows like those of the end-to-end benchmark; some columns are NULL now and then.
fn stream() -> Vec<u8> {
    let mut bytes = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
    let field = |bytes: &mut Vec<u8>, value: Option<&[u8]>| match value {
        None => bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
        Some(value) => {
            bytes.extend_from_slice(&(value.len() as i32).to_be_bytes());
            bytes.extend_from_slice(value);
        }
    };
    for row in 0..ROWS as i64 {
        bytes.extend_from_slice(&16_i16.to_be_bytes());
        let some = |every: i64| row % every != 0;
        let short = row as i32;
        let mut amount = vec![0, 3, 0, 1, 0, 0, 0, 2];
        for group in [(row % 9999 + 1) as u16, (row % 10_000) as u16, 2500] {
            amount.extend_from_slice(&group.to_be_bytes());
        }
        let mut name = Vec::new();
        let _ = write!(name, "customer {row} of many");
        let time = (row * 1_000_003).to_be_bytes();
        field(&mut bytes, Some(&row.to_be_bytes()));
        field(&mut bytes, Some(&short.to_be_bytes()));
        field(&mut bytes, Some(&(row as i16).to_be_bytes()));
        field(&mut bytes, Some(&amount));
        field(&mut bytes, Some(&[(row % 2) as u8]));
        field(&mut bytes, Some(b"abcdefgh"));
        field(&mut bytes, Some(&(short % 20_000).to_be_bytes()));
        field(&mut bytes, Some(&time));
        field(&mut bytes, Some(&name));
        field(
            &mut bytes,
            some(7).then_some(&b"a longer remark that nobody will ever read"[..]),
        );
        field(&mut bytes, some(5).then_some(&short.to_be_bytes()[..]));
        field(&mut bytes, some(3).then_some(&row.to_be_bytes()[..]));
        field(&mut bytes, Some(&(row as f64).to_be_bytes()));
        field(&mut bytes, Some(b"DE"));
        field(&mut bytes, some(11).then_some(&amount[..]));
        field(&mut bytes, some(2).then_some(&time[..]));
    }
    bytes.extend_from_slice(&(-1_i16).to_be_bytes());
    bytes
}

fn codec(criterion: &mut Criterion) {
    let bytes = stream();
    let mut group = criterion.benchmark_group("copy");
    group.throughput(Throughput::Elements(ROWS)).sample_size(20);
    for (name, wire) in [("decoded", false), ("wire", true)] {
        let pieces = || bytes.chunks(128 << 10);
        group.bench_function(format!("read {name}"), |bencher| {
            bencher.iter(|| black_box(decode(TYPES, wire, pieces())).is_ok());
        });
        let Ok(batches) = decode(TYPES, wire, pieces()) else {
            continue;
        };
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
