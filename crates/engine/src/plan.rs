//! From opened connectors to a plan: both schemas are compared, every column gets its conversion,
//! and whatever cannot work is said before a row moves.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, StringArray};
use arrow_schema::{DataType, Schema};
use chrono::{DateTime, Utc};
use job::{Constant, Setting};
use sdk::{
    Column, DatasetName, Error, Kind, Opening, ReadOptions, Reader, Result, Writer, list_names,
};

use crate::columns::{Item, spread};
use crate::convert::{Conversion, Fit};
use crate::expression::{Expression, TransformStep};
use crate::mapping::{Mapping, Output, OutputValue, TransformedValue};
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

/// The job's column list against the source's real columns.
struct Draft<'a> {
    source: &'a [Column],
    schema: Schema,
    items: Vec<Item>,
    expressions: Vec<Option<Expression>>,
    now: DateTime<Utc>,
}

impl<'a> Draft<'a> {
    fn new(source: &'a [Column], items: Vec<Item>, now: DateTime<Utc>) -> Result<Self> {
        let schema = schema_of(source);
        let mut expressions = Vec::with_capacity(items.len());
        for item in &items {
            expressions.push(match item {
                Item::Expression { sql, .. } => Some(Expression::plan(sql, &schema, now)?),
                _ => None,
            });
        }
        Ok(Draft {
            source,
            schema,
            items,
            expressions,
            now,
        })
    }

    fn expression(&self, sql: &str) -> Result<Expression> {
        Expression::plan(sql, &self.schema, self.now)
    }

    /// The columns of the job's list, before any transformer.
    fn columns(&self) -> Vec<Column> {
        let columns = self
            .items
            .iter()
            .zip(&self.expressions)
            .map(|(item, expression)| match (item, expression) {
                (Item::Source(index), _) => self.source[*index].clone(),
                (Item::Constant(constant), _) => constant_column(constant),
                (Item::Expression { name, .. }, Some(expression)) => Column {
                    nullable: expression.nullable(),
                    ..Column::new(name, expression.data_type().clone())
                },
                (Item::Expression { .. } | Item::All, _) => Column::new("*", DataType::Null),
            });
        columns.collect()
    }

    /// The columns that the job offers to the target, transformers applied.
    fn offered(&self, steps: &[Vec<TransformStep>]) -> Vec<Column> {
        let columns = self.columns().into_iter().zip(steps);
        columns
            .map(|(column, steps)| steps.last().map_or(column, |last| last.column().clone()))
            .collect()
    }

    /// Which source columns nothing needs to look into, so that they may pass in wire form.
    fn undecoded(
        &self,
        filter: Option<&Expression>,
        steps: &[Vec<TransformStep>],
    ) -> Result<Vec<bool>> {
        let mut computed_from = HashSet::new();
        for expression in filter.into_iter().chain(self.expressions.iter().flatten()) {
            computed_from.extend(Expression::column_names(expression.sql())?);
        }
        let is_untouched = |index: usize| {
            let mut uses = self.items.iter().zip(steps);
            uses.all(|(item, steps)| !is_source(item, index) || steps.is_empty())
        };
        let columns = self.source.iter().enumerate();
        Ok(columns
            .map(|(index, column)| {
                column.wire.is_some()
                    && !computed_from.contains(&column.name)
                    && is_untouched(index)
            })
            .collect())
    }

    /// What a column of the target is made of.
    fn origin(&self, index: usize, steps: Option<&Vec<TransformStep>>) -> Result<Origin> {
        let is_changed = steps.is_some_and(|steps| !steps.is_empty());
        Ok(match &self.items[index] {
            Item::Source(column) => {
                let name = self.source[*column].name.clone();
                if is_changed {
                    Origin::Computed(vec![name])
                } else {
                    Origin::Column(name)
                }
            }
            Item::Expression { sql, .. } => Origin::Computed(Expression::column_names(sql)?),
            Item::Constant(_) | Item::All => Origin::Constant,
        })
    }

