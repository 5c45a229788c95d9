//! A document to a job.
//!
//! Owns the order of work: substitute, reshape, read, place. A tree in Longshore's own spelling
//! (DataWorks script mode 1.0) is all that this module reads; `spelling` makes it from the others.

mod column;
mod setting;
mod step;
mod transformer;

pub(crate) use self::setting::scalar;
pub(crate) use self::step::Role;

use crate::document::Document;
use crate::findings::{Findings, Strictness};
use crate::job::{Job, Setting};
use crate::node::Node;
use crate::origins::Origins;
use crate::parameters::{Parameters, substitute};
use crate::problem::Problems;
use crate::spelling;

/// How a document is read.
#[derive(Clone, Debug)]
pub struct Options {
    /// How lapses are judged; when absent, DataX documents are read leniently and all others strictly.
    pub strictness: Option<Strictness>,
    /// What the document's parameters stand for.
    pub parameters: Parameters,
}

impl Options {
    /// The strictness that the spelling asks for, with these parameters.
    pub fn new(parameters: Parameters) -> Self {
        Self {
            strictness: None,
            parameters,
        }
    }
}

/// Makes a job of a document, with warnings; or gives all its problems, of which at least one is an error.
pub fn normalise(document: &Document, options: &Options) -> Result<(Job, Problems), Problems> {
    let strictness = options.strictness;
    let mut findings = Findings::new(strictness.unwrap_or(document.spelling().strictness()));
    let mut root = document.root.clone();
    substitute(
        &mut root,
        document.spelling(),
        &options.parameters,
        &mut findings,
    );
    let root = spelling::to_seed(root, document.spelling(), &mut findings);
    let job = root.and_then(|root| job(&root, document, &mut findings));
    let problems = findings.into_problems(document);
    match job {
        Some(job) if !problems.has_errors() => Ok((job, problems)),
        _ => Err(problems),
    }
}

/// The job of a tree in Longshore's own spelling; nothing when a part is missing that nothing can stand for.
fn job(root: &Node, document: &Document, findings: &mut Findings) -> Option<Job> {
    let Some(members) = root.members() else {
        findings.wrong_kind(root, "a job document", "an object");
        return None;
    };
    let Some(configuration) = root.get("configuration") else {
        // Any of the three spellings may have been meant.
        findings.unknown_keys(
            members,
            &[
                "type",
                "version",
                "configuration",
                "steps",
                "order",
                "setting",
                "job",
                "core",
            ],
        );
        findings
            .error(root.span, "`configuration` is missing")
            .advise("it holds `reader` and `writer`; DataWorks 2.0 documents have `steps` instead, DataX documents `job`");
        return None;
    };
    findings.unknown_keys(members, &["type", "version", "configuration"]);
    spelling::head(
        root,
        "1.0",
        "version 2.0 documents have `steps` instead of `configuration`",
        findings,
    );
    let Some(members) = configuration.members() else {
        findings.wrong_kind(configuration, "`configuration`", "an object");
        return None;
    };
    findings.unknown_keys(
        members,
        &["reader", "writer", "filter", "transformer", "setting"],
    );
    let reader = step::read(configuration, step::Role::Reader, findings);
    let writer = step::read(configuration, step::Role::Writer, findings);
    let filter = configuration
        .get("filter")
        .and_then(|node| text(node, "`filter`", findings));
    let transformers = configuration
        .get("transformer")
        .map(|node| transformer::read(node, findings));
    let setting = configuration
        .get("setting")
        .map_or_else(Setting::default, |node| setting::read(node, findings));
    Some(Job {
        reader: reader?,
        writer: writer?,
        filter,
        transformers: transformers.unwrap_or_default(),
        setting,
        origins: Origins::of(root, &document.pointers()),
    })
}

/// A text that is not blank; a blank one counts as absent.
fn text(node: &Node, name: &str, findings: &mut Findings) -> Option<String> {
    match node.text() {
        Some(text) if text.trim().is_empty() => None,
        Some(text) => Some(text.to_owned()),
        None => {
            findings.wrong_kind(node, name, "a string");
            None
        }
    }
}
