//! Counts of what was asked, for tests that must know which way a client went.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use hyper::Method;
use maxcompute::sign::Version;
use serde_json::{Map, Value, json};

use super::reply::{Failure, Service};
use super::route::Operation;

/// Counters since the start.
#[derive(Default)]
pub(crate) struct Stats {
    operations: [AtomicU64; Operation::ALL.len()],
    rest: Signatures,
    tunnel: Signatures,
    refused: AtomicU64,
    last_refusals: Mutex<VecDeque<String>>,
    faults: AtomicU64,
}

/// Refused requests of which more is kept than their number.
const KEPT_REFUSALS: usize = 20;

/// How the accepted requests of one service were signed.
#[derive(Default)]
struct Signatures {
    v2: AtomicU64,
    v4: AtomicU64,
    none: AtomicU64,
}

impl Signatures {
    fn to_json(&self) -> Value {
        json!({"v2": read(&self.v2), "v4": read(&self.v4), "none": read(&self.none)})
    }
}

impl Stats {
    pub(crate) fn count_operation(&self, operation: Operation) {
        add(&self.operations[operation as usize]);
    }

    pub(crate) fn count_signature(&self, service: Service, version: Option<Version>) {
        let signatures = match service {
            Service::Rest => &self.rest,
            Service::Tunnel => &self.tunnel,
        };
        add(match version {
            Some(Version::V2) => &signatures.v2,
            Some(Version::V4) => &signatures.v4,
            None => &signatures.none,
        });
    }

    /// A request whose credentials were not accepted.
    pub(crate) fn note_refusal(&self, method: &Method, path: &str, failure: &Failure) {
        add(&self.refused);
        let note = format!("{method} {path}: {}, {}", failure.code, failure.message);
        tracing::info!("refused {note}");
        let mut last = self
            .last_refusals
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        last.push_back(note);
        if last.len() > KEPT_REFUSALS {
            last.pop_front();
        }
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
                "rest": self.rest.to_json(),
                "tunnel": self.tunnel.to_json(),
                "refused": read(&self.refused),
                "last_refusals": *self
                    .last_refusals
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner),
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
