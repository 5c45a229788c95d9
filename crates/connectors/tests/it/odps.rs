//! MaxCompute against the emulator, which every test starts for itself in a folder of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod browse;
mod datax;
mod draft;
mod faults;
mod harness;
mod pyodps;
mod read;
mod resume;
mod schema;
mod statements;
mod unreachable;
mod values;
mod write;
