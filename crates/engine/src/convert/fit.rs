//! Which types convert into which, and what may not fit.
//!
//! Owns the one table of pairs; the kernels handle exactly the pairs that are not impossible here.

use arrow_schema::{DataType, TimeUnit};
use sdk::{Column, Extension};

use super::Fit;
use super::time::tick_nanos;
use super::to_json;

/// One end of a conversion.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pub(super) name: String,
    pub(super) native: String,
    /// The type of arrays at this end.
    pub(super) data_type: DataType,
    /// The type that stands for all that hold the same values in another layout.
    pub(super) canonical: DataType,
    pub(super) extension: Option<Extension>,
}

impl Side {
    pub(super) fn source(column: &Column) -> Side {
        Side::new(column, canonical(&column.data_type))
    }

    pub(super) fn target(column: &Column) -> Side {
        let canonical = match &column.data_type {
            // Integers are made in their final width; for the others no canonical value would surely fit.
            data_type if data_type.is_integer() => data_type.clone(),
            other @ (DataType::Float16 | DataType::FixedSizeList(..)) => other.clone(),
            DataType::Date64 => DataType::Date32,
            data_type => canonical(data_type),
        };
        Side::new(column, canonical)
    }

    fn new(column: &Column, canonical: DataType) -> Side {
        Side {
            name: column.name.clone(),
            native: column.native.clone(),
            data_type: column.data_type.clone(),
            canonical,
            extension: column.extension,
        }
    }

    pub(super) fn family(&self) -> Family {
        Family::of(&self.canonical)
    }

    /// Whether arrays of a type are what this end holds, so that casting them to its canonical type
    /// changes no value. Readers may choose the layout of texts and bytes batch by batch.
    pub(super) fn carries(&self, data_type: &DataType) -> bool {
        let is_layout = matches!(self.family(), Family::Text | Family::Binary);
        data_type == &self.data_type
            || data_type.equals_datatype(&self.data_type)
            || (is_layout && canonical(data_type) == self.canonical)
    }
}

/// Layouts of the same values collapse into one, without changing any value.
pub(super) fn canonical(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => DataType::Int64,
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView => DataType::Binary,
        DataType::Dictionary(_, values) => canonical(values),
        DataType::RunEndEncoded(_, values) => canonical(values.data_type()),
        DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => DataType::List(item.clone()),
        other => other.clone(),
    }
}

/// Types that convert by the same rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Null,
    Boolean,
    Integer,
    Float,
    Decimal,
    Text,
    Binary,
    Date,
    Time,
    Timestamp,
    /// Intervals and durations.
    Span,
    List,
    Struct,
    Map,
    Other,
}

impl Family {
    pub(super) fn of(data_type: &DataType) -> Family {
        match data_type {
            DataType::Null => Family::Null,
            DataType::Boolean => Family::Boolean,
            DataType::Float32 | DataType::Float64 => Family::Float,
            DataType::Decimal128(..) | DataType::Decimal256(..) => Family::Decimal,
            DataType::Utf8 => Family::Text,
            DataType::Binary | DataType::FixedSizeBinary(_) => Family::Binary,
            DataType::Date32 | DataType::Date64 => Family::Date,
            DataType::Time32(_) | DataType::Time64(_) => Family::Time,
            DataType::Timestamp(..) => Family::Timestamp,
            DataType::Interval(_) | DataType::Duration(_) => Family::Span,
            DataType::List(_) => Family::List,
            DataType::Struct(_) => Family::Struct,
            DataType::Map(..) => Family::Map,
            data_type if data_type.is_integer() => Family::Integer,
            _ => Family::Other,
        }
    }

    pub(super) fn counts_time(self) -> bool {
        matches!(self, Family::Date | Family::Time | Family::Timestamp)
    }

    /// Targets that take at least some values, for people.
    fn takers(self) -> &'static str {
        match self {
            Family::Null => "any column would take it",
            Family::Boolean => "a boolean, integer or text column would take it",
            Family::Integer => {
                "a number, boolean or text column would take it, and a timestamp column as milliseconds"
            }
            Family::Float | Family::Decimal => "a number or text column would take it",
            Family::Text => "a column of a plain type or a list would take it",
            Family::Binary => "a binary or text column would take it",
            Family::Date | Family::Timestamp => {
                "a date, timestamp or text column would take it, and a 64-bit integer as milliseconds"
            }
            Family::Time => "a time or text column would take it",
            Family::Span | Family::Other => "a column of the same type would take it",
            Family::List => "a list or text column would take it",
            Family::Struct => "a struct with the same fields or a text column would take it",
            Family::Map => "a map or text column would take it",
        }
    }
}

