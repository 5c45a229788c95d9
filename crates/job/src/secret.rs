//! Which values are secret, and how they are hidden.
//!
//! Owns the rule by key name and inside URLs, for debug output and for source lines that are printed.
//! How secrets are stored and used is left to the connectors.

use std::fmt;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::document::lexeme::{Kind, Lexeme, lexemes};
use crate::document::{Document, pointer_at};
use crate::findings::Findings;
use crate::node::{Content, Node};
use crate::problem::Problem;
use crate::source::Locator;

/// What stands in the place of a secret, whatever its length.
pub(crate) const MASK: &str = "***";

/// Whether values under this key must not be shown.
pub fn is_secret_key(key: &str) -> bool {
    let (plain, _) = folded(key);
    !plain.ends_with("id") && MARKS.iter().any(|mark| plain.contains(mark))
}

/// A key that contains one of these, in any case and with anything between its letters, names a secret.
const MARKS: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "accesskey",
    "privatekey",
    "credential",
];

/// The ASCII letters and digits of a text in lower case, and where in the text each one ends.
fn folded(text: &str) -> (String, Vec<usize>) {
    text.char_indices()
        .filter(|(_, c)| c.is_ascii_alphanumeric())
        .map(|(at, c)| (c.to_ascii_lowercase(), at + 1))
        .unzip()
}

/// Whether a value may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Secrecy {
    Open,
    Secret,
}

impl Secrecy {
    /// The secrecy of what stands under a key; everything inside a secret is one.
    pub(crate) fn below(self, key: &str) -> Self {
        match is_secret_key(key) {
            true => Self::Secret,
            false => self,
        }
    }

    /// The secrecy of a piece of a text, which may be the password of a URL.
    pub(crate) fn within(self, text: &str, piece: &Range<usize>) -> Self {
        let covers = |secret: Range<usize>| secret.start <= piece.start && piece.end <= secret.end;
        match url_secrets(text).any(covers) {
            true => Self::Secret,
            false => self,
        }
    }
}

/// Byte ranges of the secrets in a document's text, in order.
pub(crate) fn secret_ranges(text: &str, lexemes: &[Lexeme]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut significant = lexemes
        .iter()
        .filter(|lexeme| lexeme.kind != Kind::Comment)
        .peekable();
    while let Some(lexeme) = significant.next() {
        let word = &text[lexeme.inner()];
        let is_key = significant
            .peek()
            .is_some_and(|next| next.kind == Kind::Mark(b':'));
        if !(is_key && is_secret_key(word)) {
            if lexeme.kind == Kind::Quoted {
                let start = lexeme.inner().start;
                ranges.extend(url_secrets(word).map(|r| r.start + start..r.end + start));
            }
            continue;
        }
        significant.next();
        let mut depth = 0_usize;
        for value in significant.by_ref() {
            match value.kind {
                Kind::Mark(b'{' | b'[') => depth += 1,
                Kind::Mark(b'}' | b']') => depth = depth.saturating_sub(1),
                Kind::Mark(_) | Kind::Comment => {}
                Kind::Quoted | Kind::Word => ranges.push(value.inner()),
            }
            if depth == 0 {
                break;
            }
        }
    }
    ranges
}

/// The secrets that are written into a text, each as an error at its place, for who keeps documents that
/// others may read. A text that is no document is searched, too.
pub fn written_secrets(text: &str) -> Vec<Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lexemes = lexemes(text);
    let mut locator = Locator::new(text);
    let mut found: Vec<Problem> = Vec::new();
    for range in secret_ranges(text, &lexemes) {
        let at = lexemes.partition_point(|lexeme| lexeme.range.end <= range.start);
        let value = text[range].trim();
        let Some(lexeme) = lexemes.get(at).filter(|_| !value.is_empty()) else {
            continue;
        };
        if lexeme.kind == Kind::Word && value == "null" {
            continue;
        }
        let span = locator.span(lexeme.range.clone());
        // One text may hold several.
        if found.last().is_some_and(|last| last.span == Some(span)) {
            continue;
        }
        let mut problem = Problem::error("a secret stands in the document").at(span);
        problem.advise("register a data source that holds it, and write its name as `datasource`");
        found.push(problem);
    }
    if found.is_empty() {
        return found;
    }
    if let Ok(document) = Document::parse("", text) {
        let pointers = document.pointers();
        for problem in &mut found {
            problem.pointer = pointer_at(&pointers, problem);
        }
        // Keys inside a secret count as part of it.
        found.dedup_by(|next, before| next.pointer == before.pointer);
    }
    found
}

/// Puts a parameter in the place of every secret of a job's steps, and tells so.
pub(crate) fn replace(root: &mut Node, findings: &mut Findings) {
    let Content::Object(members) = &mut root.content else {
        return;
    };
    let configuration = members
        .iter_mut()
        .find(|member| member.key == "configuration");
    let Some(Content::Object(steps)) = configuration.map(|member| &mut member.node.content) else {
        return;
    };
    for step in steps {
        replace_below(&mut step.node, (&step.key, Secrecy::Open), findings);
    }
}

