//! Compression of whole files: gzip (<https://www.rfc-editor.org/rfc/rfc1952>) and Zstandard
//! (<https://www.rfc-editor.org/rfc/rfc8878>), streaming in both directions.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use schemars::JsonSchema;
use sdk::{Error, Kind, Result};
use serde::{Deserialize, Serialize};

const BUFFER: usize = 1 << 18;

/// How a file is compressed: text files as a whole, Parquet files page by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Compress {
    /// Not at all.
    None,
    /// Gzip, file names end in `.gz`.
    Gzip,
    /// Zstandard, file names end in `.zst`.
    Zstd,
    /// Snappy, inside Parquet files only.
    Snappy,
}

impl Compress {
    /// What the end of a file name says.
    pub(crate) fn guess(name: &str) -> Compress {
        Compress::apart(name).1
    }

    /// The file name without the end that stands for a compression, and the compression.
    pub(crate) fn apart(name: &str) -> (&str, Compress) {
        let (bare, end) = name.rsplit_once('.').unwrap_or((name, ""));
        match end.to_ascii_lowercase().as_str() {
            "gz" => (bare, Compress::Gzip),
            "zst" | "zstd" => (bare, Compress::Zstd),
            _ => (name, Compress::None),
        }
    }

    /// The usual end of a file name.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Compress::None | Compress::Snappy => "",
            Compress::Gzip => ".gz",
            Compress::Zstd => ".zst",
        }
    }
}

/// Opens a file and decompresses it as it is read.
pub(crate) fn open_input(path: &Path, compress: Compress) -> Result<Box<dyn Read + Send>> {
    let error = |error| super::read_error(&super::shown(path), error);
    let file = File::open(path).map_err(error)?;
    Ok(match compress {
        Compress::None => Box::new(file),
        Compress::Snappy => return Err(no_snappy()),
        Compress::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file))),
        Compress::Zstd => Box::new(zstd::stream::read::Decoder::new(file).map_err(error)?),
    })
}

/// The error for a text file in Snappy, whose framing differs from program to program.
pub(crate) fn no_snappy() -> Error {
    Error::new(
        Kind::Unsupported,
        "text files cannot be compressed with snappy",
    )
    .hint("use gzip or zstd")
}

/// A file being written, compressed on the way.
pub(crate) enum Output {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::stream::write::Encoder<'static, BufWriter<File>>),
}

impl Output {
    pub(crate) fn new(file: File, compress: Compress) -> io::Result<Output> {
        let buffered = BufWriter::with_capacity(BUFFER, file);
        Ok(match compress {
            // Snappy was refused with the parameters.
            Compress::None | Compress::Snappy => Output::Plain(buffered),
            Compress::Gzip => {
                Output::Gzip(GzEncoder::new(buffered, flate2::Compression::default()))
            }
            Compress::Zstd => Output::Zstd(zstd::stream::write::Encoder::new(
                buffered,
                zstd::DEFAULT_COMPRESSION_LEVEL,
            )?),
        })
    }

    /// Writes what is left and gives the file back.
    pub(crate) fn finish(self) -> io::Result<File> {
        let buffered = match self {
            Output::Plain(buffered) => buffered,
            Output::Gzip(encoder) => encoder.finish()?,
            Output::Zstd(encoder) => encoder.finish()?,
        };
        buffered
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Plain(output) => output.write(bytes),
            Output::Gzip(output) => output.write(bytes),
            Output::Zstd(output) => output.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Plain(output) => output.flush(),
            Output::Gzip(output) => output.flush(),
            Output::Zstd(output) => output.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_called_full() {
        for compress in [Compress::None, Compress::Gzip, Compress::Zstd] {
            let full = File::options().write(true).open("/dev/full").unwrap();
            let mut output = Output::new(full, compress).unwrap();
            let outcome = output.write_all(b"x").and_then(|()| output.finish());
            let error = super::super::write_error("out.csv", outcome.unwrap_err());
            assert_eq!(error.message(), "cannot write out.csv: no space is left");
            assert_eq!(error.retryable(), sdk::Retry::Never);
        }
    }
}
