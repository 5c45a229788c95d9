//! A store in memory that keeps the contract of `sdk` and shows what a target would show.
//!
//! Stores live in a table of the process, named by the datasource, since connectors are opened from
//! plain configurations. Published rows are visible; sealed ones are not.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_schema::{DataType, SchemaRef};
use async_trait::async_trait;
use futures::StreamExt;
use schemars::JsonSchema;
use sdk::{
    BatchStream, Column, Connector, Error, Family, Kind, ReadOptions, Reader, Receipt, RefusedRow,
    Registry, Result, Sealed, Split, Splits, State, TaskId, TaskWriter, Tier, WritePlan, Writer,
    Written,
};
use serde::Deserialize;

use crate::faults::{Fault, Script, Step, under};

/// The registry of the one connector `memory`.
pub fn registry() -> Registry {
    let connector = Connector::new::<Datasource>(
        "memory",
        "Memory",
        Family::Synthetic,
        Tier::Unverified("tests only"),
    )
    .reader(
        |datasource: Datasource, parameters: ReadParameters| async move {
            let store = MemoryStore::named(&datasource.store);
            let reader: Box<dyn Reader> = Box::new(MemoryReader {
                store,
                columns: parameters.column,
            });
            Ok(reader)
        },
    )
    .writer(|datasource: Datasource, _: WriteParameters| async move {
        let writer: Box<dyn Writer> = Box::new(MemoryWriter {
            store: MemoryStore::named(&datasource.store),
        });
        Ok(writer)
    });
    Registry::new(vec![connector])
}

#[derive(Deserialize, JsonSchema)]
struct Datasource {
    store: String,
}

#[derive(Deserialize, JsonSchema)]
struct ReadParameters {
    #[serde(default)]
    column: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
struct WriteParameters {}

/// A named store: what it offers for reading, what was written, and its script of faults.
#[derive(Clone)]
pub struct MemoryStore(Arc<Mutex<Content>>);

#[derive(Default)]
struct Content {
    columns: Vec<Column>,
    splits: Vec<Vec<RecordBatch>>,
    sealed: HashMap<String, Vec<RecordBatch>>,
    published: BTreeMap<String, (TaskId, Vec<RecordBatch>)>,
    attempts: u32,
    prepared: u32,
    committed: u32,
    aborted: bool,
    refuse_above: Option<i64>,
    hides_sizes: bool,
    script: Script,
}

impl MemoryStore {
    /// The store of this name, made when first asked for.
    pub fn named(name: &str) -> Self {
        static STORES: OnceLock<Mutex<HashMap<String, MemoryStore>>> = OnceLock::new();
        let stores = STORES.get_or_init(Mutex::default);
        let mut stores = stores
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        stores
            .entry(name.to_string())
            .or_insert_with(|| MemoryStore(Arc::default()))
            .clone()
    }

    /// Sets the columns and, per split, the batches to read.
    pub fn offer(&self, columns: Vec<Column>, splits: Vec<Vec<RecordBatch>>) {
        let mut content = self.lock();
        content.columns = columns;
        content.splits = splits;
    }

    /// Sets what goes wrong from now on.
    pub fn script(&self, faults: &[Fault]) {
        self.lock().script = Script::new(faults);
    }

    /// Refuses rows whose first column, a 64-bit integer, is above this.
    pub fn refuse_above(&self, most: i64) {
        self.lock().refuse_above = Some(most);
    }

    /// Cannot tell how many rows a split has, from now on.
    pub fn hide_sizes(&self) {
        self.lock().hides_sizes = true;
    }

    /// Everything visible, in the order of tasks.
    pub fn rows(&self) -> Vec<RecordBatch> {
        let content = self.lock();
        let mut published: Vec<_> = content.published.values().cloned().collect();
        published.sort_by_key(|(task, _)| *task);
        published
            .into_iter()
            .flat_map(|(_, batches)| batches)
            .collect()
    }

    /// The first column of everything visible, sorted.
    pub fn keys(&self) -> Vec<i64> {
        let mut keys: Vec<i64> = self.rows().iter().flat_map(keys_of).collect();
        keys.sort_unstable();
        keys
    }

