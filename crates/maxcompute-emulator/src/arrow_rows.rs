//! Rows in Arrow bodies: turned into records when they come in and back when they go out, by the codec of
//! `maxcompute`. Tables hold records only. Follows section 8 of the protocol.

use std::io::{self, Read, Write};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{Array, ArrayRef, Int32Array, Int64Array, RecordBatch, StructArray};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use maxcompute::arrow_stream::{CHUNK_SIZE, decode_payload, encode_payload, unframe};
use maxcompute::record::{Decoder, Encoder, check};
use maxcompute::types::{Column, Type};

use crate::record::{IngestError, Layout, ingest};
use crate::store::SegmentWriter;

/// An Arrow body is held as a whole before its rows are taken, so it is limited.
const MAX_BODY_BYTES: u64 = 512 * 1024 * 1024;
const BATCH_ROWS: usize = 4096;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// How timestamps look in Arrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timestamps {
    /// Nanoseconds since 1970, as tables have them.
    Nanoseconds,
    /// A struct of seconds and nanoseconds, as results and previews have them.
    Pair,
}

/// Takes the rows of an Arrow body in.
pub(crate) fn receive(
    columns: &[Column],
    layout: &Layout,
    input: &mut dyn Read,
    writer: &mut SegmentWriter,
) -> Result<u64, IngestError> {
    let mut body = Vec::new();
    input
        .take(MAX_BODY_BYTES + 1)
        .read_to_end(&mut body)
        .map_err(IngestError::Read)?;
    if body.len() as u64 > MAX_BODY_BYTES {
        return Err(IngestError::Malformed(format!(
            "an Arrow body has more than {MAX_BODY_BYTES} bytes"
        )));
    }
    let malformed = |reason: String| IngestError::Malformed(reason);
    let payload = unframe(&body).map_err(|error| malformed(error.to_string()))?;
    let batches =
        decode_payload(columns, &payload).map_err(|error| malformed(error.to_string()))?;
    let types: Vec<Type> = columns.iter().map(|column| column.r#type.clone()).collect();
    let mut row_count = 0;
    let mut records = Vec::new();
    for batch in batches {
        for start in (0..batch.num_rows()).step_by(BATCH_ROWS) {
            let rows = batch.slice(start, BATCH_ROWS.min(batch.num_rows() - start));
            records.clear();
            encode_stream(&types, &rows, &mut records).map_err(malformed)?;
            row_count += ingest(layout, &mut records.as_slice(), writer)?;
        }
    }
    Ok(row_count)
}

/// Writes the rows of a batch as a record stream of their own, after checking that the columns may hold them.
pub(crate) fn encode_stream(
    types: &[Type],
    rows: &RecordBatch,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let bad_cells = check(types, rows).map_err(|error| error.to_string())?;
    if let Some(cell) = bad_cells.first() {
        return Err(format!(
            "row {}, column {}: {}",
            cell.row + 1,
            cell.column + 1,
            cell.reason
        ));
    }
    let mut encoder = Encoder::new(types);
    encoder
        .encode(rows, out)
        .map_err(|error| error.to_string())?;
    encoder.finish(out);
    Ok(())
}

/// Sends the record stream that `produce` writes as an Arrow body of Tunnel.
pub(crate) fn send(
    columns: &[Column],
    timestamps: Timestamps,
    out: &mut dyn Write,
    produce: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut framer = Framer::new(out)?;
    let sent = {
        let mut batches = Batches::new(columns, |batch: RecordBatch| {
            let batch = with_timestamps(batch, timestamps)?;
            let payload = encode_payload(&batch.schema(), &[batch]).map_err(io::Error::other)?;
            framer.write(&payload)
        });
        produce(&mut batches)?;
        batches.finish()
    };
    sent?;
    framer.finish()
}

/// Sends the record stream that `produce` writes as a plain Arrow stream.
pub(crate) fn send_preview(
    columns: &[Column],
    out: &mut dyn Write,
    produce: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let fields: Vec<Field> = columns.iter().map(Column::to_arrow).collect();
    let empty = RecordBatch::new_empty(Arc::new(Schema::new(fields)));
    let schema = with_timestamps(empty, Timestamps::Pair)?.schema();
    let mut writer = StreamWriter::try_new(out, &schema).map_err(io::Error::other)?;
    {
        let mut batches = Batches::new(columns, |batch| {
            writer
                .write(&with_timestamps(batch, Timestamps::Pair)?)
                .map_err(io::Error::other)
        });
        produce(&mut batches)?;
        batches.finish()?;
    }
    writer.finish().map_err(io::Error::other)
}

/// Takes a record stream piece by piece and hands its rows on as batches.
pub(crate) struct Batches<F> {
    decoder: Decoder,
    take: F,
}

impl<F: FnMut(RecordBatch) -> io::Result<()>> Batches<F> {
    pub(crate) fn new(columns: &[Column], take: F) -> Self {
        Self {
            decoder: Decoder::for_columns(columns),
            take,
        }
    }

    fn drain(&mut self) -> io::Result<()> {
        while let Some(decoded) = self
            .decoder
            .next_batch(BATCH_ROWS)
            .map_err(io::Error::other)?
        {
            if let Some(cell) = decoded.bad_cells.first() {
                return Err(io::Error::other(format!(
                    "column {} has a value that Arrow cannot hold: {}",
                    cell.column + 1,
                    cell.reason
                )));
            }
            (self.take)(decoded.batch)?;
        }
        Ok(())
    }

    /// Ends the stream, which must have been whole.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.drain()?;
        self.decoder.finish().map(|_| ()).map_err(io::Error::other)
    }
}

