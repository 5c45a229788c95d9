//! Counts of what was asked, for tests that must know which way a client went.

use std::sync::atomic::{AtomicU64, Ordering};

use maxcompute::sign::Version;
use serde_json::{Map, Value, json};

use super::route::Operation;

/// Counters since the start.
#[derive(Default)]
pub(crate) struct Stats {
    operations: [AtomicU64; Operation::ALL.len()],
    signed_v2: AtomicU64,
    signed_v4: AtomicU64,
    unsigned: AtomicU64,
    refused: AtomicU64,
    faults: AtomicU64,
}

impl Stats {
    pub(crate) fn count_operation(&self, operation: Operation) {
        add(&self.operations[operation as usize]);
    }

    pub(crate) fn count_signature(&self, version: Option<Version>) {
        add(match version {
            Some(Version::V2) => &self.signed_v2,
            Some(Version::V4) => &self.signed_v4,
            None => &self.unsigned,
        });
    }

    /// A request whose credentials were not accepted.
    pub(crate) fn count_refusal(&self) {
        add(&self.refused);
    }

    pub(crate) fn count_fault(&self) {
        add(&self.faults);
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut operations = Map::new();
        for operation in Operation::ALL {
            let count = read(&self.operations[operation as usize]);
            if count > 0 {
                operations.insert(operation.name().to_owned(), count.into());
            }
        }
        json!({
            "operations": operations,
            "signatures": {
                "v2": read(&self.signed_v2),
                "v4": read(&self.signed_v4),
                "none": read(&self.unsigned),
                "refused": read(&self.refused),
            },
            "faults": read(&self.faults),
        })
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
