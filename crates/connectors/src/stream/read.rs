//! The reader: splits are ranges of row numbers. Reading a split twice gives the same rows.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};
use async_trait::async_trait;
use sdk::{BatchStream, Error, Kind, ReadOptions, Reader, Result, Split, Splits, State};
use serde::{Deserialize, Serialize};

use super::config::{Datasource, ReaderParameters};
use super::generate::Column;
use crate::format::background::in_background;

/// Opens the reader.
pub(super) async fn open(_: Datasource, parameters: ReaderParameters) -> Result<Box<dyn Reader>> {
    let config = |message: &str| Error::new(Kind::Config, message);
    let rows = match (parameters.row_count, parameters.slice_record_count) {
        (Some(total), None) => RowCount::Total(total),
        (None, Some(each)) => RowCount::PerSplit(each),
        (None, None) => {
            return Err(config("the number of rows is missing")
                .hint("set `rowCount`, or `sliceRecordCount` for each channel"));
        }
        (Some(_), Some(_)) => {
            return Err(config(
                "`rowCount` and `sliceRecordCount` exclude each other",
            ));
        }
    };
    if parameters.column.is_empty() {
        return Err(config("`column` is empty").hint("describe at least one column"));
    }
    let columns = parameters
        .column
        .iter()
        .enumerate()
        .map(|(place, column)| column.checked(place))
        .collect::<Result<Vec<Column>>>()?;
    Ok(Box::new(StreamReader {
        columns: columns.into(),
        rows,
        seed: parameters.seed,
    }))
}

#[derive(Clone, Copy)]
enum RowCount {
    Total(u64),
    PerSplit(u64),
}

struct StreamReader {
    columns: Arc<[Column]>,
    rows: RowCount,
    seed: u64,
}

/// The rows of a split.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct RowRange {
    first: u64,
    end: u64,
}

fn offered(columns: &[Column]) -> Vec<sdk::Column> {
    columns
        .iter()
        .map(|column| {
            let mut offered = column.kind.column(&column.name);
            offered.nullable = column.null_ratio > 0.0;
            offered
        })
        .collect()
}

#[async_trait]
impl Reader for StreamReader {
    async fn schema(&self) -> Result<Vec<sdk::Column>> {
        Ok(offered(&self.columns))
    }

    async fn splits(&self, wanted: usize) -> Result<Splits> {
        let wanted = wanted.max(1) as u64;
        let (total, parts) = match self.rows {
            RowCount::Total(total) => (total, wanted.min(total)),
            RowCount::PerSplit(0) => (0, 0),
            RowCount::PerSplit(each) => (each.saturating_mul(wanted), wanted),
        };
        let bound = |part: u64| {
            // At most the total, so it fits 64 bits again.
            (u128::from(total) * u128::from(part) / u128::from(parts)) as u64
        };
        let mut answer = Splits::default();
        for part in 0..parts {
            let range = RowRange {
                first: bound(part),
                end: bound(part + 1),
            };
            answer.splits.push(Split {
                label: format!("rows {}..{}", range.first, range.end),
                estimated_rows: Some(range.end - range.first),
                state: State::new(&range)?,
            });
        }
        Ok(answer)
    }

    async fn read(&self, split: &Split, options: &ReadOptions) -> Result<BatchStream> {
        let range: RowRange = split.state.read()?;
        let (columns, seed) = (self.columns.clone(), self.seed);
        let fields: Vec<Field> = offered(&columns).iter().map(sdk::Column::field).collect();
        let schema = Arc::new(Schema::new(fields));
        let (most_rows, bytes) = (options.batch_rows.max(1), options.batch_bytes.max(1));
        Ok(in_background(move |sender| {
            let mut first = range.first;
            // The first batch is short, and its size tells how many rows the others can have.
            let mut count = most_rows.min(64);
            while first < range.end {
                count = count.min((range.end - first).min(usize::MAX as u64) as usize);
                let arrays = columns
                    .iter()
                    .zip(0..)
                    .map(|(column, stream)| column.rows(seed, stream, first, count))
                    .collect::<Result<Vec<_>>>()?;
                let options = RecordBatchOptions::new().with_row_count(Some(count));
                let batch = RecordBatch::try_new_with_options(schema.clone(), arrays, &options)?;
                let row_bytes = (batch.get_array_memory_size() / count).max(1);
                if !sender.send(batch.into()) {
                    break;
                }
                first += count as u64;
                count = (bytes / row_bytes).clamp(1, most_rows);
            }
            Ok(())
        }))
    }
}
