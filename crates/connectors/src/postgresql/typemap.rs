//! The one table of types, used in both directions: what a PostgreSQL type is in Arrow, how its
//! fields are coded, and whether its binary form may pass from server to server untouched.

use std::sync::Arc;

use arrow_schema::{DataType, Field, TimeUnit};
use sdk::{Column, Extension, Wire};

use super::catalog::{TableColumn, Types};
use super::copy::build::{
    Bool, Builder, Content, Date, Fixed, Float4, Float8, Int2, Int4, Int8, Time, Timestamp, Uuid,
    Variable,
};
use super::copy::decimal::{Decimal128, Decimal256};
use super::copy::field::Target;
use super::copy::list::List;

/// What a type is here.
#[derive(Debug, Clone)]
pub(crate) struct Mapped {
    pub(crate) data_type: DataType,
    pub(crate) extension: Option<Extension>,
    /// How its fields are coded; `None` if it is read and written as text by a cast on the server.
    pub(crate) coding: Option<Target>,
    pub(crate) wire: Option<Wire>,
    /// The base type's name as in `pg_type`.
    pub(crate) type_name: String,
}

impl Mapped {
    /// A table's column of this type.
    pub(crate) fn column(&self, of: &TableColumn) -> Column {
        Column {
            name: of.name.clone(),
            data_type: self.data_type.clone(),
            nullable: !of.not_null,
            native: of.native.clone(),
            extension: self.extension,
            wire: self.wire.clone(),
            key: of.key,
            empty_as_null: false,
        }
    }

    /// Whether it is a number, by the types that DataX counts among them.
    pub(crate) fn is_number(&self) -> bool {
        matches!(
            self.type_name.as_str(),
            "int2" | "int4" | "int8" | "numeric" | "float4" | "float8"
        )
    }
}

/// Types whose binary form is the same on every server, but has values that the Arrow type lacks.
/// Types whose Arrow image is exact (integers, text, bytea …) pass decoded just as well, and faster.
/// `money` is not here: its scale depends on the server's locale.
const WIRE_TYPES: &[&str] = &[
    "numeric",
    "date",
    "time",
    "timetz",
    "timestamp",
    "timestamptz",
    "interval",
    "bit",
    "varbit",
    "inet",
    "cidr",
    "macaddr",
    "macaddr8",
    "char",
    "oid",
    "xid8",
    "tid",
    "pg_lsn",
    "point",
    "line",
    "lseg",
    "box",
    "path",
    "polygon",
    "circle",
    "tsvector",
    "tsquery",
    "jsonpath",
    "int4range",
    "int8range",
    "numrange",
    "daterange",
    "tsrange",
    "tstzrange",
    "int4multirange",
    "int8multirange",
    "nummultirange",
    "datemultirange",
    "tsmultirange",
    "tstzmultirange",
];

/// Further types whose arrays have a binary form that is the same on every server.
const WIRE_ITEMS: &[&str] = &[
    "bool", "int2", "int4", "int8", "float4", "float8", "text", "varchar", "bpchar", "name",
    "bytea", "uuid", "json", "jsonb",
];

/// Functions that read a binary form which is plain text.
const TEXT_RECEIVERS: &[&str] = &["citextrecv", "enum_recv"];

/// Looks a type up in the table. A domain is what it is over.
pub(crate) fn map(types: &Types, oid: u32, modifier: i32) -> Mapped {
    let (mut oid, mut modifier) = (oid, modifier);
    while let Some((base, base_modifier)) = types.get(&oid).and_then(|of| of.base) {
        (oid, modifier) = (base, base_modifier);
    }
    let Some(of) = types.get(&oid) else {
        return by_text("unknown", None);
    };
    if let Some(element) = of.element {
        let built_in = of.built_in
            && types.get(&element).is_some_and(|item| {
                let name = item.name.as_str();
                WIRE_TYPES.contains(&name) || WIRE_ITEMS.contains(&name)
            });
        let wire = built_in.then(|| wire(&of.name, modifier));
        let item = map(types, element, modifier);
        return match item.coding {
            Some(coding) if !matches!(coding, Target::List { .. }) => Mapped {
                data_type: DataType::List(Arc::new(Field::new("item", item.data_type, true))),
                extension: None,
                coding: Some(Target::List {
                    item: Box::new(coding),
                    item_type: element,
                }),
                wire,
                type_name: of.name.clone(),
            },
            _ => by_text(&of.name, wire),
        };
    }
    let wire =
        (of.built_in && WIRE_TYPES.contains(&of.name.as_str())).then(|| wire(&of.name, modifier));
    if !of.built_in {
        return if TEXT_RECEIVERS.contains(&of.receive.as_str()) {
            let coding = Target::Text { limit: None };
            Mapped {
                coding: Some(coding),
                ..by_text(&of.name, None)
            }
        } else {
            by_text(&of.name, None)
        };
    }
    let coded = coded(&of.name, modifier);
    match coded {
        Some((data_type, coding)) => Mapped {
            data_type,
            extension: match of.name.as_str() {
                "uuid" => Some(Extension::Uuid),
                "json" | "jsonb" => Some(Extension::Json),
                _ => None,
            },
            coding: Some(coding),
            wire,
            type_name: of.name.clone(),
        },
        None => by_text(&of.name, wire),
    }
}