fn replace_below(node: &mut Node, (name, secrecy): (&str, Secrecy), findings: &mut Findings) {
    match &mut node.content {
        Content::List(items) => {
            for item in items {
                replace_below(item, (name, secrecy), findings);
            }
        }
        Content::Object(members) => {
            for member in members {
                let below = match member.key.as_str() {
                    "parameter" | "datasource" => name.to_owned(),
                    key => format!("{name}_{key}"),
                };
                let secrecy = secrecy.below(&member.key);
                replace_below(&mut member.node, (&below, secrecy), findings);
            }
        }
        Content::Text(text) => {
            let is_reference = text.starts_with("${") && text.find('}') == Some(text.len() - 1);
            let is_secret = secrecy == Secrecy::Secret && !text.is_empty() || has_secret(text);
            if is_secret && !is_reference {
                hide(node, name, findings);
            }
        }
        Content::Number(_) if secrecy == Secrecy::Secret => hide(node, name, findings),
        Content::Number(_) | Content::Null | Content::Bool(_) => {}
    }
}

fn hide(node: &mut Node, name: &str, findings: &mut Findings) {
    let letter = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() => letter,
        _ => '_',
    };
    let name: String = name.chars().map(letter).collect();
    findings.warning(
        node.span,
        format!("a secret is left out, and `${{{name}}}` stands in its place"),
    );
    *node = Node::made(node.span, Content::Text(format!("${{{name}}}")));
}

/// Byte ranges to hide in a text that is no JSON, in order: the secrets that can be told, and every line
/// from a word on that names a secret, because a misplaced quote or colon turns values into something else.
pub(crate) fn doubtful_ranges(text: &str, lexemes: &[Lexeme]) -> Vec<Range<usize>> {
    let mut ranges = secret_ranges(text, lexemes);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let (plain, ends) = folded(line);
        let marks = MARKS
            .iter()
            .filter_map(|mark| Some(ends[plain.find(mark)? + mark.len() - 1]));
        if let Some(from) = marks.min() {
            ranges.push(start + from..start + line.trim_end().len().max(from));
        }
        start += line.len();
    }
    ranges.sort_by_key(|range| range.start);
    ranges.dedup_by(|next, before| {
        let overlaps = next.start <= before.end;
        if overlaps {
            before.end = before.end.max(next.end);
        }
        overlaps
    });
    ranges
}

/// Secrets inside a URL: `password=…` and the like in its query, and `user:password@host`.
fn url_secrets(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut ranges = Vec::new();
    let authority = text.find("://").map(|at| at + 3);
    let mut from = authority.unwrap_or(text.len());
    if let Some(start) = authority {
        let rest = &text[start..];
        // A password may hold an unescaped slash or question mark, so it is the last `@` that ends it,
        // and one behind a question mark only if there is no other.
        let end = rest.find('?').unwrap_or(rest.len());
        if let Some(at) = rest[..end].rfind('@').or_else(|| rest.rfind('@'))
            && let Some(colon) = rest[..at].find(':')
        {
            ranges.push(start + colon + 1..start + at);
            from = start + at;
        }
    }
    while let Some(equals) = text[from..].find('=').map(|at| at + from) {
        let name = text[..equals].rfind(['?', '&', ';']).map_or(0, |at| at + 1);
        let end = text[equals..]
            .find(['&', ';'])
            .map_or(text.len(), |at| at + equals);
        if is_secret_key(&text[name..equals]) && end > equals + 1 {
            ranges.push(equals + 1..end);
        }
        from = end;
    }
    ranges.into_iter()
}

/// Whether a text holds a secret inside a URL.
pub fn has_secret(text: &str) -> bool {
    url_secrets(text).next().is_some()
}

/// A text with the secrets of any URL in it masked.
fn masked_text(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for range in url_secrets(text) {
        masked.push_str(&text[done..range.start]);
        masked.push_str(MASK);
        done = range.end;
    }
    masked.push_str(&text[done..]);
    masked
}

/// Debug output of a parameter map with its secrets masked.
pub(crate) struct MaskedMap<'a>(pub(crate) &'a Map<String, Value>);

impl fmt::Debug for MaskedMap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (key, value) in self.0 {
            if is_secret_key(key) {
                map.entry(key, &format_args!("{MASK}"));
            } else {
                map.entry(key, &MaskedValue(value));
            }
        }
        map.finish()
    }
}

struct MaskedValue<'a>(&'a Value);

impl fmt::Debug for MaskedValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Object(map) => MaskedMap(map).fmt(f),
            Value::Array(items) => f
                .debug_list()
                .entries(items.iter().map(MaskedValue))
                .finish(),
            Value::String(text) => masked_text(text).fmt(f),
            scalar => write!(f, "{scalar}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_secret_key, masked_text};

    #[test]
    fn secrets_are_told_by_their_keys() {
        for key in ["accessKey", "*password", "private_key", "STS-Token"] {
            assert!(is_secret_key(key), "{key}");
        }
        for key in ["accessId", "accessKeyId", "name", ""] {
            assert!(!is_secret_key(key), "{key}");
        }
    }

    #[test]
    fn urls_lose_their_secrets_only() {
        let shown = masked_text("jdbc:postgresql://u:p@h:5/d?user=me&password=s3&ssl=true");
        assert_eq!(
            shown,
            "jdbc:postgresql://u:***@h:5/d?user=me&password=***&ssl=true"
        );
        assert_eq!(masked_text("a = 'password=1'"), "a = 'password=1'");
        for password in ["a/b", "a?b", "a@b", "a=b&token=c"] {
            let shown = masked_text(&format!("http://u:{password}@h/d?user=me"));
            assert_eq!(shown, "http://u:***@h/d?user=me");
        }
        // Both rules see a secret in the same place.
        assert_eq!(
            masked_text("http://token:p=x@h?a=1"),
            "http://token:***@h?a=1"
        );
    }
}
