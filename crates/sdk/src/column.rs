//! A column of a source or target: its name, Arrow type, and what the store itself calls it.

use std::collections::HashMap;

use arrow_schema::{DataType, Field};
use serde::{Deserialize, Serialize};

/// Meaning that an Arrow type alone does not carry, after Arrow's canonical extension types
/// (<https://arrow.apache.org/docs/format/CanonicalExtensions.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Extension {
    /// Sixteen bytes that are a UUID.
    Uuid,
    /// Text that is a JSON document.
    Json,
}

/// A store's own binary form of a value. When reader and writer agree on it, the bytes pass through
/// undecoded, which keeps every value identical (numeric `NaN`, infinite dates, arrays of any shape).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Wire {
    /// Who defines the form, for example `postgresql`.
    pub family: String,
    /// The type within the family, for example `numeric`.
    pub type_name: String,
    /// Length, precision or scale in the family's own coding; `None` means unlimited.
    pub modifier: Option<i32>,
}

impl Wire {
    /// Whether bytes read as `source` may be written as `self` without changing any value.
    /// A tighter or merely different modifier would make the store round or cut, so it is refused.
    pub fn accepts(&self, source: &Wire) -> bool {
        self.family == source.family
            && self.type_name == source.type_name
            && (self.modifier.is_none() || self.modifier == source.modifier)
    }
}

/// One column as a reader offers it or a writer wants it.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The name as the store spells it, unquoted.
    pub name: String,
    /// The Arrow type of batches that carry it decoded.
    pub data_type: DataType,
    /// Whether NULL may occur (reader) or is accepted (writer).
    pub nullable: bool,
    /// The type as the store prints it, for people: `numeric(15,2)`, `decimal(38,18)`.
    pub native: String,
    /// What the Arrow type alone does not say.
    pub extension: Option<Extension>,
    /// The store's own binary form, if the connector can pass it through.
    pub wire: Option<Wire>,
    /// Part of the primary key; dirty rows are filed under it.
    pub key: bool,
    /// A writer's wish: empty text means NULL here.
    pub empty_as_null: bool,
}

impl Column {
    /// A nullable column without further meaning, printed as its Arrow type.
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        let native = data_type.to_string();
        Column {
            name: name.into(),
            data_type,
            nullable: true,
            native,
            extension: None,
            wire: None,
            key: false,
            empty_as_null: false,
        }
    }

    /// Sets the type's name as the store prints it.
    #[must_use]
    pub fn native(mut self, native: impl Into<String>) -> Self {
        self.native = native.into();
        self
    }

    /// The Arrow field of batches that carry the column decoded.
    pub fn field(&self) -> Field {
        let field = Field::new(&self.name, self.data_type.clone(), self.nullable);
        match self.extension {
            None => field,
            Some(extension) => field.with_metadata(HashMap::from([(
                "ARROW:extension:name".to_string(),
                match extension {
                    Extension::Uuid => "arrow.uuid".to_string(),
                    Extension::Json => "arrow.json".to_string(),
                },
            )])),
        }
    }

    /// The Arrow field of batches that carry the column in its wire form: binary, marked as such.
    pub fn wire_field(&self) -> Field {
        Field::new(&self.name, DataType::Binary, self.nullable)
            .with_metadata(HashMap::from([(WIRE_KEY.to_string(), "true".to_string())]))
    }

    /// Whether a batch's field carries a wire form (made by [`Column::wire_field`]).
    pub fn is_wire(field: &Field) -> bool {
        field.metadata().contains_key(WIRE_KEY)
    }
}

const WIRE_KEY: &str = "longshore.wire";

/// Names for a message, separated by commas. Nobody reads hundreds: behind the first 30 stands how many
/// more there are.
pub fn list_names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 30;
    let mut names = names.into_iter();
    let first: Vec<&str> = names.by_ref().take(MOST).collect();
    match names.count() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numeric(modifier: Option<i32>) -> Wire {
        Wire {
            family: "postgresql".into(),
            type_name: "numeric".into(),
            modifier,
        }
    }

    #[test]
    fn long_lists_of_names_are_cut() {
        let names: Vec<String> = (0..32).map(|number| format!("c{number}")).collect();
        let listed = |count: usize| list_names(names[..count].iter().map(String::as_str));
        assert_eq!(listed(0), "");
        assert_eq!(listed(2), "c0, c1");
        assert!(listed(30).ends_with("c28, c29"), "{}", listed(30));
        assert!(
            listed(32).ends_with("c28, c29 and 2 more"),
            "{}",
            listed(32)
        );
    }

    #[test]
    fn wire_form_passes_only_where_no_value_can_change() {
        assert!(numeric(None).accepts(&numeric(Some(7))));
        assert!(numeric(Some(7)).accepts(&numeric(Some(7))));
        assert!(!numeric(Some(7)).accepts(&numeric(None)));
        assert!(!numeric(Some(7)).accepts(&numeric(Some(9))));
    }
}
