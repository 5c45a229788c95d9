//! Jobs over the store in memory.

use std::sync::Arc;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use arrow_schema::DataType;
use engine::{Datasource, Datasources};
use sdk::Column;
use serde_json::json;
use tempfile::TempDir;
use testkit::{MemoryStore, TestRun, id_column, schema_of};

/// One job from a source store to a target store, both of this test's own.
pub(crate) struct Bench {
    pub(crate) source: MemoryStore,
    pub(crate) target: MemoryStore,
    pub(crate) folder: TempDir,
    datasources: Datasources,
    registry: sdk::Registry,
}

impl Bench {
    pub(crate) fn new(name: &str) -> Self {
        let datasource = |end: &str| {
            let store = format!("{name}-{end}");
            let config = json!({ "store": store.as_str() });
            let config = config.as_object().cloned().unwrap_or_default();
            (
                MemoryStore::named(&store),
                Datasource {
                    connector: "memory".to_string(),
                    config,
                },
            )
        };
        let ((source, from), (target, to)) = (datasource("source"), datasource("target"));
        Bench {
            source,
            target,
            folder: tempfile::tempdir().unwrap(),
            datasources: Datasources::from([("from".to_string(), from), ("to".to_string(), to)]),
            registry: testkit::registry(),
        }
    }

    /// Offers `split_count` splits of `rows` rows each in batches of 10, ids counting from 0.
    pub(crate) fn with_rows(self, split_count: i64, rows: i64) -> Self {
        let columns = vec![id_column(), Column::new("name", DataType::Utf8)];
        let splits = (0..split_count)
            .map(|split| {
                let ids: Vec<i64> = (split * rows..(split + 1) * rows).collect();
                ids.chunks(10).map(|ids| batch(&columns, ids)).collect()
            })
            .collect();
        self.source.offer(columns, splits);
        self
    }

    pub(crate) fn run<'a>(&'a self, document: &'a str) -> TestRun<'a> {
        TestRun {
            document,
            registry: &self.registry,
            datasources: &self.datasources,
            folder: self.folder.path(),
        }
    }
}

fn batch(columns: &[Column], ids: &[i64]) -> RecordBatch {
    let names: Vec<String> = ids.iter().map(|id| format!("name {id}")).collect();
    RecordBatch::try_new(
        schema_of(columns),
        vec![
            Arc::new(Int64Array::from(ids.to_vec())),
            Arc::new(StringArray::from(names)),
        ],
    )
    .unwrap()
}

/// A document in the seed's spelling.
pub(crate) fn document(columns: &str, more: &str, setting: &str) -> String {
    format!(
        r#"{{"type": "job", "version": "1.0", "configuration": {{
            "reader": {{"plugin": "memory", "parameter": {{"datasource": "from", "column": {columns}}}}},
            "writer": {{"plugin": "memory", "parameter": {{"datasource": "to"}}}},
            {more} "setting": {setting}}}}}"#
    )
}

/// All columns, three channels, no retries unless `setting` says more.
pub(crate) fn plain(setting: &str) -> String {
    document(
        r#"["*"]"#,
        "",
        &format!(r#"{{"speed": {{"concurrent": 3}} {setting}}}"#),
    )
}

pub(crate) fn all_ids(count: i64) -> Vec<i64> {
    (0..count).collect()
}
