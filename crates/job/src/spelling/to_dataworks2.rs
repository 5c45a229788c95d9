//! Longshore's own spelling to DataWorks script mode 2.0, the way back of `dataworks2`.

use super::{made_object, made_text, member};
use crate::findings::Findings;
use crate::node::{Content, Member, Node, take};
use crate::read::Role;
use crate::source::Span;

/// The tree of a document; what the spelling has no words for is told as errors and left out.
pub(super) fn from_seed(root: Node, findings: &mut Findings) -> Option<Node> {
    let span = root.span;
    let mut configuration = super::configuration(root, findings)?;
    let mut steps = Vec::new();
    for (role, name) in [(Role::Reader, "Reader"), (Role::Writer, "Writer")] {
        steps.push(step(take(&mut configuration, role.key())?, role, name)?);
    }
    if let Some(lost) = super::lose(&mut configuration, "filter", "DataWorks", findings) {
        lost.advise("write it as the reader's `where`, if it has one");
    }
    super::lose(&mut configuration, "transformer", "DataWorks", findings);
    let hop = vec![
        member("from", span, made_text(span, "Reader")),
        member("to", span, made_text(span, "Writer")),
    ];
    let hops = Node::made(span, Content::List(vec![made_object(span, hop)]));
    let mut members = vec![
        member("type", span, made_text(span, "job")),
        member("version", span, made_text(span, "2.0")),
        member("steps", span, Node::made(span, Content::List(steps))),
        member(
            "order",
            span,
            made_object(span, vec![member("hops", span, hops)]),
        ),
    ];
    members.extend(take(&mut configuration, "setting"));
    Some(made_object(span, members))
}

/// `{plugin, parameter}` to `{stepType, name, category, parameter}`.
fn step(step: Member, role: Role, name: &str) -> Option<Node> {
    // It begins where the key stood, so that comments before the key stay before the step.
    let span = Span {
        start: step.key_span.start,
        ..step.node.span
    };
    let Content::Object(mut members) = step.node.content else {
        return None;
    };
    let plugin = take(&mut members, "plugin")?;
    let parameter = take(&mut members, "parameter")?;
    let at = plugin.key_span;
    Some(made_object(
        span,
        vec![
            Member {
                key: "stepType".to_owned(),
                ..plugin
            },
            member("name", at, made_text(at, name)),
            member("category", at, made_text(at, role.key())),
            parameter,
        ],
    ))
}
