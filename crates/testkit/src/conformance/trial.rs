//! One case at work: its memory stores, its jobs through the engine, and the comparison of rows.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, Int64Array, RecordBatch, StringArray, UInt32Array};
use arrow_schema::DataType;
use arrow_select::concat::concat_batches;
use arrow_select::take::take_record_batch;
use engine::{Datasource, Ended, Ledger, Plan, run};
use sdk::{Column, Registry, cell_to_json};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::subject::{Cut, Mode, Subject, Table};
use crate::{MemoryStore, TestRun, id_column, schema_of};

/// Nothing, or what is wrong.
pub type Verdict = Result<(), String>;

/// One side of a job.
#[derive(Clone)]
pub(super) struct End {
    datasource: Datasource,
    parameter: Value,
}

/// A job between two ends: one channel, no retries and no dirty rows unless a case says so.
pub(super) struct Copy<'a> {
    from: &'a End,
    into: &'a End,
    channels: u32,
    retries: u32,
    dirty_limit: u64,
}

/// Runs jobs, each with its ledger and dirty rows in a folder of its own.
pub(super) struct Jobs {
    registry: Registry,
    folder: TempDir,
}

/// A case with its subject.
pub(super) struct Trial<'a> {
    pub(super) subject: &'a Subject,
    pub(super) jobs: Jobs,
}

impl Jobs {
    /// With the connectors of the build and the one in memory.
    pub(super) fn new(registry: &Registry) -> Result<Self, String> {
        let memory = crate::registry();
        let connectors = [registry, &memory]
            .into_iter()
            .flat_map(|registry| registry.connectors().iter().cloned());
        Ok(Jobs {
            registry: Registry::new(connectors.collect()),
            folder: tempfile::tempdir().map_err(text)?,
        })
    }

    /// Runs a job to its end, with a fresh ledger.
    pub(super) async fn run(&self, copy: &Copy<'_>) -> Result<Ended, String> {
        self.run_in(&self.fresh_folder()?, copy).await
    }

    /// Runs a job that must succeed.
    pub(super) async fn succeed(&self, copy: &Copy<'_>) -> Result<Ended, String> {
        let ended = self.run(copy).await?;
        let Some(failure) = &ended.failure else {
            return Ok(ended);
        };
        let dirty = ended.report.dirty_file.as_deref().map(first_line);
        Err(format!(
            "the job failed: {failure} {}",
            dirty.unwrap_or_default()
        ))
    }

    /// Runs a job to its end; it is continued if the folder has a ledger of it.
    pub(super) async fn run_in(&self, folder: &Path, copy: &Copy<'_>) -> Result<Ended, String> {
        let (document, datasources) = copy.document();
        let test = TestRun {
            document: &document,
            registry: &self.registry,
            datasources: &datasources,
            folder,
        };
        test.run().await
    }

    /// Runs a job with a ledger that may die.
    pub(super) async fn run_with(
        &self,
        folder: &Path,
        copy: &Copy<'_>,
        ledger: Arc<dyn Ledger>,
    ) -> Result<Ended, String> {
        let (document, datasources) = copy.document();
        let test = TestRun {
            document: &document,
            registry: &self.registry,
            datasources: &datasources,
            folder,
        };
        Ok(run(test.plan().await?, test.context_with(ledger)).await)
    }

    /// Plans a job.
    pub(super) async fn plan(&self, copy: &Copy<'_>) -> Result<Plan, String> {
        let (document, datasources) = copy.document();
        let test = TestRun {
            document: &document,
            registry: &self.registry,
            datasources: &datasources,
            folder: self.folder.path(),
        };
        test.plan().await
    }

    /// A folder that no run has used.
    pub(super) fn fresh_folder(&self) -> Result<std::path::PathBuf, String> {
        let folder = self.folder.path().join(format!("run{}", number()));
        std::fs::create_dir(&folder).map_err(text)?;
        Ok(folder)
    }
}

impl<'a> Trial<'a> {
    pub(super) fn new(subject: &'a Subject) -> Result<Self, String> {
        let jobs = Jobs::new(&subject.registry)?;
        Ok(Trial { subject, jobs })
    }

    /// An empty table of these columns, behind an `id`.
    pub(super) async fn table(&self, columns: &[(&str, &str)]) -> Table {
        let id = self.subject.store.native(&DataType::Int64);
        let mut table = Table {
            name: format!("t{}_{}", std::process::id(), number()),
            columns: vec![("id".to_string(), id)],
        };
        table.columns.extend(
            columns
                .iter()
                .map(|(name, native)| ((*name).to_string(), (*native).to_string())),
        );
        self.subject.store.create(&table).await;
        table
    }

