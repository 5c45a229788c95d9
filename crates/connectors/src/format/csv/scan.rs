//! Finds rows and fields in a buffer of delimited text.
//!
//! Bytes that matter (delimiter, line end, quote, escape) are found 64 at a time as bits of a word,
//! and the automaton steps from one to the next; everything between them is never looked at.

use super::Dialect;

const BLOCK: usize = 64;

/// Fields of a row that are kept; a row with more of them is never a good one, but must not fill the
/// memory either.
const MAX_FIELDS: usize = 1 << 20;

/// Positions of the bytes that matter, in order.
struct Marks {
    wanted: [u8; 4],
    /// Where the block of `bits` begins.
    base: usize,
    /// Where the next block begins.
    next_block: usize,
    bits: u64,
}

impl Marks {
    fn seek(&mut self, position: usize) {
        self.base = position;
        self.next_block = position;
        self.bits = 0;
    }

    #[inline]
    fn next(&mut self, buffer: &[u8]) -> Option<usize> {
        while self.bits == 0 {
            let rest = buffer
                .get(self.next_block..)
                .filter(|rest| !rest.is_empty())?;
            self.base = self.next_block;
            self.next_block += BLOCK;
            self.bits = match rest.first_chunk::<BLOCK>() {
                Some(block) => matches(block, self.wanted),
                None => {
                    // A mark in the padding is impossible to mistake: it is masked away.
                    let mut block = [0; BLOCK];
                    block[..rest.len()].copy_from_slice(rest);
                    self.next_block = buffer.len();
                    matches(&block, self.wanted) & ((1 << rest.len()) - 1)
                }
            };
        }
        let position = self.base + self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(position)
    }
}

/// One bit per byte of the block that is one of the wanted. Written so that the compiler uses vector
/// instructions: comparisons to bytes of 0 or 1, then eight of them to eight bits by a product.
#[inline]
fn matches(block: &[u8; BLOCK], wanted: [u8; 4]) -> u64 {
    let mut flags = [0_u8; BLOCK];
    for (flag, byte) in flags.iter_mut().zip(block) {
        *flag = u8::from(*byte == wanted[0])
            | u8::from(*byte == wanted[1])
            | u8::from(*byte == wanted[2])
            | u8::from(*byte == wanted[3]);
    }
    let mut bits = 0;
    let (words, _) = flags.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let gathered = u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= gathered << (8 * place);
    }
    bits
}

/// How the bytes of a field stand for its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As they are; may stand for NULL.
    Bare,
    /// As they are; stood between quotes.
    Quoted,
    /// Stood between quotes and hold escapes.
    Escaped,
}

/// One field of a row, quotes excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) form: Form,
}

/// What is wrong with the quoting of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    TextAfterQuote,
    QuoteNotClosed,
}

/// The outcome of looking for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    /// The row's fields were found; the next row begins at `next`.
    Whole { next: usize, fault: Option<Fault> },
    /// The buffer ends before the row does.
    Partial,
}

/// How a field ended.
enum End {
    Delimiter,
    Line,
    File,
}

/// The automaton. One scanner reads one buffer after another.
pub(super) struct Scanner {
    delimiter: u8,
    terminator: u8,
    quote: Option<u8>,
    escape: u8,
    marks: Marks,
    /// The fields of the last row.
    pub(super) fields: Vec<Field>,
    /// Line ends passed in the last row.
    pub(super) lines: u64,
    /// Line ends passed before the last opening quote of the last row.
    pub(super) lines_before_quote: u64,
}

impl Scanner {
    pub(super) fn new(dialect: &Dialect) -> Self {
        let Dialect {
            delimiter,
            terminator,
            quote,
            escape,
            ..
        } = *dialect;
        let quote_mark = quote.unwrap_or(delimiter);
        let escape_mark = if quote.is_some() { escape } else { delimiter };
        Scanner {
            delimiter,
            terminator,
            quote,
            escape,
            marks: Marks {
                wanted: [delimiter, terminator, quote_mark, escape_mark],
                base: 0,
                next_block: 0,
                bits: 0,
            },
            fields: Vec::new(),
            lines: 0,
            lines_before_quote: 0,
        }
    }

