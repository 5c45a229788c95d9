//! The subcommand `test`: set-up, the real servers, the console, the generated files, every test of the workspace,
//! the console's stories in a browser, and a scan for secrets in all that was said.
//!
//! The servers stop in every case: they are values that are dropped on the way out.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::canaille::Canaille;
use crate::codegen;
use crate::console;
use crate::leaks::Leaks;
use crate::phases::Phases;
use crate::postgresql::PostgreSql;
use crate::process;
use crate::root;
use crate::scratch::Scratch;
use crate::setup::{self, Need};
use crate::{Misuse, tidy};

pub(crate) fn main(arguments: &[String]) -> Result<()> {
    let selection = Selection::parse(arguments)?;
    let mut phases = Phases::default();
    let result = run(&selection, &mut phases);
    phases.print();
    let counts = result?;
    println!("{} passed, {} failed", counts.passed, counts.failed);
    Ok(())
}

/// The console among the packages, though cargo knows nothing of it.
const CONSOLE: &str = "console";

/// Which tests are wanted; nothing named means all, and then the repository's rules too.
#[derive(Debug, Default, PartialEq)]
struct Selection {
    packages: Vec<String>,
    filters: Vec<String>,
}

impl Selection {
    fn parse(arguments: &[String]) -> Result<Selection> {
        let mut selection = Selection::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match (argument.as_str(), arguments.as_slice().first()) {
                ("-p" | "--package", Some(package)) => {
                    selection.packages.push(package.clone());
                    arguments.next();
                }
                ("-p" | "--package", None) => return Err(Misuse::value("-p")),
                (flag, _) if flag.starts_with('-') => return Err(Misuse::unknown(flag)),
                (filter, _) => selection.filters.push(filter.to_owned()),
            }
        }
        Ok(selection)
    }

    fn is_everything(&self) -> bool {
        *self == Selection::default()
    }

    fn includes(&self, package: &str) -> bool {
        self.packages.is_empty() || self.packages.iter().any(|it| it == package)
    }

    /// Named, or with everything else; a filter alone means tests of the crates.
    fn wants_console(&self) -> bool {
        self.is_everything() || self.packages.iter().any(|it| it == CONSOLE)
    }

    /// Whether the console alone is wanted, so that cargo has nothing to test.
    fn is_console_only(&self) -> bool {
        !self.packages.is_empty() && self.packages.iter().all(|it| it == CONSOLE)
    }

    fn cargo_arguments(&self) -> Vec<&str> {
        let mut arguments = vec!["test", "--no-fail-fast"];
        if self.packages.is_empty() {
            arguments.push("--workspace");
        }
        for package in self.packages.iter().filter(|it| *it != CONSOLE) {
            arguments.extend(["--package", package]);
        }
        arguments
    }
}

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counts {
    passed: usize,
    failed: usize,
}

impl Counts {
    /// Adds what the closing line of one test program says; other lines count nothing.
    fn add_line(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else {
            return;
        };
        // "ok. 3 passed; 0 failed; …": each count stands before its word.
        let words: Vec<&str> = rest.split([' ', ';']).collect();
        for pair in words.windows(2) {
            let count = pair[0].parse().unwrap_or(0);
            match pair[1] {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                _ => {}
            }
        }
    }
}

fn run(selection: &Selection, phases: &mut Phases) -> Result<Counts> {
    if selection.is_everything() {
        phases.run("format", || {
            process::run(root::cargo()?.args(["fmt", "--all", "--check"]))
        })?;
        phases.run("tidy", || tidy::run(&root::path()?))?;
    }
    let scratch = Scratch::temporary()?;
    let servers = phases.run("set-up", || Servers::start(selection, scratch.path()))?;
    let mut counts = Counts::default();
    if selection.wants_console() {
        // Before the build, which takes the console into the executable.
        counts.passed += phases.run("console", || {
            console::build()?;
            console::check()
        })?;
    }
    phases.run("build", || build(selection))?;
    if selection.is_everything() {
        // The build has left the executable that writes them.
        phases.run("generated", codegen::compare)?;
    }
    let output = scratch.path().join("output");
    fs::create_dir(&output)?;
    let mut variables = servers.variables();
    variables.push(("LONGSHORE_TEST_OUTPUT", output.display().to_string()));
    let mut leaks = Leaks::new(&[servers.postgresql.password()]);
    if !selection.is_console_only() {
        let tests = phases.run("tests", || {
            let mut tests = Counts::default();
            let mut cargo = root::cargo()?;
            cargo.args(selection.cargo_arguments()).arg("--");
            cargo.args(&selection.filters).envs(variables.clone());
            let status = process::lines(&mut cargo, |line| {
                println!("{line}");
                tests.add_line(line);
                leaks.look("the output of the tests", line);
            })?;
            judge(tests, status.success())
        })?;
        counts.passed += tests.passed;
    }
    if selection.wants_console() {
        counts.passed += phases.run("stories", || {
            console::stories(&selection.filters, &variables)
        })?;
    }
    phases.run("secrets", || {
        let bytes = leaks.look_at_files(&output)?;
        if bytes == 0 && selection.is_everything() {
            bail!("no server has said anything, so there was nothing to scan");
        }
        println!("scanned {bytes} bytes of logs and answers for secrets");
        leaks.judge()
    })?;
    Ok(counts)
}

