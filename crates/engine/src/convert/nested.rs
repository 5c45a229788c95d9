//! Lists, structs and maps, child by child into one another or from JSON text.
//!
//! A container row is bad when any value in it is.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, ListArray, MapArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, FieldRef};
use arrow_select::filter::filter;
use sdk::{Column, Error, Extension, Result};

use super::fit::{Family, Side, impossible};
use super::from_json::{read_arrays, read_maps, read_objects};
use super::kernel::{Flaws, Mapped, Why, without};
use super::{Conversion, Fit};

const NULL_ITEM: &str = "it holds a NULL where the target allows none";

/// How the children of one container become those of another.
#[derive(Debug)]
pub(super) enum Children {
    List(Box<Conversion>),
    /// For each field of the target: its place in the source and its conversion.
    Struct(Vec<(usize, Conversion)>),
    Map {
        keys: Box<Conversion>,
        values: Box<Conversion>,
    },
    /// The structs have different fields.
    Mismatch,
}

pub(super) fn column(field: &Field) -> Column {
    let mut column = Column::new(field.name(), field.data_type().clone());
    column.nullable = field.is_nullable();
    column.extension = match field.extension_type_name() {
        Some("arrow.uuid") => Some(Extension::Uuid),
        Some("arrow.json") => Some(Extension::Json),
        _ => None,
    };
    column
}

/// A child as it is read from JSON: text that is not yet anything else.
fn json_column(field: &Field) -> Column {
    let mut column = Column::new(field.name(), DataType::Utf8).native("json");
    if field.extension_type_name() == Some("arrow.json") {
        column.extension = Some(Extension::Json);
    }
    column
}

pub(super) fn entry_fields(entries: &Field) -> Option<(&FieldRef, &FieldRef)> {
    match entries.data_type() {
        DataType::Struct(fields) => match &fields[..] {
            [keys, values] => Some((keys, values)),
            _ => None,
        },
        _ => None,
    }
}

/// Plans the children if both ends are the same container, or text meets a container.
pub(super) fn plan(source: &Side, target: &Side) -> Option<Children> {
    let child = |from: &Field, into: &Field| Conversion::plan(&column(from), &column(into));
    let from_json = |into: &Field| Conversion::plan(&json_column(into), &column(into));
    Some(match (&source.canonical, &target.canonical) {
        (DataType::List(from), DataType::List(into)) => Children::List(Box::new(child(from, into))),
        (DataType::Utf8, DataType::List(into)) => Children::List(Box::new(from_json(into))),
        (DataType::Struct(from), DataType::Struct(into)) => {
            let fields: Option<Vec<_>> = into
                .iter()
                .map(|into| {
                    let (place, from) = from.find(into.name())?;
                    Some((place, child(from, into)))
                })
                .collect();
            match fields {
                Some(fields) if from.len() == into.len() => Children::Struct(fields),
                _ => Children::Mismatch,
            }
        }
        (DataType::Utf8, DataType::Struct(into)) => Children::Struct(
            into.iter()
                .map(|into| from_json(into))
                .enumerate()
                .collect(),
        ),
        (DataType::Map(from, _), DataType::Map(into, _)) => {
            let (from, into) = (entry_fields(from)?, entry_fields(into)?);
            Children::Map {
                keys: Box::new(child(from.0, into.0)),
                values: Box::new(child(from.1, into.1)),
            }
        }
        (DataType::Utf8, DataType::Map(into, _)) => {
            let (keys, values) = entry_fields(into)?;
            Children::Map {
                keys: Box::new(from_json(keys)),
                values: Box::new(from_json(values)),
            }
        }
        _ => return None,
    })
}

impl Children {
    /// The worst fit of the children; reading JSON is never lossless.
    pub(super) fn fit(&self, source: &Side, target: &Side) -> Fit {
        let children: Vec<&Conversion> = match self {
            Children::List(item) => vec![item],
            Children::Struct(fields) => fields.iter().map(|(_, field)| field).collect(),
            Children::Map { keys, values } => vec![keys, values],
            Children::Mismatch => return impossible(source, target),
        };
        let impossible = children
            .iter()
            .find(|child| matches!(child.fit, Fit::Impossible(_)));
        if let Some(child) = impossible {
            return child.fit.clone();
        }
        if source.family() == Family::Text {
            return Fit::Checked(format!(
                "texts that are no JSON value of {} make their row dirty",
                target.native
            ));
        }
        let checked = children.iter().find(|child| child.fit != Fit::Lossless);
        match checked {
            Some(child) => child.fit.clone(),
            None => Fit::Lossless,
        }
    }

