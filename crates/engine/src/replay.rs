//! Feeds dirty rows back after they were mended: a reader over a dirty-row file.
//!
//! Rows that failed on reading or converting have the source's columns and take the job's whole way
//! again; rows that the target refused have the target's columns and go straight to it. So a file
//! becomes up to two runs. What such a straight run sets aside has the target's columns, wherever it
//! failed. Values belong to columns by their names, whatever order these were brought into. Statements
//! before and after the load and the clearing of the target are left out, since a replay adds to what
//! is there.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow_array::{ArrayRef, BinaryArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow_schema::{DataType, Schema};
use async_trait::async_trait;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use job::{Job, Problems, Strictness};
use sdk::{
    BatchStream, Column, Connector, Error, Extension, Kind, Opening, ReadBatch, ReadOptions,
    Reader, Registry, Result, Split, Splits, State, UnreadableRow, bytes_from_json,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::columns::SourceColumns;
use crate::convert::{BadValue, Conversion, Converted};
use crate::dirty::{DirtyRow, Stage};
use crate::plan::target_columns;
use crate::resolve::{Datasources, Resolved, resolve};

/// Which columns rows have that are fed back, and so which way they take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RowForm {
    /// Those of the job's source: the whole way.
    #[default]
    Source,
    /// Those of its target: straight to it.
    Target,
}

/// Rows that somebody mended, as they come: before they are kept anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MendedRows {
    /// The forms that occur, in the order in which their runs are to be done.
    pub forms: Vec<RowForm>,
    /// How many rows there are.
    pub row_count: u64,
}

/// A line that is no dirty row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenLine {
    /// From 1.
    pub number: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl MendedRows {
    /// Looks through the lines of a dirty-row file; `kept_by` is as in [`KeptRows`].
    pub fn read(text: &[u8], kept_by: RowForm) -> std::result::Result<MendedRows, BrokenLine> {
        let mut mended = MendedRows {
            forms: Vec::new(),
            row_count: 0,
        };
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        if text.is_empty() {
            return Ok(mended);
        }
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let row: DirtyRow = serde_json::from_slice(line).map_err(|error| BrokenLine {
                number: index + 1,
                reason: without_value(&error.to_string()),
            })?;
            let form = form(kept_by, row.stage);
            if !mended.forms.contains(&form) {
                mended.forms.push(form);
            }
            mended.row_count += 1;
        }
        Ok(mended)
    }
}

/// What was expected, without what was found: cells stand in no message.
fn without_value(text: &str) -> String {
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => text.to_string(),
    }
}

fn form(kept_by: RowForm, stage: Stage) -> RowForm {
    match (kept_by, stage) {
        (RowForm::Source, Stage::Read | Stage::Convert) => RowForm::Source,
        (RowForm::Source, Stage::Write) | (RowForm::Target, _) => RowForm::Target,
    }
}

/// Dirty rows as a run kept them.
#[derive(Debug, Clone)]
pub struct KeptRows {
    /// The dirty-row file.
    pub file: PathBuf,
    /// What that run read: its job's source, or rows that it fed back itself.
    pub kept_by: RowForm,
}

impl KeptRows {
    /// The forms that occur, in the order in which their runs are to be done; none in an empty file.
    pub fn forms(&self) -> Result<Vec<RowForm>> {
        let mut forms = Vec::new();
        for row in rows_of(self)? {
            let form = row?.form;
            if !forms.contains(&form) {
                forms.push(form);
            }
            if forms.len() == 2 {
                break;
            }
        }
        Ok(forms)
    }

    fn open(&self) -> Result<File> {
        File::open(&self.file).map_err(|error| {
            let shown = self.file.display();
            Error::new(
                Kind::NotFound,
                format!("cannot read the dirty rows in {shown}"),
            )
            .hint("name a run or the dirty-row file that its report names")
            .source(error)
        })
    }
}

/// What a replay needs: the job as it ran, and where its rows are.
pub struct Replay<'a> {
    /// The job that made the rows dirty.
    pub job: &'a Job,
    /// The connectors of this build.
    pub registry: &'a Registry,
    /// The registered data sources.
    pub datasources: &'a Datasources,
    /// The rows.
    pub rows: &'a KeptRows,
}

