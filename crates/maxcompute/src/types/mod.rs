//! The type system of MaxCompute: the type of a column, its text and its image in Arrow.
//!
//! Owns the mapping between type expressions and Arrow types and the schema documents of the
//! REST and Tunnel services. How values travel belongs to [`crate::record`]. The mapping follows
//! `FORMATS.md`, sections 8.3 and 10, and `PROTOCOL.md`, sections 4.3 and 6.1.

use std::fmt;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, IntervalUnit, TimeUnit};

mod parse;
mod partition;
mod schema;

pub use parse::ParseTypeError;
pub use partition::{ParsePartitionError, PartitionSpec};
pub use schema::{Column, TableSchema};

/// The zone of every instant: DATETIME and TIMESTAMP are points in time, not wall clock times.
pub const UTC: &str = "UTC";

/// Precision and scale of `DECIMAL` written without arguments: 36 integer digits and 18 decimals.
pub const LEGACY_DECIMAL: Type = Type::Decimal {
    precision: 54,
    scale: 18,
};

/// The type of a column or of a value inside a nested column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// 8-bit integer.
    TinyInt,
    /// 16-bit integer.
    SmallInt,
    /// 32-bit integer.
    Int,
    /// 64-bit integer whose smallest value is reserved by the service.
    BigInt,
    /// IEEE 754 single precision.
    Float,
    /// IEEE 754 double precision.
    Double,
    /// True or false.
    Boolean,
    /// Text of at most 8 MiB.
    String,
    /// Text of at most so many characters.
    Varchar(u32),
    /// Text padded with spaces to so many characters.
    Char(u32),
    /// Bytes, at most 8 MiB.
    Binary,
    /// Decimal number; [`LEGACY_DECIMAL`] is the type of the first edition.
    Decimal {
        /// All digits, at most 38 (54 for the legacy type).
        precision: u8,
        /// Digits behind the point, at most 18.
        scale: u8,
    },
    /// Days since 1970-01-01.
    Date,
    /// Instant in milliseconds.
    Datetime,
    /// Instant in nanoseconds.
    Timestamp,
    /// Wall clock time in nanoseconds.
    TimestampNtz,
    /// JSON text.
    Json,
    /// Seconds and nanoseconds.
    IntervalDayTime,
    /// Months.
    IntervalYearMonth,
    /// List of values of one type.
    Array(Box<Type>),
    /// Pairs of a key that is never null and a value.
    Map(Box<Type>, Box<Type>),
    /// Named fields in declared order.
    Struct(Vec<(std::string::String, Type)>),
}

impl Type {
    /// The Arrow type that holds every value of this type, or all but the ones that become bad cells.
    ///
    /// INTERVAL_DAY_TIME is `Duration(ns)`: Arrow's day-time interval counts milliseconds and would
    /// lose digits, and its month-day-nano interval would tear one number apart.
    pub fn to_arrow(&self) -> DataType {
        match self {
            Type::TinyInt => DataType::Int8,
            Type::SmallInt => DataType::Int16,
            Type::Int => DataType::Int32,
            Type::BigInt => DataType::Int64,
            Type::Float => DataType::Float32,
            Type::Double => DataType::Float64,
            Type::Boolean => DataType::Boolean,
            Type::String | Type::Varchar(_) | Type::Char(_) | Type::Json => DataType::Utf8,
            Type::Binary => DataType::Binary,
            Type::Decimal { precision, scale } => decimal_to_arrow(*precision, *scale),
            Type::Date => DataType::Date32,
            Type::Datetime => DataType::Timestamp(TimeUnit::Millisecond, Some(UTC.into())),
            Type::Timestamp => DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into())),
            Type::TimestampNtz => DataType::Timestamp(TimeUnit::Nanosecond, None),
            Type::IntervalDayTime => DataType::Duration(TimeUnit::Nanosecond),
            Type::IntervalYearMonth => DataType::Interval(IntervalUnit::YearMonth),
            Type::Array(item) => DataType::List(Arc::new(list_item(item))),
            Type::Map(key, value) => DataType::Map(Arc::new(map_entries(key, value)), false),
            Type::Struct(fields) => DataType::Struct(struct_fields(fields)),
        }
    }

    /// Bytes of an Arrow array for each of its values, NULL or not.
    pub fn array_bytes(&self) -> usize {
        match self {
            Type::TinyInt | Type::Boolean => 1,
            Type::SmallInt => 2,
            Type::Int | Type::Date | Type::IntervalYearMonth | Type::Float => 4,
            Type::BigInt | Type::Datetime | Type::Double => 8,
            Type::Timestamp | Type::TimestampNtz | Type::IntervalDayTime => 8,
            Type::Decimal { precision, .. } if *precision > 38 => 32,
            Type::Decimal { .. } => 16,
            // An offset; what it leads to is counted by its own length.
            Type::String | Type::Varchar(_) | Type::Char(_) | Type::Json | Type::Binary => 4,
            Type::Array(_) | Type::Map(..) => 4,
            Type::Struct(fields) => fields.iter().map(|(_, field)| field.array_bytes()).sum(),
        }
    }

    /// Whether values of this type contain other values.
    pub fn is_nested(&self) -> bool {
        matches!(self, Type::Array(_) | Type::Map(..) | Type::Struct(_))
    }
}

