//! Rows a second of the record codec, in memory, on the sixteen columns that all benchmarks copy.
//!
//! The columns and their values are those of `crates/xtask/src/bench/tables.sql`, in the types that MaxCompute
//! has for them.

use std::hint::black_box;
use std::sync::Arc;

use arrow_array::types::{Decimal128Type, TimestampNanosecondType};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Int16Array, Int32Array, Int64Array, PrimitiveArray,
    RecordBatch, StringArray,
};
use arrow_schema::{Field, Schema};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use maxcompute::record::{Decoder, Encoder, check};
use maxcompute::types::Type;

const ROWS: i64 = 65_536;
/// 1950-01-01 and 2020-01-01 as days since 1970.
const BORN: i64 = -7_305;
const SHIPPED: i64 = 18_262;
/// 2024-01-01 and 2025-01-01 as nanoseconds since 1970.
const CREATED: i64 = 1_704_067_200_000_000_000;
const UPDATED: i64 = 1_735_689_600_000_000_000;
const CITIES: [Option<&str>; 6] = [
    Some("Hamburg"),
    Some("Hangzhou"),
    Some("Boston"),
    Some("São Paulo"),
    Some("Lagos"),
    None,
];

/// A value for each row number from 1, or NULL.
fn values<T, A: FromIterator<Option<T>>>(value: impl Fn(i64) -> Option<T>) -> A {
    (1..=ROWS).map(value).collect()
}

fn columns() -> (Vec<Type>, RecordBatch) {
    let price = Type::Decimal {
        precision: 15,
        scale: 2,
    };
    let hundredths = |value: &dyn Fn(i64) -> Option<i64>| -> ArrayRef {
        let digits: PrimitiveArray<Decimal128Type> = values(|n| value(n).map(i128::from));
        Arc::new(
            digits
                .with_precision_and_scale(15, 2)
                .expect("fifteen digits hold the values"),
        )
    };
    let instants = |value: &dyn Fn(i64) -> Option<i64>| -> ArrayRef {
        let instants: PrimitiveArray<TimestampNanosecondType> = values(value);
        Arc::new(instants.with_timezone("UTC"))
    };
    let integers = |value: &dyn Fn(i64) -> Option<i64>| -> ArrayRef {
        Arc::new(values::<_, Int32Array>(|n| value(n).map(|it| it as i32)))
    };
    let days = |value: &dyn Fn(i64) -> Option<i64>| -> ArrayRef {
        Arc::new(values::<_, Date32Array>(|n| value(n).map(|it| it as i32)))
    };
    let text = |value: &dyn Fn(i64) -> Option<String>| -> ArrayRef {
        Arc::new(values::<_, StringArray>(value))
    };
    let list: Vec<(Type, ArrayRef)> = vec![
        (Type::BigInt, Arc::new(values::<_, Int64Array>(Some))),
        (
            Type::BigInt,
            Arc::new(values::<_, Int64Array>(|n| Some(n * 7919 % 1_000_003))),
        ),
        (Type::Int, integers(&|n| (n % 11 != 0).then_some(n % 1_000))),
        (Type::Int, integers(&|n| Some(n % 5))),
        (
            Type::SmallInt,
            Arc::new(values::<_, Int16Array>(|n| {
                (n % 13 != 0).then_some((n % 100) as i16)
            })),
        ),
        (
            price.clone(),
            hundredths(&|n| Some(n * 104_729 % 100_000_000)),
        ),
        (price, hundredths(&|n| (n % 3 == 0).then_some(n % 5_000))),
        (
            Type::Boolean,
            Arc::new(values::<_, BooleanArray>(|n| {
                (n % 17 != 0).then_some(n % 2 == 0)
            })),
        ),
        (
            Type::Char(8),
            text(&|n| Some(format!("C{:07}", n % 10_000_000))),
        ),
        (Type::Date, days(&|n| Some(BORN + n % 25_000))),
        (
            Type::Date,
            days(&|n| (n % 7 != 0).then_some(SHIPPED + n % 2_000)),
        ),
        (
            Type::Timestamp,
            instants(&|n| Some(CREATED + n * 1_234_567_000)),
        ),
        (
            Type::Timestamp,
            instants(&|n| (n % 4 != 0).then_some(UPDATED + n * 500_000_000)),
        ),
        (Type::Varchar(40), text(&|n| Some(format!("customer {n}")))),
        (
            Type::Varchar(30),
            text(&|n| CITIES[(n % 6) as usize].map(str::to_owned)),
        ),
        (
            Type::String,
            text(&|n| (n % 10 != 0).then(|| "lorem ipsum ".repeat((n % 8) as usize))),
        ),
    ];
    let types: Vec<Type> = list.iter().map(|(r#type, _)| r#type.clone()).collect();
    let fields: Vec<Field> = types
        .iter()
        .zip('a'..)
        .map(|(r#type, name)| Field::new(name, r#type.to_arrow(), true))
        .collect();
    let arrays = list.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .expect("the arrays are those of the types");
    (types, batch)
}

fn encoded(types: &[Type], batch: &RecordBatch) -> Vec<u8> {
    let mut body = Vec::with_capacity(16 << 20);
    let mut encoder = Encoder::new(types);
    encoder
        .encode(batch, &mut body)
        .expect("the arrays are those of the types");
    encoder.finish(&mut body);
    body
}

fn record_codec(criterion: &mut Criterion) {
    let (types, batch) = columns();
    let body = encoded(&types, &batch);
    let mut group = criterion.benchmark_group("record");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("encode", |bencher| {
        bencher.iter(|| black_box(encoded(&types, black_box(&batch))));
    });
    group.bench_function("decode", |bencher| {
        bencher.iter(|| {
            let mut decoder = Decoder::new(&types);
            let mut rows = 0;
            for piece in black_box(&body).chunks(64 << 10) {
                decoder.push(piece);
                while let Some(decoded) = decoder.next_batch(8192).expect("the stream is whole") {
                    rows += decoded.batch.num_rows();
                }
            }
            assert_eq!(rows, ROWS as usize);
        });
    });
    group.bench_function("check", |bencher| {
        bencher
            .iter(|| check(&types, black_box(&batch)).expect("the arrays are those of the types"));
    });
    group.finish();
}

criterion_group!(benches, record_codec);
criterion_main!(benches);
