//! Character sets of text files: everything is UTF-8 inside, and converted on the way in and out.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, EncoderResult};
use sdk::{Error, Kind, Result};

/// A byte that is not UTF-8 anywhere. It takes the place of input that is not valid in the file's
/// encoding, so that exactly the row that holds it is found unreadable later.
const INVALID: u8 = 0xFF;
const CHUNK: usize = 1 << 16;

/// A character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    /// ISO 8859-1 proper: each byte is the character of that number. The web's standard, which
    /// `encoding_rs` follows, means windows-1252 by this name.
    Latin1,
    Other(&'static encoding_rs::Encoding),
}

impl Encoding {
    /// The encoding of a name such as `utf-8`, `gbk`, `gb18030`, `latin1`, `utf-16le`.
    pub(crate) fn named(name: &str) -> Result<Encoding> {
        let folded = name.trim().to_ascii_lowercase();
        if matches!(
            folded.as_str(),
            "latin1" | "latin-1" | "iso-8859-1" | "iso8859-1" | "iso_8859_1"
        ) {
            return Ok(Encoding::Latin1);
        }
        let folded = if folded == "utf8mb4" {
            "utf-8"
        } else {
            &folded
        };
        match encoding_rs::Encoding::for_label(folded.as_bytes()) {
            Some(encoding) if encoding == encoding_rs::UTF_8 => Ok(Encoding::Utf8),
            Some(encoding) => Ok(Encoding::Other(encoding)),
            None => Err(
                Error::new(Kind::Config, format!("unknown encoding \"{name}\""))
                    .hint("use utf-8, gbk, gb18030, big5, shift_jis, euc-kr, utf-16le, latin1 or windows-1252"),
            ),
        }
    }

    /// Refuses encodings that can be read but not written.
    pub(crate) fn writable(self) -> Result<Encoding> {
        match self {
            Encoding::Other(encoding) if encoding.output_encoding() != encoding => Err(Error::new(
                Kind::Unsupported,
                format!("cannot write files in {}", encoding.name()),
            )
            .hint("write utf-8")),
            encoding => Ok(encoding),
        }
    }

    /// The input as UTF-8, a byte order mark taken away.
    pub(crate) fn decode(self, input: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        match self {
            Encoding::Utf8 => Box::new(WithoutMark {
                input,
                state: MarkState::Unread,
            }),
            Encoding::Latin1 => Box::new(Transcoder::new(input, None)),
            Encoding::Other(encoding) => {
                Box::new(Transcoder::new(input, Some(encoding.new_decoder())))
            }
        }
    }

    /// Converts the UTF-8 text from `start` on, or says that a character has no place in it.
    pub(crate) fn encode(self, out: &mut Vec<u8>, start: usize) -> std::result::Result<(), String> {
        let encoding = match self {
            Encoding::Utf8 => return Ok(()),
            Encoding::Latin1 => None,
            Encoding::Other(encoding) => Some(encoding),
        };
        let text = out.split_off(start);
        let text = std::str::from_utf8(&text).map_err(|error| error.to_string())?;
        let Some(encoding) = encoding else {
            for character in text.chars() {
                let byte = u8::try_from(u32::from(character))
                    .map_err(|_| "holds a character that latin1 does not have".to_string())?;
                out.push(byte);
            }
            return Ok(());
        };
        let mut encoder = encoding.new_encoder();
        let room = encoder
            .max_buffer_length_from_utf8_without_replacement(text.len())
            .ok_or("is too long")?;
        let mut bytes = vec![0; room];
        let (result, _, written) =
            encoder.encode_from_utf8_without_replacement(text, &mut bytes, true);
        if let EncoderResult::Unmappable(_) = result {
            return Err(format!(
                "holds a character that {} does not have",
                encoding.name()
            ));
        }
        out.extend_from_slice(&bytes[..written]);
        Ok(())
    }
}

enum MarkState {
    Unread,
    /// The first bytes, which were not a mark, and how many of them were handed out.
    Held([u8; 3], usize, usize),
    Passed,
}

