//! `longshore connectors` and `schema`: what this build can do, for people and for generated files.

use std::fs;
use std::path::Path;

use sdk::{Connector, Tier};
use serde_json::{Value, json};

use crate::arguments::{ConnectorsArguments, SchemaArguments};
use crate::exit::{Exit, Stop};
use crate::print;

/// Longer cells are cut: a table is padded to its widest cell, and one may hold megabytes.
const WIDEST_CELL: usize = 200;

/// `longshore connectors`.
pub(crate) fn connectors(arguments: &ConnectorsArguments) -> Result<Exit, Stop> {
    let registry = connectors::registry();
    if arguments.json {
        let list: Vec<Value> = registry.connectors().iter().map(describe).collect();
        print::out(pretty(&Value::Array(list)) + "\n")?;
        return Ok(Exit::Success);
    }
    let mut rows = vec![["name", "title", "reads", "writes", "proven"].map(str::to_string)];
    for connector in registry.connectors() {
        let yes = |able: bool| if able { "yes" } else { "no" }.to_string();
        let reads = yes(connector.reader_schema().is_some());
        let writes = yes(connector.writer_schema().is_some());
        rows.push([
            connector.name.to_string(),
            connector.title.to_string(),
            reads,
            writes,
            tier(connector.tier),
        ]);
    }
    print::out(aligned(&rows))?;
    Ok(Exit::Success)
}

/// `longshore schema`.
pub(crate) fn schema(arguments: &SchemaArguments) -> Result<Exit, Stop> {
    let registry = connectors::registry();
    if let Some(folder) = &arguments.out {
        for connector in registry.connectors() {
            write(
                &folder.join(format!("{}.schema.json", connector.name)),
                &(pretty(&schemas(connector)) + "\n"),
            )?;
            write(
                &folder.join(format!("{}.md", connector.name)),
                &page(connector),
            )?;
        }
        return Ok(Exit::Success);
    }
    let name = arguments.connector.as_deref().unwrap_or_default();
    let connector = registry.find(name).ok_or_else(|| {
        let stop = Stop::usage(format!("there is no connector `{name}`"));
        match registry.nearest(name) {
            Some(near) => stop.hint(format!("did you mean `{near}`?")),
            None => stop.hint("list them with `longshore connectors`"),
        }
    })?;
    print::out(pretty(&schemas(connector)) + "\n")?;
    Ok(Exit::Success)
}

/// Rows as text, columns padded to their widest cell. Control characters are written out, since cells
/// hold what strangers wrote and a terminal would obey it.
pub(crate) fn aligned<Row: AsRef<[String]>>(rows: &[Row]) -> String {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.as_ref().iter().map(|cell| shown(cell)).collect())
        .collect();
    let mut widths: Vec<usize> = Vec::new();
    for row in &rows {
        for (index, cell) in row.iter().enumerate() {
            let width = cell.chars().count();
            match widths.get_mut(index) {
                Some(known) => *known = width.max(*known),
                None => widths.push(width),
            }
        }
    }
    let mut text = String::new();
    for row in &rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn shown(cell: &str) -> String {
    match cell.char_indices().nth(WIDEST_CELL) {
        None => visible(cell),
        Some((end, _)) => visible(&cell[..end]) + "…",
    }
}

/// A text with its control characters written out.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::new();
    for letter in text.chars() {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// The same for a text of several lines.
pub(crate) fn visible_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(visible).collect();
    lines.join("\n")
}

fn schemas(connector: &Connector) -> Value {
    json!({
        "datasource": connector.config_schema(),
        "reader": connector.reader_schema(),
        "writer": connector.writer_schema(),
    })
}

fn describe(connector: &Connector) -> Value {
    json!({
        "name": connector.name,
        "aliases": connector.aliases,
        "title": connector.title,
        "family": connector.family,
        "tier": connector.tier,
        "reader": connector.reader_schema().is_some(),
        "writer": connector.writer_schema().is_some(),
    })
}

