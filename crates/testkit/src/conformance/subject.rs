//! What the suite must know of a connector: how to make and look at tables by the store's own means,
//! what to write into a job, and what the connector offers.

use std::net::SocketAddr;

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use engine::Datasource;
use futures::future::BoxFuture;
use sdk::{Column, Extension, Registry};
use serde_json::Value;

/// A connector under test, with a place of its own in a running store.
pub struct Subject {
    /// Its name in failure messages.
    pub name: &'static str,
    /// The connectors of the build.
    pub registry: Registry,
    /// How jobs reach the store.
    pub datasource: Datasource,
    /// Tables by the store's own means, and parameters of jobs.
    pub store: Box<dyn Store>,
    /// Every mapped type with its extremes.
    pub types: Vec<TypeCase>,
    /// The write modes; the first one writes into an empty table without further ado.
    pub modes: Vec<Mode>,
    /// A value that the target refuses, if it refuses any.
    pub misfit: Option<Misfit>,
    /// The most columns that a table can have.
    pub most_columns: usize,
    /// The same data source with a wrong password, if it has passwords.
    pub locked_out: Option<Datasource>,
    /// For stores behind a network.
    pub network: Option<Network>,
}

/// The store behind a connector.
pub trait Store: Send + Sync {
    /// Makes an empty table; its first column, a 64-bit integer `id`, is the key where there are keys.
    /// Stores whose tables come into being by writing do nothing.
    fn create<'a>(&'a self, table: &'a Table) -> BoxFuture<'a, ()>;

    /// The ids of all rows that anybody can see, read without the connector, sorted.
    fn ids<'a>(&'a self, table: &'a Table) -> BoxFuture<'a, Vec<i64>>;

    /// What the store holds for the table beyond its visible rows, such as temporary files.
    fn leftovers<'a>(&'a self, table: &'a Table) -> BoxFuture<'a, Vec<String>>;

    /// The reader's parameters, with the columns in the table's order.
    fn reader(&self, table: &Table, cut: Cut) -> Value;

    /// The writer's parameters, with the columns in the table's order, without a write mode.
    fn writer(&self, table: &Table) -> Value;

    /// The store's own name of the type that holds exactly this one.
    fn native(&self, data_type: &DataType) -> String;
}

/// A table of a test's own.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name: letters, digits and underscores.
    pub name: String,
    /// Names and native types.
    pub columns: Vec<(String, String)>,
}

/// How finely a reader should cut a table of a few thousand rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// As it likes.
    AsUsual,
    /// Into more splits than channels.
    Fine,
}

/// A type of the store, and values of it.
pub struct TypeCase {
    /// The type as the store names it.
    pub native: String,
    /// What the Arrow type alone does not say.
    pub extension: Option<Extension>,
    /// Smallest, largest, and whatever else is likely to go wrong, in the Arrow type it is mapped to.
    pub values: ArrayRef,
}

impl TypeCase {
    /// A type without further meaning.
    pub fn new(native: &str, values: ArrayRef) -> Self {
        TypeCase {
            native: native.to_string(),
            extension: None,
            values,
        }
    }

    /// A type with a meaning that its Arrow type does not carry.
    pub fn meaning(native: &str, extension: Extension, values: ArrayRef) -> Self {
        TypeCase {
            extension: Some(extension),
            ..TypeCase::new(native, values)
        }
    }

    pub(super) fn column(&self, name: &str) -> Column {
        Column {
            extension: self.extension,
            ..Column::new(name, self.values.data_type().clone()).native(&self.native)
        }
    }
}

/// A way of writing.
#[derive(Debug, Clone)]
pub struct Mode {
    /// Its name in failure messages.
    pub name: &'static str,
    /// The parameters that choose it.
    pub parameter: Value,
    /// What becomes of a table with some of the keys.
    pub outcome: ModeOutcome,
}

/// What becomes of a table that already holds some of the keys that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModeOutcome {
    /// The table holds the old rows and all new ones.
    Appended,
    /// The table holds the new rows only.
    Replaced,
    /// New keys are added, rows of known keys are dirty.
    KnownKeysDirty,
    /// New keys are added, rows of known keys get the new values.
    KnownKeysUpdated,
    /// New keys are added, rows of known keys stay.
    KnownKeysKept,
    /// The job fails and the table stays as it is.
    Refused,
}

/// A value that the target refuses.
#[derive(Debug, Clone)]
pub struct Misfit {
    /// The type of the column.
    pub native: String,
    /// The text that does not fit.
    pub value: String,
    /// Parameters without which it would fit.
    pub parameter: Value,
}

/// How to put something between a connector and its server.
pub struct Network {
    /// Where the server listens.
    pub server: SocketAddr,
    /// The data source as if the server listened elsewhere.
    pub through: Box<dyn Fn(SocketAddr) -> Datasource + Send + Sync>,
}
