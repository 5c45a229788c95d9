//! The writer: one upload for the whole job, filled by all tasks, committed once.
//!
//! Owns preparation, commit and what a resumed run finds; filling blocks is left to `block`. Nothing
//! is visible before the commit, so giving up needs no undoing.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use maxcompute::client::{Block, ErrorClass, Upload, UploadMode, UploadState, UploadStatus};
use maxcompute::record::Encoder;
use maxcompute::types::PartitionSpec;
use sdk::{Column, Error, Kind, Receipt, Result, State, TaskId, TaskWriter, WritePlan, Writer};
use serde::{Deserialize, Serialize};

use super::block::{BlockWriter, Blocks, Budget, Target};
use super::config::{Datasource, MissingColumns, WriterParameters};
use super::fault;
use super::layout::{Found, find_columns};
use super::partition::parse_one;
use super::rows::{RowForm, ValueRules};
use super::table::{self, Table};
use super::typemap;

/// Blocks of one upload (<https://www.alibabacloud.com/help/en/maxcompute/user-guide/tunnel-sdk>).
const BLOCKS_PER_UPLOAD: u32 = 20_000;

/// A target table, opened.
struct TableWriter {
    table: Arc<Table>,
    parameters: WriterParameters,
    partition: Option<PartitionSpec>,
    /// Indexes of the job's columns among those of the table.
    columns: Vec<usize>,
    budget: Arc<Budget>,
}

/// What all processes of a run share.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Prepared {
    upload: Upload,
    blocks_per_task: u32,
    /// Columns of every batch: the first ones of the job's list.
    column_count: usize,
}

impl Prepared {
    /// The block ids of a task.
    fn blocks(&self, task: TaskId) -> Range<u32> {
        let start = task.0.saturating_mul(self.blocks_per_task);
        start
            ..start
                .saturating_add(self.blocks_per_task)
                .min(BLOCKS_PER_UPLOAD)
    }
}

/// Connects, and checks the parameters against the table.
pub(super) async fn open(
    datasource: Datasource,
    parameters: WriterParameters,
) -> Result<Box<dyn Writer>> {
    parameters.check()?;
    let table = Table::open(table::client(&datasource)?, &parameters.table).await?;
    table.expects_partition(parameters.partition.is_some())?;
    let partition = match &parameters.partition {
        Some(text) => Some(parse_one(text, &table.keys())?),
        None => None,
    };
    let columns = columns(&table, &parameters.column)?;
    leaves_no_gap(&table, &columns)?;
    let budget = Budget::new((parameters.block_size_in_mb as usize) << 20);
    Ok(Box::new(TableWriter {
        table,
        parameters,
        partition,
        columns,
        budget,
    }))
}

/// Finds the job's columns among the table's data columns.
fn columns(table: &Table, names: &[String]) -> Result<Vec<usize>> {
    let mut chosen = Vec::new();
    let mut keys = Vec::new();
    for found in find_columns(&table.name, &table.schema, names)? {
        match found {
            Found::Data(index) => chosen.push(index),
            Found::Key(index) => keys.push(table.schema.partition_keys[index].name.as_str()),
        }
    }
    if !keys.is_empty() {
        return Err(Error::new(
            Kind::Config,
            format!(
                "cannot write partition columns of {table}: {}",
                keys.join(", ")
            ),
        )
        .hint("leave them out of `column`; their values come from `partition`"));
    }
    let mut seen = BTreeSet::new();
    let twice: Vec<&str> = chosen
        .iter()
        .filter(|index| !seen.insert(**index))
        .map(|index| table.schema.columns[*index].name.as_str())
        .collect();
    if !twice.is_empty() {
        return Err(Error::new(
            Kind::Config,
            format!("columns of {table} are written twice: {}", twice.join(", ")),
        )
        .hint("name every column once in `column`"));
    }
    if chosen.is_empty() {
        return Err(
            Error::new(Kind::Config, format!("no column of {table} is written"))
                .hint("list columns in `column`, or write `[\"*\"]`"),
        );
    }
    Ok(chosen)
}

/// Refuses to leave out columns that do not take NULL.
fn leaves_no_gap(table: &Table, columns: &[usize]) -> Result<()> {
    let stored = table.schema.columns.iter().enumerate();
    let forgotten: Vec<&str> = stored
        .filter(|(index, column)| !column.nullable && !columns.contains(index))
        .map(|(_, column)| column.name.as_str())
        .collect();
    if forgotten.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        Kind::Config,
        format!(
            "{table} has NOT NULL columns that the job does not write: {}",
            forgotten.join(", ")
        ),
    )
    .hint("add them to `column`, with a constant on the reader's side if need be"))
}

