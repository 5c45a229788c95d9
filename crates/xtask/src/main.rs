//! `cargo xtask`: the one door to set-up, demo, tests, generated files and repository checks.
//!
//! This file owns the list of subcommands. In reading order: [`process`] (children and signals),
//! [`setup`] (what the machine must have), [`postgresql`] and [`canaille`] (private servers), then one module for
//! each subcommand.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer's tool talks to its terminal"
)]

mod bench;
mod canaille;
mod check;
mod codegen;
mod console;
mod demo;
mod fuzz;
mod leaks;
mod node;
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
use std::fmt;
use std::process::ExitCode;

use anyhow::Result;

/// One thing that this program does.
struct Subcommand {
    /// Its name and its arguments.
    usage: &'static str,
    purpose: &'static str,
    main: fn(&[String]) -> Result<()>,
}

#[rustfmt::skip]
const SUBCOMMANDS: [Subcommand; 9] = [
    Subcommand { usage: "demo [--scratch DIR] [--serve|--no-serve]", main: demo::main,
        purpose: "set up, run the example jobs on real servers, check the targets, show it in the console" },
    Subcommand { usage: "test [-p PACKAGE]… [FILTER…]", main: suite::main,
        purpose: "set up, start the real servers, run the tests" },
    Subcommand { usage: "check", main: check::main,
        purpose: "format, repository rules, lint, unit tests" },
    Subcommand { usage: "tidy", main: tidy::main,
        purpose: "the repository's rules alone" },
    Subcommand { usage: "codegen [--check]", main: codegen::main,
        purpose: "write (or compare) the generated files" },
    Subcommand { usage: "console", main: console::main,
        purpose: "build the web console into console/dist, and check it" },
    Subcommand { usage: "bench [NAME…|server|scheduler] [--rows N] [--rounds N]", main: bench::main,
        purpose: "measure the promised speed, of copies against the stores' own tools" },
    Subcommand { usage: "services postgresql|canaille [--keep]", main: services::main,
        purpose: "run one test server until it is interrupted" },
    Subcommand { usage: "fuzz TARGET [SECONDS]", main: fuzz::main,
        purpose: "feed one parser with random input" },
];

impl Subcommand {
    fn find(name: &str) -> Option<&'static Subcommand> {
        SUBCOMMANDS.iter().find(|known| known.name() == name)
    }

    fn name(&self) -> &'static str {
        self.usage.split(' ').next().unwrap_or_default()
    }
}

impl fmt::Display for Subcommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "usage: cargo xtask {}\n  {}", self.usage, self.purpose)
    }
}

/// An argument that a subcommand does not take; its usage is shown below the message.
#[derive(Debug)]
struct Misuse(String);

impl Misuse {
    fn unknown(argument: &str) -> anyhow::Error {
        Misuse(format!("unknown argument {argument:?}")).into()
    }

    fn value(name: &str) -> anyhow::Error {
        Misuse(format!("{name} has no value, or one that it cannot have")).into()
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        eprintln!("error: no subcommand\n{}", overview());
        return ExitCode::FAILURE;
    };
    if name == "help" || asks_for_help(name) {
        println!("{}", overview());
        return ExitCode::SUCCESS;
    }
    let Some(subcommand) = Subcommand::find(name) else {
        eprintln!("error: unknown subcommand {name:?}\n{}", overview());
        return ExitCode::FAILURE;
    };
    if rest.iter().any(|argument| asks_for_help(argument)) {
        println!("{subcommand}");
        return ExitCode::SUCCESS;
    }
    let Err(error) = process::watch_signals().and_then(|()| (subcommand.main)(rest)) else {
        return ExitCode::SUCCESS;
    };
    eprintln!("error: {error:#}");
    if error.is::<Misuse>() {
        eprintln!("{subcommand}");
    }
    ExitCode::FAILURE
}

fn asks_for_help(argument: &str) -> bool {
    ["--help", "-h"].contains(&argument)
}

/// Every subcommand with its purpose.
fn overview() -> String {
    let mut text = "usage: cargo xtask SUBCOMMAND\n".to_owned();
    for Subcommand { usage, purpose, .. } in &SUBCOMMANDS {
        text += &format!("\n  {usage:<38} {purpose}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subcommand_has_a_name_of_its_own_and_refuses_what_it_does_not_know() {
        for subcommand in &SUBCOMMANDS {
            let name = subcommand.name();
            assert_eq!(Subcommand::find(name).unwrap().usage, subcommand.usage);
            assert!(overview().contains(subcommand.purpose));
            let error = (subcommand.main)(&["--no-such-flag".to_owned()]).unwrap_err();
            let misuse = error.downcast_ref::<Misuse>();
            let message = misuse.map(|misuse| misuse.0.as_str());
            assert_eq!(
                message,
                Some("unknown argument \"--no-such-flag\""),
                "{name}"
            );
        }
        assert!(Subcommand::find("dem").is_none());
    }
}
