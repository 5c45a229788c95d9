//! The writer. Each task writes one file under a hidden name (see `task`); the commit gives all of them
//! their names and removes older files if the job replaces them (see `place`).

use std::collections::HashSet;
use std::sync::Arc;

use arrow_schema::{Field, Schema};
use async_trait::async_trait;
use sdk::{Column, Error, Kind, Receipt, Result, State, TaskId, TaskWriter, WritePlan, Writer};
use serde::{Deserialize, Serialize};

use super::config::{Datasource, HeaderLine, WriterParameters, either, encoding, named_format};
use super::names::MOST_FILES;
use super::place::Place;
use super::typemap;
use crate::format::FileFormat;
use crate::format::background::blocking;
use crate::format::csv::Dialect;
use crate::format::dates::Pattern;
use crate::format::encoding::Encoding;
use crate::format::parquet::ParquetSettings;
use crate::store::{Compress, StagedFile, no_snappy, resolve};

/// Opens the writer; touches nothing yet.
pub(super) async fn open(
    datasource: Datasource,
    parameters: WriterParameters,
) -> Result<Box<dyn Writer>> {
    let writer = blocking(move || {
        let root = datasource.checked_root()?;
        let folder = resolve(root.as_deref(), &parameters.path)?;
        Ok(FileWriter {
            target: Arc::new(Target::new(&parameters)?),
            place: Arc::new(Place {
                names: parameters.names()?,
                mode: parameters.write_mode,
                folder,
                root,
            }),
            columns: parameters.column,
        })
    })
    .await?;
    Ok(Box::new(writer))
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
    header: HeaderLine,
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
            dialect: parameters.text.dialect(format, parameters.name_end())?,
            line_end: parameters.text.line_end()?,
            pattern,
            parquet: ParquetSettings {
                compress,
                row_group_rows: detail.row_group_size,
            },
            header: detail.header.clone(),
        })
    }

    /// The names in the header line, if there is to be one.
    pub(super) fn header(&self, schema: &Schema) -> Option<Vec<String>> {
        match &self.header {
            HeaderLine::Absent => None,
            HeaderLine::ColumnNames => {
                let fields = schema.fields().iter();
                Some(fields.map(|field| field.name().clone()).collect())
            }
            HeaderLine::Names(names) => Some(names.clone()),
        }
    }

    fn check_header(&self, column_count: usize) -> Result<()> {
        match &self.header {
            HeaderLine::Names(names) if names.len() != column_count => Err(Error::new(
                Kind::Config,
                format!(
                    "`header` has {} names for {column_count} columns",
                    names.len()
                ),
            )
            .hint("write `true` to use the columns' own names")),
            _ => Ok(()),
        }
    }
}

impl WriterParameters {
    pub(super) fn file_format(&self) -> Result<FileFormat> {
        let named = named_format(self.file_format, self.format)?;
        let guessed = || FileFormat::guess(self.name_end()).or(FileFormat::guess(&self.file_name));
        Ok(named.or_else(guessed).unwrap_or(FileFormat::Csv))
    }

    pub(super) fn compress_kind(&self, format: FileFormat) -> Result<Compress> {
        let names = ("compress", "compression");
        let said = either(self.compress, self.detail.compression, names)?;
        Ok(match (said, format) {
            (Some(compress), _) => compress,
            (None, FileFormat::Parquet) => Compress::Zstd,
            (None, _) => Compress::guess(self.name_end()),
        })
    }

    /// The part of the files' names that may tell format and compression.
    fn name_end(&self) -> &str {
        self.suffix.as_deref().unwrap_or(&self.file_name)
    }
}

struct FileWriter {
    place: Arc<Place>,
    columns: Vec<String>,
    target: Arc<Target>,
}

impl FileWriter {
    /// Refuses a name that stands twice where readers find columns by their names only.
    fn distinct(&self, columns: Vec<Column>) -> Result<Vec<Column>> {
        let by_place = matches!(self.target.format, FileFormat::Csv | FileFormat::Text);
        let mut names = HashSet::new();
        for column in &columns {
            if !names.insert(column.name.as_str()) && !by_place {
                return Err(Error::new(
                    Kind::Config,
                    format!(
                        "two columns of the file would be called \"{}\"",
                        column.name
                    ),
                )
                .hint("give them names of their own in the writer's `column`"));
            }
        }
        drop(names);
        Ok(columns)
    }
}

/// What tasks and the commit need to know of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Prepared {
    pub(super) run: String,
    pub(super) task_count: u32,
    pub(super) schema: Schema,
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
        if self.columns.is_empty() || self.columns == ["*"] {
            return self.distinct(columns(&|place| source[place].name.clone()));
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
        self.distinct(columns(&|place| self.columns[place].clone()))
    }

    async fn prepare(&self, plan: &WritePlan) -> Result<State> {
        if let Some(previous) = &plan.previous {
            let place = self.place.clone();
            if blocking(move || Ok(place.folder.is_dir())).await? {
                return Ok(previous.clone());
            }
        }
        if plan.task_count > MOST_FILES {
            return Err(Error::new(
                Kind::Unsupported,
                format!(
                    "the job has {} tasks and would write as many files, more than {MOST_FILES}",
                    plan.task_count
                ),
            )
            .hint("let several jobs copy a part each"));
        }
        let place = self.place.clone();
        let run = blocking(move || place.prepare()).await?;
        let fields: Vec<Field> = plan.columns.iter().map(Column::field).collect();
        State::new(&Prepared {
            run,
            task_count: plan.task_count,
            schema: Schema::new(fields),
        })
    }

    async fn task(&self, prepared: &State, task: TaskId) -> Result<Box<dyn TaskWriter>> {
        let prepared: Prepared = prepared.read()?;
        let (place, target) = (self.place.clone(), self.target.clone());
        super::task::start(place, target, prepared, task).await
    }

    async fn recover(&self, _: &State, task: TaskId, seal: &State) -> Result<Option<Receipt>> {
        let file: StagedFile = seal.read()?;
        let place = self.place.clone();
        let there = blocking(move || Ok(file.exists(&place.folder))).await?;
        Ok(there.then(|| Receipt {
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
        let place = self.place.clone();
        blocking(move || place.commit(&prepared.run, &files)).await
    }

    async fn abort(&self, prepared: &State) -> Result<()> {
        let prepared: Prepared = prepared.read()?;
        let place = self.place.clone();
        blocking(move || place.abort(&prepared.run)).await
    }
}
