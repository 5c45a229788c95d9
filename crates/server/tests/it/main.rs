//! The server as its callers see it: over HTTP, on both stores.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod api;
mod client;
mod harness;
mod scene;
mod scheduler;
mod serve;
mod workshop;
