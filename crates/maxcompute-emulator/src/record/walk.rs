//! One step through a record stream: a record or the footer, with its length and checksum.

use std::ops::Range;

use maxcompute::types::{Column, Type};

use super::cursor::{Cursor, Halt, Walk};
use super::value::{Checksum, Ignore, Sink, pass, wire_type};
use super::{CHECKSUM_OF_CHECKSUMS, END_OF_RECORD, RECORD_COUNT};

/// What the records of one stream may hold: the data columns of a table in order.
pub(crate) struct Layout {
    columns: Vec<Type>,
    required: Vec<usize>,
}

/// The element found by a step.
#[derive(Debug)]
pub(crate) enum Step {
    Record(Record),
    Footer(Footer),
}

/// Where one record ends, and the checksum that the stream claims for it.
#[derive(Debug)]
pub(crate) struct Record {
    /// Bytes of the fields, without the element that ends the record.
    pub(crate) field_bytes: usize,
    /// Bytes of the whole record.
    pub(crate) byte_count: usize,
    pub(crate) checksum: u32,
}

/// What the end of a stream claims about all of it.
#[derive(Debug)]
pub(crate) struct Footer {
    pub(crate) byte_count: usize,
    pub(crate) row_count: i64,
    pub(crate) checksum: u32,
}

impl Layout {
    pub(crate) fn new(columns: &[Column]) -> Self {
        let mut required = Vec::new();
        for (index, column) in columns.iter().enumerate() {
            if !column.nullable {
                required.push(index);
            }
        }
        Self {
            columns: columns.iter().map(|column| column.r#type.clone()).collect(),
            required,
        }
    }

    pub(crate) fn column(&self, index: usize) -> &Type {
        &self.columns[index]
    }

    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    /// Takes one step and verifies the record's checksum.
    pub(crate) fn verify(&self, bytes: &[u8], checksum: &mut Checksum) -> Walk<Step> {
        checksum.reset();
        let step = self.step(bytes, checksum, |_, _| ())?;
        if let Step::Record(record) = &step {
            let computed = checksum.finish();
            if computed != record.checksum {
                return Err(Halt::malformed(format!(
                    "a record has the checksum {:08x} and claims {:08x}",
                    computed, record.checksum
                )));
            }
        }
        Ok(step)
    }

    /// Finds the end of the first record of bytes that were verified before.
    pub(crate) fn skip(&self, bytes: &[u8]) -> Walk<Record> {
        self.fields(bytes, |_, _| ())
    }

    /// Finds the fields of the first record of bytes that were verified before. `found` gets the column's index and
    /// where its value lies.
    pub(crate) fn fields(
        &self,
        bytes: &[u8],
        found: impl FnMut(usize, Range<usize>),
    ) -> Walk<Record> {
        match self.step(bytes, &mut Ignore, found)? {
            Step::Record(record) => Ok(record),
            Step::Footer(_) => Err(Halt::malformed("a footer stands where a record should")),
        }
    }

    fn step(
        &self,
        bytes: &[u8],
        sink: &mut impl Sink,
        mut found: impl FnMut(usize, Range<usize>),
    ) -> Walk<Step> {
        let mut cursor = Cursor::new(bytes);
        let mut next_column = 0;
        let mut next_required = 0;
        loop {
            let field_bytes = cursor.position();
            let tag = cursor.varint()?;
            let number = tag >> 3;
            if tag == END_OF_RECORD << 3 {
                let checksum = cursor.checksum()?;
                if let Some(missing) = self.required.get(next_required) {
                    return Err(Halt::malformed(format!(
                        "column {} is NOT NULL and has no value",
                        missing + 1
                    )));
                }
                let byte_count = cursor.position();
                return Ok(Step::Record(Record {
                    field_bytes,
                    byte_count,
                    checksum,
                }));
            }
            if tag == RECORD_COUNT << 3 && field_bytes == 0 {
                return footer(&mut cursor);
            }
            if number == 0 || number > self.columns.len() as u64 {
                return Err(Halt::malformed(format!(
                    "field {number} is no column; there are {}",
                    self.columns.len()
                )));
            }
            let column = number as usize - 1;
            if column < next_column {
                return Err(Halt::malformed(format!(
                    "field {number} is repeated or out of order"
                )));
            }
            next_column = column + 1;
            let kind = &self.columns[column];
            if tag & 7 != wire_type(kind) {
                return Err(Halt::malformed(format!(
                    "field {number} has wire type {} and {kind} has {}",
                    tag & 7,
                    wire_type(kind)
                )));
            }
            match self.required.get(next_required) {
                Some(required) if *required == column => next_required += 1,
                Some(required) if *required < column => {
                    return Err(Halt::malformed(format!(
                        "column {} is NOT NULL and has no value",
                        required + 1
                    )));
                }
                _ => {}
            }
            sink.feed(&(number as i32).to_le_bytes());
            let start = cursor.position();
            pass(kind, &mut cursor, sink).map_err(|halt| name_column(halt, number))?;
            found(column, start..cursor.position());
        }
    }
}

fn name_column(halt: Halt, number: u64) -> Halt {
    match halt {
        Halt::Short => Halt::Short,
        Halt::Malformed(reason) => Halt::Malformed(format!("column {number}: {reason}")),
    }
}

fn footer(cursor: &mut Cursor) -> Walk<Step> {
    let row_count = cursor.zigzag()?;
    if cursor.varint()? != CHECKSUM_OF_CHECKSUMS << 3 {
        return Err(Halt::malformed("the footer has no checksum"));
    }
    let checksum = cursor.checksum()?;
    Ok(Step::Footer(Footer {
        byte_count: cursor.position(),
        row_count,
        checksum,
    }))
}
