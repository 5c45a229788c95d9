//! A table that can be moved through Tunnel: how it is found, what makes it unfit, which partitions
//! it has.

use std::fmt;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use maxcompute::client::{Client, Endpoint, ErrorClass, TableKind};
use maxcompute::sign::Credentials;
use maxcompute::types::{PartitionSpec, TableSchema};
use sdk::{Error, Kind, Result, Retry};

use super::config::Datasource;
use super::fault;
use super::partition::{Choice, example, list};

/// Requests about single partitions that are under way at the same time.
pub(super) const CONCURRENT_REQUESTS: usize = 8;

/// An existing table and the way to its service.
pub(super) struct Table {
    pub client: Client,
    pub name: String,
    pub schema: TableSchema,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table `{}`", self.name)
    }
}

/// A client of the datasource's project; nothing is asked yet.
pub(super) fn client(datasource: &Datasource) -> Result<Client> {
    let wrong = |key: &str, text: &str| {
        Error::new(
            Kind::Config,
            format!("`{key}` is not a web address: `{text}`"),
        )
        .hint("write it like `http://service.cn-hangzhou.maxcompute.aliyun.com/api`")
    };
    let endpoint = Endpoint {
        rest: datasource
            .endpoint
            .trim()
            .parse()
            .map_err(|_| wrong("endpoint", &datasource.endpoint))?,
        tunnel: match &datasource.tunnel_endpoint {
            Some(text) => Some(
                text.trim()
                    .parse()
                    .map_err(|_| wrong("tunnelEndpoint", text))?,
            ),
            None => None,
        },
        project: datasource.project.clone(),
        schema: said(&datasource.schema).filter(|name| !name.eq_ignore_ascii_case("default")),
        quota: said(&datasource.quota_name),
    };
    // A host and port alone read as an address whose scheme is the host.
    if !matches!(endpoint.rest.scheme(), "http" | "https") {
        return Err(wrong("endpoint", &datasource.endpoint));
    }
    if let Some(tunnel) = endpoint
        .tunnel
        .as_ref()
        .filter(|tunnel| !matches!(tunnel.scheme(), "http" | "https"))
    {
        return Err(wrong("tunnelEndpoint", tunnel.as_str()));
    }
    let token = &datasource.security_token;
    let credentials = Credentials {
        access_id: datasource.access_id.clone(),
        access_key: datasource.access_key.expose().to_string(),
        security_token: (!token.is_empty()).then(|| token.expose().to_string()),
        region: datasource.region.clone(),
    };
    Client::new(endpoint, credentials)
        .map_err(|fault| fault::describe(fault, "cannot prepare the connection"))
}

/// What a field says, if it says anything.
fn said(field: &Option<String>) -> Option<String> {
    field.clone().filter(|text| !text.trim().is_empty())
}

impl Table {
    /// Finds a table and refuses those that Tunnel cannot move.
    pub(super) async fn open(client: Client, name: &str) -> Result<Arc<Table>> {
        let endpoint = client.endpoint();
        let place = match &endpoint.schema {
            Some(schema) => format!("schema `{schema}` of project `{}`", endpoint.project),
            None => format!("project `{}`", endpoint.project),
        };
        let found = client.table(name).await.map_err(|fault| {
            let is_missing = fault.class() == ErrorClass::NotFound
                && !matches!(fault.code(), "NoSuchProject" | "NoSuchSchema");
            let error =
                fault::describe(fault, format_args!("cannot open table `{name}` of {place}"));
            if is_missing {
                error.hint(format!(
                    "create the table, or check its name with `longshore tables` on {place}"
                ))
            } else {
                error
            }
        })?;
        let reason = match found.kind {
            TableKind::Managed if found.primary_key.is_empty() => None,
            TableKind::Managed => {
                Some("a transactional table with a primary key, which Tunnel cannot transfer")
            }
            TableKind::External => Some("an external table, whose rows are not in MaxCompute"),
            TableKind::View => Some("a view, which has no rows of its own"),
            TableKind::MaterializedView => {
                Some("a materialized view, whose rows change by refresh only")
            }
            TableKind::Other => Some("not a plain table"),
        };
        if let Some(reason) = reason {
            return Err(Error::new(
                Kind::Unsupported,
                format!("cannot use table `{name}`: it is {reason}"),
            )
            .hint("copy its rows into a plain table with a SQL job first"));
        }
        Ok(Arc::new(Table {
            client,
            name: found.name,
            schema: found.schema,
        }))
    }

    /// Names of the partition keys, in order; empty for a table without partitions.
    pub(super) fn keys(&self) -> Vec<String> {
        self.schema
            .partition_keys
            .iter()
            .map(|column| column.name.clone())
            .collect()
    }

