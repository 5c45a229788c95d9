//! Primitives of the record stream: varints, tags, special fields, checksums.
//!
//! Owns nothing about types or columns. Numbers are those of `FORMATS.md`, sections 7.1, 7.2 and 7.5.

use crate::types::Type;

pub(super) const END_OF_RECORD: u32 = (1 << 25) - 1024;
pub(super) const END_OF_METRICS: u32 = (1 << 25) - 256;
pub(super) const RECORD_COUNT: u32 = (1 << 25) - 2;
pub(super) const STREAM_CHECKSUM: u32 = (1 << 25) - 1;

pub(super) const VARINT: u32 = 0;
pub(super) const EIGHT_BYTES: u32 = 1;
pub(super) const DELIMITED: u32 = 2;
pub(super) const FOUR_BYTES: u32 = 5;

pub(super) const NANOS_PER_SECOND: i64 = 1_000_000_000;

pub(super) fn tag(field: u32, wire_type: u32) -> u32 {
    field << 3 | wire_type
}

/// The wire type that announces a value of this type.
pub(super) fn wire_type(r#type: &Type) -> u32 {
    match r#type {
        Type::TinyInt
        | Type::SmallInt
        | Type::Int
        | Type::BigInt
        | Type::Boolean
        | Type::Date
        | Type::Datetime
        | Type::IntervalYearMonth => VARINT,
        Type::Float => FOUR_BYTES,
        Type::Double => EIGHT_BYTES,
        _ => DELIMITED,
    }
}

/// Why reading stopped.
#[derive(Debug)]
pub(super) enum Stop {
    /// The bytes so far are good, but the element is not complete.
    NeedMore,
    /// The stream does not follow the format.
    Broken(String),
}

pub(super) fn broken<T>(reason: &str) -> Result<T, Stop> {
    Err(Stop::Broken(reason.to_owned()))
}

/// A position in bytes that have arrived.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) position: usize,
}

impl<'a> Reader<'a> {
    #[inline]
    pub(super) fn varint(&mut self) -> Result<u64, Stop> {
        let rest = &self.bytes[self.position..];
        match rest.first() {
            Some(&byte) if byte < 0x80 => {
                self.position += 1;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Stop> {
        let rest = &self.bytes[self.position..];
        let mut number = 0_u64;
        for (index, &byte) in rest.iter().take(10).enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                if index == 9 && byte > 1 {
                    return broken("a number of more than 64 bits");
                }
                self.position += index + 1;
                return Ok(number);
            }
        }
        if rest.len() < 10 {
            Err(Stop::NeedMore)
        } else {
            broken("a number of more than ten bytes")
        }
    }

    #[inline]
    pub(super) fn zigzag(&mut self) -> Result<i64, Stop> {
        let number = self.varint()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Stop> {
        let bytes = self.bytes;
        match bytes.get(self.position..self.position + length) {
            Some(taken) => {
                self.position += length;
                Ok(taken)
            }
            None => Err(Stop::NeedMore),
        }
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        match self.bytes[self.position..].first_chunk::<N>() {
            Some(chunk) => {
                self.position += N;
                Ok(*chunk)
            }
            None => Err(Stop::NeedMore),
        }
    }

    /// A checksum on the wire. Some writers extend its sign to 64 bits; only the low half counts.
    #[inline]
    pub(super) fn checksum(&mut self) -> Result<u32, Stop> {
        Ok(self.varint()? as u32)
    }
}

#[inline]
pub(super) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    if number < 0x80 {
        out.push(number as u8);
        return;
    }
    let mut bytes = [0_u8; 10];
    let mut length = 0;
    while number >= 0x80 {
        bytes[length] = number as u8 | 0x80;
        number >>= 7;
        length += 1;
    }
    bytes[length] = number as u8;
    out.extend_from_slice(&bytes[..=length]);
}

#[inline]
pub(super) fn put_zigzag(out: &mut Vec<u8>, number: i64) {
    put_varint(out, (number << 1 ^ number >> 63) as u64);
}

/// Values of at least this length are hashed where they are instead of being copied first.
const LONG_VALUE: usize = 512;

/// Checksums of the record at hand and of the records so far.
///
/// The bytes of a record are collected and hashed at its end, because a call for each piece of a
/// few bytes costs more than the hash itself.
#[derive(Default)]
pub(super) struct Checksums {
    pending: Vec<u8>,
    record: u32,
    pending_records: Vec<u8>,
    stream: u32,
}

impl Checksums {
    #[inline]
    pub(super) fn feed<const N: usize>(&mut self, bytes: [u8; N]) {
        self.pending.extend_from_slice(&bytes);
    }

    #[inline]
    pub(super) fn feed_bytes(&mut self, bytes: &[u8]) {
        if bytes.len() < LONG_VALUE {
            self.pending.extend_from_slice(bytes);
        } else {
            self.flush();
            self.record = crc32c::crc32c_append(self.record, bytes);
        }
    }

    fn flush(&mut self) {
        self.record = crc32c::crc32c_append(self.record, &self.pending);
        self.pending.clear();
    }

    /// Where a value begins; [`Checksums::rewind`] forgets what was fed since, as long as that was
    /// not a whole value.
    #[inline]
    pub(super) fn mark(&self) -> usize {
        self.pending.len()
    }

    #[inline]
    pub(super) fn rewind(&mut self, mark: usize) {
        self.pending.truncate(mark);
    }

    /// Ends the record and returns its checksum.
    #[inline]
    pub(super) fn end_record(&mut self) -> u32 {
        self.flush();
        let checksum = std::mem::take(&mut self.record);
        self.pending_records
            .extend_from_slice(&checksum.to_le_bytes());
        if self.pending_records.len() >= LONG_VALUE {
            self.end_records();
        }
        checksum
    }

    /// The checksum over the checksums of all records so far.
    pub(super) fn end_records(&mut self) -> u32 {
        self.stream = crc32c::crc32c_append(self.stream, &self.pending_records);
        self.pending_records.clear();
        self.stream
    }
}
