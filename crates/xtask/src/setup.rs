//! What a machine must have: finds it, installs what is missing, or says exactly what to install.
//!
//! Owns the list of system programs that the tests and the demo need. Starting them is left to
//! the modules that use them.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::node::{self, Node};
use crate::process;

/// The oldest PostgreSQL that the connector supports and the tests run against.
const OLDEST_POSTGRESQL: u32 = 13;

/// The programs that are Chromium, by the names that systems and its makers give them.
const CHROMIUM: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// A thing the machine must have, besides Rust.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Need {
    PostgreSql,
    OpenSsl,
    Python,
    /// For the console's build and tests.
    Node,
    /// With a font that has Chinese in it.
    Chromium,
}

impl Need {
    fn present(self) -> bool {
        match self {
            Need::PostgreSql => find_postgresql().is_some(),
            Need::OpenSsl => answers("openssl", &["version"]),
            // Debian splits the environments off into a package of their own.
            Need::Python => answers("python3", &["-c", "import venv, ensurepip"]),
            // Python fetches it.
            Need::Node => node::is_on_machine() || Need::Python.present(),
            Need::Chromium => chromium().is_some(),
        }
    }

    fn packages(self) -> &'static [&'static str] {
        match self {
            Need::PostgreSql => &["postgresql"],
            Need::OpenSsl => &["openssl"],
            Need::Python | Need::Node => &["python3", "python3-venv"],
            Need::Chromium => &["chromium", "fonts-noto-cjk"],
        }
    }
}

/// Makes sure that everything needed is there; installs it where we may.
pub(crate) fn prepare(needs: &[Need]) -> Result<()> {
    install_packages(needs)?;
    match needs.contains(&Need::Node) {
        true => Node::prepare(),
        false => Ok(()),
    }
}

fn install_packages(needs: &[Need]) -> Result<()> {
    let packages = missing_packages(needs);
    if packages.is_empty() {
        return Ok(());
    }
    let Some(privilege) = Privilege::find() else {
        bail!(
            "{}",
            advice(
                &packages,
                "neither root nor password-less sudo is available here"
            )
        );
    };
    println!("installing {}", packages.join(" "));
    install(privilege, &packages).with_context(|| advice(&packages, "apt-get failed"))?;
    let packages = missing_packages(needs);
    if !packages.is_empty() {
        bail!(
            "{}",
            advice(&packages, "apt-get installed them but they do not answer")
        );
    }
    Ok(())
}

fn missing_packages(needs: &[Need]) -> Vec<&'static str> {
    let mut packages = Vec::new();
    for need in needs.iter().filter(|need| !need.present()) {
        for package in need.packages() {
            if !packages.contains(package) {
                packages.push(*package);
            }
        }
    }
    packages
}

fn advice(packages: &[&str], reason: &str) -> String {
    format!(
        "this machine lacks {}, and {reason}\n  install with: sudo apt-get install -y {}\n  \
         (PostgreSQL must be {OLDEST_POSTGRESQL} or newer; other systems: the packages of the same purpose; \
         where Chromium is no package, any program of it that the variable CHROMIUM names)",
        packages.join(", "),
        packages.join(" "),
    )
}

/// How packages can be installed.
#[derive(Clone, Copy)]
enum Privilege {
    Root,
    Sudo,
}

impl Privilege {
    fn find() -> Option<Privilege> {
        if !answers("apt-get", &["--version"]) {
            None
        } else if is_root() {
            Some(Privilege::Root)
        } else if answers("sudo", &["-n", "true"]) {
            Some(Privilege::Sudo)
        } else {
            None
        }
    }

    fn command(self, program: &str) -> Command {
        let mut command = match self {
            Privilege::Root => Command::new("env"),
            Privilege::Sudo => {
                let mut command = Command::new("sudo");
                command.args(["-n", "env"]);
                command
            }
        };
        command.args(["DEBIAN_FRONTEND=noninteractive", program]);
        command
    }
}

fn install(privilege: Privilege, packages: &[&str]) -> Result<()> {
    if packages.contains(&"postgresql") {
        // Debian's package would start a server of its own; only the programs are wanted.
        let no_cluster = "mkdir -p /etc/postgresql-common/createcluster.d && \
            echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/longshore.conf";
        process::run(privilege.command("sh").args(["-c", no_cluster]))?;
    }
    process::run(privilege.command("apt-get").args(["update", "-q"]))?;
    process::run(
        privilege
            .command("apt-get")
            .args(["install", "-y", "-q", "--no-install-recommends"])
            .args(packages),
    )
}

/// The folder with `postgres`, `initdb` and `psql` of one PostgreSQL.
pub(crate) fn postgresql_programs() -> Result<PathBuf> {
    find_postgresql().context("PostgreSQL's server programs are not on this machine")
}

fn find_postgresql() -> Option<PathBuf> {
    postgresql_candidates().into_iter().find(|folder| {
        folder.join("initdb").is_file()
            && folder.join("psql").is_file()
            && postgresql_version(folder).is_some_and(|version| version >= OLDEST_POSTGRESQL)
    })
}

/// Where a PostgreSQL may be: what PATH says comes first, then Debian's folders, newest first.
fn postgresql_candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect::<Vec<_>>())
        .unwrap_or_default()
        .into_iter()
        // The server looks for its other programs beside itself, so a link has to be followed.
        .filter_map(|folder| fs::canonicalize(folder.join("postgres")).ok())
        .filter_map(|program| program.parent().map(Path::to_owned))
        .collect();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(
            String::from_utf8_lossy(&output.stdout).trim(),
        ));
    }
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .collect();
    debian.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    folders.extend(debian.into_iter().map(|(_, folder)| folder.join("bin")));
    folders
}

fn postgresql_version(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    major_version(&String::from_utf8_lossy(&output.stdout))
}

/// The major version in the answer to `postgres --version`.
fn major_version(answer: &str) -> Option<u32> {
    let version = answer.split_whitespace().nth(2)?;
    let digits = version.find(|c: char| !c.is_ascii_digit());
    version[..digits.unwrap_or(version.len())].parse().ok()
}

/// The program of Chromium that the console's stories are told in; the variable CHROMIUM names another one.
pub(crate) fn chromium() -> Option<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM") {
        return Some(named.into());
    }
    let path = env::var_os("PATH")?;
    let programs = CHROMIUM
        .iter()
        .flat_map(|name| env::split_paths(&path).map(move |folder| folder.join(name)));
    // On Ubuntu, one of them is a script that only says how to get the snap.
    programs
        .into_iter()
        .find(|program| program.is_file() && answers(program, &["--version"]))
}

/// True when this process may do everything.
pub(crate) fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

pub(crate) fn answers(program: impl AsRef<OsStr>, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version_of_releases_and_previews() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(major_version(debian), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major_version("postgres (PostgreSQL) 9.6.24"), Some(9));
        assert_eq!(major_version(""), None);
    }

    #[test]
    fn advice_is_one_command_to_copy() {
        let text = advice(&["postgresql", "openssl"], "nobody may");
        assert!(
            text.contains("sudo apt-get install -y postgresql openssl\n"),
            "{text}"
        );
        assert!(text.contains("PostgreSQL must be 13"), "{text}");
    }
}
