//! PostgreSQL against a real server, whose own SQL says what is right.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod conflicts;
mod draft;
mod faults;
mod random;
mod reading;
mod rules;
mod sessions;
mod splits;
mod tls;
mod values;
mod writing;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};
use futures::TryStreamExt;
use sdk::{
    Browser, Column, Error, ReadBatch, ReadOptions, Reader, TaskId, UnreadableRow, WritePlan,
    Writer, Written,
};
use serde_json::{Value, json};
use testkit::conformance::Datasource;
use testkit::{TestRun, run_job};
use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::drive;

/// The server's address, from the environment.
fn server() -> String {
    std::env::var("LONGSHORE_TEST_POSTGRESQL").unwrap_or_else(|_| {
        panic!(
            "LONGSHORE_TEST_POSTGRESQL is not set: run `cargo xtask test`, or start a server with \
             `cargo xtask services postgresql` and set what it prints"
        )
    })
}

/// A schema of a test's own, and a connection that looks into it.
struct Schema {
    name: String,
    client: tokio_postgres::Client,
}

impl Schema {
    async fn new(test: &str) -> Schema {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("t{}_{number}_{test}", std::process::id());
        let (client, connection) = tokio_postgres::connect(&server(), NoTls).await.unwrap();
        tokio::spawn(connection);
        let schema = Schema { name, client };
        schema
            .run(&format!(
                "CREATE SCHEMA {0}; SET search_path = {0}; SET client_min_messages = warning; \
                 SET TimeZone = 'UTC'",
                schema.name
            ))
            .await;
        schema
    }

    async fn run(&self, sql: &str) {
        if let Err(error) = self.client.batch_execute(sql).await {
            panic!("{sql}: {error:?}");
        }
    }

