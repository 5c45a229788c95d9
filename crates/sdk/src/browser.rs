//! The contract of looking around in a data source: connectivity test, tables, columns, preview.

use std::time::Duration;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use serde::Serialize;

use crate::{Column, Result};

/// One stage of a connectivity test: resolve, connect, TLS, login, list tables.
#[derive(Debug)]
pub struct PingStage {
    /// The stage's name in lower case.
    pub name: &'static str,
    /// How long it took.
    pub took: Duration,
    /// A remark such as the resolved address or the server's version, or why it failed.
    pub outcome: Result<String>,
}

/// A table as it can be named in a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableName {
    /// The name to put into a job's `table`, for example `public.person`.
    pub name: String,
    /// What it is: table, view, partitioned table, file.
    pub kind: String,
}

/// Looks into a data source on behalf of a person; every call ends within seconds.
#[async_trait]
pub trait Browser: Send + Sync {
    /// Tests connectivity stage by stage and stops at the first failure, which is the last stage.
    async fn ping(&self) -> Vec<PingStage>;

    /// Tables whose name contains `search` (any case), in name order, at most `limit`.
    async fn tables(&self, search: &str, limit: usize) -> Result<Vec<TableName>>;

    /// The columns of a table, partition columns included.
    async fn columns(&self, table: &str) -> Result<Vec<Column>>;

    /// The first rows of a table, at most `row_count`.
    async fn preview(&self, table: &str, row_count: usize) -> Result<RecordBatch>;
}
