//! Reads the golden vectors of `tests/vectors`.

use std::path::PathBuf;

use arrow_array::RecordBatch;
use maxcompute::types::Type;
use serde_json::Value;

use crate::cells::batch_of;

pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) json: Value,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

pub(crate) fn json(name: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn load(name: &str) -> Vector {
    let text = std::fs::read_to_string(folder().join(format!("{name}.hex"))).unwrap();
    Vector {
        name: name.to_owned(),
        json: json(name),
        bytes: unhex(&text),
    }
}

/// All vectors of one kind, in the order of their names.
pub(crate) fn all(kind: &str) -> Vec<Vector> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".hex").map(str::to_owned))
        .collect();
    names.sort();
    names
        .iter()
        .map(|name| load(name))
        .filter(|vector| vector.json["kind"] == kind)
        .collect()
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
    /// The document that has the columns and rows, which may be the one of another vector.
    fn described(&self) -> Value {
        match self.json["same_rows_as"].as_str() {
            Some(other) => json(other),
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
