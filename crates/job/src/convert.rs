//! A document rewritten in another spelling, mostly in Longshore's own.
//!
//! Owns the text that comes out: what `spelling` left alone is copied with its comments, the rest is written anew.
//! Parameters are not substituted. What the keys mean is left to `spelling`.

mod comments;

use std::ops::Range;

use self::comments::Comments;
use crate::document::lexeme::{self, Kind, Lexeme};
use crate::document::{Document, Spelling};
use crate::findings::{Findings, Strictness};
use crate::node::{Content, Member, Node};
use crate::parameters::{brace_names, foreign_references};
use crate::problem::Problems;
use crate::source::Span;
use crate::{secret, spelling};

/// Rewrites a document in Longshore's own spelling, with warnings about what could not be kept.
///
/// Comments stay with the values they stand beside, as far as those stay.
/// A document in that spelling already is given back as it is.
pub fn convert(document: &Document) -> Result<(String, Problems), Problems> {
    convert_naming(document, DatasourceNames::default())
}

/// Names of registered data sources that take the place of whatever a document says about how its
/// two sides are reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DatasourceNames<'n> {
    /// For the reader; without it the reader stays as it is.
    pub reader: Option<&'n str>,
    /// For the writer; without it the writer stays as it is.
    pub writer: Option<&'n str>,
}

/// The same as [`convert`], with data sources named in place of those written into the document.
pub fn convert_naming(
    document: &Document,
    names: DatasourceNames<'_>,
) -> Result<(String, Problems), Problems> {
    let mut findings = Findings::new(document.spelling().strictness());
    if document.spelling() == Spelling::Seed && names == DatasourceNames::default() {
        let problems = findings.into_problems(document);
        return match problems.has_errors() {
            true => Err(problems),
            false => Ok((document.source.text.clone(), problems)),
        };
    }
    let mut root = document.root.clone();
    if document.spelling() == Spelling::DataX {
        brace_names(&mut root, &mut findings);
    }
    settle(&mut root);
    let root = spelling::to_seed(root, document.spelling(), &mut findings);
    let problems = findings.into_problems(document);
    match root {
        Some(mut root) if !problems.has_errors() => {
            for (key, name) in [("reader", names.reader), ("writer", names.writer)] {
                if let Some(name) = name {
                    put_name(&mut root, key, name);
                }
            }
            settle(&mut root);
            Ok((printed(&root, document), problems))
        }
        _ => Err(problems),
    }
}

/// Rewrites a document in any spelling. Among the problems, errors tell what that spelling has no words for and what
/// is missing from the text therefore; warnings tell what is said differently. Only a document that makes no sense,
/// or no job, gives no text.
///
/// No secret comes out: where the document has one, the text has a parameter.
pub fn export(document: &Document, to: Spelling) -> Result<(String, Problems), Problems> {
    let mut findings = Findings::new(Strictness::Lenient);
    let mut root = document.root.clone();
    if document.spelling() == Spelling::DataX {
        brace_names(&mut root, &mut findings);
    }
    settle(&mut root);
    let root = spelling::to_seed(root, document.spelling(), &mut findings);
    let problems = findings.into_problems(document);
    let Some(mut root) = root.filter(|_| !problems.has_errors()) else {
        return Err(problems);
    };
    let mut findings = Findings::new(Strictness::Strict);
    secret::replace(&mut root, &mut findings);
    if to == Spelling::DataX {
        foreign_references(&root, &mut findings);
    }
    let Some(mut root) = spelling::from_seed(root, to, &mut findings) else {
        return Err(findings.into_problems(document));
    };
    settle(&mut root);
    let mut told = findings.into_problems(document);
    for problem in &problems {
        told.push(problem.clone());
    }
    Ok((printed(&root, document), told))
}

/// Writes the name of a data source into a step that has parameters.
fn put_name(root: &mut Node, step: &str, name: &str) {
    let mut node = root;
    for key in ["configuration", step, "parameter"] {
        let Content::Object(members) = &mut node.content else {
            return;
        };
        let Some(member) = members.iter_mut().find(|member| member.key == key) else {
            return;
        };
        node = &mut member.node;
    }
    // It has no length, so that it claims no comment of what surrounds it.
    let place = Span {
        end: node.span.start,
        ..node.span
    };
    let Content::Object(members) = &mut node.content else {
        return;
    };
    let name = Content::Text(name.to_owned());
    match members.iter_mut().find(|member| member.key == "datasource") {
        Some(member) => member.node = Node::made(member.node.span, name),
        None => members.insert(
            0,
            Member {
                key: "datasource".to_owned(),
                key_span: place,
                node: Node::made(place, name),
            },
        ),
    }
}

