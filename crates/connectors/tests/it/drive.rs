//! Opens connectors by name and moves rows through them, as the engine would.

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema};
use arrow_select::concat::concat_batches;
use futures::StreamExt;
use sdk::{
    Browser, Column, Extension, ReadOptions, Reader, Receipt, RefusedRow, Result, Split, State,
    TaskId, UnreadableRow, WritePlan, Writer,
};
use serde_json::Value;

pub(crate) async fn reader(
    name: &str,
    config: &Value,
    parameters: &Value,
) -> Result<Box<dyn Reader>> {
    let registry = connectors::registry();
    let connector = registry.find(name).expect("the connector exists");
    let opening = connector
        .open_reader(config, parameters)
        .expect("it can be read")
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    opening().await
}

pub(crate) async fn writer(
    name: &str,
    config: &Value,
    parameters: &Value,
) -> Result<Box<dyn Writer>> {
    let registry = connectors::registry();
    let connector = registry.find(name).expect("the connector exists");
    let opening = connector
        .open_writer(config, parameters)
        .expect("it can be written")
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    opening().await
}

pub(crate) async fn browser(name: &str, config: &Value) -> Box<dyn Browser> {
    let registry = connectors::registry();
    let connector = registry.find(name).expect("the connector exists");
    let opening = connector
        .open_browser(config)
        .expect("it can be browsed")
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    opening().await.expect("browsers open without connecting")
}

/// Everything that a reader gave.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) columns: Vec<Column>,
    pub(crate) splits: Vec<Split>,
    pub(crate) batch: RecordBatch,
    pub(crate) unreadable: Vec<UnreadableRow>,
}

impl Rows {
    /// The rows as JSON, in order.
    pub(crate) fn json(&self) -> Vec<Value> {
        (0..self.batch.num_rows())
            .map(|row| Value::Object(sdk::row_to_json(&self.batch, row)))
            .collect()
    }

    pub(crate) fn reasons(&self) -> Vec<&str> {
        self.unreadable
            .iter()
            .map(|row| row.reason.as_str())
            .collect()
    }
}

pub(crate) fn options(columns: &[Column]) -> ReadOptions {
    ReadOptions {
        wire: vec![false; columns.len()],
        batch_rows: 1000,
        batch_bytes: 1 << 20,
    }
}

/// Reads all splits, in their order in the source if their states can be sorted by label.
pub(crate) async fn read_all(reader: &dyn Reader, wanted: usize) -> Result<Rows> {
    let columns = reader.schema().await?;
    let splits = reader.splits(wanted).await?.splits;
    read_splits(reader, columns, splits).await
}

pub(crate) async fn read_splits(
    reader: &dyn Reader,
    columns: Vec<Column>,
    splits: Vec<Split>,
) -> Result<Rows> {
    let schema = Schema::new(columns.iter().map(Column::field).collect::<Vec<Field>>());
    let mut batches = Vec::new();
    let mut unreadable = Vec::new();
    for split in &splits {
        let mut stream = reader.read(split, &options(&columns)).await?;
        while let Some(read) = stream.next().await {
            let read = read?;
            assert!(read.batch.num_rows() <= 1000, "a batch is too long");
            batches.push(read.batch);
            unreadable.extend(read.unreadable);
        }
    }
    let batch = concat_batches(&schema.into(), &batches)?;
    Ok(Rows {
        columns,
        splits,
        batch,
        unreadable,
    })
}

/// Opens a reader and reads everything in one split per file.
pub(crate) async fn read(name: &str, config: &Value, parameters: &Value) -> Result<Rows> {
    let reader = reader(name, config, parameters).await?;
    read_all(reader.as_ref(), 1).await
}

/// What became of a write.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) row_count: u64,
    pub(crate) refused: Vec<RefusedRow>,
}

pub(crate) fn columns_of(batch: &RecordBatch) -> Vec<Column> {
    let schema = batch.schema();
    schema
        .fields()
        .iter()
        .map(|field| {
            let mut column = Column::new(field.name(), field.data_type().clone());
            column.extension = match field.metadata().get("ARROW:extension:name") {
                Some(name) if name == "arrow.uuid" => Some(Extension::Uuid),
                _ => None,
            };
            column
        })
        .collect()
}

/// Makes ready for tasks that write batches like this one.
pub(crate) async fn prepare(
    writer: &dyn Writer,
    batch: &RecordBatch,
    task_count: u32,
) -> Result<State> {
    let columns = writer.schema(&columns_of(batch)).await?;
    writer
        .prepare(&WritePlan {
            columns,
            task_count,
            previous: None,
        })
        .await
}

/// Runs one task to its receipt.
pub(crate) async fn run_task(
    writer: &dyn Writer,
    prepared: &State,
    task: u32,
    batches: &[RecordBatch],
) -> Result<(Outcome, Receipt)> {
    let mut outcome = Outcome::default();
    let mut task = writer.task(prepared, TaskId(task)).await?;
    for batch in batches {
        let written = task.write(batch.clone()).await?;
        outcome.row_count += written.row_count;
        outcome.refused.extend(written.refused);
    }
    let sealed = task.seal().await?;
    outcome.row_count += sealed.written.row_count;
    outcome.refused.extend(sealed.written.refused);
    Ok((outcome, task.publish().await?))
}

/// Writes each list of batches by a task of its own and commits.
pub(crate) async fn write_tasks(
    writer: &dyn Writer,
    tasks: &[Vec<RecordBatch>],
) -> Result<Outcome> {
    let prepared = prepare(writer, &tasks[0][0], tasks.len() as u32).await?;
    let mut total = Outcome::default();
    let mut receipts = Vec::new();
    for (task, batches) in tasks.iter().enumerate() {
        let (outcome, receipt) = run_task(writer, &prepared, task as u32, batches).await?;
        total.row_count += outcome.row_count;
        total.refused.extend(outcome.refused);
        receipts.push(receipt);
    }
    writer.commit(&prepared, &receipts).await?;
    Ok(total)
}

/// Opens a writer and writes one batch by one task.
pub(crate) async fn write(
    name: &str,
    config: &Value,
    parameters: &Value,
    batch: &RecordBatch,
) -> Result<Outcome> {
    let writer = writer(name, config, parameters).await?;
    write_tasks(writer.as_ref(), &[vec![batch.clone()]]).await
}
