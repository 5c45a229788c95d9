//! Arrow bodies of Tunnel: chunks with checksums around record batch messages without a schema.
//!
//! Owns the framing and the payload of `FORMATS.md`, section 8. The payload names no types, so both
//! sides must hold the same columns; shapes are checked before Arrow reads them.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::read_record_batch;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_ipc::{Buffer as BufferPlace, FieldNode, MetadataVersion, root_as_message};
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};
use crc32c::crc32c;

use crate::types::{Column, Type};

/// The chunk size that every client uses.
pub const CHUNK_SIZE: usize = 65_536;

/// Why an Arrow body was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrowStreamError(String);

impl fmt::Display for ArrowStreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the Arrow body is damaged: {}", self.0)
    }
}

impl std::error::Error for ArrowStreamError {}

impl From<ArrowError> for ArrowStreamError {
    fn from(error: ArrowError) -> ArrowStreamError {
        ArrowStreamError(error.to_string())
    }
}

fn damaged<T>(reason: &str) -> Result<T, ArrowStreamError> {
    Err(ArrowStreamError(reason.to_owned()))
}

/// Whether both sides agree about the Arrow form of a type. Clients differ about intervals.
pub fn supports(r#type: &Type) -> bool {
    match r#type {
        Type::IntervalDayTime | Type::IntervalYearMonth => false,
        Type::Array(item) => supports(item),
        Type::Map(key, value) => supports(key) && supports(value),
        Type::Struct(fields) => fields.iter().all(|(_, field)| supports(field)),
        _ => true,
    }
}

/// Puts a payload into chunks of a size that is not zero and fits 32 bits.
pub fn frame(payload: &[u8], chunk_size: usize, out: &mut Vec<u8>) {
    let size = u32::try_from(chunk_size.max(1)).unwrap_or(u32::MAX);
    out.extend_from_slice(&size.to_be_bytes());
    let chunks = payload.chunks_exact(size as usize);
    let last = chunks.remainder();
    for chunk in chunks {
        out.extend_from_slice(chunk);
        out.extend_from_slice(&crc32c(chunk).to_be_bytes());
    }
    out.extend_from_slice(last);
    out.extend_from_slice(&crc32c(payload).to_be_bytes());
}

/// Takes a payload out of its chunks, all checksums verified.
pub fn unframe(body: &[u8]) -> Result<Vec<u8>, ArrowStreamError> {
    // Writers that were closed without data send nothing, or only four zero bytes.
    if body.is_empty() || body == [0; 4] {
        return Ok(Vec::new());
    }
    let Some((size, mut rest)) = body.split_first_chunk::<4>() else {
        return damaged("it has no chunk size");
    };
    let size = u32::from_be_bytes(*size) as usize;
    if size == 0 {
        return damaged("the chunk size is zero");
    }
    let mut payload = Vec::with_capacity(rest.len());
    while rest.len() >= size + 4 {
        let (chunk, after) = rest.split_at(size);
        rest = take_checksum(after, crc32c(chunk))?;
        payload.extend_from_slice(chunk);
    }
    // The last piece is shorter than a chunk, and its checksum covers the whole payload.
    let Some(length) = rest.len().checked_sub(4) else {
        return damaged("it ends without the checksum of the whole");
    };
    let (last, checksum) = rest.split_at(length);
    payload.extend_from_slice(last);
    take_checksum(checksum, crc32c(&payload))?;
    Ok(payload)
}

fn take_checksum(bytes: &[u8], expected: u32) -> Result<&[u8], ArrowStreamError> {
    match bytes.split_first_chunk::<4>() {
        Some((sent, rest)) if u32::from_be_bytes(*sent) == expected => Ok(rest),
        Some(_) => damaged("a checksum differs"),
        None => damaged("a checksum is missing"),
    }
}

/// The messages of the batches, without schema and end marker.
pub fn encode_payload(
    schema: &Schema,
    batches: &[RecordBatch],
) -> Result<Vec<u8>, ArrowStreamError> {
    let options = IpcWriteOptions::try_new(8, false, MetadataVersion::V5)?;
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), schema, options)?;
    let schema_length = writer.get_ref().len();
    for batch in batches {
        writer.write(batch)?;
    }
    let mut payload = std::mem::take(writer.get_mut());
    payload.drain(..schema_length);
    Ok(payload)
}

