//! The subcommand `tidy`: the repository's own rules, which no compiler knows.
//!
//! In reading order: [`tree`] (the files that are checked), [`files`] (size, headers, names),
//! [`text`] (words that must not be written down), [`connectors`] (complete folders),
//! [`links`] (names in documents), [`arrows`] (which crate may use which), [`bans`] (crates that must stay out).
//! Each rule is a function from the tree to problems, and all problems are reported at once.

mod arrows;
mod bans;
mod connectors;
mod files;
mod links;
mod text;
mod tree;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

use crate::{Misuse, root};
use tree::Tree;

/// One broken rule at one place.
#[derive(Debug, PartialEq)]
struct Problem {
    path: String,
    /// Counted from one; absent when the rule is about the file as a whole.
    line: Option<usize>,
    message: String,
}

impl Problem {
    fn in_file(path: &str, message: impl Into<String>) -> Problem {
        Problem {
            path: path.to_owned(),
            line: None,
            message: message.into(),
        }
    }

    fn at_line(path: &str, line: usize, message: impl Into<String>) -> Problem {
        Problem {
            line: Some(line),
            ..Problem::in_file(path, message)
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}

pub(crate) fn main(arguments: &[String]) -> Result<()> {
    match arguments.first() {
        Some(argument) => Err(Misuse::unknown(argument)),
        None => run(&root::path()?),
    }
}

/// Checks the checkout at `root`.
pub(crate) fn run(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let mut problems = Vec::new();
    problems.extend(files::check(&tree));
    problems.extend(text::check(&tree));
    problems.extend(connectors::check(&tree));
    problems.extend(links::check(&tree));
    problems.extend(bans::check(&tree));
    problems.extend(arrows::check(&arrows::read(root)?));
    if problems.is_empty() {
        println!("tidy: {} files are in order", tree.len());
        return Ok(());
    }
    for problem in &problems {
        println!("{problem}");
    }
    bail!("tidy found {} problems", problems.len())
}
