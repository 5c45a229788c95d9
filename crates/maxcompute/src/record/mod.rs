//! The record stream, default body of Tunnel reads and writes, straight to and from Arrow arrays.
//!
//! Owns the format of `FORMATS.md`, section 7: values, checksums, footer. Compression is outside of
//! it ([`crate::compression`]), and so is the transport. Both directions work on whole columns; a row
//! costs no allocation and one call of the checksum.

use std::fmt;

use arrow_array::RecordBatch;

mod check;
mod columns;
mod decimal;
mod decode;
mod encode;
mod leaf;
mod nested;
mod source;
mod wire;

pub use check::{MAX_FIELD_BYTES, check, check_with_limit};
pub use decode::Decoder;
pub use encode::Encoder;

/// A cell that its target cannot hold; its row is a dirty row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCell {
    /// Position of the row in its batch.
    pub row: usize,
    /// Position of the column in its batch.
    pub column: usize,
    /// What is wrong, in words, without the value.
    pub reason: String,
}

/// Rows that were decoded, and the cells among them that Arrow cannot hold.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// The rows. A bad cell is null here; inside a nested cell only the bad part is null.
    pub batch: RecordBatch,
    /// In the order of the stream, except that invalid UTF-8 comes last. A nested cell may be named
    /// more than once.
    pub bad_cells: Vec<BadCell>,
}

/// What broke a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeErrorKind {
    /// The body ended before its footer.
    Truncated,
    /// The bytes do not follow the format, or a checksum or count differs.
    Corrupt,
}

/// A stream that cannot be trusted. Rows delivered before passed their checksums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// What happened.
    pub kind: DecodeErrorKind,
    /// Offset in the uncompressed body.
    pub position: u64,
    /// What was found, in words.
    pub reason: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            DecodeErrorKind::Truncated => "cut off",
            DecodeErrorKind::Corrupt => "damaged",
        };
        write!(
            f,
            "the stream is {kind} at byte {}: {}",
            self.position, self.reason
        )
    }
}

impl std::error::Error for DecodeError {}

/// A batch whose columns are not the ones that the encoder was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodeError(pub(crate) String);

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EncodeError {}
