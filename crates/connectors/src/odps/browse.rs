//! Looking around: connectivity stage by stage, tables, columns, the first rows of a table.

use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use async_trait::async_trait;
use futures::TryStreamExt;
use maxcompute::client::{BatchSize, Client, ReadRequest, TableEntry, TableKind};
use maxcompute::compression::Compression;
use sdk::{
    BrowsedColumn, Browser, Column, Entry, Error, Kind, Listing, PingStage, Result, TableDraft,
    TableWish,
};
use tokio::net::{TcpStream, lookup_host};

use super::config::Datasource;
use super::draft;
use super::fault;
use super::layout::Layout;
use super::table::{self, Table};
use super::typemap;
use crate::sql::create_table::only_create_table;

/// Pages of 1,000 tables that one search looks through, so that it ends within seconds.
const MAX_PAGES: usize = 30;

const PREVIEW_BATCH_BYTES: usize = 8 << 20;

/// Looks into one project.
struct ProjectBrowser {
    datasource: Datasource,
}

/// A browser that connects when it is asked something.
pub(super) fn open(datasource: Datasource) -> Box<dyn Browser> {
    Box::new(ProjectBrowser { datasource })
}

impl ProjectBrowser {
    fn client(&self) -> Result<Client> {
        table::client(&self.datasource)
    }

    async fn tables(&self, search: &str, limit: usize) -> Result<Vec<Entry>> {
        let client = self.client()?;
        let search = search.to_lowercase();
        let mut found: Vec<Entry> = Vec::new();
        let mut marker: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let page = client
                .tables(marker.as_deref(), None)
                .await
                .map_err(|fault| fault::describe(fault, "cannot list tables"))?;
            found.extend(
                page.items
                    .into_iter()
                    .filter(|table| table.name.contains(&search))
                    .map(table_name),
            );
            marker = page.marker;
            // The service lists tables in the order of their names.
            if marker.is_none() || found.len() >= limit {
                break;
            }
        }
        found.sort_by(|left, right| left.name.cmp(&right.name));
        found.truncate(limit);
        Ok(found)
    }

    async fn partitions(&self, name: &str, search: &str, limit: usize) -> Result<Vec<Entry>> {
        let table = Table::open(self.client()?, name).await?;
        if !table.schema.is_partitioned() {
            return Ok(Vec::new());
        }
        let search = search.to_lowercase();
        let partitions = table.partitions().await?;
        let names = partitions.iter().map(ToString::to_string);
        let found = names.filter(|name| name.to_lowercase().contains(&search));
        let entry = |name| Entry {
            name,
            kind: "partition".to_string(),
        };
        Ok(found.take(limit).map(entry).collect())
    }
}

#[async_trait]
impl Browser for ProjectBrowser {
    async fn ping(&self) -> Vec<PingStage> {
        let mut stages = Vec::new();
        // The first failure ends the list and is its last entry, so there is nothing more to learn.
        let _ = ping_stages(&self.datasource, &mut stages).await;
        stages
    }

    async fn list(&self, what: Listing<'_>, search: &str, limit: usize) -> Result<Vec<Entry>> {
        match what {
            Listing::Tables => self.tables(search, limit).await,
            Listing::Partitions(table) => self.partitions(table, search, limit).await,
            Listing::Schemas => {
                let message = "a data source of MaxCompute is one schema of one project";
                Err(Error::new(Kind::Unsupported, message).hint("look at its tables instead"))
            }
        }
    }

    async fn columns(&self, table: &str) -> Result<Vec<BrowsedColumn>> {
        let table = Table::open(self.client()?, table).await?;
        let browsed = |column: Column, partition: bool| BrowsedColumn {
            partition,
            ..BrowsedColumn::new(
                column,
                "tables of MaxCompute are cut by the place of their rows",
            )
        };
        let data = table.schema.columns.iter().map(typemap::data_column);
        let keys = table
            .schema
            .partition_keys
            .iter()
            .map(typemap::partition_column);
        let data = data.map(|column| browsed(column, false));
        Ok(data
            .chain(keys.map(|column| browsed(column, true)))
            .collect())
    }

    async fn preview(&self, table: &str, row_count: usize) -> Result<RecordBatch> {
        let table = Table::open(self.client()?, table).await?;
        let mut names = vec!["*".to_string()];
        names.extend(table.keys());
        let layout = Layout::new(&table.name, &table.schema, &names)?;
        // The last partition by name is most often the latest.
        let partition = match table.schema.is_partitioned() {
            false => None,
            true => match table.partitions().await?.pop() {
                Some(partition) => Some(partition),
                None => return empty(&layout),
            },
        };
        let failed =
            |fault| fault::describe(fault, format_args!("cannot read the first rows of {table}"));
        let download = table
            .client
            .create_download(&table.name, partition.as_ref())
            .await
            .map_err(failed)?;
        let request = ReadRequest {
            rows: 0..download.record_count.min(row_count as u64),
            columns: None,
            compression: Compression::Raw,
            batch: BatchSize {
                rows: row_count.max(1),
                bytes: PREVIEW_BATCH_BYTES,
            },
        };
        let decoded: Vec<_> = table
            .client
            .read(&download, request)
            .try_collect()
            .await
            .map_err(failed)?;
        let batches = decoded
            .into_iter()
            .map(|decoded| {
                layout
                    .batch(decoded, partition.as_ref())
                    .map(|read| read.batch)
            })
            .collect::<Result<Vec<_>>>()?;
        match batches.first() {
            Some(first) => Ok(concat_batches(&first.schema(), &batches)?),
            None => empty(&layout),
        }
    }

