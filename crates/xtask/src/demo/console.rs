//! The end of the demo: a server whose console shows the data sources, jobs and runs of the demo, until it is
//! interrupted.
//!
//! Everything is set up with the executable's own commands, as a person at a terminal would.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::BIZDATE;
use super::stage::Stage;
use crate::postgresql::random_hex;
use crate::process::{self, Service};
use crate::root;

const ADMINISTRATOR: &str = "admin";
const PROJECT: &str = "demo";
/// What the server says before the token that its first administrator is created with.
const TOKEN: &str = "nobody can sign in yet; create the administrator with this one-time token: ";
/// Where a server listens unless told otherwise.
const USUAL_PORT: u16 = 8642;

/// A running server; dropping the value stops it.
pub(super) struct Console {
    longshore: PathBuf,
    datasources: PathBuf,
    folder: PathBuf,
    address: String,
    password: String,
    _server: Service,
}

impl Console {
    /// Starts a server and creates its administrator and the project.
    pub(super) fn start(stage: &Stage) -> Result<Console> {
        let folder = stage.folder().join("server");
        let longshore = stage.longshore();
        let mut serve = Command::new(&longshore);
        serve.args(["serve", "--listen", &listen()]);
        serve.arg("--folder").arg(&folder);
        let log = stage.folder().join("server.log");
        let mut server = Service::start("the server", "TERM", None, &log, &serve)?;
        let (address, token) = server.wait_until(Duration::from_secs(30), |server| {
            let token = server.announced(TOKEN)?;
            Some((server.announced("listening on ")?, token))
        })?;
        let console = Console {
            longshore,
            datasources: stage.datasources(),
            folder,
            address,
            password: random_hex()?,
            _server: server,
        };
        let mut login = console.command();
        login.args([
            "login",
            &console.address,
            "--setup",
            "--name",
            ADMINISTRATOR,
        ]);
        process::feed(&mut login, &format!("{token}\n{}\n", console.password))
            .context("cannot create the administrator")?;
        // Both stores of the demo are on this machine, which jobs of a server may not reach unless it is allowed.
        let settings = r#"{"outboundLoopback": true}"#;
        console.ask(&["api", "put", "settings", "--data", settings])?;
        console.ask(&["project", "create", PROJECT])?;
        console.ask(&["project", "use", PROJECT])?;
        Ok(console)
    }

    /// Registers what the example documents name, saves both as the wizard would, runs them once and schedules one.
    pub(super) fn load(&self) -> Result<()> {
        for name in ["l_PostGreSql", "odps_first"] {
            self.ask(&["source", "create", name, "--local", name, "--test"])?;
        }
        for (name, document) in [
            ("person to hpg", "export.json"),
            ("hpg to person", "import.json"),
        ] {
            let path = root::path()?.join("examples").join(document);
            let path = path.to_string_lossy();
            self.ask(&["job", "create", name, &path, "--wizard", "--publish"])?;
        }
        self.ask(&[
            "job",
            "run",
            "person to hpg",
            "--bizdate",
            BIZDATE,
            "--wait",
        ])?;
        self.ask(&[
            "schedule",
            "create",
            "person to hpg",
            "--daily",
            "00:15",
            "--submit",
        ])
    }

    pub(super) fn print_address(&self) {
        println!("the console is at {}", self.address);
        println!(
            "  sign in as {ADMINISTRATOR} with the password {}",
            self.password
        );
        println!("it runs, with both stores, until you interrupt");
    }

    fn ask(&self, arguments: &[&str]) -> Result<()> {
        let mut command = self.command();
        process::output(command.args(arguments)).map(drop)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.longshore);
        command
            .env("LONGSHORE_CONFIG", self.profiles())
            .env("LONGSHORE_DATASOURCES", &self.datasources)
            .env("NO_PROXY", "*");
        command
    }

    fn profiles(&self) -> PathBuf {
        Path::new(&self.folder).join("profiles.toml")
    }
}

/// The usual address, or any free port when something else listens there.
fn listen() -> String {
    let port = match TcpListener::bind(("127.0.0.1", USUAL_PORT)) {
        Ok(_) => USUAL_PORT,
        Err(_) => 0,
    };
    format!("127.0.0.1:{port}")
}
