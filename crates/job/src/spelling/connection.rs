//! How a step says where to connect: `connection` lists and credentials among the parameters.
//!
//! Owns their translation to one `datasource`, `table` and `querySql`.
//! DataX writes URL, user and password into the job; DataWorks writes the names of data sources.

use super::{made_object, member};
use crate::findings::Findings;
use crate::node::{Content, Member, Node, take};

/// What DataX calls the fields of a MaxCompute data source, and what they are called here.
const ODPS_FIELDS: [(&str, &str); 8] = [
    ("accessId", "accessId"),
    ("accessKey", "accessKey"),
    ("securityToken", "securityToken"),
    ("project", "project"),
    ("odpsServer", "endpoint"),
    ("endpoint", "endpoint"),
    ("tunnelServer", "tunnelEndpoint"),
    ("tunnelEndpoint", "tunnelEndpoint"),
];
const DATABASE_FIELDS: [(&str, &str); 3] = [
    ("jdbcUrl", "jdbcUrl"),
    ("username", "username"),
    ("password", "password"),
];

/// Translates what a step says about its connection, in any spelling.
pub(super) fn fold(parameter: &mut Node, connector: &str, findings: &mut Findings) {
    fold_list(parameter, findings);
    inline_datasource(parameter, connector, findings);
}

/// Spreads a `connection` list over `datasource` or `jdbcUrl`, `table` and `querySql`.
fn fold_list(parameter: &mut Node, findings: &mut Findings) {
    let Content::Object(members) = &mut parameter.content else {
        return;
    };
    if let Some(hint) = members.iter().find(|member| member.key == "singleOrMulti") {
        findings.no_effect(hint);
        take(members, "singleOrMulti");
        parameter.written = false;
    }
    let Some(at) = members.iter().position(|member| member.key == "connection") else {
        return;
    };
    parameter.written = false;
    let connection = members.remove(at);
    let mut gathered = Gathered::default();
    match connection.node.content {
        Content::List(entries) => {
            for entry in entries {
                gathered.entry(entry, findings);
            }
        }
        Content::Object(_) => gathered.entry(connection.node.clone(), findings),
        _ => {
            findings.wrong_kind(&connection.node, "`connection`", "a list");
        }
    }
    let lists = [
        ("datasource", gathered.datasources),
        ("jdbcUrl", gathered.urls),
        ("table", gathered.tables),
        ("querySql", gathered.queries),
    ];
    let mut at = at;
    for (key, values) in lists {
        let Some(value) = one_or_list(values) else {
            continue;
        };
        if let Some(double) = members.iter().find(|member| member.key == key) {
            findings
                .error(
                    double.key_span,
                    format!("`{key}` is given here and in `connection`"),
                )
                .advise("keep one of the two");
            continue;
        }
        let key_span = value.key_span;
        members.insert(at, member(key, key_span, value.node));
        at += 1;
    }
}

/// Gathers the credentials that DataX keeps among the parameters in an inline `datasource`.
fn inline_datasource(parameter: &mut Node, connector: &str, findings: &mut Findings) {
    let Content::Object(members) = &mut parameter.content else {
        return;
    };
    let fields: &[(&str, &str)] = match connector {
        "odps" => &ODPS_FIELDS,
        // Without a URL the user and password belong to the connector itself, as with FTP.
        _ if members.iter().any(|member| member.key == "jdbcUrl") => &DATABASE_FIELDS,
        _ => return,
    };
    let mut found: Vec<Member> = Vec::new();
    for (theirs, ours) in fields {
        if let Some(field) = take(members, theirs) {
            if found.iter().any(|other| other.key == *ours) {
                findings
                    .error(
                        field.key_span,
                        format!("`{theirs}` is given under another name, too"),
                    )
                    .advise("keep one of the two");
                continue;
            }
            found.push(Member {
                key: (*ours).to_owned(),
                ..field
            });
        }
    }
    let Some(first) = found.first() else {
        return;
    };
    parameter.written = false;
    let (key_span, span) = (first.key_span, first.node.span);
    if let Some(named) = members.iter().find(|member| member.key == "datasource") {
        findings
            .error(
                named.key_span,
                "a `datasource` is named and its fields are given, too",
            )
            .advise("keep one of the two");
        return;
    }
    members.insert(0, member("datasource", key_span, made_object(span, found)));
}

/// What the entries of a `connection` list say.
#[derive(Default)]
struct Gathered {
    datasources: Vec<Member>,
    urls: Vec<Member>,
    tables: Vec<Member>,
    queries: Vec<Member>,
}

impl Gathered {
    fn entry(&mut self, entry: Node, findings: &mut Findings) {
        if entry.members().is_none() {
            findings.wrong_kind(&entry, "an entry of `connection`", "an object");
            return;
        }
        let Content::Object(members) = entry.content else {
            return;
        };
        for field in members {
            match field.key.as_str() {
                "datasource" => self.target(field, findings),
                "jdbcUrl" => self.target(field, findings),
                "table" => self.tables.extend(items(field)),
                "querySql" => self.queries.extend(items(field)),
                _ => findings.unknown_key(&field, &["jdbcUrl", "table", "querySql", "datasource"]),
            }
        }
    }

    /// All entries must lead to one place.
    fn target(&mut self, field: Member, findings: &mut Findings) {
        let key = field.key.clone();
        let key_span = field.key_span;
        let list = match key.as_str() {
            "jdbcUrl" => &mut self.urls,
            _ => &mut self.datasources,
        };
        let values: Vec<Member> = items(field).collect();
        let texts =
            |members: &[Member]| -> Vec<_> { members.iter().map(|m| m.node.to_json()).collect() };
        if list.is_empty() {
            *list = values;
        } else if texts(list) != texts(&values) {
            findings
                .error(
                    key_span,
                    format!("`connection` leads to several places: the entries differ in `{key}`"),
                )
                .advise("write one job for each database");
        }
    }
}

/// The items of a list, or the value itself.
fn items(field: Member) -> impl Iterator<Item = Member> {
    let Member {
        key,
        key_span,
        node,
    } = field;
    let values = match node.content {
        Content::List(items) => items,
        _ => vec![node],
    };
    values.into_iter().map(move |node| Member {
        key: key.clone(),
        key_span,
        node,
    })
}

/// One value as itself, several as a list.
fn one_or_list(mut values: Vec<Member>) -> Option<Member> {
    if values.len() <= 1 {
        return values.pop();
    }
    let first = values.first()?;
    let (key, key_span, span) = (first.key.clone(), first.key_span, first.node.span);
    let nodes = values.into_iter().map(|member| member.node).collect();
    Some(Member {
        key,
        key_span,
        node: Node::made(span, Content::List(nodes)),
    })
}
