//! Taking in a record stream that somebody sent: every checksum, the footer and the value ranges are verified before
//! a single row counts as received.

use std::fmt;
use std::io::{self, Read};

use super::cursor::Halt;
use super::value::Checksum;
use super::walk::{Layout, Step};
use crate::store::SegmentWriter;

/// The service limits a record to 200 MB; more than this is not buffered.
const MAX_RECORD_BYTES: usize = 256 * 1024 * 1024;
const READ_BYTES: usize = 256 * 1024;

/// Why a stream was not taken in.
#[derive(Debug)]
pub(crate) enum IngestError {
    /// The sender stopped before the footer.
    Cut,
    /// The bytes are no record stream for these columns.
    Malformed(String),
    /// Reading from the sender or its decompression failed.
    Read(io::Error),
    /// The data folder refused the rows.
    Store(io::Error),
}

impl fmt::Display for IngestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => formatter.write_str("the stream ends before its footer"),
            Self::Malformed(reason) => formatter.write_str(reason),
            Self::Read(error) => write!(formatter, "the body cannot be read: {error}"),
            Self::Store(error) => write!(formatter, "the rows cannot be stored: {error}"),
        }
    }
}

/// Appends the rows of one stream to `writer` and returns how many there were.
pub(crate) fn ingest(
    layout: &Layout,
    input: &mut impl Read,
    writer: &mut SegmentWriter,
) -> Result<u64, IngestError> {
    let mut window = Window::default();
    let mut checksum = Checksum::default();
    let mut row_count = 0;
    let mut running = RunningChecksum::default();
    loop {
        match layout.verify(window.unread(), &mut checksum) {
            Ok(Step::Record(record)) => {
                let fields = &window.unread()[..record.field_bytes];
                writer
                    .append(fields, record.checksum)
                    .map_err(IngestError::Store)?;
                running.feed(record.checksum);
                row_count += 1;
                window.consume(record.byte_count);
            }
            Ok(Step::Footer(footer)) => {
                window.consume(footer.byte_count);
                if footer.row_count != row_count as i64 {
                    return Err(IngestError::Malformed(format!(
                        "the footer counts {} records, there are {row_count}",
                        footer.row_count
                    )));
                }
                if footer.checksum != running.finish() {
                    return Err(IngestError::Malformed(
                        "the footer's checksum is wrong".into(),
                    ));
                }
                if !window.unread().is_empty() || window.fill(input)? > 0 {
                    return Err(IngestError::Malformed("bytes follow the footer".into()));
                }
                return Ok(row_count);
            }
            Err(Halt::Malformed(reason)) => {
                return Err(IngestError::Malformed(format!(
                    "record {}: {reason}",
                    row_count + 1
                )));
            }
            Err(Halt::Short) => {
                if window.fill(input)? == 0 {
                    return Err(IngestError::Cut);
                }
            }
        }
    }
}

/// The footer's checksum, computed over many record checksums at a time.
#[derive(Default)]
struct RunningChecksum {
    crc: u32,
    pending: Vec<u8>,
}

impl RunningChecksum {
    fn feed(&mut self, checksum: u32) {
        self.pending.extend_from_slice(&checksum.to_le_bytes());
        if self.pending.len() >= 4096 {
            self.crc = self.finish();
            self.pending.clear();
        }
    }

    fn finish(&self) -> u32 {
        crc32c::crc32c_append(self.crc, &self.pending)
    }
}

/// The bytes read ahead.
#[derive(Default)]
struct Window {
    bytes: Vec<u8>,
    start: usize,
}

impl Window {
    fn unread(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
    }

    /// Reads more. A record that did not fit is walked from its beginning again, so the window at least doubles each
    /// time, which keeps the whole work linear.
    fn fill(&mut self, input: &mut impl Read) -> Result<usize, IngestError> {
        self.bytes.drain(..self.start);
        self.start = 0;
        let kept = self.bytes.len();
        if kept > MAX_RECORD_BYTES {
            return Err(IngestError::Malformed(format!(
                "a record has more than {MAX_RECORD_BYTES} bytes"
            )));
        }
        let wanted = kept + kept.max(READ_BYTES);
        self.bytes.resize(wanted, 0);
        let mut filled = kept;
        while filled < wanted {
            match input.read(&mut self.bytes[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(IngestError::Read(error)),
            }
        }
        self.bytes.truncate(filled);
        Ok(filled - kept)
    }
}
