//! Looking around: the connectivity test step by step, tables, columns, the first rows.

use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use async_trait::async_trait;
use futures::TryStreamExt;
use sdk::{
    BrowsedColumn, Browser, Column, Entry, Error, Kind, Listing, PingStage, ReadBatch, ReadOptions,
    Result, TableDraft, TableWish,
};

use super::catalog::{find_table, table_columns, types};
use super::config::{Datasource, ReaderParameters};
use super::connect::{connect, dial, log_in, resolve, secure};
use super::draft;
use super::read;
use super::session::Session;
use super::split::split_key;
use super::sql::{identifier, literal, shown};
use super::tap::Link;
use super::typemap::map;
use super::url::{Address, addresses};
use crate::sql::create_table::only_create_table;

/// A table that is not made by then waits for somebody else's lock.
const CREATION_TIME: &str = "SET statement_timeout = '20s'";

/// Opens the browser; it connects anew for each question.
pub(crate) fn open(source: Datasource) -> Box<dyn Browser> {
    Box::new(PgBrowser { source })
}

struct PgBrowser {
    source: Datasource,
}

/// Stages of a connectivity test, each with its time.
struct Stages(Vec<PingStage>);

impl Stages {
    /// Notes how a stage ended; `None` ends the test.
    async fn run<T>(
        &mut self,
        name: &'static str,
        step: impl Future<Output = Result<(T, String)>>,
    ) -> Option<T> {
        let start = Instant::now();
        let (value, outcome) = match step.await {
            Ok((value, remark)) => (Some(value), Ok(remark)),
            Err(error) => (None, Err(error)),
        };
        self.0.push(PingStage {
            name,
            took: start.elapsed(),
            outcome,
        });
        value
    }

    async fn all(&mut self, address: &Address) -> Option<()> {
        let step = async {
            let sockets = resolve(address).await?;
            let list: Vec<String> = sockets.iter().map(|s| s.ip().to_string()).collect();
            Ok((sockets, list.join(", ")))
        };
        let sockets = self.run("resolve", step).await?;
        let step = async {
            let (stream, socket) = dial(address, &sockets).await?;
            Ok((stream, socket.to_string()))
        };
        let stream = self.run("connect", step).await?;
        let step = async {
            let link = secure(address, stream).await?;
            let remark = match link {
                Link::Tls(_) => "encrypted",
                Link::Plain(_) => "not encrypted",
            };
            Ok((link, remark.to_string()))
        };
        let link = self.run("tls", step).await?;
        let step = async {
            let session = log_in(address, link).await?;
            session.set_up(&[]).await?;
            let version = session.value("SELECT version()").await;
            let version = version.map_err(|f| f.into_error("cannot ask for the version"))?;
            Ok((session, version.unwrap_or_default()))
        };
        let session = self.run("login", step).await?;
        let step = async {
            let sql = format!("SELECT count(*) FROM ({TABLES}) AS t");
            let count = session.value(&sql).await;
            let count = count.map_err(|f| f.into_error("cannot list tables"))?;
            Ok(((), format!("{} tables", count.unwrap_or_default())))
        };
        self.run("tables", step).await
    }
}

/// Everything that can be read like a table and is not the server's own.
const TABLES: &str = "SELECT n.nspname, c.relname, c.relkind FROM pg_catalog.pg_class AS c \
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' \
    AND n.nspname NOT LIKE 'pg\\_%' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')";

/// The schemas of such tables, as far as one may look into them.
const SCHEMAS: &str = "SELECT n.nspname, NULL FROM pg_catalog.pg_namespace AS n \
    WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' \
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')";

/// The partitions of a table by its number. They are tables, and a job names them so.
const PARTITIONS: &str = "SELECT n.nspname, c.relname FROM pg_catalog.pg_inherits AS i \
    JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid \
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
    WHERE c.relispartition AND i.inhparent =";

#[async_trait]
impl Browser for PgBrowser {
    async fn ping(&self) -> Vec<PingStage> {
        let addresses = match addresses(&self.source) {
            Ok(addresses) => addresses,
            Err(error) => {
                return vec![PingStage {
                    name: "resolve",
                    took: std::time::Duration::ZERO,
                    outcome: Err(error),
                }];
            }
        };
        let mut stages = Stages(Vec::new());
        for address in &addresses {
            // Of several servers, the first that can be reached is the one that counts.
            stages.0.clear();
            stages.all(address).await;
            let failed = stages
                .0
                .last()
                .and_then(|stage| stage.outcome.as_ref().err());
            if failed.is_none_or(|error| error.kind() != Kind::Unreachable) {
                break;
            }
        }
        stages.0
    }

    async fn list(&self, what: Listing<'_>, search: &str, limit: usize) -> Result<Vec<Entry>> {
        let session = connect(&self.source, &[]).await?;
        match what {
            Listing::Tables => tables(&session, search, limit).await,
            Listing::Schemas => parts(&session, (SCHEMAS, "schema"), search, limit).await,
            Listing::Partitions(name) => {
                let table = find_table(&session, name).await?;
                let from = format!("{PARTITIONS} {}", table.oid);
                parts(&session, (&from, "partition"), search, limit).await
            }
        }
    }

