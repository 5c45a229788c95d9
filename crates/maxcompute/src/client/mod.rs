//! The client of a project: metadata and SQL jobs over REST, bulk data over Tunnel.
//!
//! Owns the connection and who is behind it. Requests are repeated by the policy of [`retry`]; rows
//! are coded by [`crate::record`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Url;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::sign::Credentials;

mod error;
mod http;
mod rest;
mod retry;
mod sql;
mod tunnel;
mod xml;

pub use error::{Error, ErrorClass};
pub use rest::{Page, Partition, Project, Table, TableEntry, TableKind};
pub use retry::RetryPolicy;
pub use sql::{Instance, InstanceState};
pub use tunnel::{
    Block, Download, MissingPartition, ReadRequest, Upload, UploadMode, UploadState, UploadStatus,
};

/// Where a project is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Base URL of the REST service, normally ending in `/api`.
    pub rest: Url,
    /// Base URL of Tunnel; asked from the REST service when it is not given.
    pub tunnel: Option<Url>,
    /// Name of the project.
    pub project: String,
}

/// A client of one project. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    endpoint: Endpoint,
    credentials: Credentials,
    retry: RetryPolicy,
    tunnel: OnceCell<Url>,
    retry_count: AtomicU64,
}

/// A block write or read that is silent for longer is cut by the service itself.
const READ_TIMEOUT: Duration = Duration::from_secs(300);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A table and, if it is partitioned, one of its partitions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) table: String,
    pub(crate) partition: Option<crate::types::PartitionSpec>,
}

impl Client {
    /// A client that waits out throttling and failures by the usual policy.
    pub fn new(endpoint: Endpoint, credentials: Credentials) -> Result<Client, Error> {
        Client::with_retry(endpoint, credentials, RetryPolicy::default())
    }

    /// A client with its own policy.
    pub fn with_retry(
        endpoint: Endpoint,
        credentials: Credentials,
        retry: RetryPolicy,
    ) -> Result<Client, Error> {
        // The process may have chosen a provider already, and then that one is used.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .tcp_nodelay(true)
            .build()
            .map_err(Error::from_transport)?;
        Ok(Client {
            inner: Arc::new(Inner {
                http,
                endpoint,
                credentials,
                retry,
                tunnel: OnceCell::new(),
                retry_count: AtomicU64::new(0),
            }),
        })
    }

    /// Where the project is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.inner.endpoint
    }

    /// How often requests were repeated so far.
    pub fn retry_count(&self) -> u64 {
        self.inner.retry_count.load(Ordering::Relaxed)
    }

    fn count_retry(&self) {
        self.inner.retry_count.fetch_add(1, Ordering::Relaxed);
    }
}
