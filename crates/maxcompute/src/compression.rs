//! Compression of Tunnel bodies, outside of the framing of records and Arrow messages.
//!
//! Owns the names of `PROTOCOL.md`, section 6.8. Decoding reads from a stream and holds one block, so
//! that its memory does not grow with the body.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

/// How a body is compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Compression {
    /// Not at all; the best on a local network.
    #[default]
    Raw,
    /// The zlib container of RFC 1950; every client and service has it.
    Deflate,
    /// Zstandard, RFC 8878.
    Zstd,
    /// The framing format of snappy.
    Snappy,
    /// The frame format of LZ4.
    Lz4,
    /// The same under the name that Arrow bodies use.
    OdpsLz4,
}

impl Compression {
    /// Every way, in no particular order.
    pub const ALL: [Compression; 6] = [
        Compression::Raw,
        Compression::Deflate,
        Compression::Zstd,
        Compression::Snappy,
        Compression::Lz4,
        Compression::OdpsLz4,
    ];

    /// The value of `Content-Encoding` and `Accept-Encoding`; a raw body has neither.
    pub fn content_encoding(self) -> Option<&'static str> {
        match self {
            Compression::Raw => None,
            Compression::Deflate => Some("deflate"),
            Compression::Zstd => Some("zstd"),
            Compression::Snappy => Some("x-snappy-framed"),
            Compression::Lz4 => Some("x-lz4-frame"),
            Compression::OdpsLz4 => Some("x-odps-lz4-frame"),
        }
    }

    /// Compresses a whole body.
    pub fn encode(self, body: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Compression::Raw => Ok(body.to_vec()),
            Compression::Deflate => {
                let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(body)?;
                encoder.finish()
            }
            Compression::Zstd => zstd::stream::encode_all(body, 1),
            Compression::Snappy => {
                let mut encoder = snap::write::FrameEncoder::new(Vec::new());
                encoder.write_all(body)?;
                encoder
                    .into_inner()
                    .map_err(|error| io::Error::other(error.to_string()))
            }
            Compression::Lz4 | Compression::OdpsLz4 => {
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder.write_all(body)?;
                encoder.finish().map_err(io::Error::other)
            }
        }
    }

    /// Decompresses what the reader yields.
    pub fn decoder<'a>(self, body: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(match self {
            Compression::Raw => Box::new(body),
            Compression::Deflate => Box::new(ZlibDecoder::new(body)),
            Compression::Zstd => Box::new(zstd::stream::read::Decoder::new(body)?),
            Compression::Snappy => Box::new(snap::read::FrameDecoder::new(body)),
            Compression::Lz4 | Compression::OdpsLz4 => {
                Box::new(lz4_flex::frame::FrameDecoder::new(body))
            }
        })
    }

    /// Decompresses a whole body of at most so many bytes; a longer one is an error.
    pub fn decode(self, body: &[u8], limit: u64) -> io::Result<Vec<u8>> {
        let mut decoded = Vec::new();
        self.decoder(body)?
            .take(limit.saturating_add(1))
            .read_to_end(&mut decoded)?;
        if decoded.len() as u64 > limit {
            return Err(io::Error::other(format!(
                "the body is longer than {limit} bytes"
            )));
        }
        Ok(decoded)
    }
}

/// A `Content-Encoding` that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownCompression(pub String);

impl fmt::Display for UnknownCompression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the content encoding `{}` is not known", self.0)
    }
}

impl std::error::Error for UnknownCompression {}

impl FromStr for Compression {
    type Err = UnknownCompression;

    /// Reads the value of `Content-Encoding`; empty text and `identity` mean raw.
    fn from_str(text: &str) -> Result<Compression, UnknownCompression> {
        let name = text.trim();
        if name.is_empty() || name.eq_ignore_ascii_case("identity") {
            return Ok(Compression::Raw);
        }
        Compression::ALL
            .into_iter()
            .find(|known| {
                known
                    .content_encoding()
                    .is_some_and(|known| known.eq_ignore_ascii_case(name))
            })
            .ok_or_else(|| UnknownCompression(name.to_owned()))
    }
}
