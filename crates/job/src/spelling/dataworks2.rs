//! DataWorks script mode 2.0: `steps`, `order.hops`, `setting`.
//!
//! Owns their shape. A document with exactly one reader and one writer is a job here; `setting` has our keys already.

use super::{connection, head, made_object, made_root, made_text, member, plugin};
use crate::findings::{Findings, meant};
use crate::node::{Content, Member, Node, take};
use crate::read::Role;
use crate::source::Span;

const STEP_KEYS: [&str; 4] = ["stepType", "name", "category", "parameter"];
const STEP_WITHOUT_EFFECT: [&str; 4] = ["copies", "gui", "displayName", "description"];

pub(super) fn to_seed(root: Node, findings: &mut Findings) -> Option<Node> {
    let span = root.span;
    head(
        &root,
        "2.0",
        "version 1.0 documents have `configuration` instead of `steps`",
        findings,
    );
    let Content::Object(mut members) = root.content else {
        return None;
    };
    findings.unknown_keys(&members, &["type", "version", "steps", "order", "setting"]);
    let Some(steps) = take(&mut members, "steps") else {
        findings.error(span, "`steps` is missing");
        return None;
    };
    let Content::List(entries) = steps.node.content else {
        findings.wrong_kind(&steps.node, "`steps`", "a list");
        return None;
    };
    let mut ends = Ends::default();
    for entry in entries {
        ends.add(entry, findings);
    }
    if let Some(order) = take(&mut members, "order") {
        ends.check_order(&order.node, findings);
    }
    let mut configuration = Vec::new();
    for (role, end) in [(Role::Reader, ends.reader), (Role::Writer, ends.writer)] {
        if let Some(end) = end {
            configuration.push(member(role.key(), end.span, end));
        } else if !ends.is_doubtful {
            let message = format!("no step of `steps` has the category `{}`", role.key());
            findings.error(steps.key_span, message);
        }
    }
    if configuration.len() < 2 {
        return None;
    }
    configuration.extend(take(&mut members, "setting"));
    Some(made_root(span, made_object(steps.node.span, configuration)))
}

/// The two ends of the job among the steps.
#[derive(Default)]
struct Ends {
    reader: Option<Node>,
    writer: Option<Node>,
    names: Vec<(String, Option<Role>)>,
    /// Whether a step could not be told to be reader or writer, which was reported.
    is_doubtful: bool,
}

impl Ends {
    fn add(&mut self, mut step: Node, findings: &mut Findings) {
        let span = step.span;
        let name = step
            .get("name")
            .and_then(Node::text)
            .unwrap_or_default()
            .to_owned();
        let Content::Object(members) = &mut step.content else {
            findings.wrong_kind(&step, "a step", "an object");
            self.is_doubtful = true;
            return;
        };
        let role = role(members, span, &name, findings);
        self.names.push((name, role));
        let Some(role) = role else {
            self.is_doubtful = true;
            return;
        };
        reshape(members, span, role, findings);
        step.written = false;
        let end = match role {
            Role::Reader => &mut self.reader,
            Role::Writer => &mut self.writer,
        };
        if end.is_some() {
            findings
                .error(
                    span,
                    format!("this is a second {}: a job has one", role.key()),
                )
                .advise("write one job for each pair of reader and writer");
        } else {
            *end = Some(step);
        }
    }

    /// Each hop must lead from the reader to the writer.
    fn check_order(&self, order: &Node, findings: &mut Findings) {
        let Some(members) = order.members() else {
            findings.wrong_kind(order, "`order`", "an object");
            return;
        };
        findings.unknown_keys(members, &["hops"]);
        let Some(hops) = order.get("hops") else {
            return;
        };
        let Content::List(hops) = &hops.content else {
            findings.wrong_kind(hops, "`hops`", "a list");
            return;
        };
        for hop in hops {
            let Some(members) = hop.members() else {
                findings.wrong_kind(hop, "a hop", "an object");
                continue;
            };
            findings.unknown_keys(members, &["from", "to"]);
            self.check_end(hop, "from", Role::Reader, findings);
            self.check_end(hop, "to", Role::Writer, findings);
        }
    }

    fn check_end(&self, hop: &Node, key: &str, wanted: Role, findings: &mut Findings) {
        let Some(node) = hop.get(key) else {
            findings.error(hop.span, format!("`{key}` is missing in a hop"));
            return;
        };
        let name = node.text().unwrap_or_default();
        match self.names.iter().find(|(known, _)| known == name) {
            Some((_, Some(role))) if *role != wanted => {
                findings.error(
                    node.span,
                    format!(
                        "`{key}` must name the {}, not the {}",
                        wanted.key(),
                        role.key()
                    ),
                );
            }
            Some(_) => {}
            None => {
                let known: Vec<&str> = self.names.iter().map(|(name, _)| name.as_str()).collect();
                findings
                    .error(node.span, format!("no step has the name `{name}`"))
                    .advise(meant(name, &known));
            }
        }
    }
}

/// Which end a step is: by its category, or by its name in samples that have none.
fn role(members: &[Member], span: Span, name: &str, findings: &mut Findings) -> Option<Role> {
    let category = members.iter().find(|member| member.key == "category");
    let text = match category {
        Some(category) => category.node.text().unwrap_or_default(),
        None => name,
    };
    match (text.to_lowercase().as_str(), category) {
        ("reader", _) => Some(Role::Reader),
        ("writer", _) => Some(Role::Writer),
        (_, Some(category)) => {
            findings.unknown_value(&category.node, "`category`", &["reader", "writer"]);
            None
        }
        (_, None) => {
            findings
                .error(span, "`category` is missing in a step")
                .advise("write `\"category\": \"reader\"` or `\"writer\"`");
            None
        }
    }
}

/// `{stepType, name, category, parameter}` to `{plugin, parameter}`.
fn reshape(members: &mut Vec<Member>, span: Span, role: Role, findings: &mut Findings) {
    for member in members.iter() {
        if STEP_WITHOUT_EFFECT.contains(&member.key.as_str()) {
            findings.no_effect(member);
        } else if !STEP_KEYS.contains(&member.key.as_str()) {
            findings.unknown_key(member, &STEP_KEYS);
        }
    }
    members.retain(|member| matches!(member.key.as_str(), "stepType" | "parameter"));
    let mut connector = String::new();
    match members.iter_mut().find(|member| member.key == "stepType") {
        Some(step_type) => {
            "plugin".clone_into(&mut step_type.key);
            connector = plugin::rename(&mut step_type.node, role);
        }
        None => {
            findings
                .error(span, "`stepType` is missing in a step")
                .advise("it names the connector, `postgresql` or `odps` for example");
            members.insert(0, member("plugin", span, made_text(span, "")));
        }
    }
    if let Some(parameter) = members.iter_mut().find(|member| member.key == "parameter") {
        connection::fold(&mut parameter.node, &connector, findings);
    }
}
