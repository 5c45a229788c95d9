//! Text of a partition filter → its parts, by recursive descent of bounded depth.

use sdk::{Error, Kind};

use super::{Condition, Operand, Operator};

/// Deeper nesting than this is a mistake, and would use up the stack.
const MAX_DEPTH: usize = 64;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Text(String),
    Number(String),
    Sign(&'static str),
}

/// Longer signs first, so that `<=` is not read as `<`.
const SIGNS: [&str; 12] = [
    "<=", ">=", "<>", "!=", "==", "=", "<", ">", "(", ")", ",", ";",
];

/// What is wrong, and the character it was found at.
struct Mistake {
    position: usize,
    reason: String,
}

/// Reads a condition that may name only these columns.
pub(super) fn condition(text: &str, keys: &[String]) -> Result<Condition, Error> {
    let parsed = tokens(text).and_then(|tokens| {
        let mut parser = Parser {
            tokens,
            next: 0,
            end: text.chars().count(),
            keys,
        };
        let condition = parser.any(0)?;
        parser.accept(";");
        match parser.peek() {
            None => Ok(condition),
            Some(_) => Err(parser.mistake("an operator is missing")),
        }
    });
    parsed.map_err(|Mistake { position, reason }| {
        Error::new(
            Kind::Config,
            format!(
                "cannot read partition filter `{}`: at character {}: {reason}",
                text.trim(),
                position + 1 - text.chars().take_while(|c| c.is_whitespace()).count().min(position)
            ),
        )
        .hint(format!(
            "write comparisons of the partition columns {} joined by `and`, `or`, `not`, for example `/*query*/ {} >= '20240101'`",
            keys.join(", "),
            keys.first().map_or("dt", String::as_str)
        ))
    })
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Mistake> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let start = at;
        let c = characters[at];
        let rest = &characters[at..];
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        if rest.starts_with(&['-', '-']) {
            at += rest.iter().take_while(|c| **c != '\n').count();
            continue;
        }
        let token = if matches!(c, '\'' | '"' | '`') {
            let (content, length) = quoted(rest).ok_or(Mistake {
                position: at,
                reason: "a quote is not closed".into(),
            })?;
            at += length;
            if c == '`' {
                Token::Quoted(content)
            } else {
                Token::Text(content)
            }
        } else if c.is_ascii_digit()
            || (matches!(c, '-' | '+' | '.') && rest.get(1).is_some_and(char::is_ascii_digit))
        {
            let sign = usize::from(matches!(c, '-' | '+'));
            let length = sign
                + rest[sign..]
                    .iter()
                    .take_while(|c| c.is_ascii_digit() || **c == '.')
                    .count();
            at += length;
            let number: String = rest[usize::from(c == '+')..length].iter().collect();
            if number.parse::<f64>().is_err() {
                return Err(Mistake {
                    position: start,
                    reason: format!("`{number}` is not a number"),
                });
            }
            Token::Number(number)
        } else if c.is_alphabetic() || c == '_' {
            let length = rest
                .iter()
                .take_while(|c| c.is_alphanumeric() || **c == '_')
                .count();
            at += length;
            Token::Word(rest[..length].iter().collect())
        } else {
            let sign = SIGNS
                .iter()
                .find(|sign| sign.chars().eq(rest.iter().copied().take(sign.len())));
            let Some(sign) = sign else {
                return Err(Mistake {
                    position: at,
                    reason: format!("`{c}` means nothing here"),
                });
            };
            at += sign.len();
            Token::Sign(sign)
        };
        tokens.push((start, token));
    }
    Ok(tokens)
}

/// The content of a quoted text, where a doubled quote stands for one, and its length with quotes.
fn quoted(rest: &[char]) -> Option<(String, usize)> {
    let quote = *rest.first()?;
    let mut content = String::new();
    let mut at = 1;
    loop {
        let c = *rest.get(at)?;
        at += 1;
        if c == quote {
            if rest.get(at) != Some(&quote) {
                return Some((content, at));
            }
            at += 1;
        }
        content.push(c);
    }
}

