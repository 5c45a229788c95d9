//! The engine's promises, tested with readers and writers that follow a script of faults.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod delivery;
mod dirty;
mod mapping;
mod setup;