    /// An empty table of `id` and `name`.
    pub(super) async fn people_table(&self) -> Table {
        let native = self.subject.store.native(&DataType::Utf8);
        self.table(&[("name", &native)]).await
    }

    /// The table as a source.
    pub(super) fn reading(&self, table: &Table, cut: Cut) -> End {
        End {
            datasource: self.subject.datasource.clone(),
            parameter: self.subject.store.reader(table, cut),
        }
    }

    /// The table as a target.
    pub(super) fn writing(&self, table: &Table, mode: &Mode) -> End {
        let mut parameter = self.subject.store.writer(table);
        merge(&mut parameter, &mode.parameter);
        End {
            datasource: self.subject.datasource.clone(),
            parameter,
        }
    }

    /// The first mode.
    pub(super) fn mode(&self) -> Result<&'a Mode, String> {
        self.subject.modes.first().ok_or_else(|| "no mode".into())
    }

    /// Writes batches of memory into a table, in the first mode.
    pub(super) async fn fill(
        &self,
        table: &Table,
        columns: &[Column],
        batch: &RecordBatch,
    ) -> Verdict {
        self.fill_by(self.mode()?, table, columns, batch).await
    }

    /// Writes batches of memory into a table.
    pub(super) async fn fill_by(
        &self,
        mode: &Mode,
        table: &Table,
        columns: &[Column],
        batch: &RecordBatch,
    ) -> Verdict {
        let into = self.writing(table, mode);
        let (source, from) = memory();
        source.offer(columns.to_vec(), vec![vec![batch.clone()]]);
        let copy = Copy::of(&from, &into);
        self.jobs.succeed(&copy).await.map(|_| ())
    }

    /// Reads a table back into memory with these columns, without a dirty row.
    pub(super) async fn read_back(
        &self,
        table: &Table,
        columns: &[Column],
    ) -> Result<MemoryStore, String> {
        let from = self.reading(table, Cut::AsUsual);
        let (target, into) = memory();
        target.offer(columns.to_vec(), Vec::new());
        self.jobs.succeed(&Copy::of(&from, &into)).await?;
        Ok(target)
    }

    /// Checks the ids that the store itself shows.
    pub(super) async fn expect_ids(
        &self,
        table: &Table,
        expected: impl IntoIterator<Item = i64>,
        what: &str,
    ) -> Verdict {
        let mut expected: Vec<i64> = expected.into_iter().collect();
        expected.sort_unstable();
        let seen = self.subject.store.ids(table).await;
        same_ids(&seen, &expected).map_err(|problem| format!("{what}: {problem}"))
    }
}

impl End {
    /// A datasource with the parameters of one side.
    pub(super) fn new(datasource: Datasource, parameter: Value) -> Self {
        End {
            datasource,
            parameter,
        }
    }

    /// The same table through another data source.
    pub(super) fn through(&self, datasource: Datasource) -> End {
        End {
            datasource,
            parameter: self.parameter.clone(),
        }
    }

    /// With further parameters.
    pub(super) fn with(&self, more: &Value) -> End {
        let mut end = self.clone();
        merge(&mut end.parameter, more);
        end
    }

    /// What a connector is opened with.
    pub(super) fn opening(&self) -> (&Datasource, &Value) {
        (&self.datasource, &self.parameter)
    }

    fn step(&self, name: &str) -> Value {
        let mut parameter = self.parameter.clone();
        merge(&mut parameter, &json!({ "datasource": name }));
        json!({ "plugin": self.datasource.connector, "parameter": parameter })
    }
}

impl<'a> Copy<'a> {
    pub(super) fn of(from: &'a End, into: &'a End) -> Self {
        Copy {
            from,
            into,
            channels: 1,
            retries: 0,
            dirty_limit: 0,
        }
    }

    pub(super) fn channels(mut self, channels: u32) -> Self {
        self.channels = channels;
        self
    }

    pub(super) fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    pub(super) fn dirty_limit(mut self, rows: u64) -> Self {
        self.dirty_limit = rows;
        self
    }

