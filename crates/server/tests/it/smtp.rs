//! A real mail server for tests: `aiosmtpd` in an environment of its own, on a free port.
//!
//! The server is installed once, beside the build; a machine where that fails fails the test.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Exact versions: another version is another server.
const PACKAGES: [&str; 3] = ["aiosmtpd==1.4.6", "atpublic==9.0.0", "attrs==26.1.0"];
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp_server.py");

/// A mail server that runs until it is dropped.
pub(crate) struct Smtp {
    pub(crate) port: u16,
    /// Its own certificate, which nobody else vouches for.
    pub(crate) certificate: String,
    lines: Lines<BufReader<ChildStdout>>,
    _process: Child,
    _folder: TempDir,
}

impl Smtp {
    /// Starts one with `none`, `startTls` or `tls`, which lets in a name with a password if there is one.
    pub(crate) async fn start(security: &str, login: Option<(&str, &str)>) -> Smtp {
        let python = tokio::task::spawn_blocking(environment).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (mut certificate, mut files) = (String::new(), (None, None));
        if security != "none" {
            run(std::process::Command::new("openssl")
                .args([
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:P-256",
                ])
                .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
                .args(["-addext", "subjectAltName=DNS:localhost"])
                .args(["-addext", "basicConstraints=critical,CA:FALSE"])
                .arg("-keyout")
                .arg(path("key.pem"))
                .arg("-out")
                .arg(path("certificate.pem")));
            certificate = fs::read_to_string(path("certificate.pem")).unwrap();
            files = (Some(path("certificate.pem")), Some(path("key.pem")));
        }
        let options = json!({
            "security": security, "login": login.map(|(name, password)| [name, password]),
            "certificate": files.0, "key": files.1,
        });
        let mut process = Command::new(python)
            .arg(SCRIPT)
            .arg(options.to_string())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines
            .next_line()
            .await
            .unwrap()
            .expect("the mail server starts");
        Smtp {
            port: port.parse().unwrap(),
            certificate,
            lines,
            _process: process,
            _folder: folder,
        }
    }

    /// The next mail that it takes.
    pub(crate) async fn mail(&mut self) -> Value {
        let line = self.lines.next_line().await.unwrap();
        serde_json::from_str(&line.expect("the mail server goes on")).unwrap()
    }
}

/// The interpreter of the environment, which is made if it is missing.
fn environment() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let home = target.parent().unwrap_or(target).join("smtp-venv");
    fs::create_dir_all(&home).unwrap();
    let lock = File::create(home.join("lock")).unwrap();
    lock.lock().unwrap();
    let (python, ready) = (home.join("bin").join("python"), home.join("ready"));
    let wanted = PACKAGES.join(" ");
    if fs::read_to_string(&ready).is_ok_and(|found| found == wanted) {
        return python;
    }
    run(std::process::Command::new("python3")
        .args(["-m", "venv"])
        .arg(&home));
    run(std::process::Command::new(&python)
        .args(["-m", "pip", "install", "--quiet"])
        .args(PACKAGES));
    fs::write(&ready, wanted).unwrap();
    python
}

fn run(command: &mut std::process::Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}
