//! The writer. Each task writes one file under a hidden name (see `task`); commit gives all of them
//! their names, and removes older files if the job replaces them.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_schema::{Field, Schema};
use async_trait::async_trait;
use sdk::{Column, Error, Kind, Receipt, Result, State, TaskId, TaskWriter, WritePlan, Writer};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::config::{Datasource, WriteMode, WriterParameters, either, encoding, named_format};
use super::names::FileNames;
use super::typemap;
use crate::format::FileFormat;
use crate::format::csv::Dialect;
use crate::format::dates::Pattern;
use crate::format::encoding::Encoding;
use crate::format::layout::{ColumnEntry, wants_all};
use crate::format::parquet::ParquetSettings;
use crate::store::{
    Compress, Existing, StagedFile, no_snappy, publish_all, remove, remove_staged, resolve, shown,
    sync_folder, write_error,
};

/// Opens the writer; touches nothing yet.
pub(super) async fn open(
    datasource: Datasource,
    parameters: WriterParameters,
) -> Result<Box<dyn Writer>> {
    let root = datasource.checked_root()?;
    let folder = resolve(root.as_deref(), &parameters.path)?;
    Ok(Box::new(FileWriter {
        folder,
        names: parameters.names()?,
        mode: parameters.write_mode,
        columns: parameters.column.clone(),
        target: Arc::new(Target::new(&parameters)?),
    }))
}

/// What the files look like inside.
pub(super) struct Target {
    pub(super) format: FileFormat,
    pub(super) compress: Compress,
    pub(super) encoding: Encoding,
    pub(super) dialect: Dialect,
    pub(super) line_end: &'static [u8],
    pub(super) pattern: Option<Pattern>,
    pub(super) parquet: ParquetSettings,
    header: Vec<String>,
}

impl Target {
    fn new(parameters: &WriterParameters) -> Result<Target> {
        let format = parameters.file_format()?;
        let config = |message: String| Error::new(Kind::Config, message);
        let compress = parameters.compress_kind(format)?;
        if format != FileFormat::Parquet && compress == Compress::Snappy {
            return Err(no_snappy());
        }
        let detail = &parameters.detail;
        if detail.row_group_size == 0 {
            return Err(config("`rowGroupSize` must be at least 1".into()));
        }
        let pattern = match &detail.date_format {
            Some(text) => Some(Pattern::parse(text).map_err(config)?),
            None => None,
        };
        Ok(Target {
            format,
            compress,
            encoding: encoding(detail.encoding.as_deref())?.writable()?,
            dialect: parameters.text.dialect(format)?,
            line_end: parameters.text.line_end()?,
            pattern,
            parquet: ParquetSettings {
                compress,
                row_group_rows: detail.row_group_size,
            },
            header: detail.header.clone(),
        })
    }

    /// The names in the header line, if there is to be one. `true` in the job arrives as a list of one
    /// word.
    pub(super) fn header(&self, schema: &Schema) -> Option<Vec<String>> {
        match self.header.as_slice() {
            [] => None,
            [word] if word == "false" => None,
            [word] if word == "true" => {
                let fields = schema.fields().iter();
                Some(fields.map(|field| field.name().clone()).collect())
            }
            names => Some(names.to_vec()),
        }
    }

    fn check_header(&self, column_count: usize) -> Result<()> {
        let literal = |word: &String| word == "true" || word == "false";
        let one_word = matches!(self.header.as_slice(), [word] if literal(word));
        if self.header.is_empty() || one_word || self.header.len() == column_count {
            return Ok(());
        }
        Err(Error::new(
            Kind::Config,
            format!(
                "`header` has {} names for {column_count} columns",
                self.header.len()
            ),
        )
        .hint("write `true` to use the columns' own names"))
    }
}

impl WriterParameters {
    pub(super) fn file_format(&self) -> Result<FileFormat> {
        let named = named_format(self.file_format, self.format)?;
        let guessed = || FileFormat::guess(&self.file_name);
        Ok(named.or_else(guessed).unwrap_or(FileFormat::Csv))
    }

    pub(super) fn compress_kind(&self, format: FileFormat) -> Result<Compress> {
        let names = ("compress", "compression");
        let said = either(self.compress, self.detail.compression, names)?;
        let end = self.suffix.as_deref().unwrap_or(&self.file_name);
        Ok(match (said, format) {
            (Some(compress), _) => compress,
            (None, FileFormat::Parquet) => Compress::Zstd,
            (None, _) => Compress::guess(end),
        })
    }
}

struct FileWriter {
    folder: PathBuf,
    names: FileNames,
    mode: WriteMode,
    columns: Vec<ColumnEntry>,
    target: Arc<Target>,
}

/// What tasks and the commit need to know of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Prepared {
    pub(super) run: String,
    task_count: u32,
    pub(super) schema: Schema,
}