    /// Continues at a position, for example after the buffer was refilled.
    pub(super) fn seek(&mut self, position: usize) {
        self.marks.seek(position);
    }

    /// Finds the row that begins at `start`, where the last row ended or [`Scanner::seek`] pointed.
    /// `complete` says that nothing comes after the buffer. The row must not be empty of bytes.
    pub(super) fn row(&mut self, buffer: &[u8], start: usize, complete: bool) -> Row {
        self.fields.clear();
        self.lines = 0;
        self.lines_before_quote = 0;
        let mut fault = None;
        let mut start = start;
        loop {
            let quoted = self.quote.is_some() && buffer.get(start).copied() == self.quote;
            let found = if quoted {
                self.quoted(buffer, start, complete, &mut fault)
            } else {
                self.bare(buffer, start, complete)
            };
            let Some((field, next, end)) = found else {
                return Row::Partial;
            };
            if self.fields.len() < MAX_FIELDS {
                self.fields.push(field);
            }
            start = next;
            match end {
                End::Delimiter => {}
                End::Line => {
                    self.lines += 1;
                    return Row::Whole { next, fault };
                }
                End::File => return Row::Whole { next, fault },
            }
        }
    }

    #[inline]
    fn bare(&mut self, buffer: &[u8], start: usize, complete: bool) -> Option<(Field, usize, End)> {
        let field = |end| Field {
            start,
            end,
            form: Form::Bare,
        };
        loop {
            let Some(mark) = self.marks.next(buffer) else {
                return complete.then(|| (field(buffer.len()), buffer.len(), End::File));
            };
            let byte = buffer[mark];
            if byte == self.delimiter {
                return Some((field(mark), mark + 1, End::Delimiter));
            }
            if byte == self.terminator {
                let carriage = byte == b'\n' && mark > start && buffer[mark - 1] == b'\r';
                return Some((field(mark - usize::from(carriage)), mark + 1, End::Line));
            }
            // A quote or escape inside an unquoted field is an ordinary character.
        }
    }

