//! Constants of statements as Arrow arrays.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray, new_null_array};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::DataType;
use maxcompute::types::Type;

use super::SqlError;
use super::statement::Literal;

/// Conversions that fail where a value has no image, instead of making it NULL.
pub(super) const STRICT: CastOptions<'static> = CastOptions {
    safe: false,
    format_options: arrow_cast::display::FormatOptions::new(),
};

impl Literal {
    /// The text from which the value is read, none for NULL.
    fn text(&self) -> Option<&str> {
        match self {
            Self::Null => None,
            Self::Boolean(true) => Some("true"),
            Self::Boolean(false) => Some("false"),
            Self::Number(text) | Self::Text(text) | Self::Typed(text, _) => Some(text),
        }
    }

    /// The type of a column that holds only this.
    pub(super) fn natural_type(&self) -> Type {
        match self {
            Self::Null | Self::Text(_) => Type::String,
            Self::Boolean(_) => Type::Boolean,
            Self::Number(digits) if digits.parse::<i64>().is_ok() => Type::BigInt,
            Self::Number(_) => Type::Double,
            Self::Typed(_, kind) => kind.clone(),
        }
    }
}

/// One column of constants.
pub(super) fn array<'a>(
    kind: &Type,
    values: impl Iterator<Item = &'a Literal>,
) -> Result<ArrayRef, SqlError> {
    let mut texts = Vec::new();
    for value in values {
        if let Literal::Typed(text, own_kind) = value {
            // What was cast must be castable, also where its text goes elsewhere.
            from_texts(own_kind, StringArray::from(vec![text.as_str()]))?;
        }
        texts.push(value.text());
    }
    from_texts(kind, StringArray::from(texts))
}

/// Texts as values of a type.
pub(super) fn from_texts(kind: &Type, texts: StringArray) -> Result<ArrayRef, SqlError> {
    let target = kind.to_arrow();
    let texts: ArrayRef = Arc::new(texts);
    if texts.null_count() == texts.len() {
        return Ok(new_null_array(&target, texts.len()));
    }
    if kind.is_nested() {
        return Err(SqlError::semantic(format!(
            "there are no constants of type {kind} here"
        )));
    }
    convert(&texts, &target, kind)
}

/// Values of one type as values of another.
pub(super) fn convert(
    values: &ArrayRef,
    target: &DataType,
    kind: &Type,
) -> Result<ArrayRef, SqlError> {
    if values.data_type() == target {
        return Ok(values.clone());
    }
    cast_with_options(values, target, &STRICT).map_err(|error| {
        SqlError::semantic(format!("a value cannot be converted to {kind}: {error}"))
    })
}