/// A value whose parts changed is no longer what is written.
fn settle(node: &mut Node) {
    let written = &mut node.written;
    match &mut node.content {
        Content::List(items) => {
            for item in items {
                settle(item);
                *written &= item.written;
            }
        }
        Content::Object(members) => {
            for member in members {
                settle(&mut member.node);
                *written &= member.node.written;
            }
        }
        Content::Null | Content::Bool(_) | Content::Number(_) | Content::Text(_) => {}
    }
}

fn printed(root: &Node, document: &Document) -> String {
    let text = &document.source.text;
    let lexemes = lexeme::lexemes(text);
    let mut page = Page {
        text,
        comments: Comments::of(text, &lexemes),
        lexemes,
        out: String::new(),
    };
    page.leading(document.root.span.start, 0);
    // Parts that are written anew may claim the place of the whole document; its last comments are kept from them.
    let last = page.comments.take_trailing(document.root.span.end);
    page.value(root, 0);
    page.comments_after(last, 0);
    page.out.push('\n');
    page.out
}

/// The text under construction.
struct Page<'t> {
    text: &'t str,
    lexemes: Vec<Lexeme>,
    comments: Comments,
    out: String,
}

impl Page<'_> {
    fn value(&mut self, node: &Node, indent: usize) {
        if node.written {
            self.copy(node.span, indent);
            return;
        }
        match &node.content {
            Content::Null => self.out.push_str("null"),
            Content::Bool(value) => self.out.push_str(&value.to_string()),
            Content::Number(digits) => self.out.push_str(digits),
            Content::Text(text) => self.out.push_str(&quoted(text)),
            Content::List(items) => {
                let entries = items.iter().map(|item| (None, item.span, item));
                self.container(['[', ']'], entries, indent);
            }
            Content::Object(members) => {
                let entries = members
                    .iter()
                    .map(|member| (Some(member.key.as_str()), member.key_span, &member.node));
                self.container(['{', '}'], entries, indent);
            }
        }
    }

    fn container<'n>(
        &mut self,
        marks: [char; 2],
        entries: impl ExactSizeIterator<Item = (Option<&'n str>, Span, &'n Node)>,
        indent: usize,
    ) {
        self.out.push(marks[0]);
        let inner = indent + 1;
        let mut left = entries.len();
        for (key, place, node) in entries {
            left -= 1;
            self.new_line(inner);
            self.leading(place.start, inner);
            if let Some(key) = key {
                self.out.push_str(&quoted(key));
                self.out.push_str(": ");
            }
            self.value(node, inner);
            if left > 0 {
                self.out.push(',');
            }
            self.trailing(node.span.end, inner);
            if left == 0 {
                self.new_line(indent);
            }
        }
        self.out.push(marks[1]);
    }

    fn new_line(&mut self, indent: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", indent));
    }

    /// Comments on lines of their own before a key or value.
    fn leading(&mut self, start: usize, indent: usize) {
        for comment in self.comments.take_leading(start) {
            self.out.push_str(&self.text[comment]);
            self.new_line(indent);
        }
    }

    /// Comments after a value; each but the first begins a line, because the one before may reach to its end.
    fn trailing(&mut self, end: usize, indent: usize) {
        let comments = self.comments.take_trailing(end);
        self.comments_after(comments, indent);
    }

    fn comments_after(&mut self, comments: Vec<Range<usize>>, indent: usize) {
        for (at, comment) in comments.into_iter().enumerate() {
            match at {
                0 => self.out.push(' '),
                _ => self.new_line(indent),
            }
            self.out.push_str(&self.text[comment]);
        }
    }

    /// The text as written, moved to its new indent unless a string would change by that.
    fn copy(&mut self, span: Span, indent: usize) {
        let text = &self.text[span.start..span.end];
        let from = self
            .lexemes
            .partition_point(|lexeme| lexeme.range.start < span.start);
        let breaks_string = self.lexemes[from..]
            .iter()
            .take_while(|lexeme| lexeme.range.start < span.end)
            .any(|lexeme| {
                lexeme.kind == Kind::Quoted && self.text[lexeme.range.clone()].contains('\n')
            });
        if breaks_string {
            self.out.push_str(text);
            return;
        }
        let line = self.text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let blank = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
        let old_indent = blank(&self.text[line..]);
        for (at, line) in text.lines().enumerate() {
            if at > 0 {
                self.new_line(indent);
            }
            let cut = match at {
                0 => 0,
                _ => blank(line).min(old_indent),
            };
            self.out.push_str(&line[cut..]);
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
