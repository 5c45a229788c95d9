//! Reading the primitive parts of the record stream from a slice that may end too early.

/// Why a walk over record bytes stopped.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The slice ends inside the element; with more bytes the walk may succeed.
    Short,
    /// No continuation makes these bytes a record stream.
    Malformed(String),
}

impl Halt {
    pub(crate) fn malformed(reason: impl Into<String>) -> Self {
        Self::Malformed(reason.into())
    }
}

pub(crate) type Walk<T> = Result<T, Halt>;

/// A position in a slice of record bytes.
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn take(&mut self, count: usize) -> Walk<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        if rest.len() < count {
            return Err(Halt::Short);
        }
        self.at += count;
        Ok(&rest[..count])
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Walk<u64> {
        let rest = &self.bytes[self.at..];
        if let Some(first) = rest.first()
            && *first < 0x80
        {
            self.at += 1;
            return Ok(u64::from(*first));
        }
        let mut value = 0;
        for (index, byte) in rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index as u32);
            if *byte < 0x80 {
                if index == 9 && *byte > 1 {
                    return Err(Halt::malformed("a varint has more than 64 bits"));
                }
                self.at += index + 1;
                return Ok(value);
            }
        }
        if rest.len() >= 10 {
            return Err(Halt::malformed("a varint has more than 10 bytes"));
        }
        Err(Halt::Short)
    }

    #[inline]
    pub(crate) fn zigzag(&mut self) -> Walk<i64> {
        let raw = self.varint()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// A checksum: some writers sign-extend it to ten bytes, and only the low half counts.
    pub(crate) fn checksum(&mut self) -> Walk<u32> {
        Ok(self.varint()? as u32)
    }
}

/// Appends `value` as a varint.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Halt, put_varint};

    #[test]
    fn varints_survive_the_way_there_and_back() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            assert_eq!(Cursor::new(&bytes).varint().expect("complete"), value);
            let cut = &bytes[..bytes.len() - 1];
            assert!(matches!(Cursor::new(cut).varint(), Err(Halt::Short)));
        }
    }

    #[test]
    fn endless_and_oversized_varints_are_refused() {
        assert!(matches!(
            Cursor::new(&[0xff; 11]).varint(),
            Err(Halt::Malformed(_))
        ));
        let mut wide = [0xff; 10];
        wide[9] = 2;
        assert!(matches!(
            Cursor::new(&wide).varint(),
            Err(Halt::Malformed(_))
        ));
    }
}