    async fn columns(&self, table: &str) -> Result<Vec<BrowsedColumn>> {
        let session = connect(&self.source, &[]).await?;
        let table = find_table(&session, table).await?;
        let columns = table_columns(&session, &table).await?;
        let oids: Vec<u32> = columns.iter().map(|column| column.type_oid).collect();
        let types = types(&session, &oids).await?;
        Ok(columns
            .iter()
            .map(|column| {
                let mapped = map(&types, column.type_oid, column.modifier);
                BrowsedColumn {
                    split_key: split_key(&mapped, &column.native),
                    column: mapped.column(column),
                    partition: false,
                    has_default: column.has_default,
                }
            })
            .collect())
    }

    async fn preview(&self, table: &str, row_count: usize) -> Result<RecordBatch> {
        let session = connect(&self.source, &[]).await?;
        let table = find_table(&session, table).await?;
        let columns = table_columns(&session, &table).await?;
        drop(session);
        let from = format!("FROM {} LIMIT {row_count}", table.sql());
        let names: Vec<String> = columns.iter().map(|c| identifier(&c.name)).collect();
        let (batch, unreadable) = self
            .rows(format!("SELECT {} {from}", names.join(", ")))
            .await?;
        if unreadable == 0 {
            return Ok(batch);
        }
        // A person would rather see every row as text than miss the unusual ones.
        let texts: Vec<String> = names.iter().map(|name| format!("{name}::text")).collect();
        let (batch, _) = self
            .rows(format!("SELECT {} {from}", texts.join(", ")))
            .await?;
        Ok(batch)
    }

    fn draft(&self, wish: &TableWish<'_>) -> Result<TableDraft> {
        draft::draft(wish)
    }

    async fn create(&self, statement: &str) -> Result<()> {
        let statement = only_create_table(statement, &draft::QUOTES)?;
        let session = connect(&self.source, &[]).await?;
        for sql in [CREATION_TIME, statement] {
            let done = session.run(sql).await;
            done.map_err(|failure| failure.into_error("cannot make the table"))?;
        }
        Ok(())
    }
}

async fn tables(session: &Session, search: &str, limit: usize) -> Result<Vec<Entry>> {
    let sql = format!(
        "SELECT nspname, relname, relkind FROM ({TABLES}) AS t \
         WHERE position(lower({}) IN lower(nspname || '.' || relname)) > 0 \
         ORDER BY nspname, relname LIMIT {limit}",
        literal(search)
    );
    let rows = session.query(&sql).await;
    let rows = rows.map_err(|failure| failure.into_error("cannot list tables"))?;
    let part =
        |name: Option<&Option<String>>| shown(name.and_then(Option::as_deref).unwrap_or_default());
    Ok(rows
        .iter()
        .map(|row| Entry {
            name: format!("{}.{}", part(row.first()), part(row.get(1))),
            kind: match row.get(2).and_then(Option::as_deref) {
                Some("p") => "partitioned table",
                Some("v") => "view",
                Some("m") => "materialized view",
                Some("f") => "foreign table",
                _ => "table",
            }
            .to_string(),
        })
        .collect())
}

/// What a query of a schema and a name finds, where either may be missing.
async fn parts(
    session: &Session,
    (from, kind): (&str, &str),
    search: &str,
    limit: usize,
) -> Result<Vec<Entry>> {
    let sql = format!(
        "SELECT s, t FROM ({from}) AS part (s, t) \
         WHERE position(lower({}) IN lower(concat_ws('.', s, t))) > 0 ORDER BY s, t LIMIT {limit}",
        literal(search)
    );
    let rows = session.query(&sql).await;
    let failed = format!("cannot list {kind}s");
    let rows = rows.map_err(|failure| failure.into_error(failed))?;
    let entry = |row: &Vec<Option<String>>| {
        let parts: Vec<String> = row.iter().flatten().map(|part| shown(part)).collect();
        Entry {
            name: parts.join("."),
            kind: kind.to_string(),
        }
    };
    Ok(rows.iter().map(entry).collect())
}

impl PgBrowser {
    /// The rows of a query and how many more could not be read.
    async fn rows(&self, query: String) -> Result<(RecordBatch, usize)> {
        let parameters = serde_json::json!({ "querySql": [query] });
        let parameters = sdk::parse::<ReaderParameters>(&parameters)
            .map_err(|_| Error::internal("a preview's parameters are wrong"))?;
        let reader = read::open(self.source.clone(), parameters).await?;
        let columns = reader.schema().await?;
        let options = ReadOptions {
            wire: vec![false; columns.len()],
            batch_rows: 1024,
            batch_bytes: 16 << 20,
        };
        let fields: Vec<_> = columns.iter().map(Column::field).collect();
        let schema = std::sync::Arc::new(arrow_schema::Schema::new(fields));
        let (mut batches, mut unreadable) = (Vec::new(), 0);
        for split in reader.splits(1).await?.splits {
            let read: Vec<ReadBatch> = reader.read(&split, &options).await?.try_collect().await?;
            for batch in read {
                unreadable += batch.unreadable.len();
                batches.push(batch.batch);
            }
        }
        Ok((concat_batches(&schema, &batches)?, unreadable))
    }
}
