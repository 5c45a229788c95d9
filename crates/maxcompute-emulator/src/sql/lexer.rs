//! Text to tokens, and a reader over them.

use super::SqlError;
use crate::names::identifier;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    /// A bare word as it was written.
    Word(String),
    /// A name in back quotes.
    Name(String),
    /// A text in quotes, escapes resolved.
    Text(String),
    /// Digits with point, exponent or suffix.
    Number(String),
    /// An operator or a mark.
    Mark(&'static str),
    End,
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Word(text) | Self::Number(text) => format!("'{text}'"),
            Self::Name(text) => format!("'`{text}`'"),
            Self::Text(text) => format!("''{text}''"),
            Self::Mark(mark) => format!("'{mark}'"),
            Self::End => "the end".to_owned(),
        }
    }
}

const MARKS: [&str; 21] = [
    "<=", ">=", "<>", "!=", "==", "(", ")", ",", ".", ";", ":", "=", "<", ">", "*", "+", "-", "/",
    "%", "[", "]",
];

/// A position as line and column, counted from one.
type Position = (usize, usize);

/// Cuts a statement into tokens.
fn tokens(text: &str) -> Result<Vec<(Token, Position)>, SqlError> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut position = (1, 1);
    loop {
        let skipped = rest.len() - skip_blank(rest).len();
        position = advance(position, &rest[..skipped]);
        rest = &rest[skipped..];
        let Some(first) = rest.chars().next() else {
            found.push((Token::End, position));
            return Ok(found);
        };
        let (token, tail) = match first {
            '\'' | '"' => quoted(rest, first, position)?,
            '`' => match rest[1..].split_once('`') {
                Some((name, tail)) => (Token::Name(name.to_owned()), tail),
                None => return Err(SqlError::parse(position, "a back quote is not closed")),
            },
            '0'..='9' => number(rest),
            '.' if rest[1..].starts_with(|next: char| next.is_ascii_digit()) => number(rest),
            _ if first.is_alphabetic() || first == '_' || first == '$' => {
                let end = rest
                    .find(|next: char| !(next.is_alphanumeric() || next == '_' || next == '$'))
                    .unwrap_or(rest.len());
                (Token::Word(rest[..end].to_owned()), &rest[end..])
            }
            _ => match MARKS.iter().find(|mark| rest.starts_with(**mark)) {
                Some(mark) => (Token::Mark(mark), &rest[mark.len()..]),
                None => {
                    return Err(SqlError::parse(
                        position,
                        format!("invalid token '{first}'"),
                    ));
                }
            },
        };
        found.push((token, position));
        position = advance(position, &rest[..rest.len() - tail.len()]);
        rest = tail;
    }
}

/// The text behind blanks and `--` comments.
fn skip_blank(text: &str) -> &str {
    let mut rest = text.trim_start();
    while let Some(comment) = rest.strip_prefix("--") {
        rest = comment
            .split_once('\n')
            .map_or("", |(_, next)| next)
            .trim_start();
    }
    rest
}

fn advance(position: Position, passed: &str) -> Position {
    let (mut line, mut column) = position;
    for character in passed.chars() {
        if character == '\n' {
            line += 1;
            column = 1;
        } else {
            column += 1;
        }
    }
    (line, column)
}

fn quoted(text: &str, quote: char, position: Position) -> Result<(Token, &str), SqlError> {
    let mut out = String::new();
    let mut characters = text[1..].char_indices();
    while let Some((at, character)) = characters.next() {
        if character == quote {
            return Ok((Token::Text(out), &text[at + 2..]));
        }
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some((_, 'n')) => out.push('\n'),
            Some((_, 't')) => out.push('\t'),
            Some((_, 'r')) => out.push('\r'),
            Some((_, '0')) => out.push('\0'),
            Some((_, 'b')) => out.push('\u{8}'),
            Some((_, other)) => out.push(other),
            None => break,
        }
    }
    Err(SqlError::parse(position, "a quote is not closed"))
}

