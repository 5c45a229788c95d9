//! The text of a job document and places in it.
//!
//! Owns byte offsets, lines and columns, and which parts of the text must never be printed.
//! What the text means is left to `document`.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::document::lexeme::Lexeme;
use crate::secret;

/// A piece of a document's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
    /// Line of the first byte, counted from 1.
    pub line: usize,
    /// Column of the first byte, counted from 1 in characters.
    pub column: usize,
}

/// A document's name and text, kept for printing problems.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) secrets: Vec<Range<usize>>,
}

impl Source {
    /// A text that was read as JSON.
    pub(crate) fn new(name: &str, text: &str, lexemes: &[Lexeme]) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            secrets: secret::secret_ranges(text, lexemes),
        }
    }

    /// A text that is no JSON, of which more is hidden.
    pub(crate) fn broken(name: &str, text: &str, lexemes: &[Lexeme]) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            secrets: secret::doubtful_ranges(text, lexemes),
        }
    }
}

/// Turns byte offsets into lines and columns.
///
/// Offsets asked for in ascending order cost one pass over the text in all,
/// which matters for documents written on a single line.
pub(crate) struct Locator<'t> {
    text: &'t str,
    offset: usize,
    line: usize,
    column: usize,
}

impl<'t> Locator<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            text,
            offset: 0,
            line: 1,
            column: 1,
        }
    }

    /// The span of a byte range; offsets beyond the text or inside a character move back to a boundary.
    pub(crate) fn span(&mut self, range: Range<usize>) -> Span {
        let start = self.text.floor_char_boundary(range.start);
        if start < self.offset {
            *self = Self::new(self.text);
        }
        for c in self.text[self.offset..start].chars() {
            if c == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.offset = start;
        Span {
            start,
            end: self.text.floor_char_boundary(range.end).max(start),
            line: self.line,
            column: self.column,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Locator;

    #[test]
    fn counts_characters_not_bytes() {
        let mut locator = Locator::new("ä\nöü x\n");
        let span = locator.span(8..9);
        assert_eq!((span.line, span.column, span.start), (2, 4, 8));
        let back = locator.span(0..2);
        assert_eq!((back.line, back.column), (1, 1));
        let beyond = locator.span(99..120);
        assert_eq!((beyond.line, beyond.column, beyond.start), (3, 1, 10));
    }
}
