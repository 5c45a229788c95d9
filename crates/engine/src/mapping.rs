//! From a batch of the source to a batch of the target: filter, transform, convert, and set aside
//! the rows that cannot be converted.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, UInt32Array};
use arrow_schema::{Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take;
use sdk::{Column, Result};

use crate::convert::{BadValue, Conversion, Converted};
use crate::expression::{Expression, TransformStep, Transformed};

/// How one column of the target is made.
pub(crate) struct Output {
    pub(crate) value: OutputValue,
    /// The target's column.
    pub(crate) column: Column,
}

/// Where the value of a target column comes from.
pub(crate) enum OutputValue {
    /// A column of the source in the store's own binary form, passed on untouched.
    Wire(usize),
    /// A column of the source.
    Source(usize, Conversion),
    /// One value for all rows, already of the target's type.
    Constant(ArrayRef),
    /// An expression over the source's columns.
    Expression(Expression, Conversion),
    /// A column of the source, or an expression, that DataX transformers change first.
    Transformed(Box<TransformedValue>),
}

/// See [`OutputValue::Transformed`].
pub(crate) struct TransformedValue {
    pub(crate) base: OutputValue,
    pub(crate) steps: Vec<TransformStep>,
    pub(crate) conversion: Conversion,
}

/// The whole mapping of a job, planned once.
pub(crate) struct Mapping {
    pub(crate) filter: Option<Expression>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) target_schema: SchemaRef,
}

/// A mapped batch and what was left out of it.
pub(crate) struct Mapped {
    pub(crate) batch: RecordBatch,
    pub(crate) filtered_rows: u64,
    /// By row of the source batch.
    pub(crate) dirty: BTreeMap<usize, BadCell>,
    /// Bytes of the values that were made, those that only led to others and those left out included.
    pub(crate) made_bytes: u64,
}

/// Why a row cannot be converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadCell {
    pub(crate) column: Option<String>,
    pub(crate) reason: String,
}

impl Mapping {
    pub(crate) fn new(filter: Option<Expression>, outputs: Vec<Output>) -> Self {
        let fields: Vec<_> = outputs
            .iter()
            .map(|output| match output.value {
                OutputValue::Wire(_) => output.column.wire_field().with_nullable(true),
                _ => output.column.field().with_nullable(true),
            })
            .collect();
        Mapping {
            filter,
            outputs,
            target_schema: Arc::new(Schema::new(fields)),
        }
    }

    /// Every expression of the job.
    pub(crate) fn expressions(&mut self) -> impl Iterator<Item = &mut Expression> {
        let outputs = self.outputs.iter_mut();
        let computed = outputs.filter_map(|output| output.value.expression());
        self.filter.iter_mut().chain(computed)
    }

    /// Whether values are made whose size nobody knows before.
    pub(crate) fn may_grow(&self) -> bool {
        let mut values = self.outputs.iter().map(|output| &output.value);
        !values.all(|value| matches!(value, OutputValue::Wire(_) | OutputValue::Source(..)))
    }

    /// Maps a batch. Rows keep their order.
    pub(crate) fn apply(&self, source: &RecordBatch) -> Result<Mapped> {
        let mut rows = Rows {
            keep: None,
            dirty: BTreeMap::new(),
            made_bytes: 0,
        };
        if let Some(filter) = &self.filter {
            let verdict = filter.evaluate(source)?;
            rows.keep = Some(verdict.array.as_boolean().clone());
            rows.set_aside(None, verdict.bad);
        }
        let mut arrays = Vec::with_capacity(self.outputs.len());
        for output in &self.outputs {
            let Converted { array, bad } = output.value.make(source, &mut rows)?;
            rows.made_bytes += bytes_of(&array);
            rows.set_aside(Some(&output.column.name), bad);
            if !output.column.nullable && array.null_count() > 0 {
                rows.refuse_nulls(&array, &output.column.name);
            }
            arrays.push(array);
        }
        let options =
            arrow_array::RecordBatchOptions::new().with_row_count(Some(source.num_rows()));
        let batch =
            RecordBatch::try_new_with_options(self.target_schema.clone(), arrays, &options)?;
        rows.sort_out(batch)
    }
}

impl OutputValue {
    /// Whether this is the source's column of that number, converted or not.
    pub(crate) fn is_source(&self, index: usize) -> bool {
        matches!(self, OutputValue::Wire(column) | OutputValue::Source(column, _) if *column == index)
    }

