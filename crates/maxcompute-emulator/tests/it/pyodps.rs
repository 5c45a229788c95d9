//! The official Python client against two servers: one that takes both signatures and one that insists on version 4.
//!
//! The client is installed once, beside the build; a machine where that fails fails the test.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use maxcompute_emulator::{Access, KeyPair, Options, serve};

/// Exact versions: another version is another client.
const PACKAGES: [&str; 6] = [
    "pyodps==0.13.2",
    "pyarrow==26.0.1",
    "pandas==3.1.1",
    "zstandard==0.25.0",
    "python-snappy==0.7.3",
    "lz4==4.4.5",
];
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pyodps_suite.py");

#[tokio::test(flavor = "multi_thread")]
async fn the_official_client_works() {
    let python = tokio::task::spawn_blocking(environment)
        .await
        .expect("no panic")
        .unwrap_or_else(|reason| panic!("cannot install the Python client: {reason}"));
    let folder = tempfile::TempDir::new().expect("a folder");
    let mut pair = KeyPair::new("emulator", "emulator");
    let mut servers = Vec::new();
    for (name, region) in [
        ("both", None),
        ("version-4", Some("cn-hangzhou".to_owned())),
    ] {
        pair.required_region = region;
        let options = Options {
            data: folder.path().join(name),
            listen: "127.0.0.1:0".parse().expect("an address"),
            project: "suite".to_owned(),
            access: Access::Keys(pair.clone()),
        };
        servers.push(serve(options).await.expect("starts"));
    }
    let output = tokio::process::Command::new(python)
        .arg(SCRIPT)
        .args(servers.iter().map(|server| server.endpoint()))
        .env("TZ", "UTC")
        .output()
        .await
        .expect("python runs");
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the suite failed, see above");
    assert!(
        text.lines().filter(|line| line.starts_with("ok ")).count() > 15,
        "the suite ran"
    );
}

/// The interpreter of the environment, which is made if it is missing.
fn environment() -> Result<PathBuf, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let home = target.parent().unwrap_or(target).join("pyodps-venv");
    fs::create_dir_all(&home).map_err(shown)?;
    let lock = File::create(home.join("lock")).map_err(shown)?;
    lock.lock().map_err(shown)?;
    let python = home.join("bin").join("python");
    let ready = home.join("ready");
    let wanted = PACKAGES.join(" ");
    if fs::read_to_string(&ready).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet"])
        .args(PACKAGES))?;
    fs::write(&ready, wanted).map_err(shown)?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    ))
}

fn shown(error: io::Error) -> String {
    error.to_string()
}
