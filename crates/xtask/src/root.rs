//! Where the checkout is, and how cargo is called in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// The root of the checkout that this program was built from.
pub(crate) fn path() -> Result<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = own
        .ancestors()
        .nth(2)
        .context("xtask is not in a workspace")?;
    Ok(root.to_owned())
}

/// The cargo that runs us, at the root of the checkout.
pub(crate) fn cargo() -> Result<Command> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(path()?);
    Ok(command)
}

/// The folder that cargo builds into.
pub(crate) fn target() -> Result<PathBuf> {
    let mut command = cargo()?;
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&process::output(&mut command)?)?;
    let folder = metadata["target_directory"].as_str();
    Ok(folder
        .context("cargo metadata names no target directory")?
        .into())
}
