//! How fast files are encoded and decoded, on the mixed rows of `docs/benchmarks.md`, without engine
//! or database: `cargo bench -p connectors --bench files`.

#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::hint::black_box;

use arrow_array::RecordBatch;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::StreamExt;
use sdk::{Column, ReadOptions, TaskId, WritePlan};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const ROWS: u64 = 500_000;

fn rows() -> Value {
    json!({"rowCount": ROWS, "column": [
        {"name": "id", "type": "bigint"},
        {"name": "customer", "type": "int", "random": "1,200000"},
        {"name": "shop", "type": "smallint", "random": "1,500"},
        {"name": "amount", "type": "decimal(15,2)", "random": "0.01,99999.99"},
        {"name": "discount", "type": "decimal(15,2)", "random": "0.00,10.00", "nullRatio": 0.3},
        {"name": "paid", "type": "bool", "random": "1,3"},
        {"name": "flag", "type": "string", "random": "1,1"},
        {"name": "day", "type": "date", "random": "2015-01-01,2024-12-31"},
        {"name": "placed", "type": "timestamptz", "random": "2015-01-01 00:00:00Z,2024-12-31 00:00:00Z"},
        {"name": "shipped", "type": "timestamptz", "random": "2015-01-01 00:00:00Z,2024-12-31 00:00:00Z", "nullRatio": 0.2},
        {"name": "city", "type": "string", "random": "4,12"},
        {"name": "code", "type": "string", "random": "8,8"},
        {"name": "email", "type": "string", "random": "12,28", "nullRatio": 0.1},
        {"name": "note", "type": "string", "random": "0,80", "nullRatio": 0.2},
        {"name": "weight", "type": "double", "random": "0.1,100.0"},
        {"name": "points", "type": "bigint", "random": "0,9223372036854775806", "nullRatio": 0.5},
    ]})
}

async fn read(name: &str, parameters: &Value) -> (Vec<Column>, Vec<RecordBatch>) {
    let registry = connectors::registry();
    let connector = registry.find(name).unwrap();
    let reader = connector
        .open_reader(&json!({}), parameters)
        .unwrap()
        .unwrap()()
    .await
    .unwrap();
    let columns = reader.schema().await.unwrap();
    let options = ReadOptions {
        wire: vec![false; columns.len()],
        batch_rows: 16_384,
        batch_bytes: 4 << 20,
    };
    let mut batches = Vec::new();
    for split in reader.splits(1).await.unwrap().splits {
        let mut stream = reader.read(&split, &options).await.unwrap();
        while let Some(read) = stream.next().await {
            let read = read.unwrap();
            assert!(read.unreadable.is_empty());
            batches.push(read.batch);
        }
    }
    (columns, batches)
}

async fn write(parameters: &Value, columns: &[Column], batches: &[RecordBatch]) {
    let registry = connectors::registry();
    let connector = registry.find("file").unwrap();
    let writer = connector
        .open_writer(&json!({}), parameters)
        .unwrap()
        .unwrap()()
    .await
    .unwrap();
    let plan = WritePlan {
        columns: writer.schema(columns).await.unwrap(),
        task_count: 1,
        previous: None,
    };
    let prepared = writer.prepare(&plan).await.unwrap();
    let mut task = writer.task(&prepared, TaskId(0)).await.unwrap();
    for batch in batches {
        task.write(batch.clone()).await.unwrap();
    }
    task.seal().await.unwrap();
    let receipt = task.publish().await.unwrap();
    writer.commit(&prepared, &[receipt]).await.unwrap();
}

fn files(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (columns, batches) = runtime.block_on(read("stream", &rows()));
    let mut group = criterion.benchmark_group("files");
    group.sample_size(10).throughput(Throughput::Elements(ROWS));
    group.bench_function("make rows", |bench| {
        bench.iter(|| black_box(runtime.block_on(read("stream", &rows()))));
    });
    for (name, compress) in [
        ("a.csv", "none"),
        ("a.jsonl", "none"),
        ("zstd.parquet", "zstd"),
        ("snappy.parquet", "snappy"),
    ] {
        let to = json!({"path": folder.path(), "fileName": name, "compress": compress,
                        "header": true, "writeMode": "truncate"});
        group.bench_function(format!("write {name}"), |bench| {
            bench.iter(|| runtime.block_on(write(&to, &columns, &batches)));
        });
        let path = folder.path().join(name);
        let bytes = std::fs::metadata(&path).unwrap().len();
        let title = format!("{name} of {} MiB", bytes >> 20);
        let from = json!({"path": path, "header": true});
        group.bench_function(format!("read {title}"), |bench| {
            bench.iter(|| black_box(runtime.block_on(read("file", &from))));
        });
    }
    group.finish();
}

criterion_group!(benches, files);
criterion_main!(benches);
