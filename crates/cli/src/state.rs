//! The state folder: one folder per run with its ledger, its dirty rows, and how it was begun.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use chrono::{Local, NaiveDate, Utc};
use engine::{DirtyRows, FileLedger, Ledger, RowForm};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::arguments::{DatasourceArguments, FileArguments, ParameterArguments};
use crate::exit::Stop;
use crate::{datasources, document};

/// How a run was begun, so that it can be continued the same way wherever and whenever that is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Begun {
    pub(crate) document: PathBuf,
    /// SHA-256 of the document; a changed document would make another run of it.
    fingerprint: String,
    /// Where relative paths start, those in the document too.
    folder: PathBuf,
    pub(crate) datasources: Option<PathBuf>,
    pub(crate) parameters: ParameterArguments,
    /// The day, `20240131`, that dates follow from which were not given.
    today: String,
    /// At most so many rows are read.
    #[serde(default)]
    pub(crate) limit_rows: Option<u64>,
    /// Set for a run that feeds dirty rows back instead of reading the job's source.
    pub(crate) replay: Option<Replayed>,
}

/// The dirty rows that a run feeds back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replayed {
    pub(crate) file: PathBuf,
    /// SHA-256 of the file.
    fingerprint: String,
    /// Which of the runs that the file makes, counted from 0.
    pub(crate) part: usize,
    /// What the run read that kept the rows.
    #[serde(default)]
    pub(crate) kept_by: RowForm,
    /// What this run reads.
    #[serde(default)]
    pub(crate) form: RowForm,
}

impl Begun {
    /// A run that begins here and now.
    pub(crate) fn now(
        document: &Path,
        parameters: &ParameterArguments,
        datasources: &DatasourceArguments,
    ) -> Result<Self, Stop> {
        Ok(Begun {
            document: document.to_path_buf(),
            fingerprint: fingerprint(&document::read(document)?),
            folder: env::current_dir()
                .map_err(|error| Stop::usage(format!("cannot tell the working folder: {error}")))?,
            datasources: datasources::find(datasources),
            parameters: parameters.clone(),
            today: Local::now().format("%Y%m%d").to_string(),
            limit_rows: None,
            replay: None,
        })
    }

    pub(crate) fn today(&self) -> Result<NaiveDate, Stop> {
        job::parse_bizdate(&self.today)
            .map_err(|error| Stop::usage(format!("the run's own file is damaged: {error}")))
    }

    /// Refuses a document that is not the one the run was begun with.
    pub(crate) fn refuse_changed(&self, document: &[u8]) -> Result<(), Stop> {
        refuse_changed(&self.document, &self.fingerprint, &fingerprint(document))
    }
}

impl Replayed {
    /// The first of the runs that a dirty-row file makes.
    pub(crate) fn first(file: PathBuf, kept_by: RowForm) -> Result<Self, Stop> {
        Ok(Replayed {
            fingerprint: fingerprint_of_file(&file)?,
            file,
            part: 0,
            kept_by,
            form: RowForm::default(),
        })
    }

    /// Refuses dirty rows that are not those the run was begun with.
    pub(crate) fn refuse_changed(&self) -> Result<(), Stop> {
        let found = fingerprint_of_file(&self.file)?;
        refuse_changed(&self.file, &self.fingerprint, &found)
    }
}

fn refuse_changed(path: &Path, known: &str, found: &str) -> Result<(), Stop> {
    if known == found {
        return Ok(());
    }
    Err(Stop::usage(format!(
        "{} has changed since the run began",
        path.display()
    ))
    .hint("put it back as it was, or begin a new run"))
}

fn fingerprint(bytes: &[u8]) -> String {
    hex(Sha256::new_with_prefix(bytes))
}

/// Piece by piece, since dirty rows may be many.
fn fingerprint_of_file(path: &Path) -> Result<String, Stop> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    let mut read = || -> io::Result<()> {
        let mut file = File::open(path)?;
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(()),
                length => hash.update(&piece[..length]),
            }
        }
    };
    read().map_err(|error| cannot("read", path, &error))?;
    Ok(hex(hash))
}

