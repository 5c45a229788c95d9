//! The reader: partitions → downloads → ranges of rows → batches.
//!
//! Owns planning and the life of downloads. A download is created once, when the job is planned, and
//! its id travels in the splits, so that every process reads the same snapshot.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use maxcompute::client::{BatchSize, Download, ReadRequest};
use maxcompute::types::{PartitionSpec, TableSchema};
use sdk::{
    BatchStream, Column, Error, Kind, ReadBatch, ReadOptions, Reader, Result, Split, Splits, State,
};
use serde::{Deserialize, Serialize};

use super::config::{Datasource, ReaderParameters, SplitMode};
use super::fault;
use super::layout::Layout;
use super::partition::Choice;
use super::slice::{self, Slice};
use super::table::{self, CONCURRENT_REQUESTS, Table};

/// A source table, opened.
struct TableReader {
    table: Arc<Table>,
    parameters: ReaderParameters,
    choices: Vec<Choice>,
    layout: Arc<Layout>,
    /// Downloads known to be alive in this process, by id.
    downloads: Mutex<HashMap<String, Download>>,
}

/// What a split needs to be read again, by any process.
#[derive(Debug, Serialize, Deserialize)]
struct SplitState {
    /// Without its schema, which would be repeated in every split.
    download: Download,
    partition: Option<PartitionSpec>,
    start: u64,
    row_count: u64,
}

/// Connects, and checks the parameters against the table.
pub(super) async fn open(
    datasource: Datasource,
    parameters: ReaderParameters,
) -> Result<Box<dyn Reader>> {
    parameters.check()?;
    let table = Table::open(table::client(&datasource)?, &parameters.table).await?;
    table.expects_partition(!parameters.partition.is_empty())?;
    let keys = table.keys();
    let choices = parameters
        .partition
        .iter()
        .map(|text| Choice::parse(text, &keys))
        .collect::<Result<_>>()?;
    let layout = Arc::new(Layout::new(&table.name, &table.schema, &parameters.column)?);
    Ok(Box::new(TableReader {
        table,
        parameters,
        choices,
        layout,
        downloads: Mutex::default(),
    }))
}

impl TableReader {
    /// The partitions to read, `None` standing for the whole of a table without partitions.
    async fn partitions(&self, notices: &mut Vec<String>) -> Result<Vec<Option<PartitionSpec>>> {
        if self.choices.is_empty() {
            return Ok(vec![None]);
        }
        let (partitions, covered) = self.table.select(&self.choices).await?;
        let expressions = self.parameters.partition.iter().zip(covered);
        let missing: Vec<&str> = expressions
            .filter(|(_, is_covered)| !is_covered)
            .map(|(expression, _)| expression.as_str())
            .collect();
        if !missing.is_empty() && !self.parameters.success_on_no_partition {
            return Err(self.table.no_partition(&missing).await);
        }
        for expression in missing {
            notices.push(format!(
                "no partition of {} matches `{expression}`",
                self.table
            ));
        }
        Ok(partitions.into_iter().map(Some).collect())
    }

    async fn create_download(
        &self,
        partition: Option<PartitionSpec>,
    ) -> Result<(Option<PartitionSpec>, Download)> {
        let created = self
            .table
            .client
            .create_download(&self.table.name, partition.as_ref())
            .await;
        let download = created.map_err(|fault| {
            let place = self.table.place(partition.as_ref());
            fault::describe(fault, format_args!("cannot begin reading {place}"))
        })?;
        self.remember(download.clone())?;
        Ok((partition, download))
    }

    /// The download of a split with its schema; asks the service once per process and download.
    async fn find_download(&self, state: &SplitState) -> Result<Download> {
        let known = self.known(&state.download.id);
        if let Some(download) = known {
            return Ok(download);
        }
        let loaded = self
            .table
            .client
            .load_download(&state.download)
            .await
            .map_err(|fault| {
                let place = self.table.place(state.partition.as_ref());
                fault::describe(fault, format_args!("cannot go on reading {place}"))
            })?;
        self.remember(loaded.clone())?;
        Ok(loaded)
    }

