//! Delimited text: CSV after RFC 4180 (<https://www.rfc-editor.org/rfc/rfc4180>) with the liberties of
//! PostgreSQL's `COPY ... CSV` and of DataX, and the unquoted text files of Hive.
//!
//! `dialect` holds the rules, `scan` finds rows and fields, `decode` turns them into batches, `cuts`
//! finds places where a file may be cut, `encode` writes.

mod cuts;
mod decode;
mod dialect;
mod encode;
mod scan;

pub(crate) use cuts::{cuts, lines};
pub(crate) use decode::CsvRows;
pub(crate) use dialect::{Dialect, NullRule, delimiter_of, single_byte};
pub(crate) use encode::CsvEncoder;
