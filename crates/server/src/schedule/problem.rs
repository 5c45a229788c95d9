//! What is wrong with the document of a schedule: one value per problem, each at its field.

use std::fmt::Display;
use std::ops::RangeInclusive;

use serde::Serialize;

/// One thing that is wrong with a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleProblem {
    /// JSON pointer (RFC 6901) of the field; empty for the whole value.
    pub(crate) pointer: String,
    /// What is wrong: lower case, no full stop.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: String,
}

impl RuleProblem {
    pub(crate) fn new(
        pointer: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// The same problem of a value that stands under `parent`.
    pub(crate) fn under(mut self, parent: &str) -> Self {
        self.pointer.insert_str(0, parent);
        self
    }
}

/// Reports a number that is not in its range.
pub(crate) fn require_within(
    pointer: &str,
    value: u32,
    range: RangeInclusive<u32>,
    problems: &mut Vec<RuleProblem>,
) {
    if !range.contains(&value) {
        problems.push(RuleProblem::new(
            pointer,
            format!("{value} is out of range"),
            format!("write {} to {}", range.start(), range.end()),
        ));
    }
}

/// Reports a list without items, and each item that stands in it twice.
pub(crate) fn require_distinct<T: PartialEq + Display>(
    pointer: &str,
    items: &[T],
    problems: &mut Vec<RuleProblem>,
) {
    if items.is_empty() {
        problems.push(RuleProblem::new(
            pointer,
            "the list is empty",
            "name at least one",
        ));
    }
    for (place, item) in items.iter().enumerate() {
        if items[..place].contains(item) {
            problems.push(RuleProblem::new(
                format!("{pointer}/{place}"),
                format!("{item} stands here twice"),
                "remove one of them",
            ));
        }
    }
}
