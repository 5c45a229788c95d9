//! Reads ARRAY, MAP and STRUCT values part by part.
//!
//! Owns the place in a nested value: parts may arrive in any pieces, and an explicit stack instead of
//! recursion lets reading stop and go on between any two of them.

use super::columns::{Columns, Place, Values};
use super::leaf::{Cell, read_value};
use super::wire::{Reader, Stop, broken};

/// A nested value whose parts are being read.
enum Frame {
    Items {
        column: usize,
        remaining: u64,
    },
    /// The values of a map follow all its keys.
    Keys {
        key: usize,
        value: usize,
        count: u64,
        remaining: u64,
    },
    Fields {
        column: usize,
        next: usize,
    },
}

/// The nested values that are open, the innermost last.
#[derive(Default)]
pub(super) struct OpenValues(Vec<Frame>);

impl OpenValues {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads the beginning of a nested value, or all of a single one.
    #[inline]
    pub(super) fn open(
        &mut self,
        columns: &mut Columns,
        index: usize,
        reader: &mut Reader<'_>,
        cell: &mut Cell<'_>,
    ) -> Result<(), Stop> {
        let (keys, frame) = match columns.0[index].values {
            Values::List(_, item) => {
                let count = reader.varint()?;
                let frame = Frame::Items {
                    column: item,
                    remaining: count,
                };
                (Some((item, count)), frame)
            }
            Values::Map(_, key, value) => {
                let count = reader.varint()?;
                let frame = Frame::Keys {
                    key,
                    value,
                    count,
                    remaining: count,
                };
                (Some((key, count)), frame)
            }
            Values::Struct(_) => {
                let frame = Frame::Fields {
                    column: index,
                    next: 0,
                };
                (None, frame)
            }
            _ => return read_value(&mut columns.0[index], reader, cell),
        };
        let end = match keys {
            Some((part, count)) => columns.0[part].length as u64 + count.min(u64::from(u32::MAX)),
            None => 0,
        };
        let column = &mut columns.0[index];
        if let Values::List(offsets, _) | Values::Map(offsets, ..) = &mut column.values {
            offsets.push(usize::try_from(end).unwrap_or(usize::MAX))?;
        }
        column.count_value();
        self.0.push(frame);
        Ok(())
    }

    /// Reads the next part of the innermost open value, or closes it.
    pub(super) fn step(
        &mut self,
        columns: &mut Columns,
        reader: &mut Reader<'_>,
        cell: &mut Cell<'_>,
    ) -> Result<(), Stop> {
        let innermost = self.0.len() - 1;
        match &mut self.0[innermost] {
            Frame::Items { remaining: 0, .. } => {
                self.0.pop();
            }
            Frame::Keys {
                value,
                count,
                remaining: 0,
                ..
            } => {
                let (value, count) = (*value, *count);
                if reader.varint()? != count {
                    return broken("a map with unequal numbers of keys and values");
                }
                self.0[innermost] = Frame::Items {
                    column: value,
                    remaining: count,
                };
            }
            Frame::Items { column, .. } | Frame::Keys { key: column, .. } => {
                let part = *column;
                self.read_part(columns, part, reader, cell)?;
                if let Frame::Items { remaining, .. } | Frame::Keys { remaining, .. } =
                    &mut self.0[innermost]
                {
                    *remaining -= 1;
                }
            }
            Frame::Fields { column, next } => {
                let (column, position) = (*column, *next);
                let Values::Struct(fields) = &columns.0[column].values else {
                    return broken("fields outside a struct");
                };
                match fields.get(position) {
                    None => {
                        self.0.pop();
                    }
                    Some(&field) => {
                        self.read_part(columns, field, reader, cell)?;
                        if let Frame::Fields { next, .. } = &mut self.0[innermost] {
                            *next += 1;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn read_part(
        &mut self,
        columns: &mut Columns,
        index: usize,
        reader: &mut Reader<'_>,
        cell: &mut Cell<'_>,
    ) -> Result<(), Stop> {
        match reader.varint()? {
            0 => self.open(columns, index, reader, cell),
            1 => {
                let length = columns.0[index].length + 1;
                columns.pad(index, length);
                if columns.0[index].place == Place::MapKey {
                    cell.report("a map with a null key");
                }
                Ok(())
            }
            _ => broken("a null flag that is neither 0 nor 1"),
        }
    }
}
