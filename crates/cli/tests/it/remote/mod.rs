//! The API from a terminal: the real executable on both sides, a server on SQLite and whoever asks it.

mod jobs;
mod runs;
mod schedules;
mod sign_in;
mod sources;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::setup::{KEY, Place, Ran};

const ADMIN: &str = "root";
/// The password of the administrator; no output may hold it.
const PASSWORD: &str = "correct horse battery staple";

/// A job that goes on until it is stopped.
const ENDLESS: &str = r#"{"type": "job", "version": "1.0", "configuration": {
    "reader": {"plugin": "stream", "parameter": {"rowCount": 1000000000, "column": [{"name": "id", "type": "long", "incr": "1,1"}]}},
    "writer": {"plugin": "stream", "parameter": {}},
    "setting": {"speed": {"concurrent": 1, "throttle": true, "mbps": 1}}}}"#;

/// A job that copies ten rows to nowhere.
const QUICK: &str = r#"{"type": "job", "version": "1.0", "configuration": {
    "reader": {"plugin": "stream", "parameter": {"rowCount": 10, "column": [{"name": "day", "value": "${day}"}]}},
    "writer": {"plugin": "stream", "parameter": {}}}}"#;

/// A server, and a place to ask it from.
struct Remote {
    place: Place,
    server: Child,
    url: String,
    token: String,
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

impl Remote {
    /// A server that nobody can sign in to yet.
    async fn new(options: &[&str]) -> Remote {
        let place = Place::new().await;
        let mut server = Command::new(env!("CARGO_BIN_EXE_longshore"))
            .args(["serve", "--listen", "127.0.0.1:0", "--folder"])
            .arg(place.path("server"))
            .args(options)
            .current_dir(place.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
        let mut after = |mark: &str| {
            let line = lines.find_map(|line| {
                let line = line.unwrap();
                line.split_once(mark).map(|(_, rest)| rest.to_string())
            });
            line.unwrap()
        };
        let url = after("listening on ");
        let token = after("one-time token: ");
        // The server must not stop because nobody reads what it says.
        std::thread::spawn(move || for _ in lines {});
        Remote {
            place,
            server,
            url,
            token,
        }
    }

    /// A server with a project `sales` whose administrator is signed in here, and whose jobs may reach this machine.
    async fn signed_in() -> Remote {
        let remote = Remote::new(&[]).await;
        let input = format!("{}\n{PASSWORD}\n", remote.token);
        let url = remote.url.clone();
        remote
            .asked(&["login", &url, "--setup", "--name", ADMIN], &input)
            .ok();
        let settings = r#"{"outboundLoopback": true}"#;
        remote
            .ask(&["api", "put", "settings", "--data", settings])
            .ok();
        remote.ask(&["project", "create", "sales"]).ok();
        remote.ask(&["project", "use", "sales"]).ok();
        remote
    }

    /// The data sources of the local file, registered at the server too.
    fn register(&self) {
        for name in ["l_PostGreSql", "odps_first"] {
            self.ask(&["source", "create", name, "--local", name]).ok();
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.longshore(arguments);
        command
            .env(
                "LONGSHORE_CONFIG",
                self.place.path("profiles/profiles.toml"),
            )
            .env("NO_PROXY", "*");
        command
    }

    /// Asks the server; panics if a secret shows anywhere.
    fn ask(&self, arguments: &[&str]) -> Ran {
        self.asked(arguments, "")
    }

    /// The same, with this on standard input.
    fn asked(&self, arguments: &[&str], input: &str) -> Ran {
        self.done(self.command(arguments), input)
    }

    fn done(&self, mut command: Command, input: &str) -> Ran {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Who needs no input may have ended already.
        child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
        let ran = self.place.finished(child.wait_with_output().unwrap());
        let secrets = [
            PASSWORD,
            KEY,
            &self.token,
            &self.secret().unwrap_or_default(),
        ];
        for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            assert!(
                !ran.output.contains(secret) && !ran.messages.contains(secret),
                "a secret was printed: {ran:?}"
            );
        }
        ran
    }

    /// The answer of the API as it is.
    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.ask(&[arguments, &["--json"]].concat()).ok();
        serde_json::from_str(&ran.output).unwrap()
    }

    /// A published job.
    fn job(&self, name: &str, document: &str) {
        let file = format!("{name}.json");
        self.place.write(&file, document);
        let words = [
            "job",
            "create",
            name,
            &file,
            "-p",
            "day=$bizdate",
            "--publish",
        ];
        self.ask(&words).ok();
    }

    fn profiles(&self) -> Option<toml::Table> {
        let text = std::fs::read_to_string(self.place.path("profiles/profiles.toml")).ok()?;
        Some(text.parse().unwrap())
    }

    /// The secret of the access key that is kept here.
    fn secret(&self) -> Option<String> {
        let profiles = self.profiles()?;
        Some(
            profiles.get("default")?["accessKeySecret"]
                .as_str()?
                .to_string(),
        )
    }

    fn mode(&self, name: &str) -> u32 {
        let metadata = std::fs::metadata(self.place.path(name)).unwrap();
        metadata.permissions().mode() & 0o777
    }
}
