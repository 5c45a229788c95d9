//! The rules of one delimited file.

use sdk::{Error, Kind, Result};

use crate::store::Compress;

/// How fields are parted and quoted, and what stands for NULL.
#[derive(Debug, Clone)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    /// Ends a row; a carriage return before a line feed belongs to it.
    pub(crate) terminator: u8,
    pub(crate) quote: Option<u8>,
    /// Takes away the meaning of a quote inside a quoted field; the quote itself when doubled.
    pub(crate) escape: u8,
    pub(crate) null: NullRule,
    /// Blanks around unquoted fields do not count.
    pub(crate) trim: bool,
}

/// Which unquoted fields are NULL. A quoted field never is, so that NULL, the empty string and the
/// NULL text itself stay apart.
#[derive(Debug, Clone)]
pub(crate) struct NullRule {
    /// A field of exactly this text.
    pub(crate) text: Vec<u8>,
    /// An empty field as well.
    pub(crate) empty: bool,
}

impl NullRule {
    #[inline]
    pub(crate) fn is_null(&self, field: &[u8]) -> bool {
        match field.first() {
            None => self.empty || self.text.is_empty(),
            // Comparing whole fields costs a call, and the first byte mostly tells.
            Some(first) => self.text.first() == Some(first) && field == self.text,
        }
    }
}

impl Dialect {
    /// What most files are like.
    #[cfg(test)]
    pub(super) fn common() -> Dialect {
        Dialect {
            delimiter: b',',
            terminator: b'\n',
            quote: Some(b'"'),
            escape: b'"',
            null: NullRule {
                text: Vec::new(),
                empty: true,
            },
            trim: false,
        }
    }

    /// Refuses rules that contradict each other.
    pub(crate) fn checked(self) -> Result<Dialect> {
        let mut roles = vec![
            ("fieldDelimiter", self.delimiter),
            ("lineDelimiter", self.terminator),
        ];
        roles.extend(self.quote.map(|quote| ("quote", quote)));
        for (place, (role, byte)) in roles.iter().enumerate() {
            if let Some((other, _)) = roles[..place].iter().find(|(_, taken)| taken == byte) {
                return Err(Error::new(
                    Kind::Config,
                    format!("`{other}` and `{role}` are the same character"),
                ));
            }
        }
        if self.delimiter == b'\r' || self.delimiter == b'\n' {
            return Err(Error::new(
                Kind::Config,
                "`fieldDelimiter` cannot be a line end",
            ));
        }
        if self.escape == self.delimiter || self.escape == self.terminator {
            return Err(Error::new(
                Kind::Config,
                "`escape` cannot be the delimiter or a line end",
            ));
        }
        let clash = roles.iter().find(|(_, byte)| self.null.text.contains(byte));
        if let Some((role, _)) = clash {
            return Err(Error::new(
                Kind::Config,
                format!("`nullFormat` holds the character of `{role}`"),
            )
            .hint("choose a text that can stand in a file without quotes"));
        }
        Ok(self)
    }
}

/// The delimiter that the name of a file stands for.
pub(crate) fn delimiter_of(name: &str) -> u8 {
    let (bare, _) = Compress::apart(name);
    if bare.to_ascii_lowercase().ends_with(".tsv") {
        b'\t'
    } else {
        b','
    }
}

/// A single character of a job: itself, or written as `\t`, `\n`, `\r`, `\x01` or `\u0001`.
pub(crate) fn single_byte(key: &str, text: &str) -> Result<u8> {
    let byte = match text.as_bytes() {
        [byte] => Some(*byte),
        b"\\t" => Some(b'\t'),
        b"\\n" => Some(b'\n'),
        b"\\r" => Some(b'\r'),
        b"\\\\" => Some(b'\\'),
        [b'\\', b'x' | b'X' | b'u' | b'U', ..] => u8::from_str_radix(&text[2..], 16).ok(),
        _ => None,
    };
    byte.filter(u8::is_ascii).ok_or_else(|| {
        Error::new(
            Kind::Config,
            format!("`{key}` must be one ASCII character, not \"{text}\""),
        )
        .hint("write it as it is, or as `\\t` or `\\u0001`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_written_in_many_ways() {
        for (text, byte) in [
            (",", b','),
            ("\t", b'\t'),
            ("\\t", b'\t'),
            ("\\u0001", 1),
            ("\\x1f", 31),
            ("\\", b'\\'),
        ] {
            assert_eq!(single_byte("fieldDelimiter", text).ok(), Some(byte));
        }
        for wrong in ["", "||", "，", "\\u0100", "\\q"] {
            assert!(single_byte("fieldDelimiter", wrong).is_err(), "{wrong}");
        }
    }
}
