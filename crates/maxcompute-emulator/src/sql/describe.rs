//! Statements that show what there is, as text for people.

use super::statement::Pairs;
use super::{Output, Session, SqlError};
use crate::clock::date_text;
use crate::names::Spec;

pub(super) fn show_tables(session: &Session) -> Output {
    let mut text = String::new();
    for table in session.store.tables() {
        text.push_str(&table.definition().name);
        text.push('\n');
    }
    Output::Text(text)
}

/// One line per partition: `pt=20240101/hh=07`.
pub(super) fn show_partitions(
    session: &Session,
    name: &str,
    partition: &Pairs,
) -> Result<Output, SqlError> {
    let table = session.store.table(name)?;
    let definition = table.definition();
    let keys = &definition.schema.partition_keys;
    if keys.is_empty() {
        return Err(SqlError::semantic(format!(
            "table {name} is not partitioned"
        )));
    }
    let prefix = Spec::prefix(partition, keys).map_err(SqlError::semantic)?;
    let mut text = String::new();
    for (spec, _) in table.snapshots()? {
        let mut pairs = prefix.iter().zip(spec.values());
        if pairs.all(|(wanted, value)| wanted.as_ref().is_none_or(|wanted| wanted == value)) {
            text.push_str(&spec.to_text(keys, "/"));
            text.push('\n');
        }
    }
    Ok(Output::Text(text))
}

pub(super) fn describe(
    session: &Session,
    name: &str,
    partition: &Pairs,
) -> Result<Output, SqlError> {
    let table = session.store.table(name)?;
    let definition = table.definition();
    let schema = &definition.schema;
    let mut text = String::new();
    let parts = if partition.is_empty() {
        table
            .snapshots()?
            .into_iter()
            .map(|(_, part)| part)
            .collect()
    } else {
        let spec = Spec::resolve(partition, &schema.partition_keys).map_err(SqlError::semantic)?;
        vec![table.snapshot(&spec)?]
    };
    let mut row_count = 0;
    let mut byte_count = 0;
    let mut modified = definition.changed;
    for part in &parts {
        row_count += part.row_count();
        byte_count += part.byte_count();
        modified = modified.max(part.modified);
    }
    let mut lines = vec![
        format!("Project: {}", session.store.project()),
        format!("Table: {}", definition.name),
        format!("TableComment: {}", definition.comment),
        format!("CreateTime: {}", date_text(definition.created)),
        format!("LastModifiedTime: {}", date_text(modified)),
        format!("RecordNum: {row_count}"),
        format!("Size: {byte_count}"),
    ];
    for column in &schema.columns {
        lines.push(format!(
            "Column: {} {} {}",
            column.name, column.r#type, column.comment
        ));
    }
    for key in &schema.partition_keys {
        lines.push(format!(
            "Partition column: {} {} {}",
            key.name, key.r#type, key.comment
        ));
    }
    for line in lines {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    Ok(Output::Text(text))
}
