//! Text to tree.
//!
//! Owns the call of the JSONC parser and what is tolerated beyond JSON (RFC 8259): comments, trailing commas,
//! line breaks inside strings. Everything else that the parser would let pass is noted as a slip.
//! Which keys may stand where is left to `spelling` and `read`.

use std::collections::HashSet;

use jsonc_parser::ast::{Array, Object, ObjectPropName, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::tokens::{Token, TokenAndRange};
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};

use super::lexeme::{Kind, Lexeme};
use crate::node::{Content, Member, Node};
use crate::problem::Problem;
use crate::source::{Locator, Span};

/// Deepest nesting of lists and objects.
///
/// A job is sent to workers as JSON, and `serde_json` reads at most 128 levels.
const DEPTH: usize = 100;

/// Parses a text into its tree and the slips found on the way.
pub(super) fn parse(text: &str, lexemes: &[Lexeme]) -> Result<(Node, Vec<Problem>), Box<Problem>> {
    let blanked = without_hash_comments(text, lexemes);
    let parsed = parse_to_ast(
        &blanked,
        &CollectOptions {
            comments: CommentCollectionStrategy::Off,
            tokens: true,
        },
        // Whatever can be read in spite of a mistake is read, so that the other mistakes are found too.
        &ParseOptions {
            allow_extended_string_escapes: false,
            ..ParseOptions::default()
        },
    );
    let result = match parsed {
        Ok(result) => result,
        Err(error) => {
            let span = Locator::new(text).span(error.range().start..error.range().end);
            let mut problem = Problem::error(reason(error.kind())).at(span);
            problem.hint = advice(text, lexemes, error.kind(), span);
            return Err(Box::new(problem));
        }
    };
    let Some(value) = result.value else {
        let mut problem = Problem::error("the document is empty");
        problem.advise("a job document is a JSON object, see docs/concepts/job-document.md");
        return Err(Box::new(problem));
    };
    let mut tree = Tree {
        locator: Locator::new(text),
        text: &blanked,
        slips: Vec::new(),
    };
    let root = tree.node(&value, 0)?;
    let mut slips = tree.slips;
    slips.extend(missing_commas(
        text,
        result.tokens.as_deref().unwrap_or_default(),
    ));
    Ok((root, slips))
}

/// The text with `#` comments turned into blanks, byte for byte, because the parser does not know them.
fn without_hash_comments(text: &str, lexemes: &[Lexeme]) -> String {
    let mut blanked = String::with_capacity(text.len());
    let mut done = 0;
    for lexeme in lexemes {
        let is_hash = lexeme.kind == Kind::Comment && text[lexeme.range.start..].starts_with('#');
        if is_hash {
            blanked.push_str(&text[done..lexeme.range.start]);
            blanked.extend(std::iter::repeat_n(' ', lexeme.range.len()));
            done = lexeme.range.end;
        }
    }
    blanked.push_str(&text[done..]);
    blanked
}

/// The tree under construction; nodes are made in the order of the text.
struct Tree<'t> {
    locator: Locator<'t>,
    text: &'t str,
    slips: Vec<Problem>,
}

