//! The outbound policy and the roots of files, asked about one data source.
//!
//! The rules are those of [`crate::access::outbound`] and [`crate::access::roots`]; here hosts are looked up and
//! the disk is asked. It happens before every test, before every look into a data source and at the start of each
//! run, since names and links may lead elsewhere by then.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use futures::future::join_all;
use sdk::{Connector, Error, Family, Kind, Result};
use serde_json::{Map, Value};

use crate::access::outbound::{Host, Outbound, endpoints_of};
use crate::access::roots::{Roots, paths_of};
use crate::settings::InstanceSettings;

/// Looking up a host may take so long.
const LOOKUP_TIME: Duration = Duration::from_secs(5);

/// What the administrator of the instance decided.
pub(crate) struct Policy {
    outbound: Outbound,
    roots: Roots,
}

/// What is to be reached.
pub(crate) struct Target<'a> {
    pub(crate) connector: &'a Connector,
    /// The settings of the data source; secrets may be in them.
    pub(crate) config: &'a Map<String, Value>,
    /// Further paths, relative to the root of the data source.
    pub(crate) paths: Vec<String>,
}

impl Policy {
    pub(crate) fn of(settings: &InstanceSettings) -> Result<Policy> {
        let roots = Roots::parse(&settings.file_roots);
        match (settings.outbound(), roots) {
            (Ok(outbound), Ok(roots)) => Ok(Policy { outbound, roots }),
            _ => Err(Error::internal(
                "the settings of the instance hold a host, network or folder that cannot be read",
            )),
        }
    }

    /// Everything that speaks against reaching the target.
    pub(crate) async fn check(&self, target: &Target<'_>) -> Vec<Error> {
        let mut problems = match endpoints_of(target.config) {
            Ok(endpoints) => {
                let hosts = endpoints.into_iter().map(|endpoint| endpoint.host);
                self.check_hosts(hosts).await
            }
            Err(unread) => unread
                .into_iter()
                .map(|problem| {
                    let error = Error::new(Kind::Config, problem.message);
                    match problem.hint {
                        Some(hint) => error.hint(hint),
                        None => error,
                    }
                })
                .collect(),
        };
        problems.extend(self.check_paths(target).await);
        problems
    }

    /// The addresses of a host that may be reached. Whoever connects to just these is not led elsewhere by another
    /// answer of the name service.
    pub(crate) async fn addresses(&self, host: &Host) -> Result<Vec<IpAddr>> {
        let mut found = addresses(host).await?;
        self.outbound.check(host, &found).into_result()?;
        if let Host::Address(address) = host {
            found.push(*address);
        }
        Ok(found)
    }

    async fn check_hosts(&self, named: impl Iterator<Item = Host>) -> Vec<Error> {
        let mut hosts: Vec<Host> = Vec::new();
        for host in named {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        let found = join_all(hosts.iter().map(addresses)).await;
        let decided = hosts.iter().zip(found).map(|(host, found)| {
            let found = found?;
            self.outbound.check(host, &found).into_result()
        });
        decided.filter_map(Result::err).collect()
    }

    async fn check_paths(&self, target: &Target<'_>) -> Vec<Error> {
        let mut paths: Vec<(Option<PathBuf>, String)> = paths_of(target.config)
            .into_iter()
            .map(|(_, path)| (None, path))
            .collect();
        if is_local(target.connector) {
            let Some(root) = root_of(target.config) else {
                return vec![without_root()];
            };
            let below = target.paths.iter().cloned();
            paths.extend(below.map(|path| (Some(PathBuf::from(root)), path)));
        }
        if paths.is_empty() {
            return Vec::new();
        }
        let roots = self.roots.clone();
        // Links are followed on the disk, which may be one of another machine.
        let checked = tokio::task::spawn_blocking(move || {
            let mut refused: Vec<(&str, Error)> = Vec::new();
            for (base, path) in &paths {
                // What lies below a refused folder is refused for the same reason.
                if refused.iter().any(|(known, _)| path.starts_with(known)) {
                    continue;
                }
                if let Err(error) = roots.check(base.as_deref(), path) {
                    refused.push((path, error));
                }
            }
            refused.into_iter().map(|(_, error)| error).collect()
        });
        checked.await.unwrap_or_else(|error| {
            vec![Error::internal("paths could not be checked").source(error)]
        })
    }
}

/// Whether a connector reads and writes files of this machine, below the `root` of its data source.
pub(crate) fn is_local(connector: &Connector) -> bool {
    let has_root = || {
        connector
            .config_schema()
            .pointer("/properties/root")
            .is_some()
    };
    connector.family == Family::Files && has_root()
}

/// The folder of a data source of files.
pub(crate) fn root_of(config: &Map<String, Value>) -> Option<&str> {
    let root = config.get("root").and_then(Value::as_str);
    root.filter(|root| !root.is_empty())
}

/// Below a root the connector itself follows every link, also those that a pattern finds.
pub(crate) fn without_root() -> Error {
    Error::new(
        Kind::Config,
        "files are reached only below the `root` of a datasource, and none is given",
    )
    .hint("name a datasource of files whose `root` lies in one of the folders that the administrator lists")
}

/// What the name of a host leads to; nothing for what is an address already.
async fn addresses(host: &Host) -> Result<Vec<IpAddr>> {
    let Host::Name(name) = host else {
        return Ok(Vec::new());
    };
    let failed = || {
        Error::new(Kind::Unreachable, format!("cannot resolve host \"{name}\""))
            .hint("check how the host is spelled, and that the server's name service knows it")
    };
    let lookup = tokio::net::lookup_host((name.as_str(), 0));
    match tokio::time::timeout(LOOKUP_TIME, lookup).await {
        Ok(Ok(found)) => Ok(found.map(|address| address.ip()).collect()),
        Ok(Err(error)) => Err(failed().source(error)),
        Err(_) => Err(failed().source(format!("no answer for {} s", LOOKUP_TIME.as_secs()))),
    }
}
