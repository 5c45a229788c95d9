//! The server as its callers see it: over HTTP, on both stores.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod api;
mod captured;
mod client;
mod console;
#[path = "../fill/mod.rs"]
mod fill;
mod harness;
mod lineage;
mod listener;
mod plans;
mod provider;
mod ready;
mod scene;
mod scheduler;
mod schemathesis;
mod serve;
mod smtp;
mod tls;
mod workshop;
