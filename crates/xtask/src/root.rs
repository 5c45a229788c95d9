//! Where the checkout is, and how cargo is called in it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// The folder of this crate in the checkout that it is called in.
///
/// Cargo says it when it runs us. Clones share what is built, so we may have been built from another one.
pub(crate) fn own() -> PathBuf {
    let called = std::env::var_os("CARGO_MANIFEST_DIR");
    called.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

/// The root of that checkout.
pub(crate) fn path() -> Result<PathBuf> {
    let own = own();
    let root = own
        .ancestors()
        .nth(2)
        .context("xtask is not in a workspace")?;
    Ok(root.to_owned())
}

/// The cargo that runs us, at the root of the checkout.
///
/// It does not get what cargo told us about ourselves: build scripts that ask for such variables would run again
/// whenever a build is begun from here after one that was begun by hand, and all that stands on them with them.
pub(crate) fn cargo() -> Result<Command> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(path()?);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") {
            command.env_remove(name);
        }
    }
    command
        .env_remove("CARGO_MANIFEST_DIR")
        .env_remove("CARGO_MANIFEST_PATH");
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