/// UTF-8 input without its byte order mark.
struct WithoutMark {
    input: Box<dyn Read + Send>,
    state: MarkState,
}

impl Read for WithoutMark {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let MarkState::Unread = self.state {
            let mut first = [0; 3];
            let mut length = 0;
            while length < first.len() {
                match self.input.read(&mut first[length..])? {
                    0 => break,
                    more => length += more,
                }
            }
            self.state = if first == *b"\xEF\xBB\xBF" && length == 3 {
                MarkState::Passed
            } else {
                MarkState::Held(first, 0, length)
            };
        }
        if let MarkState::Held(first, done, length) = &mut self.state
            && *done < *length
        {
            let count = (*length - *done).min(out.len());
            out[..count].copy_from_slice(&first[*done..*done + count]);
            *done += count;
            return Ok(count);
        }
        self.input.read(out)
    }
}

/// Turns another encoding into UTF-8 as it is read.
struct Transcoder {
    input: Box<dyn Read + Send>,
    /// None for latin1.
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    text: Vec<u8>,
    served: usize,
    ended: bool,
}

impl Transcoder {
    fn new(input: Box<dyn Read + Send>, decoder: Option<Decoder>) -> Self {
        Transcoder {
            input,
            decoder,
            raw: vec![0; CHUNK],
            text: Vec::new(),
            served: 0,
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        let length = self.input.read(&mut self.raw)?;
        self.ended = length == 0;
        self.text.clear();
        self.served = 0;
        let mut raw = &self.raw[..length];
        let Some(decoder) = &mut self.decoder else {
            self.text.resize(2 * length, 0);
            let written = encoding_rs::mem::convert_latin1_to_utf8(raw, &mut self.text);
            self.text.truncate(written);
            return Ok(());
        };
        loop {
            let start = self.text.len();
            let room = decoder
                .max_utf8_buffer_length_without_replacement(raw.len())
                .unwrap_or(4 * CHUNK);
            self.text.resize(start + room, 0);
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(
                raw,
                &mut self.text[start..],
                self.ended,
            );
            self.text.truncate(start + written);
            raw = &raw[read..];
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.text.push(INVALID),
            }
        }
    }
}

impl Read for Transcoder {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.served == self.text.len() {
            if self.ended {
                return Ok(0);
            }
            self.refill()?;
        }
        let count = out.len().min(self.text.len() - self.served);
        out[..count].copy_from_slice(&self.text[self.served..self.served + count]);
        self.served += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(name: &str, bytes: &'static [u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut input = Encoding::named(name).unwrap().decode(Box::new(bytes));
        input.read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn text_of_many_encodings_becomes_utf8() {
        assert_eq!(decoded("gbk", b"\xD6\xD0\xCE\xC4,a"), "中文,a".as_bytes());
        assert_eq!(decoded("latin1", b"\xE9\x80"), "é\u{80}".as_bytes());
        assert_eq!(decoded("utf-8", b"\xEF\xBB\xBFa"), b"a");
        assert_eq!(decoded("utf-8", b"ab"), b"ab");
        assert_eq!(decoded("utf-16le", b"\xFF\xFEa\0"), b"a");
        assert_eq!(decoded("gbk", b"a\xFF\xFFb,\xD6"), b"a\xFF\xFFb,\xFF");
    }

    #[test]
    fn text_is_written_or_refused() {
        let gbk = Encoding::named("GBK").unwrap().writable().unwrap();
        let mut out = b"kept".to_vec();
        out.extend_from_slice("中".as_bytes());
        assert_eq!(gbk.encode(&mut out, 4), Ok(()));
        assert_eq!(out, b"kept\xD6\xD0");
        let mut out = "😀".as_bytes().to_vec();
        assert!(Encoding::Latin1.encode(&mut out, 0).is_err());
        assert!(Encoding::named("utf-16").unwrap().writable().is_err());
        assert!(Encoding::named("klingon").is_err());
    }
}
