//! What is wrong with a document: one value per problem, all of them at once.
//!
//! Owns the problem type and its collection; `render` owns how they look on a terminal.
//! Finding problems is left to the modules that read the document and to the engine.

mod render;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::source::{Source, Span};

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The job can run; something in the document has no effect or is doubtful.
    Warning,
    /// The job cannot run.
    Error,
}

/// Whether rendered text carries ANSI colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// No escape sequences at all.
    Plain,
    /// ANSI escape sequences, for a terminal.
    Ansi,
}

/// One thing that is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Error or warning.
    pub severity: Severity,
    /// JSON pointer (RFC 6901) of the field in the document as its author wrote it; empty for the whole document.
    pub pointer: String,
    /// Where it stands in the text, when it stands there at all.
    pub span: Option<Span>,
    /// What is wrong: lower case, no full stop, no secret.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// An error about the document as a whole.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            pointer: String::new(),
            span: None,
            message: message.into(),
            hint: None,
        }
    }

    /// A warning about the document as a whole.
    pub fn warning(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(message)
        }
    }

    /// The same problem placed at a span.
    pub(crate) fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Adds what to do about it.
    pub fn advise(&mut self, hint: impl Into<String>) {
        self.hint = Some(hint.into());
    }

    /// The place as people write it: `configuration.reader.parameter.column[2]`.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for part in self.pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
                path.push_str(&format!("[{part}]"));
                continue;
            }
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&part);
        }
        path
    }
}

/// The problems of one document, in the order of the text.
///
/// Displays like a compiler's diagnostics: place, source line, carets and hint; secrets of the source line are masked.
/// Serialises as the list of problems.
#[derive(Clone, Default)]
pub struct Problems {
    source: Option<Arc<Source>>,
    list: Vec<Problem>,
}

/// Problems without a span come first: they concern the whole document.
fn place_of(problem: &Problem) -> Option<(usize, usize)> {
    problem.span.map(|span| (span.start, span.end))
}

impl Problems {
    /// No problems, and no document to print lines from.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn of(source: Arc<Source>, mut list: Vec<Problem>) -> Self {
        list.sort_by_key(place_of);
        Self {
            source: Some(source),
            list,
        }
    }

    /// Adds a problem at its place, for example one found by a connector at [`Origins::problem`](crate::Origins::problem).
    pub fn push(&mut self, problem: Problem) {
        let place = place_of(&problem);
        let index = self.list.partition_point(|known| place_of(known) <= place);
        self.list.insert(index, problem);
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many problems there are, warnings included.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether one of them keeps the job from running.
    pub fn has_errors(&self) -> bool {
        self.iter()
            .any(|problem| problem.severity == Severity::Error)
    }

    /// The problems in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// The problems as text for people, one block each, a count at the end.
    pub fn render(&self, colour: Colour) -> String {
        render::render(self.source.as_deref(), &self.list, colour)
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Colour::Plain))
    }
}

impl fmt::Debug for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.list).finish()
    }
}

impl std::error::Error for Problems {}

impl Serialize for Problems {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}
