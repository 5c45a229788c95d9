//! Writes rows as delimited text so that reading them back gives the same values: whatever could be
//! mistaken is quoted, and without quoting it is refused.

use super::{Dialect, NullRule};
use crate::format::RowFault;
use crate::format::cell::Cells;

/// Writes rows of one file.
pub(crate) struct CsvEncoder {
    delimiter: u8,
    line_end: &'static [u8],
    quote: Option<u8>,
    escape: u8,
    null: Vec<u8>,
    /// Bytes that force a field to be quoted.
    special: [bool; 256],
    /// Numbers, dates and the like never hold a special byte.
    plain_safe: bool,
}

/// The bytes that values other than text can consist of.
const PLAIN: &[u8] = b"0123456789+-.: \\abcdefghijklmnopqrstuvwxyzINPTYMDHSZ";

impl CsvEncoder {
    /// Rows end with `line_end`, which the terminator of the dialect is the last byte of.
    pub(crate) fn new(dialect: &Dialect, line_end: &'static [u8]) -> Self {
        let mut special = [false; 256];
        for byte in [dialect.delimiter, dialect.terminator, b'\n', b'\r'] {
            special[usize::from(byte)] = true;
        }
        if let Some(quote) = dialect.quote {
            special[usize::from(quote)] = true;
        }
        let NullRule { text, .. } = &dialect.null;
        let plain_safe = !PLAIN.iter().any(|byte| special[usize::from(*byte)])
            && (text.is_empty() || text.iter().any(|byte| !PLAIN.contains(byte)) || text == b"\\N");
        CsvEncoder {
            delimiter: dialect.delimiter,
            line_end,
            quote: dialect.quote,
            escape: dialect.escape,
            null: text.clone(),
            special,
            plain_safe,
        }
    }

    /// The header line.
    pub(crate) fn header(&self, names: &[String], out: &mut Vec<u8>) -> Result<(), RowFault> {
        for (column, name) in names.iter().enumerate() {
            if column > 0 {
                out.push(self.delimiter);
            }
            let start = out.len();
            out.extend_from_slice(name.as_bytes());
            self.protect(start, column, out)?;
        }
        out.extend_from_slice(self.line_end);
        Ok(())
    }

    /// One row; what was written of a refused one is for the caller to take back.
    #[inline]
    pub(crate) fn row(
        &self,
        cells: &[Cells],
        row: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        for (column, cell) in cells.iter().enumerate() {
            if column > 0 {
                out.push(self.delimiter);
            }
            if cell.is_null(row) {
                out.extend_from_slice(&self.null);
                continue;
            }
            let start = out.len();
            cell.write(row, out).map_err(|reason| RowFault {
                column: Some(column),
                reason,
            })?;
            if !(self.plain_safe && cell.is_plain()) {
                self.protect(start, column, out)?;
            }
        }
        out.extend_from_slice(self.line_end);
        Ok(())
    }

    /// Quotes the field that begins at `start` if it could be mistaken for something else.
    fn protect(&self, start: usize, column: usize, out: &mut Vec<u8>) -> Result<(), RowFault> {
        let field = &out[start..];
        let special = field.iter().any(|byte| self.special[usize::from(*byte)]);
        // At the beginning of a file this character would be taken for its mark and dropped.
        let marked = column == 0 && field.starts_with("\u{feff}".as_bytes());
        let Some(quote) = self.quote else {
            if special || marked || field == self.null {
                return Err(RowFault {
                    column: Some(column),
                    reason: "cannot be written without quoting, since it holds a delimiter or a line end, begins with a byte order mark, or equals the NULL text".to_string(),
                });
            }
            return Ok(());
        };
        // The empty string is quoted always, since many readers take an empty field for NULL, and
        // blanks at the ends are, since some readers drop them.
        let risky = match field {
            [] => true,
            [first, ..] if first.is_ascii_whitespace() => true,
            [.., last] if last.is_ascii_whitespace() => true,
            _ => false,
        };
        if !special && !risky && !marked && field != self.null {
            return Ok(());
        }
        let field = out.split_off(start);
        out.push(quote);
        for byte in field {
            if byte == quote || byte == self.escape {
                out.push(self.escape);
            }
            out.push(byte);
        }
        out.push(quote);
        Ok(())
    }
}
