//! The data on disk: tables, partitions, segments of rows, and the transfers under way.
//!
//! Folder of the store:
//!
//! ```text
//! project.json            name, age and schemas of the project
//! tables/<id>/            one table, see `table`
//! uploads/<id>/           one upload that is not yet forgotten, see `upload`
//! scratch/                files of running statements and results; emptied at the start
//! ```
//!
//! Nothing here knows HTTP or SQL.

mod download;
mod files;
mod rows;
mod segment;
mod table;
mod upload;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

pub(crate) use download::{Download, Downloads};
pub(crate) use rows::{RowRange, write_rows};
pub(crate) use segment::{Segment, SegmentWriter};
pub(crate) use table::{Definition, Snapshot, Staged, Table, TableKind, WriteMode};
pub(crate) use upload::{Block, Upload, UploadStatus, Uploads};

use crate::clock::now_seconds;
use crate::names::new_id;
use files::{folders, read_json, replace_json};

const PROJECT_FILE: &str = "project.json";

/// Transfers are forgotten after a day, as the service does.
const TRANSFER_SECONDS: i64 = 24 * 3600;

/// Why the store refused something.
#[derive(Debug)]
pub(crate) enum StoreError {
    NoSuchTable(String),
    NoSuchPartition(String),
    TableExists(String),
    PartitionExists(String),
    /// The transfer is in a state that does not allow this.
    Conflict(String),
    Io(io::Error),
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchTable(name) => write!(
                formatter,
                "Table not found - table {name} cannot be resolved"
            ),
            Self::NoSuchPartition(spec) => write!(formatter, "Partition not found - {spec}"),
            Self::TableExists(name) => write!(formatter, "Table or view already exists - {name}"),
            Self::PartitionExists(spec) => write!(formatter, "Partition already exists - {spec}"),
            Self::Conflict(reason) => formatter.write_str(reason),
            Self::Io(error) => write!(formatter, "the data folder failed: {error}"),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ProjectFile {
    name: String,
    created: i64,
    /// Schemas beside `default`.
    #[serde(default)]
    schemas: BTreeSet<String>,
}

/// One project with everything in it.
pub(crate) struct Store {
    project: String,
    created: i64,
    schemas: Mutex<BTreeSet<String>>,
    root: PathBuf,
    tables: Mutex<BTreeMap<String, Arc<Table>>>,
    uploads: Uploads,
    downloads: Downloads,
}

impl Store {
    /// Opens the folder, or makes it a project's folder.
    pub(crate) fn open(root: PathBuf, project: &str) -> io::Result<Self> {
        fs::create_dir_all(root.join("tables"))?;
        fs::create_dir_all(root.join("uploads"))?;
        let scratch = root.join("scratch");
        if scratch.exists() {
            fs::remove_dir_all(&scratch)?;
        }
        fs::create_dir_all(&scratch)?;
        let ProjectFile {
            created, schemas, ..
        } = own_folder(&root, project)?;
        let mut tables = BTreeMap::new();
        for folder in folders(&root.join("tables"))? {
            if let Some(table) = Table::open(folder)? {
                tables.insert(table.definition().name.clone(), Arc::new(table));
            }
        }
        let uploads = Uploads::open(root.join("uploads"), &tables)?;
        Ok(Self {
            project: project.to_owned(),
            created,
            schemas: Mutex::new(schemas),
            root,
            tables: Mutex::new(tables),
            uploads,
            downloads: Downloads::default(),
        })
    }

    pub(crate) fn project(&self) -> &str {
        &self.project
    }

    /// When the project was made, in seconds since 1970.
    pub(crate) fn created(&self) -> i64 {
        self.created
    }

    /// The schemas beside `default`.
    pub(crate) fn schemas(&self) -> BTreeSet<String> {
        self.schema_set().clone()
    }

    /// Makes a schema; false if it is there already.
    pub(crate) fn create_schema(&self, name: &str) -> io::Result<bool> {
        let mut schemas = self.schema_set();
        if name == "default" || !schemas.insert(name.to_owned()) {
            return Ok(false);
        }
        let file = ProjectFile {
            name: self.project.clone(),
            created: self.created,
            schemas: schemas.clone(),
        };
        replace_json(&self.root.join(PROJECT_FILE), &file)?;
        Ok(true)
    }

    fn schema_set(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.schemas.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn uploads(&self) -> &Uploads {
        &self.uploads
    }

    pub(crate) fn downloads(&self) -> &Downloads {
        &self.downloads
    }

    /// A new segment that belongs to no table yet.
    pub(crate) fn scratch_segment(&self) -> io::Result<SegmentWriter> {
        let id = new_id();
        SegmentWriter::create(self.root.join("scratch").join(format!("{id}.seg")), &id)
    }

    fn table_map(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Table>>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All tables by name.
    pub(crate) fn tables(&self) -> Vec<Arc<Table>> {
        self.table_map().values().cloned().collect()
    }

    pub(crate) fn table(&self, name: &str) -> Result<Arc<Table>, StoreError> {
        self.table_map()
            .get(&name.to_lowercase())
            .cloned()
            .ok_or_else(|| StoreError::NoSuchTable(format!("{}.{name}", self.project)))
    }

    /// Makes a table; its name and id are in the definition.
    pub(crate) fn create_table(&self, definition: Definition) -> Result<Arc<Table>, StoreError> {
        let mut tables = self.table_map();
        if tables.contains_key(&definition.name) {
            return Err(StoreError::TableExists(format!(
                "{}.{}",
                self.project, definition.name
            )));
        }
        let name = definition.name.clone();
        let folder = self.root.join("tables").join(&definition.id);
        let table = Arc::new(Table::create(folder, definition)?);
        tables.insert(name, table.clone());
        Ok(table)
    }

    pub(crate) fn drop_table(&self, name: &str) -> Result<(), StoreError> {
        let mut tables = self.table_map();
        let Some(table) = tables.get(name) else {
            return Err(StoreError::NoSuchTable(format!("{}.{name}", self.project)));
        };
        table.remove()?;
        tables.remove(name);
        Ok(())
    }
}

/// Marks the folder as the project's and returns what is known of it.
fn own_folder(root: &Path, project: &str) -> io::Result<ProjectFile> {
    let path = root.join(PROJECT_FILE);
    match read_json::<ProjectFile>(&path) {
        Ok(found) if found.name == project => Ok(found),
        Ok(found) => Err(io::Error::other(format!(
            "{} holds the project {:?}, not {project:?}",
            root.display(),
            found.name
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let file = ProjectFile {
                name: project.to_owned(),
                created: now_seconds(),
                schemas: BTreeSet::new(),
            };
            replace_json(&path, &file)?;
            Ok(file)
        }
        Err(error) => Err(error),
    }
}
