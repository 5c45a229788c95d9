//! One-dimensional arrays of any readable type, after `array_send` in PostgreSQL's `arrayfuncs.c`.

use std::sync::Arc;

use arrow_array::{ArrayRef, ListArray};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::FieldRef;
use sdk::Result;

use super::build::{Builder, Trouble};

/// What stands before the items of an array that has any: dimensions, flags, element type, length,
/// lower bound.
pub(crate) struct Shape<'a> {
    pub(crate) dimensions: i32,
    pub(crate) length: i32,
    pub(crate) items: &'a [u8],
}

impl<'a> Shape<'a> {
    pub(crate) fn parse(cell: &'a [u8]) -> Option<Self> {
        let (head, rest) = cell.split_first_chunk::<12>()?;
        let dimensions = i32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        if dimensions != 1 {
            return (0..=6).contains(&dimensions).then_some(Shape {
                dimensions,
                length: 0,
                items: rest,
            });
        }
        let (dimension, items) = rest.split_first_chunk::<8>()?;
        let length = i32::from_be_bytes([dimension[0], dimension[1], dimension[2], dimension[3]]);
        (length >= 0).then_some(Shape {
            dimensions,
            length,
            items,
        })
    }
}

/// Cuts the next field (a length, then bytes; -1 is NULL) off `rest`.
pub(crate) fn next_field<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let length = i32::from_be_bytes(*length);
    if length == -1 {
        *rest = after;
        return Some(None);
    }
    let (cell, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(Some(cell))
}

/// Collects arrays as lists.
pub(crate) struct List {
    item: FieldRef,
    items: Box<dyn Builder>,
    item_count: usize,
    ends: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl List {
    pub(crate) fn new(item: FieldRef, items: Box<dyn Builder>, rows: usize) -> Self {
        List {
            item,
            items,
            item_count: 0,
            ends: vec![0],
            nulls: NullBufferBuilder::new(rows),
        }
    }

    fn push(&mut self, cell: &[u8]) -> std::result::Result<(), Trouble> {
        let shape = Shape::parse(cell).ok_or(Trouble::Malformed)?;
        if shape.dimensions > 1 {
            return Err(Trouble::Unreadable(format!(
                "an array of {} dimensions has no counterpart",
                shape.dimensions
            )));
        }
        let mut rest = shape.items;
        let mut outcome = Ok(());
        for _ in 0..shape.length {
            let item = next_field(&mut rest).ok_or(Trouble::Malformed)?;
            self.item_count += 1;
            // The first trouble makes the row unreadable; its other items do not matter.
            outcome = outcome.and(self.items.append(item));
        }
        outcome
    }
}

impl Builder for List {
    fn append(&mut self, cell: Option<&[u8]>) -> std::result::Result<(), Trouble> {
        self.nulls.append(cell.is_some());
        let outcome = cell.map_or(Ok(()), |cell| self.push(cell));
        // An array field is under 1 GiB and an item takes at least four bytes of it, so within the
        // decoder's batch limit the count fits; the array's own check stands behind that.
        self.ends.push(self.item_count as i32);
        outcome
    }

    fn byte_len(&self) -> usize {
        self.items.byte_len()
    }

    fn finish(&mut self, invalid: &mut Vec<(usize, Vec<u8>)>) -> Result<ArrayRef> {
        let mut invalid_items = Vec::new();
        let items = self.items.finish(&mut invalid_items)?;
        self.item_count = 0;
        let ends = std::mem::replace(&mut self.ends, vec![0]);
        for (place, cell) in invalid_items {
            let row = ends.partition_point(|end| *end as usize <= place) - 1;
            invalid.push((row, cell));
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
        let array = ListArray::try_new(self.item.clone(), offsets, items, self.nulls.finish())?;
        Ok(Arc::new(array))
    }
}
