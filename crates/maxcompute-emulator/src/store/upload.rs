//! Block uploads: rows that wait outside a table until they are committed all at once.
//!
//! Folder: `upload.json` and one segment per block. Uploads survive a restart. A commit that was cut off after the
//! table took the rows is recognised at the start, so that it is never done twice.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::files::{folders, read_json, replace_json};
use super::segment::{Segment, SegmentWriter};
use super::table::{Staged, Table, WriteMode};
use super::{StoreError, TRANSFER_SECONDS};
use crate::clock::now_seconds;
use crate::names::{Spec, new_id};
use maxcompute::types::TableSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum UploadStatus {
    Normal,
    Closed,
}

#[derive(Serialize, Deserialize)]
struct UploadFile {
    table: String,
    table_id: String,
    partition: Vec<String>,
    mode: WriteMode,
    schema: TableSchema,
    created: i64,
    status: UploadStatus,
}

/// What a client may know about a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    pub(crate) row_count: u64,
    pub(crate) created: i64,
}

struct State {
    file: UploadFile,
    blocks: BTreeMap<u32, Block>,
}

/// One upload into one partition.
pub(crate) struct Upload {
    id: String,
    folder: PathBuf,
    table: Arc<Table>,
    state: Mutex<State>,
}

impl Upload {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn status(&self) -> UploadStatus {
        self.state().file.status
    }

    pub(crate) fn mode(&self) -> WriteMode {
        self.state().file.mode
    }

    pub(crate) fn created(&self) -> i64 {
        self.state().file.created
    }

    /// The columns as they were when the upload began; its blocks are written for these.
    pub(crate) fn schema(&self) -> TableSchema {
        self.state().file.schema.clone()
    }

    pub(crate) fn blocks(&self) -> BTreeMap<u32, Block> {
        self.state().blocks.clone()
    }

    /// Begins a block. It becomes part of the upload by `keep_block`, in place of an earlier one of the same number.
    pub(crate) fn begin_block(&self, number: u32) -> Result<SegmentWriter, StoreError> {
        let state = self.state();
        refuse_closed(&state)?;
        Ok(SegmentWriter::create(self.block_path(number), &new_id())?)
    }

    pub(crate) fn keep_block(&self, number: u32, writer: SegmentWriter) -> Result<(), StoreError> {
        let mut state = self.state();
        refuse_closed(&state)?;
        let segment = writer.finish()?;
        let block = Block {
            row_count: segment.row_count(),
            created: now_seconds(),
        };
        state.blocks.insert(number, block);
        Ok(())
    }

    /// Hands all blocks to the table. A second commit changes nothing.
    pub(crate) fn commit(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.file.status == UploadStatus::Closed {
            return Ok(());
        }
        let spec = Spec::from_values(state.file.partition.clone());
        let mut staged = Vec::with_capacity(state.blocks.len());
        for number in state.blocks.keys() {
            staged.push(Staged {
                path: self.block_path(*number),
                name: format!("{}-{number:05}", self.id),
            });
        }
        self.table
            .write(&spec, state.file.mode, &staged, &self.id)?;
        state.file.status = UploadStatus::Closed;
        replace_json(&self.folder.join("upload.json"), &state.file)?;
        self.remove_blocks(&state);
        Ok(())
    }

    fn remove_blocks(&self, state: &State) {
        for number in state.blocks.keys() {
            // The table has its own link to the rows; a file that stays costs only space until the upload is forgotten.
            let _ = fs::remove_file(self.block_path(*number));
        }
    }

    fn block_path(&self, number: u32) -> PathBuf {
        self.folder.join(format!("block-{number:05}.seg"))
    }
}

fn refuse_closed(state: &State) -> Result<(), StoreError> {
    match state.file.status {
        UploadStatus::Normal => Ok(()),
        UploadStatus::Closed => Err(StoreError::Conflict("the upload is closed".into())),
    }
}

/// The uploads of a project.
pub(crate) struct Uploads {
    root: PathBuf,
    by_id: Mutex<HashMap<String, Arc<Upload>>>,
}