fn by_text(type_name: &str, wire: Option<Wire>) -> Mapped {
    Mapped {
        data_type: DataType::Utf8,
        extension: None,
        coding: None,
        wire,
        type_name: type_name.to_string(),
    }
}

fn wire(type_name: &str, modifier: i32) -> Wire {
    Wire {
        family: "postgresql".to_string(),
        type_name: type_name.to_string(),
        modifier: (modifier >= 0).then_some(modifier),
    }
}

/// The Arrow type and coding of a type that the server always has.
pub(crate) fn coded(name: &str, modifier: i32) -> Option<(DataType, Target)> {
    // A length modifier counts its own four bytes.
    let length = usize::try_from(modifier - 4).ok();
    // A precision of seconds below six digits makes values multiples of a longer step.
    let step = match modifier {
        0..=5 => 10_i64.pow(6 - modifier.unsigned_abs()),
        _ => 1,
    };
    let micros =
        |zone: Option<&str>| DataType::Timestamp(TimeUnit::Microsecond, zone.map(Arc::from));
    Some(match name {
        "bool" => (DataType::Boolean, Target::Bool),
        "int2" => (DataType::Int16, Target::Int2),
        "int4" => (DataType::Int32, Target::Int4),
        "int8" => (DataType::Int64, Target::Int8),
        "float4" => (DataType::Float32, Target::Float4),
        "float8" => (DataType::Float64, Target::Float8),
        "numeric" => numeric(modifier),
        "text" | "json" => (DataType::Utf8, Target::Text { limit: None }),
        "varchar" | "bpchar" => (DataType::Utf8, Target::Text { limit: length }),
        "name" => (DataType::Utf8, Target::Text { limit: Some(63) }),
        "char" => (DataType::Utf8, Target::Char),
        "jsonb" => (DataType::Utf8, Target::Jsonb),
        "bytea" => (DataType::Binary, Target::Bytes),
        "date" => (DataType::Date32, Target::Date),
        "time" => (
            DataType::Time64(TimeUnit::Microsecond),
            Target::Time { step },
        ),
        "timestamp" => (micros(None), Target::Timestamp { step }),
        "timestamptz" => (micros(Some("UTC")), Target::Timestamp { step }),
        "uuid" => (DataType::FixedSizeBinary(16), Target::Uuid),
        _ => return None,
    })
}

/// The modifier holds precision and scale, the latter as eleven signed bits; see `numeric.c`.
fn numeric(modifier: i32) -> (DataType, Target) {
    if modifier < 4 {
        let coding = Target::Numeric {
            precision: None,
            scale: None,
        };
        return (DataType::Utf8, coding);
    }
    let precision = ((modifier - 4) >> 16) & 0xffff;
    let scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
    let data_type = match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(digits @ 1..=38), Ok(after)) if (0..=precision).contains(&scale) => {
            DataType::Decimal128(digits, after)
        }
        (Ok(digits @ 1..=76), Ok(after)) if (0..=precision).contains(&scale) => {
            DataType::Decimal256(digits, after)
        }
        _ => DataType::Utf8,
    };
    let coding = Target::Numeric {
        precision: Some(precision),
        scale: Some(scale),
    };
    (data_type, coding)
}