    fn document(&self) -> (String, BTreeMap<String, Datasource>) {
        let document = json!({
            "type": "job", "version": "1.0",
            "configuration": {
                "reader": self.from.step("from"), "writer": self.into.step("to"),
                "setting": {
                    "errorLimit": { "record": self.dirty_limit },
                    "speed": { "concurrent": self.channels },
                    "retries": self.retries
                }
            }
        });
        let datasources = [
            ("from".to_string(), self.from.datasource.clone()),
            ("to".to_string(), self.into.datasource.clone()),
        ];
        (document.to_string(), datasources.into())
    }
}

/// A memory store of its own, which takes any columns until it is offered some.
pub(super) fn memory() -> (MemoryStore, End) {
    let name = format!("conformance {}", number());
    let store = MemoryStore::named(&name);
    let config = Map::from_iter([("store".to_string(), Value::from(name))]);
    let datasource = Datasource {
        connector: "memory".to_string(),
        config,
    };
    let parameter = json!({});
    (
        store,
        End {
            datasource,
            parameter,
        },
    )
}

/// The columns of people.
pub(super) fn people_columns() -> Vec<Column> {
    vec![id_column(), Column::new("name", DataType::Utf8)]
}

/// People with these ids; the name tells the id and the mark.
pub(super) fn people(ids: impl IntoIterator<Item = i64>, mark: &str) -> RecordBatch {
    let ids: Vec<i64> = ids.into_iter().collect();
    let names: Vec<String> = ids.iter().map(|id| format!("{mark} {id}")).collect();
    batch(
        &people_columns(),
        vec![
            Arc::new(Int64Array::from(ids)),
            Arc::new(StringArray::from(names)),
        ],
    )
}

/// A batch of these columns.
pub(super) fn batch(columns: &[Column], arrays: Vec<arrow_array::ArrayRef>) -> RecordBatch {
    match RecordBatch::try_new(schema_of(columns), arrays) {
        Ok(batch) => batch,
        Err(error) => panic!("the suite made a wrong batch: {error}"),
    }
}

/// Checks that a memory store holds exactly these rows, in any order.
pub(super) fn same_rows(expected: &RecordBatch, store: &MemoryStore) -> Verdict {
    let batches = store.rows();
    let Some(first) = batches.first() else {
        return check("rows", &0, &expected.num_rows());
    };
    let seen = by_id(&concat_batches(&first.schema(), &batches).map_err(text)?)?;
    let expected = by_id(expected)?;
    check("rows", &seen.num_rows(), &expected.num_rows())?;
    for (index, field) in expected.schema().fields().iter().enumerate() {
        let (want, have) = (expected.column(index), seen.column(index));
        if want.to_data() == have.to_data() {
            continue;
        }
        let differs = |row: &usize| want.slice(*row, 1).to_data() != have.slice(*row, 1).to_data();
        let row = (0..want.len()).find(differs).unwrap_or(0);
        return Err(format!(
            "column {} in row {row} is {} ({}), not {} ({})",
            field.name(),
            cell_to_json(have, row),
            have.data_type(),
            cell_to_json(want, row),
            want.data_type(),
        ));
    }
    Ok(())
}

fn by_id(batch: &RecordBatch) -> Result<RecordBatch, String> {
    let ids = batch.column(0).as_primitive::<Int64Type>().values();
    let mut order: Vec<u32> = (0..).take(ids.len()).collect();
    order.sort_by_key(|row| ids[*row as usize]);
    take_record_batch(batch, &UInt32Array::from(order)).map_err(text)
}

/// Compares sorted ids and tells what is missing and what is doubled rather than listing all.
pub(super) fn same_ids(seen: &[i64], expected: &[i64]) -> Verdict {
    if seen == expected {
        return Ok(());
    }
    let missing = expected.iter().find(|id| seen.binary_search(id).is_err());
    let doubled = seen.windows(2).find(|pair| pair[0] == pair[1]);
    Err(format!(
        "{} rows instead of {}; first missing {missing:?}, first doubled {:?}",
        seen.len(),
        expected.len(),
        doubled.map(|pair| pair[0])
    ))
}

/// Compares two facts.
pub(super) fn check<T: PartialEq + Debug>(what: &str, seen: &T, expected: &T) -> Verdict {
    if seen == expected {
        return Ok(());
    }
    Err(format!("{what}: {seen:?}, expected {expected:?}"))
}

/// The beginning of a dirty-row file, for failure messages.
fn first_line(path: &Path) -> String {
    let file = std::fs::read_to_string(path).unwrap_or_default();
    file.chars().take(400).collect()
}

/// An error as text.
pub(super) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn merge(into: &mut Value, more: &Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
}

/// Numbers that no other case of this process has.
fn number() -> u32 {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}
