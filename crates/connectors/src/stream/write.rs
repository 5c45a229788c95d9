//! The writer: counts rows and forgets them. Nothing is ever visible, so every step can be repeated.

use arrow_array::RecordBatch;
use async_trait::async_trait;
use sdk::{Column, Receipt, Result, Sealed, State, TaskId, TaskWriter, WritePlan, Writer, Written};

use super::config::{Datasource, WriterParameters};

/// Opens the writer.
pub(super) async fn open(_: Datasource, _: WriterParameters) -> Result<Box<dyn Writer>> {
    Ok(Box::new(CountingWriter))
}

struct CountingWriter;

#[async_trait]
impl Writer for CountingWriter {
    async fn schema(&self, source: &[Column]) -> Result<Vec<Column>> {
        // Whatever the source has, decoded, so that a dry run proves that it can be.
        let decoded = source.iter().map(|column| Column {
            wire: None,
            nullable: true,
            ..column.clone()
        });
        Ok(decoded.collect())
    }

    async fn prepare(&self, plan: &WritePlan) -> Result<State> {
        Ok(plan.previous.clone().unwrap_or_default())
    }

    async fn task(&self, _: &State, task: TaskId) -> Result<Box<dyn TaskWriter>> {
        Ok(Box::new(CountingTask(task)))
    }

    async fn recover(&self, _: &State, _: TaskId, _: &State) -> Result<Option<Receipt>> {
        // Rows that were only counted leave nothing; counting them again is harmless.
        Ok(None)
    }

    async fn commit(&self, _: &State, _: &[Receipt]) -> Result<()> {
        Ok(())
    }

    async fn abort(&self, _: &State) -> Result<()> {
        Ok(())
    }
}

struct CountingTask(TaskId);

#[async_trait]
impl TaskWriter for CountingTask {
    async fn write(&mut self, batch: RecordBatch) -> Result<Written> {
        Ok(Written {
            row_count: batch.num_rows() as u64,
            refused: Vec::new(),
        })
    }

    async fn seal(&mut self) -> Result<Sealed> {
        Ok(Sealed {
            written: Written::default(),
            state: State::default(),
        })
    }

    async fn publish(self: Box<Self>) -> Result<Receipt> {
        Ok(Receipt {
            task: self.0,
            state: State::default(),
        })
    }
}