    /// How often a step was called since the script was set.
    pub fn calls(&self, step: Step) -> usize {
        self.lock().script.count(step)
    }

    /// How often a run was prepared and committed here, and whether one was given up.
    pub fn ends(&self) -> (u32, u32, bool) {
        let content = self.lock();
        (content.prepared, content.committed, content.aborted)
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn keys_of(batch: &RecordBatch) -> Vec<i64> {
    batch
        .column(0)
        .as_primitive::<Int64Type>()
        .values()
        .to_vec()
}

struct MemoryReader {
    store: MemoryStore,
    columns: Vec<String>,
}

impl MemoryReader {
    fn indexes(&self) -> Result<Vec<usize>> {
        let content = self.store.lock();
        if self.columns.is_empty() || self.columns == ["*"] {
            return Ok((0..content.columns.len()).collect());
        }
        let find = |name: &String| {
            content
                .columns
                .iter()
                .position(|column| column.name == *name)
                .ok_or_else(|| Error::new(Kind::NotFound, format!("there is no column `{name}`")))
        };
        self.columns.iter().map(find).collect()
    }
}

#[async_trait]
impl Reader for MemoryReader {
    async fn schema(&self) -> Result<Vec<Column>> {
        let indexes = self.indexes()?;
        let content = self.store.lock();
        Ok(indexes
            .into_iter()
            .map(|index| content.columns[index].clone())
            .collect())
    }

    async fn prepare(&self) -> Result<()> {
        let action = self.store.lock().script.called(Step::ReadyToRead);
        under(action, Step::ReadyToRead, || Ok(())).await
    }

    async fn finish(&self) -> Result<()> {
        let action = self.store.lock().script.called(Step::EndOfRead);
        under(action, Step::EndOfRead, || Ok(())).await
    }

    async fn splits(&self, _wanted: usize) -> Result<Splits> {
        let content = self.store.lock();
        let splits = content.splits.iter().enumerate().map(|(index, batches)| {
            let rows = batches.iter().map(|batch| batch.num_rows() as u64).sum();
            Ok(Split {
                label: format!("part {index}"),
                estimated_rows: (!content.hides_sizes).then_some(rows),
                state: State::new(&index)?,
            })
        });
        Ok(Splits {
            splits: splits.collect::<Result<_>>()?,
            notices: Vec::new(),
        })
    }

    async fn read(&self, split: &Split, _options: &ReadOptions) -> Result<BatchStream> {
        let index: usize = split.state.read()?;
        let (store, columns) = (self.store.clone(), self.indexes()?);
        let batches = store.lock().splits[index].clone();
        let stream = futures::stream::iter(batches).then(move |batch| {
            let (store, columns) = (store.clone(), columns.clone());
            async move {
                let action = store.lock().script.called(Step::Read);
                under(action, Step::Read, || Ok(batch.project(&columns)?.into())).await
            }
        });
        Ok(stream.boxed())
    }
}

struct MemoryWriter {
    store: MemoryStore,
}

#[async_trait]
impl Writer for MemoryWriter {
    async fn schema(&self, source: &[Column]) -> Result<Vec<Column>> {
        let content = self.store.lock();
        Ok(if content.columns.is_empty() {
            source.to_vec()
        } else {
            content.columns.clone()
        })
    }

    async fn prepare(&self, plan: &WritePlan) -> Result<State> {
        let action = self.store.lock().script.called(Step::Prepare);
        under(action, Step::Prepare, || {
            let mut content = self.store.lock();
            match &plan.previous {
                Some(state) => Ok(state.clone()),
                None => {
                    content.prepared += 1;
                    State::new(&content.prepared)
                }
            }
        })
        .await
    }

    async fn task(&self, _prepared: &State, task: TaskId) -> Result<Box<dyn TaskWriter>> {
        let mut content = self.store.lock();
        content.attempts += 1;
        let id = format!("{task}/{}", content.attempts);
        Ok(Box::new(MemoryTask {
            store: self.store.clone(),
            task,
            id,
            batches: Vec::new(),
            most_refused: u64::MAX,
        }))
    }

    async fn recover(
        &self,
        _prepared: &State,
        task: TaskId,
        seal: &State,
    ) -> Result<Option<Receipt>> {
        let id: String = seal.read()?;
        let action = self.store.lock().script.called(Step::Recover);
        under(action, Step::Recover, || {
            let published = self.store.lock().published.contains_key(&id);
            Ok(published.then(|| Receipt {
                task,
                state: seal.clone(),
            }))
        })
        .await
    }

    async fn commit(&self, _prepared: &State, receipts: &[Receipt]) -> Result<()> {
        let action = self.store.lock().script.called(Step::Commit);
        under(action, Step::Commit, || {
            let mut content = self.store.lock();
            for receipt in receipts {
                let id: String = receipt.state.read()?;
                if !content.published.contains_key(&id) {
                    return Err(Error::internal(format!(
                        "the receipt {id} is for rows that are not there"
                    )));
                }
            }
            content.committed += 1;
            Ok(())
        })
        .await
    }

    async fn abort(&self, _prepared: &State) -> Result<()> {
        let mut content = self.store.lock();
        content.sealed.clear();
        content.aborted = true;
        Ok(())
    }
}

struct MemoryTask {
    store: MemoryStore,
    task: TaskId,
    id: String,
    batches: Vec<RecordBatch>,
    /// With more refused rows than these it looks no further.
    most_refused: u64,
}

#[async_trait]
impl TaskWriter for MemoryTask {
    fn allow_refused(&mut self, most: u64) {
        self.most_refused = most;
    }

    async fn write(&mut self, batch: RecordBatch) -> Result<Written> {
        let (action, most) = {
            let mut content = self.store.lock();
            (content.script.called(Step::Write), content.refuse_above)
        };
        let (batches, most_refused) = (&mut self.batches, self.most_refused);
        under(action, Step::Write, || {
            let mut written = Written::default();
            let batch = Arc::new(batch);
            for row in 0..batch.num_rows() {
                if written.refused.len() as u64 > most_refused {
                    break;
                }
                let slice = batch.slice(row, 1);
                let refused = most.is_some_and(|most| keys_of(&slice)[0] > most);
                if refused {
                    let column = Some(batch.schema().field(0).name().clone());
                    written.refused.push(RefusedRow {
                        batch: batch.clone(),
                        row,
                        column,
                        reason: "above the most".to_string(),
                    });
                } else {
                    written.row_count += 1;
                    batches.push(slice);
                }
            }
            Ok(written)
        })
        .await
    }

    async fn seal(&mut self) -> Result<Sealed> {
        let action = self.store.lock().script.called(Step::Seal);
        let (store, id, batches) = (&self.store, &self.id, &mut self.batches);
        under(action, Step::Seal, || {
            store
                .lock()
                .sealed
                .insert(id.clone(), std::mem::take(batches));
            Ok(Sealed {
                written: Written::default(),
                state: State::new(id)?,
            })
        })
        .await
    }

    async fn publish(self: Box<Self>) -> Result<Receipt> {
        let action = self.store.lock().script.called(Step::Publish);
        under(action, Step::Publish, || {
            let mut content = self.store.lock();
            let batches = content
                .sealed
                .remove(&self.id)
                .ok_or_else(|| Error::internal("published without a seal"))?;
            content
                .published
                .insert(self.id.clone(), (self.task, batches));
            Ok(Receipt {
                task: self.task,
                state: State::new(&self.id)?,
            })
        })
        .await
    }
}

/// A schema of nullable fields.
pub fn schema_of(columns: &[Column]) -> SchemaRef {
    Arc::new(arrow_schema::Schema::new(
        columns.iter().map(Column::field).collect::<Vec<_>>(),
    ))
}

/// A column of 64-bit integers named `id`, the key.
pub fn id_column() -> Column {
    Column {
        key: true,
        ..Column::new("id", DataType::Int64)
    }
}
