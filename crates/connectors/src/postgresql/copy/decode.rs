//! From the bytes of `COPY … TO STDOUT (FORMAT BINARY)` to batches: finds the fields of each row,
//! hands them to the columns block by block, and puts rows aside that have no Arrow image.
//! How a single type is read is in `build`.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_schema::{Field, Schema};
use arrow_select::filter::filter_record_batch;
use sdk::{Column, Error, Kind, ReadBatch, Result, UnreadableRow};
use serde_json::{Map, Value};

use super::build::{Builder, Trouble};
use super::text::text_of;
use super::{BLOCK_ROWS, SIGNATURE};

/// More than this without a complete row is not COPY data; PostgreSQL itself ends at 1 GiB.
const ROW_LIMIT: usize = 2 << 30;

/// Offsets of Arrow's text and binary arrays are 32 bits, so a batch ends before they run out.
const BATCH_LIMIT: usize = 512 << 20;

/// A column to decode: the field it becomes, its type for messages, and its builder.
pub(crate) struct Decoding {
    pub(crate) field: Field,
    pub(crate) type_name: String,
    pub(crate) builder: Box<dyn Builder>,
}

/// A cell that has no Arrow image.
struct BadCell {
    row: usize,
    column: usize,
    reason: String,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Header,
    Rows,
    End,
}

/// Decodes one COPY stream. Bytes arrive in pieces cut anywhere.
pub(crate) struct Decoder {
    columns: Vec<Decoding>,
    schema: Arc<Schema>,
    pending: Vec<u8>,
    stage: Stage,
    /// Start and length of each field of a block, column by column; a negative length is NULL.
    index: Vec<(u32, i32)>,
    row_count: usize,
    byte_count: usize,
    batch_rows: usize,
    batch_bytes: usize,
    bad: Vec<BadCell>,
}

impl Decoder {
    /// Batches end at about this many rows or bytes, whichever is first.
    pub(crate) fn new(columns: Vec<Decoding>, batch_rows: usize, batch_bytes: usize) -> Self {
        let fields: Vec<Field> = columns.iter().map(|column| column.field.clone()).collect();
        Decoder {
            index: vec![(0, 0); columns.len() * BLOCK_ROWS],
            columns,
            schema: Arc::new(Schema::new(fields)),
            pending: Vec::new(),
            stage: Stage::Header,
            row_count: 0,
            byte_count: 0,
            batch_rows: batch_rows.max(1),
            batch_bytes: batch_bytes.clamp(1, BATCH_LIMIT),
            bad: Vec::new(),
        }
    }

    /// Where the next piece of the stream is appended.
    pub(crate) fn pending(&mut self) -> &mut Vec<u8> {
        &mut self.pending
    }

    /// Decodes what is complete, until a batch is full, which it returns.
    pub(crate) fn advance(&mut self) -> Result<Option<ReadBatch>> {
        let mut at = 0;
        if self.stage == Stage::Header {
            match header_length(&self.pending)? {
                Some(length) => {
                    at = length;
                    self.stage = Stage::Rows;
                }
                None => return Ok(None),
            }
        }
        while self.stage == Stage::Rows && !self.is_full() {
            let (rows, end) = self.index_block(at)?;
            if rows == 0 {
                at = end;
                break;
            }
            self.gather(rows)?;
            self.row_count += rows;
            // A short field may be a long text, as in 1e131071; whichever is longer counts.
            let built: usize = self.columns.iter().map(|c| c.builder.byte_len()).sum();
            self.byte_count = (self.byte_count + end - at).max(built);
            at = end;
        }
        self.pending.drain(..at);
        if self.pending.len() > ROW_LIMIT {
            return Err(broken("a row is longer than any PostgreSQL row"));
        }
        if self.is_full() {
            return self.take().map(Some);
        }
        Ok(None)
    }

    /// The rows left when the stream is over.
    pub(crate) fn finish(&mut self) -> Result<Option<ReadBatch>> {
        if self.stage != Stage::End {
            return Err(broken("it ends in the middle"));
        }
        if self.row_count == 0 && self.bad.is_empty() {
            return Ok(None);
        }
        self.take().map(Some)
    }

    fn is_full(&self) -> bool {
        self.row_count >= self.batch_rows || self.byte_count >= self.batch_bytes
    }

    /// Finds the fields of the next complete rows from `at` on; returns how many rows and where they end.
    fn index_block(&mut self, at: usize) -> Result<(usize, usize)> {
        let wanted = BLOCK_ROWS.min(self.batch_rows - self.row_count);
        let bytes = self.pending.as_slice();
        if u32::try_from(bytes.len()).is_err() {
            return Err(broken("a row is longer than any PostgreSQL row"));
        }
        let mut rows = 0;
        let mut end = at;
        while rows < wanted {
            let Some(count) = bytes.get(end..).and_then(<[u8]>::first_chunk::<2>) else {
                break;
            };
            let count = i16::from_be_bytes(*count);
            if count == -1 {
                self.stage = Stage::End;
                if bytes.len() > end + 2 {
                    return Err(broken("bytes follow its end"));
                }
                return Ok((rows, if rows == 0 { end + 2 } else { end }));
            }
            if usize::try_from(count) != Ok(self.columns.len()) {
                return Err(broken(format!(
                    "a row has {count} fields where {} were asked for",
                    self.columns.len()
                )));
            }
            // Without columns there is nothing to index.
            let slots = self.index.get_mut(rows..).unwrap_or_default();
            match index_row(bytes, end + 2, slots)? {
                Some(next) => end = next,
                None => break,
            }
            rows += 1;
            // One huge row after another must not pile up in a block.
            if end - at >= self.batch_bytes - self.byte_count.min(self.batch_bytes) {
                break;
            }
        }
        Ok((rows, end))
    }

