//! The binary form of COPY (<https://www.postgresql.org/docs/current/sql-copy.html>, "Binary Format"):
//! bytes to Arrow and back. Knows nothing of connections; sessions and statements are elsewhere.
//!
//! Both ways work on blocks of rows and column by column within a block. Reading first indexes where
//! the fields of a block lie, then every column gathers its own; writing first measures the fields,
//! then every column scatters its own into the rows. So no work is decided field by field, and every
//! check of outside lengths happens in one place, the index.

pub(crate) mod build;
pub(crate) mod decimal;
pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod field;
pub(crate) mod list;
pub(crate) mod numeric;
mod prepare;
pub(crate) mod text;

#[cfg(test)]
mod tests;

/// What every COPY stream begins with.
pub(crate) const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";

/// Rows that are indexed or measured together; their index stays within the first-level cache.
pub(crate) const BLOCK_ROWS: usize = 256;

/// Copies a field to a place of the same length. Most fields are a few bytes, for which a call to the
/// general copy costs more than the copy; two overlapping copies of fixed width do instead.
#[inline]
fn copy_field(to: &mut [u8], from: &[u8]) {
    fn overlap<const N: usize>(to: &mut [u8], from: &[u8]) {
        if let (Some(to), Some(from)) = (to.first_chunk_mut::<N>(), from.first_chunk::<N>()) {
            *to = *from;
        }
        if let (Some(to), Some(from)) = (to.last_chunk_mut::<N>(), from.last_chunk::<N>()) {
            *to = *from;
        }
    }
    match from.len() {
        0..4 => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        4..8 => overlap::<4>(to, from),
        8..16 => overlap::<8>(to, from),
        16..=32 => overlap::<16>(to, from),
        _ => to.copy_from_slice(from),
    }
}

/// Days and microseconds between the epochs of Unix and PostgreSQL (2000-01-01).
pub(crate) const EPOCH_DAYS: i32 = 10_957;
pub(crate) const EPOCH_MICROS: i64 = 946_684_800_000_000;
