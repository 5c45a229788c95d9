//! Which fields of a row become which columns: the job's column list against what a file offers.

use schemars::JsonSchema;
use sdk::{Column, Error, Kind, Result};
use serde::Deserialize;

use super::dates::Pattern;
use super::kind::TextKind;

/// A column of a file. A text alone is its name, or `*` for all columns.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-shorthand" = "name"))]
pub(crate) struct ColumnEntry {
    /// The field's position in a row, counted from 0.
    #[serde(default)]
    pub(crate) index: Option<usize>,
    /// The column's name; together with `index` it only renames.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// The type of the values: string, long, double, boolean, date, bytes, or a SQL type such as
    /// `integer`, `decimal(15,2)`, `timestamp`, `timestamptz`, `json`, `uuid`. Text when absent.
    #[serde(default, rename = "type")]
    pub(crate) type_name: Option<String>,
    /// How dates and times are written, as a Java pattern such as `yyyy-MM-dd HH:mm:ss`; ISO 8601
    /// when absent.
    #[serde(default)]
    pub(crate) format: Option<String>,
    /// A constant: every row gets this value and no field is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    // Described as a plain text, so that an empty one is a value and not an absent option.
    #[schemars(with = "String")]
    pub(crate) value: Option<String>,
}

impl ColumnEntry {
    fn is_all(&self) -> bool {
        self.name.as_deref() == Some("*") && self.index.is_none() && self.value.is_none()
    }
}

/// Where the text of a column comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pick {
    /// The field at this position.
    Index(usize),
    /// The field of this name.
    Name(String),
    /// Not from the file at all.
    Constant(String),
}

/// One column that the reader delivers.
#[derive(Debug, Clone)]
pub(crate) struct TextColumnPlan {
    pub(crate) name: String,
    pub(crate) pick: Pick,
    pub(crate) kind: TextKind,
    pub(crate) pattern: Option<Pattern>,
}

impl TextColumnPlan {
    /// A column that is found by its name.
    pub(crate) fn named(name: &str, kind: TextKind) -> Self {
        TextColumnPlan {
            name: name.to_string(),
            pick: Pick::Name(name.to_string()),
            kind,
            pattern: None,
        }
    }

    /// A text column that is found by its position.
    pub(crate) fn at(index: usize, name: &str) -> Self {
        TextColumnPlan {
            pick: Pick::Index(index),
            ..TextColumnPlan::named(name, TextKind::Text)
        }
    }

    /// The column as the reader offers it.
    pub(crate) fn column(&self) -> Column {
        self.kind.column(&self.name)
    }
}

/// Whether the list asks for every column.
pub(crate) fn wants_all(entries: &[ColumnEntry]) -> bool {
    entries.is_empty() || matches!(entries, [entry] if entry.is_all())
}

/// Whether an entry can only be found by a name that the file itself carries.
pub(crate) fn needs_names(entries: &[ColumnEntry]) -> bool {
    !wants_all(entries)
        && entries
            .iter()
            .any(|entry| entry.index.is_none() && entry.value.is_none())
}

/// Whether no entry says where its field is, so that the list should name every field.
pub(crate) fn names_only(entries: &[ColumnEntry]) -> bool {
    entries.iter().all(|entry| entry.index.is_none())
}

/// The plan of an explicit list. With `by_position`, entries without an index stand for the fields in
/// the order of the list; otherwise they are looked up by name.
pub(crate) fn plan(entries: &[ColumnEntry], by_position: bool) -> Result<Vec<TextColumnPlan>> {
    let mut position = 0;
    entries
        .iter()
        .enumerate()
        .map(|(place, entry)| {
            if entry.is_all() {
                return Err(Error::new(
                    Kind::Config,
                    "`*` cannot stand beside other columns in `column`",
                )
                .hint("write `[\"*\"]` alone, or list the columns"));
            }
            let field = by_position.then_some(position);
            position += usize::from(entry.value.is_none());
            plan_one(entry, place, field)
                .map_err(|error| error.prefix(format!("column {place} of the job")))
        })
        .collect()
}

fn plan_one(entry: &ColumnEntry, place: usize, field: Option<usize>) -> Result<TextColumnPlan> {
    let config = |message: String| Error::new(Kind::Config, message);
    let kind = match &entry.type_name {
        Some(name) => TextKind::named(name).map_err(config)?,
        None => TextKind::Text,
    };
    let pattern = match &entry.format {
        Some(format) => Some(Pattern::parse(format).map_err(config)?),
        None => None,
    };
    let kind = kind.written_as(pattern.as_ref()).map_err(config)?;
    let pick = match (&entry.value, entry.index, &entry.name) {
        (Some(value), None, _) => Pick::Constant(value.clone()),
        (Some(_), Some(_), _) => {
            return Err(config("`index` and `value` exclude each other".into()));
        }
        (None, Some(index), _) => Pick::Index(index),
        (None, None, Some(name)) => field.map_or_else(|| Pick::Name(name.clone()), Pick::Index),
        (None, None, None) => {
            return Err(config(
                "one of `index`, `name` and `value` is needed".into(),
            ));
        }
    };
    let name = match (&entry.name, &pick) {
        (Some(name), _) => name.clone(),
        (None, Pick::Index(index)) => position_name(*index),
        (None, _) => position_name(place),
    };
    Ok(TextColumnPlan {
        name,
        pick,
        kind,
        pattern,
    })
}

/// The name of a field that has none.
pub(crate) fn position_name(index: usize) -> String {
    format!("column{}", index + 1)
}

/// The position of a name: as it is spelled, or in any case if that is unique.
pub(crate) fn position_of(names: &[String], wanted: &str) -> Option<usize> {
    if let Some(exact) = names.iter().position(|name| name == wanted) {
        return Some(exact);
    }
    let mut folded = names
        .iter()
        .enumerate()
        .filter(|(_, name)| name.eq_ignore_ascii_case(wanted));
    match (folded.next(), folded.next()) {
        (Some((position, _)), None) => Some(position),
        _ => None,
    }
}

/// The error for a name that a file lacks.
pub(crate) fn unknown_column(wanted: &str, names: &[String], file: &str) -> Error {
    let hint = match sdk::nearest(wanted, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("its columns are {}", names.join(", ")),
    };
    Error::new(
        Kind::NotFound,
        format!("file {file} has no column \"{wanted}\""),
    )
    .hint(hint)
}