    /// Requires a partition for a partitioned table and none for any other.
    pub(super) fn expects_partition(&self, is_given: bool) -> Result<()> {
        let keys = self.keys();
        match (keys.is_empty(), is_given) {
            (true, true) => Err(Error::new(
                Kind::Config,
                format!("{self} has no partitions, but `partition` is given"),
            )
            .hint("leave `partition` out")),
            (false, false) => Err(Error::new(
                Kind::Config,
                format!(
                    "{self} is partitioned by {}, but `partition` is missing",
                    keys.join(", ")
                ),
            )
            .hint(format!("add `\"partition\": \"{}\"`", example(&keys)))),
            (true, false) | (false, true) => Ok(()),
        }
    }

    /// All partitions in the order of their names.
    pub(super) async fn partitions(&self) -> Result<Vec<PartitionSpec>> {
        let mut partitions = self.client.partitions(&self.name).await.map_err(|fault| {
            fault::describe(fault, format_args!("cannot list the partitions of {self}"))
        })?;
        partitions.sort();
        Ok(partitions)
    }

    /// The partitions that these choices cover, each once, in order; and for every choice whether it
    /// covers any.
    pub(super) async fn select(
        &self,
        choices: &[Choice],
    ) -> Result<(Vec<PartitionSpec>, Vec<bool>)> {
        if let Some(wanted) = choices
            .iter()
            .map(|choice| match choice {
                Choice::One(partition) => Some(partition),
                Choice::Wild(_) | Choice::Filter(_) => None,
            })
            .collect::<Option<Vec<_>>>()
        {
            return self.check_all(wanted).await;
        }
        let existing = self.partitions().await?;
        let covered = choices
            .iter()
            .map(|choice| existing.iter().any(|partition| choice.covers(partition)))
            .collect();
        let selected = existing
            .into_iter()
            .filter(|partition| choices.iter().any(|choice| choice.covers(partition)))
            .collect();
        Ok((selected, covered))
    }

    /// Asks for each partition by name, which spares a long list where few are wanted.
    async fn check_all(
        &self,
        wanted: Vec<&PartitionSpec>,
    ) -> Result<(Vec<PartitionSpec>, Vec<bool>)> {
        let checks: Vec<_> = wanted.iter().map(|partition| self.has(partition)).collect();
        let covered: Vec<bool> = stream::iter(checks)
            .buffered(CONCURRENT_REQUESTS)
            .try_collect()
            .await?;
        let mut selected: Vec<PartitionSpec> = wanted
            .into_iter()
            .zip(&covered)
            .filter(|(_, exists)| **exists)
            .map(|(partition, _)| partition.clone())
            .collect();
        selected.sort();
        selected.dedup();
        Ok((selected, covered))
    }

    async fn has(&self, partition: &PartitionSpec) -> Result<bool> {
        self.client
            .partition_exists(&self.name, partition)
            .await
            .map_err(|fault| {
                fault::describe(
                    fault,
                    format_args!("cannot look for partition `{partition}` of {self}"),
                )
            })
    }

    /// The error for expressions that no partition matches, naming those that exist.
    pub(super) async fn no_partition(&self, expressions: &[&str]) -> Error {
        let error = Error::new(
            Kind::NotFound,
            format!(
                "no partition of {self} matches `{}`",
                expressions.join("` or `")
            ),
        );
        match self.partitions().await {
            Ok(partitions) if partitions.is_empty() => {
                error.hint(format!("{self} has no partition at all"))
            }
            Ok(partitions) => error.hint(format!("existing partitions are {}", list(&partitions))),
            // The list is a courtesy; without it the error still says what is missing.
            Err(_) => error,
        }
    }

    /// The table or one of its partitions, for messages.
    pub(super) fn place(&self, partition: Option<&PartitionSpec>) -> String {
        match partition {
            Some(partition) => format!("partition `{partition}` of {self}"),
            None => self.to_string(),
        }
    }

    /// Runs the statements of `preSql` or `postSql` one after the other. A failure is never worth
    /// another attempt: the client has repeated what bears it, and the statements before have run.
    pub(super) async fn run(&self, key: &str, statements: &[String]) -> Result<()> {
        for (index, statement) in statements.iter().enumerate() {
            if statement.trim().is_empty() {
                continue;
            }
            let settings = [("odps.sql.type.system.odps2", "true")];
            let ended = self.client.run_sql(statement, &settings).await;
            ended.map_err(|fault| {
                let attempted = format_args!("statement {} of `{key}` failed", index + 1);
                fault::describe(fault, attempted).retry(Retry::Never)
            })?;
        }
        Ok(())
    }
}