    fn expression(&mut self) -> Option<&mut Expression> {
        match self {
            OutputValue::Expression(expression, _) => Some(expression),
            OutputValue::Transformed(transformed) => transformed.base.expression(),
            _ => None,
        }
    }

    fn make(&self, source: &RecordBatch, rows: &mut Rows) -> Result<Converted> {
        match self {
            OutputValue::Wire(index) => Ok(Converted::clean(source.column(*index).clone())),
            OutputValue::Source(index, conversion) => conversion.apply(source.column(*index)),
            OutputValue::Constant(value) => repeat(value, source.num_rows()).map(Converted::clean),
            OutputValue::Expression(expression, conversion) => {
                let value = expression.evaluate(source)?;
                value.then(|array| conversion.apply(array))
            }
            OutputValue::Transformed(transformed) => {
                let mut value = transformed.base.make(source, rows)?;
                rows.made_bytes += bytes_of(&value.array);
                for step in &transformed.steps {
                    let Transformed { converted, keep } = step.apply(&value.array)?;
                    rows.made_bytes += bytes_of(&converted.array);
                    if let Some(keep) = keep {
                        rows.keep_only(&keep, &value.bad);
                    }
                    value = value.then(|_| Ok(converted))?;
                }
                value.then(|array| transformed.conversion.apply(array))
            }
        }
    }
}

/// Bytes of an array's values, whatever the capacity of the buffers that hold them.
pub(crate) fn bytes_of(array: &ArrayRef) -> u64 {
    array.to_data().get_slice_memory_size().unwrap_or(0) as u64
}

fn repeat(value: &ArrayRef, row_count: usize) -> Result<ArrayRef> {
    Ok(take(value, &UInt32Array::from(vec![0; row_count]), None)?)
}

/// What becomes of the rows of one batch.
struct Rows {
    /// False or NULL: the filter drops the row.
    keep: Option<BooleanArray>,
    /// The first reason found per row.
    dirty: BTreeMap<usize, BadCell>,
    made_bytes: u64,
}

impl Rows {
    fn set_aside(&mut self, column: Option<&str>, bad: Vec<BadValue>) {
        for BadValue { row, reason } in bad {
            self.dirty.entry(row).or_insert_with(|| BadCell {
                column: column.map(str::to_string),
                reason,
            });
        }
    }

    fn refuse_nulls(&mut self, array: &dyn Array, column: &str) {
        for row in (0..array.len()).filter(|row| array.is_null(*row)) {
            self.dirty.entry(row).or_insert_with(|| BadCell {
                column: Some(column.to_string()),
                reason: format!("NULL in column `{column}`, which does not take NULL"),
            });
        }
    }

    /// Drops the rows that a filter does not keep. Rows in `bad` have lost the value that the filter
    /// looks at, so its verdict on them means nothing.
    fn keep_only(&mut self, keep: &BooleanArray, bad: &[BadValue]) {
        let mut kept: Vec<bool> = keep.iter().map(|keep| keep == Some(true)).collect();
        for bad in bad {
            kept[bad.row] = true;
        }
        for (row, kept) in kept.iter_mut().enumerate() {
            *kept &= self.kept(row);
        }
        self.keep = Some(kept.into());
    }

    fn kept(&self, row: usize) -> bool {
        self.keep
            .as_ref()
            .is_none_or(|keep| keep.is_valid(row) && keep.value(row))
    }

    /// A row that is dropped anyway cannot be dirty, except when the filter itself failed on it.
    fn sort_out(self, batch: RecordBatch) -> Result<Mapped> {
        if self.keep.is_none() && self.dirty.is_empty() {
            return Ok(Mapped {
                batch,
                filtered_rows: 0,
                dirty: self.dirty,
                made_bytes: self.made_bytes,
            });
        }
        let row_count = batch.num_rows();
        let mut mask = Vec::with_capacity(row_count);
        let mut dirty = BTreeMap::new();
        for row in 0..row_count {
            let bad = self
                .dirty
                .get(&row)
                .filter(|bad| bad.column.is_none() || self.kept(row));
            mask.push(bad.is_none() && self.kept(row));
            if let Some(bad) = bad {
                dirty.insert(row, bad.clone());
            }
        }
        let batch = filter_record_batch(&batch, &BooleanArray::from(mask))?;
        let filtered_rows = (row_count - batch.num_rows() - dirty.len()) as u64;
        Ok(Mapped {
            batch,
            filtered_rows,
            dirty,
            made_bytes: self.made_bytes,
        })
    }
}