impl Replay<'_> {
    /// The run that feeds the rows of a form back into the job's target. Problems of the document are added to
    /// `problems`; with errors among them there is no run.
    pub fn run(&self, form: RowForm, problems: &mut Problems) -> Option<Resolved> {
        let job = adding(self.job, self.registry);
        let whole_way = self.resolve(&job, problems)?;
        if form == RowForm::Source {
            let Resolved { reader, .. } = whole_way;
            let columns = async move { reader().await?.schema().await }.boxed();
            let reader = self.reader(form, columns);
            return Some(fed_back(Resolved {
                reader,
                ..whole_way
            }));
        }
        let reader = self.reader(form, target_columns(whole_way).boxed());
        // Its problems have been told.
        let straight = self.resolve(&job, &mut Problems::new())?;
        Some(fed_back(Resolved {
            reader,
            columns: SourceColumns::all(),
            job: Job {
                filter: None,
                transformers: Vec::new(),
                ..job
            },
            ..straight
        }))
    }

    fn resolve(&self, job: &Job, problems: &mut Problems) -> Option<Resolved> {
        let lenient = Strictness::Lenient;
        resolve(job, self.registry, self.datasources, lenient, problems)
    }

    fn reader(&self, form: RowForm, columns: Asking) -> Opening<dyn Reader> {
        let rows = self.rows.clone();
        Box::new(move || {
            Box::pin(async move {
                rows.open()?;
                let reader: Box<dyn Reader> = Box::new(DirtyRowReader {
                    rows,
                    form,
                    asking: Mutex::new(Some(columns)),
                    columns: OnceLock::new(),
                });
                Ok(reader)
            })
        })
    }
}

/// The job as one that adds its rows to what is there.
fn adding(job: &Job, registry: &Registry) -> Job {
    let mut job = job.clone();
    let writer = registry.find(&job.writer.connector);
    if let Some(schema) = writer.and_then(Connector::writer_schema) {
        sdk::make_adding(&mut job.writer.parameter, &schema);
    }
    job
}

fn fed_back(resolved: Resolved) -> Resolved {
    Resolved {
        reader_title: "the dirty-row file".to_string(),
        inputs: Vec::new(),
        ..resolved
    }
}

/// A row in the file has one value for each name.
fn refuse_doubled_names(columns: &[Column]) -> Result<()> {
    let mut names = BTreeSet::new();
    match columns.iter().find(|column| !names.insert(&column.name)) {
        None => Ok(()),
        Some(column) => Err(Error::new(
            Kind::Unsupported,
            format!(
                "the source has two columns `{}`, of which the dirty rows hold one",
                column.name
            ),
        )
        .hint("give the columns of the query different names, and run the job again")),
    }
}

/// One line of a file.
struct Line {
    row: DirtyRow,
    form: RowForm,
    /// Bytes.
    length: usize,
}

/// The rows in a file.
fn rows_of(kept: &KeptRows) -> Result<impl Iterator<Item = Result<Line>> + Send + use<>> {
    let kept = kept.clone();
    let shown = kept.file.display().to_string();
    let file = kept.open()?;
    let lines = BufReader::new(file).lines().enumerate();
    Ok(lines.map(move |(index, line)| {
        let broken = || {
            Error::new(
                Kind::Data,
                format!("{shown} line {} is not a dirty row", index + 1),
            )
            .hint("mend the values, not the form of the lines")
        };
        let line = line.map_err(|error| broken().source(error))?;
        let row: DirtyRow = serde_json::from_str(&line).map_err(|error| broken().source(error))?;
        Ok(Line {
            form: form(kept.kept_by, row.stage),
            row,
            length: line.len(),
        })
    }))
}

/// What columns the rows have, asked of the job's own source or target.
type Asking = BoxFuture<'static, Result<Vec<Column>>>;

struct DirtyRowReader {
    rows: KeptRows,
    form: RowForm,
    /// Not asked before both sides are open: a target that cannot be opened is told of once.
    asking: Mutex<Option<Asking>>,
    columns: OnceLock<Arc<Vec<Column>>>,
}

#[async_trait]
impl Reader for DirtyRowReader {
    async fn schema(&self) -> Result<Vec<Column>> {
        let asking = self.asking.lock();
        let asking = asking.unwrap_or_else(PoisonError::into_inner).take();
        let asking = asking.ok_or_else(|| Error::internal("the columns were asked for twice"))?;
        let columns = asking.await?;
        refuse_doubled_names(&columns)?;
        let columns = self.columns.get_or_init(|| Arc::new(columns));
        // Rows in the file are text; none of them is in a store's binary form.
        Ok(columns
            .iter()
            .cloned()
            .map(|column| Column {
                wire: None,
                ..column
            })
            .collect())
    }

    async fn splits(&self, _wanted: usize) -> Result<Splits> {
        let split = Split {
            label: "dirty rows".to_string(),
            estimated_rows: None,
            state: State::default(),
        };
        Ok(Splits {
            splits: vec![split],
            notices: Vec::new(),
        })
    }

    async fn read(&self, _split: &Split, options: &ReadOptions) -> Result<BatchStream> {
        let columns = self.columns.get().cloned();
        let columns = columns.ok_or_else(|| Error::internal("the columns are not known yet"))?;
        let (form, options) = (self.form, options.clone());
        let mut rows = rows_of(&self.rows)?;
        let batches = std::iter::from_fn(move || {
            let chunk = next_chunk(&mut rows, form, &options);
            match chunk {
                Ok(chunk) if chunk.is_empty() => None,
                chunk => Some(chunk.and_then(|chunk| to_batch(&columns, chunk))),
            }
        });
        Ok(futures::stream::iter(batches).boxed())
    }
}

