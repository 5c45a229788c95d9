//! The contract of looking around in a data source: connectivity test, tables and parts, columns, preview; and of
//! making a table there that takes what another holds.

use std::time::Duration;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use serde::Serialize;

use crate::{Column, Error, Kind, Result};

/// One stage of a connectivity test: resolve, connect, TLS, login, list tables.
#[derive(Debug)]
pub struct PingStage {
    /// The stage's name in lower case.
    pub name: &'static str,
    /// How long it took.
    pub took: Duration,
    /// A remark such as the resolved address or the server's version, or why it failed.
    pub outcome: Result<String>,
}

/// Something that has a name in a data source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The name as a job says it; of a table what to put into its `table`, for example `public.person`.
    pub name: String,
    /// What it is: table, view, partitioned table, file; schema, partition.
    pub kind: String,
}

/// A column as somebody sees it who maps fields.
#[derive(Debug, Clone, PartialEq)]
pub struct BrowsedColumn {
    /// The column itself; `native` is its type as the store prints it.
    pub column: Column,
    /// Whether it is a level of the table's partitions.
    pub partition: bool,
    /// Whether the store fills it in where a row has no value: a default, an identity, an expression.
    pub has_default: bool,
    /// Whether readers can cut the table by it.
    pub split_key: SplitKey,
}

impl BrowsedColumn {
    /// A column without a default, outside of the partitions, by which nothing is cut for this reason.
    pub fn new(column: Column, unusable: impl Into<String>) -> Self {
        BrowsedColumn {
            column,
            partition: false,
            has_default: false,
            split_key: SplitKey::Unusable(unusable.into()),
        }
    }
}

/// Whether a column can be the split key of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SplitKey {
    /// As it is.
    Usable,
    /// On this condition.
    Limited(String),
    /// For this reason not.
    Unusable(String),
}

/// What is listed of a data source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing<'a> {
    /// Its tables, views and files. Every store has such.
    Tables,
    /// Its schemas.
    Schemas,
    /// The partitions of a table; none if it has none.
    Partitions(&'a str),
}

impl Listing<'_> {
    /// What a store answers that has nothing of the kind.
    pub fn unsupported(self) -> Error {
        let message = match self {
            Listing::Tables => "this store has no tables".to_string(),
            Listing::Schemas => "this store has no schemas".to_string(),
            Listing::Partitions(table) => {
                format!("{table} has no partitions: this store knows none")
            }
        };
        Error::new(Kind::Unsupported, message).hint("look at its tables instead")
    }
}

/// A table that is wanted in a store, as another store describes its columns.
#[derive(Debug, Clone, PartialEq)]
pub struct TableWish<'a> {
    /// What a job is to call it.
    pub table: &'a str,
    /// The connector that printed the types of the columns, where one did.
    pub connector: Option<&'a str>,
    /// The columns in order; those that are to be partitions are marked.
    pub columns: &'a [BrowsedColumn],
}

/// A statement that would make a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDraft {
    /// `CREATE TABLE` in the store's dialect, every name quoted.
    pub statement: String,
    /// Names of columns, and what of each the table cannot keep.
    pub remarks: Vec<(String, String)>,
}

/// Looks into a data source on behalf of a person; every call ends within seconds.
#[async_trait]
pub trait Browser: Send + Sync {
    /// Tests connectivity stage by stage and stops at the first failure, which is the last stage.
    async fn ping(&self) -> Vec<PingStage>;

    /// What has a name that contains `search` (any case), in name order, at most `limit`. Stores without schemas or
    /// partitions answer [`Listing::unsupported`].
    async fn list(&self, what: Listing<'_>, search: &str, limit: usize) -> Result<Vec<Entry>>;

    /// The columns of a table, partition columns included.
    async fn columns(&self, table: &str) -> Result<Vec<BrowsedColumn>>;

    /// The first rows of a table, at most `row_count`.
    async fn preview(&self, table: &str, row_count: usize) -> Result<RecordBatch>;

    /// Writes the statement that would make a table; nothing is asked of the store. A type that the store has not
    /// got becomes one that holds all its values, with a remark, and what cannot be written is an error of kind
    /// config. Stores without such statements answer unsupported.
    fn draft(&self, wish: &TableWish<'_>) -> Result<TableDraft> {
        Err(no_statements(wish.table))
    }

    /// Runs one statement that makes a table, and nothing else: any other statement is an error of kind config, and
    /// so is a second one. A table of that name is a conflict unless the statement itself says otherwise.
    async fn create(&self, _statement: &str) -> Result<()> {
        Err(no_statements("the table"))
    }
}

fn no_statements(table: &str) -> Error {
    let message =
        format!("cannot make {table} ahead: tables of this store are made by writing them");
    Error::new(Kind::Unsupported, message).hint("name it in a job; the run makes it")
}
