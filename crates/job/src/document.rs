//! A parsed document: its text, its tree and its spelling.
//!
//! Owns everything up to "this is well-formed JSON with comments, written in that spelling".
//! What the keys mean is left to `spelling` and `read`.

pub(crate) mod lexeme;
mod syntax;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::findings::Strictness;
use crate::node::{self, Node};
use crate::problem::{Problem, Problems};
use crate::source::Source;

/// The three ways to write a job that are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Spelling {
    /// Longshore's own, DataWorks script mode 1.0: `type`, `version`, `configuration`.
    Seed,
    /// DataWorks script mode 2.0: `steps`, `order`, `setting`.
    DataWorks2,
    /// DataX: `job.content[0]`, `job.setting`.
    DataX,
}

impl Spelling {
    /// How strictly documents of this spelling are read unless somebody says otherwise.
    pub fn strictness(self) -> Strictness {
        match self {
            Self::DataX => Strictness::Lenient,
            Self::Seed | Self::DataWorks2 => Strictness::Strict,
        }
    }
}

/// The text of a job document, parsed but not yet understood.
///
/// The text, of at most 4 MiB, is JSON with `//`, `/* */` and `#` comments, trailing commas and line breaks inside strings.
pub struct Document {
    pub(crate) source: Arc<Source>,
    pub(crate) root: Node,
    spelling: Spelling,
    /// Mistakes of form that did not hide the rest of the document, such as a missing comma.
    pub(crate) slips: Vec<Problem>,
}

impl Document {
    /// Bytes of the longest text that is read: longer ones are no job documents, and reading them would take
    /// many times their size in memory.
    pub const LONGEST: usize = 4 * 1024 * 1024;

    /// Parses a text; `name` is the file name that problems show.
    ///
    /// Mistakes that leave the rest readable (a missing comma, a key written twice, single quotes) are kept
    /// and reported as errors by [`normalise`](crate::normalise) together with all others;
    /// only text that cannot be read at all is an error here.
    pub fn parse(name: &str, text: &str) -> Result<Self, Problems> {
        // Some editors put a byte order mark in front of UTF-8 text (RFC 8259, section 8.1 lets parsers skip it).
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.len() > Self::LONGEST {
            let source = Arc::new(Source::new(name, "", &[]));
            let message = format!(
                "the document is {} bytes long, at most {} are read",
                text.len(),
                Self::LONGEST
            );
            return Err(Problems::of(source, vec![Problem::error(message)]));
        }
        let lexemes = lexeme::lexemes(text);
        let (root, slips) = syntax::parse(text, &lexemes).map_err(|problem| {
            let source = Arc::new(Source::broken(name, text, &lexemes));
            Problems::of(source, vec![*problem])
        })?;
        let source = Arc::new(Source::new(name, text, &lexemes));
        let spelling = spelling_of(&root);
        let mut document = Self {
            source,
            root,
            spelling,
            slips,
        };
        if !document.slips.is_empty() {
            let pointers = document.pointers();
            for slip in &mut document.slips {
                slip.pointer = pointer_at(&pointers, slip);
            }
        }
        Ok(document)
    }

    /// How the document is written.
    pub fn spelling(&self) -> Spelling {
        self.spelling
    }

    /// The pointer of every key and value by the byte it begins at.
    pub(crate) fn pointers(&self) -> HashMap<usize, String> {
        let mut pointers = HashMap::new();
        node::visit(&self.root, "", &mut |pointer, key, value| {
            if let Some(key) = key {
                pointers.insert(key.start, pointer.to_owned());
            }
            pointers.insert(value.span.start, pointer.to_owned());
        });
        pointers
    }
}

/// The pointer of the key or value that a problem's span begins at; empty when there is none.
pub(crate) fn pointer_at(pointers: &HashMap<usize, String>, problem: &Problem) -> String {
    let pointer = problem.span.and_then(|span| pointers.get(&span.start));
    pointer.cloned().unwrap_or_default()
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text may hold passwords.
        f.debug_struct("Document")
            .field("name", &self.source.name)
            .field("spelling", &self.spelling)
            .finish_non_exhaustive()
    }
}

fn spelling_of(root: &Node) -> Spelling {
    let has = |key| root.get(key).is_some();
    if has("configuration") {
        Spelling::Seed
    } else if has("job") {
        Spelling::DataX
    } else if has("steps") || has("order") {
        Spelling::DataWorks2
    } else {
        Spelling::Seed
    }
}
