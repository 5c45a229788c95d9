//! Looking around in a root folder: its files are the tables.

use std::path::Path;
use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema};
use async_trait::async_trait;
use futures::StreamExt;
use sdk::{
    BrowsedColumn, Browser, Column, Entry, Error, Kind, Listing, PingStage, ReadOptions, Reader,
    Result,
};

use super::config::Datasource;
use crate::format::FileFormat;
use crate::format::background::blocking;
use crate::store::{list_root, shown};

/// Bytes of a preview.
const PREVIEW_BYTES: usize = 1 << 20;

/// Batches in which a preview looks for a row that can be read.
const PREVIEW_BATCHES: usize = 100;

/// The browser of a datasource.
pub(super) fn open(datasource: Datasource) -> Box<dyn Browser> {
    Box::new(FileBrowser { datasource })
}

struct FileBrowser {
    datasource: Datasource,
}

impl FileBrowser {
    async fn reader(&self, table: &str) -> Result<Box<dyn Reader>> {
        super::read::look(self.datasource.clone(), table.to_string()).await
    }
}

#[async_trait]
impl Browser for FileBrowser {
    async fn ping(&self) -> Vec<PingStage> {
        let started = Instant::now();
        let datasource = self.datasource.clone();
        let outcome = blocking(move || match datasource.checked_root()? {
            None => Ok("no root is set, so any path can be read".to_string()),
            Some(root) => {
                let entries = std::fs::read_dir(&root)
                    .map_err(|error| crate::store::read_error(&shown(&root), error))?;
                Ok(format!(
                    "{} holds {} entries",
                    shown(&root),
                    entries.count()
                ))
            }
        })
        .await;
        vec![PingStage {
            name: "open root",
            took: started.elapsed(),
            outcome,
        }]
    }

    async fn list(&self, what: Listing<'_>, search: &str, limit: usize) -> Result<Vec<Entry>> {
        if what != Listing::Tables {
            return Err(what.unsupported());
        }
        let (datasource, search) = (self.datasource.clone(), search.to_string());
        let paths = blocking(move || match datasource.checked_root()? {
            Some(root) => list_root(&root, &search, limit),
            None => Err(Error::new(
                Kind::Config,
                "the datasource has no root folder to look into",
            )
            .hint("set `root` to see its files")),
        })
        .await?;
        Ok(paths.iter().map(|path| table_name(path)).collect())
    }

    async fn columns(&self, table: &str) -> Result<Vec<BrowsedColumn>> {
        let columns = self.reader(table).await?.schema().await?;
        let browsed = |column| BrowsedColumn::new(column, "files are cut by their length");
        Ok(columns.into_iter().map(browsed).collect())
    }

    async fn preview(&self, table: &str, row_count: usize) -> Result<RecordBatch> {
        let reader = self.reader(table).await?;
        let columns = reader.schema().await?;
        let fields: Vec<Field> = columns.iter().map(Column::field).collect();
        let empty = RecordBatch::new_empty(Schema::new(fields).into());
        let splits = reader.splits(1).await?;
        let Some(split) = splits.splits.first() else {
            return Ok(empty);
        };
        let options = ReadOptions {
            wire: vec![false; columns.len()],
            batch_rows: row_count.max(1),
            batch_bytes: PREVIEW_BYTES,
        };
        let mut batches = reader.read(split, &options).await?.take(PREVIEW_BATCHES);
        while let Some(read) = batches.next().await {
            let batch = read?.batch;
            if batch.num_rows() > 0 {
                return Ok(batch.slice(0, row_count.min(batch.num_rows())));
            }
        }
        Ok(empty)
    }
}

fn table_name(path: &Path) -> Entry {
    let name = shown(path);
    let kind = match FileFormat::guess(&name) {
        Some(FileFormat::Parquet) => "Parquet file",
        Some(FileFormat::Json | FileFormat::Jsonl) => "JSON lines file",
        Some(FileFormat::Csv) => "CSV file",
        Some(FileFormat::Text) | None => "file",
    };
    Entry {
        name,
        kind: kind.to_string(),
    }
}
