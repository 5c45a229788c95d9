//! The conformance suite of `testkit` over the connectors, and every reader with every writer.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod extremes;
mod file;
mod odps;
mod pairs;
mod postgresql;
mod stream;

use serde_json::Value;
use testkit::conformance::{Datasource, Table, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_keeps_the_contract() {
    run(&postgresql::subject().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odps_keeps_the_contract() {
    run(&odps::subject().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn csv_files_keep_the_contract() {
    run(&file::csv()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_files_keep_the_contract() {
    run(&file::json_lines()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parquet_files_keep_the_contract() {
    run(&file::parquet()).await;
}

fn datasource(connector: &str, config: Value) -> Datasource {
    let Value::Object(config) = config else {
        panic!("a configuration is an object");
    };
    Datasource {
        connector: connector.to_string(),
        config,
    }
}

fn names(table: &Table) -> Vec<&str> {
    table
        .columns
        .iter()
        .map(|(name, _)| name.as_str())
        .collect()
}

/// Columns as a DDL statement lists them.
fn definitions(table: &Table, quote: char) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|(name, native)| format!("{quote}{name}{quote} {native}"))
        .collect();
    columns.join(", ")
}
