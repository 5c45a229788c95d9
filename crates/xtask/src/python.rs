//! Python environments for the official clients of other stores and for the demo's public data.
//!
//! The packages come from PyPI at pinned versions; an environment is kept in the build folder, so
//! that the next run does not fetch them again. The scripts stay with the modules that use them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::root;

/// The official MaxCompute client; it brings Arrow's own Parquet reader along.
pub(crate) const MAXCOMPUTE_CLIENT: &str = "pyodps==0.13.2";

pub(crate) struct Python {
    folder: PathBuf,
}

impl Python {
    /// Makes the environment, or takes the one that holds these packages already.
    /// Those in `archives` are fetched and not installed, because only what they carry is wanted.
    pub(crate) fn prepare(name: &str, packages: &[&str], archives: &[&str]) -> Result<Python> {
        let folder = root::target()?.join(format!("python-{name}"));
        let python = Python { folder };
        let mark = python.folder.join("packages");
        let wanted = [packages, archives].concat().join("\n");
        if fs::read_to_string(&mark).is_ok_and(|text| text == wanted) {
            return Ok(python);
        }
        let mut create = Command::new("python3");
        create.args(["-m", "venv", "--clear"]).arg(&python.folder);
        process::run(&mut create)?;
        python.pip(&[&["install"], packages].concat())?;
        if !archives.is_empty() {
            let folder = python.folder.join("archives");
            let folder = folder.to_string_lossy();
            let download = [
                "download",
                "--no-deps",
                "--no-binary",
                ":all:",
                "--dest",
                &folder,
            ];
            python.pip(&[&download, archives].concat())?;
        }
        fs::write(&mark, wanted)?;
        Ok(python)
    }

    /// The one fetched archive whose file name starts with `name`.
    pub(crate) fn archive(&self, name: &str) -> Result<PathBuf> {
        fs::read_dir(self.folder.join("archives"))?
            .flatten()
            .find(|entry| entry.file_name().to_string_lossy().starts_with(name))
            .map(|entry| entry.path())
            .with_context(|| format!("pip did not leave an archive of {name}"))
    }

    /// A script of this crate, run in the environment.
    pub(crate) fn script(&self, path: &str) -> Command {
        let mut command = self.interpreter();
        command.arg(script(path));
        command
    }

    /// A program that a package brought.
    pub(crate) fn program(&self, name: &str) -> Command {
        Command::new(self.folder.join("bin").join(name))
    }

    pub(crate) fn interpreter(&self) -> Command {
        Command::new(self.folder.join("bin/python3"))
    }

    fn pip(&self, arguments: &[&str]) -> Result<()> {
        let mut command = self.interpreter();
        command
            .args(["-m", "pip", "--quiet", "--disable-pip-version-check"])
            .args(arguments);
        process::run(&mut command).context("cannot fetch Python packages with pip")
    }
}

/// A file that lies beside this crate's modules.
pub(crate) fn script(path: &str) -> PathBuf {
    root::own().join("src").join(path)
}
