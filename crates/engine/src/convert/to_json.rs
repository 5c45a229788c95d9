//! Any value as JSON text.
//!
//! Numbers and truth values stand plain with all their digits; everything else, also NaN and the
//! infinities, is a string with the text of `to_text`, so that each value reads back as itself.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};
use sdk::{Error, Extension, Result};

use super::fit::{Family, Side, impossible};
use super::kernel::{Flaws, Mapped, TextSink, without};
use super::nested::{Rows, column, entry_fields, rebase};
use super::{Fit, cast_if_needed, to_text};

/// Containers become JSON, where only bytes that are not text have no place.
pub(super) fn fit(source: &Side, target: &Side) -> Fit {
    fn leaves(data_type: &DataType, visit: &mut impl FnMut(&Field)) {
        match data_type {
            DataType::List(item)
            | DataType::LargeList(item)
            | DataType::FixedSizeList(item, _)
            | DataType::ListView(item)
            | DataType::LargeListView(item) => leaf(item, visit),
            DataType::Map(entries, _) => leaf(entries, visit),
            DataType::Struct(fields) => fields.iter().for_each(|field| leaf(field, visit)),
            _ => {}
        }
    }
    fn leaf(field: &Field, visit: &mut impl FnMut(&Field)) {
        if field.data_type().is_nested() {
            leaves(field.data_type(), visit);
        } else {
            visit(field);
        }
    }
    let (mut bytes, mut unknown) = (false, false);
    leaves(&source.canonical, &mut |field| {
        let side = Side::source(&column(field));
        bytes |= side.family() == Family::Binary && side.extension != Some(Extension::Uuid);
        unknown |= side.family() == Family::Other;
    });
    if unknown {
        impossible(source, target)
    } else if bytes {
        Fit::Checked("bytes that are not UTF-8 text make their row dirty".to_string())
    } else {
        Fit::Lossless
    }
}

/// Writes each value of any canonical array as JSON.
pub(super) fn convert(array: &ArrayRef, extension: Option<Extension>) -> Result<Mapped> {
    match array.data_type() {
        DataType::List(field) => {
            let list = array.as_list::<i32>();
            let (offsets, items) = rebase(list.offsets(), list.values());
            let items = fragments(&items, field)?;
            let text = items.array.as_string::<i32>();
            write_rows(
                array,
                Some((&offsets, items.flaws)),
                Vec::new(),
                |row, out| {
                    out.push('[');
                    for item in offsets[row]..offsets[row + 1] {
                        out.push_str(if item > offsets[row] { "," } else { "" });
                        push(text, item as usize, out);
                    }
                    out.push(']');
                },
            )
        }
        DataType::Struct(fields) => {
            let mut flaws: Flaws = Vec::new();
            let mut columns = Vec::with_capacity(fields.len());
            for (field, column) in fields.iter().zip(array.as_struct().columns()) {
                let Mapped {
                    array,
                    flaws: found,
                } = fragments(column, field)?;
                flaws.extend(found);
                columns.push((field.name(), array));
            }
            flaws.sort_by_key(|(row, _)| *row);
            flaws.dedup_by_key(|(row, _)| *row);
            write_rows(array, None, flaws, |row, out| {
                out.push('{');
                for (place, (name, column)) in columns.iter().enumerate() {
                    out.push_str(if place > 0 { "," } else { "" });
                    write_string(name, out);
                    out.push(':');
                    push(column.as_string(), row, out);
                }
                out.push('}');
            })
        }
        DataType::Map(entries, _) => {
            let map = array.as_map();
            let all: ArrayRef = Arc::new(map.entries().clone());
            let (offsets, all) = rebase(map.offsets(), &all);
            let all = all.as_struct();
            let (key_field, value_field) =
                entry_fields(entries).ok_or_else(|| Error::internal("a map has no entries"))?;
            let keys = plain_text(all.column(0), key_field)?;
            let values = fragments(all.column(1), value_field)?;
            let mut flaws = keys.flaws;
            flaws.extend(values.flaws);
            flaws.sort_by_key(|(item, _)| *item);
            let (keys, values) = (keys.array.as_string::<i32>(), values.array.as_string());
            write_rows(array, Some((&offsets, flaws)), Vec::new(), |row, out| {
                out.push('{');
                for item in offsets[row]..offsets[row + 1] {
                    out.push_str(if item > offsets[row] { "," } else { "" });
                    write_string(keys.value(item as usize), out);
                    out.push(':');
                    push(values, item as usize, out);
                }
                out.push('}');
            })
        }
        _ => scalars(array, extension),
    }
}

/// Writes the rows that are neither NULL nor flawed; flaws of items become those of their rows.
fn write_rows(
    array: &ArrayRef,
    items: Option<(&OffsetBuffer<i32>, Flaws)>,
    rows: Flaws,
    write: impl Fn(usize, &mut String),
) -> Result<Mapped> {
    let container = Rows::new(array.nulls(), array.len());
    let mut flaws = rows;
    flaws.retain(|(row, _)| container.is_valid(*row));
    if let Some((offsets, items)) = items {
        flaws = container.of_items(offsets, items);
    }
    let nulls = without(array.nulls(), array.len(), &flaws);
    let mut sink = TextSink::with_rows(array.len());
    for row in 0..array.len() {
        if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
            write(row, &mut sink.text);
        }
        sink.end_row();
    }
    Ok(Mapped {
        array: Arc::new(sink.finish(nulls)?),
        flaws,
    })
}

fn push(fragments: &StringArray, row: usize, out: &mut String) {
    out.push_str(if fragments.is_null(row) {
        "null"
    } else {
        fragments.value(row)
    });
}

/// The values of a child as JSON.
fn fragments(array: &ArrayRef, field: &Field) -> Result<Mapped> {
    let side = Side::source(&column(field));
    convert(&cast_if_needed(array, &side.canonical)?, side.extension)
}

/// The values of a child as text without quotes.
fn plain_text(array: &ArrayRef, field: &Field) -> Result<Mapped> {
    let side = Side::source(&column(field));
    to_text::convert(&cast_if_needed(array, &side.canonical)?, side.extension)
}

fn scalars(array: &ArrayRef, extension: Option<Extension>) -> Result<Mapped> {
    let mapped = to_text::convert(array, extension)?;
    let plain = match Family::of(array.data_type()) {
        Family::Boolean | Family::Integer | Family::Decimal => true,
        Family::Text => extension == Some(Extension::Json),
        _ => false,
    };
    if plain {
        return Ok(mapped);
    }
    // NaN and infinities are the only floats whose text does not end in a digit.
    let floats = Family::of(array.data_type()) == Family::Float;
    let text = mapped.array.as_string::<i32>();
    let mut sink = TextSink::with_rows(text.len());
    for row in 0..text.len() {
        if text.is_valid(row) {
            let value = text.value(row);
            if floats && value.ends_with(|last: char| last.is_ascii_digit()) {
                sink.text.push_str(value);
            } else {
                write_string(value, &mut sink.text);
            }
        }
        sink.end_row();
    }
    Ok(Mapped {
        array: Arc::new(sink.finish(text.nulls().cloned())?),
        flaws: mapped.flaws,
    })
}

/// Appends a JSON string.
pub(super) fn write_string(value: &str, out: &mut String) {
    out.push('"');
    let mut start = 0;
    for (at, byte) in value.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=31 => "",
            _ => continue,
        };
        out.push_str(&value[start..at]);
        if escape.is_empty() {
            out.push_str(&format!("\\u{byte:04x}"));
        } else {
            out.push_str(escape);
        }
        start = at + 1;
    }
    out.push_str(&value[start..]);
    out.push('"');
}