/// The batches in the messages of a payload whose columns are these.
pub fn decode_payload(
    columns: &[Column],
    payload: &[u8],
) -> Result<Vec<RecordBatch>, ArrowStreamError> {
    let fields: Vec<_> = columns.iter().map(Column::to_arrow).collect();
    let schema = Arc::new(Schema::new(fields));
    let mut batches = Vec::new();
    let mut rest = payload;
    while let Some(message) = next_message(rest)? {
        let (batch, after) = take_batch(&schema, message)?;
        batches.push(batch);
        rest = after;
    }
    Ok(batches)
}

/// An encapsulated message of Arrow IPC.
struct Message<'a> {
    metadata: &'a [u8],
    /// Its body and all that follows.
    rest: &'a [u8],
}

/// `None` at the end of the payload.
fn next_message(bytes: &[u8]) -> Result<Option<Message<'_>>, ArrowStreamError> {
    let bytes = bytes.strip_prefix(&[0xff; 4]).unwrap_or(bytes);
    if bytes.is_empty() {
        return Ok(None);
    }
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return damaged("a message has no length");
    };
    match usize::try_from(i32::from_le_bytes(*length)) {
        Ok(0) => Ok(None),
        Ok(length) if length <= rest.len() => {
            let (metadata, rest) = rest.split_at(length);
            Ok(Some(Message { metadata, rest }))
        }
        _ => damaged("a message is longer than the body"),
    }
}

fn take_batch<'a>(
    schema: &SchemaRef,
    Message { metadata, rest }: Message<'a>,
) -> Result<(RecordBatch, &'a [u8]), ArrowStreamError> {
    let message = root_as_message(metadata)
        .map_err(|error| ArrowStreamError(format!("a message cannot be read: {error}")))?;
    let Some(batch) = message.header_as_record_batch() else {
        return damaged("a message is not a record batch");
    };
    let length = match usize::try_from(message.bodyLength()) {
        Ok(length) if length <= rest.len() => length,
        _ => return damaged("a batch is longer than the body"),
    };
    if batch
        .variadicBufferCounts()
        .is_some_and(|counts| !counts.is_empty())
    {
        return damaged("a batch has columns of another type");
    }
    let mut shape = Shape {
        nodes: batch.nodes().into_iter().flatten().copied().collect(),
        buffers: batch.buffers().into_iter().flatten().copied().collect(),
        body_length: length,
    };
    // They are taken from the end.
    shape.nodes.reverse();
    shape.buffers.reverse();
    for field in schema.fields() {
        shape.check(field.data_type())?;
    }
    if !shape.nodes.is_empty() || !shape.buffers.is_empty() {
        return damaged("a batch has other columns");
    }
    let (body, rest) = rest.split_at(length);
    let decoded = read_record_batch(
        &Buffer::from(body),
        batch,
        schema.clone(),
        &HashMap::new(),
        None,
        &message.version(),
    )?;
    Ok((decoded, rest))
}

/// What a batch says about its arrays. Arrow's reader trusts it and would panic on a wrong one.
struct Shape {
    nodes: Vec<FieldNode>,
    buffers: Vec<BufferPlace>,
    body_length: usize,
}

impl Shape {
    fn check(&mut self, data_type: &DataType) -> Result<(), ArrowStreamError> {
        let Some(node) = self.nodes.pop() else {
            return damaged("a batch has too few columns");
        };
        let nulls = self.buffer()?;
        let length = usize::try_from(node.length()).unwrap_or(usize::MAX);
        let null_count = usize::try_from(node.null_count()).unwrap_or(usize::MAX);
        // Every array but an empty one stores at least a bit for each value or null somewhere.
        let most = self.body_length.saturating_mul(8);
        if length > most || null_count > length || (null_count > 0 && nulls < length.div_ceil(8)) {
            return damaged("an array is longer than its buffers");
        }
        match data_type {
            DataType::Utf8 | DataType::Binary => {
                self.buffer()?;
                self.buffer()?;
            }
            DataType::List(item) | DataType::Map(item, _) => {
                self.buffer()?;
                self.check(item.data_type())?;
            }
            DataType::Struct(fields) => {
                for field in fields {
                    self.check(field.data_type())?;
                }
            }
            _ => {
                self.buffer()?;
            }
        }
        Ok(())
    }

    /// The length of the next buffer, which lies within the body.
    fn buffer(&mut self) -> Result<usize, ArrowStreamError> {
        let Some(buffer) = self.buffers.pop() else {
            return damaged("a batch has too few buffers");
        };
        let place = usize::try_from(buffer.offset())
            .ok()
            .zip(usize::try_from(buffer.length()).ok())
            .and_then(|(offset, length)| Some((offset.checked_add(length)?, length)));
        match place {
            Some((end, length)) if end <= self.body_length => Ok(length),
            _ => damaged("a buffer lies outside of its batch"),
        }
    }
}
