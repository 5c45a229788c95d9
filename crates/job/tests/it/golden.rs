//! Golden tests: each document of `tests/golden` beside what becomes of it.
//!
//! `NAME.json` is the input, `NAME.expected` its job and its problems, `NAME.converted` the converted document.
//! `BLESS=1 cargo test -p job` writes the expected files anew.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use job::{Document, Options, Parameters, Spelling};

use crate::now;

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> = fs::read_dir(root.join("tests/golden"))
        .expect("a folder of documents")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    paths.extend(["import", "export"].map(|name| root.join(format!("../../examples/{name}.json"))));
    paths.sort();
    paths
}

fn outcome(path: &Path) -> String {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .expect("a name");
    let text = fs::read_to_string(path).expect("a document");
    let mut parameters = Parameters::at(now(), None, None);
    if text.contains("{table}") {
        parameters.set("table", "person").expect("a parameter");
    }
    let mut out = String::new();
    let result = Document::parse(name, &text)
        .and_then(|document| job::normalise(&document, &Options::new(parameters)));
    let problems = match result {
        Ok((mut job, warnings)) => {
            job.origins = Default::default();
            let json = serde_json::to_string_pretty(&job).expect("plain data");
            writeln!(out, "{json}").expect("a string");
            warnings
        }
        Err(problems) => problems,
    };
    if !problems.is_empty() {
        write!(out, "{problems}").expect("a string");
    }
    out
}

fn compare(path: &Path, actual: &str) -> Result<(), String> {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, actual).expect("a writable folder");
        return Ok(());
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    match expected == actual {
        true => Ok(()),
        false => Err(format!("{}:\n{actual}", path.display())),
    }
}

#[test]
fn documents_become_what_is_written_beside_them() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut wrong = Vec::new();
    let paths = documents();
    assert!(paths.len() >= 10);
    for path in paths {
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .expect("a name");
        let expected = golden.join(format!("{name}.expected"));
        wrong.extend(compare(&expected, &outcome(&path)).err());

        let text = fs::read_to_string(&path).expect("a document");
        let Ok(document) = Document::parse(name, &text) else {
            continue;
        };
        if document.spelling() == Spelling::Seed {
            continue;
        }
        if let Ok((converted, _)) = job::convert(&document) {
            let expected = golden.join(format!("{name}.converted"));
            wrong.extend(compare(&expected, &converted).err());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