fn tier(tier: Tier) -> String {
    match tier {
        Tier::Tested(server) => format!("tested with {server}"),
        Tier::Emulated(emulator) => format!("emulated: {emulator}"),
        Tier::Unverified(reason) => format!("unverified: {reason}"),
    }
}

/// A connector's reference page.
fn page(connector: &Connector) -> String {
    let mut text = format!(
        "<!-- Generated by `cargo xtask codegen`; do not edit. -->\n# {}\n\n",
        connector.title
    );
    text.push_str(&format!("Name in jobs: `{}`.\n", connector.name));
    if !connector.aliases.is_empty() {
        let aliases: Vec<String> = connector
            .aliases
            .iter()
            .map(|alias| format!("`{alias}`"))
            .collect();
        text.push_str(&format!("Also understood: {}.\n", aliases.join(", ")));
    }
    text.push_str(&format!("Support: {}.\n", tier(connector.tier)));
    let parts = [
        ("Data source", Some(connector.config_schema())),
        ("Reader", connector.reader_schema()),
        ("Writer", connector.writer_schema()),
    ];
    for (title, schema) in parts {
        let Some(schema) = schema else { continue };
        text.push_str(&format!("\n## {title}\n\n"));
        text.push_str(&field_table(&schema));
    }
    text
}

fn field_table(schema: &Value) -> String {
    let Some(properties) = schema
        .get("properties")
        .and_then(Value::as_object)
        .filter(|fields| !fields.is_empty())
    else {
        return "No fields.\n".to_string();
    };
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut text =
        String::from("| field | type | default | meaning |\n| --- | --- | --- | --- |\n");
    for (name, property) in properties {
        let default = match property.get("default") {
            _ if required.contains(&name.as_str()) => "required".to_string(),
            None | Some(Value::Null) => String::new(),
            Some(value) => format!("`{value}`"),
        };
        let meaning = property
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .replace('\n', " ")
            .replace('|', "\\|");
        text.push_str(&format!(
            "| `{name}` | {} | {default} | {meaning} |\n",
            type_name(property)
        ));
    }
    text
}

fn type_name(schema: &Value) -> String {
    if schema.get("writeOnly").and_then(Value::as_bool) == Some(true) {
        return "secret".to_string();
    }
    if let Some(variants) = schema
        .get("anyOf")
        .or_else(|| schema.get("oneOf"))
        .and_then(Value::as_array)
    {
        let mut names: Vec<String> = variants
            .iter()
            .filter(|variant| variant.get("type").and_then(Value::as_str) != Some("null"))
            .map(|variant| {
                variant
                    .get("const")
                    .map_or_else(|| type_name(variant), |only| format!("`{only}`"))
            })
            .collect();
        names.dedup();
        return names.join(" or ");
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values
            .iter()
            .map(|value| format!("`{value}`"))
            .collect::<Vec<_>>()
            .join(" or ");
    }
    let name = match schema.get("type") {
        Some(Value::String(name)) => name.as_str(),
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .find(|name| *name != "null")
            .unwrap_or("any"),
        _ => "any",
    };
    match name {
        "array" => format!(
            "list of {}",
            schema
                .get("items")
                .map_or_else(|| "any".to_string(), type_name)
        ),
        "object" if schema.get(sdk::SHORTHAND).is_some() => "string or object".to_string(),
        other => other.to_string(),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn write(path: &Path, text: &str) -> Result<(), Stop> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .map_err(|error| Stop::usage(format!("cannot create {}: {error}", folder.display())))?;
    }
    fs::write(path, text)
        .map_err(|error| Stop::usage(format!("cannot write {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_neither_steer_a_terminal_nor_fill_it() {
        let rows = [["a\u{1b}[2J\n".to_string(), "b".repeat(1_000_000)]];
        let text = aligned(&rows);
        assert!(text.starts_with("a\\u{1b}[2J\\n  bbb"), "{text}");
        assert!(text.ends_with("b…\n") && text.len() < 300, "{text}");
    }
}
