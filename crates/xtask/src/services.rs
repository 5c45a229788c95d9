//! The subcommand `services`: runs one test server in the foreground until it is interrupted.

use anyhow::Result;

use crate::Misuse;
use crate::postgresql::PostgreSql;
use crate::process;
use crate::scratch::Scratch;
use crate::setup::{self, Need};

pub(crate) fn main(arguments: &[String]) -> Result<()> {
    let (mut named, mut kept) = (false, false);
    for argument in arguments {
        match argument.as_str() {
            "postgresql" => named = true,
            "--keep" => kept = true,
            other => return Err(Misuse::unknown(other)),
        }
    }
    if !named {
        return Err(Misuse("no server is named".to_owned()).into());
    }
    setup::prepare(&[Need::PostgreSql, Need::OpenSsl])?;
    let mut scratch = Scratch::temporary()?;
    if kept {
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
