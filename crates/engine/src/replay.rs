//! Feeds dirty rows back after they were mended: a reader over a dirty-row file.
//!
//! Rows that failed on reading or converting have the source's columns and take the job's whole way
//! again; rows that the target refused have the target's columns and go straight to it. So a file
//! becomes up to two runs. Statements before and after the load and the clearing of the target are
//! left out, since a replay adds to what is there.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow_schema::{DataType, Schema};
use async_trait::async_trait;
use futures::StreamExt;
use job::{ColumnItem, Job, Problems, Strictness};
use sdk::{
    BatchStream, Column, Connector, Error, Extension, Kind, ReadBatch, ReadOptions, Reader,
    Registry, Result, Split, Splits, State, UnreadableRow, bytes_from_json,
};
use serde_json::Value;

use crate::convert::{BadValue, Conversion, Converted};
use crate::dirty::{DirtyRow, Stage};
use crate::resolve::{Datasources, Resolved, resolve};

/// What a replay needs: the job as it ran, and where its rows are.
pub struct Replay<'a> {
    /// The job that made the rows dirty.
    pub job: &'a Job,
    /// The connectors of this build.
    pub registry: &'a Registry,
    /// The registered data sources.
    pub datasources: &'a Datasources,
    /// The dirty-row file.
    pub file: &'a Path,
}

impl Replay<'_> {
    /// The runs that feed the rows back into the job's target, in order; none for an empty file.
    /// Problems of the document are added to `problems`, and the runs they concern are left out.
    pub fn runs(&self, problems: &mut Problems) -> Result<Vec<Resolved>> {
        let mut runs = Vec::new();
        for (form, columns) in forms_in(self.file)? {
            let job = adding(self.job, self.registry, form);
            if let Some(resolved) = resolve(
                &job,
                self.registry,
                self.datasources,
                Strictness::Lenient,
                problems,
            ) {
                runs.push(reading_from(
                    resolved,
                    self.file.to_path_buf(),
                    form,
                    columns,
                ));
            }
        }
        Ok(runs)
    }
}

/// Which columns a row in the file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Source,
    Target,
}

impl Form {
    fn of(stage: Stage) -> Self {
        match stage {
            Stage::Read | Stage::Convert => Form::Source,
            Stage::Write => Form::Target,
        }
    }
}

/// The job as one that adds its rows to what is there.
fn adding(job: &Job, registry: &Registry, form: Form) -> Job {
    let mut job = job.clone();
    let writer = registry.find(&job.writer.connector);
    if let Some(schema) = writer.and_then(Connector::writer_schema) {
        sdk::make_adding(&mut job.writer.parameter, &schema);
    }
    if form == Form::Target {
        job.reader.columns = vec![ColumnItem::All];
        job.filter = None;
        job.transformers.clear();
    }
    job
}

fn reading_from(resolved: Resolved, path: PathBuf, form: Form, written: Vec<Column>) -> Resolved {
    let Resolved { reader, .. } = resolved;
    let opening: sdk::Opening<dyn Reader> = Box::new(move || {
        Box::pin(async move {
            let columns = match form {
                Form::Source => reader().await?.schema().await?,
                Form::Target => written,
            };
            refuse_doubled_names(&columns)?;
            let columns = Arc::new(columns);
            let reader: Box<dyn Reader> = Box::new(DirtyRowReader {
                path,
                form,
                columns,
            });
            Ok(reader)
        })
    });
    let reader_title = "the dirty-row file".to_string();
    Resolved {
        reader: opening,
        reader_title,
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

/// The forms that occur, each with its columns as the file has them: text, or bytes where a row
/// shows bytes.
fn forms_in(path: &Path) -> Result<Vec<(Form, Vec<Column>)>> {
    let mut forms: Vec<(Form, Vec<Column>)> = Vec::new();
    for row in rows_of(path)? {
        let (row, _) = row?;
        let form = Form::of(row.stage);
        let known = forms.iter().position(|(known, _)| *known == form);
        let index = known.unwrap_or_else(|| {
            let text = |name: &String| Column::new(name, DataType::Utf8);
            forms.push((form, row.row.keys().map(text).collect()));
            forms.len() - 1
        });
        for column in &mut forms[index].1 {
            if row
                .row
                .get(&column.name)
                .is_some_and(|cell| bytes_from_json(cell).is_some())
            {
                *column = Column::new(&column.name, DataType::Binary);
            }
        }
    }
    Ok(forms)
}

/// The rows in a file, each with its length in bytes.
fn rows_of(path: &Path) -> Result<impl Iterator<Item = Result<(DirtyRow, usize)>> + Send + use<>> {
    let shown = path.display().to_string();
    let file = File::open(path).map_err(|error| {
        Error::new(
            Kind::NotFound,
            format!("cannot read the dirty rows in {shown}"),
        )
        .hint("name a run or the dirty-row file that its report names")
        .source(error)
    })?;
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
        let row = serde_json::from_str(&line).map_err(|error| broken().source(error))?;
        Ok((row, line.len()))
    }))
}

struct DirtyRowReader {
    path: PathBuf,
    form: Form,
    columns: Arc<Vec<Column>>,
}

#[async_trait]
impl Reader for DirtyRowReader {
    async fn schema(&self) -> Result<Vec<Column>> {
        // Rows in the file are text; none of them is in a store's binary form.
        Ok(self
            .columns
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
        let (form, columns, options) = (self.form, self.columns.clone(), options.clone());
        let mut rows = rows_of(&self.path)?;
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
    rows: impl Iterator<Item = Result<(DirtyRow, usize)>>,
    form: Form,
    options: &ReadOptions,
) -> Result<Vec<DirtyRow>> {
    let (mut chunk, mut bytes) = (Vec::new(), 0);
    for row in rows {
        let (row, length) = row?;
        if Form::of(row.stage) == form {
            chunk.push(row);
            bytes += length;
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
