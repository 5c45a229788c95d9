//! Finds files by path, folder or glob, and keeps them below the root.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use globset::{GlobBuilder, GlobMatcher};
use sdk::{Error, Kind, Result};
use serde::{Deserialize, Serialize};

/// A file as it was found; a later reader can tell whether it is still the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) path: PathBuf,
    pub(crate) length: u64,
    modified: u64,
}

impl Listed {
    /// Looks at a file.
    pub(crate) fn stat(path: &Path) -> Result<Listed> {
        let error = |error| super::read_error(&super::shown(path), error);
        let metadata = fs::metadata(path).map_err(error)?;
        if !metadata.is_file() {
            // A pipe or a device has no length to tell it from an empty file.
            return Err(Error::new(
                Kind::Unsupported,
                format!("{} is not a regular file", super::shown(path)),
            )
            .hint("write what it yields into a file first"));
        }
        if path.to_str().is_none() {
            return Err(Error::new(
                Kind::Unsupported,
                format!("the name of {} is not valid UTF-8", super::shown(path)),
            )
            .hint("rename the file, or leave it out of `path`"));
        }
        Ok(Listed {
            path: path.to_path_buf(),
            length: metadata.len(),
            modified: modified(&metadata),
        })
    }

    /// Fails if the file was changed since it was found.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        if Listed::stat(&self.path)? == *self {
            return Ok(());
        }
        Err(Error::new(
            Kind::Conflict,
            format!(
                "{} was changed while the job was running",
                super::shown(&self.path)
            ),
        )
        .hint("run the job again when nobody writes to the file"))
    }
}

/// When a file was changed: nanoseconds since 1970, or 0 if the file system does not say.
pub(super) fn modified(metadata: &fs::Metadata) -> u64 {
    let time = metadata.modified().ok();
    time.and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |age| age.as_nanos() as u64)
}

/// The path below the root, or as it is without one. Refuses paths that lead out of the root.
pub(crate) fn resolve(root: Option<&Path>, path: &str) -> Result<PathBuf> {
    let Some(root) = root else {
        return Ok(PathBuf::from(path));
    };
    let climbs = Path::new(path)
        .components()
        .any(|component| component == Component::ParentDir);
    // Parts such as `.` are dropped on the way.
    let joined: PathBuf = root.join(path).components().collect();
    if climbs || !joined.starts_with(root) {
        return Err(outside(path, root));
    }
    Ok(joined)
}

fn outside(path: &str, root: &Path) -> Error {
    Error::new(
        Kind::Denied,
        format!(
            "path \"{path}\" lies outside the datasource's root {}",
            super::shown(root)
        ),
    )
    .hint("write the path relative to the root")
}

/// All files that the paths name, in the order of their paths, each once even if links or several
/// paths lead to it. A folder stands for the files in it and below it; names that begin with a dot
/// are hidden, and inside folders also those that begin with an underscore, which other systems use
/// for their own marks.
pub(crate) fn list(root: Option<&Path>, paths: &[String]) -> Result<Vec<Listed>> {
    let mut found = BTreeSet::new();
    for path in paths {
        let full = resolve(root, path)?;
        let mut named = Vec::new();
        if full.is_dir() {
            named = Walk::new(&full, &|_| true).files()?;
        } else if is_glob(path) && !full.exists() {
            let (fixed, pattern) = apart(path);
            let base = resolve(root, &super::shown(&fixed))?;
            let matcher = glob(path, &pattern)?;
            let matches = |file: &Path| matcher.is_match(file);
            if base.as_os_str().is_empty() || base.is_dir() {
                let mut walk = Walk::new(&base, &matches);
                walk.marks = true;
                named = walk.files()?;
            }
        } else {
            named.push(full);
        }
        if named.is_empty() {
            return Err(Error::new(
                Kind::NotFound,
                format!("no file matches the path \"{path}\""),
            )
            .hint("check `path`; files whose names begin with a dot are left out"));
        }
        found.extend(named);
    }
    let mut seen = HashSet::new();
    let mut files = Vec::with_capacity(found.len());
    for path in found {
        if seen.insert(real_path(root, &path)?) {
            files.push(Listed::stat(&path)?);
        }
    }
    Ok(files)
}

