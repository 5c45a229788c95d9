//! Reads the golden vectors of `tests/vectors`, and those of one more folder if a variable names it.

use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use maxcompute::types::Type;
use serde_json::Value;

use crate::cells::batch_of;

/// Names a folder of vectors that are not in the repository, such as streams that were captured from a service.
const MORE: &str = "LONGSHORE_TEST_VECTORS";

pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) json: Value,
    pub(crate) bytes: Vec<u8>,
    folder: PathBuf,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

pub(crate) fn json(name: &str) -> Value {
    json_in(&folder(), name)
}

fn json_in(folder: &Path, name: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn load(name: &str) -> Vector {
    load_in(&folder(), name)
}

fn load_in(folder: &Path, name: &str) -> Vector {
    let text = std::fs::read_to_string(folder.join(format!("{name}.hex"))).unwrap();
    Vector {
        name: name.to_owned(),
        json: json_in(folder, name),
        bytes: unhex(&text),
        folder: folder.to_owned(),
    }
}

/// All vectors of one kind, in the order of their names, those of the repository first.
pub(crate) fn all(kind: &str) -> Vec<Vector> {
    let more = std::env::var_os(MORE).map(PathBuf::from);
    let mut vectors = Vec::new();
    for folder in [folder()].into_iter().chain(more) {
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".hex").map(str::to_owned))
            .collect();
        names.sort();
        vectors.extend(names.iter().map(|name| load_in(&folder, name)));
    }
    vectors.retain(|vector| vector.json["kind"] == kind);
    vectors
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| (pair[0] * 16 + pair[1]) as u8)
        .collect()
}

impl Vector {
    /// Another vector of the same folder that this one names.
    pub(crate) fn named(&self, key: &str) -> Option<Vector> {
        let name = self.json[key].as_str()?;
        let name = name.rsplit('/').next().unwrap_or(name);
        Some(load_in(&self.folder, name))
    }

    /// The document that has the columns and rows, which may be the one of another vector.
    fn described(&self) -> Value {
        match self.named("same_rows_as") {
            Some(other) => other.json,
            None => self.json.clone(),
        }
    }

    pub(crate) fn types(&self) -> Vec<Type> {
        let document = self.described();
        let columns = document["columns"].as_array().unwrap();
        columns
            .iter()
            .map(|column| column["type"].as_str().unwrap().parse().unwrap())
            .collect()
    }

    pub(crate) fn batch(&self) -> RecordBatch {
        let document = self.described();
        let rows: Vec<Vec<Value>> = document["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row.as_array().unwrap().clone())
            .collect();
        batch_of(&self.types(), &rows)
    }
}
