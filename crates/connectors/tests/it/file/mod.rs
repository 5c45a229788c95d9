//! The connector `file` on the local file system.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bad_input;
mod csv;
mod json;
mod parquet;
mod round_trip;
mod write;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A root folder with files in it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    fn with(files: &[(&str, &[u8])]) -> Folder {
        let folder = Folder::new();
        for (name, bytes) in files {
            folder.put(name, bytes);
        }
        folder
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("it is below the root")).expect("folders");
        std::fs::write(path, bytes).expect("files can be written");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn config(&self) -> Value {
        json!({ "root": self.0.path() })
    }

    /// All names in the root, hidden ones included.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.0.path())
            .expect("the root can be listed")
            .map(|entry| {
                entry
                    .expect("entries can be listed")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).expect("the file is text")
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).expect("the file can be read")
    }
}
