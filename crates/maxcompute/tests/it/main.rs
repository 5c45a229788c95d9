//! Tests of the crate at its public entry points, most of them over the golden vectors.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod arrow_bodies;
mod cells;
mod hostile;
mod records;
mod round_trip;
mod server;
mod signing;
mod transfers;
mod unreachable;
mod vectors;