impl Tree<'_> {
    fn node(&mut self, value: &Value<'_>, depth: usize) -> Result<Node, Box<Problem>> {
        let range = value.range();
        let span = self.locator.span(range.start..range.end);
        if depth > DEPTH {
            return Err(Box::new(Problem::error(too_deep()).at(span)));
        }
        let content = match value {
            Value::NullKeyword(_) => Content::Null,
            Value::BooleanLit(literal) => Content::Bool(literal.value),
            Value::NumberLit(literal) => {
                if serde_json::from_str::<serde_json::Value>(literal.value).is_err() {
                    // Not quoted here: it may be a password without its quotes.
                    self.slip(span, "this is not a JSON number");
                }
                Content::Number(literal.value.to_owned())
            }
            Value::StringLit(literal) => {
                if self.text[span.start..].starts_with('\'') {
                    self.slip(span, "a string must stand in double quotes");
                }
                Content::Text(literal.value.clone().into_owned())
            }
            Value::Array(array) => self.list(array, depth)?,
            Value::Object(object) => self.object(object, depth)?,
        };
        Ok(Node {
            span,
            content,
            written: true,
        })
    }

    fn list(&mut self, array: &Array<'_>, depth: usize) -> Result<Content, Box<Problem>> {
        let mut items = Vec::with_capacity(array.elements.len());
        for element in &array.elements {
            items.push(self.node(element, depth + 1)?);
        }
        Ok(Content::List(items))
    }

    fn object(&mut self, object: &Object<'_>, depth: usize) -> Result<Content, Box<Problem>> {
        let mut members: Vec<Member> = Vec::with_capacity(object.properties.len());
        let mut keys = HashSet::new();
        for property in &object.properties {
            let range = property.name.range();
            let key_span = self.locator.span(range.start..range.end);
            let key = property.name.as_str().to_owned();
            let is_quoted = matches!(property.name, ObjectPropName::String(_));
            if !is_quoted || self.text[key_span.start..].starts_with('\'') {
                self.slip(key_span, "a key must stand in double quotes");
            }
            let node = self.node(&property.value, depth + 1)?;
            if keys.insert(key.clone()) {
                members.push(Member {
                    key,
                    key_span,
                    node,
                });
            } else {
                self.slip(key_span, format!("key `{key}` is written twice"))
                    .advise("keep one of the two");
            }
        }
        Ok(Content::Object(members))
    }

    fn slip(&mut self, span: Span, message: impl Into<String>) -> &mut Problem {
        let at = self.slips.len();
        self.slips.push(Problem::error(message).at(span));
        &mut self.slips[at]
    }
}

fn missing_commas(text: &str, tokens: &[TokenAndRange<'_>]) -> Vec<Problem> {
    let mut locator = Locator::new(text);
    let mut slips = Vec::new();
    for pair in tokens.windows(2) {
        let ends_value = !matches!(
            pair[0].token,
            Token::OpenBrace | Token::OpenBracket | Token::Colon | Token::Comma
        );
        let starts_value = !matches!(
            pair[1].token,
            Token::CloseBrace | Token::CloseBracket | Token::Colon | Token::Comma
        );
        if ends_value && starts_value {
            let end = pair[0].range.end;
            // The caret stands under the last character before the missing comma.
            let span = locator.span(text.floor_char_boundary(end - 1)..end);
            let mut problem = Problem::error("a comma is missing after this").at(span);
            problem.advise("put a `,` between the two");
            slips.push(problem);
        }
    }
    slips
}

fn too_deep() -> String {
    format!("the document is nested deeper than {DEPTH} levels")
}

fn reason(kind: &ParseErrorKind) -> String {
    match kind {
        ParseErrorKind::NestingDepthExceeded => too_deep(),
        ParseErrorKind::MultipleRootJsonValues => {
            "text follows after the end of the document".into()
        }
        ParseErrorKind::UnterminatedObject => "this `{` has no closing `}`".into(),
        ParseErrorKind::UnterminatedArray => "this `[` has no closing `]`".into(),
        ParseErrorKind::UnterminatedCommentBlock => "this comment has no closing `*/`".into(),
        ParseErrorKind::ExpectedColonAfterObjectKey => "a `:` is missing after a key".into(),
        ParseErrorKind::ExpectedObjectValue => "a value is missing after `:`".into(),
        ParseErrorKind::UnexpectedWord => "a string must stand in double quotes".into(),
        ParseErrorKind::UnexpectedToken => "this does not belong here".into(),
        ParseErrorKind::UnexpectedTokenInObject => "a key in double quotes is expected here".into(),
        other => {
            let text = other.to_string();
            let mut chars = text.chars();
            let first = chars.next().map(|c| c.to_lowercase().to_string());
            first.unwrap_or_default() + chars.as_str()
        }
    }
}

/// A forgotten quote turns strings inside out up to the end of a line, and the error appears behind its cause.
fn advice(text: &str, lexemes: &[Lexeme], kind: &ParseErrorKind, span: Span) -> Option<String> {
    if matches!(kind, ParseErrorKind::NestingDepthExceeded) {
        return None;
    }
    let line_end = text[span.start..]
        .find('\n')
        .map_or(text.len(), |at| at + span.start);
    let running = lexemes.iter().find(|lexeme| {
        lexeme.kind == Kind::Quoted
            && lexeme.range.start <= line_end
            && text[lexeme.range.clone()].contains('\n')
    })?;
    let line = Locator::new(text).span(running.range.clone()).line;
    Some(format!("a quote seems to be missing in line {line}"))
}
