//! The `column` list of a step.
//!
//! Owns the difference between names, constants, expressions and file fields.
//! Whether a column exists is left to the engine, what a field may hold to the connector.

use std::collections::HashSet;

use super::step::Role;
use crate::findings::Findings;
use crate::job::{ColumnItem, Constant};
use crate::node::{Content, Member, Node, to_map};

/// What to write instead of a list that names nothing.
const FORM: &str = "write `[\"id\", \"name\"]`, or `[\"*\"]` for all columns";

pub(super) fn read(node: &Node, role: Role, findings: &mut Findings) -> Vec<ColumnItem> {
    let items = match &node.content {
        // A list that lost its names must not copy every column; DataX refuses it, too.
        Content::List(items) if items.is_empty() => {
            findings
                .error(node.span, "`column` names no columns")
                .advise(FORM);
            return Vec::new();
        }
        Content::List(items) => items.as_slice(),
        // `"column": "*"` and `"column": "id"` are seen in the wild and can mean only one thing.
        Content::Text(_) => std::slice::from_ref(node),
        _ => {
            findings.wrong_kind(node, "`column`", "a list").advise(FORM);
            return Vec::new();
        }
    };
    let mut names = HashSet::new();
    let mut columns = Vec::with_capacity(items.len());
    for item in items {
        let Some(column) = column(item, role, findings) else {
            continue;
        };
        if let (Role::Writer, ColumnItem::Name(name)) = (role, &column)
            && !names.insert(name.clone())
        {
            findings.error(item.span, format!("column `{name}` is written twice"));
        }
        columns.push(column);
    }
    columns
}

fn column(item: &Node, role: Role, findings: &mut Findings) -> Option<ColumnItem> {
    let column = match &item.content {
        Content::Text(text) if text.trim().is_empty() => {
            findings
                .error(item.span, "a column has no name")
                .advise("write `''` for an empty string in every row");
            return None;
        }
        Content::Text(text) => from_text(text.trim(), role),
        Content::Null => ColumnItem::Constant(Constant::Null),
        Content::Bool(value) => ColumnItem::Constant(Constant::Boolean(*value)),
        Content::Number(digits) => ColumnItem::Constant(Constant::Number(digits.clone())),
        Content::Object(members) if item.get("expression").is_some() => {
            expression(members, findings)?
        }
        Content::Object(members) => ColumnItem::Field(to_map(members)),
        Content::List(_) => {
            findings.wrong_kind(item, "a column", "a string, a constant or an object");
            return None;
        }
    };
    let is_computed = matches!(
        column,
        ColumnItem::Constant(_) | ColumnItem::Expression { .. }
    );
    if role == Role::Writer && is_computed {
        findings
            .error(item.span, "a writer's column must be a name")
            .advise("put constants and expressions into the reader's `column`");
        return None;
    }
    Some(column)
}

/// A string of the list. What looks like a constant is one in a reader; a writer's columns are always names.
fn from_text(text: &str, role: Role) -> ColumnItem {
    if text == "*" {
        return ColumnItem::All;
    }
    if let Some(constant) = quoted(text) {
        return ColumnItem::Constant(Constant::String(constant));
    }
    if role == Role::Writer {
        return ColumnItem::Name(text.to_owned());
    }
    if text.eq_ignore_ascii_case("null") {
        return ColumnItem::Constant(Constant::Null);
    }
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return ColumnItem::Constant(Constant::Boolean(text.eq_ignore_ascii_case("true")));
    }
    if is_number(text) {
        return ColumnItem::Constant(Constant::Number(text.to_owned()));
    }
    ColumnItem::Name(text.to_owned())
}

/// The content of one SQL string literal; nothing for `'a' || 'b'`, which is an expression.
fn quoted(text: &str) -> Option<String> {
    let inside = text.strip_prefix('\'')?.strip_suffix('\'')?;
    let unquoted = inside.replace("''", "");
    (!unquoted.contains('\'')).then(|| inside.replace("''", "'"))
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            exponent.strip_prefix(['-', '+']).unwrap_or(exponent),
        ),
        None => (digits, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    [whole, fraction, exponent]
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn expression(members: &[Member], findings: &mut Findings) -> Option<ColumnItem> {
    findings.unknown_keys(members, &["expression", "name"]);
    let mut sql = None;
    let mut name = None;
    for member in members {
        match member.key.as_str() {
            "expression" => match member.node.text() {
                Some(text) if !text.trim().is_empty() => sql = Some(text.to_owned()),
                _ => {
                    findings.wrong_kind(&member.node, "`expression`", "an SQL expression");
                }
            },
            "name" => name = super::text(&member.node, "`name`", findings),
            _ => {}
        }
    }
    Some(ColumnItem::Expression { name, sql: sql? })
}

#[cfg(test)]
mod tests {
    use super::{is_number, quoted};

    #[test]
    fn constants_are_told_from_expressions() {
        assert_eq!(quoted("'it''s'").as_deref(), Some("it's"));
        assert_eq!(quoted("''").as_deref(), Some(""));
        assert_eq!(quoted("''''").as_deref(), Some("'"));
        for expression in ["'", "'a' || 'b'", "'x'::varchar", "a"] {
            assert_eq!(quoted(expression), None, "{expression}");
        }
        for number in ["0", "-1", "+2.50", "1e9", "1.5E-3"] {
            assert!(is_number(number), "{number}");
        }
        for other in ["", "-", "1.", ".5", "1e", "1_000", "0x1", "now()", "1 + 1"] {
            assert!(!is_number(other), "{other}");
        }
    }
}
