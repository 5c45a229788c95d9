//! One file being written: rows in their format, encoding and compression.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use sdk::{RefusedRow, Result, Written};

use super::write::Target;
use crate::format::cell::Cells;
use crate::format::csv::CsvEncoder;
use crate::format::dates::Pattern;
use crate::format::encoding::Encoding;
use crate::format::json::JsonEncoder;
use crate::format::parquet::ParquetSink;
use crate::format::{FileFormat, RowFault};
use crate::store::{Output, write_error};

/// Text is handed to the file in pieces of about this size.
const PIECE: usize = 1 << 20;

/// A file of any format.
pub(super) enum FileSink {
    Text(Box<TextSink>),
    Parquet(Box<ParquetSink>, Arc<Schema>),
}

impl FileSink {
    pub(super) fn new(
        file: File,
        name: &str,
        target: &Target,
        schema: &Arc<Schema>,
    ) -> Result<FileSink> {
        if target.format == FileFormat::Parquet {
            let sink = ParquetSink::new(file, name, schema, target.parquet)?;
            return Ok(FileSink::Parquet(Box::new(sink), schema.clone()));
        }
        TextSink::new(file, name, target, schema).map(|sink| FileSink::Text(Box::new(sink)))
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<Written> {
        match self {
            FileSink::Text(sink) => sink.write(batch),
            FileSink::Parquet(sink, schema) => {
                let batch = RecordBatch::try_new(schema.clone(), batch.columns().to_vec())?;
                sink.write(&batch)?;
                Ok(Written {
                    row_count: batch.num_rows() as u64,
                    refused: Vec::new(),
                })
            }
        }
    }

    /// Writes what is left and gives the file back.
    pub(super) fn finish(self) -> Result<File> {
        match self {
            FileSink::Text(sink) => {
                let name = sink.name;
                sink.output
                    .finish()
                    .map_err(|error| write_error(&name, error))
            }
            FileSink::Parquet(sink, _) => sink.finish(),
        }
    }
}

enum RowEncoder {
    Csv(Box<CsvEncoder>),
    Json(JsonEncoder),
}

/// A file of a text format.
pub(super) struct TextSink {
    encoder: RowEncoder,
    encoding: Encoding,
    pattern: Option<Pattern>,
    output: Output,
    name: String,
    buffer: Vec<u8>,
}

impl TextSink {
    fn new(file: File, name: &str, target: &Target, schema: &Arc<Schema>) -> Result<TextSink> {
        let output =
            Output::new(file, target.compress).map_err(|error| write_error(name, error))?;
        let encoder = match target.format {
            FileFormat::Json | FileFormat::Jsonl => RowEncoder::Json(JsonEncoder::new(schema)),
            _ => RowEncoder::Csv(Box::new(CsvEncoder::new(&target.dialect, target.line_end))),
        };
        let mut sink = TextSink {
            encoder,
            encoding: target.encoding,
            pattern: target.pattern.clone(),
            output,
            name: name.to_string(),
            buffer: Vec::with_capacity(2 * PIECE),
        };
        if let (RowEncoder::Csv(encoder), Some(names)) = (&sink.encoder, target.header(schema)) {
            encoder
                .header(&names, &mut sink.buffer)
                .map_err(|fault| fault.reason)
                .and_then(|()| sink.encoding.encode(&mut sink.buffer, 0))
                .map_err(|reason| {
                    sdk::Error::new(
                        sdk::Kind::Config,
                        format!("cannot write the header of {name}: a column's name {reason}"),
                    )
                    .hint("give other names in `header`")
                })?;
        }
        sink.flush()?;
        Ok(sink)
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<Written> {
        let given = Arc::new(batch.clone());
        let schema = batch.schema();
        let mut cells = Vec::with_capacity(batch.num_columns());
        for (field, column) in schema.fields().iter().zip(batch.columns()) {
            cells.push(Cells::new(field, column, self.pattern.as_ref())?);
        }
        let mut written = Written::default();
        for row in 0..batch.num_rows() {
            let start = self.buffer.len();
            let buffer = &mut self.buffer;
            let outcome = match &self.encoder {
                RowEncoder::Csv(encoder) => encoder.row(&cells, row, buffer),
                RowEncoder::Json(encoder) => encoder.row(&cells, row, buffer),
            };
            let outcome = outcome.and_then(|()| {
                self.encoding
                    .encode(buffer, start)
                    .map_err(|reason| RowFault {
                        column: None,
                        reason,
                    })
            });
            match outcome {
                Ok(()) => written.row_count += 1,
                Err(fault) => {
                    self.buffer.truncate(start);
                    written.refused.push(RefusedRow {
                        batch: given.clone(),
                        row,
                        column: fault
                            .column
                            .map(|column| schema.field(column).name().clone()),
                        reason: fault.reason,
                    });
                }
            }
            if self.buffer.len() > PIECE {
                self.flush()?;
            }
        }
        self.flush()?;
        Ok(written)
    }

    fn flush(&mut self) -> Result<()> {
        self.output
            .write_all(&self.buffer)
            .map_err(|error| write_error(&self.name, error))?;
        self.buffer.clear();
        Ok(())
    }
}
