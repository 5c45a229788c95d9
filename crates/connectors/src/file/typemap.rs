//! The types that each format can hold. Text formats take every type and write it as exact text;
//! the types that text can be read as are listed in `format::kind`.

use arrow_schema::DataType;
use sdk::Column;

use crate::format::FileFormat;
use crate::format::parquet;

/// The column of the target for a column of the source.
pub(super) fn target(source: &Column, name: &str, format: FileFormat) -> Column {
    let data_type = match format {
        FileFormat::Parquet => parquet::target_type(&source.data_type),
        _ => text_type(&source.data_type),
    };
    let native = match format {
        FileFormat::Parquet => data_type.to_string(),
        _ => "text".to_string(),
    };
    Column {
        extension: source.extension,
        key: source.key,
        ..Column::new(name, data_type).native(native)
    }
}

/// Text is written from the source's own type, which spares the engine a conversion.
fn text_type(source: &DataType) -> DataType {
    match source {
        DataType::Null => DataType::Utf8,
        other => other.clone(),
    }
}
