//! Pieces of SQL text: names and values quoted so that no content can end the quoting.

/// A value as a string literal. Sessions have `standard_conforming_strings` on.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name in double quotes.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name as a job may write it: in double quotes only where it needs them.
pub(crate) fn shown(name: &str) -> String {
    if name.contains(['.', '"', ' ']) {
        identifier(name)
    } else {
        name.to_string()
    }
}

/// Names in double quotes with commas between.
pub(crate) fn identifiers<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(identifier).collect();
    quoted.join(", ")
}

/// A condition as the user wrote it, without closing semicolons; `None` if nothing is left.
pub(crate) fn condition(text: Option<&str>) -> Option<String> {
    let text = statement(text?);
    (!text.is_empty()).then(|| format!("({text}\n)"))
}

/// A statement as the user wrote it, without closing semicolons.
pub(crate) fn statement(text: &str) -> &str {
    text.trim_end_matches(|c: char| c == ';' || c.is_whitespace())
        .trim_start()
}

/// One part of a dotted name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) text: String,
    /// Whether it was in double quotes, so that its case is meant.
    pub(crate) quoted: bool,
}

/// Cuts `schema."My Table"` at its dots; `None` if the quoting is broken or a part is empty.
pub(crate) fn parts(name: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = name.trim();
    loop {
        let (part, after) = if let Some(inner) = rest.strip_prefix('"') {
            let mut text = String::new();
            let mut inner = inner;
            loop {
                let (before, after) = inner.split_once('"')?;
                text.push_str(before);
                match after.strip_prefix('"') {
                    Some(more) => {
                        text.push('"');
                        inner = more;
                    }
                    None => break inner = after,
                }
            }
            (Part { text, quoted: true }, inner)
        } else {
            let end = rest.find('.').unwrap_or(rest.len());
            let text = rest[..end].trim().to_string();
            (
                Part {
                    text,
                    quoted: false,
                },
                &rest[end..],
            )
        };
        if part.text.is_empty() {
            return None;
        }
        parts.push(part);
        match after.trim_start() {
            "" => return Some(parts),
            after => rest = after.strip_prefix('.')?.trim_start(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_cannot_be_ended_from_inside() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(condition(Some(" id > 2 ; ")).as_deref(), Some("(id > 2\n)"));
        assert_eq!(condition(Some(" ;")), None);
    }

    #[test]
    fn dotted_names_are_cut_outside_quotes() {
        let read = |name| {
            parts(name).map(|parts| {
                parts
                    .into_iter()
                    .map(|part| (part.text, part.quoted))
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(
            read("public.person"),
            Some(vec![("public".into(), false), ("person".into(), false)])
        );
        assert_eq!(
            read("s.\"My.\"\"T\""),
            Some(vec![("s".into(), false), ("My.\"T".into(), true)])
        );
        assert_eq!(read("a..b"), None);
        assert_eq!(read("\"open"), None);
        assert_eq!(read(""), None);
    }
}
