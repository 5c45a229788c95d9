//! Batches to bytes.
//!
//! Owns the writing of records and footer. Values are taken as they are: whether the service accepts
//! them is the question of [`super::check`], asked before.

use arrow_array::RecordBatch;
use arrow_buffer::i256;

use super::EncodeError;
use super::decimal;
use super::source::{Cells, Source, sources};
use super::wire::{
    Checksums, END_OF_RECORD, NANOS_PER_SECOND, RECORD_COUNT, STREAM_CHECKSUM, VARINT, put_varint,
    put_zigzag, tag, wire_type,
};
use crate::types::Type;

/// Encodes batches into one record stream.
pub struct Encoder {
    types: Vec<Type>,
    tags: Vec<u64>,
    checksums: Checksums,
    records: u64,
}

impl Encoder {
    /// An encoder of columns of these types.
    pub fn new(types: &[Type]) -> Encoder {
        let tags = types
            .iter()
            .zip(1..)
            .map(|(r#type, field)| u64::from(tag(field, wire_type(r#type))))
            .collect();
        Encoder {
            types: types.to_vec(),
            tags,
            checksums: Checksums::default(),
            records: 0,
        }
    }

    /// Appends all rows of the batch to `out`. After an error, `out` is as it was before.
    pub fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let sources = sources(&self.types, batch)?;
        for row in 0..batch.num_rows() {
            for (index, source) in sources.iter().enumerate() {
                if source.is_null(row) {
                    continue;
                }
                self.checksums.feed((index as u32 + 1).to_le_bytes());
                put_varint(out, self.tags[index]);
                put_value(source, row, out, &mut self.checksums);
            }
            out.extend_from_slice(&RECORD_END_TAG);
            put_varint(out, u64::from(self.checksums.end_record()));
        }
        self.records += batch.num_rows() as u64;
        Ok(())
    }

    /// Rows encoded so far.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Appends the footer, without which a stream is not valid.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        put_varint(out, u64::from(tag(RECORD_COUNT, VARINT)));
        put_varint(out, self.records << 1);
        put_varint(out, u64::from(tag(STREAM_CHECKSUM, VARINT)));
        put_varint(out, u64::from(self.checksums.end_records()));
    }
}

/// The bytes of the end-of-record tag, written often enough to be kept ready.
const RECORD_END_TAG: [u8; 4] = {
    let number = END_OF_RECORD << 3 | VARINT;
    [
        number as u8 | 0x80,
        (number >> 7) as u8 | 0x80,
        (number >> 14) as u8 | 0x80,
        (number >> 21) as u8,
    ]
};

#[inline]
fn put_value(source: &Source<'_>, row: usize, out: &mut Vec<u8>, checksums: &mut Checksums) {
    match &source.cells {
        Cells::TinyInt(values) => put_integer(i64::from(values[row]), out, checksums),
        Cells::SmallInt(values) => put_integer(i64::from(values[row]), out, checksums),
        Cells::Int(values) => put_integer(i64::from(values[row]), out, checksums),
        Cells::BigInt(values) => put_integer(values[row], out, checksums),
        Cells::Float(values) => {
            let bytes = values[row].to_le_bytes();
            checksums.feed(bytes);
            out.extend_from_slice(&bytes);
        }
        Cells::Double(values) => {
            let bytes = values[row].to_le_bytes();
            checksums.feed(bytes);
            out.extend_from_slice(&bytes);
        }
        Cells::Boolean(values) => {
            let byte = u8::from(values.value(row));
            checksums.feed([byte]);
            out.push(byte);
        }
        Cells::Bytes(offsets, bytes) => {
            put_bytes(&bytes[range(offsets, row)], out, checksums);
        }
        Cells::Decimal128(values, scale) => put_decimal128(values[row], *scale, out, checksums),
        Cells::Decimal256(values, scale) => put_decimal256(values[row], *scale, out, checksums),
        Cells::Nanoseconds(values) => {
            // Seconds are floored, so that nanoseconds count forward before 1970 too.
            let seconds = values[row].div_euclid(NANOS_PER_SECOND);
            let nanos = values[row].rem_euclid(NANOS_PER_SECOND);
            put_integer(seconds, out, checksums);
            put_zigzag(out, nanos);
            checksums.feed((nanos as u32).to_le_bytes());
        }
        Cells::List(offsets, items) => put_list(items, range(offsets, row), out, checksums),
        Cells::Map(offsets, entries) => {
            put_list(&entries.0, range(offsets, row), out, checksums);
            put_list(&entries.1, range(offsets, row), out, checksums);
        }
        Cells::Struct(fields) => {
            for field in fields {
                put_part(field, row, out, checksums);
            }
        }
    }
}

/// Offsets of a valid array are never negative.
#[inline]
fn range(offsets: &[i32], row: usize) -> std::ops::Range<usize> {
    offsets[row] as usize..offsets[row + 1] as usize
}

fn put_list(
    items: &Source<'_>,
    range: std::ops::Range<usize>,
    out: &mut Vec<u8>,
    checksums: &mut Checksums,
) {
    put_varint(out, range.len() as u64);
    for index in range {
        put_part(items, index, out, checksums);
    }
}

fn put_part(source: &Source<'_>, index: usize, out: &mut Vec<u8>, checksums: &mut Checksums) {
    if source.is_null(index) {
        out.push(1);
    } else {
        out.push(0);
        put_value(source, index, out, checksums);
    }
}

#[inline]
fn put_integer(number: i64, out: &mut Vec<u8>, checksums: &mut Checksums) {
    checksums.feed(number.to_le_bytes());
    put_zigzag(out, number);
}

#[inline]
fn put_bytes(bytes: &[u8], out: &mut Vec<u8>, checksums: &mut Checksums) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
    checksums.feed_bytes(bytes);
}

fn put_decimal128(number: i128, scale: usize, out: &mut Vec<u8>, checksums: &mut Checksums) {
    let mut digits = itoa::Buffer::new();
    // The conversion of 64 bits is several times faster, and nearly every value fits.
    let digits = match u64::try_from(number.unsigned_abs()) {
        Ok(small) => digits.format(small),
        Err(_) => digits.format(number.unsigned_abs()),
    };
    let mut buffer = [0; 128];
    let text = decimal::format(&mut buffer, number < 0, digits.as_bytes(), scale);
    put_bytes(text, out, checksums);
}

fn put_decimal256(number: i256, scale: usize, out: &mut Vec<u8>, checksums: &mut Checksums) {
    if let Some(small) = number.to_i128() {
        return put_decimal128(small, scale, out, checksums);
    }
    let text = number.to_string();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.as_str()),
    };
    let mut buffer = [0; 128];
    let text = decimal::format(&mut buffer, negative, digits.as_bytes(), scale);
    put_bytes(text, out, checksums);
}
