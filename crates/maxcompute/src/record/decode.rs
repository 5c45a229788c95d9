//! Bytes to batches: records, footer, and the bookkeeping between pieces that arrive.
//!
//! Owns the order of elements in the stream and its checksums. Values are read by [`super::leaf`] and
//! [`super::nested`] into [`super::columns`].

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema, SchemaRef};

use super::columns::Columns;
use super::leaf::Cell;
use super::nested::OpenValues;
use super::wire::{
    Checksums, DELIMITED, END_OF_METRICS, END_OF_RECORD, RECORD_COUNT, Reader, STREAM_CHECKSUM,
    Stop, VARINT, broken, tag, wire_type,
};
use super::{BadCell, DecodeError, DecodeErrorKind, Decoded};
use crate::types::{Column, Type};

/// More than the service permits for one record (200 MB); it keeps offsets within 32 bits.
pub(super) const MAX_RECORD_BYTES: usize = 256 << 20;
/// A batch ends at the first record beyond so many bytes of the stream, unless the caller says otherwise.
const BATCH_BYTES: usize = 8 << 20;

/// Room for input that is kept between pieces.
const KEPT_BYTES: usize = 4 << 20;

const RECORD_END_TAG: u64 = tag_of(END_OF_RECORD);
const RECORD_COUNT_TAG: u64 = tag_of(RECORD_COUNT);
const STREAM_CHECKSUM_TAG: u64 = tag_of(STREAM_CHECKSUM);
const METRICS_END_TAG: u64 = tag_of(END_OF_METRICS);
const METRICS_TAG: u64 = (1 << 3 | DELIMITED) as u64;

const fn tag_of(field: u32) -> u64 {
    (field << 3 | VARINT) as u64
}

/// Where in the stream the next element stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Records,
    /// A record has begun.
    Record,
    /// The record count was read.
    Footer,
    /// Metrics were read too.
    Checksum,
    Done,
    /// Something was wrong; nothing behind it can be trusted.
    Failed,
}

/// Decodes a record stream that arrives in pieces of any size.
///
/// Call [`Decoder::push`] for each piece and then [`Decoder::next_batch`] until it gives none; when
/// the body has ended, [`Decoder::finish`] tells whether the stream was whole.
pub struct Decoder {
    schema: SchemaRef,
    tags: Vec<u64>,
    batch_bytes: usize,
    /// Bytes of a row in the arrays even if all of it is NULL, which takes none in the stream.
    row_bytes: usize,
    columns: Columns,
    open: OpenValues,
    checksums: Checksums,
    bad_cells: Vec<BadCell>,
    input: Input,
    progress: Progress,
}

/// Bytes that arrived, and how many of them were read.
struct Input {
    bytes: Vec<u8>,
    position: usize,
    /// Offset of the first byte in the stream.
    start: u64,
}

struct Progress {
    stage: Stage,
    /// Rows of the batch at hand.
    rows: usize,
    /// Rows of the stream.
    records: u64,
    batch_start: u64,
    record_start: u64,
    /// The column whose nested value is open.
    column: usize,
}

