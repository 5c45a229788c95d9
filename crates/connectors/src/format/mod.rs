//! File formats, whatever store the bytes lie in: CSV, JSON lines and Parquet.
//!
//! Reading order: `kind` names the types that text columns may have, `layout` says which fields
//! become which columns, `text` collects cells into batches, `parse` turns text into typed arrays and
//! `cell` does the reverse; `csv`, `json` and `parquet` are the formats themselves; `encoding` deals
//! with character sets. Where files lie and how they appear is the business of `store`.

pub(crate) mod background;
pub(crate) mod cell;
pub(crate) mod csv;
pub(crate) mod dates;
pub(crate) mod encoding;
pub(crate) mod json;
pub(crate) mod kind;
pub(crate) mod layout;
pub(crate) mod parquet;
pub(crate) mod parse;
pub(crate) mod text;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::store::Compress;

/// How the rows of a file are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FileFormat {
    /// Delimited text with quoting.
    Csv,
    /// Delimited text without any quoting, as Hive writes it.
    Text,
    /// One JSON object per line.
    Json,
    /// One JSON object per line.
    Jsonl,
    /// Apache Parquet.
    Parquet,
}

impl FileFormat {
    /// What the end of a file name says, compression suffix aside.
    pub(crate) fn guess(name: &str) -> Option<FileFormat> {
        let (_, suffix) = Compress::apart(name).0.rsplit_once('.')?;
        match suffix.to_ascii_lowercase().as_str() {
            "csv" | "tsv" => Some(FileFormat::Csv),
            "json" | "jsonl" | "ndjson" => Some(FileFormat::Jsonl),
            "parquet" | "pq" => Some(FileFormat::Parquet),
            _ => None,
        }
    }

    /// The usual end of a file name.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            FileFormat::Csv => ".csv",
            FileFormat::Text => ".txt",
            FileFormat::Json | FileFormat::Jsonl => ".jsonl",
            FileFormat::Parquet => ".parquet",
        }
    }
}

/// A number of bytes for people.
pub(crate) fn size(bytes: usize) -> String {
    if bytes.is_multiple_of(1 << 20) {
        format!("{} MiB", bytes >> 20)
    } else {
        format!("{bytes} bytes")
    }
}

/// A row that a format cannot represent, and why; the writer refuses it.
#[derive(Debug)]
pub(crate) struct RowFault {
    /// The column's position, if one is at fault.
    pub(crate) column: Option<usize>,
    /// What is wrong, without the value.
    pub(crate) reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_guessed_below_a_compression_suffix() {
        assert_eq!(FileFormat::guess("a.CSV.gz"), Some(FileFormat::Csv));
        assert_eq!(FileFormat::guess("a.b.ndjson.zst"), Some(FileFormat::Jsonl));
        assert_eq!(FileFormat::guess("a.jsonl.ZSTD"), Some(FileFormat::Jsonl));
        assert_eq!(FileFormat::guess("a.parquet"), Some(FileFormat::Parquet));
        assert_eq!(FileFormat::guess("a.dat"), None);
        assert_eq!(FileFormat::guess("csv"), None);
    }
}
