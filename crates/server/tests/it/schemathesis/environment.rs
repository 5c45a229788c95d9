//! The environment with schemathesis, beside the build, made once and kept.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Exact versions: with others the same seed makes other requests.
const PACKAGES: [&str; 3] = [
    "schemathesis==4.32.5",
    "hypothesis==6.170.15",
    "jsonschema_rs==0.60.3",
];

/// The program, installed if it is missing.
pub(super) fn program() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let home = target.join("schemathesis-venv");
    fs::create_dir_all(&home).unwrap();
    let lock = File::create(home.join("lock")).unwrap();
    lock.lock().unwrap();
    let (ready, wanted) = (home.join("ready"), PACKAGES.join(" "));
    if fs::read_to_string(&ready).is_ok_and(|found| found == wanted) {
        return home.join("bin/schemathesis");
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&home));
    run(Command::new(home.join("bin/python3"))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(PACKAGES));
    fs::write(&ready, wanted).unwrap();
    home.join("bin/schemathesis")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?} failed; it needs python3 with venv and access to PyPI:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