impl FileWriter {
    fn replaces(&self) -> bool {
        matches!(self.mode, WriteMode::Truncate | WriteMode::Overwrite)
    }

    /// Files of earlier runs in the folder.
    fn existing(&self) -> Result<Vec<String>> {
        let failed = |error| write_error(&shown(&self.folder), error);
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if self.names.matches(&name) && entry.file_type().map_err(failed)?.is_file() {
                found.push(name);
            }
        }
        found.sort();
        Ok(found)
    }

    fn name(&self, prepared: &Prepared, task: TaskId) -> String {
        let run = (self.mode == WriteMode::Append).then_some(prepared.run.as_str());
        self.names.of(task, prepared.task_count, run)
    }

    fn refuse_existing(&self) -> Result<()> {
        let existing = self.existing()?;
        match existing.first() {
            Some(name) if self.mode == WriteMode::NonConflict => Err(Error::new(
                Kind::Conflict,
                format!("{} exists already", shown(&self.folder.join(name))),
            )
            .hint("set `writeMode` to `truncate` to replace it or to `append` to keep it, or choose another `fileName`")),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Writer for FileWriter {
    async fn schema(&self, source: &[Column]) -> Result<Vec<Column>> {
        if source.is_empty() {
            return Err(
                Error::new(Kind::Unsupported, "a file cannot hold rows without columns").hint(
                    "name at least one column of the reader, a constant if there is no other",
                ),
            );
        }
        self.target.check_header(source.len())?;
        let columns = |name: &dyn Fn(usize) -> String| {
            let targets = source
                .iter()
                .enumerate()
                .map(|(place, column)| typemap::target(column, &name(place), self.target.format));
            targets.collect::<Vec<_>>()
        };
        if wants_all(&self.columns) {
            return Ok(columns(&|place| source[place].name.clone()));
        }
        if self.columns.len() != source.len() {
            return Err(Error::new(
                Kind::Config,
                format!(
                    "the writer lists {} columns, but {} are read",
                    self.columns.len(),
                    source.len()
                ),
            )
            .hint("list one column of the writer for each column of the reader"));
        }
        Ok(columns(&|place| match &self.columns[place] {
            ColumnEntry::Name(name) => name.clone(),
            ColumnEntry::Detail(detail) => detail
                .name
                .clone()
                .unwrap_or_else(|| source[place].name.clone()),
        }))
    }

    async fn prepare(&self, plan: &WritePlan) -> Result<State> {
        if let Some(previous) = &plan.previous
            && self.folder.is_dir()
        {
            return Ok(previous.clone());
        }
        fs::create_dir_all(&self.folder)
            .map_err(|error| write_error(&shown(&self.folder), error))?;
        self.refuse_existing()?;
        let fields: Vec<Field> = plan.columns.iter().map(Column::field).collect();
        let id = Uuid::now_v7().simple().to_string();
        let prepared = Prepared {
            // The random end of the id; its beginning is the time.
            run: id[id.len() - 12..].to_string(),
            task_count: plan.task_count,
            schema: Schema::new(fields),
        };
        // A folder that cannot be written to is found now, not after the first batch.
        let probe = self.folder.join(format!(".{}.longshore", prepared.run));
        fs::write(&probe, b"").map_err(|error| write_error(&shown(&self.folder), error))?;
        remove(&probe)?;
        State::new(&prepared)
    }

    async fn task(&self, prepared: &State, task: TaskId) -> Result<Box<dyn TaskWriter>> {
        let prepared: Prepared = prepared.read()?;
        let name = self.name(&prepared, task);
        let (folder, target) = (self.folder.clone(), self.target.clone());
        super::task::start(folder, name, target, prepared, task).await
    }

    async fn recover(&self, _: &State, task: TaskId, seal: &State) -> Result<Option<Receipt>> {
        let file: StagedFile = seal.read()?;
        Ok(file.exists(&self.folder).then(|| Receipt {
            task,
            state: seal.clone(),
        }))
    }

    async fn commit(&self, prepared: &State, receipts: &[Receipt]) -> Result<()> {
        let prepared: Prepared = prepared.read()?;
        let files = receipts
            .iter()
            .map(|receipt| receipt.state.read())
            .collect::<Result<Vec<StagedFile>>>()?;
        if !self.replaces() {
            publish_all(&self.folder, &files, Existing::Refuse)?;
            return remove_staged(&self.folder, &prepared.run);
        }
        publish_all(&self.folder, &files, Existing::Replace)?;
        for name in self.existing()? {
            if files.iter().all(|file| file.name != name) {
                remove(&self.folder.join(name))?;
            }
        }
        remove_staged(&self.folder, &prepared.run)?;
        sync_folder(&self.folder)
    }

    async fn abort(&self, prepared: &State) -> Result<()> {
        let prepared: Prepared = prepared.read()?;
        if !self.folder.is_dir() {
            return Ok(());
        }
        remove_staged(&self.folder, &prepared.run)
    }
}