impl TableWriter {
    fn place(&self) -> String {
        self.table.place(self.partition.as_ref())
    }

    fn target(&self, prepared: Prepared) -> Arc<Target> {
        let upload = prepared.upload;
        let columns = &self.columns[..prepared.column_count.min(self.columns.len())];
        let rules = ValueRules {
            empty_as_null: self.parameters.empty_as_null,
            long_text: self.parameters.long_text.clone(),
            max_field_bytes: upload.max_field_size,
        };
        Arc::new(Target {
            table: self.table.clone(),
            form: RowForm::new(upload.schema.columns.clone(), columns, rules),
            compression: self.parameters.travel.coding(),
            budget: self.budget.clone(),
            upload,
        })
    }

    /// Whether an earlier process left an upload that can be filled or is committed already. What is
    /// committed must not be written again, so an upload whose end nobody knows is an error, unless
    /// its rows would be replaced anyway.
    async fn can_continue(&self, prepared: &Prepared) -> Result<bool> {
        let end = match self.table.client.load_upload(&prepared.upload).await {
            Ok(state) => match state.status {
                UploadStatus::Committing | UploadStatus::Closed => return Ok(true),
                UploadStatus::Open => {
                    return Ok(prepared.upload.schema.columns == self.table.schema.columns);
                }
                UploadStatus::Unusable(word) => word,
            },
            Err(fault) if matches!(fault.class(), ErrorClass::NotFound | ErrorClass::Conflict) => {
                match fault.code() {
                    "" => "unknown".to_string(),
                    code => code.to_string(),
                }
            }
            Err(fault) => return Err(self.describe(fault, "cannot ask for the upload into")),
        };
        let is_uncommitted = ["EXPIRED", "CANCELED"].contains(&end.to_ascii_uppercase().as_str());
        if self.parameters.truncate || is_uncommitted {
            return Ok(false);
        }
        Err(Error::new(
            Kind::Conflict,
            format!(
                "cannot tell whether the rows of this run are in {} already: its upload is `{end}`",
                self.place()
            ),
        )
        .hint("look for the rows in the target; if they are not there, begin a new run"))
    }

    fn describe(&self, fault: maxcompute::client::Error, attempted: &str) -> Error {
        fault::describe(fault, format_args!("{attempted} {}", self.place()))
    }

    async fn load(&self, prepared: &Prepared) -> Result<UploadState> {
        let loaded = self.table.client.load_upload(&prepared.upload).await;
        loaded.map_err(|fault| self.describe(fault, "cannot ask for the upload into"))
    }

    /// Compares what the service holds with the receipts, and empties blocks that only an abandoned
    /// attempt wrote. Returns all block ids.
    async fn reconcile(
        &self,
        prepared: &Prepared,
        blocks: Vec<Block>,
        receipts: &[Receipt],
    ) -> Result<Vec<u32>> {
        let mut wanted = BTreeMap::new();
        for receipt in receipts {
            let Blocks { blocks } = receipt.state.read()?;
            wanted.extend(
                blocks
                    .into_iter()
                    .map(|block| (block.id, block.record_count)),
            );
        }
        let target = self.target(prepared.clone());
        let mut ids = BTreeSet::new();
        for block in blocks {
            ids.insert(block.id);
            match wanted.remove(&block.id) {
                Some(row_count) if row_count == block.record_count => {}
                Some(row_count) => {
                    return Err(Error::new(
                        Kind::Conflict,
                        format!(
                            "cannot commit into {}: block {} holds {} rows instead of {row_count}",
                            self.place(),
                            block.id,
                            block.record_count
                        ),
                    )
                    .hint("another process seems to write for the same run; end it and run the job again"));
                }
                None if block.record_count == 0 => {}
                None => self.write_empty(&target, block.id).await?,
            }
        }
        if let Some(id) = wanted.keys().next() {
            return Err(Error::new(
                Kind::Conflict,
                format!(
                    "cannot commit into {}: the service has lost block {id}",
                    self.place()
                ),
            )
            .hint("run the job again"));
        }
        // Whether the service empties the target for an upload without any block is not documented.
        if ids.is_empty() {
            self.write_empty(&target, 0).await?;
            ids.insert(0);
        }
        Ok(ids.into_iter().collect())
    }

