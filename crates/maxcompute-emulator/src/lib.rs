//! A local MaxCompute: enough of the service, on one port and one folder, that the official Python client works with it.
//!
//! Made for the demo, for development and for tests. It keeps the promises that clients build on (checksums are
//! verified, commits are atomic, downloads do not change under their reader) and can be told to fail on demand.
//!
//! The protocol is written down in `PROTOCOL.md` and `FORMATS.md` of the crate `maxcompute`; modules name its sections.
//! Where that text leaves the service's behaviour open, or where this server knows less than the service:
//!
//! - There is one project; upserts and the Storage API are absent.
//! - Views and external tables are there to be described and refused; they have no rows.
//! - Partitioned tables are truncated partition by partition, and a query must name partitions
//!   unless `odps.sql.allow.fullscan` is set.
//! - A repeated commit of a closed upload succeeds without effect.
//! - CHAR values come back as they were sent, not padded.
//! - Texts of times in statements and in CSV results are UTC, whatever `odps.sql.timezone` says.
//! - Rows are refused when a value does not fit its column; nothing is cut or rounded.
//!
//! In reading order: [`serve`] below, `http` (requests and answers), `store` (tables on disk), `record` (the stored
//! form of rows), `arrow_rows` (the other form of rows), `sql` (statements), `jobs` (running them).

mod arrow_rows;
mod clock;
mod http;
mod jobs;
mod names;
mod record;
mod sql;
mod store;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use http::App;
use store::Store;

/// What the server is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of all data; made if it is missing.
    pub data: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The one project that exists.
    pub project: String,
    /// Who may ask.
    pub access: Access,
}

/// Who may ask.
#[derive(Debug, Clone)]
pub enum Access {
    /// Everybody; signatures are not looked at.
    Open,
    /// Whoever signs with these keys.
    Keys(KeyPair),
}

/// The credentials that are accepted.
#[derive(Clone)]
pub struct KeyPair {
    /// The public half.
    pub access_id: String,
    /// The secret half.
    pub access_key: String,
    /// With a token the keys count as temporary, and requests must carry it.
    pub security_token: Option<String>,
    /// With a region, REST accepts only signatures of version 4 for it. Tunnel still accepts
    /// version 2, which is all that the official Python client ever sends there.
    pub required_region: Option<String>,
}

impl KeyPair {
    /// Keys that last, for signatures of both versions.
    pub fn new(access_id: impl Into<String>, access_key: impl Into<String>) -> Self {
        Self {
            access_id: access_id.into(),
            access_key: access_key.into(),
            security_token: None,
            required_region: None,
        }
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KeyPair")
            .field("access_id", &self.access_id)
            .field("required_region", &self.required_region)
            .finish_non_exhaustive()
    }
}

/// A server that accepts requests. Dropping it ends it at once; `stop` lets running requests end.
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of the REST service; Tunnel is found through it and is on the same port.
    pub fn endpoint(&self) -> String {
        format!("http://{}/api", self.address)
    }

    /// The URL without the base path: Tunnel's, and the one of `/emulator/faults` and `/emulator/stats`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Accepts no more requests and waits a few seconds for the running ones.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // The only error is a panic of the accept loop, which then has ended too.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Opens the data folder, binds the address, and answers requests in the background.
pub async fn serve(options: Options) -> io::Result<Server> {
    let project = names::identifier(&options.project).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{:?} cannot be the name of a project", options.project),
        )
    })?;
    let store = Store::open(options.data, &project)?;
    let listener = TcpListener::bind(options.listen).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let app = Arc::new(App::new(store, options.access));
    let accepting = tokio::spawn(http::server::run(listener, app, stopped));
    Ok(Server {
        address,
        stop,
        accepting,
    })
}