    /// Converts an array whose canonical type is the source's container.
    pub(super) fn convert(&self, array: &ArrayRef, target: &Side) -> Result<Mapped> {
        let rows = Rows {
            nulls: array.nulls(),
            row_count: array.len(),
        };
        match (self, &target.canonical) {
            (Children::List(item), DataType::List(field)) => {
                let list = array.as_list::<i32>();
                let (offsets, items) = rebase(list.offsets(), list.values());
                rows.list(item, field, offsets, &items)
            }
            (Children::Struct(fields), DataType::Struct(_)) => {
                let columns = array.as_struct().columns();
                let children: Vec<ArrayRef> = fields
                    .iter()
                    .map(|(place, _)| Arc::clone(&columns[*place]))
                    .collect();
                rows.structs(fields, target, &children)
            }
            (Children::Map { keys, values }, DataType::Map(..)) => {
                let map = array.as_map();
                let entries: ArrayRef = Arc::new(map.entries().clone());
                let (offsets, entries) = rebase(map.offsets(), &entries);
                let entries = entries.as_struct();
                rows.map(
                    (keys, values),
                    target,
                    offsets,
                    [Arc::clone(entries.column(0)), Arc::clone(entries.column(1))],
                )
            }
            _ => Err(unplanned(array, target)),
        }
    }

    /// Reads JSON text.
    pub(super) fn read_json(&self, array: &ArrayRef, target: &Side) -> Result<Mapped> {
        let text = array.as_string::<i32>();
        let mut flaws: Flaws = Vec::new();
        let mapped = match (self, &target.canonical) {
            (Children::List(item), DataType::List(field)) => {
                let (offsets, items) = read_arrays(text, &mut flaws);
                let nulls = without(text.nulls(), text.len(), &flaws);
                Rows::new(nulls.as_ref(), text.len()).list(item, field, offsets, &items)
            }
            (Children::Struct(fields), DataType::Struct(names)) => {
                let names: Vec<&str> = names.iter().map(|field| field.name().as_str()).collect();
                let children = read_objects(text, &names, &mut flaws);
                let nulls = without(text.nulls(), text.len(), &flaws);
                Rows::new(nulls.as_ref(), text.len()).structs(fields, target, &children)
            }
            (Children::Map { keys, values }, DataType::Map(..)) => {
                let (offsets, entries) = read_maps(text, &mut flaws);
                let nulls = without(text.nulls(), text.len(), &flaws);
                Rows::new(nulls.as_ref(), text.len()).map((keys, values), target, offsets, entries)
            }
            _ => Err(unplanned(array, target)),
        }?;
        flaws.extend(mapped.flaws);
        flaws.sort_by_key(|(row, _)| *row);
        Ok(Mapped {
            array: mapped.array,
            flaws,
        })
    }
}

fn unplanned(array: &ArrayRef, target: &Side) -> Error {
    Error::internal(format!(
        "no conversion from {} to {} exists",
        array.data_type(),
        target.data_type
    ))
}

/// The rows of a container being built.
pub(super) struct Rows<'a> {
    nulls: Option<&'a NullBuffer>,
    row_count: usize,
}