fn hex(hash: Sha256) -> String {
    let bytes = hash.finalize();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The folder of one run. It holds rows and parameters, so only its owner may look into it.
pub(crate) struct RunFolder {
    pub(crate) id: String,
    pub(crate) path: PathBuf,
    /// The state folder, if it is not the default.
    state: Option<PathBuf>,
}

impl RunFolder {
    /// Makes the folder of a new run. Its id is the time in UTC to the millisecond and a tail that keeps
    /// runs of one millisecond apart; ids sort as the runs began.
    pub(crate) fn create(files: &FileArguments, begun: &Begun) -> Result<Self, Stop> {
        let runs = runs_folder(files)?;
        fs::create_dir_all(&runs).map_err(|error| cannot("create", &runs, &error))?;
        let time = Utc::now().format("%Y%m%d-%H%M%S-%3f").to_string();
        for tail in 0..=u8::MAX {
            let id = format!("{time}-{tail:02x}");
            let path = runs.join(&id);
            match private_folder(&path) {
                Ok(()) => {
                    let state = files.state.clone();
                    let folder = RunFolder { id, path, state };
                    folder.note(begun)?;
                    return Ok(folder);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(cannot("create", &path, &error)),
            }
        }
        Err(Stop::usage(format!(
            "cannot find a free run id in {}",
            runs.display()
        )))
    }

    /// The folder of a later part of a replay, which is the same one whenever this run is continued.
    pub(crate) fn of_part(&self, begun: &Begun, part: usize) -> Result<Self, Stop> {
        let id = format!("{}-{part}", self.id);
        let folder = RunFolder {
            path: self.path.with_file_name(&id),
            id,
            state: self.state.clone(),
        };
        match private_folder(&folder.path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(cannot("create", &folder.path, &error));
            }
            _ => {}
        }
        folder.note(begun)?;
        Ok(folder)
    }

    /// Goes back to an earlier run, into the working folder that it was begun in.
    pub(crate) fn open(files: &FileArguments, id: &str) -> Result<(Self, Begun), Stop> {
        let runs = runs_folder(files)?;
        let path = runs.join(id);
        let file = path.join(NOTE);
        let is_id = !id.is_empty()
            && id
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
        if !is_id || !file.is_file() {
            return Err(
                Stop::usage(format!("there is no run `{id}` in {}", runs.display()))
                    .hint(recent(&runs)),
            );
        }
        let text = fs::read_to_string(&file).map_err(|error| cannot("read", &file, &error))?;
        let mut begun: Begun = serde_json::from_str(&text).map_err(|error| {
            Stop::usage(format!("{} is damaged: {error}", file.display())).hint("begin a new run")
        })?;
        if let Some(given) = &files.datasources.datasources {
            begun.datasources = Some(given.clone());
        }
        env::set_current_dir(&begun.folder).map_err(|error| {
            cannot("go back to", &begun.folder, &error)
                .hint("the run was begun there, and relative paths start there")
        })?;
        let folder = RunFolder {
            id: id.to_string(),
            path,
            state: files.state.clone(),
        };
        Ok((folder, begun))
    }

    /// The joint file of dirty rows. Only a run that succeeded has one to feed back: any other has rows that did
    /// not arrive either, and brings those in the file along when it is resumed or begun anew.
    pub(crate) fn dirty_rows(&self) -> Result<PathBuf, Stop> {
        if !self.ledger()?.history().committed {
            return Err(Stop::usage(format!(
                "the run `{}` has not succeeded, and only rows of succeeded runs are fed back",
                self.id
            ))
            .hint(format!(
                "end it first: {}; if it was given up, begin a new run",
                self.resume_command()
            )));
        }
        DirtyRows::new(&self.path).joint_file().ok_or_else(|| {
            Stop::usage(format!("the run `{}` left no dirty rows", self.id)).hint(format!(
                "if it was cut off, end it first: {}",
                self.resume_command()
            ))
        })
    }

    /// The run's ledger, held from now on.
    pub(crate) fn ledger(&self) -> Result<FileLedger, Stop> {
        Ok(FileLedger::open(&self.path.join("ledger.jsonl"))?)
    }

    /// What to type to continue the run.
    pub(crate) fn resume_command(&self) -> String {
        match &self.state {
            Some(state) => format!(
                "longshore run --resume {} --state {}",
                self.id,
                state.display()
            ),
            None => format!("longshore run --resume {}", self.id),
        }
    }

    /// Notes how the run was begun, safe from a power cut before any row moves. The note is there whole
    /// or not at all, and a folder without one is no run: whoever cut it off had moved nothing.
    fn note(&self, begun: &Begun) -> Result<(), Stop> {
        let path = self.path.join(NOTE);
        let text =
            serde_json::to_string_pretty(begun).map_err(|error| Stop::usage(error.to_string()))?;
        let write = || {
            let unfinished = self.path.join("run.json.part");
            let mut file = File::create(&unfinished)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)?;
            File::open(&self.path)?.sync_all()
        };
        write().map_err(|error| cannot("write", &path, &error))
    }
}

