//! One table on disk: its definition, its partitions, and the changes that are allowed.
//!
//! Folder: `table.json` (its presence makes the table exist) and per partition a folder with `manifest.json` (its
//! presence makes the partition exist) and segments. Every change ends with the replacement of one of these two
//! files, so it happens wholly or not at all. Readers hold the segments they began with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use maxcompute::types::{Column, TableSchema};
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::files::{folders, read_json, remove_if_there, replace_json};
use super::segment::Segment;
use crate::clock::now_seconds;
use crate::names::{Spec, split_name};

/// What a table is. Only managed ones have rows here; the others are there to be refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TableKind {
    #[default]
    Managed,
    External,
    View,
    MaterializedView,
}

impl TableKind {
    /// The word in lists of tables.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Managed => "MANAGED_TABLE",
            Self::External => "EXTERNAL_TABLE",
            Self::View => "VIRTUAL_VIEW",
            Self::MaterializedView => "MATERIALIZED_VIEW",
        }
    }
}

/// What `CREATE TABLE` said.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Definition {
    /// With its schema, if that is not `default`.
    pub(crate) name: String,
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) kind: TableKind,
    pub(crate) schema: TableSchema,
    pub(crate) comment: String,
    pub(crate) lifecycle_days: Option<u32>,
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) primary_key: Vec<String>,
    pub(crate) created: i64,
    pub(crate) changed: i64,
}

impl Definition {
    /// The name without the schema.
    pub(crate) fn own_name(&self) -> &str {
        split_name(&self.name).1
    }

    /// A table with row versions by key, which plain uploads and downloads do not serve.
    pub(crate) fn has_primary_key(&self) -> bool {
        !self.primary_key.is_empty()
    }

    pub(crate) fn is_partitioned(&self) -> bool {
        self.schema.is_partitioned()
    }
}

/// How new rows meet the old ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum WriteMode {
    Append,
    Overwrite,
}

/// A finished segment outside the table, to be taken in under a name that is unique in its partition.
pub(crate) struct Staged {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
}

/// The rows of a partition at one moment.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) definition: Arc<Definition>,
    pub(crate) segments: Vec<Arc<Segment>>,
    pub(crate) created: i64,
    pub(crate) modified: i64,
}

impl Snapshot {
    pub(crate) fn row_count(&self) -> u64 {
        self.segments
            .iter()
            .map(|segment| segment.row_count())
            .sum()
    }

    pub(crate) fn byte_count(&self) -> u64 {
        self.segments
            .iter()
            .map(|segment| segment.byte_count())
            .sum()
    }
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    values: Vec<String>,
    segments: Vec<String>,
    created: i64,
    modified: i64,
    /// The write that made this version, so that a commit cut off by a crash is known to have happened.
    last_write: String,
}

struct Partition {
    manifest: Manifest,
    segments: Vec<Arc<Segment>>,
}

struct State {
    definition: Arc<Definition>,
    partitions: BTreeMap<Spec, Partition>,
    dropped: bool,
}

/// A table that exists, or did when the handle was taken.
pub(crate) struct Table {
    folder: PathBuf,
    state: Mutex<State>,
}

