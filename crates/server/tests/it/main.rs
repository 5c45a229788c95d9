//! The server as its callers see it: over HTTP, on both stores.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod api;
mod captured;
mod client;
mod harness;
mod lineage;
mod scene;
mod scheduler;
mod tls;
mod workshop;
