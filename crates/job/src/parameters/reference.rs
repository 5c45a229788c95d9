//! References to parameters inside a text: `${…}`, `$[…]` and DataX's bare `$name`.
//!
//! Owns where a reference begins and ends. What it stands for is left to the parent module.

use std::ops::Range;

/// A reference and the bytes it takes up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference<'t> {
    pub(super) range: Range<usize>,
    pub(super) form: Form<'t>,
}

/// How a reference is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form<'t> {
    /// `${inside}`.
    Braces(&'t str),
    /// `$[inside]` that begins with a letter; others, such as the JSON path `$[0]`, are plain text.
    Brackets(&'t str),
    /// `$name`.
    Bare(&'t str),
    /// `${` or `$[` without an end.
    Unclosed,
}

/// Finds the references of a text, from left to right, without overlap.
pub(super) fn references(text: &str) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find('$').map(|at| at + from) {
        let rest = &text[at + 1..];
        let (form, length) = match rest.bytes().next() {
            Some(b'{') => match rest.find('}') {
                Some(end) => (Form::Braces(&rest[1..end]), end + 2),
                None => (Form::Unclosed, rest.len() + 1),
            },
            Some(b'[') if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) => {
                match rest.find(']') {
                    Some(end) => (Form::Brackets(&rest[1..end]), end + 2),
                    None => (Form::Unclosed, rest.len() + 1),
                }
            }
            Some(first) if first.is_ascii_alphabetic() || first == b'_' => {
                let name = &rest[..word_length(rest)];
                (Form::Bare(name), name.len() + 1)
            }
            _ => {
                from = at + 1;
                continue;
            }
        };
        found.push(Reference {
            range: at..at + length,
            form,
        });
        from = at + length;
    }
    found
}

fn word_length(text: &str) -> usize {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    text.bytes().take_while(|byte| is_word(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::{Form, references};

    #[test]
    fn finds_each_form_once() {
        let text = "a ${b} $[yyyy-1] $c1, $1 $$ $[0] '$5' $é ${d";
        let forms: Vec<Form<'_>> = references(text).iter().map(|r| r.form).collect();
        assert_eq!(
            forms,
            [
                Form::Braces("b"),
                Form::Brackets("yyyy-1"),
                Form::Bare("c1"),
                Form::Unclosed
            ]
        );
        for reference in references(text) {
            assert!(text[reference.range].starts_with('$'));
        }
    }
}
