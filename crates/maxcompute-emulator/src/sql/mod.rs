//! The statements that a development server needs: definitions of tables and partitions, inserts, simple selects.
//!
//! Anything else is a parse error, as a wrong statement is for the service. Times in statements are UTC.

mod condition;
mod define;
mod describe;
mod insert;
mod lexer;
mod literal;
mod parse;
mod parse_query;
mod select;
mod sink;
mod statement;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use maxcompute::types::TableSchema;

use crate::store::{Segment, Store, StoreError, Table, TableKind};
use parse::Scope;
pub(crate) use statement::Query;
use statement::Statement;

/// A failed statement: the code and text that the task's result shows.
#[derive(Debug)]
pub(crate) struct SqlError {
    code: &'static str,
    message: String,
}

impl SqlError {
    pub(crate) fn parse(position: (usize, usize), reason: impl fmt::Display) -> Self {
        let (line, column) = position;
        Self {
            code: "ODPS-0130161",
            message: format!("[{line},{column}] Parse exception - {reason}"),
        }
    }

    pub(crate) fn semantic(reason: impl fmt::Display) -> Self {
        Self {
            code: "ODPS-0130071",
            message: format!("[1,1] Semantic analysis exception - {reason}"),
        }
    }

    pub(crate) fn internal(reason: impl fmt::Display) -> Self {
        Self {
            code: "ODPS-0010000",
            message: format!("System internal error - {reason}"),
        }
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.code, self.message)
    }
}

impl From<std::io::Error> for SqlError {
    fn from(error: std::io::Error) -> Self {
        Self::internal(error)
    }
}

impl From<StoreError> for SqlError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::NoSuchTable(_) => Self {
                code: "ODPS-0130131",
                message: format!("[1,1] {message}"),
            },
            StoreError::NoSuchPartition(_) => Self {
                code: "ODPS-0110061",
                message: format!(
                    "Failed to run ddltask - NoSuchObjectException(message:{message})"
                ),
            },
            StoreError::TableExists(_) | StoreError::PartitionExists(_) => Self {
                code: "ODPS-0110061",
                message: format!(
                    "Failed to run ddltask - AlreadyExistsException(message:{message})"
                ),
            },
            StoreError::Conflict(_) => Self {
                code: "ODPS-0110141",
                message,
            },
            StoreError::Io(_) => Self::internal(message),
        }
    }
}

/// What a statement gives.
pub(crate) enum Output {
    Text(String),
    Rows(ResultRows),
}

/// A result set: all rows for Tunnel, the first ones as CSV.
pub(crate) struct ResultRows {
    pub(crate) schema: TableSchema,
    pub(crate) segment: Arc<Segment>,
    pub(crate) csv: String,
}

/// What a statement runs in.
struct Session<'a> {
    store: &'a Store,
    settings: BTreeMap<String, String>,
}

impl Session<'_> {
    fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }

    /// A table whose rows are here; views and external tables can only be made and removed.
    fn stored_table(&self, name: &str) -> Result<Arc<Table>, SqlError> {
        let table = self.store.table(name)?;
        match table.definition().kind {
            TableKind::Managed => Ok(table),
            kind => Err(SqlError::semantic(format!(
                "{name} is a {} and has no rows in this server",
                kind.word()
            ))),
        }
    }
}

/// Runs one statement. `settings` is a JSON object of texts, or empty.
pub(crate) fn run(store: &Store, query: &str, settings: &str) -> Result<Output, SqlError> {
    let session = Session {
        store,
        settings: parse_settings(settings)?,
    };
    let schema = session.setting("odps.default.schema").unwrap_or("default");
    let scope = Scope {
        project: store.project(),
        schemas: &store.schemas(),
        schema: &schema.to_lowercase(),
        legacy_decimal: session.setting("odps.sql.decimal.odps2") == Some("false"),
    };
    let statement = parse::parse(query, &scope)?;
    match statement {
        Statement::CreateSchema {
            schema,
            if_not_exists,
        } => define::create_schema(&session, &schema, if_not_exists),
        Statement::CreateTable(table) => define::create_table(&session, table),
        Statement::CreateView { name, kind, query } => {
            define::create_view(&session, name, kind, &query)
        }
        Statement::DropTable { table, if_exists } => {
            define::drop_table(&session, &table, if_exists)
        }
        Statement::Truncate { table, partitions } => {
            define::truncate(&session, &table, &partitions)
        }
        Statement::AddPartitions {
            table,
            partitions,
            if_not_exists,
        } => define::add_partitions(&session, &table, &partitions, if_not_exists),
        Statement::DropPartitions {
            table,
            partitions,
            if_exists,
        } => define::drop_partitions(&session, &table, &partitions, if_exists),
        Statement::AddColumns { table, columns } => define::add_columns(&session, &table, columns),
        Statement::ShowTables => Ok(describe::show_tables(&session)),
        Statement::ShowPartitions { table, partition } => {
            describe::show_partitions(&session, &table, &partition)
        }
        Statement::Describe { table, partition } => {
            describe::describe(&session, &table, &partition)
        }
        Statement::Insert(insert) => insert::insert(&session, insert),
        Statement::Select(query) => select::select(&session, &query),
    }
}

/// The result of a query as CSV, from all partitions if it names none.
pub(crate) fn first_rows(store: &Store, query: &Query) -> Result<String, SqlError> {
    let full_scan = ("odps.sql.allow.fullscan".to_owned(), "true".to_owned());
    let session = Session {
        store,
        settings: BTreeMap::from([full_scan]),
    };
    match select::select(&session, query)? {
        Output::Rows(rows) => Ok(rows.csv),
        Output::Text(text) => Ok(text),
    }
}

fn parse_settings(text: &str) -> Result<BTreeMap<String, String>, SqlError> {
    if text.trim().is_empty() {
        return Ok(BTreeMap::new());
    }
    let parsed: BTreeMap<String, serde_json::Value> = serde_json::from_str(text)
        .map_err(|error| SqlError::semantic(format!("the settings are no JSON object: {error}")))?;
    let mut settings = BTreeMap::new();
    for (name, value) in parsed {
        let text = match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        settings.insert(name, text);
    }
    Ok(settings)
}