/// Files below the root whose path contains `search` in any case, in path order, at most `limit`.
pub(crate) fn list_root(root: &Path, search: &str, limit: usize) -> Result<Vec<PathBuf>> {
    let search = search.to_lowercase();
    let matches = |file: &Path| super::shown(file).to_lowercase().contains(&search);
    let mut walk = Walk::new(root, &matches);
    walk.most = limit;
    walk.folder(Path::new(""))?;
    Ok(walk.found)
}

/// Where a path leads to. A link inside the root must not lead out of it.
pub(crate) fn real_path(root: Option<&Path>, path: &Path) -> Result<PathBuf> {
    let real = |path: &Path| {
        fs::canonicalize(path).map_err(|error| super::read_error(&super::shown(path), error))
    };
    let real_path = real(path)?;
    match root {
        Some(root) if !real_path.starts_with(real(root)?) => {
            Err(outside(&super::shown(path), root))
        }
        _ => Ok(real_path),
    }
}

fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '[', '{'])
}

/// The folders in front of the first part that holds a pattern, and the rest.
fn apart(path: &str) -> (PathBuf, String) {
    let mut rest = Path::new(path).components();
    let mut fixed = PathBuf::new();
    while let Some(component) = rest.clone().next() {
        if is_glob(&component.as_os_str().to_string_lossy()) {
            break;
        }
        if component != Component::CurDir {
            fixed.push(component);
        }
        rest.next();
    }
    (fixed, super::shown(rest.as_path()))
}

fn glob(path: &str, pattern: &str) -> Result<GlobMatcher> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    match glob {
        Ok(glob) => Ok(glob.compile_matcher()),
        Err(error) => Err(Error::new(
            Kind::Config,
            format!("path \"{path}\" is not a valid pattern"),
        )
        .source(error)
        .hint("use `*` within a folder, `**` across folders, `?`, `[a-z]` or `{a,b}`")),
    }
}

/// A walk through a folder in the order of paths.
struct Walk<'a> {
    base: &'a Path,
    /// Which files are wanted, by their path below the base.
    wanted: &'a dyn Fn(&Path) -> bool,
    /// Names that begin with an underscore count too.
    marks: bool,
    most: usize,
    /// Paths below the base.
    found: Vec<PathBuf>,
}

impl<'a> Walk<'a> {
    fn new(base: &'a Path, wanted: &'a dyn Fn(&Path) -> bool) -> Walk<'a> {
        Walk {
            base,
            wanted,
            marks: false,
            most: usize::MAX,
            found: Vec::new(),
        }
    }

    fn files(mut self) -> Result<Vec<PathBuf>> {
        self.folder(Path::new(""))?;
        Ok(self.found.iter().map(|file| self.base.join(file)).collect())
    }

    fn folder(&mut self, inside: &Path) -> Result<()> {
        let folder = Path::new(".").join(self.base).join(inside);
        let error = |error| super::read_error(&super::shown(&folder), error);
        let mut entries = fs::read_dir(&folder)
            .and_then(Iterator::collect::<io::Result<Vec<_>>>)
            .map_err(error)?;
        entries.sort_by_key(DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let first = name.as_encoded_bytes().first();
            if first == Some(&b'.') || (first == Some(&b'_') && !self.marks) {
                continue;
            }
            let file_type = entry.file_type().map_err(error)?;
            let file = inside.join(&name);
            if self.found.len() >= self.most {
                break;
            }
            // A link to a folder could lead round in a circle; pipes and devices are no files.
            let is_file = file_type.is_file() || (file_type.is_symlink() && !entry.path().is_dir());
            if file_type.is_dir() {
                self.folder(&file)?;
            } else if is_file && (self.wanted)(&file) {
                self.found.push(file);
            }
        }
        Ok(())
    }
}