    fn output(
        &mut self,
        index: usize,
        target: &Column,
        steps: Option<&Vec<TransformStep>>,
        wire_allowed: &[bool],
    ) -> Result<(OutputValue, Fit)> {
        if let Some(steps) = steps.filter(|steps| !steps.is_empty()) {
            return self.transformed(index, target, steps);
        }
        match &self.items[index] {
            Item::Source(column) => {
                let source = &self.source[*column];
                let same_wire = match (&source.wire, &target.wire) {
                    (Some(from), Some(to)) => to.accepts(from),
                    _ => false,
                };
                if same_wire && wire_allowed[*column] && self.only_use(*column) {
                    return Ok((OutputValue::Wire(*column), Fit::Lossless));
                }
                let conversion = Conversion::plan(source, target);
                let fit = conversion.fit().clone();
                Ok((OutputValue::Source(*column, conversion), fit))
            }
            Item::Constant(constant) => constant_output(constant, target),
            Item::Expression { name, .. } => {
                let expression = self.expressions[index]
                    .take()
                    .ok_or_else(|| Error::internal("an expression was used twice"))?;
                let conversion =
                    Conversion::plan(&Column::new(name, expression.data_type().clone()), target);
                let fit = conversion.fit().clone();
                Ok((OutputValue::Expression(expression, conversion), fit))
            }
            Item::All => Err(Error::internal("`*` was not spread")),
        }
    }

    /// DataX transformers see the value before it is converted to the target's type.
    fn transformed(
        &mut self,
        index: usize,
        target: &Column,
        steps: &[TransformStep],
    ) -> Result<(OutputValue, Fit)> {
        let column = match (&self.items[index], &self.expressions[index]) {
            (Item::Source(column), _) => self.source[*column].clone(),
            (Item::Constant(constant), _) => constant_column(constant),
            (Item::Expression { name, .. }, Some(expression)) => {
                Column::new(name, expression.data_type().clone())
            }
            _ => return Err(Error::internal("a transformer has no column")),
        };
        let (base, _) = self.output(index, &column, None, &vec![false; self.source.len()])?;
        let changed = steps.last().map_or(&column, TransformStep::column);
        let conversion = Conversion::plan(changed, target);
        let fit = conversion.fit().clone();
        Ok((
            OutputValue::Transformed(Box::new(TransformedValue {
                base,
                steps: steps.to_vec(),
                conversion,
            })),
            fit,
        ))
    }

    fn only_use(&self, column: usize) -> bool {
        self.items
            .iter()
            .filter(|item| is_source(item, column))
            .count()
            == 1
    }
}

fn schema_of(columns: &[Column]) -> Schema {
    Schema::new(columns.iter().map(Column::field).collect::<Vec<_>>())
}

fn is_source(item: &Item, index: usize) -> bool {
    matches!(item, Item::Source(column) if *column == index)
}

fn wired(outputs: &[Output], index: usize) -> bool {
    outputs
        .iter()
        .any(|output| matches!(output.value, OutputValue::Wire(column) if column == index))
}

fn constant_column(constant: &Constant) -> Column {
    let (data_type, nullable) = match constant {
        Constant::Null => (DataType::Utf8, true),
        Constant::Boolean(_) => (DataType::Boolean, false),
        Constant::String(_) | Constant::Number(_) => (DataType::Utf8, false),
    };
    Column {
        nullable,
        ..Column::new(constant_text(constant), data_type).native("constant")
    }
}

/// A constant is converted once, when the job is planned; one that does not fit stops the job.
fn constant_output(constant: &Constant, target: &Column) -> Result<(OutputValue, Fit)> {
    let array: ArrayRef = match constant {
        Constant::Null => Arc::new(StringArray::from(vec![None::<&str>])),
        Constant::Boolean(value) => Arc::new(BooleanArray::from(vec![*value])),
        Constant::String(text) | Constant::Number(text) => {
            Arc::new(StringArray::from(vec![text.as_str()]))
        }
    };
    let conversion = Conversion::plan(&constant_column(constant), target);
    if let Fit::Impossible(reason) = conversion.fit() {
        let fit = Fit::Impossible(reason.clone());
        return Ok((OutputValue::Constant(array), fit));
    }
    let converted = conversion.apply(&array)?;
    match converted.bad.first() {
        None => Ok((OutputValue::Constant(converted.array), Fit::Lossless)),
        Some(bad) => Ok((
            OutputValue::Constant(array),
            Fit::Impossible(bad.reason.clone()),
        )),
    }
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

/// A constant as the job document writes it.
fn constant_text(constant: &Constant) -> String {
    match constant {
        Constant::Null => "null".to_string(),
        Constant::Boolean(value) => value.to_string(),
        Constant::Number(digits) => digits.clone(),
        Constant::String(text) => format!("'{text}'"),
    }
}
