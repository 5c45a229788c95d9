//! The subcommand `services`: runs one test server in the foreground until it is interrupted.

use anyhow::Result;

use crate::Misuse;
use crate::canaille::Canaille;
use crate::postgresql::PostgreSql;
use crate::process;
use crate::scratch::Scratch;
use crate::setup::{self, Need};

pub(crate) fn main(arguments: &[String]) -> Result<()> {
    let (mut named, mut kept) = (None, false);
    for argument in arguments {
        match argument.as_str() {
            "postgresql" | "canaille" => named = Some(argument.as_str()),
            "--keep" => kept = true,
            other => return Err(Misuse::unknown(other)),
        }
    }
    let Some(name) = named else {
        return Err(Misuse("no server is named".to_owned()).into());
    };
    let mut scratch = Scratch::temporary()?;
    if kept {
        scratch.keep();
        eprintln!("the files stay in {}", scratch.path().display());
    }
    if name == "canaille" {
        setup::prepare(&[Need::OpenSsl, Need::Python])?;
        let provider = Canaille::start(scratch.path())?;
        serve("Canaille", provider.variables());
    } else {
        setup::prepare(&[Need::PostgreSql, Need::OpenSsl])?;
        let server = PostgreSql::start(scratch.path())?;
        serve("PostgreSQL", server.variables());
    }
    Ok(())
}

/// Tells how to reach a server, and lets it run until somebody interrupts.
fn serve(name: &str, variables: Vec<(&'static str, String)>) {
    for (name, value) in variables {
        println!("{name}={value}");
    }
    eprintln!("{name} runs; interrupt to stop it");
    process::wait_for_interruption();
}