    fn draft(&self, wish: &TableWish<'_>) -> Result<TableDraft> {
        draft::draft(wish)
    }

    async fn create(&self, statement: &str) -> Result<()> {
        let statement = only_create_table(statement, &draft::QUOTES)?;
        let settings = [
            ("odps.sql.type.system.odps2", "true"),
            ("odps.sql.decimal.odps2", "true"),
        ];
        let ended = self.client()?.run_sql(statement, &settings).await;
        ended.map_err(|failed| {
            // A statement that fails has one code for most of its reasons.
            if failed.message().contains("already exists") {
                let message = format!("cannot make the table: {}", failed.message());
                return Error::new(Kind::Conflict, message)
                    .hint("drop what has the name, or choose another one");
            }
            fault::describe(failed, "cannot make the table")
        })
    }
}

fn empty(layout: &Layout) -> Result<RecordBatch> {
    let fields: Vec<_> = layout.columns().iter().map(Column::field).collect();
    Ok(RecordBatch::new_empty(std::sync::Arc::new(
        arrow_schema::Schema::new(fields),
    )))
}

fn table_name(table: TableEntry) -> Entry {
    let kind = match table.kind {
        TableKind::Managed => "table",
        TableKind::External => "external table",
        TableKind::View => "view",
        TableKind::MaterializedView => "materialized view",
        TableKind::Other => "other",
    };
    Entry {
        name: table.name,
        kind: kind.to_string(),
    }
}

/// Runs the stages in order; `None` once one has failed, which is noted as the last entry.
async fn ping_stages(datasource: &Datasource, stages: &mut Vec<PingStage>) -> Option<()> {
    let client = note(
        stages,
        "configure",
        async { table::client(datasource) },
        |_| "addresses are well formed".into(),
    )
    .await?;
    let rest = client.endpoint().rest.clone();
    let host = (
        rest.host_str().unwrap_or_default().to_string(),
        rest.port_or_known_default().unwrap_or(80),
    );
    let address = note(stages, "resolve", resolve(&host), ToString::to_string).await?;
    note(stages, "connect", connect(address), |_| {
        format!("{address} accepts connections")
    })
    .await?;
    let project = async {
        let found = client.project().await;
        found.map_err(|fault| {
            fault::describe(
                fault,
                format_args!("cannot sign in to project `{}`", datasource.project),
            )
        })
    };
    note(stages, "sign in", project, |project| {
        format!("project `{}` of {}", project.name, project.owner)
    })
    .await?;
    let tunnel = async {
        let found = client.tunnel_endpoint().await;
        let url =
            found.map_err(|fault| fault::describe(fault, "cannot find the Tunnel service"))?;
        let host = (
            url.host_str().unwrap_or_default().to_string(),
            url.port_or_known_default().unwrap_or(80),
        );
        connect(resolve(&host).await?).await?;
        Ok(url.to_string())
    };
    note(stages, "tunnel", tunnel, Clone::clone).await?;
    let tables = async {
        let page = client.tables(None, Some(1)).await;
        page.map_err(|fault| fault::describe(fault, "cannot list tables"))
    };
    note(stages, "list tables", tables, |page| {
        if page.items.is_empty() {
            "the project has no tables".into()
        } else {
            "tables can be listed".to_string()
        }
    })
    .await?;
    Some(())
}

async fn note<T>(
    stages: &mut Vec<PingStage>,
    name: &'static str,
    work: impl Future<Output = Result<T>>,
    remark: impl FnOnce(&T) -> String,
) -> Option<T> {
    let start = Instant::now();
    let (outcome, value) = match work.await {
        Ok(value) => (Ok(remark(&value)), Some(value)),
        Err(error) => (Err(error), None),
    };
    stages.push(PingStage {
        name,
        took: start.elapsed(),
        outcome,
    });
    value
}

async fn resolve(host: &(String, u16)) -> Result<std::net::SocketAddr> {
    let failed = || {
        Error::new(Kind::Unreachable, format!("cannot resolve `{}`", host.0))
            .hint("check the host name in the datasource")
    };
    let mut addresses = lookup_host((host.0.as_str(), host.1))
        .await
        .map_err(|error| failed().source(error))?;
    addresses.next().ok_or_else(failed)
}

async fn connect(address: std::net::SocketAddr) -> Result<()> {
    let limit = std::time::Duration::from_secs(10);
    let failed = || {
        Error::new(Kind::Unreachable, format!("cannot connect to {address}"))
            .hint("check the address, and that this host may reach it")
    };
    match tokio::time::timeout(limit, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(failed().source(error)),
        Err(_) => Err(Error::new(
            Kind::Unreachable,
            format!("cannot connect to {address}: no answer within 10 s"),
        )
        .hint("check the address, and that this host may reach it")),
    }
}
