//! The folders that jobs may touch on the machine of the server, as the administrator lists them.
//!
//! Looks at the disk to see where links lead. The answer is true for the moment: somebody who can exchange
//! folders and links on that machine could do it between the check and the use, so nobody but the
//! administrator and Longshore should be able to write to the folders above the roots.

use std::fs;
use std::path::{Component, Path, PathBuf};

use sdk::{Error, FieldProblem, Kind};
use serde_json::{Map, Value};

use super::outbound::decoded;
use crate::pointer;

/// The folders, of which none means that files cannot be used at all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roots(Vec<PathBuf>);

impl Roots {
    /// Reads the list of the administrator: absolute paths without `..`.
    pub(crate) fn parse(entries: &[String]) -> Result<Roots, Vec<FieldProblem>> {
        let mut roots = Vec::new();
        let mut problems = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let path = Path::new(entry);
            if path.is_absolute() && !climbs(path) && !entry.contains('\0') {
                roots.push(path.components().collect());
                continue;
            }
            let message = format!("\"{entry}\" cannot be a folder for jobs");
            let problem = FieldProblem::new(format!("/{index}"), message);
            problems.push(problem.hint("write a path that begins with `/` and has no `..` in it"));
        }
        if problems.is_empty() {
            Ok(Roots(roots))
        } else {
            Err(problems)
        }
    }

    /// Where a path, a new file or a pattern such as `2024-*/part-*.csv` really leads: below one of the roots, or it
    /// is refused. A relative path starts at `base`, the root of the datasource, which is checked first.
    pub(crate) fn check(&self, base: Option<&Path>, path: &str) -> sdk::Result<PathBuf> {
        if path.is_empty() || path.contains('\0') {
            return Err(
                Error::new(Kind::Config, "a path is empty or holds a NUL character")
                    .hint("write the path of a file or folder"),
            );
        }
        let Some(joined) = joined(base, Path::new(path)) else {
            return Err(Error::new(
                Kind::Config,
                format!("path \"{path}\" is relative, and nothing says to which folder"),
            )
            .hint("set the `root` of the datasource, or begin the path with `/`"));
        };
        if climbs(&joined) {
            return Err(
                Error::new(Kind::Denied, format!("path \"{path}\" has `..` in it"))
                    .hint("write the path without going up"),
            );
        }
        let real = real_path(&joined)?;
        let within =
            |root: &PathBuf| fs::canonicalize(root).is_ok_and(|root| real.starts_with(root));
        if self.0.iter().any(within) {
            return Ok(real);
        }
        Err(self.outside(path))
    }

    fn outside(&self, path: &str) -> Error {
        let error = Error::new(
            Kind::Denied,
            format!("path \"{path}\" lies outside the folders that jobs may touch"),
        );
        if self.0.is_empty() {
            return error.hint(
                "there are none yet; an administrator can list some in the settings of the server",
            );
        }
        let roots: Vec<_> = self
            .0
            .iter()
            .map(|root| root.display().to_string())
            .collect();
        error.hint(format!(
            "use a path below {}, or ask an administrator to list the folder",
            roots.join(" or ")
        ))
    }
}

fn climbs(path: &Path) -> bool {
    path.components()
        .any(|component| component == Component::ParentDir)
}

fn joined(base: Option<&Path>, path: &Path) -> Option<PathBuf> {
    match base {
        _ if path.is_absolute() => Some(path.components().collect()),
        Some(base) if base.is_absolute() => Some(base.join(path).components().collect()),
        _ => None,
    }
}

/// The path with every link followed. What does not exist yet, or is a pattern, stays as it is behind the last
/// part that does exist.
fn real_path(path: &Path) -> sdk::Result<PathBuf> {
    // A link that leads nowhere exists too: writing to it would make the file at its other end.
    let there = path
        .ancestors()
        .find(|part| fs::symlink_metadata(part).is_ok());
    let there = there.unwrap_or(Path::new("/"));
    let real = fs::canonicalize(there).map_err(|error| {
        Error::new(
            Kind::Denied,
            format!("path \"{}\" cannot be followed", there.display()),
        )
        .source(error)
        .hint("check the links and permissions on the way")
    })?;
    let rest = path.strip_prefix(there).unwrap_or(Path::new(""));
    // Joined part by part, so that nothing stands behind the last one.
    Ok(real.components().chain(rest.components()).collect())
}

/// Fields of a datasource that hold a path on the machine of the server.
const PATH_FIELDS: [&str; 4] = ["root", "sslRootCert", "sslCert", "sslKey"];

/// Every path that a datasource's configuration names, with its JSON pointer: fields, and parameters of
/// addresses such as `sslkey=…`.
pub(crate) fn paths_of(config: &Map<String, Value>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (key, value) in config {
        let pointer = pointer::child("", key);
        let is_path = PATH_FIELDS
            .iter()
            .any(|field| field.eq_ignore_ascii_case(key));
        match value {
            Value::String(text) => found.extend(paths_in(text, is_path, &pointer)),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let text = item.as_str().unwrap_or_default();
                    found.extend(paths_in(text, is_path, &format!("{pointer}/{index}")));
                }
            }
            _ => {}
        }
    }
    found
}

fn paths_in(text: &str, is_path: bool, pointer: &str) -> Vec<(String, String)> {
    if is_path {
        let some = (!text.is_empty()).then(|| (pointer.to_string(), text.to_string()));
        return some.into_iter().collect();
    }
    let Some((_, query)) = text
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('?'))
    else {
        return Vec::new();
    };
    let pairs = query
        .split(['&', ';'])
        .filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(name, value)| {
            !value.is_empty()
                && PATH_FIELDS
                    .iter()
                    .any(|field| field.eq_ignore_ascii_case(name))
        })
        // What cannot be decoded is refused by the connector.
        .map(|(_, value)| {
            (
                pointer.to_string(),
                decoded(value).unwrap_or(value.to_string()),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests;
