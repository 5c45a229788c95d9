//! A typed view of an Arrow array that the encoder and the checks read cell by cell.
//!
//! Owns the match between column types and arrays, done once for each batch, so that a cell costs one
//! dispatch. Only the arrays of [`Type::to_arrow`] are accepted; zone names and field names may differ.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Decimal256Type, DurationNanosecondType,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, IntervalYearMonthType,
    TimestampMillisecondType, TimestampNanosecondType,
};
use arrow_array::{Array, RecordBatch};
use arrow_buffer::{BooleanBuffer, NullBuffer, i256};
use arrow_schema::DataType;

use super::EncodeError;
use crate::types::Type;

pub(super) enum Cells<'a> {
    TinyInt(&'a [i8]),
    SmallInt(&'a [i16]),
    /// INT, DATE and INTERVAL_YEAR_MONTH.
    Int(&'a [i32]),
    /// BIGINT and DATETIME.
    BigInt(&'a [i64]),
    Float(&'a [f32]),
    Double(&'a [f64]),
    Boolean(&'a BooleanBuffer),
    /// Text and bytes: ends of values, and the bytes of all of them.
    Bytes(&'a [i32], &'a [u8]),
    /// Values and scale.
    Decimal128(&'a [i128], usize),
    Decimal256(&'a [i256], usize),
    /// TIMESTAMP, TIMESTAMP_NTZ and INTERVAL_DAY_TIME.
    Nanoseconds(&'a [i64]),
    List(&'a [i32], Box<Source<'a>>),
    /// Ends, keys, values.
    Map(&'a [i32], Box<(Source<'a>, Source<'a>)>),
    Struct(Vec<Source<'a>>),
}

pub(super) struct Source<'a> {
    pub(super) cells: Cells<'a>,
    pub(super) nulls: Option<&'a NullBuffer>,
}

impl<'a> Source<'a> {
    #[inline]
    pub(super) fn is_null(&self, index: usize) -> bool {
        match self.nulls {
            Some(nulls) => nulls.is_null(index),
            None => false,
        }
    }

    fn new(r#type: &Type, array: &'a dyn Array) -> Result<Source<'a>, EncodeError> {
        let cells = cells(r#type, array)?.ok_or_else(|| {
            EncodeError(format!(
                "values of type {} cannot be sent as {type}",
                array.data_type()
            ))
        })?;
        Ok(Source {
            cells,
            nulls: array.nulls(),
        })
    }
}

/// One source for each column of the batch.
pub(super) fn sources<'a>(
    types: &[Type],
    batch: &'a RecordBatch,
) -> Result<Vec<Source<'a>>, EncodeError> {
    if batch.num_columns() != types.len() {
        return Err(EncodeError(format!(
            "{} columns were given, {} are expected",
            batch.num_columns(),
            types.len()
        )));
    }
    let mut sources = Vec::with_capacity(types.len());
    for (index, (r#type, array)) in types.iter().zip(batch.columns()).enumerate() {
        let source = Source::new(r#type, array.as_ref()).map_err(|EncodeError(reason)| {
            EncodeError(format!(
                "column `{}`: {reason}",
                batch.schema_ref().field(index).name()
            ))
        })?;
        sources.push(source);
    }
    Ok(sources)
}

/// `None` when the array is not the one of the type.
fn cells<'a>(r#type: &Type, array: &'a dyn Array) -> Result<Option<Cells<'a>>, EncodeError> {
    let cells = match r#type {
        Type::TinyInt => slice::<Int8Type>(array).map(Cells::TinyInt),
        Type::SmallInt => slice::<Int16Type>(array).map(Cells::SmallInt),
        Type::Int => slice::<Int32Type>(array).map(Cells::Int),
        Type::Date => slice::<Date32Type>(array).map(Cells::Int),
        Type::IntervalYearMonth => slice::<IntervalYearMonthType>(array).map(Cells::Int),
        Type::BigInt => slice::<Int64Type>(array).map(Cells::BigInt),
        Type::Datetime => slice::<TimestampMillisecondType>(array).map(Cells::BigInt),
        Type::Float => slice::<Float32Type>(array).map(Cells::Float),
        Type::Double => slice::<Float64Type>(array).map(Cells::Double),
        Type::Timestamp | Type::TimestampNtz => {
            slice::<TimestampNanosecondType>(array).map(Cells::Nanoseconds)
        }
        Type::IntervalDayTime => slice::<DurationNanosecondType>(array).map(Cells::Nanoseconds),
        Type::Boolean => array
            .as_boolean_opt()
            .map(|array| Cells::Boolean(array.values())),
        Type::String | Type::Varchar(_) | Type::Char(_) | Type::Json => array
            .as_string_opt::<i32>()
            .map(|array| Cells::Bytes(array.value_offsets(), array.value_data())),
        Type::Binary => array
            .as_binary_opt::<i32>()
            .map(|array| Cells::Bytes(array.value_offsets(), array.value_data())),
        Type::Decimal { scale, .. } => decimal_cells(array, *scale),
        Type::Array(item) => match array.as_list_opt::<i32>() {
            Some(list) => Some(Cells::List(
                list.value_offsets(),
                Box::new(Source::new(item, list.values().as_ref())?),
            )),
            None => None,
        },
        Type::Map(key, value) => match array.as_map_opt() {
            Some(map) => Some(Cells::Map(
                map.value_offsets(),
                Box::new((
                    Source::new(key, map.keys().as_ref())?,
                    Source::new(value, map.values().as_ref())?,
                )),
            )),
            None => None,
        },
        Type::Struct(fields) => struct_cells(fields, array)?,
    };
    Ok(cells)
}

fn slice<T: ArrowPrimitiveType>(array: &dyn Array) -> Option<&[T::Native]> {
    array
        .as_primitive_opt::<T>()
        .map(|array| array.values().as_ref())
}

/// The scale must be the one of the column: another one would mean another value.
fn decimal_cells(array: &dyn Array, scale: u8) -> Option<Cells<'_>> {
    let wanted = usize::from(scale);
    match array.data_type() {
        DataType::Decimal128(_, given) if usize::try_from(*given) == Ok(wanted) => {
            slice::<Decimal128Type>(array).map(|values| Cells::Decimal128(values, wanted))
        }
        DataType::Decimal256(_, given) if usize::try_from(*given) == Ok(wanted) => {
            slice::<Decimal256Type>(array).map(|values| Cells::Decimal256(values, wanted))
        }
        _ => None,
    }
}

fn struct_cells<'a>(
    fields: &[(String, Type)],
    array: &'a dyn Array,
) -> Result<Option<Cells<'a>>, EncodeError> {
    let Some(array) = array.as_struct_opt() else {
        return Ok(None);
    };
    if array.num_columns() != fields.len() {
        return Ok(None);
    }
    let mut sources = Vec::with_capacity(fields.len());
    for ((_, field), column) in fields.iter().zip(array.columns()) {
        sources.push(Source::new(field, column.as_ref())?);
    }
    Ok(Some(Cells::Struct(sources)))
}
