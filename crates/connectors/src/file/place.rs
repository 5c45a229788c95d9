//! The folder of a job's files as it is seen by the steps of a run: what was there before, what gets
//! which name, and what goes at the end. All of it waits for the disk, so it runs on a thread for that.

use std::fs;
use std::path::PathBuf;

use sdk::{Error, Kind, Result, TaskId};
use uuid::Uuid;

use super::config::WriteMode;
use super::names::FileNames;
use super::write::Prepared;
use crate::store::{
    Existing, StagedFile, publish_all, real_path, remove, remove_staged, shown, sync_folder,
    write_error,
};

/// A folder, and the part of it that belongs to the job.
pub(super) struct Place {
    pub(super) root: Option<PathBuf>,
    pub(super) folder: PathBuf,
    pub(super) names: FileNames,
    pub(super) mode: WriteMode,
}

impl Place {
    /// Makes the folder and a name for the run, and refuses what could only fail later.
    pub(super) fn prepare(&self) -> Result<String> {
        let failed = |error| write_error(&shown(&self.folder), error);
        // The part of the path that exists, so that no folder is made behind a link out of the root.
        let there = self.folder.ancestors().find(|folder| folder.exists());
        if let (Some(root), Some(there)) = (&self.root, there) {
            real_path(Some(root), there)?;
        }
        fs::create_dir_all(&self.folder).map_err(failed)?;
        if self.mode == WriteMode::NonConflict
            && let Some(name) = self.existing()?.first()
        {
            return Err(Error::new(
                Kind::Conflict,
                format!("{} exists already", shown(&self.folder.join(name))),
            )
            .hint("set `writeMode` to `truncate` to replace it or to `append` to keep it, or choose another `fileName`"));
        }
        let id = Uuid::now_v7().simple().to_string();
        // The random end of the id; its beginning is the time.
        let run = id[id.len() - 12..].to_string();
        // A folder that cannot be written to is found now, not after the first batch.
        let probe = self.folder.join(format!(".{run}.longshore"));
        fs::write(&probe, b"").map_err(failed)?;
        remove(&probe)?;
        Ok(run)
    }

    /// The name that a task's file will have.
    pub(super) fn name(&self, prepared: &Prepared, task: TaskId) -> String {
        let run = (self.mode == WriteMode::Append).then_some(prepared.run.as_str());
        self.names.of(task, prepared.task_count, run)
    }

    /// Gives the files their names, then removes those that they replace.
    pub(super) fn commit(&self, run: &str, files: &[StagedFile]) -> Result<()> {
        match self.mode {
            WriteMode::NonConflict | WriteMode::Append => {
                publish_all(&self.folder, files, Existing::Refuse)?;
            }
            WriteMode::Truncate | WriteMode::Overwrite => {
                publish_all(&self.folder, files, Existing::Replace)?;
                for name in self.existing()? {
                    if files.iter().all(|file| file.name != name) {
                        remove(&self.folder.join(name))?;
                    }
                }
                sync_folder(&self.folder)?;
            }
        }
        remove_staged(&self.folder, run)
    }

    /// Removes what is not visible.
    pub(super) fn abort(&self, run: &str) -> Result<()> {
        if self.folder.is_dir() {
            remove_staged(&self.folder, run)?;
        }
        Ok(())
    }

    /// Files of earlier runs in the folder.
    fn existing(&self) -> Result<Vec<String>> {
        let failed = |error| write_error(&shown(&self.folder), error);
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if self.names.matches(&name) && entry.file_type().map_err(failed)?.is_file() {
                found.push(name);
            }
        }
        found.sort();
        Ok(found)
    }
}
