//! Where the rows of a statement go: a segment, and the first rows as CSV text if they are a result.

use arrow_array::RecordBatch;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use maxcompute::types::{Column, Type};

use super::SqlError;
use crate::arrow_rows::encode_stream;
use crate::record::{Layout, ingest};
use crate::store::{Segment, SegmentWriter, Store};

/// A result has at most so many rows as text.
const CSV_ROWS: usize = 10_000;
const BATCH_ROWS: usize = 4096;

/// Takes batches of the given columns.
pub(super) struct RowSink {
    types: Vec<Type>,
    layout: Layout,
    writer: SegmentWriter,
    scratch: Vec<u8>,
}

impl RowSink {
    pub(super) fn new(store: &Store, columns: &[Column]) -> Result<Self, SqlError> {
        Ok(Self {
            types: columns.iter().map(|column| column.r#type.clone()).collect(),
            layout: Layout::new(columns),
            writer: store.scratch_segment()?,
            scratch: Vec::new(),
        })
    }

    pub(super) fn take(&mut self, batch: &RecordBatch) -> Result<(), SqlError> {
        for start in (0..batch.num_rows()).step_by(BATCH_ROWS) {
            let rows = batch.slice(start, BATCH_ROWS.min(batch.num_rows() - start));
            self.scratch.clear();
            encode_stream(&self.types, &rows, &mut self.scratch).map_err(SqlError::semantic)?;
            ingest(&self.layout, &mut self.scratch.as_slice(), &mut self.writer)
                .map_err(SqlError::semantic)?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Segment, SqlError> {
        Ok(self.writer.finish()?)
    }
}

/// The text form of a result: a header, then rows with `\N` for NULL, quoted as RFC 4180 has it.
pub(super) struct Csv {
    text: String,
    row_count: usize,
}

impl Csv {
    pub(super) fn new(columns: &[Column]) -> Self {
        let mut text = String::new();
        for (index, column) in columns.iter().enumerate() {
            put_field(&mut text, index, &column.name);
        }
        text.push('\n');
        Self { text, row_count: 0 }
    }

    pub(super) fn take(&mut self, batch: &RecordBatch) -> Result<(), SqlError> {
        let options = FormatOptions::new()
            .with_null("\\N")
            .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
            .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.f"));
        let mut formatters = Vec::with_capacity(batch.num_columns());
        for array in batch.columns() {
            formatters.push(ArrayFormatter::try_new(array, &options).map_err(SqlError::internal)?);
        }
        for row in 0..batch.num_rows().min(CSV_ROWS - self.row_count) {
            for (index, formatter) in formatters.iter().enumerate() {
                let shown = formatter
                    .value(row)
                    .try_to_string()
                    .map_err(SqlError::internal)?;
                put_field(&mut self.text, index, &shown);
            }
            self.text.push('\n');
            self.row_count += 1;
        }
        Ok(())
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

fn put_field(text: &mut String, index: usize, value: &str) {
    if index > 0 {
        text.push(',');
    }
    if value.contains(['"', ',', '\n', '\r']) {
        text.push('"');
        text.push_str(&value.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(value);
    }
}
