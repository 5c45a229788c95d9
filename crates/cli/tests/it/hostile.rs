//! Bad input and bad luck, as a hostile user would try them: one clear message with the way out, the
//! right exit code, and no row lost.

mod connections;
mod disks;
mod documents;
mod partitions;
mod proxy;
mod sizes;
mod values;

use serde_json::Value;

use crate::setup::{Place, Ran};

/// A job document of two steps.
fn job(reader: &str, writer: &str, setting: &str) -> String {
    format!(
        "{{\"type\": \"job\", \"version\": \"1.0\", \"configuration\": {{\n\"reader\": {reader},\n\"writer\": {writer},\n\"setting\": {setting}}}}}"
    )
}

const STRICT: &str = r#"{"errorLimit": {"record": 0}}"#;
const TOLERANT: &str = "{}";

/// A step on a whole PostgreSQL table.
fn postgresql(table: &str) -> String {
    format!(
        r#"{{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "{table}", "column": ["*"]}}}}"#
    )
}

/// A writer of one file in the folder `out`.
fn to_file(name: &str) -> String {
    format!(
        r#"{{"plugin": "file", "parameter": {{"path": "out", "fileName": "{name}", "writeMode": "truncate"}}}}"#
    )
}

/// A reader of a file; `columns` is a JSON list.
fn from_file(path: &str, columns: &str) -> String {
    format!(r#"{{"plugin": "file", "parameter": {{"path": "{path}", "column": {columns}}}}}"#)
}

impl Place {
    /// Runs the document and reads the report that it leaves.
    fn run_job(&self, document: &str) -> (Ran, Value) {
        self.write("job.json", document);
        let report = self.path("report.json");
        let _ = std::fs::remove_file(&report);
        let ran = self.run(&["run", "job.json", "--quiet", "--report", "report.json"]);
        let report = std::fs::read_to_string(report).unwrap_or_default();
        (ran, serde_json::from_str(&report).unwrap_or(Value::Null))
    }

    /// Runs a document that must be refused or fail.
    #[track_caller]
    fn refuses(&self, document: &str, code: i32, parts: &[&str]) -> Ran {
        self.run_job(document).0.fails(code, parts)
    }

    /// Runs a document that must succeed with so many rows written and dirty; returns the dirty ones.
    #[track_caller]
    fn moves(&self, document: &str, written: u64, dirty: u64) -> Vec<Value> {
        let (ran, report) = self.run_job(document);
        let messages = ran.ok().messages;
        let counts = ["rowsRead", "rowsWritten", "rowsDirty"].map(|name| report[name].as_u64());
        assert_eq!(
            counts,
            [Some(written + dirty), Some(written), Some(dirty)],
            "{messages}"
        );
        let Some(file) = report["dirtyFile"].as_str() else {
            return Vec::new();
        };
        let text = std::fs::read_to_string(file).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}
