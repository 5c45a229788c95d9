//! Where each part of a job stands in its document.
//!
//! Owns the way from a pointer in the normalised job back to the text, so that whoever finds a problem later,
//! a connector for example, can show the line. Printing is left to `problem`.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::node::{self, Node};
use crate::problem::{Problem, Severity};
use crate::source::Span;

/// Pointers of the normalised job with their places in the text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Origins(BTreeMap<String, Origin>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Origin {
    value: Span,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Span>,
    /// The pointer in the document as written, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    written: Option<String>,
}

impl Origins {
    /// The places of a normalised tree; `written` maps where a value begins to its pointer in the document.
    pub(crate) fn of(root: &Node, written: &HashMap<usize, String>) -> Self {
        let mut origins = BTreeMap::new();
        node::visit(root, "", &mut |pointer, key, value| {
            let place = written.get(&value.span.start);
            origins.insert(
                pointer.to_owned(),
                Origin {
                    value: value.span,
                    key,
                    written: place.filter(|place| *place != pointer).cloned(),
                },
            );
        });
        Self(origins)
    }

    /// An error about the value at a normalised pointer.
    ///
    /// When the document has nothing there, the nearest parent that stands in it is shown.
    pub fn problem(
        &self,
        pointer: &str,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Problem {
        self.placed(pointer, message.into(), hint, |_, origin| origin.value)
    }

    /// The same as [`Self::problem`], about the key instead of its value: an unknown one, for example.
    pub fn key_problem(
        &self,
        pointer: &str,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Problem {
        self.placed(pointer, message.into(), hint, |at, origin| {
            // The key of a parent is not the one that is meant.
            origin.key.filter(|_| at == pointer).unwrap_or(origin.value)
        })
    }

    fn placed(
        &self,
        pointer: &str,
        message: String,
        hint: Option<String>,
        place: impl Fn(&str, &Origin) -> Span,
    ) -> Problem {
        let nearest = self.nearest(pointer);
        let written = nearest.map(|(at, origin)| match &origin.written {
            Some(written) => written.clone(),
            None => at.to_owned(),
        });
        Problem {
            severity: Severity::Error,
            pointer: written.unwrap_or_default(),
            span: nearest.map(|(at, origin)| place(at, origin)),
            message,
            hint,
        }
    }

    fn nearest<'p>(&self, pointer: &'p str) -> Option<(&'p str, &Origin)> {
        let mut pointer = pointer;
        loop {
            if let Some(origin) = self.0.get(pointer) {
                return Some((pointer, origin));
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }
}
