//! The stage of the demo: both servers, the datasources file, and how a job is run and looked at.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::python::Python;
use crate::postgresql::{PostgreSql, random_hex};
use crate::process::{self, Service};
use crate::root;

const ACCESS_ID: &str = "demo";
const PEOPLE: &str = "select * from public.person order by id";

/// Running servers with their tables; dropping the value stops them.
pub(super) struct Stage {
    folder: PathBuf,
    programs: PathBuf,
    python: Python,
    postgresql: PostgreSql,
    endpoint: String,
    access_key: String,
    _emulator: Service,
}

impl Stage {
    pub(super) fn start(scratch: &Path, python: Python) -> Result<Stage> {
        let programs = root::target()?.join("release");
        let postgresql = PostgreSql::start(scratch)?;
        let access_key = random_hex()?;
        let mut command = Command::new(programs.join("maxcompute-emulator"));
        command
            .arg("--data")
            .arg(scratch.join("maxcompute"))
            .args(["--listen", "127.0.0.1:0", "--project", "demo"])
            .args(["--access-id", ACCESS_ID, "--access-key", &access_key]);
        let log = scratch.join("maxcompute.log");
        let name = "the MaxCompute emulator";
        let mut emulator = Service::start(name, "TERM", None, &log, &command)?;
        let endpoint = emulator.wait_until(Duration::from_secs(30), |emulator| {
            emulator.announced("listening on ")
        })?;
        let stage = Stage {
            folder: scratch.to_owned(),
            programs,
            python,
            postgresql,
            endpoint,
            access_key,
            _emulator: emulator,
        };
        stage.write_datasources()?;
        Ok(stage)
    }

    /// The names are those that the example documents use.
    fn write_datasources(&self) -> Result<()> {
        let password = self.folder.join("postgresql.password");
        let key = self.folder.join("maxcompute.key");
        write_private(&password, self.postgresql.password())?;
        write_private(&key, &self.access_key)?;
        let text = format!(
            "[l_PostGreSql]\n\
             type = \"postgresql\"\n\
             description = \"the demo's private PostgreSQL\"\n\
             jdbcUrl = \"jdbc:postgresql://127.0.0.1:{port}/postgres\"\n\
             username = \"{user}\"\n\
             password = \"${{file:{password}}}\"\n\
             \n\
             [odps_first]\n\
             type = \"odps\"\n\
             description = \"the demo's MaxCompute emulator\"\n\
             endpoint = \"{endpoint}\"\n\
             project = \"demo\"\n\
             accessId = \"{ACCESS_ID}\"\n\
             accessKey = \"${{file:{key}}}\"\n",
            port = self.postgresql.port(),
            user = self.postgresql.user(),
            password = password.display(),
            endpoint = self.endpoint,
            key = key.display(),
        );
        write_private(&self.datasources(), &text)
    }

    fn datasources(&self) -> PathBuf {
        self.folder.join("datasources.toml")
    }

    pub(super) fn create_tables(&self) -> Result<()> {
        let mut psql = self.postgresql.psql("postgres");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo/tables.sql");
        process::run(psql.arg("--file").arg(script))?;
        process::run(self.hpg().arg("create")).context("cannot create the MaxCompute table hpg")
    }

    /// Runs one of the example documents; its progress and its report go to the terminal.
    pub(super) fn run_job(&self, document: &str, options: &[&str]) -> Result<()> {
        let mut longshore = Command::new(self.programs.join("longshore"));
        longshore
            .arg("run")
            .arg(root::path()?.join("examples").join(document))
            .arg("--datasources")
            .arg(self.datasources())
            .arg("--state")
            .arg(self.folder.join("state"))
            .args(options)
            .current_dir(&self.folder);
        process::run(&mut longshore).with_context(|| format!("the job {document} failed"))
    }

    /// The answer of PostgreSQL's own client.
    pub(super) fn query(&self, sql: &str) -> Result<String> {
        self.postgresql.query("postgres", sql)
    }

    /// The table `person` as CSV.
    pub(super) fn people(&self) -> Result<String> {
        self.query(&format!("copy ({PEOPLE}) to stdout (format csv)"))
    }

    /// A partition of the table `hpg` as CSV, read by the official client.
    pub(super) fn exported_people(&self, bizdate: &str) -> Result<String> {
        let mut dump = self.hpg();
        dump.arg("dump").arg(format!("pt={bizdate}"));
        process::output(&mut dump).context("cannot read the MaxCompute table hpg")
    }

    fn hpg(&self) -> Command {
        let mut script = self.python.script("hpg.py");
        script
            .env("ENDPOINT", &self.endpoint)
            .env("ACCESS_ID", ACCESS_ID)
            .env("ACCESS_KEY", &self.access_key);
        script
    }

    /// Lays the CSV file down, and loads it with PostgreSQL's own client to compare with.
    pub(super) fn prepare_flights(&self) -> Result<()> {
        let file = self.flights_file();
        self.python.extract_flights(&file)?;
        let load = "\\copy public.flights_expected from 'flights.csv' (format csv, header, null 'NA')";
        let mut psql = self.postgresql.psql("postgres");
        process::run(psql.args(["--command", load]).current_dir(&self.folder))
    }

    pub(super) fn compare_flights(&self) -> Result<()> {
        let mut script = self.python.script("flights.py");
        script.arg("compare").arg(self.flights_file());
        process::run(script.arg(self.folder.join("flights")))
    }

    fn flights_file(&self) -> PathBuf {
        self.folder.join("flights.csv")
    }

    pub(super) fn print_addresses(&self) {
        println!("PostgreSQL and the emulator run until you interrupt; their addresses are in");
        println!("  {}", self.datasources().display());
        println!("try, in the folder {}:", self.folder.display());
        println!(
            "  {} tables l_PostGreSql",
            self.programs.join("longshore").display()
        );
    }
}

/// Longshore refuses secrets in files that everybody may read.
fn write_private(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(())
}