/// The real servers of a test run; dropping the value stops them.
struct Servers {
    postgresql: PostgreSql,
    provider: Option<Canaille>,
}

impl Servers {
    fn start(selection: &Selection, scratch: &Path) -> Result<Servers> {
        setup::prepare(&[Need::PostgreSql, Need::OpenSsl, Need::Python])?;
        if selection.wants_console() {
            setup::prepare(&[Need::Node, Need::Chromium])?;
        }
        Ok(Servers {
            postgresql: PostgreSql::start(scratch)?,
            provider: match selection.includes("server") {
                true => Some(Canaille::start(scratch)?),
                false => None,
            },
        })
    }

    /// Where the tests find them.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = self.postgresql.variables();
        variables.extend(self.provider.iter().flat_map(Canaille::variables));
        variables
    }
}

fn build(selection: &Selection) -> Result<()> {
    let mut cargo = root::cargo()?;
    match selection.is_console_only() {
        true => cargo.args(["build", "--workspace", "--bins"]),
        // The executables that the console's stories need are built for the tests of their crates, too.
        false => cargo.args(selection.cargo_arguments()).arg("--no-run"),
    };
    process::run(&mut cargo)
}

fn judge(counts: Counts, success: bool) -> Result<Counts> {
    let Counts { passed, failed } = counts;
    if passed + failed == 0 {
        bail!("no test was executed");
    }
    if failed > 0 || !success {
        bail!("tests failed\n{passed} passed, {} failed", failed.max(1));
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_closing_lines_of_test_programs() {
        let mut counts = Counts::default();
        for line in [
            "running 4 tests",
            "test it::passed_and_failed ... ok",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 12 filtered out; finished in 0.01s",
            "test result: FAILED. 10 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out",
        ] {
            counts.add_line(line);
        }
        assert_eq!(
            counts,
            Counts {
                passed: 13,
                failed: 2
            }
        );
    }

    #[test]
    fn a_run_without_a_test_fails_and_so_does_one_that_broke_off() {
        let one = Counts {
            passed: 1,
            failed: 0,
        };
        assert!(judge(Counts::default(), true).is_err());
        assert!(
            judge(
                Counts {
                    passed: 1,
                    failed: 1
                },
                false
            )
            .is_err()
        );
        let broken = judge(one, false).unwrap_err().to_string();
        assert!(broken.ends_with("1 passed, 1 failed"), "{broken}");
        assert_eq!(judge(one, true).unwrap(), one);
    }

    #[test]
    fn packages_and_filters_are_told_apart() {
        let words = ["-p", "job", "parse", "--package", "sdk"].map(String::from);
        let selection = Selection::parse(&words).unwrap();
        assert_eq!(selection.filters, ["parse"]);
        assert_eq!(
            selection.cargo_arguments(),
            [
                "test",
                "--no-fail-fast",
                "--package",
                "job",
                "--package",
                "sdk"
            ]
        );
        assert!(Selection::parse(&["-x".to_owned()]).is_err());
        assert!(Selection::parse(&["-p".to_owned()]).is_err());
        assert!(Selection::parse(&[]).unwrap().is_everything());
        assert!(!Selection::parse(&[]).unwrap().is_console_only());
        let console = Selection::parse(&["-p", "console"].map(String::from)).unwrap();
        assert!(console.is_console_only());
    }
}
