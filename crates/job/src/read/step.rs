//! `reader` and `writer`: plugin, data source, parameters.
//!
//! Owns what every connector has in common. The keys of `parameter` are checked by the connector.

use serde_json::Map;

use super::column;
use crate::findings::Findings;
use crate::job::{ColumnItem, Datasource, Step};
use crate::node::{Content, Node, to_map};
use crate::spelling::plugin;

/// Which end of the job a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Reader,
    Writer,
}

impl Role {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Writer => "writer",
        }
    }
}

pub(super) fn read(configuration: &Node, role: Role, findings: &mut Findings) -> Option<Step> {
    let key = role.key();
    let Some(node) = configuration.get(key) else {
        findings
            .error(configuration.span, format!("`{key}` is missing"))
            .advise(format!(
                "write `\"{key}\": {{\"plugin\": …, \"parameter\": {{…}}}}`"
            ));
        return None;
    };
    let Some(members) = node.members() else {
        findings.wrong_kind(node, &format!("`{key}`"), "an object");
        return None;
    };
    findings.unknown_keys(members, &["plugin", "parameter"]);
    let connector = connector(node, role, findings);

    let mut step = Step {
        connector: connector.unwrap_or_default(),
        datasource: Datasource::None,
        columns: Vec::new(),
        parameter: Map::new(),
        pointer: format!("/configuration/{key}"),
    };
    let Some(parameter) = node.get("parameter") else {
        findings.error(node.span, format!("`parameter` is missing in `{key}`"));
        return None;
    };
    let Some(members) = parameter.members() else {
        findings.wrong_kind(parameter, "`parameter`", "an object");
        return None;
    };
    for member in members {
        match member.key.as_str() {
            "datasource" => step.datasource = datasource(&member.node, findings),
            "column" => step.columns = column::read(&member.node, role, findings),
            key => {
                step.parameter.insert(key.to_owned(), member.node.to_json());
            }
        }
    }
    if role == Role::Reader {
        drop_columns_beside_query(parameter, &mut step, findings);
    }
    Some(step)
}

/// A query says itself which columns it has. Documents keep the list of an earlier table beside it,
/// which DataX passes over, too.
fn drop_columns_beside_query(parameter: &Node, step: &mut Step, findings: &mut Findings) {
    let is_query = parameter
        .get("querySql")
        .is_some_and(|query| match &query.content {
            Content::Text(sql) => !sql.trim().is_empty(),
            Content::List(queries) => !queries.is_empty(),
            _ => false,
        });
    let Some(list) = parameter.get("column").filter(|_| is_query) else {
        return;
    };
    let is_computed = |item: &ColumnItem| matches!(item, ColumnItem::Expression { .. });
    if step.columns.iter().any(is_computed) {
        findings
            .error(list.span, "`column` has an expression beside `querySql`")
            .advise("compute it in the query");
    } else if step.columns != [ColumnItem::All] {
        findings
            .warning(
                list.span,
                "`column` is not used, because `querySql` is given",
            )
            .advise("all columns of the query are read; take `column` out");
    }
    step.columns.clear();
}

fn connector(node: &Node, role: Role, findings: &mut Findings) -> Option<String> {
    let Some(plugin) = node.get("plugin") else {
        findings
            .error(
                node.span,
                format!("`plugin` is missing in `{}`", role.key()),
            )
            .advise("it names the connector, `postgresql` or `odps` for example");
        return None;
    };
    if !plugin.written && plugin.text() == Some("") {
        // `spelling` found no name in the document and said so.
        return None;
    }
    let Some(name) = plugin.text().map(str::trim).filter(|name| !name.is_empty()) else {
        findings.wrong_kind(plugin, "`plugin`", "the name of a connector");
        return None;
    };
    match plugin::connector(name, role) {
        Ok(connector) => Some(connector),
        Err(message) => {
            findings.error(plugin.span, message);
            None
        }
    }
}

fn datasource(node: &Node, findings: &mut Findings) -> Datasource {
    match &node.content {
        Content::Text(name) if name.trim().is_empty() => {
            findings
                .error(node.span, "`datasource` is empty")
                .advise("write the name of a registered data source");
            Datasource::None
        }
        Content::Text(name) => Datasource::Named(name.trim().to_owned()),
        Content::Object(members) => Datasource::Inline(to_map(members)),
        _ => {
            findings.wrong_kind(
                node,
                "`datasource`",
                "the name or the fields of a data source",
            );
            Datasource::None
        }
    }
}
