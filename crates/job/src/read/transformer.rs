//! The `transformer` list, with DataX's names and arguments.
//!
//! Owns their arguments and ranges. What they do to a row is left to the engine.

use std::ops::RangeInclusive;

use super::setting::{scalar, whole};
use crate::findings::Findings;
use crate::job::{Comparison, Digest, Effect, LetterCase, Side, Transformer};
use crate::node::{Content, Node};

const NAMES: [&str; 5] = [
    "dx_substr",
    "dx_pad",
    "dx_replace",
    "dx_filter",
    "dx_digest",
];

/// Characters that a text may be filled up to; few targets take more.
const LONGEST_PADDED: u64 = 1 << 20;

const COMPARISONS: [(&str, Comparison); 8] = [
    ("like", Comparison::Like),
    ("not like", Comparison::NotLike),
    (">", Comparison::Greater),
    ("<", Comparison::Less),
    ("=", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<=", Comparison::LessOrEqual),
];

pub(super) fn read(node: &Node, findings: &mut Findings) -> Vec<Transformer> {
    let Content::List(items) = &node.content else {
        findings.wrong_kind(node, "`transformer`", "a list");
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| one(item, findings))
        .collect()
}

fn one(node: &Node, findings: &mut Findings) -> Option<Transformer> {
    let Some(members) = node.members() else {
        findings.wrong_kind(node, "a transformer", "an object");
        return None;
    };
    findings.unknown_keys(members, &["name", "parameter"]);
    let Some(name_node) = node.get("name") else {
        findings.error(node.span, "`name` is missing in a transformer");
        return None;
    };
    let name = name_node.text().unwrap_or_default();
    if name == "dx_groovy" {
        findings
            .error(name_node.span, "Groovy code cannot run here")
            .advise("write `{\"expression\": \"…\", \"name\": \"…\"}` in the reader's `column`, or an SQL condition in `configuration.filter`");
        return None;
    }
    if !NAMES.contains(&name) {
        findings.unknown_value(name_node, "transformer", &NAMES);
        return None;
    }
    let Some(parameter) = node.get("parameter") else {
        findings.error(node.span, "`parameter` is missing in a transformer");
        return None;
    };
    let Some(members) = parameter.members() else {
        findings.wrong_kind(parameter, "`parameter`", "an object");
        return None;
    };
    findings.unknown_keys(members, &["columnIndex", "paras"]);
    let column = match parameter.get("columnIndex") {
        Some(node) => position(node, "`columnIndex`", findings),
        None => {
            findings
                .error(parameter.span, "`columnIndex` is missing")
                .advise("it counts the reader's columns from 0");
            None
        }
    };
    let effect = arguments(name, parameter, findings)
        .and_then(|arguments| effect(name, arguments, findings));
    Some(Transformer {
        column: column?,
        effect: effect?,
    })
}

/// The arguments, as many as the transformer takes.
fn arguments<'n>(name: &str, parameter: &'n Node, findings: &mut Findings) -> Option<&'n [Node]> {
    let Some(node) = parameter.get("paras") else {
        findings.error(parameter.span, "`paras` is missing");
        return None;
    };
    let Content::List(items) = &node.content else {
        findings.wrong_kind(node, "`paras`", "a list");
        return None;
    };
    let names = match name {
        "dx_substr" => "start, length",
        "dx_pad" => "`l` or `r`, length, padding",
        "dx_replace" => "start, length, text",
        "dx_filter" => "comparison, value",
        _ => "`md5` or `sha1`, `toUpperCase` or `toLowerCase`",
    };
    let wanted = names.split(", ").count();
    if items.len() != wanted {
        let message = format!("`{name}` takes {wanted} arguments, not {}", items.len());
        findings
            .error(node.span, message)
            .advise(format!("they are: {names}"));
        return None;
    }
    Some(items)
}

fn effect(name: &str, arguments: &[Node], findings: &mut Findings) -> Option<Effect> {
    let effect = match (name, arguments) {
        ("dx_substr", [start, length]) => Effect::Substring {
            start: position(start, "the start", findings)?,
            length: position(length, "the length", findings)?,
        },
        ("dx_pad", [side, length, pad]) => {
            let sides = [("l", Side::Left), ("r", Side::Right)];
            Effect::Pad {
                side: choice(side, "side", &sides, findings)?,
                length: bounded(length, "the length", 0..=LONGEST_PADDED, findings)?,
                pad: padding(pad, findings)?,
            }
        }
        ("dx_replace", [start, length, text]) => Effect::Replace {
            start: position(start, "the start", findings)?,
            length: position(length, "the length", findings)?,
            text: word(text, findings)?,
        },
        ("dx_filter", [comparison, value]) => {
            let comparison = choice(comparison, "comparison", &COMPARISONS, findings)?;
            Effect::Filter {
                comparison,
                value: match &value.content {
                    Content::Null => None,
                    Content::Text(text) if text.eq_ignore_ascii_case("null") => None,
                    _ => Some(word(value, findings)?),
                },
            }
        }
        (_, [digest, letters]) => {
            let digests = [("md5", Digest::Md5), ("sha1", Digest::Sha1)];
            let cases = [
                ("toUpperCase", LetterCase::Upper),
                ("toLowerCase", LetterCase::Lower),
            ];
            Effect::Digest {
                digest: choice(digest, "digest", &digests, findings)?,
                letters: choice(letters, "letter case", &cases, findings)?,
            }
        }
        // The number of arguments was checked before.
        _ => return None,
    };
    Some(effect)
}

fn position(node: &Node, name: &str, findings: &mut Findings) -> Option<usize> {
    bounded(node, name, 0..=u64::from(u32::MAX), findings)
}

fn bounded(
    node: &Node,
    name: &str,
    range: RangeInclusive<u64>,
    findings: &mut Findings,
) -> Option<usize> {
    let number = whole(node, name, range, findings);
    let is_blank = matches!(node.content, Content::Null) || scalar(node).as_deref() == Some("");
    if number.is_none() && is_blank {
        findings.error(node.span, format!("{name} must be a number"));
    }
    number.and_then(|number| usize::try_from(number).ok())
}

/// A text; numbers and booleans count as their text.
fn word(node: &Node, findings: &mut Findings) -> Option<String> {
    match &node.content {
        Content::Text(text) | Content::Number(text) => Some(text.clone()),
        Content::Bool(value) => Some(value.to_string()),
        _ => {
            findings.wrong_kind(node, "an argument", "a string");
            None
        }
    }
}

fn padding(node: &Node, findings: &mut Findings) -> Option<String> {
    let pad = word(node, findings)?;
    if pad.is_empty() {
        findings.error(node.span, "there is nothing to pad with");
        return None;
    }
    Some(pad)
}

fn choice<T: Copy>(
    node: &Node,
    name: &str,
    known: &[(&str, T)],
    findings: &mut Findings,
) -> Option<T> {
    let text = node.text().unwrap_or_default().trim();
    let found = known
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text));
    if found.is_none() {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        findings.unknown_value(node, name, &words);
    }
    found.map(|(_, value)| *value)
}
