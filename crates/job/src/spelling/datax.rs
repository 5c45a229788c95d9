//! DataX documents: `job.content[0]`, `job.setting`, plugin names with suffix.
//!
//! Owns their shape, and which of their keys change nothing here. `speed` owns their rates.
//! The shape is that of DataX's `userGuid.md` and of its engine, which honours the first `content` entry only.

use super::{connection, made_object, made_root, made_text, member, plugin, speed};
use crate::findings::Findings;
use crate::node::{Content, Member, Node, take};
use crate::read::Role;
use crate::source::Span;

pub(super) fn to_seed(root: Node, findings: &mut Findings) -> Option<Node> {
    let span = root.span;
    let Content::Object(mut root) = root.content else {
        return None;
    };
    let job = take(&mut root, "job")?;
    let mut core = None;
    for member in &root {
        match member.key.as_str() {
            "core" => core = Some(&member.node),
            "entry" | "common" => each_without_effect(member, &member.key, findings),
            _ => findings.unknown_key(member, &["job", "core", "entry", "common"]),
        }
    }
    let rates = speed::channel_rates(core);
    if let Some(core) = root.iter().find(|member| member.key == "core") {
        each_without_effect(core, "core", findings);
    }
    let Content::Object(mut job_members) = job.node.content else {
        findings.wrong_kind(&job.node, "`job`", "an object");
        return None;
    };
    let content = take(&mut job_members, "content");
    let setting = take(&mut job_members, "setting");
    for member in &job_members {
        match member.key.as_str() {
            "preHandler" | "postHandler" | "jobInfo" => {
                findings.no_effect(member);
            }
            _ => findings.unknown_key(
                member,
                &["content", "setting", "preHandler", "postHandler", "jobInfo"],
            ),
        }
    }
    let Some(content) = content else {
        findings
            .error(job.key_span, "`content` is missing in `job`")
            .advise("it is a list with one object of `reader` and `writer`");
        return None;
    };
    let mut configuration = first_entry(content.node, findings)?;
    let Content::Object(members) = &mut configuration.content else {
        findings.wrong_kind(&configuration, "an entry of `content`", "an object");
        return None;
    };
    findings.unknown_keys(members, &["reader", "writer", "transformer"]);
    members.retain(|member| matches!(member.key.as_str(), "reader" | "writer" | "transformer"));
    for role in [Role::Reader, Role::Writer] {
        if let Some(member) = members.iter_mut().find(|member| member.key == role.key()) {
            step(&mut member.node, role, findings);
        }
    }
    let (key_span, setting) = match setting {
        Some(member) => (member.key_span, member.node),
        None => (job.key_span, made_object(job.key_span, Vec::new())),
    };
    if let Some(setting) = self::setting(setting, rates, findings) {
        members.push(member("setting", key_span, setting));
    }
    configuration.written = false;
    Some(made_root(span, configuration))
}

fn first_entry(content: Node, findings: &mut Findings) -> Option<Node> {
    let span = content.span;
    let Content::List(entries) = content.content else {
        findings.wrong_kind(&content, "`content`", "a list");
        return None;
    };
    let mut entries = entries.into_iter();
    let Some(first) = entries.next() else {
        findings.error(span, "`content` is empty");
        return None;
    };
    for entry in entries {
        findings
            .lapse(
                entry.span,
                "this entry of `content` has no effect: DataX runs the first one only",
            )
            .advise("write it as a job of its own");
    }
    Some(first)
}