/// The file in a run's folder that says how the run was begun.
const NOTE: &str = "run.json";

fn private_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(path)
}

fn runs_folder(files: &FileArguments) -> Result<PathBuf, Stop> {
    let state = match (
        &files.state,
        env::var_os("XDG_STATE_HOME"),
        env::var_os("HOME"),
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
                .filter(|entry| entry.path().join(NOTE).is_file())
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

fn cannot(verb: &str, path: &Path, error: &io::Error) -> Stop {
    Stop::usage(format!("cannot {verb} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn ids_sort_as_the_runs_began_and_their_folders_are_private() {
        let state = tempfile::tempdir().unwrap();
        let document = state.path().join("job.json");
        fs::write(&document, "{}").unwrap();
        let begun = Begun::now(
            &document,
            &ParameterArguments::default(),
            &DatasourceArguments::default(),
        )
        .unwrap();
        let files = FileArguments {
            state: Some(state.path().to_path_buf()),
            ..FileArguments::default()
        };
        let ids: Vec<String> = (0..50)
            .map(|_| RunFolder::create(&files, &begun).unwrap().id)
            .collect();
        assert!(ids.is_sorted(), "{ids:?}");
        let folder = fs::metadata(state.path().join("runs").join(&ids[0])).unwrap();
        assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_run_cut_off_before_it_was_noted_is_not_offered() {
        let state = tempfile::tempdir().unwrap();
        fs::create_dir_all(state.path().join("runs/20260101-000000-000-00")).unwrap();
        let files = FileArguments {
            state: Some(state.path().to_path_buf()),
            ..FileArguments::default()
        };
        let stop = RunFolder::open(&files, "20260101-000000-000-00")
            .err()
            .unwrap();
        assert!(
            format!("{stop:?}").contains("no run was begun there yet"),
            "{stop:?}"
        );
    }

    #[test]
    fn dates_stay_those_of_the_day_a_run_was_begun_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.json");
        let text = r#"{"type": "job", "version": "1.0", "configuration": {
            "reader": {"plugin": "stream", "parameter": {"a": "${bdp.system.bizdate} ${today}"}},
            "writer": {"plugin": "stream", "parameter": {}}}}"#;
        fs::write(&path, text).unwrap();
        let parameters = ParameterArguments {
            parameters: vec!["today=$gmtdate".to_string()],
            ..ParameterArguments::default()
        };
        let begun = Begun::now(&path, &parameters, &DatasourceArguments::default()).unwrap();
        let mut note = serde_json::to_value(begun).unwrap();
        note["today"] = "20200301".into();
        let begun: Begun = serde_json::from_value(note).unwrap();
        let job = document::load(&begun).unwrap().job;
        assert_eq!(job.reader.parameter["a"], "20200229 20200301");
        fs::write(&path, text.replace("\"a\"", "\"b\"")).unwrap();
        let stop = document::load(&begun).err().unwrap();
        assert!(
            format!("{stop:?}").contains("has changed since the run began"),
            "{stop:?}"
        );
    }
}
