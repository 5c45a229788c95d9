//! Longshore's own spelling to a DataX document, the way back of `datax`.
//!
//! DataX knows no data sources, so their fields are written as parameters that its command line sets:
//! `-Dshop_password=…` for `${shop_password}`. Keys are those of its plugins' documentation.

mod setting;

use self::setting::setting;
use super::{made_object, made_text, member};
use crate::findings::Findings;
use crate::node::{Content, Member, Node, take};
use crate::read::Role;
use crate::source::Span;

/// What DataX calls a connector, how it is reached, and which keys its plugins know.
struct Plugin {
    connector: &'static str,
    name: &'static str,
    /// Fields of a data source, ours and theirs; those without which there is no connection come first.
    fields: &'static [(&'static str, &'static str)],
    needed: usize,
    reader: &'static [&'static str],
    writer: &'static [&'static str],
}

const PLUGINS: [Plugin; 4] = [
    Plugin {
        connector: "postgresql",
        name: "postgresql",
        fields: &[
            ("jdbcUrl", "jdbcUrl"),
            ("username", "username"),
            ("password", "password"),
        ],
        needed: 3,
        reader: &[
            "table",
            "column",
            "querySql",
            "where",
            "splitPk",
            "fetchSize",
        ],
        writer: &["table", "column", "preSql", "postSql", "batchSize"],
    },
    Plugin {
        connector: "odps",
        name: "odps",
        fields: &[
            ("accessId", "accessId"),
            ("accessKey", "accessKey"),
            ("project", "project"),
            ("endpoint", "odpsServer"),
            ("tunnelEndpoint", "tunnelServer"),
            ("securityToken", "securityToken"),
        ],
        needed: 4,
        reader: &[
            "table",
            "partition",
            "column",
            "splitMode",
            "packageAuthorizedProject",
            "isCompress",
        ],
        writer: &[
            "table",
            "partition",
            "column",
            "truncate",
            "emptyAsNull",
            "blockSizeInMB",
            "missingColumns",
        ],
    },
    Plugin {
        connector: "file",
        name: "txtfile",
        fields: &[],
        needed: 0,
        reader: &[
            "path",
            "column",
            "fieldDelimiter",
            "compress",
            "encoding",
            "nullFormat",
            "skipHeader",
            "csvReaderConfig",
        ],
        writer: &[
            "path",
            "fileName",
            "writeMode",
            "fieldDelimiter",
            "compress",
            "encoding",
            "nullFormat",
            "dateFormat",
            "fileFormat",
            "suffix",
            "header",
        ],
    },
    Plugin {
        connector: "stream",
        name: "stream",
        fields: &[],
        needed: 0,
        reader: &["column", "sliceRecordCount"],
        writer: &[
            "print",
            "fieldDelimiter",
            "path",
            "fileName",
            "recordNumBeforeSleep",
            "sleepTime",
        ],
    },
];

/// The tree of a document; what DataX has no words for is told as errors and left out.
pub(super) fn from_seed(root: Node, findings: &mut Findings) -> Option<Node> {
    let span = root.span;
    let mut configuration = super::configuration(root, findings)?;
    let mut entry = Vec::new();
    for role in [Role::Reader, Role::Writer] {
        entry.push(step(take(&mut configuration, role.key())?, role, findings)?);
    }
    entry.extend(take(&mut configuration, "transformer"));
    if let Some(lost) = super::lose(&mut configuration, "filter", "DataX", findings) {
        lost.advise("write it as the reader's `where`, if it has one");
    }
    let (setting, core) = setting(take(&mut configuration, "setting"), span, findings);
    let content = Node::made(span, Content::List(vec![made_object(span, entry)]));
    let job = vec![member("content", span, content), setting];
    let mut members = vec![member("job", span, made_object(span, job))];
    members.extend(core);
    Some(made_object(span, members))
}

/// `{plugin, parameter}` to `{name, parameter}`.
fn step(mut step: Member, role: Role, findings: &mut Findings) -> Option<Member> {
    let Content::Object(members) = &mut step.node.content else {
        return None;
    };
    step.node.written = false;
    let plugin = members.iter_mut().find(|member| member.key == "plugin")?;
    let connector = plugin.node.text().unwrap_or_default().to_owned();
    let known = PLUGINS.iter().find(|known| known.connector == connector);
    let name = known.map_or(connector.as_str(), |known| known.name);
    if known.is_none() {
        findings.error(
            plugin.node.span,
            format!(
                "DataX has no {} for `{connector}` that is known here",
                role.key()
            ),
        );
    }
    "name".clone_into(&mut plugin.key);
    plugin.node = made_text(plugin.node.span, &format!("{name}{}", role.key()));
    let parameter = members
        .iter_mut()
        .find(|member| member.key == "parameter")?;
    if let Some(known) = known {
        self::parameter(&mut parameter.node, known, role, findings);
    }
    Some(step)
}

