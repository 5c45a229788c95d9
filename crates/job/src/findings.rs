//! Problems as they are found while a document is read.
//!
//! Owns the choice between error and warning and the wording of findings that occur in many places.
//! What is right and wrong is left to the modules that read.

use crate::document::{Document, pointer_at};
use crate::nearest::nearest;
use crate::node::{Member, Node};
use crate::problem::{Problem, Problems};
use crate::source::Span;

/// How lapses are judged: keys that nobody knows, rules that other programs do not enforce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// A lapse is an error.
    Strict,
    /// A lapse is a warning.
    Lenient,
}

/// The problems found so far.
pub(crate) struct Findings {
    strictness: Strictness,
    list: Vec<Problem>,
}

impl Findings {
    pub(crate) fn new(strictness: Strictness) -> Self {
        Self {
            strictness,
            list: Vec::new(),
        }
    }

    /// The job cannot run.
    pub(crate) fn error(&mut self, span: Span, message: impl Into<String>) -> &mut Problem {
        self.add(Problem::error(message).at(span))
    }

    /// The job can run, but the author should know.
    pub(crate) fn warning(&mut self, span: Span, message: impl Into<String>) -> &mut Problem {
        self.add(Problem::warning(message).at(span))
    }

    /// An error under strict reading, a warning otherwise.
    pub(crate) fn lapse(&mut self, span: Span, message: impl Into<String>) -> &mut Problem {
        match self.strictness {
            Strictness::Strict => self.error(span, message),
            Strictness::Lenient => self.warning(span, message),
        }
    }

    /// Adds a problem that stands nowhere in the text.
    pub(crate) fn add(&mut self, problem: Problem) -> &mut Problem {
        let at = self.list.len();
        self.list.push(problem);
        &mut self.list[at]
    }

    /// A value of the wrong kind.
    pub(crate) fn wrong_kind(&mut self, node: &Node, name: &str, wanted: &str) -> &mut Problem {
        let message = format!("{name} must be {wanted}, not {}", node.kind());
        self.error(node.span, message)
    }

    /// Reports the keys that are not in `known`, each with the nearest known one.
    pub(crate) fn unknown_keys(&mut self, members: &[Member], known: &[&str]) {
        for member in members {
            if !known.contains(&member.key.as_str()) {
                self.unknown_key(member, known);
            }
        }
    }

    pub(crate) fn unknown_key(&mut self, member: &Member, known: &[&str]) {
        let hint = meant(&member.key, known);
        self.lapse(member.key_span, format!("unknown key `{}`", member.key))
            .advise(hint);
    }

    /// Reports a key that other programs use and that changes nothing here.
    pub(crate) fn no_effect(&mut self, member: &Member) -> &mut Problem {
        let message = format!("`{}` is known and has no effect here", member.key);
        self.warning(member.key_span, message)
    }

    /// A value that is none of the known ones.
    pub(crate) fn unknown_value(&mut self, node: &Node, name: &str, known: &[&str]) {
        let hint = meant(node.text().unwrap_or_default(), known);
        let shown = match node.text() {
            Some(text) => format!("{name} `{text}` is not known"),
            None => format!("{name} must be a string, not {}", node.kind()),
        };
        self.error(node.span, shown).advise(hint);
    }

    /// The findings with the document's own slips, placed by pointer and in the order of the text.
    pub(crate) fn into_problems(mut self, document: &Document) -> Problems {
        let pointers = match self.list.is_empty() {
            true => Default::default(),
            false => document.pointers(),
        };
        for problem in &mut self.list {
            problem.pointer = pointer_at(&pointers, problem);
        }
        self.list.extend(document.slips.iter().cloned());
        Problems::of(document.source.clone(), self.list)
    }
}

/// "did you mean" with the nearest known word, or the list of them.
pub(crate) fn meant(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", known.join(", ")),
    }
}
