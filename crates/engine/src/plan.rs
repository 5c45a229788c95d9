//! From opened connectors to a plan: both schemas are compared, every column gets its conversion,
//! and whatever cannot work is said before a row moves.

use arrow_schema::DataType;
use chrono::{DateTime, Utc};
use job::Setting;
use sdk::{
    Column, DatasetName, Error, Kind, Opening, ReadOptions, Reader, Result, Writer, list_names,
};

use crate::columns::spread;
use crate::convert::Fit;
use crate::draft::{Draft, schema_of, wired};
use crate::expression::{Expression, TransformStep};
use crate::mapping::{Mapping, Output};
use crate::resolve::Resolved;
use crate::sides::Sides;

/// Rows per batch: enough to make per-batch work vanish, few enough to stay in the cache.
const BATCH_ROWS: usize = 16_384;
/// Bytes of values per batch, so that wide rows do not break the memory bound.
const BATCH_BYTES: usize = 4 << 20;

/// One line of the type-fit report.
#[derive(Debug, Clone)]
pub struct MappedColumn {
    /// The source's column, constant or expression.
    pub source: String,
    /// Its type as the source prints it.
    pub source_type: String,
    /// The target's column.
    pub target: String,
    /// Its type as the target prints it.
    pub target_type: String,
    /// How well the one fits the other.
    pub fit: Fit,
    /// Which columns of the source its values are made of.
    pub origin: Origin,
}

/// Which columns of the source a value is made of, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Of one, whose values are only converted.
    Column(String),
    /// Of these, by an expression or a transformer.
    Computed(Vec<String>),
    /// Of none.
    Constant,
}

/// A job ready to move rows.
pub struct Plan {
    pub(crate) reader: Box<dyn Reader>,
    pub(crate) writer: Box<dyn Writer>,
    pub(crate) mapping: Mapping,
    pub(crate) source_columns: Vec<Column>,
    pub(crate) target_columns: Vec<Column>,
    pub(crate) options: ReadOptions,
    pub(crate) setting: Setting,
    fits: Vec<MappedColumn>,
    inputs: Vec<DatasetName>,
    outputs: Vec<DatasetName>,
}

impl Plan {
    /// The type-fit report, one line per column of the target.
    pub fn columns(&self) -> &[MappedColumn] {
        &self.fits
    }

    /// The columns that are read, before the mapping.
    pub fn source_columns(&self) -> &[Column] {
        &self.source_columns
    }

    /// What is read, as far as the job says it.
    pub fn inputs(&self) -> &[DatasetName] {
        &self.inputs
    }

    /// What is written, as far as the job says it.
    pub fn outputs(&self) -> &[DatasetName] {
        &self.outputs
    }

    /// The reader, for showing the splits that a run would have.
    pub fn reader(&self) -> &dyn Reader {
        self.reader.as_ref()
    }

    /// How many splits to ask for.
    pub fn wanted_splits(&self) -> usize {
        self.setting.concurrent
    }

    /// Sets what `now()` and `current_date` yield: the time at which the run began, the same in all its
    /// tasks, on every worker, and whenever it is continued.
    pub(crate) fn began(&mut self, at: DateTime<Utc>) -> Result<()> {
        let schema = schema_of(&self.source_columns);
        for expression in self.mapping.expressions() {
            *expression = Expression::plan(expression.sql(), &schema, at)?;
        }
        Ok(())
    }
}

/// Both sides of a job side by side: how well every column fits, be it not at all.
pub struct Comparison(Plan);

impl Comparison {
    /// The type-fit report, one line per column of the target.
    pub fn columns(&self) -> &[MappedColumn] {
        self.0.columns()
    }

    /// The plan; fails with every column that cannot be mapped.
    pub fn into_plan(self) -> Result<Plan> {
        refuse_impossible(self.columns())?;
        Ok(self.0)
    }
}

/// Connects both sides and plans the mapping between them.
pub async fn plan(resolved: Resolved) -> Result<Plan> {
    compare(resolved).await?.into_plan()
}