fn parameter(node: &mut Node, plugin: &Plugin, role: Role, findings: &mut Findings) {
    let span = node.span;
    let Content::Object(members) = &mut node.content else {
        return;
    };
    node.written = false;
    let reached =
        take(members, "datasource").map(|datasource| fields(datasource, plugin, role, findings));
    let keys = match role {
        Role::Reader => plugin.reader,
        Role::Writer => plugin.writer,
    };
    let unknown: Vec<String> = members
        .iter()
        .map(|member| member.key.clone())
        .filter(|key| !keys.contains(&key.as_str()))
        .collect();
    for key in unknown {
        super::lose(
            members,
            &key,
            &format!("DataX's {}{}", plugin.name, role.key()),
            findings,
        );
    }
    if let Some(column) = members.iter_mut().find(|member| member.key == "column") {
        columns(&mut column.node, plugin, findings);
    }
    if plugin.connector == "odps"
        && role == Role::Writer
        && !members.iter().any(|it| it.key == "missingColumns")
    {
        // DataX fills columns up without being asked to; read here again, the document must not.
        findings.warning(span, "DataX fills columns that the reader lacks with NULL");
        members.push(member(
            "missingColumns",
            Span {
                end: span.start,
                ..span
            },
            made_text(span, "refuse"),
        ));
    }
    for (at, field) in reached.into_iter().flatten().enumerate() {
        members.insert(at, field);
    }
    if plugin.connector == "postgresql" {
        connection(members, span, role, findings);
    }
}

/// The fields of a data source as parameters of a step: those that are written, or references for those of a
/// registered one.
fn fields(datasource: Member, plugin: &Plugin, role: Role, findings: &mut Findings) -> Vec<Member> {
    let span = datasource.node.span;
    let place = Span {
        end: span.start,
        ..span
    };
    match datasource.node.content {
        Content::Text(name) => {
            if plugin.fields.is_empty() {
                let message = format!("DataX has no data sources, so that `{name}` is left out");
                match plugin.connector {
                    "stream" => findings.warning(span, message),
                    _ => findings.error(span, message),
                };
                return Vec::new();
            }
            let mut fields = Vec::new();
            for (_, theirs) in &plugin.fields[..plugin.needed] {
                let reference = format!("${{{}_{theirs}}}", word(&name));
                fields.push(member(theirs, place, made_text(place, &reference)));
            }
            findings
                .warning(
                    span,
                    format!(
                        "data source `{name}` becomes parameters such as `${{{}_{}}}`",
                        word(&name),
                        plugin.fields[0].1
                    ),
                )
                .advise("give them to DataX on its command line");
            fields
        }
        Content::Object(given) => {
            let mut fields = Vec::new();
            for field in given {
                match plugin.fields.iter().find(|(ours, _)| *ours == field.key) {
                    Some((_, theirs)) => fields.push(Member {
                        key: (*theirs).to_owned(),
                        ..field
                    }),
                    None => {
                        findings.error(
                            field.key_span,
                            format!("DataX has no `{}` for the {}", field.key, role.key()),
                        );
                    }
                }
            }
            fields
        }
        _ => Vec::new(),
    }
}

/// `jdbcUrl`, `table` and `querySql` to a `connection` list.
fn connection(members: &mut Vec<Member>, span: Span, role: Role, findings: &mut Findings) {
    let place = Span {
        end: span.start,
        ..span
    };
    let mut entry = Vec::new();
    for key in ["jdbcUrl", "table", "querySql"] {
        let Some(mut field) = take(members, key) else {
            continue;
        };
        let is_list = matches!(field.node.content, Content::List(_));
        match (role, key) {
            // DataX's writers take one address, and everything else is a list.
            (Role::Writer, "jdbcUrl") => {
                if let Content::List(urls) = &mut field.node.content {
                    if urls.len() > 1 {
                        findings.error(
                            field.key_span,
                            "DataX's writers take one address, and there are several",
                        );
                    }
                    if !urls.is_empty() {
                        field.node = urls.remove(0);
                    }
                }
            }
            _ if !is_list => {
                field.node = Node::made(field.node.span, Content::List(vec![field.node]))
            }
            _ => {}
        }
        entry.push(field);
    }
    let at = members
        .iter()
        .position(|it| !matches!(it.key.as_str(), "username" | "password"))
        .unwrap_or(members.len());
    let list = Content::List(vec![made_object(place, entry)]);
    members.insert(at, member("connection", place, Node::made(place, list)));
}

/// DataX writes constants as texts, and has expressions only as SQL of the source.
fn columns(node: &mut Node, plugin: &Plugin, findings: &mut Findings) {
    let Content::List(items) = &mut node.content else {
        return;
    };
    for item in items {
        let text = match &item.content {
            Content::Null => "null".to_owned(),
            Content::Bool(value) => value.to_string(),
            Content::Number(digits) => digits.clone(),
            Content::Object(_) => {
                if let Some(sql) = item.get("expression") {
                    findings
                        .error(item.span, "DataX computes no columns")
                        .advise("write it as SQL of the source, or keep the job here");
                    match (plugin.connector, sql.text()) {
                        ("postgresql", Some(sql)) => sql.to_owned(),
                        _ => continue,
                    }
                } else {
                    continue;
                }
            }
            Content::Text(_) | Content::List(_) => continue,
        };
        *item = made_text(item.span, &text);
        node.written = false;
    }
}

/// A name as DataX's parameters have it.
fn word(name: &str) -> String {
    let letter = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '_'
        }
    };
    name.chars().map(letter).collect()
}