fn decimal_to_arrow(precision: u8, scale: u8) -> DataType {
    // A scale is at most 18 after parsing, so it always fits the signed scale of Arrow; a larger
    // one can only be built by hand and is kept within Arrow's own bound.
    let arrow_scale = i8::try_from(scale).unwrap_or(i8::MAX);
    if precision <= 38 {
        DataType::Decimal128(precision, arrow_scale)
    } else {
        DataType::Decimal256(precision, arrow_scale)
    }
}

fn list_item(item: &Type) -> Field {
    Field::new("item", item.to_arrow(), true)
}

fn map_entries(key: &Type, value: &Type) -> Field {
    let fields = map_fields(key.to_arrow(), value.to_arrow());
    Field::new("entries", DataType::Struct(fields), false)
}

/// The fields of the entries of a map.
pub(crate) fn map_fields(key: DataType, value: DataType) -> Fields {
    Fields::from(vec![
        Field::new("key", key, false),
        Field::new("value", value, true),
    ])
}

fn struct_fields(fields: &[(String, Type)]) -> Fields {
    fields
        .iter()
        .map(|(name, field)| Field::new(name, field.to_arrow(), true))
        .collect()
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::TinyInt => f.write_str("tinyint"),
            Type::SmallInt => f.write_str("smallint"),
            Type::Int => f.write_str("int"),
            Type::BigInt => f.write_str("bigint"),
            Type::Float => f.write_str("float"),
            Type::Double => f.write_str("double"),
            Type::Boolean => f.write_str("boolean"),
            Type::String => f.write_str("string"),
            Type::Varchar(length) => write!(f, "varchar({length})"),
            Type::Char(length) => write!(f, "char({length})"),
            Type::Binary => f.write_str("binary"),
            legacy if *legacy == LEGACY_DECIMAL => f.write_str("decimal"),
            Type::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Type::Date => f.write_str("date"),
            Type::Datetime => f.write_str("datetime"),
            Type::Timestamp => f.write_str("timestamp"),
            Type::TimestampNtz => f.write_str("timestamp_ntz"),
            Type::Json => f.write_str("json"),
            Type::IntervalDayTime => f.write_str("interval_day_time"),
            Type::IntervalYearMonth => f.write_str("interval_year_month"),
            Type::Array(item) => write!(f, "array<{item}>"),
            Type::Map(key, value) => write!(f, "map<{key},{value}>"),
            Type::Struct(fields) => write_struct(f, fields),
        }
    }
}

fn write_struct(f: &mut fmt::Formatter<'_>, fields: &[(String, Type)]) -> fmt::Result {
    f.write_str("struct<")?;
    for (position, (name, field)) in fields.iter().enumerate() {
        if position > 0 {
            f.write_str(",")?;
        }
        if parse::is_plain_name(name) {
            write!(f, "{name}:{field}")?;
        } else {
            write!(f, "`{}`:{field}", name.replace('`', "``"))?;
        }
    }
    f.write_str(">")
}
