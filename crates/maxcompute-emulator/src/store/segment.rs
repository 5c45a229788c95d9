//! One immutable file of rows.
//!
//! Layout: the records as they are on the wire, without a footer; then one entry per chunk (row and byte where the
//! chunk ends, counted from the file's begin, and the CRC-32C over its record checksums); then the number of chunks
//! and a magic word. The entries make a row range cheap to find, and let a whole chunk be sent without looking into
//! it: its checksum is combined into the footer's.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::record::put_record_end;

const MAGIC: &[u8; 8] = b"LSHSEG01";
const TRAILER_BYTES: u64 = 16;
const ENTRY_BYTES: usize = 20;
const CHUNK_BYTES: usize = 256 * 1024;

/// Writes one segment; a writer that is dropped unfinished leaves no file.
pub(crate) struct SegmentWriter {
    path: PathBuf,
    unfinished: PathBuf,
    file: BufWriter<File>,
    chunk: Vec<u8>,
    chunk_checksums: Vec<u8>,
    entries: Vec<u8>,
    row_count: u64,
    byte_count: u64,
    finished: bool,
}

impl SegmentWriter {
    /// Begins a segment that will appear at `path` when it is finished.
    pub(crate) fn create(path: PathBuf, unique: &str) -> io::Result<Self> {
        let unfinished = path.with_extension(format!("{unique}.part"));
        let file = BufWriter::new(File::create(&unfinished)?);
        Ok(Self {
            path,
            unfinished,
            file,
            chunk: Vec::with_capacity(CHUNK_BYTES + 4096),
            chunk_checksums: Vec::new(),
            entries: Vec::new(),
            row_count: 0,
            byte_count: 0,
            finished: false,
        })
    }

    /// Appends a record given by its fields.
    pub(crate) fn append(&mut self, fields: &[u8], checksum: u32) -> io::Result<()> {
        self.chunk.extend_from_slice(fields);
        put_record_end(&mut self.chunk, checksum);
        self.chunk_checksums
            .extend_from_slice(&checksum.to_le_bytes());
        self.row_count += 1;
        if self.chunk.len() >= CHUNK_BYTES {
            self.end_chunk()?;
        }
        Ok(())
    }

    fn end_chunk(&mut self) -> io::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        self.file.write_all(&self.chunk)?;
        self.byte_count += self.chunk.len() as u64;
        let checksum = crc32c::crc32c(&self.chunk_checksums);
        self.entries
            .extend_from_slice(&self.row_count.to_le_bytes());
        self.entries
            .extend_from_slice(&self.byte_count.to_le_bytes());
        self.entries.extend_from_slice(&checksum.to_le_bytes());
        self.chunk.clear();
        self.chunk_checksums.clear();
        Ok(())
    }

    /// Makes the segment appear, in place of one that was there before.
    pub(crate) fn finish(mut self) -> io::Result<Segment> {
        self.end_chunk()?;
        let chunk_count = (self.entries.len() / ENTRY_BYTES) as u64;
        self.file.write_all(&self.entries)?;
        self.file.write_all(&chunk_count.to_le_bytes())?;
        self.file.write_all(MAGIC)?;
        self.file.flush()?;
        fs::rename(&self.unfinished, &self.path)?;
        self.finished = true;
        Ok(Segment {
            path: self.path.clone(),
            row_count: self.row_count,
            byte_count: self.byte_count,
            doomed: AtomicBool::new(false),
        })
    }
}

impl Drop for SegmentWriter {
    fn drop(&mut self) {
        if !self.finished {
            // The name is unique, so a file that stays behind harms nobody and goes at the next start.
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}

/// A finished segment. Its file goes away when it is doomed and nobody reads it any more.
#[derive(Debug)]
pub(crate) struct Segment {
    path: PathBuf,
    row_count: u64,
    byte_count: u64,
    doomed: AtomicBool,
}

impl Segment {
    /// Opens a segment written earlier.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let chunks = Chunks::read(&path)?;
        let last = chunks.entries.last();
        Ok(Self {
            row_count: last.map_or(0, |entry| entry.end_row),
            byte_count: last.map_or(0, |entry| entry.end_byte),
            path,
            doomed: AtomicBool::new(false),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn row_count(&self) -> u64 {
        self.row_count
    }

    pub(crate) fn byte_count(&self) -> u64 {
        self.byte_count
    }

    /// Removes the file as soon as the last reader is gone.
    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn chunks(&self) -> io::Result<Chunks> {
        Chunks::read(&self.path)
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        if *self.doomed.get_mut() {
            // What cannot be removed now is removed at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// One chunk of a segment: the rows from the previous chunk's end to `end_row`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Chunk {
    pub(crate) end_row: u64,
    pub(crate) end_byte: u64,
    pub(crate) checksum: u32,
}

/// An open segment with its directory of chunks.
pub(crate) struct Chunks {
    file: File,
    entries: Vec<Chunk>,
}

impl Chunks {
    fn read(path: &Path) -> io::Result<Self> {
        let broken = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{} is no segment", path.display()),
            )
        };
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let trailer_at = length.checked_sub(TRAILER_BYTES).ok_or_else(broken)?;
        file.seek(SeekFrom::Start(trailer_at))?;
        let mut trailer = [0; TRAILER_BYTES as usize];
        file.read_exact(&mut trailer)?;
        let (count, magic) = trailer.split_at(8);
        if magic != MAGIC {
            return Err(broken());
        }
        let directory_bytes = u64_at(count, 0)
            .checked_mul(ENTRY_BYTES as u64)
            .filter(|bytes| *bytes <= trailer_at)
            .ok_or_else(broken)?;
        file.seek(SeekFrom::Start(trailer_at - directory_bytes))?;
        let mut directory = vec![0; directory_bytes as usize];
        file.read_exact(&mut directory)?;
        let mut entries = Vec::with_capacity(directory.len() / ENTRY_BYTES);
        for entry in directory.chunks_exact(ENTRY_BYTES) {
            entries.push(Chunk {
                end_row: u64_at(entry, 0),
                end_byte: u64_at(entry, 8),
                checksum: u32::from_le_bytes([entry[16], entry[17], entry[18], entry[19]]),
            });
        }
        Ok(Self { file, entries })
    }

    /// The index of the chunk that holds `row`.
    pub(crate) fn holding(&self, row: u64) -> usize {
        self.entries.partition_point(|entry| entry.end_row <= row)
    }

    /// A chunk and where it begins, or none behind the last one.
    pub(crate) fn get(&self, index: usize) -> Option<(Chunk, Chunk)> {
        let begin = match index.checked_sub(1) {
            Some(previous) => *self.entries.get(previous)?,
            None => Chunk::default(),
        };
        Some((begin, *self.entries.get(index)?))
    }

    /// Reads the records of one chunk into `buffer`.
    pub(crate) fn load(
        &mut self,
        begin: Chunk,
        end: Chunk,
        buffer: &mut Vec<u8>,
    ) -> io::Result<()> {
        buffer.resize((end.end_byte - begin.end_byte) as usize, 0);
        self.file.seek(SeekFrom::Start(begin.end_byte))?;
        self.file.read_exact(buffer)
    }
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}
