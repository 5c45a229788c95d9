//! Feeds dirty rows back after they were mended: a reader over a dirty-row file.
//!
//! Rows that failed on reading or converting have the source's columns and take the job's whole way
//! again; rows that the target refused have the target's columns and go straight to it. So a file
//! becomes up to two runs. What such a straight run sets aside has the target's columns, wherever it
//! failed. Values belong to columns by their names, whatever order these were brought into. Statements
//! before and after the load and the clearing of the target are left out, since a replay adds to what
//! is there.

mod cells;
mod rows;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use job::{Job, Problems, Strictness};
use sdk::{
    BatchStream, Column, Connector, Error, Kind, Opening, ReadOptions, Reader, Registry, Result,
    Split, Splits, State,
};

use cells::to_batch;
pub use rows::{BrokenLine, KeptRows, MendedRows, RowForm};
use rows::{next_chunk, rows_of};

use crate::columns::SourceColumns;
use crate::plan::target_columns;
use crate::resolve::{Datasources, Resolved, resolve};

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
