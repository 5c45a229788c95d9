//! The columns of the batch that is being decoded, and their way into Arrow arrays.
//!
//! Owns storage: nested columns lie flat beside the others and refer to their parts by position, so
//! that decoding needs no recursion. How bytes become values is in [`super::leaf`] and [`super::nested`].

use arrow_array::{ArrayRef, make_array};
use arrow_buffer::{BooleanBufferBuilder, Buffer, NullBuffer, NullBufferBuilder, i256};
use arrow_data::ArrayData;
use arrow_schema::{ArrowError, DataType};

use super::BadCell;
use crate::types::{Type, map_fields};

/// Values of one column. Variants are named by how a value is read; types that travel alike share one.
pub(super) enum Values {
    TinyInt(Vec<i8>),
    SmallInt(Vec<i16>),
    /// INT, DATE and INTERVAL_YEAR_MONTH.
    Int(Vec<i32>),
    /// BIGINT and DATETIME.
    BigInt(Vec<i64>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Boolean(BooleanBufferBuilder),
    Text(Offsets, Vec<u8>),
    Binary(Offsets, Vec<u8>),
    Decimal128(Vec<i128>, u8, u8),
    Decimal256(Vec<i256>, u8, u8),
    /// TIMESTAMP and TIMESTAMP_NTZ, in nanoseconds.
    Instant(Vec<i64>),
    /// INTERVAL_DAY_TIME, in nanoseconds.
    Span(Vec<i64>),
    List(Offsets, usize),
    Map(Offsets, usize, usize),
    Struct(Vec<usize>),
}

/// Ends of values of varying length, with the leading zero that Arrow wants.
pub(super) struct Offsets(Vec<i32>);

impl Offsets {
    fn new() -> Offsets {
        Offsets(vec![0])
    }

    /// Appends the end of a value, or says that the batch is full beyond what Arrow can count.
    pub(super) fn push(&mut self, end: usize) -> Result<(), super::wire::Stop> {
        match i32::try_from(end) {
            Ok(end) => {
                self.0.push(end);
                Ok(())
            }
            Err(_) => super::wire::broken("a column of more than 2 GiB"),
        }
    }

    fn repeat(&mut self, count: usize) {
        let last = self.0[self.0.len() - 1];
        self.0.resize(self.0.len() + count, last);
    }

    fn take(&mut self) -> Vec<i32> {
        let mut next = Vec::with_capacity(self.0.len());
        next.push(0);
        std::mem::replace(&mut self.0, next)
    }
}

/// Where the values of a column stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A column of the record.
    Record,
    /// Part of a nested value.
    Nested,
    /// Key of a map, which Arrow does not let be null.
    MapKey,
}

pub(super) struct Column {
    pub(super) values: Values,
    pub(super) nulls: NullBufferBuilder,
    pub(super) length: usize,
    pub(super) place: Place,
    data_type: DataType,
}

impl Column {
    #[inline]
    pub(super) fn count_value(&mut self) {
        self.nulls.append_non_null();
        self.length += 1;
    }
}

/// All columns; the columns of the record come first, in their order.
pub(super) struct Columns(pub(super) Vec<Column>);

