//! Rows of a delimited file, one after the other, and their way into a batch.
//!
//! Memory is one buffer that holds the longest row, and the batch being filled.

use std::borrow::Cow;
use std::io::{ErrorKind, Read};

use sdk::{Error, Kind, Result};

use super::Dialect;
use super::scan::{Fault, Field, Form, Row, Scanner};
use crate::format::size;
use crate::format::text::{Locate, SHORT, TextRows};

const BUFFER: usize = 1 << 18;

/// Reads rows of text. The input must already be UTF-8, or at least meant to be.
pub(crate) struct CsvRows {
    input: Box<dyn Read + Send>,
    /// How errors call the input, and a line of it.
    name: String,
    locate: Locate,
    dialect: Dialect,
    row_limit: usize,
    scanner: Scanner,
    buffer: Vec<u8>,
    filled: usize,
    /// Where the next row begins in the buffer.
    next: usize,
    complete: bool,
    /// The line on which the current row begins, and the next one.
    line: u64,
    next_line: u64,
}

impl CsvRows {
    /// Rows of at most `row_limit` bytes.
    pub(crate) fn new(
        input: Box<dyn Read + Send>,
        name: &str,
        dialect: &Dialect,
        row_limit: usize,
        locate: Locate,
    ) -> Self {
        CsvRows {
            input,
            name: name.to_string(),
            locate,
            scanner: Scanner::new(dialect),
            dialect: dialect.clone(),
            row_limit,
            buffer: vec![0; BUFFER.min(row_limit)],
            filled: 0,
            next: 0,
            complete: false,
            line: 0,
            next_line: 1,
        }
    }

    /// Goes to the next row and returns its fields, or nothing at the end of the input.
    pub(crate) fn advance(&mut self) -> Result<Option<Fields<'_>>> {
        loop {
            if self.next < self.filled {
                let buffer = &self.buffer[..self.filled];
                let row = self.scanner.row(buffer, self.next, self.complete);
                if let Row::Whole { next, fault } = row {
                    let start = self.next;
                    self.next = next;
                    self.line = self.next_line;
                    self.next_line += self.scanner.lines;
                    if fault == Some(Fault::QuoteNotClosed) && self.quote_swallows_lines() {
                        return Err(self.not_closed());
                    }
                    return Ok(Some(Fields {
                        buffer: &self.buffer,
                        row: &self.buffer[start..next],
                        fields: &self.scanner.fields,
                        dialect: &self.dialect,
                        fault,
                        line: self.line,
                    }));
                }
            } else if self.complete {
                return Ok(None);
            }
            self.refill()?;
        }
    }

    fn refill(&mut self) -> Result<()> {
        self.buffer.copy_within(self.next..self.filled, 0);
        self.filled -= self.next;
        self.next = 0;
        if self.filled == self.buffer.len() {
            if self.filled >= self.row_limit {
                return Err(self.too_long());
            }
            self.buffer.resize((2 * self.filled).min(self.row_limit), 0);
        }
        // To the brim, since a row that does not fit is looked at from its beginning again.
        while self.filled < self.buffer.len() && !self.complete {
            match self.input.read(&mut self.buffer[self.filled..]) {
                Ok(0) => self.complete = true,
                Ok(length) => self.filled += length,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(crate::store::read_error(&self.name, error)),
            }
        }
        self.scanner.seek(0);
        Ok(())
    }

    /// Passes over empty lines, and tells whether there were any.
    pub(crate) fn skip_blank_lines(&mut self) -> Result<bool> {
        let first = self.next_line;
        loop {
            let length = match &self.buffer[self.next..self.filled] {
                [byte, ..] if *byte == self.dialect.terminator => 1,
                [b'\r', b'\n', ..] if self.dialect.terminator == b'\n' => 2,
                [] | [b'\r'] if !self.complete => {
                    self.refill()?;
                    continue;
                }
                _ => break,
            };
            self.next += length;
            self.next_line += 1;
        }
        self.scanner.seek(self.next);
        Ok(self.next_line > first)
    }

    /// Whether the last quoted field goes on behind its line; the end of the file's last line is no
    /// such thing.
    fn quote_swallows_lines(&self) -> bool {
        let at_end = self.buffer[..self.filled].last() == Some(&self.dialect.terminator);
        self.scanner.lines > self.scanner.lines_before_quote + u64::from(at_end)
    }

    /// Nobody can say how many rows such a quote has swallowed, so they cannot be set apart either.
    fn not_closed(&mut self) -> Error {
        let opened = (self.locate)(self.line + self.scanner.lines_before_quote);
        Error::new(
            Kind::Data,
            format!("the quote that is opened at {opened} is not closed"),
        )
        .hint("close it, or set `quote` to `none` if quotes have no meaning in the file")
    }

    fn too_long(&mut self) -> Error {
        let begins = (self.locate)(self.next_line);
        let limit = size(self.row_limit);
        let mut message = format!("the row at {begins} is longer than {limit}");
        if self.quote_swallows_lines() {
            let opened = (self.locate)(self.next_line + self.scanner.lines_before_quote);
            message.push_str(&format!(
                ", and the quote that is opened at {opened} is not closed so far"
            ));
        }
        Error::new(Kind::Data, message)
            .hint("look for a quote that is not closed there, or set `maxRowBytes` higher")
    }
}

