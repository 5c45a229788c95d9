//! Statements that make, change and remove tables and partitions.

use std::collections::BTreeMap;

use maxcompute::types::{Column, TableSchema, Type};

use super::select::Plan;
use super::statement::{NewTable, Pairs, Query};
use super::{Output, Session, SqlError};
use crate::clock::now_seconds;
use crate::names::{Spec, new_id};
use crate::store::{Definition, StoreError, Table, TableKind, WriteMode};

const MAX_COLUMNS: usize = 1200;
const MAX_PARTITION_KEYS: usize = 6;

fn done() -> Output {
    Output::Text(String::new())
}

pub(super) fn create_schema(
    session: &Session,
    schema: &str,
    if_not_exists: bool,
) -> Result<Output, SqlError> {
    if session.store.create_schema(schema)? || if_not_exists {
        return Ok(done());
    }
    Err(SqlError::semantic(format!(
        "schema {schema} exists already"
    )))
}

/// The columns of a view are known; what it selects is forgotten.
pub(super) fn create_view(
    session: &Session,
    name: String,
    kind: TableKind,
    query: &Query,
) -> Result<Output, SqlError> {
    let view = NewTable {
        name,
        kind,
        if_not_exists: false,
        columns: Plan::new(session, query)?.columns,
        partition_keys: Vec::new(),
        comment: String::new(),
        lifecycle_days: None,
        properties: BTreeMap::new(),
        primary_key: Vec::new(),
    };
    create_table(session, view)
}

pub(super) fn create_table(session: &Session, table: NewTable) -> Result<Output, SqlError> {
    check_columns(&table)?;
    let now = now_seconds();
    let created = session.store.create_table(Definition {
        name: table.name,
        id: new_id(),
        kind: table.kind,
        schema: TableSchema {
            columns: table.columns,
            partition_keys: table.partition_keys,
        },
        comment: table.comment,
        lifecycle_days: table.lifecycle_days,
        properties: table.properties,
        primary_key: table.primary_key,
        created: now,
        changed: now,
    });
    match created {
        Err(StoreError::TableExists(_)) if table.if_not_exists => Ok(done()),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(done()),
    }
}

fn check_columns(table: &NewTable) -> Result<(), SqlError> {
    if table.columns.len() > MAX_COLUMNS {
        return Err(SqlError::semantic(format!(
            "a table has at most {MAX_COLUMNS} columns"
        )));
    }
    if table.partition_keys.len() > MAX_PARTITION_KEYS {
        return Err(SqlError::semantic(format!(
            "a table has at most {MAX_PARTITION_KEYS} partition keys"
        )));
    }
    let mut names = std::collections::BTreeSet::new();
    for column in table.columns.iter().chain(&table.partition_keys) {
        if !names.insert(&column.name) {
            return Err(SqlError::semantic(format!(
                "column {} is defined twice",
                column.name
            )));
        }
        check_type(column)?;
    }
    for key in &table.partition_keys {
        let allowed = matches!(
            key.r#type,
            Type::String
                | Type::Varchar(_)
                | Type::Char(_)
                | Type::TinyInt
                | Type::SmallInt
                | Type::Int
                | Type::BigInt
                | Type::Date
                | Type::Datetime
        );
        if !allowed {
            return Err(SqlError::semantic(format!(
                "{} cannot be the type of a partition key",
                key.r#type
            )));
        }
    }
    for name in &table.primary_key {
        let found = table.columns.iter().find(|column| column.name == *name);
        if found.is_none_or(|column| column.nullable) {
            return Err(SqlError::semantic(format!(
                "primary key {name} is no NOT NULL column"
            )));
        }
    }
    Ok(())
}

/// What the parser of types leaves to the service.
fn check_type(column: &Column) -> Result<(), SqlError> {
    if has_nested_key(&column.r#type) {
        return Err(SqlError::semantic(format!(
            "column {} has a map whose keys are not primitive",
            column.name
        )));
    }
    Ok(())
}

