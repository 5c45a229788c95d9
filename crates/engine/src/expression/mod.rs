//! SQL expressions and row filters over batches.
//!
//! Owns what an expression means: DataFusion's SQL and scalar functions over the columns of one row,
//! made strict (`plan`), with failing rows told apart from failing expressions. Also the row changes
//! that DataX documents ask for (`transformer`). Where results go is left to the engine's mapping.

mod comparison;
mod functions;
mod plan;
mod text;
mod transformer;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_cast::cast;
use arrow_schema::{DataType, Schema, SchemaRef};
use arrow_select::concat::concat;
use chrono::{DateTime, Utc};
use datafusion_common::{DataFusionError, ScalarValue};
use datafusion_physical_expr::PhysicalExpr;
use sdk::{Error, Kind, Result};

use crate::convert::{BadValue, Converted};
use text::refuse;
pub(crate) use transformer::{TransformStep, Transformed};

/// An expression that is ready to run on batches of one schema.
#[derive(Debug)]
pub(crate) struct Expression {
    sql: String,
    physical: Arc<dyn PhysicalExpr>,
    /// The one value that it yields for every row, if it depends on none.
    fixed: Option<ScalarValue>,
    data_type: DataType,
    nullable: bool,
}

impl Expression {
    /// The columns that a text refers to, before any schema is known.
    pub(crate) fn column_names(sql: &str) -> Result<Vec<String>> {
        on_a_large_stack(|| Ok(text::parse(sql)?.names))
    }

    /// Plans an expression over batches of a schema. `now` is what `now()` and `current_date` yield,
    /// so a job that passes its own start sees one time in all its tasks.
    pub(crate) fn plan(sql: &str, schema: &Schema, now: DateTime<Utc>) -> Result<Expression> {
        on_a_large_stack(|| {
            let planned = plan::plan(sql, text::parse(sql)?, schema, now)?;
            let unusable = |error| refuse(sql, plan::plain(&error));
            let data_type = planned.physical.data_type(schema).map_err(unusable)?;
            let nullable = planned.physical.nullable(schema).map_err(unusable)?;
            let fixed = if planned.is_fixed {
                Some(value_of(&planned.physical).map_err(unusable)?)
            } else {
                None
            };
            Ok(Expression {
                sql: sql.to_string(),
                physical: planned.physical,
                fixed,
                data_type,
                nullable,
            })
        })
    }

    /// The text that it was planned from.
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    /// The type of its values.
    pub(crate) fn data_type(&self) -> &DataType {
        &self.data_type
    }

    /// Whether it may yield NULL for a row that does not fail.
    pub(crate) fn nullable(&self) -> bool {
        self.nullable
    }

    /// Evaluates for each row. Rows for which that fails (division by zero, overflow, bad cast) are
    /// NULL in the array and listed in `bad`, ascending.
    pub(crate) fn evaluate(&self, batch: &RecordBatch) -> Result<Converted> {
        if let Some(value) = &self.fixed {
            let array = value.to_array_of_size(batch.num_rows());
            let array = array.map_err(|error| self.broken(&error))?;
            return Ok(Converted {
                array: self.typed(array)?,
                bad: Vec::new(),
            });
        }
        let mut bad = Vec::new();
        let mut parts = Vec::new();
        self.evaluate_rows(batch, 0, &mut parts, &mut bad)?;
        let array = match parts.as_slice() {
            [whole] => Arc::clone(whole),
            parts => {
                let parts: Vec<&dyn Array> = parts.iter().map(|part| part.as_ref()).collect();
                concat(&parts)?
            }
        };
        Ok(Converted { array, bad })
    }

    /// Halves a failing batch until the failing rows stand alone, so a few of them cost little.
    fn evaluate_rows(
        &self,
        batch: &RecordBatch,
        first_row: usize,
        parts: &mut Vec<ArrayRef>,
        bad: &mut Vec<BadValue>,
    ) -> Result<()> {
        let row_count = batch.num_rows();
        let error = match self.try_evaluate(batch) {
            Ok(array) => {
                parts.push(self.typed(array)?);
                return Ok(());
            }
            Err(error) => error,
        };
        if !is_about_values(&error) || row_count == 0 {
            return Err(self.broken(&error));
        }
        if row_count == 1 {
            parts.push(new_null_array(&self.data_type, 1));
            bad.push(BadValue {
                row: first_row,
                reason: format!(
                    "expression `{}` failed: {}",
                    text::excerpt(&self.sql),
                    text::excerpt(&plan::plain(&error))
                ),
            });
            return Ok(());
        }
        let half = row_count / 2;
        self.evaluate_rows(&batch.slice(0, half), first_row, parts, bad)?;
        let rest = batch.slice(half, row_count - half);
        self.evaluate_rows(&rest, first_row + half, parts, bad)
    }

    fn try_evaluate(&self, batch: &RecordBatch) -> datafusion_common::Result<ArrayRef> {
        self.physical.evaluate(batch)?.into_array(batch.num_rows())
    }

    /// Some functions yield another layout of text than they announce.
    fn typed(&self, array: ArrayRef) -> Result<ArrayRef> {
        if *array.data_type() == self.data_type {
            return Ok(array);
        }
        Ok(cast(&array, &self.data_type)?)
    }

    fn broken(&self, error: &DataFusionError) -> Error {
        Error::new(
            Kind::Config,
            format!(
                "cannot evaluate expression `{}`: {}",
                text::excerpt(&self.sql),
                plan::plain(error)
            ),
        )
    }
}

/// Whether other rows may well succeed.
fn is_about_values(error: &DataFusionError) -> bool {
    matches!(
        error.find_root(),
        DataFusionError::ArrowError(..)
            | DataFusionError::Execution(_)
            | DataFusionError::External(_)
    )
}

/// The value of an expression that looks at no row.
fn value_of(physical: &Arc<dyn PhysicalExpr>) -> datafusion_common::Result<ScalarValue> {
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let no_columns: SchemaRef = Arc::new(Schema::empty());
    let row = RecordBatch::try_new_with_options(no_columns, Vec::new(), &options)?;
    let array = physical.evaluate(&row)?.into_array(1)?;
    ScalarValue::try_from_array(&array, 0)
}

/// DataFusion walks expressions recursively. The text is bounded, so a stack of this size always does.
fn on_a_large_stack<T: Send>(plan: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    const STACK_BYTES: usize = 64 * 1024 * 1024;
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("expression planner".to_string())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, plan)
            .map_err(|error| Error::internal("cannot start a thread").source(error))?
            .join()
            .unwrap_or_else(|_| Err(Error::internal("planning an expression panicked")))
    })
}
