//! Plugin names to connector names.
//!
//! Owns the suffixes `reader` and `writer` and the aliases. Whether there is such a connector is left to the engine.

use crate::node::{Content, Node};
use crate::read::Role;

/// Names that other programs give to our connectors.
const ALIASES: [(&str, &str); 3] = [
    ("txtfile", "file"),
    ("maxcompute", "odps"),
    ("postgres", "postgresql"),
];

/// The connector that a plugin name means, or why it means none.
pub(crate) fn connector(plugin: &str, role: Role) -> Result<String, String> {
    let plugin = plugin.trim().to_lowercase();
    let other = match role {
        Role::Reader => Role::Writer,
        Role::Writer => Role::Reader,
    };
    if plugin
        .strip_suffix(other.key())
        .is_some_and(|name| !name.is_empty())
    {
        return Err(format!("`{plugin}` cannot be the {} of a job", role.key()));
    }
    let name = match plugin.strip_suffix(role.key()) {
        Some(name) if !name.is_empty() => name,
        _ => &plugin,
    };
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    Ok(alias.map_or(name, |(_, connector)| connector).to_owned())
}

/// Turns a plugin name into the connector's and gives it back.
///
/// What is no plugin name is left as it is for `read` to report.
pub(super) fn rename(plugin: &mut Node, role: Role) -> String {
    let Some(Ok(connector)) = plugin.text().map(|text| self::connector(text, role)) else {
        return String::new();
    };
    if plugin.text() != Some(connector.as_str()) {
        plugin.content = Content::Text(connector.clone());
        plugin.written = false;
    }
    connector
}
