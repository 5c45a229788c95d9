//! Strings, comments, marks and words of a document's text.
//!
//! Owns what has to be known about the text before or beside parsing: where `#` comments lie
//! (the JSONC parser does not know them), where secrets lie, which comments stand near a value.
//! Never fails: text that is no JSON gives lexemes too. Values and errors are left to `syntax`.

use std::ops::Range;

/// What a piece of the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A string literal with its quotes.
    Quoted,
    /// `// …`, `# …` or `/* … */`.
    Comment,
    /// One of `{ } [ ] : ,`.
    Mark(u8),
    /// Anything else: a number, `true`, a bare word.
    Word,
}

/// A piece of the text; white space lies between the pieces.
#[derive(Clone, Debug)]
pub(crate) struct Lexeme {
    pub(crate) kind: Kind,
    pub(crate) range: Range<usize>,
    /// Whether the closing quote or `*/` is there.
    closed: bool,
}

impl Lexeme {
    /// The range without the quotes of a string literal.
    pub(crate) fn inner(&self) -> Range<usize> {
        match self.kind {
            Kind::Quoted => self.range.start + 1..self.range.end - usize::from(self.closed),
            _ => self.range.clone(),
        }
    }
}

/// Cuts a text into lexemes.
pub(crate) fn lexemes(text: &str) -> Vec<Lexeme> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        let (kind, length, closed) = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b'"' | b'\'' => {
                let (length, closed) = quoted_length(rest);
                (Kind::Quoted, length, closed)
            }
            b'#' => (Kind::Comment, line_length(rest), true),
            b'/' if rest.get(1) == Some(&b'/') => (Kind::Comment, line_length(rest), true),
            b'/' if rest.get(1) == Some(&b'*') => {
                let (length, closed) = block_length(rest);
                (Kind::Comment, length, closed)
            }
            b'{' | b'}' | b'[' | b']' | b':' | b',' => (Kind::Mark(byte), 1, true),
            _ => (Kind::Word, word_length(rest), true),
        };
        found.push(Lexeme {
            kind,
            range: at..at + length,
            closed,
        });
        at += length;
    }
    found
}

fn quoted_length(bytes: &[u8]) -> (usize, bool) {
    let quote = bytes[0];
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return (at + 1, true),
            _ => at += 1,
        }
    }
    (bytes.len(), false)
}

fn line_length(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.unwrap_or(bytes.len())
}

fn block_length(bytes: &[u8]) -> (usize, bool) {
    match bytes[2..].windows(2).position(|pair| pair == b"*/") {
        Some(at) => (at + 4, true),
        None => (bytes.len(), false),
    }
}

fn word_length(bytes: &[u8]) -> usize {
    let ends = |byte: &u8| b" \t\r\n\"'#{}[]:,".contains(byte);
    // The first byte belongs to the word whatever it is, so that every lexeme has a length.
    let end = bytes[1..]
        .iter()
        .position(|byte| ends(byte) || *byte == b'/');
    end.map_or(bytes.len(), |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::{Kind, lexemes};

    #[test]
    fn comments_inside_strings_are_strings() {
        let text = "{\"a\": \"x # \\\" // y\", # one\n /* two */ 'b': 1//three\n}";
        let comments: Vec<&str> = lexemes(text)
            .into_iter()
            .filter(|lexeme| lexeme.kind == Kind::Comment)
            .map(|lexeme| &text[lexeme.range])
            .collect();
        assert_eq!(comments, ["# one", "/* two */", "//three"]);
    }

    #[test]
    fn unfinished_text_still_ends() {
        for text in ["\"", "'\\", "/*", "/**", "/", "\"é\\", "#", ""] {
            let total: usize = lexemes(text).iter().map(|l| l.range.len()).sum();
            assert!(total >= text.trim().len().min(1), "{text}");
            for lexeme in lexemes(text) {
                assert!(text.get(lexeme.inner()).is_some(), "{text}");
            }
        }
    }
}
