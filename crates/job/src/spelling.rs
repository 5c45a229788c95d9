//! The three spellings of a job document, made one.
//!
//! Owns the way from DataX and DataWorks 2.0 trees to a tree in Longshore's own spelling (DataWorks script mode 1.0),
//! and back.
//! Nodes keep their places, so problems found later show the text as it was written.
//! The types and ranges of values are left to `read`.

mod connection;
mod dataworks2;
mod datax;
pub(crate) mod plugin;
mod speed;
mod to_dataworks2;
mod to_datax;

use crate::document::Spelling;
use crate::findings::Findings;
use crate::node::{Content, Member, Node, take};
use crate::problem::Problem;
use crate::read::{Role, scalar};
use crate::source::Span;

/// The tree in Longshore's own spelling.
pub(crate) fn to_seed(root: Node, spelling: Spelling, findings: &mut Findings) -> Option<Node> {
    match spelling {
        Spelling::Seed => Some(seed(root, findings)),
        Spelling::DataWorks2 => dataworks2::to_seed(root, findings),
        Spelling::DataX => datax::to_seed(root, findings),
    }
}

/// A tree in Longshore's own spelling as one of another; what that has no words for is told as errors.
pub(crate) fn from_seed(root: Node, spelling: Spelling, findings: &mut Findings) -> Option<Node> {
    match spelling {
        Spelling::Seed => Some(root),
        Spelling::DataWorks2 => to_dataworks2::from_seed(root, findings),
        Spelling::DataX => to_datax::from_seed(root, findings),
    }
}

/// The members of `configuration`, with both steps whole.
fn configuration(root: Node, findings: &mut Findings) -> Option<Vec<Member>> {
    let span = root.span;
    let Content::Object(mut members) = root.content else {
        findings.wrong_kind(&root, "a job document", "an object");
        return None;
    };
    let Some(configuration) = take(&mut members, "configuration") else {
        findings.error(span, "`configuration` is missing");
        return None;
    };
    let node = configuration.node;
    let mut is_whole = true;
    for role in [Role::Reader, Role::Writer] {
        let step = node.get(role.key());
        let parameter = step.and_then(|step| step.get("parameter")?.members());
        if parameter.is_none() || step.and_then(|step| step.get("plugin")?.text()).is_none() {
            let message = format!("`{}` lacks `plugin` or `parameter`", role.key());
            findings.error(step.map_or(node.span, |step| step.span), message);
            is_whole = false;
        }
    }
    match node.content {
        Content::Object(members) if is_whole => Some(members),
        _ => None,
    }
}

/// Takes out a member that the other program has no word for, and tells so.
fn lose<'f>(
    members: &mut Vec<Member>,
    key: &str,
    program: &str,
    findings: &'f mut Findings,
) -> Option<&'f mut Problem> {
    let lost = take(members, key)?;
    let is_empty = match &lost.node.content {
        Content::List(items) => items.is_empty(),
        Content::Text(text) => text.trim().is_empty(),
        Content::Null => true,
        _ => false,
    };
    match is_empty {
        true => None,
        false => Some(findings.error(lost.key_span, format!("{program} has no `{key}`"))),
    }
}

/// Only what steps say about their connection has to be translated here.
fn seed(mut root: Node, findings: &mut Findings) -> Node {
    let Content::Object(members) = &mut root.content else {
        return root;
    };
    let configuration = members
        .iter_mut()
        .find(|member| member.key == "configuration");
    let Some(Content::Object(members)) = configuration.map(|member| &mut member.node.content)
    else {
        return root;
    };
    for step in members.iter_mut() {
        let role = match step.key.as_str() {
            "reader" => Role::Reader,
            "writer" => Role::Writer,
            _ => continue,
        };
        let Content::Object(members) = &mut step.node.content else {
            continue;
        };
        let plugin = members.iter_mut().find(|member| member.key == "plugin");
        let connector = plugin.map(|member| plugin::rename(&mut member.node, role));
        let connector = connector.unwrap_or_default();
        if let Some(parameter) = members.iter_mut().find(|member| member.key == "parameter") {
            connection::fold(&mut parameter.node, &connector, findings);
        }
    }
    root
}

/// Checks `type` and `version`, which DataWorks documents begin with.
pub(crate) fn head(root: &Node, version: &str, advice: &str, findings: &mut Findings) {
    match root.get("type") {
        Some(node) if node.text() == Some("job") => {}
        Some(node) => findings.unknown_value(node, "`type`", &["job"]),
        None => findings
            .lapse(root.span, "`type` is missing")
            .advise("write `\"type\": \"job\"`"),
    }
    match root.get("version") {
        Some(node) if scalar(node).is_some_and(|text| text == version) => {}
        Some(node) => findings
            .error(node.span, format!("`version` must be \"{version}\" here"))
            .advise(advice),
        None => findings
            .lapse(root.span, "`version` is missing")
            .advise(format!("write `\"version\": \"{version}\"`")),
    }
}

/// A member that stands for `span` in the text.
fn member(key: &str, span: Span, node: Node) -> Member {
    Member {
        key: key.to_owned(),
        key_span: span,
        node,
    }
}

fn made_text(span: Span, text: &str) -> Node {
    Node::made(span, Content::Text(text.to_owned()))
}

fn made_object(span: Span, members: Vec<Member>) -> Node {
    Node::made(span, Content::Object(members))
}

/// The document around a `configuration` made from `span`.
fn made_root(span: Span, configuration: Node) -> Node {
    made_object(
        span,
        vec![
            member("type", span, made_text(span, "job")),
            member("version", span, made_text(span, "1.0")),
            member("configuration", configuration.span, configuration),
        ],
    )
}
