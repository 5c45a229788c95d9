//! The HTTP side: connections, credentials, faults, and the operations of REST and Tunnel.
//!
//! `server` takes a request through the steps that all have in common; the other modules answer operations.

mod auth;
mod body;
mod coding;
mod fault;
mod job;
mod metadata;
mod reply;
mod route;
pub(crate) mod server;
mod stats;
mod stream;
mod transfer;
mod xml;

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::HeaderMap;

use crate::Access;
use crate::jobs::Jobs;
use crate::names::{Spec, parse_spec};
use crate::store::{Store, Table};
use body::RequestBody;
use fault::{Fault, Faults};
use reply::{Failure, Reply};
use route::{Operation, Resource};
use stats::Stats;
use stream::Streams;

/// Everything that requests share.
pub(crate) struct App {
    pub(crate) store: Arc<Store>,
    pub(crate) jobs: Jobs,
    pub(crate) access: Access,
    streams: Streams,
    faults: Faults,
    stats: Stats,
}

impl App {
    pub(crate) fn new(store: Store, access: Access) -> Self {
        Self {
            store: Arc::new(store),
            jobs: Jobs::default(),
            access,
            streams: Streams::default(),
            faults: Faults::default(),
            stats: Stats::default(),
        }
    }
}

/// One request on its way to its handler.
struct Call {
    operation: Operation,
    resource: Resource,
    /// The schema that path or parameters name, none for `default`.
    schema: Option<String>,
    parameters: BTreeMap<String, String>,
    headers: HeaderMap,
    body: RequestBody,
    /// What goes wrong with this request.
    fault: Option<Fault>,
}

impl Call {
    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// A switch counts as set without a value too.
    fn is_set(&self, name: &str) -> bool {
        self.parameter(name)
            .is_some_and(|value| !value.eq_ignore_ascii_case("false"))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn is_instance(&self) -> bool {
        matches!(self.resource, Resource::Instance(_))
    }

    /// The name in the path, empty where the path names nothing.
    fn name(&self) -> &str {
        match &self.resource {
            Resource::Table(name)
            | Resource::Stream(name)
            | Resource::Preview(name)
            | Resource::Instance(name) => name,
            _ => "",
        }
    }

    /// The one partition that the parameters name, of a table that the path names.
    fn partition(&self, table: &Table) -> Result<Spec, Failure> {
        let keys = &table.definition().schema.partition_keys;
        let text = self.parameter("partition").unwrap_or_default();
        if text.is_empty() && !keys.is_empty() {
            return Err(Failure::bad_request(
                "MissingPartitionSpec",
                "the table is partitioned and the request names no partition",
            ));
        }
        let invalid = |reason: String| Failure::bad_request("InvalidPartitionSpec", reason);
        let pairs = parse_spec(text).map_err(|error| invalid(error.to_string()))?;
        Spec::resolve(&pairs, keys).map_err(|error| invalid(error.to_string()))
    }
}

/// Answers one request whose sender was accepted. Runs on a thread that may block.
fn handle(app: &App, mut call: Call) -> Result<Reply, Failure> {
    match call.operation {
        Operation::ListProjects => Ok(metadata::projects(app)),
        Operation::GetProject => Ok(metadata::project(app)),
        Operation::FindTunnel => metadata::tunnel_address(&call),
        Operation::ListTables => Ok(metadata::tables(app, &call)),
        Operation::GetTable => metadata::table(app, &call),
        Operation::ExtendTable => metadata::extended(app, &call),
        Operation::ListPartitions => metadata::partitions(app, &call),
        Operation::GetPartition => metadata::partition(app, &call),
        Operation::Head => metadata::head(app, &call),
        Operation::WriteLog => Ok(Reply::empty(hyper::StatusCode::OK)),
        Operation::SubmitJob => job::submit(app, &mut call),
        Operation::GetJob => job::status(app, &call),
        Operation::GetJobTasks => job::tasks(app, &call),
        Operation::GetJobResult => job::result(app, &call),
        Operation::GetJobSource => job::source(app, &call),
        Operation::StopJob => job::stop(app, &call),
        Operation::CreateUpload => transfer::create_upload(app, &call),
        Operation::LoadUpload => transfer::load_upload(app, &call),
        Operation::WriteBlock => transfer::write_block(app, &mut call),
        Operation::CommitUpload => transfer::commit_upload(app, &call),
        Operation::CreateDownload => transfer::create_download(app, &call),
        Operation::LoadDownload => transfer::load_download(app, &call),
        Operation::ReadRows => transfer::read_rows(app, &call),
        Operation::CreateStream => stream::create(app, &call),
        Operation::LoadStream => stream::load(app, &call),
        Operation::WriteStream => stream::write(app, &mut call),
        Operation::AbortStream => stream::abort(app, &call),
        Operation::Preview => transfer::preview(app, &call),
        Operation::Other => Err(Failure::not_found(
            "NoSuchObject",
            "this server has no such resource",
        )),
    }
}
