//! How a server is set up: plain data; the executable reads files and the environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use sdk::Secret;

/// The set-up of one server process.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// `sqlite://path?mode=rwc` or `postgres://…`.
    pub store: String,
    /// Logs and dirty rows of runs; servers that share a store share this folder.
    pub folder: PathBuf,
    /// How people reach it, `https://longshore.example.org`; cookies are secure when it is https.
    pub address: String,
    /// Networks of proxies whose word on a client's address is taken.
    pub trusted_proxies: Vec<String>,
    /// The longest request body, in bytes.
    pub longest_body: usize,
    /// Runs that this process does at the same time.
    pub slots: u32,
    /// How long a run belongs to a server that does not renew its claim.
    pub lease: Duration,
    /// What becomes of running jobs when the server stops.
    pub shutdown: Shutdown,
    /// Certificate and key, if this process speaks TLS itself.
    pub tls: Option<Tls>,
    /// What is told about it to others.
    pub observe: Observe,
}

/// What is told about a server and its runs.
#[derive(Clone, Debug, Default)]
pub struct Observe {
    /// Networks that may read `/metrics` without signing in.
    pub metrics_networks: Vec<String>,
    /// The catalogue that is told what runs read and wrote.
    pub lineage: Option<Lineage>,
}

/// A catalogue that takes OpenLineage events.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// Where events are posted to, `https://catalogue.example.org/api/v1/lineage`.
    pub url: String,
    /// Sent along as a bearer token.
    pub api_key: Option<Secret>,
    /// The namespace of the jobs.
    pub namespace: String,
}

/// What becomes of running jobs when the server stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// They stop at once, and whichever server comes next continues them.
    HandOver,
    /// The server ends when they have ended, at most so much later.
    Finish(Duration),
}

/// Where certificate chain and private key are, as PEM files.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate and those that vouch for it.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}
