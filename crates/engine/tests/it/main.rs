//! The engine's promises, tested with readers and writers that follow a script of faults.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod constants;
mod delivery;
mod dirty;
mod limits;
mod mapping;
mod placement;
mod replay;
mod row_limit;
mod setup;
mod tasks;
