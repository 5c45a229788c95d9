//! Compression of answers while they are written; `maxcompute::compression` knows the names and reads.

use std::io::{self, Write};

use maxcompute::compression::Compression;

/// The first compression of those the client accepts, raw if none is known.
pub(crate) fn accepted(header: Option<&str>) -> Compression {
    for item in header.unwrap_or_default().split(',') {
        let name = item.split(';').next().unwrap_or_default();
        if let Ok(found) = name.parse() {
            return found;
        }
    }
    Compression::Raw
}

/// Compresses what `produce` writes.
pub(crate) fn compress(
    compression: Compression,
    out: &mut dyn Write,
    produce: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    match compression {
        Compression::Raw => produce(out),
        Compression::Deflate => {
            let mut encoder = flate2::write::ZlibEncoder::new(out, flate2::Compression::fast());
            produce(&mut encoder)?;
            encoder.finish().map(|_| ())
        }
        Compression::Zstd => {
            let mut encoder = zstd::stream::write::Encoder::new(out, 1)?;
            produce(&mut encoder)?;
            encoder.finish().map(|_| ())
        }
        Compression::Snappy => {
            let mut encoder = snap::write::FrameEncoder::new(out);
            produce(&mut encoder)?;
            encoder.flush()
        }
        Compression::Lz4 | Compression::OdpsLz4 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(out);
            produce(&mut encoder)?;
            encoder.finish().map(|_| ()).map_err(io::Error::other)
        }
    }
}

#[cfg(test)]
mod tests {
    use maxcompute::compression::Compression;

    use super::{accepted, compress};

    #[test]
    fn every_compression_comes_back() {
        let text: Vec<u8> = (0..300_000_u32)
            .flat_map(|number| (number % 1000).to_le_bytes())
            .collect();
        for compression in Compression::ALL {
            let mut packed = Vec::new();
            compress(compression, &mut packed, |out| out.write_all(&text)).expect("packs");
            let unpacked = compression.decode(&packed, 2_000_000).expect("unpacks");
            assert!(unpacked == text, "{compression:?}");
            assert_eq!(packed.len() < text.len(), compression != Compression::Raw);
        }
    }

    #[test]
    fn the_first_known_name_is_taken() {
        assert_eq!(accepted(None), Compression::Raw);
        assert_eq!(accepted(Some("gzip, zstd;q=1, deflate")), Compression::Zstd);
        assert_eq!(accepted(Some("gzip")), Compression::Raw);
    }
}
