//! The state folder: one folder per run with its ledger, its dirty rows, and how it was begun.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::Utc;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::arguments::{FileArguments, ParameterArguments};
use crate::exit::Stop;

/// How a run was begun, so that it can be continued the same way.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Begun {
    pub(crate) document: PathBuf,
    /// SHA-256 of the document; a changed document would make another run of it.
    fingerprint: String,
    parameters: Vec<String>,
    bizdate: Option<String>,
    cyctime: Option<String>,
    strict: bool,
    lenient: bool,
}

impl Begun {
    pub(crate) fn now(document: &Path, arguments: &ParameterArguments) -> Result<Self, Stop> {
        let now = chrono::Local::now();
        // Dates that default to the clock are fixed, so that a run continued tomorrow is still today's.
        let fixed = (arguments.bizdate.is_none() && arguments.cyctime.is_none())
            .then(|| now.format("%Y%m%d000000").to_string());
        Ok(Begun {
            document: fs::canonicalize(document)
                .map_err(|error| cannot("read", document, &error))?,
            fingerprint: fingerprint(document)?,
            parameters: arguments.parameters.clone(),
            bizdate: arguments.bizdate.clone(),
            cyctime: arguments.cyctime.clone().or(fixed),
            strict: arguments.strict,
            lenient: arguments.lenient,
        })
    }

    pub(crate) fn arguments(&self) -> ParameterArguments {
        ParameterArguments {
            parameters: self.parameters.clone(),
            bizdate: self.bizdate.clone(),
            cyctime: self.cyctime.clone(),
            strict: self.strict,
            lenient: self.lenient,
        }
    }

    pub(crate) fn refuse_changed(&self) -> Result<(), Stop> {
        if fingerprint(&self.document)? == self.fingerprint {
            return Ok(());
        }
        Err(Stop::usage(format!(
            "{} has changed since the run began",
            self.document.display()
        ))
        .hint("put the document back as it was, or begin a new run"))
    }
}

fn fingerprint(document: &Path) -> Result<String, Stop> {
    let bytes = fs::read(document).map_err(|error| cannot("read", document, &error))?;
    Ok(Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// The folder of one run.
pub(crate) struct RunFolder {
    pub(crate) id: String,
    pub(crate) path: PathBuf,
}

impl RunFolder {
    /// Makes the folder of a new run. Its id is the time in UTC to the millisecond and a tail that keeps
    /// runs of one millisecond apart; ids sort as the runs began.
    pub(crate) fn create(files: &FileArguments, begun: &Begun) -> Result<Self, Stop> {
        let runs = runs_folder(files)?;
        fs::create_dir_all(&runs).map_err(|error| cannot("create", &runs, &error))?;
        for tail in 0..=u8::MAX {
            let id = format!("{}-{tail:02x}", Utc::now().format("%Y%m%d-%H%M%S-%3f"));
            let path = runs.join(&id);
            match fs::create_dir(&path) {
                Ok(()) => {
                    let text = serde_json::to_string_pretty(begun)
                        .map_err(|error| Stop::usage(error.to_string()))?;
                    let file = path.join("run.json");
                    fs::write(&file, text).map_err(|error| cannot("write", &file, &error))?;
                    return Ok(RunFolder { id, path });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(cannot("create", &path, &error)),
            }
        }
        Err(Stop::usage(format!(
            "cannot find a free run id in {}",
            runs.display()
        )))
    }

    /// The folder of an earlier run and how it was begun.
    pub(crate) fn open(files: &FileArguments, id: &str) -> Result<(Self, Begun), Stop> {
        let runs = runs_folder(files)?;
        let path = runs.join(id);
        let is_id = !id.is_empty()
            && id
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
        if !is_id || !path.join("run.json").is_file() {
            return Err(
                Stop::usage(format!("there is no run `{id}` in {}", runs.display()))
                    .hint(recent(&runs)),
            );
        }
        let file = path.join("run.json");
        let text = fs::read_to_string(&file).map_err(|error| cannot("read", &file, &error))?;
        let begun = serde_json::from_str(&text).map_err(|error| {
            Stop::usage(format!("{} is damaged: {error}", file.display())).hint("begin a new run")
        })?;
        Ok((
            RunFolder {
                id: id.to_string(),
                path,
            },
            begun,
        ))
    }
}

fn runs_folder(files: &FileArguments) -> Result<PathBuf, Stop> {
    let state = match (
        &files.state,
        std::env::var_os("XDG_STATE_HOME"),
        std::env::var_os("HOME"),
    ) {
        (Some(state), _, _) => state.clone(),
        (None, Some(state), _) => PathBuf::from(state).join("longshore"),
        (None, None, Some(home)) => PathBuf::from(home).join(".local/state/longshore"),
        (None, None, None) => {
            return Err(Stop::usage("there is no home folder to keep runs in")
                .hint("name a folder with --state"));
        }
    };
    Ok(state.join("runs"))
}

fn recent(runs: &Path) -> String {
    let mut ids: Vec<String> = fs::read_dir(runs)
        .map(|entries| {
            entries
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect()
        })
        .unwrap_or_default();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.truncate(5);
    if ids.is_empty() {
        "no run was begun there yet".to_string()
    } else {
        format!("the latest are {}", ids.join(", "))
    }
}

fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> Stop {
    Stop::usage(format!("cannot {verb} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_as_the_runs_began() {
        let state = tempfile::tempdir().unwrap();
        let document = state.path().join("job.json");
        fs::write(&document, "{}").unwrap();
        let begun = Begun::now(&document, &ParameterArguments::default()).unwrap();
        let files = FileArguments {
            state: Some(state.path().to_path_buf()),
            ..FileArguments::default()
        };
        let ids: Vec<String> = (0..50)
            .map(|_| RunFolder::create(&files, &begun).unwrap().id)
            .collect();
        assert!(ids.is_sorted(), "{ids:?}");
    }
}