impl Uploads {
    pub(super) fn open(root: PathBuf, tables: &BTreeMap<String, Arc<Table>>) -> io::Result<Self> {
        let mut by_id = HashMap::new();
        for folder in folders(&root)? {
            match open_upload(folder.clone(), tables)? {
                Some(upload) => {
                    by_id.insert(upload.id.clone(), Arc::new(upload));
                }
                None => fs::remove_dir_all(&folder)?,
            }
        }
        Ok(Self {
            root,
            by_id: Mutex::new(by_id),
        })
    }

    fn map(&self) -> MutexGuard<'_, HashMap<String, Arc<Upload>>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an upload into a partition that exists.
    pub(crate) fn create(
        &self,
        table: Arc<Table>,
        spec: &Spec,
        mode: WriteMode,
    ) -> Result<Arc<Upload>, StoreError> {
        let definition = table.snapshot(spec)?.definition;
        self.forget_old();
        let id = new_id();
        let folder = self.root.join(&id);
        fs::create_dir_all(&folder)?;
        let file = UploadFile {
            table: definition.name.clone(),
            table_id: definition.id.clone(),
            partition: spec.values().to_vec(),
            mode,
            schema: definition.schema.clone(),
            created: now_seconds(),
            status: UploadStatus::Normal,
        };
        replace_json(&folder.join("upload.json"), &file)?;
        let state = Mutex::new(State {
            file,
            blocks: BTreeMap::new(),
        });
        let upload = Arc::new(Upload {
            id: id.clone(),
            folder,
            table,
            state,
        });
        self.map().insert(id, upload.clone());
        Ok(upload)
    }

    /// The upload of this id, if it is one into this partition of this table.
    pub(crate) fn find(&self, id: &str, table_id: &str, spec: &Spec) -> Option<Arc<Upload>> {
        let upload = self.map().get(id).cloned()?;
        let state = upload.state();
        let matches = state.file.table_id == table_id && state.file.partition == spec.values();
        drop(state);
        matches.then_some(upload)
    }

    fn forget_old(&self) {
        let now = now_seconds();
        self.map().retain(|_, upload| {
            let keep = now - upload.created() < TRANSFER_SECONDS;
            if !keep {
                // What stays behind is tried again at the next start.
                let _ = fs::remove_dir_all(&upload.folder);
            }
            keep
        });
    }
}

/// Reads one upload; none if it can never be committed any more.
fn open_upload(
    folder: PathBuf,
    tables: &BTreeMap<String, Arc<Table>>,
) -> io::Result<Option<Upload>> {
    let Some(id) = folder
        .file_name()
        .and_then(|name| name.to_str())
        .map(str::to_owned)
    else {
        return Ok(None);
    };
    let mut file: UploadFile = match read_json(&folder.join("upload.json")) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let table = match tables.get(&file.table) {
        Some(table) if table.definition().id == file.table_id => table.clone(),
        _ => return Ok(None),
    };
    if now_seconds() - file.created >= TRANSFER_SECONDS {
        return Ok(None);
    }
    let spec = Spec::from_values(file.partition.clone());
    if file.status == UploadStatus::Normal && table.was_written_by(&spec, &id) {
        file.status = UploadStatus::Closed;
        replace_json(&folder.join("upload.json"), &file)?;
    }
    let blocks = open_blocks(&folder)?;
    Ok(Some(Upload {
        id,
        folder,
        table,
        state: Mutex::new(State { file, blocks }),
    }))
}

fn open_blocks(folder: &PathBuf) -> io::Result<BTreeMap<u32, Block>> {
    let mut blocks = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let number = name
            .strip_prefix("block-")
            .and_then(|rest| rest.strip_suffix(".seg"));
        match number.and_then(|digits| digits.parse().ok()) {
            Some(number) => {
                let segment = Segment::open(path)?;
                blocks.insert(
                    number,
                    Block {
                        row_count: segment.row_count(),
                        created: now_seconds(),
                    },
                );
            }
            None if name == "upload.json" => {}
            None => fs::remove_file(&path)?,
        }
    }
    Ok(blocks)
}