    async fn write_empty(&self, target: &Target, block: u32) -> Result<()> {
        let mut body = Vec::new();
        Encoder::new(target.form.types()).finish(&mut body);
        target.send(block, body).await
    }
}

#[async_trait]
impl Writer for TableWriter {
    async fn schema(&self, source: &[Column]) -> Result<Vec<Column>> {
        let stored = &self.table.schema.columns;
        let mut columns = self.columns.as_slice();
        if self.parameters.missing_columns == MissingColumns::Null && source.len() < columns.len() {
            if source.is_empty() {
                return Err(Error::new(
                    Kind::Unsupported,
                    format!("{} cannot take rows without columns", self.place()),
                )
                .hint("name at least one column of the reader, a constant if there is no other"));
            }
            let rest;
            (columns, rest) = columns.split_at(source.len());
            leaves_no_gap(&self.table, columns)?;
            let names: Vec<&str> = rest
                .iter()
                .map(|index| stored[*index].name.as_str())
                .collect();
            tracing::warn!(
                "the reader has no columns for these of {}, which become NULL: {}",
                self.table,
                names.join(", ")
            );
        }
        Ok(columns
            .iter()
            .map(|index| typemap::data_column(&stored[*index]))
            .collect())
    }

    async fn prepare(&self, plan: &WritePlan) -> Result<State> {
        if let Some(previous) = &plan.previous
            && self.can_continue(&previous.read()?).await?
        {
            return Ok(previous.clone());
        }
        if plan.task_count > BLOCKS_PER_UPLOAD {
            return Err(Error::new(
                Kind::Unsupported,
                format!(
                    "cannot write {} with {} tasks: an upload has {BLOCKS_PER_UPLOAD} blocks",
                    self.place(),
                    plan.task_count
                ),
            )
            .hint("lower `concurrent`, or read fewer partitions or files per job"));
        }
        self.table.run("preSql", &self.parameters.pre_sql).await?;
        let mode = if self.parameters.truncate {
            UploadMode::Overwrite
        } else {
            UploadMode::Append
        };
        let upload = self
            .table
            .client
            .create_upload(&self.table.name, self.partition.as_ref(), mode)
            .await
            .map_err(|fault| self.describe(fault, "cannot begin an upload into"))?;
        if upload.schema.columns != self.table.schema.columns {
            return Err(Error::new(
                Kind::Conflict,
                format!("the columns of {} changed while the job began", self.table),
            )
            .hint(
                "run the job again; if `preSql` changes the table, do that in a job of its own",
            ));
        }
        State::new(&Prepared {
            upload,
            blocks_per_task: BLOCKS_PER_UPLOAD / plan.task_count.max(1),
            column_count: plan.columns.len(),
        })
    }

    async fn task(&self, prepared: &State, task: TaskId) -> Result<Box<dyn TaskWriter>> {
        let prepared: Prepared = prepared.read()?;
        let ids = prepared.blocks(task);
        Ok(Box::new(BlockWriter::new(self.target(prepared), task, ids)))
    }

    async fn recover(
        &self,
        prepared: &State,
        task: TaskId,
        seal: &State,
    ) -> Result<Option<Receipt>> {
        let state = self.load(&prepared.read()?).await?;
        let Blocks { blocks } = seal.read()?;
        let is_there = blocks.iter().all(|block| state.blocks.contains(block));
        // Blocks of a closed upload are committed; some services stop listing them.
        let is_whole = is_there || state.status == UploadStatus::Closed;
        Ok(is_whole.then(|| Receipt {
            task,
            state: seal.clone(),
        }))
    }

    async fn commit(&self, prepared: &State, receipts: &[Receipt]) -> Result<()> {
        let prepared: Prepared = prepared.read()?;
        let state = self.load(&prepared).await?;
        let ids = if state.status == UploadStatus::Open {
            self.reconcile(&prepared, state.blocks, receipts).await?
        } else {
            // An earlier commit compared the blocks; what is left is to see it end.
            Vec::new()
        };
        self.table
            .client
            .commit(&prepared.upload, &ids)
            .await
            .map_err(|fault| self.describe(fault, "cannot commit the upload into"))?;
        let run = self.table.run("postSql", &self.parameters.post_sql).await;
        run.map_err(|error| error.prefix(format!("the rows are in {}", self.place())))
    }

    async fn abort(&self, _prepared: &State) -> Result<()> {
        // The protocol has no call to end an upload; what is not committed expires unseen.
        Ok(())
    }
}
