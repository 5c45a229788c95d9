//! The executable as a user runs it, against a real PostgreSQL and the MaxCompute emulator.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod command_line;
mod hostile;
mod kill;
mod memory;
mod replay;
mod report;
mod seed;
mod setup;
mod spellings;
mod stop;
