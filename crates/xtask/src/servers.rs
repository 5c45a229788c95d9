//! Both servers that the example jobs talk to, the file that names them, and how a job is run.
//!
//! Shared by the demo and the benchmarks; what tables there are is left to them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::postgresql::{PostgreSql, random_hex};
use crate::process::{self, Service};
use crate::root;

const ACCESS_ID: &str = "demo";

/// Running servers; dropping the value stops them.
pub(crate) struct Servers {
    pub postgresql: PostgreSql,
    folder: PathBuf,
    programs: PathBuf,
    endpoint: String,
    access_key: String,
    _emulator: Service,
}

/// Builds what [`Servers`] runs, as it is released.
pub(crate) fn build() -> Result<()> {
    let packages = ["-p", "cli", "-p", "maxcompute-emulator"];
    process::run(root::cargo()?.args(["build", "--release"]).args(packages))
}

impl Servers {
    pub(crate) fn start(scratch: &Path) -> Result<Servers> {
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
        let servers = Servers {
            postgresql,
            folder: scratch.to_owned(),
            programs,
            endpoint,
            access_key,
            _emulator: emulator,
        };
        servers.write_datasources()?;
        Ok(servers)
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
             description = \"a private PostgreSQL\"\n\
             jdbcUrl = \"jdbc:postgresql://127.0.0.1:{port}/postgres\"\n\
             username = \"{user}\"\n\
             password = \"${{file:{password}}}\"\n\
             \n\
             [odps_first]\n\
             type = \"odps\"\n\
             description = \"a local MaxCompute emulator\"\n\
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

    /// The folder that jobs run in; relative paths in their documents start here.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn datasources(&self) -> PathBuf {
        self.folder.join("datasources.toml")
    }

    pub(crate) fn longshore(&self) -> PathBuf {
        self.programs.join("longshore")
    }

    /// The command that runs a job document.
    pub(crate) fn job(&self, document: &Path) -> Command {
        let mut longshore = Command::new(self.longshore());
        longshore
            .arg("run")
            .arg(document)
            .arg("--datasources")
            .arg(self.datasources())
            .arg("--state")
            .arg(self.folder.join("state"))
            .current_dir(&self.folder);
        longshore
    }

    /// How other programs reach both servers: libpq's variables, and the scripts' own.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = self.postgresql.connection();
        variables.push(("ENDPOINT", self.endpoint.clone()));
        variables.push(("ACCESS_ID", ACCESS_ID.to_owned()));
        variables.push(("ACCESS_KEY", self.access_key.clone()));
        variables
    }

    /// The answer of PostgreSQL's own client.
    pub(crate) fn query(&self, sql: &str) -> Result<String> {
        self.postgresql.query("postgres", sql)
    }
}

/// Longshore refuses secrets in files that everybody may read.
fn write_private(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(())
}
