//! What a job offers its target: the reader's column list against the columns that the source really has.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, StringArray};
use arrow_schema::{DataType, Schema};
use chrono::{DateTime, Utc};
use job::Constant;
use sdk::{Column, Error, Result};

use crate::columns::Item;
use crate::convert::{Conversion, Fit};
use crate::expression::{Expression, TransformStep};
use crate::mapping::{Output, OutputValue, TransformedValue};
use crate::plan::Origin;

/// The job's column list against the source's real columns.
pub(crate) struct Draft<'a> {
    source: &'a [Column],
    schema: Schema,
    items: Vec<Item>,
    expressions: Vec<Option<Expression>>,
    now: DateTime<Utc>,
}

impl<'a> Draft<'a> {
    /// Plans the expressions of the list.
    pub(crate) fn new(source: &'a [Column], items: Vec<Item>, now: DateTime<Utc>) -> Result<Self> {
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

    /// An expression beside the list.
    pub(crate) fn expression(&self, sql: &str) -> Result<Expression> {
        Expression::plan(sql, &self.schema, self.now)
    }

    /// The columns of the job's list, before any transformer.
    pub(crate) fn columns(&self) -> Vec<Column> {
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
    pub(crate) fn offered(&self, steps: &[Vec<TransformStep>]) -> Vec<Column> {
        let columns = self.columns().into_iter().zip(steps);
        columns
            .map(|(column, steps)| steps.last().map_or(column, |last| last.column().clone()))
            .collect()
    }

    /// Which source columns nothing needs to look into, so that they may pass in wire form.
    pub(crate) fn undecoded(
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
    pub(crate) fn origin(
        &self,
        index: usize,
        steps: Option<&Vec<TransformStep>>,
    ) -> Result<Origin> {
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

    /// How a column of the target is made, and how well that fits.
    pub(crate) fn output(
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

/// The columns as expressions see them.
pub(crate) fn schema_of(columns: &[Column]) -> Schema {
    Schema::new(columns.iter().map(Column::field).collect::<Vec<_>>())
}

fn is_source(item: &Item, index: usize) -> bool {
    matches!(item, Item::Source(column) if *column == index)
}

/// Whether a column of the source passes in wire form.
pub(crate) fn wired(outputs: &[Output], index: usize) -> bool {
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

/// A constant as the job document writes it.
fn constant_text(constant: &Constant) -> String {
    match constant {
        Constant::Null => "null".to_string(),
        Constant::Boolean(value) => value.to_string(),
        Constant::Number(digits) => digits.clone(),
        Constant::String(text) => format!("'{text}'"),
    }
}
