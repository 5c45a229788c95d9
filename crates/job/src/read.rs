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
use crate::job::{Job, Setting, Step, Transformer};
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
    let (job, problems) = read_draft(document, options).into_job();
    match job {
        Some(job) if !problems.has_errors() => Ok((job, problems)),
        _ => Err(problems),
    }
}

/// What a document says as far as it can be read, for editors of a document that has errors still.
#[derive(Debug, Default)]
pub struct Draft {
    /// Where rows come from, if the document says so.
    pub reader: Option<Step>,
    /// Where rows go to, if the document says so.
    pub writer: Option<Step>,
    /// Everything wrong with it.
    pub problems: Problems,
    filter: Option<String>,
    transformers: Vec<Transformer>,
    setting: Setting,
    origins: Origins,
}

impl Draft {
    /// The job, if there are both sides; when one of the problems is an error, it is not yet what is meant.
    pub fn into_job(self) -> (Option<Job>, Problems) {
        let job = self.reader.zip(self.writer).map(|(reader, writer)| Job {
            reader,
            writer,
            filter: self.filter,
            transformers: self.transformers,
            setting: self.setting,
            origins: self.origins,
        });
        (job, self.problems)
    }
}

/// Reads a document that may have errors.
pub fn read_draft(document: &Document, options: &Options) -> Draft {
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
    let draft = root.map(|root| draft(&root, document, &mut findings));
    Draft {
        problems: findings.into_problems(document),
        ..draft.unwrap_or_default()
    }
}

/// What a tree in Longshore's own spelling says.
fn draft(root: &Node, document: &Document, findings: &mut Findings) -> Draft {
    let mut draft = Draft::default();
    let Some(members) = root.members() else {
        findings.wrong_kind(root, "a job document", "an object");
        return draft;
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
        return draft;
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
        return draft;
    };
    findings.unknown_keys(
        members,
        &["reader", "writer", "filter", "transformer", "setting"],
    );
    draft.reader = step::read(configuration, step::Role::Reader, findings);
    draft.writer = step::read(configuration, step::Role::Writer, findings);
    draft.filter = configuration
        .get("filter")
        .and_then(|node| text(node, "`filter`", findings));
    if let Some(node) = configuration.get("transformer") {
        draft.transformers = transformer::read(node, findings);
    }
    if let Some(node) = configuration.get("setting") {
        draft.setting = setting::read(node, findings);
    }
    draft.origins = Origins::of(root, &document.pointers());
    draft
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
