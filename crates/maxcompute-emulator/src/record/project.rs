//! Choosing columns of stored records: the values are copied as they are, field numbers and checksums are made new.

use std::ops::Range;

use super::cursor::{Cursor, Walk, put_varint};
use super::put_record_end;
use super::value::{Checksum, Sink, pass, wire_type};
use super::walk::Layout;

/// A choice of columns, in the order in which they were asked for.
pub(crate) struct Projection {
    wanted: Vec<usize>,
    found: Vec<Option<Range<usize>>>,
    checksum: Checksum,
}

impl Projection {
    /// `wanted` holds indexes into the columns of `layout`.
    pub(crate) fn new(layout: &Layout, wanted: Vec<usize>) -> Self {
        Self {
            wanted,
            found: vec![None; layout.len()],
            checksum: Checksum::default(),
        }
    }

    /// Appends the chosen columns of the first record of `bytes` to `out`. Returns the length of the record that was
    /// read and the checksum of the one that was written.
    pub(crate) fn apply(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Walk<(usize, u32)> {
        self.found.fill(None);
        let found = &mut self.found;
        let record = layout.fields(bytes, |column, range| found[column] = Some(range))?;
        self.checksum.reset();
        for (index, column) in self.wanted.iter().enumerate() {
            let Some(range) = self.found[*column].clone() else {
                continue;
            };
            let kind = layout.column(*column);
            let number = index as u64 + 1;
            put_varint(out, number << 3 | wire_type(kind));
            out.extend_from_slice(&bytes[range.clone()]);
            self.checksum.feed(&(number as i32).to_le_bytes());
            pass(kind, &mut Cursor::new(&bytes[range]), &mut self.checksum)?;
        }
        let checksum = self.checksum.finish();
        put_record_end(out, checksum);
        Ok((record.byte_count, checksum))
    }
}