/// Whether arrays of the source are valid arrays of the target as they are.
pub(super) fn is_same(source: &Side, target: &Side) -> bool {
    source.data_type == target.data_type
        // Any text may not be JSON, but JSON is text; sixteen bytes are a UUID whoever says so.
        && (target.extension != Some(Extension::Json) || source.extension == target.extension)
}

/// Whether Arrow's cast converts every value of this lossless pair exactly, and fast.
pub(super) fn is_arrow_cast_exact(source: &Side, target: &Side) -> bool {
    let numeric = |family| matches!(family, Family::Integer | Family::Float | Family::Decimal);
    match (source.family(), target.family()) {
        (Family::Decimal, Family::Float) => false,
        (from, into) if numeric(from) && numeric(into) => true,
        // Only the layout differs.
        (Family::Text, Family::Text) => {
            target.extension != Some(Extension::Json) || source.extension == target.extension
        }
        (Family::Binary, Family::Binary) => true,
        (Family::Date, Family::Date) => source.data_type == DataType::Date32,
        _ => false,
    }
}

/// The table of pairs, save for containers, whose children decide (`nested`).
pub(super) fn fit(source: &Side, target: &Side) -> Fit {
    let (from, into) = (source.family(), target.family());
    match (from, into) {
        (Family::Null, _) => Fit::Lossless,
        (_, Family::Text) => to_text(source, target),
        (Family::Text, _) => from_text(source, target),
        (Family::Boolean, Family::Boolean) | (Family::Boolean, Family::Integer) => Fit::Lossless,
        (Family::Integer, Family::Boolean) => checked("integers other than 0 and 1"),
        (
            Family::Integer | Family::Float | Family::Decimal,
            Family::Integer | Family::Float | Family::Decimal,
        ) => number(source, target),
        (Family::Binary, Family::Binary) => binary(source, target),
        (Family::Date | Family::Timestamp, Family::Date | Family::Timestamp)
        | (Family::Time, Family::Time) => time(source, target),
        (Family::Integer, Family::Date | Family::Timestamp)
            if source.canonical == DataType::Int64 =>
        {
            time(source, target)
        }
        (Family::Date | Family::Timestamp, Family::Integer)
            if target.canonical == DataType::Int64 =>
        {
            time(source, target)
        }
        _ => impossible(source, target),
    }
}

fn checked(which: impl std::fmt::Display) -> Fit {
    Fit::Checked(format!("{which} make their row dirty"))
}

/// Says that no value converts, and which targets would do.
pub(super) fn impossible(source: &Side, target: &Side) -> Fit {
    Fit::Impossible(format!(
        "{} cannot become {}; {}",
        source.native,
        target.native,
        source.family().takers()
    ))
}

fn to_text(source: &Side, target: &Side) -> Fit {
    let into_json = target.extension == Some(Extension::Json);
    match source.family() {
        Family::Other => impossible(source, target),
        Family::Text if into_json && source.extension != Some(Extension::Json) => {
            checked("texts that are not JSON")
        }
        Family::Binary if source.extension != Some(Extension::Uuid) => {
            checked("bytes that are not UTF-8 text")
        }
        Family::List | Family::Struct | Family::Map => to_json::fit(source, target),
        _ => Fit::Lossless,
    }
}

fn from_text(source: &Side, target: &Side) -> Fit {
    match target.family() {
        Family::Binary => match target.canonical {
            DataType::Binary => Fit::Lossless,
            _ if target.extension == Some(Extension::Uuid) => checked("texts that are not a UUID"),
            _ => impossible(source, target),
        },
        Family::Span | Family::Null | Family::Other => impossible(source, target),
        _ => checked(format!("texts that are no value of {}", target.native)),
    }
}

fn binary(source: &Side, target: &Side) -> Fit {
    match (&source.canonical, &target.canonical) {
        (DataType::FixedSizeBinary(from), DataType::FixedSizeBinary(into)) if from != into => {
            impossible(source, target)
        }
        (DataType::Binary, DataType::FixedSizeBinary(length)) => {
            checked(format!("values that are not {length} bytes long"))
        }
        _ => Fit::Lossless,
    }
}