impl Columns {
    pub(super) fn new(types: &[Type]) -> Columns {
        let mut columns = Columns(Vec::new());
        let mut waiting: Vec<(Type, Place)> = types
            .iter()
            .map(|r#type| (r#type.clone(), Place::Record))
            .collect();
        let mut next = 0;
        // The parts of a nested column queue behind all columns seen so far, and its position in
        // the queue is its position among the columns.
        while next < waiting.len() {
            let (r#type, place) = waiting[next].clone();
            let values = values_of(&r#type, &mut waiting);
            columns.0.push(Column {
                values,
                nulls: NullBufferBuilder::new(0),
                length: 0,
                place,
                data_type: r#type.to_arrow(),
            });
            next += 1;
        }
        columns
    }

    /// Appends nulls until the column has so many values.
    pub(super) fn pad(&mut self, index: usize, length: usize) {
        let column = &mut self.0[index];
        let count = length.saturating_sub(column.length);
        if count == 0 {
            return;
        }
        if column.place == Place::MapKey {
            column.nulls.append_n_non_nulls(count);
        } else {
            column.nulls.append_n_nulls(count);
        }
        column.length = length;
        match &mut column.values {
            Values::TinyInt(values) => values.resize(length, 0),
            Values::SmallInt(values) => values.resize(length, 0),
            Values::Int(values) => values.resize(length, 0),
            Values::BigInt(values) | Values::Instant(values) | Values::Span(values) => {
                values.resize(length, 0);
            }
            Values::Float(values) => values.resize(length, 0.0),
            Values::Double(values) => values.resize(length, 0.0),
            Values::Boolean(values) => values.append_n(count, false),
            Values::Text(offsets, _) | Values::Binary(offsets, _) => offsets.repeat(count),
            Values::Decimal128(values, ..) => values.resize(length, 0),
            Values::Decimal256(values, ..) => values.resize(length, i256::ZERO),
            Values::List(offsets, _) | Values::Map(offsets, ..) => offsets.repeat(count),
            Values::Struct(fields) => {
                for field in fields.clone() {
                    self.pad(field, length);
                }
            }
        }
    }

    /// Takes the first so many columns as arrays of so many rows, and leaves all columns empty.
    pub(super) fn finish(
        &mut self,
        columns: usize,
        rows: usize,
        bad_cells: &mut Vec<BadCell>,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let mut arrays = Vec::with_capacity(columns);
        for column in 0..columns {
            self.pad(column, rows);
            let data = self.take(column, &mut |row, reason: &str| {
                bad_cells.push(BadCell {
                    row,
                    column,
                    reason: reason.to_owned(),
                });
            })?;
            arrays.push(make_array(data));
        }
        Ok(arrays)
    }

    fn take(
        &mut self,
        index: usize,
        report: &mut dyn FnMut(usize, &str),
    ) -> Result<ArrayData, ArrowError> {
        let column = &mut self.0[index];
        let length = std::mem::take(&mut column.length);
        let nulls = column.nulls.finish();
        let mut builder = ArrayData::builder(column.data_type.clone()).len(length);
        builder = match &mut column.values {
            Values::TinyInt(values) => builder.add_buffer(take(values).into()),
            Values::SmallInt(values) => builder.add_buffer(take(values).into()),
            Values::Int(values) => builder.add_buffer(take(values).into()),
            Values::BigInt(values) | Values::Instant(values) | Values::Span(values) => {
                builder.add_buffer(take(values).into())
            }
            Values::Float(values) => builder.add_buffer(take(values).into()),
            Values::Double(values) => builder.add_buffer(take(values).into()),
            Values::Boolean(values) => builder.add_buffer(values.finish().into_inner()),
            Values::Decimal128(values, ..) => builder.add_buffer(take(values).into()),
            Values::Decimal256(values, ..) => builder.add_buffer(take(values).into()),
            Values::Binary(offsets, bytes) => builder
                .add_buffer(offsets.take().into())
                .add_buffer(take(bytes).into()),
            Values::Text(offsets, bytes) => {
                return take_text(offsets.take(), take(bytes), nulls, report);
            }
            Values::List(offsets, item) => {
                let (offsets, item) = (offsets.take(), *item);
                builder
                    .add_buffer(offsets.into())
                    .add_child_data(self.take(item, report)?)
            }
            Values::Map(offsets, key, value) => {
                let (offsets, key, value) = (offsets.take(), *key, *value);
                builder
                    .add_buffer(offsets.into())
                    .add_child_data(self.take_entries(key, value, report)?)
            }
            Values::Struct(fields) => {
                for field in fields.clone() {
                    builder = builder.add_child_data(self.take(field, report)?);
                }
                builder
            }
        };
        builder.nulls(nulls).build()
    }

    fn take_entries(
        &mut self,
        key: usize,
        value: usize,
        report: &mut dyn FnMut(usize, &str),
    ) -> Result<ArrayData, ArrowError> {
        let keys = self.take(key, report)?;
        let values = self.take(value, report)?;
        let fields = map_fields(keys.data_type().clone(), values.data_type().clone());
        ArrayData::builder(DataType::Struct(fields))
            .len(keys.len())
            .add_child_data(keys)
            .add_child_data(values)
            .build()
    }
}

/// Room for the next batch; one huge value must not be kept room for ever after.
const MOST_ROOM_BYTES: usize = 8 << 20;

/// Takes the values and leaves room for as many.
fn take<T>(values: &mut Vec<T>) -> Vec<T> {
    let room = values.len().min(MOST_ROOM_BYTES / size_of::<T>());
    std::mem::replace(values, Vec::with_capacity(room))
}

fn values_of(r#type: &Type, waiting: &mut Vec<(Type, Place)>) -> Values {
    let mut part = |r#type: &Type, place: Place| {
        waiting.push((r#type.clone(), place));
        waiting.len() - 1
    };
    match r#type {
        Type::TinyInt => Values::TinyInt(Vec::new()),
        Type::SmallInt => Values::SmallInt(Vec::new()),
        Type::Int | Type::Date | Type::IntervalYearMonth => Values::Int(Vec::new()),
        Type::BigInt | Type::Datetime => Values::BigInt(Vec::new()),
        Type::Float => Values::Float(Vec::new()),
        Type::Double => Values::Double(Vec::new()),
        Type::Boolean => Values::Boolean(BooleanBufferBuilder::new(0)),
        Type::String | Type::Varchar(_) | Type::Char(_) | Type::Json => {
            Values::Text(Offsets::new(), Vec::new())
        }
        Type::Binary => Values::Binary(Offsets::new(), Vec::new()),
        Type::Decimal { precision, scale } if *precision <= 38 => {
            Values::Decimal128(Vec::new(), *precision, *scale)
        }
        Type::Decimal { precision, scale } => Values::Decimal256(Vec::new(), *precision, *scale),
        Type::Timestamp | Type::TimestampNtz => Values::Instant(Vec::new()),
        Type::IntervalDayTime => Values::Span(Vec::new()),
        Type::Array(item) => Values::List(Offsets::new(), part(item, Place::Nested)),
        Type::Map(key, value) => {
            let key = part(key, Place::MapKey);
            Values::Map(Offsets::new(), key, part(value, Place::Nested))
        }
        Type::Struct(fields) => Values::Struct(
            fields
                .iter()
                .map(|(_, field)| part(field, Place::Nested))
                .collect(),
        ),
    }
}

pub(super) const NOT_UTF8: &str = "text that is not valid UTF-8";

/// Builds a text array; values that are not UTF-8 become null and are reported by position.
///
/// The column is validated as a whole first, which is many times faster than value by value.
fn take_text(
    offsets: Vec<i32>,
    bytes: Vec<u8>,
    nulls: Option<NullBuffer>,
    report: &mut dyn FnMut(usize, &str),
) -> Result<ArrayData, ArrowError> {
    let rows = offsets.len() - 1;
    let (offsets, bytes) = (Buffer::from_vec(offsets), Buffer::from_vec(bytes));
    let whole = text_data(rows, offsets.clone(), bytes.clone(), nulls.clone());
    if whole.is_ok() {
        return whole;
    }
    let mut good_offsets = vec![0_i32];
    let mut good_bytes = Vec::with_capacity(bytes.len());
    let mut valid = match &nulls {
        Some(nulls) => nulls.iter().collect(),
        None => vec![true; rows],
    };
    for (row, ends) in offsets.typed_data::<i32>().windows(2).enumerate() {
        let value = &bytes[ends[0] as usize..ends[1] as usize];
        if std::str::from_utf8(value).is_ok() {
            good_bytes.extend_from_slice(value);
        } else {
            valid[row] = false;
            report(row, NOT_UTF8);
        }
        // The good bytes are no more than all of them, which an offset could count.
        good_offsets.push(good_bytes.len() as i32);
    }
    let nulls = NullBuffer::from(valid);
    let (offsets, bytes) = (Buffer::from_vec(good_offsets), Buffer::from_vec(good_bytes));
    text_data(rows, offsets, bytes, Some(nulls))
}

fn text_data(
    rows: usize,
    offsets: Buffer,
    bytes: Buffer,
    nulls: Option<NullBuffer>,
) -> Result<ArrayData, ArrowError> {
    ArrayData::builder(DataType::Utf8)
        .len(rows)
        .add_buffer(offsets)
        .add_buffer(bytes)
        .nulls(nulls)
        .build()
}