impl<'a> Rows<'a> {
    pub(super) fn new(nulls: Option<&'a NullBuffer>, row_count: usize) -> Rows<'a> {
        Rows { nulls, row_count }
    }

    pub(super) fn is_valid(&self, row: usize) -> bool {
        self.nulls.is_none_or(|nulls| nulls.is_valid(row))
    }

    /// The first flaw of each row, given the flaws of its items.
    pub(super) fn of_items(&self, offsets: &OffsetBuffer<i32>, items: Flaws) -> Flaws {
        let mut flaws: Flaws = Vec::new();
        let mut row = 0;
        for (item, why) in items {
            while row < self.row_count && offsets[row + 1] as usize <= item {
                row += 1;
            }
            if self.is_valid(row) && flaws.last().is_none_or(|(last, _)| *last != row) {
                flaws.push((row, why));
            }
        }
        flaws
    }

    fn list(
        &self,
        item: &Conversion,
        field: &FieldRef,
        offsets: OffsetBuffer<i32>,
        items: &ArrayRef,
    ) -> Result<Mapped> {
        let (converted, flaws) = child(item, items, field.is_nullable())?;
        let flaws = self.of_items(&offsets, flaws);
        let nulls = without(self.nulls, self.row_count, &flaws);
        let (offsets, children) = drop_items(offsets, vec![converted], nulls.as_ref(), &flaws)?;
        let [converted] = <[ArrayRef; 1]>::try_from(children)
            .map_err(|_| Error::internal("a list has one child"))?;
        Ok(Mapped {
            array: Arc::new(ListArray::try_new(
                Arc::clone(field),
                offsets,
                converted,
                nulls,
            )?),
            flaws,
        })
    }

    fn structs(
        &self,
        fields: &[(usize, Conversion)],
        target: &Side,
        children: &[ArrayRef],
    ) -> Result<Mapped> {
        let DataType::Struct(target_fields) = &target.canonical else {
            return Err(Error::internal("a struct was planned for another type"));
        };
        let mut flaws: Flaws = Vec::new();
        let mut columns = Vec::with_capacity(fields.len());
        for (((_, field), array), target_field) in fields.iter().zip(children).zip(target_fields) {
            // Whatever lies under a NULL struct is of no concern.
            let (column, found) = child(field, array, target_field.is_nullable())?;
            columns.push(column);
            flaws.extend(found.into_iter().filter(|(row, _)| self.is_valid(*row)));
        }
        flaws.sort_by_key(|(row, _)| *row);
        flaws.dedup_by_key(|(row, _)| *row);
        let nulls = without(self.nulls, self.row_count, &flaws);
        let array = if columns.is_empty() {
            StructArray::new_empty_fields(self.row_count, nulls)
        } else {
            StructArray::try_new(target_fields.clone(), columns, nulls)?
        };
        Ok(Mapped {
            array: Arc::new(array),
            flaws,
        })
    }

    fn map(
        &self,
        (keys, values): (&Conversion, &Conversion),
        target: &Side,
        offsets: OffsetBuffer<i32>,
        entries: [ArrayRef; 2],
    ) -> Result<Mapped> {
        let DataType::Map(field, sorted) = &target.canonical else {
            return Err(Error::internal("a map was planned for another type"));
        };
        let (DataType::Struct(fields), Some((_, value_field))) =
            (field.data_type(), entry_fields(field))
        else {
            return Err(Error::internal("a map has no entries"));
        };
        let (key_array, mut items) = child(keys, &entries[0], false)?;
        let (value_array, found) = child(values, &entries[1], value_field.is_nullable())?;
        items.extend(found);
        items.sort_by_key(|(item, _)| *item);
        let flaws = self.of_items(&offsets, items);
        let nulls = without(self.nulls, self.row_count, &flaws);
        let (offsets, columns) = drop_items(
            offsets,
            vec![key_array, value_array],
            nulls.as_ref(),
            &flaws,
        )?;
        let entries = StructArray::try_new(fields.clone(), columns, None)?;
        Ok(Mapped {
            array: Arc::new(MapArray::try_new(
                Arc::clone(field),
                offsets,
                entries,
                nulls,
                *sorted,
            )?),
            flaws,
        })
    }
}

/// Converts a child array; NULLs that the target does not allow are flaws too.
fn child(conversion: &Conversion, array: &ArrayRef, nullable: bool) -> Result<(ArrayRef, Flaws)> {
    let converted = conversion.apply(array)?;
    let mut flaws: Flaws = converted
        .bad
        .into_iter()
        .map(|bad| (bad.row, Why::Sentence(bad.reason)))
        .collect();
    if !nullable && array.null_count() > 0 {
        let rows = 0..array.len();
        flaws.extend(
            rows.filter(|row| array.is_null(*row))
                .map(|row| (row, Why::Rule(NULL_ITEM))),
        );
        flaws.sort_by_key(|(row, _)| *row);
    }
    Ok((converted.array, flaws))
}

/// The items that the offsets reach, with offsets that begin at zero.
pub(super) fn rebase(
    offsets: &OffsetBuffer<i32>,
    items: &ArrayRef,
) -> (OffsetBuffer<i32>, ArrayRef) {
    let first = offsets[0];
    let last = offsets[offsets.len() - 1];
    if first == 0 && last as usize == items.len() {
        return (offsets.clone(), Arc::clone(items));
    }
    let rebased = offsets.iter().map(|offset| offset - first).collect();
    (
        OffsetBuffer::new(rebased),
        items.slice(first as usize, (last - first) as usize),
    )
}

/// Removes the items of NULL rows once there are flaws, because the target may allow no NULL in them.
fn drop_items(
    offsets: OffsetBuffer<i32>,
    children: Vec<ArrayRef>,
    nulls: Option<&NullBuffer>,
    flaws: &Flaws,
) -> Result<(OffsetBuffer<i32>, Vec<ArrayRef>)> {
    let has_null = children.iter().any(|child| child.null_count() > 0);
    let Some(nulls) = nulls.filter(|_| !flaws.is_empty() || has_null) else {
        return Ok((offsets, children));
    };
    let lengths = || offsets.lengths().zip(nulls.iter());
    let keep: BooleanArray = lengths()
        .flat_map(|(length, valid)| std::iter::repeat_n(Some(valid), length))
        .collect();
    let kept =
        OffsetBuffer::from_lengths(lengths().map(|(length, valid)| if valid { length } else { 0 }));
    let children: std::result::Result<Vec<ArrayRef>, _> =
        children.iter().map(|child| filter(child, &keep)).collect();
    Ok((kept, children?))
}
