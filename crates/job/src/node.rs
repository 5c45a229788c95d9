//! The tree of a parsed document: JSON values that know where they stand.
//!
//! Owns the tree and plain access to it. Reading meaning out of it is left to `spelling` and `read`.

use serde_json::{Map, Number, Value};

use crate::source::Span;

/// A value and its place.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) content: Content,
    /// Whether the text under `span` is this very value, so that it can be copied with its comments.
    pub(crate) written: bool,
}

#[derive(Clone)]
pub(crate) enum Content {
    Null,
    Bool(bool),
    /// The digits as written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

/// A key with its value.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) key: String,
    /// The key with its quotes.
    pub(crate) key_span: Span,
    pub(crate) node: Node,
}

impl Node {
    /// A value that stands nowhere itself; `span` is the text it was made from.
    pub(crate) fn made(span: Span, content: Content) -> Self {
        Self {
            span,
            content,
            written: false,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn members(&self) -> Option<&[Member]> {
        match &self.content {
            Content::Object(members) => Some(members),
            _ => None,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let member = self.members()?.iter().find(|member| member.key == key)?;
        Some(&member.node)
    }

    /// What kind of value it is, with its article, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.content {
            Content::Null => "null",
            Content::Bool(_) => "a boolean",
            Content::Number(_) => "a number",
            Content::Text(_) => "a string",
            Content::List(_) => "a list",
            Content::Object(_) => "an object",
        }
    }

    /// The plain JSON value. Nesting is limited when the document is parsed, so this cannot overflow the stack.
    pub(crate) fn to_json(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(digits) => number(digits),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => items.iter().map(Node::to_json).collect(),
            Content::Object(members) => Value::Object(to_map(members)),
        }
    }
}

/// A number that keeps its value: integers too large for a JSON number here keep their digits as text.
fn number(digits: &str) -> Value {
    let is_integer = !digits.contains(['.', 'e', 'E']);
    match serde_json::from_str::<Number>(digits) {
        Ok(number) if !(is_integer && number.is_f64()) => Value::Number(number),
        _ => Value::String(digits.to_owned()),
    }
}

/// The plain JSON object of some members.
pub(crate) fn to_map(members: &[Member]) -> Map<String, Value> {
    members
        .iter()
        .map(|member| (member.key.clone(), member.node.to_json()))
        .collect()
}

/// Takes a member out of an object.
pub(crate) fn take(members: &mut Vec<Member>, key: &str) -> Option<Member> {
    let at = members.iter().position(|member| member.key == key)?;
    Some(members.remove(at))
}

/// Visits every value below `node` with its JSON pointer, parents first.
pub(crate) fn visit<'n>(
    node: &'n Node,
    pointer: &str,
    seen: &mut impl FnMut(&str, Option<Span>, &'n Node),
) {
    match &node.content {
        Content::List(items) => {
            for (index, item) in items.iter().enumerate() {
                let pointer = format!("{pointer}/{index}");
                seen(&pointer, None, item);
                visit(item, &pointer, seen);
            }
        }
        Content::Object(members) => {
            for member in members {
                let pointer = format!("{pointer}/{}", escaped(&member.key));
                seen(&pointer, Some(member.key_span), &member.node);
                visit(&member.node, &pointer, seen);
            }
        }
        _ => {}
    }
}

/// A key as a JSON pointer writes it (RFC 6901, section 3).
pub(crate) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
