//! The three spellings of a job document, made one.
//!
//! Owns the way from DataX and DataWorks 2.0 trees to a tree in Longshore's own spelling (DataWorks script mode 1.0).
//! Nodes keep their places, so problems found later show the text as it was written.
//! The types and ranges of values are left to `read`.

mod connection;
mod dataworks2;
mod datax;
pub(crate) mod plugin;
mod speed;

use crate::document::Spelling;
use crate::findings::Findings;
use crate::node::{Content, Member, Node};
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
