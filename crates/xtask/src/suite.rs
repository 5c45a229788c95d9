//! The subcommand `test`: set-up, the real servers, the generated files, every test of the workspace, and a scan for
//! secrets in all that they said.
//!
//! The servers stop in every case: they are values that are dropped on the way out.

use std::fs;

use anyhow::{Result, bail};

use crate::canaille::Canaille;
use crate::codegen;
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

    fn cargo_arguments(&self) -> Vec<&str> {
        let mut arguments = vec!["test", "--no-fail-fast"];
        if self.packages.is_empty() {
            arguments.push("--workspace");
        }
        for package in &self.packages {
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
    let (scratch, servers, variables) = phases.run("set-up", || {
        setup::prepare(&[Need::PostgreSql, Need::OpenSsl, Need::Python])?;
        let scratch = Scratch::temporary()?;
        let mut variables = Vec::new();
        let servers = PostgreSql::start(scratch.path())?;
        variables.extend(servers.variables());
        let provider = match selection.includes("server") {
            true => Some(Canaille::start(scratch.path())?),
            false => None,
        };
        variables.extend(provider.iter().flat_map(Canaille::variables));
        Ok((scratch, (servers, provider), variables))
    })?;
    phases.run("build", || {
        process::run(
            root::cargo()?
                .args(selection.cargo_arguments())
                .arg("--no-run"),
        )
    })?;
    if selection.is_everything() {
        // The build has left the executable that writes them.
        phases.run("generated", codegen::compare)?;
    }
    let output = scratch.path().join("output");
    fs::create_dir(&output)?;
    let mut leaks = Leaks::new(&[servers.0.password()]);
    let counts = phases.run("tests", || {
        let mut cargo = root::cargo()?;
        cargo.args(selection.cargo_arguments()).arg("--");
        cargo.args(&selection.filters).envs(variables);
        cargo.env("LONGSHORE_TEST_OUTPUT", &output);
        let mut counts = Counts::default();
        let status = process::lines(&mut cargo, |line| {
            println!("{line}");
            counts.add_line(line);
            leaks.look("the output of the tests", line);
        })?;
        judge(counts, status.success())
    })?;
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
    }
}