    fn known(&self, id: &str) -> Option<Download> {
        // The map is whole between any two statements, so a panic elsewhere cannot have broken it.
        self.downloads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }

    fn remember(&self, download: Download) -> Result<()> {
        if download.schema.columns != self.table.schema.columns {
            return Err(Error::new(
                Kind::Conflict,
                format!(
                    "the columns of {} changed while the job began to read it",
                    self.table
                ),
            )
            .hint("run the job again"));
        }
        self.downloads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(download.id.clone(), download);
        Ok(())
    }
}

#[async_trait]
impl Reader for TableReader {
    async fn schema(&self) -> Result<Vec<Column>> {
        Ok(self.layout.columns().to_vec())
    }

    async fn prepare(&self) -> Result<()> {
        self.table.run("preSql", &self.parameters.pre_sql).await
    }

    async fn splits(&self, wanted: usize) -> Result<Splits> {
        let mut notices = Vec::new();
        let partitions = self.partitions(&mut notices).await?;
        let downloads: Vec<(Option<PartitionSpec>, Download)> = stream::iter(partitions)
            .map(|partition| self.create_download(partition))
            .buffered(CONCURRENT_REQUESTS)
            .try_collect()
            .await?;
        let row_counts: Vec<u64> = downloads
            .iter()
            .map(|(_, download)| download.record_count)
            .collect();
        let slices = match self.parameters.split_mode {
            SplitMode::Record => slice::ranges(&row_counts, wanted),
            SplitMode::Partition => slice::whole(&row_counts),
        };
        let split = |slice: Slice| {
            let (partition, download) = &downloads[slice.partition];
            let end = slice.start + slice.row_count;
            let mut without_schema = download.clone();
            without_schema.schema = TableSchema::default();
            let rows = format!("rows {}..{end}", slice.start);
            Ok(Split {
                label: match partition {
                    Some(partition) => format!("{partition} {rows}"),
                    None => rows,
                },
                estimated_rows: Some(slice.row_count),
                state: State::new(&SplitState {
                    download: without_schema,
                    partition: partition.clone(),
                    start: slice.start,
                    row_count: slice.row_count,
                })?,
            })
        };
        let splits = slices.into_iter().map(split).collect::<Result<_>>()?;
        Ok(Splits { splits, notices })
    }

    async fn read(&self, split: &Split, options: &ReadOptions) -> Result<BatchStream> {
        let state: SplitState = split.state.read()?;
        let layout = self.layout.clone();
        if layout.asks_nothing() {
            return Ok(constants(layout, state, options.batch_rows));
        }
        let download = self.find_download(&state).await?;
        let request = ReadRequest {
            rows: state.start..state.start + state.row_count,
            columns: layout.asked().map(<[String]>::to_vec),
            compression: self.parameters.travel.coding(),
            batch: BatchSize {
                rows: options.batch_rows,
                bytes: options.batch_bytes,
            },
        };
        let attempted = format!("cannot read {} of {}", split.label, self.table);
        let batches = self
            .table
            .client
            .read(&download, request)
            .map(move |decoded| {
                let decoded = decoded.map_err(|fault| fault::describe(fault, &attempted))?;
                layout.batch(decoded, state.partition.as_ref())
            });
        Ok(batches.boxed())
    }

    async fn finish(&self) -> Result<()> {
        self.table.run("postSql", &self.parameters.post_sql).await
    }
}

/// A split of which only partition columns are wanted: its rows are counted, not fetched.
fn constants(layout: Arc<Layout>, state: SplitState, batch_rows: usize) -> BatchStream {
    let batches = stream::unfold(state.row_count, move |rest| {
        let row_count = rest.min(batch_rows.max(1) as u64);
        // The minimum with a `usize` fits one.
        let batch = layout.constants(row_count as usize, state.partition.as_ref());
        let next = (row_count > 0).then(|| (batch.map(ReadBatch::from), rest - row_count));
        futures::future::ready(next)
    });
    batches.boxed()
}