    fn gather(&mut self, rows: usize) -> Result<()> {
        let mut troubles = Vec::new();
        for (number, column) in self.columns.iter_mut().enumerate() {
            let index = &self.index[number * BLOCK_ROWS..][..rows];
            column
                .builder
                .append_block(&self.pending, index, &mut troubles);
            for (row, trouble) in troubles.drain(..) {
                let name = column.field.name();
                match trouble {
                    Trouble::Malformed => {
                        return Err(broken(format!(
                            "a field of column \"{name}\" is not a {}",
                            column.type_name
                        )));
                    }
                    Trouble::Unreadable(reason) => {
                        let (start, length) = index[row];
                        let cell = &self.pending[start as usize..][..length.max(0) as usize];
                        self.bad.push(BadCell {
                            row: self.row_count + row,
                            column: number,
                            reason,
                            text: text_of(&column.type_name, cell),
                        });
                    }
                }
            }
        }
        Ok(())
    }

    fn take(&mut self) -> Result<ReadBatch> {
        let mut arrays = Vec::with_capacity(self.columns.len());
        for (number, column) in self.columns.iter_mut().enumerate() {
            let mut invalid = Vec::new();
            arrays.push(column.builder.finish(&mut invalid)?);
            for (row, cell) in invalid {
                self.bad.push(BadCell {
                    row,
                    column: number,
                    reason: "the text is not valid UTF-8".to_string(),
                    text: String::from_utf8_lossy(&cell).into_owned(),
                });
            }
        }
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(self.row_count));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)?;
        self.row_count = 0;
        self.byte_count = 0;
        let bad = std::mem::take(&mut self.bad);
        if bad.is_empty() {
            return Ok(batch.into());
        }
        self.set_aside(&batch, bad)
    }

    /// Splits a batch into its readable rows and those with a bad cell.
    fn set_aside(&self, batch: &RecordBatch, mut bad: Vec<BadCell>) -> Result<ReadBatch> {
        bad.sort_by_key(|cell| (cell.row, cell.column));
        let mut readable = vec![true; batch.num_rows()];
        let mut unreadable: Vec<UnreadableRow> = Vec::new();
        for cell in bad {
            let name = batch.schema_ref().field(cell.column).name().clone();
            if readable[cell.row] {
                unreadable.push(UnreadableRow {
                    column: Some(name.clone()),
                    reason: cell.reason,
                    row: self.row_as_text(batch, cell.row),
                });
            }
            readable[cell.row] = false;
            if let Some(last) = unreadable.last_mut() {
                last.row.insert(name, Value::String(cell.text));
            }
        }
        Ok(ReadBatch {
            batch: filter_record_batch(batch, &BooleanArray::from(readable))?,
            unreadable,
        })
    }

    /// A row for people, wire forms as text.
    fn row_as_text(&self, batch: &RecordBatch, row: usize) -> Map<String, Value> {
        let mut cells = sdk::row_to_json(batch, row);
        for (column, array) in self.columns.iter().zip(batch.columns()) {
            if Column::is_wire(&column.field) && array.is_valid(row) {
                let text = text_of(&column.type_name, array.as_binary::<i32>().value(row));
                cells.insert(column.field.name().clone(), Value::String(text));
            }
        }
        cells
    }
}

/// The length of signature, flags and extension, once they are all there.
fn header_length(bytes: &[u8]) -> Result<Option<usize>> {
    let seen = bytes.len().min(SIGNATURE.len());
    if bytes[..seen] != SIGNATURE[..seen] {
        return Err(broken("it does not begin like one"));
    }
    let Some(flags) = number_at(bytes, SIGNATURE.len()) else {
        return Ok(None);
    };
    if flags as u32 >> 16 != 0 {
        return Err(broken("it uses a feature that is not known"));
    }
    let Some(extension) = number_at(bytes, SIGNATURE.len() + 4) else {
        return Ok(None);
    };
    let extension =
        usize::try_from(extension).map_err(|_| broken("its header has a negative length"))?;
    let length = SIGNATURE.len() + 8 + extension;
    Ok((bytes.len() >= length).then_some(length))
}

/// Notes where the fields of the row at `at` lie; returns its end, or `None` if it is not complete.
/// `index` begins at the row's slot of the first column.
fn index_row(bytes: &[u8], mut at: usize, index: &mut [(u32, i32)]) -> Result<Option<usize>> {
    for slot in index.iter_mut().step_by(BLOCK_ROWS) {
        let Some(length) = number_at(bytes, at) else {
            return Ok(None);
        };
        at += 4;
        // The caller made sure that positions fit 32 bits.
        *slot = (at as u32, length);
        if length > 0 {
            at += length as usize;
        } else if length < -1 {
            return Err(broken("a field has a negative length"));
        }
        if at > bytes.len() {
            return Ok(None);
        }
    }
    Ok(Some(at))
}

fn number_at(bytes: &[u8], at: usize) -> Option<i32> {
    let bytes = bytes.get(at..)?.first_chunk::<4>()?;
    Some(i32::from_be_bytes(*bytes))
}

fn broken(what: impl std::fmt::Display) -> Error {
    Error::new(
        Kind::Data,
        format!("the server's COPY stream is broken: {what}"),
    )
    .hint("check for a proxy between here and the server that changes the data")
}