/// `{name, parameter}` to `{plugin, parameter}`.
fn step(node: &mut Node, role: Role, findings: &mut Findings) {
    let span = node.span;
    let Content::Object(members) = &mut node.content else {
        return;
    };
    node.written = false;
    findings.unknown_keys(members, &["name", "parameter"]);
    members.retain(|member| matches!(member.key.as_str(), "name" | "parameter"));
    let mut connector = String::new();
    match members.iter_mut().find(|member| member.key == "name") {
        Some(name) => {
            "plugin".clone_into(&mut name.key);
            connector = plugin::rename(&mut name.node, role);
        }
        None => {
            findings
                .error(span, format!("`name` is missing in `{}`", role.key()))
                .advise("it names the plugin, `postgresqlreader` for example");
            members.insert(0, member("plugin", span, made_text(span, "")));
        }
    }
    if let Some(parameter) = members.iter_mut().find(|member| member.key == "parameter") {
        connection::fold(&mut parameter.node, &connector, findings);
        if role == Role::Writer && connector == "odps" {
            let span = parameter.key_span;
            fill_with_null(&mut parameter.node, span);
        }
    }
}

/// DataX's odpswriter takes fewer columns than it lists and leaves the rest NULL; here that must be asked for.
fn fill_with_null(parameter: &mut Node, span: Span) {
    if let Content::Object(members) = &mut parameter.content
        && !members.iter().any(|member| member.key == "missingColumns")
    {
        members.push(member("missingColumns", span, made_text(span, "null")));
        parameter.written = false;
    }
}

fn setting(node: Node, rates: speed::ChannelRates, findings: &mut Findings) -> Option<Node> {
    let span = node.span;
    let Content::Object(mut members) = node.content else {
        findings.wrong_kind(&node, "`setting`", "an object");
        return None;
    };
    let speed = take(&mut members, "speed");
    let mut translated = Vec::new();
    if let Some(speed) = speed::translate(speed, span, rates, findings) {
        translated.push(speed);
    }
    for mut member in members {
        match member.key.as_str() {
            "errorLimit" => {
                one_limit(&mut member.node, findings);
                translated.push(member);
            }
            "dryRun" => dry_run(&member, findings),
            "keyVersion" => findings
                .error(
                    member.key_span,
                    "encrypted keys (`keyVersion`) are not supported",
                )
                .advise("register a data source that holds the password, and name it"),
            "restore" => {
                findings.no_effect(&member);
            }
            // Longshore's own settings may be added to a DataX document.
            "retries" => translated.push(member),
            _ => findings.unknown_key(
                &member,
                &[
                    "speed",
                    "errorLimit",
                    "dryRun",
                    "keyVersion",
                    "restore",
                    "retries",
                ],
            ),
        }
    }
    Some(made_object(span, translated))
}

/// DataX looks at `percentage` only when there is no `record`.
fn one_limit(node: &mut Node, findings: &mut Findings) {
    let is_set = |node: &Node| !matches!(node.content, Content::Null) && node.text() != Some("");
    if !node.get("record").is_some_and(is_set) {
        return;
    }
    let Content::Object(members) = &mut node.content else {
        return;
    };
    if let Some(percentage) = take(members, "percentage") {
        node.written = false;
        findings.warning(
            percentage.key_span,
            "`percentage` has no effect in DataX beside `record`",
        );
    }
}

fn dry_run(member: &Member, findings: &mut Findings) {
    let is_off = match &member.node.content {
        Content::Bool(value) => !value,
        Content::Null => true,
        Content::Text(text) => text.is_empty() || text.eq_ignore_ascii_case("false"),
        _ => false,
    };
    if !is_off {
        // Running the job after all would be the worst answer.
        findings
            .error(member.key_span, "`dryRun` asks for a check without a copy")
            .advise("run `longshore check` on a document without it");
    }
}

/// Names every setting below a key that steers DataX's own machinery.
fn each_without_effect(top: &Member, name: &str, findings: &mut Findings) {
    let Content::Object(members) = &top.node.content else {
        findings.warning(
            top.key_span,
            format!("`{name}` is known and has no effect here"),
        );
        return;
    };
    for member in members {
        let name = format!("{name}.{}", member.key);
        if !speed::is_channel_rate(&name) {
            each_without_effect(member, &name, findings);
        }
    }
}