    fn quoted(
        &mut self,
        buffer: &[u8],
        start: usize,
        complete: bool,
        fault: &mut Option<Fault>,
    ) -> Option<(Field, usize, End)> {
        let quote = buffer[start];
        let mut form = Form::Quoted;
        self.lines_before_quote = self.lines;
        // The opening quote is the next mark.
        self.marks.next(buffer);
        let mut skipped = None;
        let close = loop {
            let Some(mark) = self.marks.next(buffer) else {
                if !complete {
                    return None;
                }
                *fault = Some(Fault::QuoteNotClosed);
                let field = Field {
                    start: start + 1,
                    end: buffer.len(),
                    form,
                };
                return Some((field, buffer.len(), End::File));
            };
            if skipped == Some(mark) {
                continue;
            }
            let byte = buffer[mark];
            if byte == self.terminator {
                self.lines += 1;
                continue;
            }
            if byte != quote && byte != self.escape {
                continue;
            }
            // An escape counts only before a quote or another escape, as in PostgreSQL.
            match buffer.get(mark + 1) {
                None if !complete => return None,
                Some(after)
                    if byte == self.escape && (*after == quote || *after == self.escape) =>
                {
                    form = Form::Escaped;
                    skipped = Some(mark + 1);
                }
                _ if byte == quote => break mark,
                _ => {}
            }
        };
        let field = Field {
            start: start + 1,
            end: close,
            form,
        };
        let after = close + 1;
        match buffer.get(after) {
            None => Some((field, after, End::File)),
            Some(byte) if *byte == self.delimiter => {
                self.marks.next(buffer);
                Some((field, after + 1, End::Delimiter))
            }
            Some(byte) if *byte == self.terminator => {
                self.marks.next(buffer);
                Some((field, after + 1, End::Line))
            }
            Some(b'\r') if self.terminator == b'\n' && buffer.get(after + 1) == Some(&b'\n') => {
                self.marks.next(buffer);
                Some((field, after + 2, End::Line))
            }
            Some(b'\r') if buffer.len() == after + 1 && !complete => None,
            Some(_) => {
                *fault = Some(Fault::TextAfterQuote);
                let (_, next, end) = self.bare(buffer, after, complete)?;
                Some((field, next, end))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All rows as text; quoted fields between angle brackets.
    fn rows(text: &str, dialect: &Dialect) -> Vec<Vec<String>> {
        let mut scanner = Scanner::new(dialect);
        let mut start = 0;
        let mut rows = Vec::new();
        while start < text.len() {
            let Row::Whole { next, fault } = scanner.row(text.as_bytes(), start, true) else {
                panic!("a complete buffer gave a partial row");
            };
            let mut row: Vec<String> = scanner
                .fields
                .iter()
                .map(|field| {
                    let text = &text[field.start..field.end];
                    match field.form {
                        Form::Bare => text.to_string(),
                        Form::Quoted => format!("<{text}>"),
                        Form::Escaped => format!("<<{text}>>"),
                    }
                })
                .collect();
            row.extend(fault.map(|fault| format!("{fault:?}")));
            rows.push(row);
            start = next;
        }
        rows
    }

    #[test]
    fn rows_and_fields() {
        let long = "x".repeat(200);
        let text = format!(
            "a,b,c\r\n\"q\",\"with \"\"quotes\"\"\",\"two\nlines\"\n,,\n5\" disk,{long},\"\"\nlast,1"
        );
        assert_eq!(
            rows(&text, &Dialect::common()),
            [
                vec!["a", "b", "c"],
                vec!["<q>", "<<with \"\"quotes\"\">>", "<two\nlines>"],
                vec!["", "", ""],
                vec!["5\" disk", &long, "<>"],
                vec!["last", "1"],
            ]
        );
    }

    #[test]
    fn broken_quoting_is_named() {
        assert_eq!(
            rows("\"a\"b,c\nd,\"e,f\ng", &Dialect::common()),
            [
                vec!["<a>", "c", "TextAfterQuote"],
                vec!["d", "<e,f\ng>", "QuoteNotClosed"],
            ]
        );
    }

    #[test]
    fn backslash_escapes_and_no_quoting() {
        let backslash = Dialect {
            escape: b'\\',
            ..Dialect::common()
        };
        assert_eq!(
            rows("\"a\\\"b\",\"c\\\\\",\"\\n\"\n", &backslash),
            [vec!["<<a\\\"b>>", "<<c\\\\>>", "<\\n>"]]
        );
        let plain = Dialect {
            quote: None,
            delimiter: 1,
            ..Dialect::common()
        };
        assert_eq!(rows("\"a\u{1}b\"\n", &plain), [vec!["\"a", "b\""]]);
    }

    #[test]
    fn every_cut_of_a_buffer_is_noticed() {
        let text = b"ab,\"c\"\"d\"\r\n\"e\nf\",\"\"\r\ng,h\n";
        let mut scanner = Scanner::new(&Dialect::common());
        let ends = [11, 21, 25];
        for length in 1..text.len() {
            scanner.seek(0);
            let mut start = 0;
            let mut found = Vec::new();
            while start < length {
                match scanner.row(&text[..length], start, false) {
                    Row::Whole { next, fault } => {
                        assert_eq!(fault, None);
                        found.push(next);
                        start = next;
                    }
                    Row::Partial => break,
                }
            }
            let expected: Vec<usize> = ends.iter().copied().filter(|end| *end <= length).collect();
            assert_eq!(found, expected, "cut at {length}");
        }
    }
}