impl Decoder {
    /// A decoder of columns of these types, which are named `c0`, `c1` and so on.
    pub fn new(types: &[Type]) -> Decoder {
        let fields: Vec<Field> = types
            .iter()
            .enumerate()
            .map(|(number, r#type)| Field::new(format!("c{number}"), r#type.to_arrow(), true))
            .collect();
        Decoder::with_schema(types, Arc::new(Schema::new(fields)))
    }

    /// A decoder of these columns under their names.
    pub fn for_columns(columns: &[Column]) -> Decoder {
        let types: Vec<Type> = columns.iter().map(|column| column.r#type.clone()).collect();
        let fields: Vec<Field> = columns.iter().map(Column::to_arrow).collect();
        Decoder::with_schema(&types, Arc::new(Schema::new(fields)))
    }

    fn with_schema(types: &[Type], schema: SchemaRef) -> Decoder {
        let tags = types
            .iter()
            .zip(1..)
            .map(|(r#type, field)| u64::from(tag(field, wire_type(r#type))))
            .collect();
        Decoder {
            schema,
            tags,
            batch_bytes: BATCH_BYTES,
            row_bytes: types.iter().map(Type::array_bytes).sum(),
            columns: Columns::new(types),
            open: OpenValues::default(),
            checksums: Checksums::default(),
            bad_cells: Vec::new(),
            input: Input {
                bytes: Vec::new(),
                position: 0,
                start: 0,
            },
            progress: Progress {
                stage: Stage::Records,
                rows: 0,
                records: 0,
                batch_start: 0,
                record_start: 0,
                column: 0,
            },
        }
    }

    /// Ends batches at the first record beyond so many bytes, of the stream or of the arrays.
    #[must_use]
    pub fn batch_bytes(mut self, bytes: usize) -> Decoder {
        self.batch_bytes = bytes.max(1);
        self
    }

    /// The schema of the batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Adds the next piece of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        let input = &mut self.input;
        if input.position > 0 {
            input.bytes.drain(..input.position);
            input.start += input.position as u64;
            input.position = 0;
            // One huge value must not keep its memory for the rest of the stream.
            if input.bytes.len() < KEPT_BYTES && input.bytes.capacity() > 2 * KEPT_BYTES {
                input.bytes.shrink_to(KEPT_BYTES);
            }
        }
        input.bytes.extend_from_slice(bytes);
    }

    /// The next batch of so many rows, of fewer when they are large, or of the last rows.
    ///
    /// `None` means that more input is needed, or that all rows of a whole stream were delivered.
    pub fn next_batch(&mut self, max_rows: usize) -> Result<Option<Decoded>, DecodeError> {
        let most_rows = self.batch_bytes.div_ceil(self.row_bytes.max(1));
        let max_rows = max_rows.clamp(1, most_rows);
        let bytes = std::mem::take(&mut self.input.bytes);
        let mut reader = Reader {
            bytes: &bytes,
            position: self.input.position,
        };
        let result = self.read_until(max_rows, &mut reader);
        self.input.position = reader.position;
        self.input.bytes = bytes;
        if let Err(reason) = result {
            self.progress.stage = Stage::Failed;
            return Err(self.corrupt(reason));
        }
        let progress = &self.progress;
        let full = progress.rows >= max_rows || self.is_large();
        if full || (progress.stage == Stage::Done && progress.rows > 0) {
            return self.take_batch().map(Some);
        }
        Ok(None)
    }

    /// Ends the stream and returns its number of records; an error if its footer is missing.
    pub fn finish(self) -> Result<u64, DecodeError> {
        if self.progress.stage == Stage::Done {
            return Ok(self.progress.records);
        }
        Err(DecodeError {
            kind: DecodeErrorKind::Truncated,
            position: self.input.start + self.input.bytes.len() as u64,
            reason: format!("the footer is missing after {} rows", self.progress.records),
        })
    }

    fn offset(&self) -> u64 {
        self.input.start + self.input.position as u64
    }

    fn corrupt(&self, reason: String) -> DecodeError {
        DecodeError {
            kind: DecodeErrorKind::Corrupt,
            position: self.offset(),
            reason,
        }
    }

    /// Whether a batch is complete because of its bytes.
    fn is_large(&self) -> bool {
        self.progress.stage == Stage::Records
            && self.progress.rows > 0
            && self.progress.record_start - self.progress.batch_start >= self.batch_bytes as u64
    }

    fn read_until(&mut self, max_rows: usize, reader: &mut Reader<'_>) -> Result<(), String> {
        while self.progress.rows < max_rows && !self.is_large() {
            let position = reader.position;
            let checksum_mark = self.checksums.mark();
            match self.read_element(reader) {
                Ok(()) => {}
                Err(Stop::NeedMore) => {
                    reader.position = position;
                    self.checksums.rewind(checksum_mark);
                    return self.check_record_size(reader.bytes.len());
                }
                Err(Stop::Broken(reason)) => return Err(reason),
            }
        }
        Ok(())
    }

    /// When more is needed, all that has arrived since the last record belongs to one record.
    fn check_record_size(&self, arrived: usize) -> Result<(), String> {
        let size = self.input.start + arrived as u64 - self.progress.record_start;
        if size > MAX_RECORD_BYTES as u64 {
            return Err("a record longer than a record may be".to_owned());
        }
        Ok(())
    }

    #[inline]
    fn read_element(&mut self, reader: &mut Reader<'_>) -> Result<(), Stop> {
        if self.progress.stage == Stage::Failed {
            return broken("the stream was refused before");
        }
        if !self.open.is_empty() {
            let mut cell = Cell {
                checksums: &mut self.checksums,
                bad_cells: &mut self.bad_cells,
                row: self.progress.rows,
                column: self.progress.column,
            };
            return self.open.step(&mut self.columns, reader, &mut cell);
        }
        if matches!(self.progress.stage, Stage::Records | Stage::Record) {
            let found = reader.varint()?;
            return match found {
                RECORD_END_TAG => self.end_record(reader),
                RECORD_COUNT_TAG => self.read_record_count(reader),
                _ => self.read_field(found, reader),
            };
        }
        self.read_footer(reader)
    }

    #[inline]
    fn read_field(&mut self, found: u64, reader: &mut Reader<'_>) -> Result<(), Stop> {
        let field = found >> 3;
        // Field 0 wraps to an index that no column has.
        let index = (field as usize).wrapping_sub(1);
        match self.tags.get(index) {
            None => return Err(Stop::Broken(format!("a field with the number {field}"))),
            Some(expected) if *expected != found => {
                let column = self.schema.field(index).name();
                return Err(Stop::Broken(format!(
                    "column `{column}` is not sent as the type it has"
                )));
            }
            Some(_) => {}
        }
        let rows = self.progress.rows;
        if self.columns.0[index].length != rows {
            if self.columns.0[index].length > rows {
                return broken("a column twice in one record");
            }
            self.columns.pad(index, rows);
        }
        self.checksums.feed((field as u32).to_le_bytes());
        let mut cell = Cell {
            checksums: &mut self.checksums,
            bad_cells: &mut self.bad_cells,
            row: rows,
            column: index,
        };
        self.open
            .open(&mut self.columns, index, reader, &mut cell)?;
        self.progress.column = index;
        self.progress.stage = Stage::Record;
        Ok(())
    }

    #[inline]
    fn end_record(&mut self, reader: &mut Reader<'_>) -> Result<(), Stop> {
        let sent = reader.checksum()?;
        if self.checksums.end_record() != sent {
            return broken("the checksum of a record differs");
        }
        let end = self.input.start + reader.position as u64;
        if end - self.progress.record_start > MAX_RECORD_BYTES as u64 {
            return broken("a record longer than a record may be");
        }
        self.progress.record_start = end;
        self.progress.stage = Stage::Records;
        self.progress.rows += 1;
        self.progress.records += 1;
        Ok(())
    }

    fn read_record_count(&mut self, reader: &mut Reader<'_>) -> Result<(), Stop> {
        let count = reader.zigzag()?;
        if self.progress.stage == Stage::Record {
            return broken("the footer in the middle of a record");
        }
        if u64::try_from(count) != Ok(self.progress.records) {
            return Err(Stop::Broken(format!(
                "{} rows arrived, but the footer counts {count}",
                self.progress.records
            )));
        }
        self.progress.stage = Stage::Footer;
        Ok(())
    }

    fn read_footer(&mut self, reader: &mut Reader<'_>) -> Result<(), Stop> {
        if self.progress.stage == Stage::Done {
            return if reader.position < reader.bytes.len() {
                broken("bytes behind the footer")
            } else {
                Err(Stop::NeedMore)
            };
        }
        match reader.varint()? {
            METRICS_TAG if self.progress.stage == Stage::Footer => self.read_metrics(reader),
            STREAM_CHECKSUM_TAG => {
                let sent = reader.checksum()?;
                if self.checksums.end_records() != sent {
                    return broken("the checksum of the stream differs");
                }
                self.progress.stage = Stage::Done;
                Ok(())
            }
            _ => broken("an unknown element in the footer"),
        }
    }

    /// Timings that a server may report; they are verified and dropped.
    fn read_metrics(&mut self, reader: &mut Reader<'_>) -> Result<(), Stop> {
        let length = reader.varint()?;
        if length > 1 << 20 {
            return broken("metrics longer than 1 MiB");
        }
        // The bound makes the length fit.
        let text = reader.take(length as usize)?;
        if reader.varint()? != METRICS_END_TAG {
            return broken("metrics without their end");
        }
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&1_i32.to_le_bytes()), text);
        if reader.checksum()? != checksum {
            return broken("the checksum of the metrics differs");
        }
        self.progress.stage = Stage::Checksum;
        Ok(())
    }

    fn take_batch(&mut self) -> Result<Decoded, DecodeError> {
        let rows = std::mem::take(&mut self.progress.rows);
        self.progress.batch_start = self.progress.record_start;
        let mut bad_cells = std::mem::take(&mut self.bad_cells);
        let columns = self.tags.len();
        let arrays = self.columns.finish(columns, rows, &mut bad_cells);
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = arrays.and_then(|arrays| {
            RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)
        });
        match batch {
            Ok(batch) => Ok(Decoded { batch, bad_cells }),
            Err(error) => Err(self.corrupt(error.to_string())),
        }
    }
}