fn time(source: &Side, target: &Side) -> Fit {
    let (Some(from), Some(into)) = (tick_nanos(&source.canonical), tick_nanos(&target.canonical))
    else {
        return impossible(source, target);
    };
    let whole_day = target.family() == Family::Date;
    if from < into {
        return if whole_day {
            checked("values whose time of day is not midnight")
        } else {
            checked(format!("values finer than the unit of {}", target.native))
        };
    }
    let days_in_64_bits = source.canonical == DataType::Date32
        && matches!(
            target.canonical,
            DataType::Timestamp(TimeUnit::Second | TimeUnit::Millisecond, _) | DataType::Int64
        );
    if from == into || days_in_64_bits || source.family() == Family::Time {
        Fit::Lossless
    } else {
        checked(format!("values out of the range of {}", target.native))
    }
}

/// Decimal digits before and after the point that a numeric type may need, or surely holds.
#[derive(Clone, Copy)]
struct Digits {
    whole: i32,
    places: i32,
}

/// Digits that a source may need; `None` for floats, which may need any.
fn needs(data_type: &DataType) -> Option<Digits> {
    let (whole, places) = match data_type {
        DataType::Int8 | DataType::UInt8 => (3, 0),
        DataType::Int16 | DataType::UInt16 => (5, 0),
        DataType::Int32 | DataType::UInt32 => (10, 0),
        DataType::Int64 => (19, 0),
        DataType::UInt64 => (20, 0),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => {
            (i32::from(*precision) - i32::from(*scale), i32::from(*scale))
        }
        _ => return None,
    };
    Some(Digits { whole, places })
}

/// Digits that a target surely holds, whatever they are.
fn holds(data_type: &DataType) -> Option<Digits> {
    let (whole, places) = match data_type {
        DataType::Int8 | DataType::UInt8 => (2, 0),
        DataType::Int16 | DataType::UInt16 => (4, 0),
        DataType::Int32 | DataType::UInt32 => (9, 0),
        DataType::Int64 => (18, 0),
        DataType::UInt64 => (19, 0),
        other => return needs(other),
    };
    Some(Digits { whole, places })
}

fn number(source: &Side, target: &Side) -> Fit {
    let (from, into) = (&source.data_type, &target.data_type);
    let lossless = match (source.family(), target.family()) {
        (Family::Integer, Family::Integer) => integer_bits(from)
            .zip(integer_bits(into))
            .is_some_and(|(from, into)| from.bits <= into.bits && (into.signed || !from.signed)),
        (Family::Float, Family::Float) => float_bits(from) <= float_bits(into),
        (Family::Integer, Family::Float) => {
            integer_bits(from).is_some_and(|integer| integer.bits <= float_bits(into))
        }
        (Family::Decimal, Family::Float) => {
            let sure = if *into == DataType::Float64 { 15 } else { 6 };
            needs(from).is_some_and(|digits| {
                (0..=22).contains(&digits.places) && digits.whole + digits.places <= sure
            })
        }
        _ => needs(from).zip(holds(into)).is_some_and(|(needs, holds)| {
            let signed = !matches!(
                into,
                DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64
            );
            signed && needs.whole <= holds.whole && needs.places <= holds.places
        }),
    };
    if lossless {
        Fit::Lossless
    } else {
        checked(format!(
            "numbers that {} cannot hold exactly",
            target.native
        ))
    }
}

struct IntegerBits {
    signed: bool,
    bits: u32,
}

/// Bits of an integer's magnitude and whether there is a sign.
fn integer_bits(data_type: &DataType) -> Option<IntegerBits> {
    let (signed, bits) = match data_type {
        DataType::Int8 => (true, 7),
        DataType::Int16 => (true, 15),
        DataType::Int32 => (true, 31),
        DataType::Int64 => (true, 63),
        DataType::UInt8 => (false, 8),
        DataType::UInt16 => (false, 16),
        DataType::UInt32 => (false, 32),
        DataType::UInt64 => (false, 64),
        _ => return None,
    };
    Some(IntegerBits { signed, bits })
}

/// Bits of the integers that a float holds without gaps.
fn float_bits(data_type: &DataType) -> u32 {
    match data_type {
        DataType::Float16 => 11,
        DataType::Float32 => 24,
        _ => 53,
    }
}