impl<F: FnMut(RecordBatch) -> io::Result<()>> Write for Batches<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.decoder.push(bytes);
        self.drain()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Puts a payload of unknown length into chunks with checksums.
struct Framer<'a> {
    out: &'a mut dyn Write,
    chunk: Vec<u8>,
    whole: u32,
}

impl<'a> Framer<'a> {
    fn new(out: &'a mut dyn Write) -> io::Result<Self> {
        out.write_all(&(CHUNK_SIZE as u32).to_be_bytes())?;
        Ok(Self {
            out,
            chunk: Vec::with_capacity(CHUNK_SIZE),
            whole: 0,
        })
    }

    fn write(&mut self, mut payload: &[u8]) -> io::Result<()> {
        self.whole = crc32c::crc32c_append(self.whole, payload);
        while !payload.is_empty() {
            let (fitting, rest) =
                payload.split_at(payload.len().min(CHUNK_SIZE - self.chunk.len()));
            self.chunk.extend_from_slice(fitting);
            payload = rest;
            if self.chunk.len() == CHUNK_SIZE {
                self.out.write_all(&self.chunk)?;
                self.out
                    .write_all(&crc32c::crc32c(&self.chunk).to_be_bytes())?;
                self.chunk.clear();
            }
        }
        Ok(())
    }

    fn finish(self) -> io::Result<()> {
        self.out.write_all(&self.chunk)?;
        self.out.write_all(&self.whole.to_be_bytes())
    }
}

fn with_timestamps(batch: RecordBatch, timestamps: Timestamps) -> io::Result<RecordBatch> {
    let is_timestamp =
        |kind: &DataType| matches!(kind, DataType::Timestamp(TimeUnit::Nanosecond, _));
    let schema: SchemaRef = batch.schema();
    if timestamps == Timestamps::Nanoseconds
        || !schema
            .fields()
            .iter()
            .any(|field| is_timestamp(field.data_type()))
    {
        return Ok(batch);
    }
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (field, array) in schema.fields().iter().zip(batch.columns()) {
        if is_timestamp(field.data_type()) {
            let pair = seconds_and_nanos(array);
            fields.push(Field::new(field.name(), pair.data_type().clone(), true));
            arrays.push(Arc::new(pair));
        } else {
            fields.push(Field::clone(field));
            arrays.push(array.clone());
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(io::Error::other)
}

fn seconds_and_nanos(array: &ArrayRef) -> StructArray {
    let instants = array.as_primitive::<TimestampNanosecondType>();
    let mut seconds = Vec::with_capacity(instants.len());
    let mut nanos = Vec::with_capacity(instants.len());
    for nanosecond in instants.values() {
        seconds.push(nanosecond.div_euclid(NANOS_PER_SECOND));
        nanos.push(nanosecond.rem_euclid(NANOS_PER_SECOND) as i32);
    }
    let fields = Fields::from(vec![
        Field::new("sec", DataType::Int64, true),
        Field::new("nano", DataType::Int32, true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(seconds)),
        Arc::new(Int32Array::from(nanos)),
    ];
    StructArray::new(fields, columns, instants.nulls().cloned())
}