    /// Rows as PostgreSQL prints them.
    async fn rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let mut rows = Vec::new();
        for message in self.client.simple_query(sql).await.unwrap() {
            if let SimpleQueryMessage::Row(row) = message {
                rows.push(
                    (0..row.len())
                        .map(|i| row.get(i).map(str::to_string))
                        .collect(),
                );
            }
        }
        rows
    }

    /// The only value of a query.
    async fn value(&self, sql: &str) -> String {
        self.rows(sql).await[0][0]
            .clone()
            .unwrap_or_else(|| "NULL".into())
    }

    /// The datasource, with this schema as the search path.
    fn config(&self) -> Value {
        json!({ "jdbcUrl": format!("jdbc:{}?currentSchema={}", server(), self.name) })
    }

    async fn reader(&self, parameters: Value) -> Box<dyn Reader> {
        open_reader(&self.config(), &parameters).await.unwrap()
    }

    async fn writer(&self, parameters: Value) -> Box<dyn Writer> {
        open_writer(&self.config(), &parameters).await.unwrap()
    }

    /// Runs a job from here to here through the whole engine; returns how many rows it wrote and how
    /// many were dirty.
    async fn run_job(&self, reader: &Value, writer: &Value) -> (u64, u64) {
        let here = Datasource {
            connector: "postgresql".to_string(),
            config: self.config().as_object().unwrap().clone(),
        };
        let step = |parameter: &Value| {
            let mut parameter = parameter.clone();
            parameter["datasource"] = json!("here");
            json!({ "plugin": "postgresql", "parameter": parameter })
        };
        let document = json!({
            "type": "job", "version": "1.0",
            "configuration": {
                "reader": step(reader), "writer": step(writer),
                "setting": { "errorLimit": { "record": 1000 } }
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let ended = run_job(&TestRun {
            document: &document.to_string(),
            registry: &connectors::registry(),
            datasources: &[("here".to_string(), here)].into(),
            folder: folder.path(),
        })
        .await;
        assert!(ended.failure.is_none(), "{:?}", ended.failure);
        let counts = ended.report.counts;
        (counts.rows_written, counts.rows_dirty)
    }
}

async fn open_reader(config: &Value, parameters: &Value) -> sdk::Result<Box<dyn Reader>> {
    drive::reader("postgresql", config, parameters).await
}

async fn open_writer(config: &Value, parameters: &Value) -> sdk::Result<Box<dyn Writer>> {
    drive::writer("postgresql", config, parameters).await
}

async fn open_browser(config: &Value) -> Box<dyn Browser> {
    drive::browser("postgresql", config).await
}

/// The error that asking a reader for its schema gives.
async fn schema_error(config: &Value, parameters: Value) -> Error {
    let reader = open_reader(config, &parameters).await.unwrap();
    reader.schema().await.unwrap_err()
}

fn options(wire: Vec<bool>) -> ReadOptions {
    ReadOptions {
        wire,
        batch_rows: 1000,
        batch_bytes: 1 << 20,
    }
}

/// Everything a reader gives, split by split.
async fn read_all(reader: &dyn Reader, wire: bool, wanted: usize) -> Vec<Vec<ReadBatch>> {
    let schema = reader.schema().await.unwrap();
    let wire: Vec<bool> = schema
        .iter()
        .map(|column| wire && column.wire.is_some())
        .collect();
    let mut all = Vec::new();
    for split in reader.splits(wanted).await.unwrap().splits {
        let stream = reader.read(&split, &options(wire.clone())).await.unwrap();
        all.push(stream.try_collect().await.unwrap());
    }
    all
}

/// All values of the first column, each of which must be there once.
fn ids(splits: &[Vec<ReadBatch>]) -> BTreeSet<Option<i64>> {
    let mut seen = BTreeSet::new();
    let mut count = 0;
    for batch in splits.iter().flatten() {
        let column = batch.batch.column(0).as_primitive::<Int64Type>();
        count += column.len() - column.null_count().saturating_sub(1);
        seen.extend(column.iter());
    }
    assert!(count >= seen.len());
    seen
}

/// The readable rows of one whole read as a single batch, and the unreadable ones.
async fn read_one(reader: &dyn Reader, wire: bool) -> (RecordBatch, Vec<UnreadableRow>) {
    let batches: Vec<ReadBatch> = read_all(reader, wire, 1)
        .await
        .into_iter()
        .flatten()
        .collect();
    let schema = batches[0].batch.schema();
    let (mut rows, mut unreadable) = (Vec::new(), Vec::new());
    for batch in batches {
        rows.push(batch.batch);
        unreadable.extend(batch.unreadable);
    }
    (
        arrow_select::concat::concat_batches(&schema, &rows).unwrap(),
        unreadable,
    )
}

/// What a whole write came to.
#[derive(Default)]
struct Outcome {
    written: u64,
    /// Column and reason per refused row.
    refused: Vec<(Option<String>, String, RecordBatch)>,
}

impl Outcome {
    fn add(&mut self, written: Written) {
        self.written += written.row_count;
        for refused in written.refused {
            let row = refused.batch.slice(refused.row, 1);
            self.refused.push((refused.column, refused.reason, row));
        }
    }
}

fn plan(columns: Vec<Column>) -> WritePlan {
    WritePlan {
        columns,
        task_count: 1,
        previous: None,
    }
}

/// Writes batches as one task and commits.
async fn write_all(writer: &dyn Writer, batches: Vec<RecordBatch>) -> sdk::Result<Outcome> {
    let columns = writer.schema(&[]).await?;
    let prepared = writer.prepare(&plan(columns)).await?;
    let mut task = writer.task(&prepared, TaskId(0)).await?;
    let mut outcome = Outcome::default();
    for batch in batches {
        outcome.add(task.write(batch).await?);
    }
    let sealed = task.seal().await?;
    outcome.add(sealed.written);
    let receipt = task.publish().await?;
    let recovered = writer.recover(&prepared, TaskId(0), &sealed.state).await?;
    assert!(recovered.is_some(), "a committed task is found again");
    writer.commit(&prepared, &[receipt]).await?;
    Ok(outcome)
}

/// Copies a table to another: in wire form wherever both sides accept it, or decoded.
async fn copy(schema: &Schema, from: &str, to: Value, wire: bool) -> Outcome {
    let reader = schema.reader(json!({ "table": from })).await;
    let writer = schema.writer(to).await;
    let source = reader.schema().await.unwrap();
    let target = writer.schema(&source).await.unwrap();
    let pass: Vec<bool> = source
        .iter()
        .zip(&target)
        .map(|(from, to)| match (&from.wire, &to.wire) {
            (Some(from), Some(to)) => wire && to.accepts(from),
            _ => false,
        })
        .collect();
    let mut batches = Vec::new();
    for split in reader.splits(1).await.unwrap().splits {
        let read = reader.read(&split, &options(pass.clone())).await.unwrap();
        let read: Vec<ReadBatch> = read.try_collect().await.unwrap();
        for batch in read {
            assert!(batch.unreadable.is_empty(), "{:?}", batch.unreadable);
            batches.push(batch.batch);
        }
    }
    write_all(writer.as_ref(), batches).await.unwrap()
}