/// The builder that reads fields of a coding into its Arrow type.
pub(crate) fn builder(coding: &Target, data_type: &DataType, rows: usize) -> Box<dyn Builder> {
    match (coding, data_type) {
        (Target::Bool, _) => Box::new(Bool::new(rows)),
        (Target::Int2, _) => Box::new(Fixed::<Int2>::new(data_type.clone(), rows)),
        (Target::Int4, _) => Box::new(Fixed::<Int4>::new(data_type.clone(), rows)),
        (Target::Int8, _) => Box::new(Fixed::<Int8>::new(data_type.clone(), rows)),
        (Target::Float4, _) => Box::new(Fixed::<Float4>::new(data_type.clone(), rows)),
        (Target::Float8, _) => Box::new(Fixed::<Float8>::new(data_type.clone(), rows)),
        (Target::Date, _) => Box::new(Fixed::<Date>::new(data_type.clone(), rows)),
        (Target::Time { .. }, _) => Box::new(Fixed::<Time>::new(data_type.clone(), rows)),
        (Target::Timestamp { .. }, _) => Box::new(Fixed::<Timestamp>::new(data_type.clone(), rows)),
        (Target::Uuid, _) => Box::new(Uuid::new(rows)),
        (Target::Numeric { .. }, DataType::Decimal128(precision, scale)) => {
            Box::new(Decimal128::new(*precision, *scale, rows))
        }
        (Target::Numeric { .. }, DataType::Decimal256(precision, scale)) => {
            Box::new(Decimal256::new(*precision, *scale, rows))
        }
        (Target::List { item, .. }, DataType::List(field)) => {
            let items = builder(item, field.data_type(), rows);
            Box::new(List::new(field.clone(), items, rows))
        }
        (Target::Numeric { .. }, _) => Box::new(Variable::new(Content::Numeric, rows)),
        (Target::Char, _) => Box::new(Variable::new(Content::Char, rows)),
        (Target::Jsonb, _) => Box::new(Variable::new(Content::Jsonb, rows)),
        (Target::Text { .. }, _) => Box::new(Variable::new(Content::Text, rows)),
        (Target::Wire | Target::Bytes | Target::List { .. }, _) => {
            Box::new(Variable::new(Content::Bytes, rows))
        }
    }
}

/// Types that every server has, as it prints them without length, precision and brackets.
const BUILT_IN: &[&str] = &[
    "bigint",
    "bit",
    "bit varying",
    "boolean",
    "box",
    "bytea",
    "character",
    "character varying",
    "cidr",
    "circle",
    "date",
    "double precision",
    "inet",
    "integer",
    "interval",
    "json",
    "jsonb",
    "line",
    "lseg",
    "macaddr",
    "money",
    "numeric",
    "path",
    "point",
    "polygon",
    "real",
    "smallint",
    "text",
    "time with time zone",
    "time without time zone",
    "timestamp with time zone",
    "timestamp without time zone",
    "tsquery",
    "tsvector",
    "uuid",
    "xml",
];

/// Whether a type as the server prints it is one that any other server knows too, with nothing else in the text.
pub(crate) fn is_built_in(printed: &str) -> bool {
    let mut text = printed;
    while let Some(item) = text.strip_suffix("[]") {
        text = item;
    }
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, ',' | '-');
    let name = match text.split_once('(') {
        None => text.to_string(),
        Some((before, rest)) => match rest.split_once(')') {
            Some((modifier, after)) if modifier.chars().all(is_number) => {
                format!("{before}{after}")
            }
            _ => return false,
        },
    };
    BUILT_IN.contains(&name.as_str())
}

