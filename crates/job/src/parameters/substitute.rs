//! Parameter values put into the strings of a document.
//!
//! Owns the walk over the tree and the problems of references without a value.
//! What a reference stands for is left to the parent module.

use std::collections::BTreeSet;

use super::reference::{Form, references};
use super::{Outcome, Parameters, is_name};
use crate::document::Spelling;
use crate::findings::Findings;
use crate::nearest::nearest;
use crate::node::{Content, Node};
use crate::problem::Problem;
use crate::secret::Secrecy;
use crate::source::Span;

/// Puts the values into the strings of a tree and reports what has none.
///
/// Only strings that are values change, after parsing, so no value can alter the structure of the document.
pub(crate) fn substitute(
    root: &mut Node,
    spelling: Spelling,
    parameters: &Parameters,
    findings: &mut Findings,
) {
    let mut pass = Substitution {
        parameters,
        spelling,
        findings,
        used: BTreeSet::new(),
    };
    pass.node(root, Secrecy::Open);
    let used = pass.used;
    for name in parameters
        .declared
        .keys()
        .filter(|name| !used.contains(*name))
    {
        findings.add(Problem::warning(format!(
            "parameter `{name}` is given and not used"
        )));
    }
}

struct Substitution<'a> {
    parameters: &'a Parameters,
    spelling: Spelling,
    findings: &'a mut Findings,
    used: BTreeSet<String>,
}

impl Substitution<'_> {
    fn node(&mut self, node: &mut Node, secrecy: Secrecy) {
        let span = node.span;
        match &mut node.content {
            Content::Text(text) if text.contains('$') => {
                if let Some(value) = self.text(text, span, secrecy) {
                    *text = value;
                    node.written = false;
                }
            }
            Content::List(items) => {
                for item in items {
                    self.node(item, secrecy);
                }
            }
            Content::Object(members) => {
                for member in members {
                    let secrecy = secrecy.below(&member.key);
                    self.node(&mut member.node, secrecy);
                }
            }
            _ => {}
        }
    }

    /// The text with its references replaced, or nothing when it stays as it is.
    fn text(&mut self, text: &str, span: Span, secrecy: Secrecy) -> Option<String> {
        let mut replaced = String::new();
        let mut done = 0;
        for reference in references(text) {
            let secrecy = secrecy.within(text, &reference.range);
            self.used.extend(reference.form.name().map(str::to_owned));
            match self.parameters.resolve(reference.form, self.spelling) {
                Outcome::Value(value) => {
                    replaced.push_str(&text[done..reference.range.start]);
                    replaced.push_str(&value);
                    done = reference.range.end;
                }
                Outcome::Text => {
                    if self.spelling == Spelling::DataX && secrecy == Secrecy::Open {
                        let written = &text[reference.range];
                        self.findings.warning(
                            span,
                            format!("`{written}` has no value and stays in the text"),
                        );
                    }
                }
                // A secret may contain anything, and nothing of it may be shown.
                Outcome::Unknown(_)
                    if secrecy == Secrecy::Secret && reference.form == Form::Unclosed => {}
                Outcome::Unknown(reason) => {
                    let hint = self.hint(reference.form);
                    self.findings.error(span, reason).advise(hint);
                }
            }
        }
        if done == 0 {
            return None;
        }
        replaced.push_str(&text[done..]);
        Some(replaced)
    }

    fn hint(&self, form: Form<'_>) -> String {
        match form {
            Form::Braces(name) if name.starts_with("env:") || name.starts_with("file:") => {
                "secrets are read in datasources.toml; name a data source here".into()
            }
            Form::Braces(name) | Form::Bare(name) => {
                let known: Vec<&str> = self.parameters.names().collect();
                let list = known.join(", ");
                match nearest(name, known) {
                    Some(near) => format!("did you mean `${{{near}}}`? known: {list}"),
                    None if is_name(name) => {
                        format!(
                            "declare it, on the command line with `-p {name}=VALUE`; known: {list}"
                        )
                    }
                    None => format!("known: {list}"),
                }
            }
            Form::Brackets(_) => "for example `$[yyyymmdd-1]` or `$[add_months(yyyymm,-1)]`".into(),
            Form::Unclosed => "close it with `}` or `]`".into(),
        }
    }
}

/// Writes DataX's bare `$name` as `${name}`, which all spellings know. Secrets stay as they are.
pub(crate) fn brace_names(root: &mut Node, findings: &mut Findings) {
    brace(root, Secrecy::Open, findings);
}

/// Reports the references that DataX would not replace, and the texts that it would take for references.
pub(crate) fn foreign_references(root: &Node, findings: &mut Findings) {
    match &root.content {
        Content::Text(text) => {
            for reference in references(text) {
                let written = &text[reference.range];
                let is_word = |name: &str| {
                    name.bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                };
                match reference.form {
                    Form::Braces(name) if !name.is_empty() && is_word(name) => {}
                    Form::Bare(_) => {
                        findings
                            .error(
                                root.span,
                                format!("DataX takes `{written}` for a parameter"),
                            )
                            .advise("it stays as it is there as long as no value is given for it");
                    }
                    Form::Unclosed => {}
                    Form::Braces(_) | Form::Brackets(_) => {
                        findings
                            .error(root.span, format!("DataX does not replace `{written}`"))
                            .advise("declare a variable for it, and refer to that as `${name}`");
                    }
                }
            }
        }
        Content::List(items) => {
            for item in items {
                foreign_references(item, findings);
            }
        }
        Content::Object(members) => {
            for member in members {
                foreign_references(&member.node, findings);
            }
        }
        Content::Null | Content::Bool(_) | Content::Number(_) => {}
    }
}

fn brace(node: &mut Node, secrecy: Secrecy, findings: &mut Findings) {
    let span = node.span;
    match &mut node.content {
        Content::Text(text) => {
            let mut braced = String::new();
            let mut done = 0;
            let mut in_secret = false;
            for reference in references(text) {
                let Form::Bare(name) = reference.form else {
                    continue;
                };
                if secrecy.within(text, &reference.range) == Secrecy::Secret {
                    in_secret = true;
                    continue;
                }
                braced.push_str(&text[done..reference.range.start]);
                braced.push_str(&format!("${{{name}}}"));
                done = reference.range.end;
                findings
                    .warning(span, format!("`${name}` is now written `${{{name}}}`"))
                    .advise(
                        "DataX leaves it in the text when it has no value; here that is an error",
                    );
            }
            if in_secret {
                findings
                    .warning(span, "a `$` in this secret stays as it is")
                    .advise("write `${name}` if it refers to a parameter");
            }
            if done > 0 {
                braced.push_str(&text[done..]);
                *text = braced;
                node.written = false;
            }
        }
        Content::List(items) => {
            for item in items {
                brace(item, secrecy, findings);
            }
        }
        Content::Object(members) => {
            for member in members {
                let secrecy = secrecy.below(&member.key);
                brace(&mut member.node, secrecy, findings);
            }
        }
        Content::Null | Content::Bool(_) | Content::Number(_) => {}
    }
}
