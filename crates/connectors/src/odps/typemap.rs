//! MaxCompute columns as columns of the contract; the table of Arrow types is
//! [`maxcompute::types::Type::to_arrow`], which serves both directions.

use arrow_schema::{DataType, Fields, TimeUnit};
use maxcompute::types::{Column as Stored, Type};
use sdk::{Column, Extension};

/// The most digits of a decimal, and the most behind its point.
const DECIMAL_DIGITS: (u8, u8) = (38, 18);

/// A data column.
pub(super) fn data_column(stored: &Stored) -> Column {
    Column {
        name: stored.name.clone(),
        data_type: stored.r#type.to_arrow(),
        nullable: stored.nullable,
        native: stored.r#type.to_string(),
        extension: matches!(stored.r#type, Type::Json).then_some(Extension::Json),
        wire: None,
        key: false,
        empty_as_null: false,
    }
}

/// A partition column: text whatever its declared type, since a partition is named by text.
pub(super) fn partition_column(stored: &Stored) -> Column {
    Column {
        name: stored.name.clone(),
        data_type: DataType::Utf8,
        nullable: false,
        native: stored.r#type.to_string(),
        extension: None,
        wire: None,
        key: false,
        empty_as_null: false,
    }
}

/// The type for values of an Arrow type that come from elsewhere, and what it does not keep. JSON becomes text: its
/// own type has to be switched on in the project.
pub(super) fn stored_type(data_type: &DataType) -> (Type, Option<String>) {
    let stored = match data_type {
        DataType::Boolean => Type::Boolean,
        DataType::Int8 => Type::TinyInt,
        DataType::Int16 | DataType::UInt8 => Type::SmallInt,
        DataType::Int32 | DataType::UInt16 => Type::Int,
        DataType::Int64 | DataType::UInt32 => Type::BigInt,
        DataType::UInt64 => Type::Decimal {
            precision: 20,
            scale: 0,
        },
        DataType::Float16 | DataType::Float32 => Type::Float,
        DataType::Float64 => Type::Double,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => return decimal(*precision, *scale),
        DataType::Date32 | DataType::Date64 => Type::Date,
        DataType::Timestamp(TimeUnit::Second | TimeUnit::Millisecond, Some(_)) => Type::Datetime,
        DataType::Timestamp(_, Some(_)) => Type::Timestamp,
        DataType::Timestamp(_, None) => Type::TimestampNtz,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Type::Binary,
        DataType::FixedSizeBinary(length) if *length != 16 => Type::Binary,
        DataType::FixedSizeBinary(_) => return by_text("what is or may be a UUID"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => Type::String,
        DataType::List(item) | DataType::LargeList(item) => {
            let (item, remark) = stored_type(item.data_type());
            return (Type::Array(Box::new(item)), remark);
        }
        DataType::Struct(fields) => return structure(fields),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => match &fields[..] {
                [keys, values] => {
                    let (keys, remark) = stored_type(keys.data_type());
                    let (values, other) = stored_type(values.data_type());
                    return (
                        Type::Map(Box::new(keys), Box::new(values)),
                        remark.or(other),
                    );
                }
                _ => Type::String,
            },
            _ => Type::String,
        },
        DataType::Dictionary(_, values) => return stored_type(values),
        DataType::Time32(_) | DataType::Time64(_) => return by_text("a time without a day"),
        other => return by_text(&other.to_string()),
    };
    (stored, None)
}

fn by_text(what: &str) -> (Type, Option<String>) {
    (
        Type::String,
        Some(format!("MaxCompute keeps {what} as text")),
    )
}

fn decimal(precision: u8, scale: i8) -> (Type, Option<String>) {
    // Digits that are cut off before the point are still digits of the number.
    let (digits, behind) = match u8::try_from(scale) {
        Ok(behind) => (precision.max(behind), behind),
        Err(_) => (precision.saturating_add(scale.unsigned_abs()), 0),
    };
    let (most, most_behind) = DECIMAL_DIGITS;
    if digits > most || behind > most_behind {
        return by_text(&format!(
            "decimals of more than {most} digits or {most_behind} behind the point"
        ));
    }
    let stored = Type::Decimal {
        precision: digits,
        scale: behind,
    };
    (stored, None)
}

fn structure(fields: &Fields) -> (Type, Option<String>) {
    let mut remark = None;
    let mut stored = Vec::new();
    for field in fields {
        let (inner, other) = stored_type(field.data_type());
        remark = remark.or(other);
        stored.push((field.name().clone(), inner));
    }
    (Type::Struct(stored), remark)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_schema::Field;

    use super::*;

    #[test]
    fn its_own_types_come_back() {
        for text in [
            "tinyint",
            "smallint",
            "int",
            "bigint",
            "float",
            "double",
            "boolean",
            "string",
            "binary",
            "decimal(38,18)",
            "date",
            "datetime",
            "timestamp",
            "timestamp_ntz",
            "array<bigint>",
            "map<string,double>",
            "struct<a:int,b:array<string>>",
        ] {
            let stored: Type = text.parse().unwrap();
            assert_eq!(stored_type(&stored.to_arrow()), (stored, None), "{text}");
        }
    }

    #[test]
    fn what_it_has_not_got_becomes_text_with_a_remark() {
        for data_type in [
            DataType::Decimal128(38, 20),
            DataType::Decimal256(50, 0),
            DataType::Decimal128(30, -9),
            DataType::Time64(TimeUnit::Microsecond),
            DataType::FixedSizeBinary(16),
            DataType::Duration(TimeUnit::Second),
        ] {
            let (stored, remark) = stored_type(&data_type);
            assert_eq!(stored, Type::String, "{data_type}");
            assert!(remark.is_some(), "{data_type}");
        }
        let item = Field::new("item", DataType::Time64(TimeUnit::Microsecond), true);
        let (stored, remark) = stored_type(&DataType::List(Arc::new(item)));
        assert_eq!(stored.to_string(), "array<string>");
        assert!(remark.is_some());
        assert_eq!(decimal(5, -2).0.to_string(), "decimal(7,0)");
    }
}
