//! The record stream as this server keeps it: checked once when it arrives, stored as it came, and cut at record
//! borders when it is read again.
//!
//! Storing the stream instead of decoded columns keeps every value that the wire can carry, also those that Arrow
//! cannot hold (text that is not UTF-8, timestamps outside 1677 to 2262), and makes a whole-table read a copy of
//! bytes. Nothing here builds typed values; `maxcompute::record` is the codec. Follows
//! section 7 of the protocol.

pub(crate) mod cursor;
mod ingest;
mod project;
pub(crate) mod value;
mod walk;

pub(crate) use ingest::{IngestError, ingest};
pub(crate) use project::Projection;
pub(crate) use walk::Layout;

use cursor::put_varint;

const END_OF_RECORD: u64 = 33_553_408;
const RECORD_COUNT: u64 = 33_554_430;
const CHECKSUM_OF_CHECKSUMS: u64 = 33_554_431;

/// Appends the element that ends a record.
pub(crate) fn put_record_end(out: &mut Vec<u8>, checksum: u32) {
    put_varint(out, END_OF_RECORD << 3);
    put_varint(out, u64::from(checksum));
}

/// The two elements that end a stream.
pub(crate) fn footer_bytes(row_count: u64, checksum: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(24);
    put_varint(&mut out, RECORD_COUNT << 3);
    put_varint(&mut out, row_count << 1);
    put_varint(&mut out, CHECKSUM_OF_CHECKSUMS << 3);
    put_varint(&mut out, u64::from(checksum));
    out
}
