//! The client of a project: metadata and SQL jobs over REST, bulk data over Tunnel.
//!
//! Owns the connection and who is behind it. Requests are repeated by the policy of [`retry`]; rows
//! are coded by [`crate::record`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Url;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::sign::Credentials;

mod error;
mod http;
mod poll;
mod rest;
mod retry;
mod sql;
mod tunnel;
mod xml;

use http::Service;

pub use error::{Error, ErrorClass};
pub use rest::{Page, Project, Table, TableEntry, TableKind};
pub use retry::RetryPolicy;
pub use tunnel::{
    BatchSize, Block, Download, ReadRequest, Upload, UploadMode, UploadState, UploadStatus,
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
    /// Schema within the project; `None` in projects without schemas, and for the schema `default`.
    pub schema: Option<String>,
    /// Quota that pays for Tunnel; `None` for the project's own.
    pub quota: Option<String>,
}

impl Endpoint {
    /// A project whose Tunnel is asked for, without schema and quota.
    pub fn new(rest: Url, project: impl Into<String>) -> Endpoint {
        Endpoint {
            rest,
            tunnel: None,
            project: project.into(),
            schema: None,
            quota: None,
        }
    }
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
    /// Whether each service has answered yet.
    rest_answered: AtomicBool,
    tunnel_answered: AtomicBool,
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
            .map_err(|error| Error::from_transport(error, false))?;
        Ok(Client {
            inner: Arc::new(Inner {
                http,
                endpoint,
                credentials,
                retry,
                tunnel: OnceCell::new(),
                rest_answered: AtomicBool::new(false),
                tunnel_answered: AtomicBool::new(false),
            }),
        })
    }

    /// Where the project is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.inner.endpoint
    }

    fn has_answered(&self, service: Service) -> bool {
        self.inner.answered(service).load(Ordering::Relaxed)
    }

    fn note_answer(&self, service: Service) {
        self.inner.answered(service).store(true, Ordering::Relaxed);
    }
}

impl Inner {
    fn answered(&self, service: Service) -> &AtomicBool {
        match service {
            Service::Rest => &self.rest_answered,
            Service::Tunnel => &self.tunnel_answered,
        }
    }
}
