//! SQL expressions, row filters and DataX transformers over batches.

use arrow_array::{ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::{DataType, Schema};
use sdk::{Error, Kind, Result};

use crate::convert::Converted;

pub(crate) struct Expression(DataType);

impl Expression {
    pub(crate) fn column_names(_sql: &str) -> Result<Vec<String>> {
        Err(unsupported())
    }

    pub(crate) fn plan(_sql: &str, _schema: &Schema) -> Result<Expression> {
        Err(unsupported())
    }

    pub(crate) fn data_type(&self) -> &DataType {
        &self.0
    }

    pub(crate) fn nullable(&self) -> bool {
        true
    }

    pub(crate) fn evaluate(&self, _batch: &RecordBatch) -> Result<Converted> {
        Err(unsupported())
    }
}

fn unsupported() -> Error {
    Error::new(Kind::Unsupported, "expressions are not supported yet")
}

#[derive(Clone)]
pub(crate) struct TransformStep;

pub(crate) struct Transformed {
    pub(crate) converted: Converted,
    pub(crate) keep: Option<BooleanArray>,
}

impl TransformStep {
    pub(crate) fn plan(
        transformers: &[job::Transformer],
        column_count: usize,
    ) -> Result<Vec<Vec<TransformStep>>> {
        if transformers.is_empty() {
            Ok(vec![Vec::new(); column_count])
        } else {
            Err(unsupported())
        }
    }

    pub(crate) fn apply(&self, _array: &ArrayRef) -> Result<Transformed> {
        Err(unsupported())
    }

    pub(crate) fn data_type(&self) -> Option<DataType> {
        None
    }
}
