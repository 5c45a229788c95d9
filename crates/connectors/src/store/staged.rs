//! Files that are written under a hidden temporary name and appear under their own name at once.
//!
//! A temporary file is called `.NAME.RUN.TASK.ATTEMPT.longshore`, so that every run finds its own, a
//! new attempt of a task can remove what the last one left, and readers pass over all of them.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use sdk::{Error, Kind, Result};
use serde::{Deserialize, Serialize};

use super::list::modified;

const SUFFIX: &str = ".longshore";

/// A complete file under its temporary name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StagedFile {
    /// The name in the folder now.
    pub(crate) temporary: String,
    /// The name it will have.
    pub(crate) name: String,
    /// Length and time of the last change, by which it is known under either name. An older file that
    /// has the final name may well be of the same length.
    length: u64,
    modified: u64,
}

impl StagedFile {
    /// The temporary name of an attempt.
    pub(crate) fn temporary_name(name: &str, run: &str, task: u32, attempt: &str) -> String {
        format!(".{name}.{run}.{task}.{attempt}{SUFFIX}")
    }

    /// Creates the temporary file of a new attempt, after removing those of earlier ones.
    pub(crate) fn create(
        folder: &Path,
        name: &str,
        run: &str,
        task: u32,
        attempt: &str,
    ) -> Result<(File, PathBuf)> {
        remove_matching(folder, &format!(".{run}.{task}."))?;
        let path = folder.join(StagedFile::temporary_name(name, run, task, attempt));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|error| super::write_error(&super::shown(&path), error))?;
        Ok((file, path))
    }

    /// The file at `path`, complete and closed for good.
    pub(crate) fn complete(path: &Path, name: &str) -> Result<StagedFile> {
        let failed = |error| super::write_error(&super::shown(path), error);
        let metadata = fs::metadata(path).map_err(failed)?;
        let temporary = path.file_name().unwrap_or_default();
        Ok(StagedFile {
            temporary: temporary.to_string_lossy().into_owned(),
            name: name.to_string(),
            length: metadata.len(),
            modified: modified(&metadata),
        })
    }

    /// Whether the file is there, temporary or final.
    pub(crate) fn exists(&self, folder: &Path) -> bool {
        self.is_at(&folder.join(&self.temporary)) || self.is_published(folder)
    }

    fn is_published(&self, folder: &Path) -> bool {
        self.is_at(&folder.join(&self.name))
    }

    fn is_at(&self, path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|metadata| {
            metadata.len() == self.length && modified(&metadata) == self.modified
        })
    }
}

/// What happens to a file that already has the name of a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    Replace,
    Refuse,
}

/// Gives every file its own name, or none of them if one of them cannot have it. Doing it again after
/// an interruption finishes the work.
pub(crate) fn publish_all(folder: &Path, files: &[StagedFile], existing: Existing) -> Result<()> {
    let mut open = Vec::with_capacity(files.len());
    for file in files {
        let temporary = folder.join(&file.temporary);
        let target = folder.join(&file.name);
        if !temporary.exists() {
            if file.is_published(folder) {
                continue;
            }
            return Err(Error::new(
                Kind::Conflict,
                format!("the finished file {} is gone", super::shown(&temporary)),
            )
            .hint("somebody removed it; run the job again"));
        }
        // An interrupted publication may have made a link already.
        let taken = existing == Existing::Refuse && !same_file(&temporary, &target);
        if target.is_dir() || (taken && target.exists()) {
            return Err(in_the_way(&target));
        }
        open.push((temporary, target));
    }
    for (temporary, target) in open {
        let outcome = match existing {
            Existing::Replace => fs::rename(&temporary, &target),
            Existing::Refuse => rename_if_free(&temporary, &target),
        };
        outcome.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => in_the_way(&target),
            _ => super::write_error(&super::shown(&target), error),
        })?;
    }
    sync_folder(folder)
}

fn in_the_way(target: &Path) -> Error {
    let message = format!("{} exists already", super::shown(target));
    Error::new(Kind::Conflict, message)
        .hint("set `writeMode` to `truncate` to replace it, or choose another `fileName`")
}

/// Renames unless the target exists. A hard link does it without a race; where the file system has
/// none, looking first must do.
fn rename_if_free(temporary: &Path, target: &Path) -> io::Result<()> {
    match fs::hard_link(temporary, target) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if !same_file(temporary, target) {
                return Err(error);
            }
        }
        Err(_) if target.exists() => return Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => return fs::rename(temporary, target),
    }
    fs::remove_file(temporary)
}

#[cfg(unix)]
fn same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => one.dev() == other.dev() && one.ino() == other.ino(),
        _ => false,
    }
}

#[cfg(not(unix))]
fn same_file(_: &Path, _: &Path) -> bool {
    false
}

/// Removes every temporary file of a run.
pub(crate) fn remove_staged(folder: &Path, run: &str) -> Result<()> {
    remove_matching(folder, &format!(".{run}."))
}

fn remove_matching(folder: &Path, part: &str) -> Result<()> {
    let failed = |error| super::write_error(&super::shown(folder), error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(SUFFIX) && name.contains(part) {
            remove(&folder.join(name.as_ref()))?;
        }
    }
    Ok(())
}

/// Removes a file; one that is gone already is as good.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(super::write_error(&super::shown(path), error))
        }
        _ => Ok(()),
    }
}

/// Makes the names in a folder survive a loss of power.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| super::write_error(&super::shown(folder), error))
}
