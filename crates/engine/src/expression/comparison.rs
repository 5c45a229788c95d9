//! The comparisons of `dx_filter`, which drops the rows that match.
//!
//! As in DataX, numbers are compared as numbers, dates and timestamps as instants (the value counts
//! milliseconds since 1970; a date or timestamp in words works too), and everything else as text. NULL
//! matches `= null`, `!= value` and `not like`, and nothing else.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, Scalar, StringArray};
use arrow_ord::cmp;
use arrow_schema::DataType;
use job::Comparison;
use regex::Regex;
use sdk::{Column, Error, Kind, Result};

use super::transformer::Transformed;
use crate::convert::{BadValue, Conversion, Converted, Fit};

/// A comparison of one column with a constant.
#[derive(Debug)]
pub(super) struct Comparer {
    comparison: Comparison,
    against: Against,
}

#[derive(Debug)]
enum Against {
    Null,
    /// The whole text matches.
    Pattern(Regex),
    Text(Scalar<ArrayRef>),
    /// Floats are compared as IEEE 754 has it: nothing is equal to, above or below NaN.
    Float {
        to_double: Conversion,
        value: f64,
    },
    /// Both sides in one type that holds all values of either.
    Exact {
        to_common: Conversion,
        value: Scalar<ArrayRef>,
    },
}

impl Comparer {
    pub(super) fn plan(
        comparison: Comparison,
        value: Option<&str>,
        column: &Column,
    ) -> Result<Comparer> {
        use Comparison::{Equal, Like, NotEqual, NotLike};
        let against = match (comparison, value) {
            (Equal | NotEqual, None) => Against::Null,
            // For the others DataX knows no NULL, only the word.
            (Like | NotLike, value) => Against::Pattern(pattern(value.unwrap_or("null"))?),
            (_, value) => against(value.unwrap_or("null"), column)?,
        };
        Ok(Comparer {
            comparison,
            against,
        })
    }

    /// Keeps the rows that do not match. Values without text are bad, neither kept nor dropped.
    pub(super) fn keep(&self, array: &ArrayRef, to_text: &Conversion) -> Result<Transformed> {
        let mut bad: Vec<BadValue> = Vec::new();
        let matches: BooleanArray = match &self.against {
            Against::Null => array.is_null_mask(),
            Against::Pattern(pattern) => {
                let text = to_text.apply(array)?;
                bad = text.bad;
                text.array
                    .as_string::<i32>()
                    .iter()
                    .map(|text| text.map(|text| pattern.is_match(text)))
                    .collect()
            }
            Against::Text(value) => {
                let text = to_text.apply(array)?;
                bad = text.bad;
                self.compare(&text.array, value)?
            }
            Against::Float { to_double, value } => {
                let doubles = to_double.apply(array)?.array;
                let holds = |double: f64| match self.comparison {
                    Comparison::Greater => double > *value,
                    Comparison::GreaterOrEqual => double >= *value,
                    Comparison::Less => double < *value,
                    Comparison::LessOrEqual => double <= *value,
                    // `!=` is the reverse of `=`, below.
                    _ => double == *value,
                };
                let doubles = doubles.as_primitive::<Float64Type>().iter();
                doubles.map(|double| double.map(holds)).collect()
            }
            Against::Exact { to_common, value } => {
                self.compare(&to_common.apply(array)?.array, value)?
            }
        };
        let reversed = matches!(self.comparison, Comparison::NotEqual | Comparison::NotLike);
        let matched = |found: Option<bool>| found.unwrap_or(false) != reversed;
        let mut keep: Vec<bool> = matches.iter().map(|found| !matched(found)).collect();
        for bad in &bad {
            keep[bad.row] = true;
        }
        Ok(Transformed {
            converted: Converted {
                array: Arc::clone(array),
                bad,
            },
            keep: Some(keep.into()),
        })
    }

    fn compare(&self, array: &ArrayRef, value: &Scalar<ArrayRef>) -> Result<BooleanArray> {
        Ok(match self.comparison {
            Comparison::Greater => cmp::gt(array, value),
            Comparison::GreaterOrEqual => cmp::gt_eq(array, value),
            Comparison::Less => cmp::lt(array, value),
            Comparison::LessOrEqual => cmp::lt_eq(array, value),
            _ => cmp::eq(array, value),
        }?)
    }
}

/// The NULLs of an array as truth values.
trait NullMask {
    fn is_null_mask(&self) -> BooleanArray;
}

impl NullMask for ArrayRef {
    fn is_null_mask(&self) -> BooleanArray {
        match self.logical_nulls() {
            Some(nulls) => BooleanArray::new(!nulls.inner(), None),
            None => vec![false; self.len()].into(),
        }
    }
}

fn pattern(text: &str) -> Result<Regex> {
    Regex::new(&format!("^(?:{text})$")).map_err(|error| {
        Error::new(
            Kind::Config,
            format!("cannot use the regular expression `{text}` of a filter"),
        )
        .source(error)
        .hint("look-around and back-references are not available")
    })
}

fn against(value: &str, column: &Column) -> Result<Against> {
    let target = match &column.data_type {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            return Ok(Against::Float {
                to_double: Conversion::plan(column, &Column::new("value", DataType::Float64)),
                value: value.trim().parse().map_err(|_| unusable(value, column))?,
            });
        }
        data_type if data_type.is_integer() => common_decimal(0, value),
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => common_decimal(*scale, value),
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => column.data_type.clone(),
        _ => {
            let text: ArrayRef = Arc::new(StringArray::from(vec![value]));
            return Ok(Against::Text(Scalar::new(text)));
        }
    };
    let target = Column::new("value", target);
    let to_common = Conversion::plan(column, &target);
    let is_time = column.data_type.is_temporal();
    let constant: ArrayRef = match value.trim().parse::<i64>() {
        Ok(millis) if is_time => Arc::new(Int64Array::from(vec![millis])),
        _ => Arc::new(StringArray::from(vec![value])),
    };
    let source = Column::new("value", constant.data_type().clone());
    let converted = Conversion::plan(&source, &target).apply(&constant)?;
    if !converted.bad.is_empty() || *to_common.fit() != Fit::Lossless {
        return Err(unusable(value, column));
    }
    Ok(Against::Exact {
        to_common,
        value: Scalar::new(converted.array),
    })
}

/// A decimal with room for the places of both sides.
fn common_decimal(scale: i8, value: &str) -> DataType {
    let places = value
        .trim()
        .split_once('.')
        .map_or(0, |(_, places)| places.len());
    let places = i8::try_from(places).unwrap_or(i8::MAX);
    DataType::Decimal256(76, scale.max(places).clamp(0, 76))
}

fn unusable(value: &str, column: &Column) -> Error {
    Error::new(
        Kind::Config,
        format!(
            "cannot compare column \"{}\" of type {} with `{value}`",
            column.name, column.native
        ),
    )
}
