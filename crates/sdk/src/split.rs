//! Plain data that travels: splits, task ids, and the opaque state that writers keep in the ledger.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Connector-defined plain data, stored in the ledger and sent to workers. Holds no secrets and no
/// connections.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct State(serde_json::Value);

impl State {
    /// Packs a typed value.
    pub fn new<T: Serialize>(value: &T) -> Result<Self> {
        serde_json::to_value(value)
            .map(State)
            .map_err(|error| Error::internal("cannot store a state").source(error))
    }

    /// Unpacks what [`State::new`] packed.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.0).map_err(|error| {
            Error::internal("a stored state was written by another version").source(error)
        })
    }
}

/// A part of the source that one task reads. Splits of one reader cover all rows exactly once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// For people: `id from 1 to 5000`, `pt=20240101 rows 0..1000`, `part-3.csv`.
    pub label: String,
    /// Expected rows, if the source can tell cheaply; drives the ETA only.
    pub estimated_rows: Option<u64>,
    /// What the reader needs to find it again.
    pub state: State,
}

/// The answer to [`crate::Reader::splits`].
#[derive(Debug, Clone, Default)]
pub struct Splits {
    /// In the order they should start; may be more than the wanted number. Empty for an empty source.
    pub splits: Vec<Split>,
    /// What the user should know, for example why a split key was not used.
    pub notices: Vec<String>,
}

/// The number of a split within its job, stable over attempts and restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub u32);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
