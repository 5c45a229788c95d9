//! Rows a second of the record codec, in memory, on sixteen mixed columns.
//!
//! Owns the measured schema: the kinds of columns that `docs/benchmarks.md` uses everywhere, with one
//! value in ten null where nulls are common.

use std::hint::black_box;
use std::sync::Arc;

use arrow_array::types::{Decimal128Type, TimestampMillisecondType, TimestampNanosecondType};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int16Array, Int32Array, Int64Array,
    PrimitiveArray, RecordBatch, StringArray,
};
use arrow_schema::{Field, Schema};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use maxcompute::record::{Decoder, Encoder, check};
use maxcompute::types::Type;

const ROWS: usize = 65_536;

/// A spread-out number for each row, the same in every run.
fn mixed(row: usize) -> u64 {
    (row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11
}

fn columns() -> (Vec<Type>, RecordBatch) {
    let rows = 0..ROWS;
    let some = |row: &usize| !mixed(*row).is_multiple_of(10);
    let nullable = |length: usize| -> StringArray {
        (0..ROWS)
            .map(|row| some(&row).then(|| format!("{:0length$}", mixed(row))))
            .collect()
    };
    let text = |length: u64| -> StringArray {
        (0..ROWS)
            .map(|row| Some("value ".repeat((mixed(row) % length) as usize)))
            .collect()
    };
    let instants = |unit: i64| {
        (0..ROWS).map(move |row| 1_700_000_000 * unit + (mixed(row) % 1_000_000_000) as i64)
    };
    let decimals = |scale: i8| {
        PrimitiveArray::<Decimal128Type>::from_iter_values(
            (0..ROWS).map(|row| (mixed(row) % 100_000_000) as i128 - 50_000_000),
        )
        .with_precision_and_scale(15, scale)
        .expect("fifteen digits hold the values")
    };
    let decimal = Type::Decimal {
        precision: 15,
        scale: 2,
    };
    let list: Vec<(Type, ArrayRef)> = vec![
        (
            Type::BigInt,
            Arc::new(Int64Array::from_iter_values(
                rows.clone().map(|row| row as i64),
            )),
        ),
        (
            Type::BigInt,
            Arc::new(Int64Array::from_iter(
                rows.clone()
                    .map(|row| some(&row).then_some(mixed(row) as i64)),
            )),
        ),
        (
            Type::Int,
            Arc::new(Int32Array::from_iter_values(
                rows.clone().map(|row| mixed(row) as i32),
            )),
        ),
        (
            Type::Int,
            Arc::new(Int32Array::from_iter(
                rows.clone()
                    .map(|row| some(&row).then_some((mixed(row) % 1000) as i32)),
            )),
        ),
        (
            Type::SmallInt,
            Arc::new(Int16Array::from_iter_values(
                rows.clone().map(|row| mixed(row) as i16),
            )),
        ),
        (decimal.clone(), Arc::new(decimals(2))),
        (decimal, Arc::new(decimals(2))),
        (
            Type::Double,
            Arc::new(Float64Array::from_iter_values(
                rows.clone().map(|row| mixed(row) as f64 / 7.0),
            )),
        ),
        (
            Type::Boolean,
            Arc::new(BooleanArray::from_iter(
                rows.clone().map(|row| Some(mixed(row).is_multiple_of(2))),
            )),
        ),
        (
            Type::Char(2),
            Arc::new(StringArray::from_iter_values(
                rows.clone().map(|row| ["DE", "FR", "CN"][row % 3]),
            )),
        ),
        (
            Type::Date,
            Arc::new(Date32Array::from_iter_values(
                rows.clone().map(|row| (mixed(row) % 20_000) as i32),
            )),
        ),
        (
            Type::Datetime,
            Arc::new(
                PrimitiveArray::<TimestampMillisecondType>::from_iter_values(instants(1000))
                    .with_timezone("UTC"),
            ),
        ),
        (
            Type::Timestamp,
            Arc::new(
                PrimitiveArray::<TimestampNanosecondType>::from_iter_values(instants(
                    1_000_000_000,
                ))
                .with_timezone("UTC"),
            ),
        ),
        (Type::Varchar(40), Arc::new(nullable(20))),
        (Type::String, Arc::new(text(6))),
        (Type::String, Arc::new(nullable(12))),
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
            assert_eq!(rows, ROWS);
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
