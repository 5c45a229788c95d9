//! The subcommand `fuzz`: one fuzz target for a limited time.
//!
//! The targets and their corpora live in `fuzz/`. The fuzz targets need another compiler, so what they call stands in
//! `fuzz/bodies`, which the normal tests compile and call with the corpora.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{Misuse, process, root};

const DEFAULT_SECONDS: u32 = 60;

pub(crate) fn main(arguments: &[String]) -> Result<()> {
    let (target, seconds) = match arguments {
        [] => return Err(Misuse("no target is named".to_owned()).into()),
        [flag, ..] if flag.starts_with('-') => return Err(Misuse::unknown(flag)),
        [target] => (target, DEFAULT_SECONDS),
        [target, seconds] => {
            let number = seconds.parse().map_err(|_| Misuse::value("SECONDS"))?;
            (target, number)
        }
        [_, _, surplus, ..] => return Err(Misuse::unknown(surplus)),
    };
    let root = root::path()?;
    let script = format!("fuzz/fuzz_targets/{target}.rs");
    if !root.join(&script).is_file() {
        return Err(Misuse(format!(
            "there is no target {target:?}, since {script} does not exist"
        ))
        .into());
    }
    // Sanitizers exist in the nightly compiler only, so the pinned toolchain is left here.
    let is_there = Command::new("cargo")
        .args(["+nightly", "fuzz", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !is_there {
        bail!(
            "fuzzing needs the nightly toolchain and cargo-fuzz\n  \
             install with: rustup toolchain install nightly && cargo install cargo-fuzz"
        );
    }
    // New inputs go to the first folder, so the committed corpus grows only on purpose.
    let (grown, corpus) = (
        format!("fuzz/grown/{target}"),
        format!("fuzz/corpus/{target}"),
    );
    fs::create_dir_all(root.join(&grown)).with_context(|| format!("cannot make {grown}"))?;
    process::run(
        Command::new("cargo")
            .args(["+nightly", "fuzz", "run", target, &grown, &corpus, "--"])
            .arg(format!("-max_total_time={seconds}"))
            .current_dir(root),
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The sorted names in a folder, without their endings.
    fn names(path: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn every_target_is_declared_and_has_a_body_and_a_corpus() {
        let fuzz = root::path().unwrap().join("fuzz");
        let targets = names(&fuzz.join("fuzz_targets"));
        assert!(!targets.is_empty());
        assert_eq!(names(&fuzz.join("bodies")), targets);
        assert_eq!(names(&fuzz.join("corpus")), targets);
        let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
        for target in &targets {
            let path = format!("path = \"fuzz_targets/{target}.rs\"");
            assert!(manifest.contains(&path), "{target}");
        }
    }
}
