//! The types that a column of a text format can be given in a job: one table from the names of DataX
//! and SQL to Arrow.

use arrow_schema::{DataType, TimeUnit};
use sdk::{Column, Extension};

use super::dates::Pattern;

/// What the text of a column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextKind {
    Text,
    Json,
    Boolean,
    Short,
    Integer,
    Long,
    Float,
    Double,
    /// A double that was inferred, not asked for: text that it would round is refused.
    ExactDouble,
    Decimal(u8, i8),
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Bytes,
    Uuid,
}

/// Names in job documents; the first name of a kind is the one that is printed.
const NAMES: &[(&str, TextKind)] = &[
    ("string", TextKind::Text),
    ("text", TextKind::Text),
    ("varchar", TextKind::Text),
    ("char", TextKind::Text),
    ("json", TextKind::Json),
    ("jsonb", TextKind::Json),
    ("boolean", TextKind::Boolean),
    ("bool", TextKind::Boolean),
    ("smallint", TextKind::Short),
    ("int2", TextKind::Short),
    ("int", TextKind::Integer),
    ("integer", TextKind::Integer),
    ("int4", TextKind::Integer),
    ("bigint", TextKind::Long),
    ("long", TextKind::Long),
    ("int8", TextKind::Long),
    ("real", TextKind::Float),
    ("float", TextKind::Float),
    ("float4", TextKind::Float),
    ("double", TextKind::Double),
    ("double precision", TextKind::Double),
    ("float8", TextKind::Double),
    ("date", TextKind::Date),
    ("time", TextKind::Time),
    ("timestamp", TextKind::Timestamp),
    ("datetime", TextKind::Timestamp),
    ("timestamptz", TextKind::TimestampTz),
    ("timestamp with time zone", TextKind::TimestampTz),
    ("bytes", TextKind::Bytes),
    ("binary", TextKind::Bytes),
    ("bytea", TextKind::Bytes),
    ("uuid", TextKind::Uuid),
];

/// The largest precision of a 128-bit decimal.
const MAX_PRECISION: u8 = 38;

impl TextKind {
    /// The kind of this name: a name of the table, `varchar(20)`, or `decimal(15,2)`.
    pub(crate) fn named(name: &str) -> Result<TextKind, String> {
        let folded = name.trim().to_ascii_lowercase();
        let (bare, arguments) = match folded.split_once('(') {
            Some((bare, rest)) => (bare.trim(), rest.trim_end().strip_suffix(')')),
            None => (folded.as_str(), None),
        };
        if matches!(bare, "decimal" | "numeric") {
            return decimal(arguments)
                .ok_or_else(|| format!("`{name}` must be written as `decimal(precision,scale)` with a precision of 1 to {MAX_PRECISION}"));
        }
        if let Some((_, kind)) = NAMES.iter().find(|(known, _)| *known == bare) {
            return Ok(*kind);
        }
        let known = NAMES.iter().map(|(known, _)| *known).chain(["decimal"]);
        Err(match sdk::nearest(bare, known.clone()) {
            Some(near) => format!("unknown type `{name}`, did you mean `{near}`?"),
            None => format!(
                "unknown type `{name}`; known types are {}",
                known.collect::<Vec<_>>().join(", ")
            ),
        })
    }

    /// The kind of values that are written after a pattern. DataX calls everything from a day to an
    /// instant `date`, and its pattern tells them apart; other types must agree with their pattern,
    /// since a zone that nobody wrote or reads would shift the values.
    pub(crate) fn written_as(self, pattern: Option<&Pattern>) -> Result<TextKind, String> {
        let Some(pattern) = pattern else {
            return Ok(self);
        };
        match self {
            TextKind::Date if pattern.has_zone() => Ok(TextKind::TimestampTz),
            TextKind::Date if pattern.has_time() => Ok(TextKind::Timestamp),
            TextKind::Timestamp if pattern.has_zone() => Err(
                "the date format names a time zone; give the column the type `timestamptz`".into(),
            ),
            TextKind::TimestampTz if !pattern.has_zone() => Err(
                "the date format names no time zone; add `Z`, or give the column the type `timestamp`"
                    .into(),
            ),
            kind => Ok(kind),
        }
    }

    /// The Arrow type of the parsed column.
    pub(crate) fn data_type(self) -> DataType {
        match self {
            TextKind::Text | TextKind::Json => DataType::Utf8,
            TextKind::Boolean => DataType::Boolean,
            TextKind::Short => DataType::Int16,
            TextKind::Integer => DataType::Int32,
            TextKind::Long => DataType::Int64,
            TextKind::Float => DataType::Float32,
            TextKind::Double | TextKind::ExactDouble => DataType::Float64,
            TextKind::Decimal(precision, scale) => DataType::Decimal128(precision, scale),
            TextKind::Date => DataType::Date32,
            TextKind::Time => DataType::Time64(TimeUnit::Microsecond),
            TextKind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            TextKind::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            TextKind::Bytes => DataType::Binary,
            TextKind::Uuid => DataType::FixedSizeBinary(16),
        }
    }

    /// The name for people.
    pub(crate) fn name(self) -> String {
        match self {
            TextKind::Decimal(precision, scale) => format!("decimal({precision},{scale})"),
            TextKind::ExactDouble => TextKind::Double.name(),
            kind => NAMES
                .iter()
                .find(|(_, known)| *known == kind)
                .map_or_else(|| format!("{kind:?}"), |(name, _)| (*name).to_string()),
        }
    }

    /// A column of this kind as readers offer it.
    pub(crate) fn column(self, name: &str) -> Column {
        let mut column = Column::new(name, self.data_type()).native(self.name());
        column.extension = match self {
            TextKind::Json => Some(Extension::Json),
            TextKind::Uuid => Some(Extension::Uuid),
            _ => None,
        };
        column
    }
}

fn decimal(arguments: Option<&str>) -> Option<TextKind> {
    let arguments = arguments?;
    let (precision, scale) = arguments.split_once(',').unwrap_or((arguments, "0"));
    let precision: u8 = precision.trim().parse().ok()?;
    let scale: i8 = scale.trim().parse().ok()?;
    let fits =
        (1..=MAX_PRECISION).contains(&precision) && scale >= 0 && scale.unsigned_abs() <= precision;
    fits.then_some(TextKind::Decimal(precision, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_datax_and_sql_are_known() {
        assert_eq!(TextKind::named("Long"), Ok(TextKind::Long));
        assert_eq!(TextKind::named("varchar(20)"), Ok(TextKind::Text));
        assert_eq!(
            TextKind::named("decimal(15, 2)"),
            Ok(TextKind::Decimal(15, 2))
        );
        assert_eq!(TextKind::named("numeric(5)"), Ok(TextKind::Decimal(5, 0)));
        assert_eq!(
            TextKind::named("bigit").unwrap_err(),
            "unknown type `bigit`, did you mean `bigint`?"
        );
        assert!(TextKind::named("decimal").is_err());
        assert!(TextKind::named("decimal(39,2)").is_err());
    }
}
