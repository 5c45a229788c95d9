//! How a server is set up: plain data; the executable reads files and the environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use sdk::Secret;
use serde::Serialize;
use utoipa::ToSchema;

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
    /// The provider of single sign-on, if people can sign in there.
    pub oidc: Option<OidcConfig>,
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

/// A provider of single sign-on by OpenID Connect, and whom it may sign in.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// Its address, exactly as its own description has it.
    pub issuer: String,
    /// What this server is called there.
    pub client_id: String,
    /// What proves that; a public client has none.
    pub client_secret: Option<Secret>,
    /// What people know it by.
    pub title: String,
    /// Besides `openid`.
    pub scopes: Vec<String>,
    /// Makes an account without any rights for people who have none.
    pub create_accounts: bool,
    /// Gives people the account with their verified e-mail address, unless it administers the instance.
    pub link_by_email: bool,
    /// Only people with a verified e-mail address of one of these domains; all if empty.
    pub domains: Vec<String>,
    /// The claim that lists somebody's groups.
    pub group_claim: String,
    /// Only people in one of these groups; all if empty.
    pub groups: Vec<String>,
    /// Who may still sign in with a password.
    pub passwords: Passwords,
}

/// Who may sign in with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Passwords {
    /// Everybody who has one.
    Everybody,
    /// Administrators of the instance, so that they get in when the provider is out of order.
    Administrators,
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