fn has_nested_key(kind: &Type) -> bool {
    match kind {
        Type::Map(key, value) => key.is_nested() || has_nested_key(value),
        Type::Array(element) => has_nested_key(element),
        Type::Struct(fields) => fields.iter().any(|(_, field)| has_nested_key(field)),
        _ => false,
    }
}

pub(super) fn drop_table(
    session: &Session,
    name: &str,
    if_exists: bool,
) -> Result<Output, SqlError> {
    match session.store.drop_table(name) {
        Err(StoreError::NoSuchTable(_)) if if_exists => Ok(done()),
        other => Ok(other.map(|()| done())?),
    }
}

fn resolve(table: &Table, partitions: &[Pairs]) -> Result<Vec<Spec>, SqlError> {
    let definition = table.definition();
    if !definition.is_partitioned() && !partitions.is_empty() {
        return Err(SqlError::semantic(format!(
            "table {} is not partitioned",
            definition.name
        )));
    }
    let mut specs = Vec::with_capacity(partitions.len());
    for pairs in partitions {
        let spec = Spec::resolve(pairs, &definition.schema.partition_keys);
        specs.push(spec.map_err(SqlError::semantic)?);
    }
    Ok(specs)
}

pub(super) fn truncate(
    session: &Session,
    name: &str,
    partitions: &[Pairs],
) -> Result<Output, SqlError> {
    let table = session.stored_table(name)?;
    let mut specs = resolve(&table, partitions)?;
    if specs.is_empty() {
        if table.definition().is_partitioned() {
            return Err(SqlError::semantic(format!(
                "table {name} is partitioned; name the partitions to truncate"
            )));
        }
        specs.push(Spec::default());
    }
    for spec in &specs {
        table.snapshot(spec)?;
    }
    for spec in &specs {
        table.write(spec, WriteMode::Overwrite, &[], &new_id())?;
    }
    Ok(done())
}

pub(super) fn add_partitions(
    session: &Session,
    name: &str,
    partitions: &[Pairs],
    if_not_exists: bool,
) -> Result<Output, SqlError> {
    let table = session.store.table(name)?;
    for spec in resolve(&table, partitions)? {
        match table.add_partition(&spec, now_seconds()) {
            Err(StoreError::PartitionExists(_)) if if_not_exists => {}
            other => other?,
        }
    }
    Ok(done())
}

pub(super) fn drop_partitions(
    session: &Session,
    name: &str,
    partitions: &[Pairs],
    if_exists: bool,
) -> Result<Output, SqlError> {
    let table = session.store.table(name)?;
    for spec in resolve(&table, partitions)? {
        match table.drop_partition(&spec) {
            Err(StoreError::NoSuchPartition(_)) if if_exists => {}
            other => other?,
        }
    }
    Ok(done())
}

pub(super) fn add_columns(
    session: &Session,
    name: &str,
    columns: Vec<Column>,
) -> Result<Output, SqlError> {
    let table = session.store.table(name)?;
    let definition = table.definition();
    let schema = &definition.schema;
    if schema.columns.len() + columns.len() > MAX_COLUMNS {
        return Err(SqlError::semantic(format!(
            "a table has at most {MAX_COLUMNS} columns"
        )));
    }
    let mut names = std::collections::BTreeSet::new();
    for column in schema
        .columns
        .iter()
        .chain(&schema.partition_keys)
        .chain(&columns)
    {
        if !names.insert(&column.name) {
            return Err(SqlError::semantic(format!(
                "column {} exists already",
                column.name
            )));
        }
    }
    for column in &columns {
        check_type(column)?;
        if !column.nullable {
            return Err(SqlError::semantic(format!(
                "the new column {} cannot be NOT NULL",
                column.name
            )));
        }
    }
    table.add_columns(columns, now_seconds())?;
    Ok(done())
}
