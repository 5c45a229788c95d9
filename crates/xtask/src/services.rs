//! The subcommand `services`: runs one test server in the foreground until it is interrupted.

use anyhow::{Result, bail};

use crate::postgresql::PostgreSql;
use crate::process;
use crate::scratch::Scratch;
use crate::setup::{self, Need};

pub(crate) const USAGE: &str = "cargo xtask services postgresql [--keep]";

pub(crate) fn main(arguments: &[String]) -> Result<()> {
    let (names, flags): (Vec<&str>, Vec<&str>) = arguments
        .iter()
        .map(String::as_str)
        .partition(|argument| !argument.starts_with('-'));
    let (&["postgresql"], &([] | ["--keep"])) = (names.as_slice(), &flags.as_slice()) else {
        bail!("usage: {USAGE}");
    };
    setup::prepare(&[Need::PostgreSql, Need::OpenSsl])?;
    let mut scratch = Scratch::temporary()?;
    if !flags.is_empty() {
        scratch.keep();
        eprintln!("the files stay in {}", scratch.path().display());
    }
    let server = PostgreSql::start(scratch.path())?;
    for (name, value) in server.variables() {
        println!("{name}={value}");
    }
    eprintln!("PostgreSQL runs; interrupt to stop it");
    process::wait_for_interruption();
    Ok(())
}
