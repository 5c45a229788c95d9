//! The executable as a user runs it, against a real PostgreSQL, the MaxCompute emulator, and a server of its own.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod command_line;
mod hostile;
mod kill;
mod memory;
mod remote;
mod replay;
mod report;
mod seed;
mod serve;
mod serve_kill;
mod setup;
mod spellings;
mod stop;
mod story;
