//! The subcommand `check`: what a developer runs before each commit; about a minute after a small change.

use anyhow::Result;

use crate::phases::Phases;
use crate::{Misuse, process, root, tidy};

pub(crate) fn main(arguments: &[String]) -> Result<()> {
    if let Some(argument) = arguments.first() {
        return Err(Misuse::unknown(argument));
    }
    let mut phases = Phases::default();
    let result = run(&mut phases);
    phases.print();
    result
}

fn run(phases: &mut Phases) -> Result<()> {
    phases.run("format", || {
        process::run(root::cargo()?.args(["fmt", "--all", "--check"]))
    })?;
    phases.run("tidy", || tidy::run(&root::path()?))?;
    phases.run("lint", || {
        let arguments = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        process::run(root::cargo()?.args(arguments))
    })?;
    phases.run("unit tests", || {
        // `--bins` brings in the unit tests of programs, this one's among them.
        let arguments = ["test", "--workspace", "--lib", "--bins", "--quiet"];
        process::run(root::cargo()?.args(arguments))
    })
}
