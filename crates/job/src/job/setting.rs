//! Channels, rates and limits of a job.
//!
//! Owns the settings with their defaults. The keys and their spellings are left to `read`.

use serde::{Deserialize, Serialize};

/// How a job runs, whatever its connectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    /// How many channels run at once, at least 1.
    pub concurrent: usize,
    /// Bytes per second of the whole job, however many channels run.
    pub bytes_per_second: Option<u64>,
    /// Rows per second of the whole job.
    pub records_per_second: Option<u64>,
    /// How many dirty rows a run survives.
    pub dirty_limit: DirtyLimit,
    /// How often a failed task is tried again.
    pub retries: u32,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            concurrent: 1,
            bytes_per_second: None,
            records_per_second: None,
            dirty_limit: DirtyLimit::default(),
            retries: 3,
        }
    }
}

/// The most dirty rows a run survives; both limits hold when both are given, none when none is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirtyLimit {
    /// The run fails when more rows than this are dirty.
    pub records: Option<u64>,
    /// The run fails when the share of dirty rows among rows read is above this; a ratio from 0 to 1.
    pub percentage: Option<f64>,
}
