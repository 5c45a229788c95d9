//! The server's own figures: its lists under load, and its scheduler.
//!
//! The measuring program belongs to the server, `crates/server/benches/figures`; here it gets PostgreSQL and is
//! built as it is released.

use anyhow::Result;

use crate::Misuse;
use crate::phases::Phases;
use crate::postgresql::PostgreSql;
use crate::process;
use crate::root;
use crate::scratch::Scratch;
use crate::setup::{self, Need};

const PROGRAM: [&str; 5] = ["bench", "-p", "server", "--bench", "figures"];

/// `bench server`: two stores with a million runs, and their lists under load.
pub(super) fn server(arguments: &[String], phases: &mut Phases) -> Result<()> {
    check(
        arguments,
        &["--store", "--jobs", "--runs", "--rate", "--seconds"],
    )?;
    let (_scratch, postgresql) = phases.run("set-up", || {
        setup::prepare(&[Need::PostgreSql, Need::OpenSsl])?;
        let scratch = Scratch::temporary()?;
        let postgresql = PostgreSql::start(scratch.path())?;
        Ok((scratch, postgresql))
    })?;
    phases.run("build", || {
        process::run(root::cargo()?.args(PROGRAM).arg("--no-run"))
    })?;
    println!("{}", super::machine());
    phases.run("lists", || {
        let mut cargo = root::cargo()?;
        cargo.args(PROGRAM).args(["--", "lists"]).args(arguments);
        process::run(cargo.envs(postgresql.variables()))
    })
}

/// `bench scheduler`: many instances due at once, and a year of schedules without a store.
pub(super) fn scheduler(arguments: &[String], phases: &mut Phases) -> Result<()> {
    check(arguments, &["--due"])?;
    phases.run("build", || {
        process::run(root::cargo()?.args(PROGRAM).arg("--no-run"))
    })?;
    println!("{}", super::machine());
    let due = phases.run("due at once", || {
        let mut cargo = root::cargo()?;
        process::run(
            cargo
                .args(PROGRAM)
                .args(["--", "scheduler"])
                .args(arguments),
        )
    });
    phases.run("a year", || {
        let mut cargo = root::cargo()?;
        cargo.args([
            "test",
            "--release",
            "--quiet",
            "-p",
            "server",
            "--lib",
            "--",
        ]);
        process::run(cargo.args(["a_year_of_schedules", "--nocapture"]))
    })?;
    due
}

/// Options stand in pairs with their values, which the program itself reads.
fn check(arguments: &[String], known: &[&str]) -> Result<()> {
    for pair in arguments.chunks(2) {
        match pair {
            [name, _] if known.contains(&name.as_str()) => {}
            [name] if known.contains(&name.as_str()) => return Err(Misuse::value(name)),
            [name, ..] => return Err(Misuse::unknown(name)),
            [] => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_known_and_have_values() {
        let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        assert!(check(&words("--rate 10 --jobs 5"), &["--rate", "--jobs"]).is_ok());
        assert!(check(&words("--rate"), &["--rate"]).is_err());
        assert!(check(&words("--rat 10"), &["--rate"]).is_err());
    }
}
