//! The figures that the server promises, measured: `lists` under load, `scheduler` with many due instances.
//!
//! `cargo xtask bench server` and `cargo xtask bench scheduler` start it and say where PostgreSQL is. It prints
//! tables for `docs/benchmarks.md` and fails if a limit is not kept.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on panics")]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is for people"
)]

#[path = "../../tests/fill/mod.rs"]
mod fill;
mod lists;
mod load;
mod scheduler;
mod stage;

use std::process::ExitCode;

/// What is said behind a name, `--store sqlite`.
fn word(name: &str) -> Option<String> {
    std::env::args()
        .skip_while(|argument| argument != name)
        .nth(1)
}

/// A number by its name, `--runs 1000000`.
fn number(name: &str, usual: u64) -> u64 {
    match word(name) {
        None => usual,
        Some(text) => text.parse().unwrap_or_else(|_| panic!("{name} {text}")),
    }
}

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    let broken = match name.as_str() {
        "lists" => lists::measure(),
        "scheduler" => scheduler::measure(),
        _ => {
            eprintln!(
                "usage: figures lists|scheduler [--store sqlite|postgresql] [--jobs N] [--runs N] [--rate N] [--seconds N] [--due N]"
            );
            return ExitCode::FAILURE;
        }
    };
    for limit in &broken {
        eprintln!("not kept: {limit}");
    }
    if broken.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