impl Table {
    /// Makes the table exist.
    pub(crate) fn create(folder: PathBuf, definition: Definition) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let mut partitions = BTreeMap::new();
        if !definition.is_partitioned() {
            let empty = new_partition(&folder, &Spec::default(), definition.created)?;
            partitions.insert(Spec::default(), empty);
        }
        replace_json(&folder.join("table.json"), &definition)?;
        let state = State {
            definition: Arc::new(definition),
            partitions,
            dropped: false,
        };
        Ok(Self {
            folder,
            state: Mutex::new(state),
        })
    }

    /// Reads a table written earlier and clears away what unfinished changes left. Returns none if the folder holds
    /// no table.
    pub(crate) fn open(folder: PathBuf) -> io::Result<Option<Self>> {
        let definition: Definition = match read_json(&folder.join("table.json")) {
            Ok(definition) => definition,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::remove_dir_all(&folder)?;
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let mut partitions = BTreeMap::new();
        for part in folders(&folder)? {
            if let Some(partition) = open_partition(&part)? {
                partitions.insert(
                    Spec::from_values(partition.manifest.values.clone()),
                    partition,
                );
            }
        }
        let state = State {
            definition: Arc::new(definition),
            partitions,
            dropped: false,
        };
        Ok(Some(Self {
            folder,
            state: Mutex::new(state),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is replaced in single assignments, so a panic elsewhere cannot have left it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn live(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.state();
        if state.dropped {
            return Err(StoreError::NoSuchTable(state.definition.name.clone()));
        }
        Ok(state)
    }

    pub(crate) fn definition(&self) -> Arc<Definition> {
        self.state().definition.clone()
    }

    /// The rows of one partition now.
    pub(crate) fn snapshot(&self, spec: &Spec) -> Result<Snapshot, StoreError> {
        let state = self.live()?;
        match state.partitions.get(spec) {
            Some(partition) => Ok(partition.snapshot(&state.definition)),
            None => Err(no_such_partition(&state.definition, spec)),
        }
    }

    /// All partitions in the order of their values, all at one moment.
    pub(crate) fn snapshots(&self) -> Result<Vec<(Spec, Snapshot)>, StoreError> {
        let state = self.live()?;
        let mut all = Vec::with_capacity(state.partitions.len());
        for (spec, partition) in &state.partitions {
            all.push((spec.clone(), partition.snapshot(&state.definition)));
        }
        Ok(all)
    }

    pub(crate) fn add_partition(&self, spec: &Spec, now: i64) -> Result<(), StoreError> {
        let mut state = self.live()?;
        if state.partitions.contains_key(spec) {
            let text = spec.to_text(&state.definition.schema.partition_keys, ",");
            return Err(StoreError::PartitionExists(text));
        }
        let partition = new_partition(&self.folder, spec, now)?;
        state.partitions.insert(spec.clone(), partition);
        Ok(())
    }

    pub(crate) fn drop_partition(&self, spec: &Spec) -> Result<(), StoreError> {
        let mut state = self.live()?;
        if !state.partitions.contains_key(spec) {
            return Err(no_such_partition(&state.definition, spec));
        }
        fs::remove_file(self.manifest_path(spec))?;
        if let Some(partition) = state.partitions.remove(spec) {
            partition.doom();
        }
        Ok(())
    }

    /// Adds the staged segments to a partition or puts them in place of its rows.
    pub(crate) fn write(
        &self,
        spec: &Spec,
        mode: WriteMode,
        staged: &[Staged],
        write_id: &str,
    ) -> Result<(), StoreError> {
        let mut guard = self.live()?;
        let state = &mut *guard;
        let Some(partition) = state.partitions.get_mut(spec) else {
            return Err(no_such_partition(&state.definition, spec));
        };
        let folder = self.folder.join(spec.folder());
        let mut names = Vec::new();
        let mut segments = Vec::new();
        if mode == WriteMode::Append {
            names.clone_from(&partition.manifest.segments);
            segments.clone_from(&partition.segments);
        }
        for file in staged {
            let path = folder.join(format!("{}.seg", file.name));
            // A file of this name is the leftover of a commit that failed before its manifest.
            remove_if_there(&path)?;
            fs::hard_link(&file.path, &path)?;
            let segment = Segment::open(path)?;
            if segment.row_count() > 0 {
                names.push(file.name.clone());
                segments.push(Arc::new(segment));
            } else {
                segment.doom();
            }
        }
        let manifest = Manifest {
            values: spec.values().to_vec(),
            segments: names,
            created: partition.manifest.created,
            modified: now_seconds(),
            last_write: write_id.to_owned(),
        };
        replace_json(&folder.join("manifest.json"), &manifest)?;
        let old = std::mem::replace(partition, Partition { manifest, segments });
        if mode == WriteMode::Overwrite {
            old.doom();
        }
        Ok(())
    }

    /// True if the newest version of the partition was made by this write.
    pub(crate) fn was_written_by(&self, spec: &Spec, write_id: &str) -> bool {
        let state = self.state();
        state
            .partitions
            .get(spec)
            .is_some_and(|found| found.manifest.last_write == write_id)
    }

    /// Adds columns behind the existing ones; stored rows have NULL there.
    pub(crate) fn add_columns(&self, columns: Vec<Column>, now: i64) -> Result<(), StoreError> {
        let mut state = self.live()?;
        let mut definition = Definition::clone(&state.definition);
        definition.schema.columns.extend(columns);
        definition.changed = now;
        replace_json(&self.folder.join("table.json"), &definition)?;
        state.definition = Arc::new(definition);
        Ok(())
    }

    /// Ends the table. Whoever reads its segments reads on.
    pub(crate) fn remove(&self) -> Result<(), StoreError> {
        let mut state = self.live()?;
        fs::remove_file(self.folder.join("table.json"))?;
        state.dropped = true;
        for partition in std::mem::take(&mut state.partitions).into_values() {
            partition.doom();
        }
        Ok(())
    }

    fn manifest_path(&self, spec: &Spec) -> PathBuf {
        self.folder.join(spec.folder()).join("manifest.json")
    }
}

impl Partition {
    fn snapshot(&self, definition: &Arc<Definition>) -> Snapshot {
        Snapshot {
            definition: definition.clone(),
            segments: self.segments.clone(),
            created: self.manifest.created,
            modified: self.manifest.modified,
        }
    }

    fn doom(self) {
        for segment in self.segments {
            segment.doom();
        }
    }
}

fn no_such_partition(definition: &Definition, spec: &Spec) -> StoreError {
    StoreError::NoSuchPartition(spec.to_text(&definition.schema.partition_keys, ","))
}

fn new_partition(table_folder: &Path, spec: &Spec, now: i64) -> io::Result<Partition> {
    let folder = table_folder.join(spec.folder());
    fs::create_dir_all(&folder)?;
    let manifest = Manifest {
        values: spec.values().to_vec(),
        segments: Vec::new(),
        created: now,
        modified: now,
        last_write: String::new(),
    };
    replace_json(&folder.join("manifest.json"), &manifest)?;
    Ok(Partition {
        manifest,
        segments: Vec::new(),
    })
}

fn open_partition(folder: &Path) -> io::Result<Option<Partition>> {
    let manifest: Manifest = match read_json(&folder.join("manifest.json")) {
        Ok(manifest) => manifest,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::remove_dir_all(folder)?;
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut segments = Vec::with_capacity(manifest.segments.len());
    for name in &manifest.segments {
        segments.push(Arc::new(Segment::open(folder.join(format!("{name}.seg")))?));
    }
    let mut known: BTreeSet<&Path> = segments.iter().map(|segment| segment.path()).collect();
    let manifest_path = folder.join("manifest.json");
    known.insert(&manifest_path);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !known.contains(path.as_path()) {
            fs::remove_file(&path)?;
        }
    }
    Ok(Some(Partition { manifest, segments }))
}
