//! MaxCompute columns as columns of the contract; the table of Arrow types is
//! [`maxcompute::types::Type::to_arrow`], which serves both directions.

use arrow_schema::DataType;
use maxcompute::types::{Column as Stored, Type};
use sdk::{Column, Extension};

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
        native: format!("{} (partition column)", stored.r#type),
        extension: None,
        wire: None,
        key: false,
        empty_as_null: false,
    }
}