struct Parser<'a> {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
    keys: &'a [String],
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn mistake(&self, reason: impl Into<String>) -> Mistake {
        let position = self
            .tokens
            .get(self.next)
            .map_or(self.end, |(position, _)| *position);
        Mistake {
            position,
            reason: reason.into(),
        }
    }

    fn accept(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.next += usize::from(found);
        found
    }

    fn accept_word(&mut self, word: &str) -> bool {
        let found =
            matches!(self.peek(), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word));
        self.next += usize::from(found);
        found
    }

    fn require(&mut self, sign: &str) -> Result<(), Mistake> {
        if self.accept(sign) {
            Ok(())
        } else {
            Err(self.mistake(format!("`{sign}` is missing")))
        }
    }

    fn any(&mut self, depth: usize) -> Result<Condition, Mistake> {
        let mut parts = vec![self.all(depth)?];
        while self.accept_word("or") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() > 1 {
            Condition::Any(parts)
        } else {
            parts.swap_remove(0)
        })
    }

    fn all(&mut self, depth: usize) -> Result<Condition, Mistake> {
        let mut parts = vec![self.single(depth)?];
        while self.accept_word("and") {
            parts.push(self.single(depth)?);
        }
        Ok(if parts.len() > 1 {
            Condition::All(parts)
        } else {
            parts.swap_remove(0)
        })
    }

    fn single(&mut self, depth: usize) -> Result<Condition, Mistake> {
        if depth > MAX_DEPTH {
            return Err(self.mistake(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        if self.accept_word("not") {
            return Ok(Condition::Not(Box::new(self.single(depth + 1)?)));
        }
        if self.accept("(") {
            let inner = self.any(depth + 1)?;
            self.require(")")?;
            return Ok(inner);
        }
        self.predicate()
    }

    fn predicate(&mut self) -> Result<Condition, Mistake> {
        let left = self.operand()?;
        if self.accept_word("is") {
            let negated = self.accept_word("not");
            if !self.accept_word("null") {
                return Err(self.mistake("`null` is missing"));
            }
            return Ok(negate(negated, Condition::IsNull));
        }
        let negated = self.accept_word("not");
        if self.accept_word("in") {
            self.require("(")?;
            let mut list = vec![self.operand()?];
            while self.accept(",") {
                list.push(self.operand()?);
            }
            self.require(")")?;
            return Ok(negate(negated, Condition::In(left, list)));
        }
        if self.accept_word("between") {
            let low = self.operand()?;
            if !self.accept_word("and") {
                return Err(self.mistake("`and` is missing"));
            }
            let high = self.operand()?;
            return Ok(negate(negated, Condition::Between(left, low, high)));
        }
        if self.accept_word("like") {
            return match self.operand()? {
                Operand::Text(pattern) => Ok(negate(negated, Condition::Like(left, pattern))),
                Operand::Column(_) | Operand::Number(_) => {
                    Err(self.mistake("`like` wants a pattern in quotes"))
                }
            };
        }
        if negated {
            return Err(self.mistake("`in`, `between` or `like` is missing"));
        }
        let operator = match self.peek() {
            Some(Token::Sign("=" | "==")) => Operator::Equal,
            Some(Token::Sign("<>" | "!=")) => Operator::NotEqual,
            Some(Token::Sign("<")) => Operator::Less,
            Some(Token::Sign("<=")) => Operator::LessOrEqual,
            Some(Token::Sign(">")) => Operator::Greater,
            Some(Token::Sign(">=")) => Operator::GreaterOrEqual,
            _ => return Err(self.mistake("a comparison is missing")),
        };
        self.next += 1;
        Ok(Condition::Compare(left, operator, self.operand()?))
    }

    fn operand(&mut self) -> Result<Operand, Mistake> {
        let operand = match self.peek() {
            Some(Token::Text(text)) => Operand::Text(text.clone()),
            Some(Token::Number(number)) => Operand::Number(number.clone()),
            Some(Token::Word(name) | Token::Quoted(name)) => {
                let key = self.keys.iter().find(|key| key.eq_ignore_ascii_case(name));
                match key {
                    Some(key) => Operand::Column(key.clone()),
                    None if matches!(
                        self.tokens.get(self.next + 1),
                        Some((_, Token::Sign("(")))
                    ) =>
                    {
                        return Err(
                            self.mistake(format!("functions such as `{name}` are not supported"))
                        );
                    }
                    None => return Err(self.mistake(format!("`{name}` is not a partition column"))),
                }
            }
            Some(Token::Sign(_)) | None => return Err(self.mistake("a column or value is missing")),
        };
        self.next += 1;
        Ok(operand)
    }
}

fn negate(negated: bool, condition: Condition) -> Condition {
    if negated {
        Condition::Not(Box::new(condition))
    } else {
        condition
    }
}
