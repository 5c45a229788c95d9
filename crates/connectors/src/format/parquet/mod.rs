//! Apache Parquet (<https://parquet.apache.org/docs/file-format/>).

mod read;
mod write;

pub(crate) use read::{ParquetFile, ParquetPlan};
pub(crate) use write::{ParquetSettings, ParquetSink, target_type};
