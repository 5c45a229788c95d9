//! Scratch folders: where servers keep their files and the demo its results.
//!
//! Owns making and removing them; what is put inside is left to the callers.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, io};

use anyhow::{Context, Result, bail};

/// A folder that other users may enter, because servers run as a user of their own.
pub(crate) struct Scratch {
    path: PathBuf,
    lifetime: Lifetime,
}

/// What becomes of the folder in the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Lifetime {
    Removed,
    Kept,
}

impl Scratch {
    /// A new folder among the temporary files, removed when the value is dropped.
    pub(crate) fn temporary() -> Result<Scratch> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = env::temp_dir().join(format!("longshore-{}-{count}", process::id()));
            match builder().create(&path) {
                Ok(()) => {
                    return Ok(Scratch {
                        path,
                        lifetime: Lifetime::Removed,
                    });
                }
                // A killed process with our number may have left its folder behind.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error)
                        .with_context(|| format!("cannot create folder {}", path.display()));
                }
            }
        }
    }

    /// A folder that the user named: new or empty, and kept.
    pub(crate) fn named(path: &Path) -> Result<Scratch> {
        builder()
            .recursive(true)
            .create(path)
            .with_context(|| format!("cannot create folder {}", path.display()))?;
        let path = fs::canonicalize(path)?;
        if fs::read_dir(&path)?.next().is_some() {
            bail!("folder {} is not empty", path.display());
        }
        Ok(Scratch {
            path,
            lifetime: Lifetime::Kept,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the folder where it is when the value is dropped.
    pub(crate) fn keep(&mut self) {
        self.lifetime = Lifetime::Kept;
    }
}

fn builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o755);
    builder
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.lifetime == Lifetime::Removed {
            // What cannot be removed is only a temporary file too many.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_folder_goes_and_a_named_one_stays() {
        let outer = Scratch::temporary().unwrap();
        let path = outer.path().join("a/b");
        let named = Scratch::named(&path).unwrap();
        fs::write(named.path().join("file"), "x").unwrap();
        drop(named);
        assert!(path.join("file").is_file());
        assert!(Scratch::named(&path).is_err(), "the folder is not empty");
        let gone = outer.path().to_owned();
        drop(outer);
        assert!(!gone.exists());
    }
}