/// The next rows of a form, as many as a batch may have.
fn next_chunk(
    rows: impl Iterator<Item = Result<Line>>,
    form: RowForm,
    options: &ReadOptions,
) -> Result<Vec<DirtyRow>> {
    let (mut chunk, mut bytes) = (Vec::new(), 0);
    for line in rows {
        let line = line?;
        if line.form == form {
            chunk.push(line.row);
            bytes += line.length;
            if chunk.len() >= options.batch_rows || bytes >= options.batch_bytes {
                break;
            }
        }
    }
    Ok(chunk)
}

/// Text to the columns' types; rows whose text does not fit stay dirty.
fn to_batch(columns: &[Column], rows: Vec<DirtyRow>) -> Result<ReadBatch> {
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    let names: BTreeSet<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut bad: Vec<Option<(String, String)>> = rows
        .iter()
        .map(|row| {
            // A value that would go nowhere: the row is broken still, or a name was mistyped.
            let surplus = row.row.keys().find(|key| !names.contains(key.as_str()))?;
            let reason = format!("there is no column `{surplus}`; take it out of the row");
            Some((surplus.clone(), reason))
        })
        .collect();
    for column in columns {
        let cells = if holds_bytes(column) {
            bytes_of(&rows, &column.name)
        } else {
            texts_of(&rows, &column.name)
        };
        let read_as = Column::new(&column.name, cells.array.data_type().clone());
        let conversion = Conversion::plan(&read_as, column);
        let converted = cells.then(|cells| conversion.apply(cells))?;
        for value in converted.bad {
            bad[value.row].get_or_insert((column.name.clone(), value.reason));
        }
        arrays.push(converted.array);
    }
    let schema = Schema::new(
        columns
            .iter()
            .map(|column| column.field().with_nullable(true))
            .collect::<Vec<_>>(),
    );
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let batch = RecordBatch::try_new_with_options(Arc::new(schema), arrays, &options)?;
    if bad.iter().all(Option::is_none) {
        return Ok(batch.into());
    }
    let good = bad.iter().map(|bad| Some(bad.is_none())).collect();
    let unreadable = rows.into_iter().zip(bad).filter_map(|(row, bad)| {
        let (column, reason) = bad?;
        Some(UnreadableRow {
            column: Some(column),
            reason,
            row: row.row,
        })
    });
    Ok(ReadBatch {
        batch: arrow_select::filter::filter_record_batch(&batch, &good)?,
        unreadable: unreadable.collect(),
    })
}

/// Whether a row shows the column's values as bytes. A UUID is sixteen of them, but shown as text.
fn holds_bytes(column: &Column) -> bool {
    match column.data_type {
        DataType::FixedSizeBinary(_) => column.extension != Some(Extension::Uuid),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        _ => false,
    }
}

fn bytes_of(rows: &[DirtyRow], column: &str) -> Converted {
    let (cells, bad) = cells_of(rows, column, |cell| {
        let bytes = bytes_from_json(cell);
        bytes.ok_or(r#"bytes are written as {"hex": "00ff"}"#)
    });
    Converted {
        array: Arc::new(BinaryArray::from_iter(cells)),
        bad,
    }
}

fn texts_of(rows: &[DirtyRow], column: &str) -> Converted {
    let (cells, bad) = cells_of(rows, column, |cell| match cell {
        Value::String(text) => Ok(text.clone()),
        other if shows_bytes(other) => Err("bytes inside another value cannot be fed back"),
        other => Ok(other.to_string()),
    });
    Converted {
        array: Arc::new(StringArray::from_iter(cells)),
        bad,
    }
}

/// A column's cells. One that a row does not have is bad: nobody knows that it was NULL.
fn cells_of<T>(
    rows: &[DirtyRow],
    column: &str,
    read: impl Fn(&Value) -> std::result::Result<T, &'static str>,
) -> (Vec<Option<T>>, Vec<BadValue>) {
    let mut bad = Vec::new();
    let mut cells = Vec::with_capacity(rows.len());
    for (row, dirty) in rows.iter().enumerate() {
        let cell = match dirty.row.get(column) {
            None => Err("the row has no such column; add it, or null"),
            Some(Value::Null) => Ok(None),
            Some(cell) => read(cell).map(Some),
        };
        cells.push(cell.unwrap_or_else(|reason| {
            let reason = reason.to_string();
            bad.push(BadValue { row, reason });
            None
        }));
    }
    (cells, bad)
}

fn shows_bytes(cell: &Value) -> bool {
    bytes_from_json(cell).is_some()
        || match cell {
            Value::Array(items) => items.iter().any(shows_bytes),
            Value::Object(fields) => fields.values().any(shows_bytes),
            _ => false,
        }
}
