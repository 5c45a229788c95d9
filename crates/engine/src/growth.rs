//! How many rows of a batch are mapped at a time. A batch is bounded as it is read; what expressions and
//! transformers make of it is not, so it is cut by what came out so far.

use arrow_array::RecordBatch;

use crate::mapping::{Mapped, Mapping};

/// Rows that show how much comes out, few enough whatever it is.
const FIRST_ROWS: usize = 16;
/// What the values of one part should come to.
const PART_BYTES: u64 = 16 << 20;
/// With more than this a part is made anew with fewer rows, rather than handed on.
const MOST_BYTES: u64 = 4 * PART_BYTES;

/// How many rows are mapped next.
#[derive(Debug)]
pub(crate) struct Growth(usize);

impl Growth {
    pub(crate) fn of(mapping: &Mapping) -> Growth {
        if mapping.may_grow() {
            Growth(FIRST_ROWS)
        } else {
            Growth(usize::MAX)
        }
    }

    /// Maps the first rows of a batch, and leaves the others in it.
    pub(crate) fn map_next(
        &mut self,
        mapping: &Mapping,
        rest: &mut RecordBatch,
    ) -> sdk::Result<(RecordBatch, Mapped)> {
        loop {
            let part = rest.slice(0, self.0.min(rest.num_rows()));
            let row_count = part.num_rows();
            let mapped = mapping.apply(&part)?;
            if self.0 < usize::MAX {
                let fitting = PART_BYTES * row_count as u64 / mapped.made_bytes.max(1);
                self.0 = (fitting as usize).clamp(1, self.0.max(row_count * 4));
                if mapped.made_bytes > MOST_BYTES && row_count > 1 {
                    continue;
                }
            }
            *rest = rest.slice(row_count, rest.num_rows() - row_count);
            return Ok((part, mapped));
        }
    }
}
