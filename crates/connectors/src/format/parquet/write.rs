//! Writes Parquet files. Row groups end at a number of rows or bytes, so that memory stays bounded.

use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, GzipLevel, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use arrow_array::RecordBatch;
use arrow_schema::{DataType, IntervalUnit, Schema};
use sdk::{Error, Result};

use crate::store::Compress;

/// Encoded bytes that a row group may hold in memory before it is written.
const ROW_GROUP_BYTES: usize = 64 << 20;

/// A column gives its dictionary up when it grows beyond this. At a tenth of the library's usual limit,
/// columns of mostly different values encode a third faster and come out slightly smaller, and columns
/// of some thousand different values keep their dictionary.
const DICTIONARY_BYTES: usize = 128 << 10;

/// What a job can choose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ParquetSettings {
    pub(crate) compress: Compress,
    /// Rows per row group.
    pub(crate) row_group_rows: usize,
}

/// The type that a source column is written with: its own, unless Parquet has no place for it.
pub(crate) fn target_type(source: &DataType) -> DataType {
    match source {
        DataType::Interval(IntervalUnit::MonthDayNano) | DataType::Null => DataType::Utf8,
        other => other.clone(),
    }
}

/// One file being written.
pub(crate) struct ParquetSink {
    writer: ArrowWriter<BufWriter<File>>,
    name: String,
}

impl ParquetSink {
    pub(crate) fn new(
        file: File,
        name: &str,
        schema: &Arc<Schema>,
        settings: ParquetSettings,
    ) -> Result<ParquetSink> {
        let compression = match settings.compress {
            Compress::Zstd => Compression::ZSTD(ZstdLevel::default()),
            Compress::Snappy => Compression::SNAPPY,
            Compress::Gzip => Compression::GZIP(GzipLevel::default()),
            Compress::None => Compression::UNCOMPRESSED,
        };
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_max_row_group_row_count(Some(settings.row_group_rows))
            .set_dictionary_page_size_limit(DICTIONARY_BYTES)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_created_by("longshore".to_string())
            .build();
        let buffered = BufWriter::with_capacity(1 << 20, file);
        let writer = ArrowWriter::try_new(buffered, schema.clone(), Some(properties))
            .map_err(|error| failed(name, error))?;
        Ok(ParquetSink {
            writer,
            name: name.to_string(),
        })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let failed = |error| failed(&self.name, error);
        self.writer.write(batch).map_err(failed)?;
        if self.writer.in_progress_size() > ROW_GROUP_BYTES {
            self.writer.flush().map_err(failed)?;
        }
        Ok(())
    }

    /// Writes the footer and gives the file back.
    pub(crate) fn finish(self) -> Result<File> {
        let name = self.name;
        let buffered = self
            .writer
            .into_inner()
            .map_err(|error| failed(&name, error))?;
        buffered
            .into_inner()
            .map_err(|error| crate::store::write_error(&name, error.into_error()))
    }
}

fn failed(name: &str, error: ParquetError) -> Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(error) => crate::store::write_error(name, *error),
            Err(cause) => Error::internal(format!("cannot encode {name} as Parquet")).source(cause),
        },
        error => Error::internal(format!("cannot encode {name} as Parquet")).source(error),
    }
}