/// The type that holds every value of an Arrow type, as a statement names it, and what it cannot keep. Texts and
/// containers that are JSON become `json`, which keeps them as they were written.
pub(crate) fn type_name(
    data_type: &DataType,
    extension: Option<Extension>,
) -> (String, Option<String>) {
    let known = |name: &str| (name.to_string(), None);
    let micros = |name: &str, unit: &TimeUnit| match unit {
        TimeUnit::Nanosecond => (
            name.to_string(),
            Some("PostgreSQL keeps microseconds; rows with finer times become dirty".to_string()),
        ),
        TimeUnit::Second | TimeUnit::Millisecond | TimeUnit::Microsecond => known(name),
    };
    match data_type {
        DataType::Boolean => known("boolean"),
        DataType::Int8 | DataType::Int16 | DataType::UInt8 => known("smallint"),
        DataType::Int32 | DataType::UInt16 => known("integer"),
        DataType::Int64 | DataType::UInt32 => known("bigint"),
        DataType::UInt64 => known("numeric(20,0)"),
        DataType::Float16 | DataType::Float32 => known("real"),
        DataType::Float64 => known("double precision"),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => match u8::try_from(*scale) {
            Ok(scale) if scale <= *precision => known(&format!("numeric({precision},{scale})")),
            _ => known("numeric"),
        },
        DataType::Date32 | DataType::Date64 => known("date"),
        DataType::Time32(unit) | DataType::Time64(unit) => micros("time without time zone", unit),
        DataType::Timestamp(unit, None) => micros("timestamp without time zone", unit),
        DataType::Timestamp(unit, Some(_)) => micros("timestamp with time zone", unit),
        DataType::FixedSizeBinary(16) if extension == Some(Extension::Uuid) => known("uuid"),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => known("bytea"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
            if extension == Some(Extension::Json) =>
        {
            known("json")
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => known("text"),
        DataType::List(item) | DataType::LargeList(item) if !item.data_type().is_nested() => {
            let (item, remark) = type_name(item.data_type(), None);
            (format!("{item}[]"), remark)
        }
        DataType::Dictionary(_, values) => type_name(values, extension),
        nested if nested.is_nested() => known("json"),
        other => (
            "text".to_string(),
            Some(format!("PostgreSQL takes {other} as text")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_types_are_known_by_their_whole_text() {
        for printed in [
            "bigint",
            "character varying(40)",
            "numeric(3,-2)",
            "timestamp(3) without time zone",
            "numeric(15,2)[]",
        ] {
            assert!(is_built_in(printed), "{printed}");
        }
        for printed in [
            "mood",
            "text; drop",
            "numeric(1); x",
            "public.citext",
            "text(a)",
            "",
        ] {
            assert!(!is_built_in(printed), "{printed}");
        }
    }

    #[test]
    fn an_arrow_type_has_the_type_that_holds_it() {
        for name in [
            "bool",
            "int2",
            "int4",
            "int8",
            "float4",
            "float8",
            "text",
            "bytea",
            "date",
            "time",
            "timestamp",
            "timestamptz",
        ] {
            let (data_type, _) = coded(name, -1).unwrap();
            let (written, remark) = type_name(&data_type, None);
            assert_eq!(remark, None);
            assert!(is_built_in(&written), "{name}: {written}");
        }
        let written = |data_type| type_name(&data_type, None).0;
        assert_eq!(written(DataType::Decimal128(15, 2)), "numeric(15,2)");
        assert_eq!(written(DataType::Decimal128(5, -2)), "numeric");
        let item = Arc::new(Field::new("item", DataType::Int32, true));
        let list = DataType::List(item);
        assert_eq!(written(list.clone()), "integer[]");
        assert_eq!(
            written(DataType::List(Arc::new(Field::new("item", list, true)))),
            "json"
        );
        let nanos = DataType::Timestamp(TimeUnit::Nanosecond, None);
        assert!(type_name(&nanos, None).1.is_some());
        let uuid = type_name(&DataType::FixedSizeBinary(16), Some(Extension::Uuid));
        assert_eq!(uuid.0, "uuid");
    }

    #[test]
    fn numeric_keeps_its_precision_or_becomes_text() {
        let modifier = |precision: i32, scale: i32| ((precision << 16) | (scale & 0x7ff)) + 4;
        assert_eq!(numeric(modifier(15, 2)).0, DataType::Decimal128(15, 2));
        assert_eq!(numeric(modifier(38, 38)).0, DataType::Decimal128(38, 38));
        assert_eq!(numeric(modifier(39, 0)).0, DataType::Decimal256(39, 0));
        assert_eq!(numeric(modifier(77, 0)).0, DataType::Utf8);
        assert_eq!(numeric(modifier(3, -2)).0, DataType::Utf8);
        assert_eq!(numeric(modifier(2, 5)).0, DataType::Utf8);
        assert_eq!(numeric(-1).0, DataType::Utf8);
        let coding = numeric(modifier(3, -2)).1;
        assert_eq!(
            coding,
            Target::Numeric {
                precision: Some(3),
                scale: Some(-2)
            }
        );
    }
}
