//! Finds files by path, folder or glob, and keeps them below the root.

use std::collections::BTreeMap;
use std::fs;
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
    // Parts such as `.` are dropped on the way.
    let joined: PathBuf = root.join(path).components().collect();
    let climbs = joined
        .components()
        .any(|component| component == Component::ParentDir);
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

/// All files that the paths name, in the order of their paths, each once. A folder stands for the
/// files in it and below it; names that begin with a dot are hidden, and inside folders also those
/// that begin with an underscore, which other systems use for their own marks.
pub(crate) fn list(root: Option<&Path>, paths: &[String]) -> Result<Vec<Listed>> {
    let mut found = BTreeMap::new();
    for path in paths {
        let mut named = BTreeMap::new();
        let full = resolve(root, path)?;
        if full.is_dir() {
            walk(&full, None, &mut named)?;
        } else if is_glob(path) && !full.exists() {
            let matcher = glob(root, path)?;
            let base = resolve(root, &super::shown(&fixed_part(Path::new(path))))?;
            if base.is_dir() {
                walk(&base, Some(&matcher), &mut named)?;
            }
        } else {
            named.insert(full.clone(), Listed::stat(&full)?);
        }
        if named.is_empty() {
            return Err(Error::new(
                Kind::NotFound,
                format!("no file matches the path \"{path}\""),
            )
            .hint("check `path`; files whose names begin with a dot are left out"));
        }
        found.append(&mut named);
    }
    if let Some(root) = root {
        check_links(root, found.keys())?;
    }
    Ok(found.into_values().collect())
}

/// Files below the root whose path contains `search` in any case, in path order, at most `limit`.
pub(crate) fn list_root(root: &Path, search: &str, limit: usize) -> Result<Vec<PathBuf>> {
    let mut found = BTreeMap::new();
    walk(root, None, &mut found)?;
    let search = search.to_lowercase();
    Ok(found
        .into_keys()
        .filter_map(|path| path.strip_prefix(root).ok().map(Path::to_path_buf))
        .filter(|path| super::shown(path).to_lowercase().contains(&search))
        .take(limit)
        .collect())
}

/// A link inside the root must not lead out of it.
pub(crate) fn check_links<'a>(
    root: &Path,
    paths: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<()> {
    let error = |path: &Path, error| super::read_error(&super::shown(path), error);
    let real_root = fs::canonicalize(root).map_err(|cause| error(root, cause))?;
    for path in paths {
        let real = fs::canonicalize(path).map_err(|cause| error(path, cause))?;
        if !real.starts_with(&real_root) {
            return Err(outside(&super::shown(path), root));
        }
    }
    Ok(())
}

fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '[', '{'])
}

/// The pattern below the root; what the root itself is called has no special meaning.
fn glob(root: Option<&Path>, path: &str) -> Result<GlobMatcher> {
    let path = path.strip_prefix("./").unwrap_or(path);
    let text = match root.map(super::shown) {
        Some(root) if !path.starts_with(&root) => {
            format!("{}/{path}", globset::escape(root.trim_end_matches('/')))
        }
        _ => path.to_string(),
    };
    let glob = GlobBuilder::new(&text).literal_separator(true).build();
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

/// The folders in front of the first part that holds a pattern.
fn fixed_part(path: &Path) -> PathBuf {
    let fixed: PathBuf = path
        .components()
        .take_while(|component| !is_glob(&component.as_os_str().to_string_lossy()))
        .collect();
    if fixed.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        fixed
    }
}

fn walk(
    folder: &Path,
    matcher: Option<&GlobMatcher>,
    found: &mut BTreeMap<PathBuf, Listed>,
) -> Result<()> {
    let error = |error| super::read_error(&super::shown(folder), error);
    for entry in fs::read_dir(folder).map_err(error)? {
        let entry = entry.map_err(error)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || (matcher.is_none() && name.starts_with('_')) {
            continue;
        }
        let path = entry.path();
        let path = path
            .strip_prefix("./")
            .map_or(path.clone(), Path::to_path_buf);
        if path.is_dir() {
            // A link to a folder could lead round in a circle.
            if !entry.file_type().map_err(error)?.is_symlink() {
                walk(&path, matcher, found)?;
            }
        } else if matcher.is_none_or(|matcher| matcher.is_match(&path)) {
            let listed = Listed::stat(&path)?;
            found.insert(path, listed);
        }
    }
    Ok(())
}
