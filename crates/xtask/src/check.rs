//! The subcommand `check`: what a developer runs before each commit; about a minute after a small change.

use anyhow::{Result, bail};

use crate::phases::Phases;
use crate::{process, root, tidy};

pub(crate) const USAGE: &str = "cargo xtask check";

pub(crate) fn main(arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        bail!("usage: {USAGE}");
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
