//! From batches to the bytes of `COPY … FROM STDIN (FORMAT BINARY)`, already cut into CopyData
//! messages (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).
//! What a single value becomes is in `field`.

use arrow_array::RecordBatch;
use sdk::{Error, Result};

use super::field::{Fields, Refusal, Target};
use super::{BLOCK_ROWS, SIGNATURE};

/// A message ends after about so many bytes; the server holds one whole message in memory.
const MESSAGE_BYTES: usize = 128 << 10;

/// A row may not be longer than this; PostgreSQL refuses messages of 1 GiB.
const ROW_LIMIT: usize = 1 << 30;

/// A batch whose values were looked at: its fields, and the rows that must not be sent.
pub(crate) struct Encoded {
    columns: Vec<Fields>,
    row_count: usize,
    /// Column and reason per refused row, in column order.
    pub(crate) refused: Vec<(usize, Refusal)>,
}

/// Looks at every value of a batch.
pub(crate) fn encode(batch: &RecordBatch, targets: &[Target]) -> Result<Encoded> {
    if batch.num_columns() != targets.len() {
        return Err(Error::internal(format!(
            "a batch has {} columns where the target has {}",
            batch.num_columns(),
            targets.len()
        )));
    }
    let mut columns = Vec::with_capacity(targets.len());
    let mut refused = Vec::new();
    for (number, (array, target)) in batch.columns().iter().zip(targets).enumerate() {
        let mut rows = Vec::new();
        columns.push(Fields::new(array, target, &mut rows)?);
        refused.extend(rows.into_iter().map(|refusal| (number, refusal)));
    }
    let mut encoded = Encoded {
        columns,
        row_count: batch.num_rows(),
        refused,
    };
    encoded.refuse_long_rows();
    Ok(encoded)
}

impl Encoded {
    fn refuse_long_rows(&mut self) {
        let mut sizes = [0_usize; BLOCK_ROWS];
        for first in (0..self.row_count).step_by(BLOCK_ROWS) {
            let rows = BLOCK_ROWS.min(self.row_count - first);
            let has_long = self.measure(first, &mut sizes[..rows], false) >= ROW_LIMIT;
            if !has_long {
                continue;
            }
            for (row, size) in sizes[..rows].iter().enumerate() {
                if *size >= ROW_LIMIT {
                    let reason = "the row is longer than the 1 GiB that PostgreSQL takes";
                    self.refused.push((0, (first + row, reason.to_string())));
                }
            }
        }
    }

    /// Sets the sizes of a block's rows and returns their sum.
    fn measure(&self, first: usize, sizes: &mut [usize], numbered: bool) -> usize {
        sizes.fill(if numbered { 2 + 12 } else { 2 });
        for column in &self.columns {
            column.measure(first, sizes);
        }
        sizes.iter().sum()
    }

    /// Appends all rows as CopyData messages. With a number, every row gets one more field at its
    /// end: a bigint that counts on from it.
    pub(crate) fn write(&self, number: Option<i64>, out: &mut Vec<u8>) {
        let field_count = (self.columns.len() + usize::from(number.is_some())) as u16;
        let mut sizes = [0_usize; BLOCK_ROWS];
        let mut places = [0_usize; BLOCK_ROWS];
        for first in (0..self.row_count).step_by(BLOCK_ROWS) {
            let rows = BLOCK_ROWS.min(self.row_count - first);
            self.measure(first, &mut sizes[..rows], number.is_some());
            let mut from = 0;
            while from < rows {
                let mut size = 0;
                let mut to = from;
                while to < rows && (to == from || size + sizes[to] <= MESSAGE_BYTES) {
                    size += sizes[to];
                    to += 1;
                }
                let start = out.len();
                out.resize(start + 5 + size, 0);
                out[start] = b'd';
                // Rows are shorter than 1 GiB, and so is a message.
                out[start + 1..start + 5].copy_from_slice(&(size as u32 + 4).to_be_bytes());
                let mut place = start + 5;
                for row in from..to {
                    out[place..place + 2].copy_from_slice(&field_count.to_be_bytes());
                    places[row] = place + 2;
                    place += sizes[row];
                }
                for column in &self.columns {
                    column.scatter(first + from, &mut places[from..to], out);
                }
                if let Some(number) = number {
                    for (row, place) in places[from..to].iter().enumerate() {
                        let value = number + (first + from + row) as i64;
                        out[*place..*place + 4].copy_from_slice(&8_u32.to_be_bytes());
                        out[*place + 4..*place + 12].copy_from_slice(&value.to_be_bytes());
                    }
                }
                from = to;
            }
        }
    }
}

/// The message that a COPY begins with.
pub(crate) fn write_header(out: &mut Vec<u8>) {
    out.push(b'd');
    out.extend_from_slice(&(4 + SIGNATURE.len() as u32 + 8).to_be_bytes());
    out.extend_from_slice(SIGNATURE);
    out.extend_from_slice(&[0; 8]);
}

/// The message that a COPY ends with, before CopyDone.
pub(crate) fn write_trailer(out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'd', 0, 0, 0, 6, 0xff, 0xff]);
}
