//! Reading a range of rows out of segments as one complete record stream.

use std::io::{self, Write};
use std::sync::Arc;

use super::segment::{Chunk, Segment};
use crate::record::cursor::Halt;
use crate::record::{Layout, Projection, footer_bytes};

/// Rows `start` to `start + count` of a transfer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowRange {
    pub(crate) start: u64,
    pub(crate) count: u64,
}

/// Writes the rows of `range` and a footer to `out`. Without a projection all columns are sent, and whole chunks are
/// copied without looking into them.
pub(crate) fn write_rows(
    segments: &[Arc<Segment>],
    layout: &Layout,
    range: RowRange,
    projection: Option<Projection>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sender = Sender {
        layout,
        projection,
        out,
        sent: 0,
        checksum: 0,
        scratch: Vec::new(),
    };
    let mut first_row = 0;
    let mut buffer = Vec::new();
    for segment in segments {
        let end_row = first_row + segment.row_count();
        let wanted_start = range.start.max(first_row);
        let wanted_end = (range.start + range.count).min(end_row);
        if wanted_start < wanted_end {
            let mut chunks = segment.chunks()?;
            let (start, end) = (wanted_start - first_row, wanted_end - first_row);
            let mut index = chunks.holding(start);
            while let Some((begin, chunk)) = chunks.get(index) {
                if begin.end_row >= end {
                    break;
                }
                chunks.load(begin, chunk, &mut buffer)?;
                sender.send_chunk(&buffer, begin, chunk, start..end)?;
                index += 1;
            }
        }
        first_row = end_row;
    }
    if sender.sent != range.count {
        return Err(io::Error::other(
            "a segment has fewer rows than its directory says",
        ));
    }
    let footer = footer_bytes(sender.sent, sender.checksum);
    sender.out.write_all(&footer)
}

struct Sender<'a> {
    layout: &'a Layout,
    projection: Option<Projection>,
    out: &'a mut dyn Write,
    sent: u64,
    checksum: u32,
    scratch: Vec<u8>,
}

impl Sender<'_> {
    fn send_chunk(
        &mut self,
        bytes: &[u8],
        begin: Chunk,
        chunk: Chunk,
        wanted: std::ops::Range<u64>,
    ) -> io::Result<()> {
        let whole = begin.end_row >= wanted.start && chunk.end_row <= wanted.end;
        if whole && self.projection.is_none() {
            let row_count = chunk.end_row - begin.end_row;
            let checksum_bytes = row_count as usize * 4;
            self.checksum = crc32c::crc32c_combine(self.checksum, chunk.checksum, checksum_bytes);
            self.sent += row_count;
            return self.out.write_all(bytes);
        }
        let mut at = 0;
        let mut checksums = Vec::new();
        self.scratch.clear();
        for row in begin.end_row..chunk.end_row.min(wanted.end) {
            let rest = &bytes[at..];
            if row < wanted.start {
                at += self.layout.skip(rest).map_err(broken)?.byte_count;
                continue;
            }
            let checksum = match &mut self.projection {
                Some(projection) => {
                    let (read, checksum) = projection
                        .apply(self.layout, rest, &mut self.scratch)
                        .map_err(broken)?;
                    at += read;
                    checksum
                }
                None => {
                    let record = self.layout.skip(rest).map_err(broken)?;
                    self.scratch.extend_from_slice(&rest[..record.byte_count]);
                    at += record.byte_count;
                    record.checksum
                }
            };
            checksums.extend_from_slice(&checksum.to_le_bytes());
            self.sent += 1;
        }
        self.checksum = crc32c::crc32c_append(self.checksum, &checksums);
        self.out.write_all(&self.scratch)
    }
}

/// Stored rows were verified when they came in, so this is damage on the disk.
fn broken(halt: Halt) -> io::Error {
    let reason = match halt {
        Halt::Short => "a record ends too early".to_owned(),
        Halt::Malformed(reason) => reason,
    };
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("a stored segment is damaged: {reason}"),
    )
}