/// Digits, a fraction, an exponent, and a suffix such as `L` or `BD`, which is dropped.
fn number(text: &str) -> (Token, &str) {
    let bytes = text.as_bytes();
    let digits_from = |start: usize| {
        let count = bytes[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        start + count
    };
    let mut end = digits_from(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits_from(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let after = digits_from((end + 1 + sign).min(bytes.len()));
        if after > end + 1 + sign {
            end = after;
        }
    }
    let mut tail = &text[end..];
    for suffix in ["BD", "bd", "L", "l", "S", "s", "Y", "y"] {
        if let Some(next) = tail.strip_prefix(suffix)
            && !next.starts_with(|next: char| next.is_alphanumeric() || next == '_')
        {
            tail = next;
            break;
        }
    }
    (Token::Number(text[..end].to_owned()), tail)
}

/// Reads the tokens of one statement.
pub(crate) struct Tokens {
    tokens: Vec<(Token, Position)>,
    at: usize,
}

impl Tokens {
    pub(crate) fn new(text: &str) -> Result<Self, SqlError> {
        Ok(Self {
            tokens: tokens(text)?,
            at: 0,
        })
    }

    /// The last token is the end and stays there.
    pub(crate) fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    /// The token behind the next one.
    pub(crate) fn peek_second(&self) -> &Token {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)].0
    }

    pub(crate) fn next(&mut self) -> Token {
        let token = self.tokens[self.at].0.clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    pub(crate) fn position(&self) -> Position {
        self.tokens[self.at].1
    }

    pub(crate) fn fail<T>(&self, wanted: &str) -> Result<T, SqlError> {
        let reason = format!("invalid token {}, expect {wanted}", self.peek().shown());
        Err(SqlError::parse(self.position(), reason))
    }

    pub(crate) fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    /// Takes the keyword if it is next.
    pub(crate) fn accept(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        if found {
            self.next();
        }
        found
    }

    pub(crate) fn expect(&mut self, keyword: &str) -> Result<(), SqlError> {
        if self.accept(keyword) {
            Ok(())
        } else {
            self.fail(&format!("'{keyword}'"))
        }
    }

    /// Takes all the keywords, or none.
    pub(crate) fn accept_all(&mut self, keywords: &[&str]) -> bool {
        let start = self.at;
        for keyword in keywords {
            if !self.accept(keyword) {
                self.at = start;
                return false;
            }
        }
        true
    }

    pub(crate) fn accept_mark(&mut self, mark: &str) -> bool {
        let found = matches!(self.peek(), Token::Mark(next) if *next == mark);
        if found {
            self.next();
        }
        found
    }

    pub(crate) fn expect_mark(&mut self, mark: &str) -> Result<(), SqlError> {
        if self.accept_mark(mark) {
            Ok(())
        } else {
            self.fail(&format!("'{mark}'"))
        }
    }

    /// An identifier in lower case.
    pub(crate) fn identifier(&mut self) -> Result<String, SqlError> {
        let name = match self.peek() {
            Token::Word(name) | Token::Name(name) => identifier(name),
            _ => None,
        };
        match name {
            Some(name) => {
                self.next();
                Ok(name)
            }
            None => self.fail("a name"),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, SqlError> {
        match self.peek().clone() {
            Token::Text(text) => {
                self.next();
                Ok(text)
            }
            _ => self.fail("a text in quotes"),
        }
    }

    pub(crate) fn whole_number<T: std::str::FromStr>(&mut self) -> Result<T, SqlError> {
        let parsed = match self.peek() {
            Token::Number(digits) => digits.parse().ok(),
            _ => None,
        };
        match parsed {
            Some(number) => {
                self.next();
                Ok(number)
            }
            None => self.fail("a whole number"),
        }
    }

    /// One or more items between commas.
    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, SqlError>,
    ) -> Result<Vec<T>, SqlError> {
        let mut items = vec![item(self)?];
        while self.accept_mark(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// The end of the statement, with or without a semicolon.
    pub(crate) fn end(&mut self) -> Result<(), SqlError> {
        while self.accept_mark(";") {}
        match self.peek() {
            Token::End => Ok(()),
            _ => self.fail("the end of the statement"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Token, Tokens, tokens};

    #[test]
    fn texts_numbers_and_marks_are_told_apart() {
        let found: Vec<Token> = tokens("a>=1.5e-3 -- note\n`b c`!='x\\'y\\n' 3L .5BD")
            .expect("valid")
            .into_iter()
            .map(|(token, _)| token)
            .collect();
        assert_eq!(
            found,
            [
                Token::Word("a".into()),
                Token::Mark(">="),
                Token::Number("1.5e-3".into()),
                Token::Name("b c".into()),
                Token::Mark("!="),
                Token::Text("x'y\n".into()),
                Token::Number("3".into()),
                Token::Number(".5".into()),
                Token::End,
            ]
        );
    }

    #[test]
    fn positions_count_lines_and_characters() {
        let mut tokens = Tokens::new("中 \n  b").expect("valid");
        tokens.next();
        assert_eq!(tokens.position(), (2, 3));
    }

    #[test]
    fn hostile_text_is_an_error() {
        for bad in ["'", "'\\", "`a", "a ? b", "\u{0}", "😀"] {
            assert!(tokens(bad).is_err(), "{bad:?}");
        }
        for fine in ["", "--", "1e", "1e+", "1.", "é"] {
            assert!(tokens(fine).is_ok(), "{fine:?}");
        }
    }
}