/// Connects both sides and compares their columns.
pub async fn compare(resolved: Resolved) -> Result<Comparison> {
    let Resolved {
        reader,
        writer,
        reader_title,
        writer_title,
        inputs,
        outputs: written,
        columns,
        job,
    } = resolved;
    let sides = Sides::open((reader, reader_title), (writer, writer_title)).await?;
    let source = sides.source_columns().await?;
    let items = spread(&columns.items, source.len())?;
    let mut draft = Draft::new(&source, items, Utc::now())?;
    let filter = job
        .filter
        .as_deref()
        .map(|sql| draft.expression(sql))
        .transpose()?;
    if let Some(filter) = &filter
        && *filter.data_type() != DataType::Boolean
    {
        return Err(Error::new(Kind::Config, "the filter is not a condition")
            .hint("write something that is true or false, for example `salary > 10`"));
    }
    let steps = TransformStep::plan(&job.transformers, &draft.columns())?;
    let offered = draft.offered(&steps);
    let target = sides.target_columns(&offered).await?;
    if offered.len() != target.len() {
        return Err(column_count_error(&offered, &target));
    }
    let wire_allowed = draft.undecoded(filter.as_ref(), &steps)?;
    let mut outputs = Vec::with_capacity(target.len());
    let mut fits = Vec::with_capacity(target.len());
    for (index, column) in target.iter().enumerate() {
        let origin = draft.origin(index, steps.get(index))?;
        let (value, fit) = draft.output(index, column, steps.get(index), &wire_allowed)?;
        fits.push(MappedColumn {
            source: offered[index].name.clone(),
            source_type: offered[index].native.clone(),
            target: column.name.clone(),
            target_type: column.native.clone(),
            fit,
            origin,
        });
        outputs.push(Output {
            value,
            column: column.clone(),
        });
    }
    let wire = (0..source.len())
        .map(|index| wired(&outputs, index))
        .collect();
    Ok(Comparison(Plan {
        reader: sides.reader,
        writer: sides.writer,
        mapping: Mapping::new(filter, outputs),
        source_columns: source,
        target_columns: target,
        options: ReadOptions {
            wire,
            batch_rows: BATCH_ROWS,
            batch_bytes: BATCH_BYTES,
        },
        setting: job.setting,
        fits,
        inputs,
        outputs: written,
    }))
}

/// The columns of a job's target: its own, or else those that it makes of what the source offers, which then is
/// asked too.
pub(crate) async fn target_columns(resolved: Resolved) -> Result<Vec<Column>> {
    let Resolved { writer, .. } = resolved;
    let writer = writer().await?;
    if let Ok(columns) = writer.schema(&[]).await
        && !columns.is_empty()
    {
        return Ok(columns);
    }
    let writer: Opening<dyn Writer> = Box::new(|| Box::pin(async { Ok(writer) }));
    let whole = compare(Resolved { writer, ..resolved }).await?;
    Ok(whole.0.target_columns)
}

fn refuse_impossible(fits: &[MappedColumn]) -> Result<()> {
    let reasons: Vec<String> = fits
        .iter()
        .filter_map(|column| match &column.fit {
            Fit::Impossible(reason) => Some(format!(
                "{} ({}) into {} ({}): {reason}",
                column.source, column.source_type, column.target, column.target_type
            )),
            _ => None,
        })
        .collect();
    if reasons.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        Kind::Unsupported,
        format!("these columns cannot be mapped: {}", reasons.join("; ")),
    )
    .hint("change the type of the target column, or cast in the reader's column list"))
}

fn column_count_error(source: &[Column], target: &[Column]) -> Error {
    let names = |columns: &[Column]| list_names(columns.iter().map(|column| column.name.as_str()));
    Error::new(
        Kind::Config,
        format!(
            "the reader has {} columns ({}) and the writer has {} ({})",
            source.len(),
            names(source),
            target.len(),
            names(target)
        ),
    )
    .hint("list as many columns on one side as on the other; they are mapped by position")
}