/// The fields of the current row.
pub(crate) struct Fields<'a> {
    buffer: &'a [u8],
    row: &'a [u8],
    fields: &'a [Field],
    dialect: &'a Dialect,
    fault: Option<Fault>,
    /// The line on which the row begins, counted from 1.
    pub(crate) line: u64,
}

impl<'a> Fields<'a> {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether the row is an empty line.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self.fields, [field] if field.start == field.end && field.form == Form::Bare)
    }

    /// The value of an unquoted field; `None` stands for NULL.
    #[inline]
    fn bare(&self, field: Field) -> Option<&'a [u8]> {
        let mut bytes = &self.buffer[field.start..field.end];
        if self.dialect.trim {
            bytes = bytes.trim_ascii();
        }
        (!self.dialect.null.is_null(bytes)).then_some(bytes)
    }

    /// The bytes from the field's first on, unless the buffer ends there.
    #[inline]
    fn window(&self, field: Field) -> Option<&'a [u8; SHORT]> {
        self.buffer.get(field.start..)?.first_chunk()
    }

    /// The value of a field; `None` stands for NULL.
    fn value(&self, field: Field) -> Option<Cow<'a, [u8]>> {
        let bytes = &self.buffer[field.start..field.end];
        match field.form {
            Form::Bare => self.bare(field).map(Cow::Borrowed),
            Form::Quoted => Some(Cow::Borrowed(bytes)),
            Form::Escaped => Some(Cow::Owned(self.unescaped(bytes))),
        }
    }

    fn unescaped(&self, bytes: &[u8]) -> Vec<u8> {
        let quote = self.dialect.quote.unwrap_or(self.dialect.escape);
        let mut out = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some(at) = memchr::memchr(self.dialect.escape, rest) {
            out.extend_from_slice(&rest[..at]);
            let after = rest.get(at + 1).copied();
            let escapes = after == Some(quote) || after == Some(self.dialect.escape);
            let kept = if escapes { at + 1 } else { at };
            out.push(rest[kept]);
            rest = &rest[kept + 1..];
        }
        out.extend_from_slice(rest);
        out
    }

    /// The fields as text, for header lines.
    pub(crate) fn names(&self) -> Vec<String> {
        self.fields
            .iter()
            .map(|field| {
                let value = match field.form {
                    Form::Bare => Cow::Borrowed(&self.buffer[field.start..field.end]),
                    _ => self.value(*field).unwrap_or_default(),
                };
                String::from_utf8_lossy(value.trim_ascii()).into_owned()
            })
            .collect()
    }

    /// Adds the row to a batch: the field at `picks[i]` to column `i`, nothing to constant columns.
    /// A row that is badly quoted or has not `width` fields becomes an unreadable row.
    #[inline]
    pub(crate) fn add_to(&self, rows: &mut TextRows, picks: &[Option<usize>], width: usize) {
        if self.fault.is_some() || self.fields.len() != width {
            self.add_broken(rows, width);
            return;
        }
        for (column, pick) in picks.iter().enumerate() {
            let Some(field) = pick.and_then(|index| self.fields.get(index)) else {
                continue;
            };
            match field.form {
                Form::Escaped => rows.push(column, self.value(*field).as_deref()),
                // The common forms need no copy of their own.
                Form::Quoted => rows.push(column, Some(&self.buffer[field.start..field.end])),
                Form::Bare => match (self.bare(*field), self.window(*field)) {
                    (Some(value), Some(window)) if value.len() <= SHORT && !self.dialect.trim => {
                        rows.push_short(column, window, value.len());
                    }
                    (value, _) => rows.push(column, value),
                },
            }
        }
        rows.end_row(self.line);
    }

    #[cold]
    fn add_broken(&self, rows: &mut TextRows, width: usize) {
        let count = self.fields.len();
        let reason = match self.fault {
            Some(Fault::QuoteNotClosed) => "has a quoted field that is not closed".to_string(),
            Some(Fault::TextAfterQuote) => "has text behind a closing quote".to_string(),
            None => format!(
                "has {count} field{} instead of {width}",
                if count == 1 { "" } else { "s" }
            ),
        };
        rows.broken(self.line, &reason, self.row.trim_ascii_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, as decompressors may.
    struct Drops(Vec<u8>, usize);

    impl Read for Drops {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let rest = &self.0[self.1..];
            let count = rest.len().min(out.len()).min(64);
            out[..count].copy_from_slice(&rest[..count]);
            self.1 += count;
            Ok(count)
        }
    }

    /// Looking at the row from its beginning after each piece would take hours.
    #[test]
    fn a_long_row_in_small_pieces_is_read_at_once() {
        let dialect = Dialect::common();
        let mut text = vec![b'x'; 32 << 20];
        text.extend_from_slice(b",1\n2,3\n");
        let locate = Box::new(|line: u64| format!("line {line}"));
        let input = Box::new(Drops(text, 0));
        let mut rows = CsvRows::new(input, "a.csv", &dialect, 64 << 20, locate);
        for width in [2, 2] {
            assert_eq!(rows.advance().unwrap().unwrap().len(), width);
        }
        assert!(rows.advance().unwrap().is_none());
    }
}
