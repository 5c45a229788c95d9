//! `cargo xtask`: the one door to set-up, demo, tests, generated files and repository checks.
//!
//! This file owns the list of subcommands. In reading order: [`process`] (children and signals),
//! [`setup`] (what the machine must have), [`postgresql`] (a private server), then one module for
//! each subcommand.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer's tool talks to its terminal"
)]

mod bench;
mod check;
mod codegen;
mod demo;
mod fuzz;
mod phases;
mod postgresql;
mod process;
mod python;
mod root;
mod scratch;
mod servers;
mod services;
mod setup;
mod suite;
mod tidy;
mod tls;

use std::env;
use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask SUBCOMMAND

  demo [--scratch DIR] [--serve]
                              set up, start the servers, run the example jobs, check the targets
  test [-p PACKAGE] [FILTER]  set up, start the real servers, run the tests
  check                       format, repository rules, lint, unit tests
  tidy                        the repository's rules alone
  codegen [--check]           write (or compare) the generated files
  bench [NAME] [--rows N] [--rounds N]
                              measure the promised speed against the stores' own tools
  services NAME [--keep]      run one test server (postgresql) until it is interrupted
  fuzz TARGET [SECONDS]       feed one parser with random input
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    process::watch_signals()?;
    let Some((subcommand, rest)) = arguments.split_first() else {
        bail!("no subcommand\n{USAGE}");
    };
    match subcommand.as_str() {
        "demo" => demo::main(rest),
        "test" => suite::main(rest),
        "check" => check::main(rest),
        "tidy" => tidy::run(&root::path()?),
        "codegen" => codegen::main(rest),
        "bench" => bench::main(rest),
        "services" => services::main(rest),
        "fuzz" => fuzz::main(rest),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        other => bail!("unknown subcommand {other:?}\n{USAGE}"),
    }
}
