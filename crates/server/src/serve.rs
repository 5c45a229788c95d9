//! Starts a server and stops it: store, first token, listener, loops.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum_server::tls_rustls::RustlsConfig;
use futures::FutureExt;
use sdk::{Error, Kind, Registry, Result, Secret};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::access::allow_list::Networks;
use crate::access::token;
use crate::access::vault::KeyRing;
use crate::alerts;
use crate::api::caller::Uses;
use crate::api::session::{SETUP, oidc};
use crate::api::time::new_id;
use crate::clock::Clock;
use crate::config::{ServerConfig, Tls};
use crate::console::Console;
use crate::lineage::deliver;
use crate::metrics::Metrics;
use crate::retention;
use crate::router::{PREFIX, router};
use crate::runner;
use crate::scheduler;
use crate::servers;
use crate::sign_on::Provider;
use crate::state::{App, Parts};
use crate::store::{Store, StoreError, account, setting};

/// Passwords that are hashed at the same time; each takes 19 MiB.
const HASHED_AT_ONCE: usize = 4;
/// Connections that are still open then are closed when the server stops.
const LONGEST_GOODBYE: Duration = Duration::from_secs(10);
/// Work that came upon a defect begins again after so long.
const BEFORE_AGAIN: Duration = Duration::from_secs(1);

/// A server that listens.
pub struct Server {
    app: App,
    address: SocketAddr,
    listener: TcpListener,
    certificate: Option<RustlsConfig>,
    setup_token: Option<Secret>,
}

/// What a server is made of, besides its set-up.
pub struct Equipment {
    /// The connectors of this build.
    pub registry: Registry,
    /// The keys that secrets are sealed with.
    pub keys: KeyRing,
    /// Where the time comes from.
    pub clock: Clock,
    pub console: Console,
}

impl Server {
    /// Opens the store, brings it to this version, and listens.
    pub async fn open(config: ServerConfig, equipment: Equipment) -> Result<Server> {
        let certificate = match &config.tls {
            None => None,
            Some(tls) => Some(certificate(tls).await?),
        };
        let trusted_proxies = networks(&config.trusted_proxies, "the trusted proxies")?;
        let metrics_networks = networks(
            &config.observe.metrics_networks,
            "the networks for `/metrics`",
        )?;
        if let Some(lineage) = &config.observe.lineage {
            deliver::check(lineage)?;
        }
        let store = Store::open(&config.store).await.map_err(|error| {
            // The address of the store may hold a password, so only the reason is told.
            Error::new(
                Kind::Unreachable,
                format!("cannot open the metadata store: {error}"),
            )
            .hint("check the store's address, and that the folder or database exists and can be written")
        })?;
        let listener = TcpListener::bind(config.listen).await.map_err(|error| {
            Error::new(
                Kind::Config,
                format!("cannot listen on {}: {error}", config.listen),
            )
            .hint("choose another address or port")
        })?;
        let address = listener
            .local_addr()
            .map_err(|error| Error::internal("a listener has no address").source(error))?;
        let callback = format!(
            "{}{PREFIX}{}",
            config.address.trim_end_matches('/'),
            oidc::CALLBACK
        );
        let sign_on = config
            .oidc
            .clone()
            .map(|oidc| Provider::new(oidc, callback))
            .transpose()?;
        let app = App::new(Parts {
            config,
            sign_on,
            trusted_proxies,
            store,
            keys: equipment.keys,
            clock: equipment.clock,
            registry: equipment.registry,
            console: equipment.console,
            metrics_networks,
            metrics: Metrics::default(),
            settings: crate::settings::SettingsCache::default(),
            hashing: Semaphore::new(HASHED_AT_ONCE),
            uses: Uses::default(),
            server_id: new_id(),
            queued: Notify::new(),
            stop: CancellationToken::new(),
        });
        let setup_token = setup_token(&app).await?;
        Ok(Server {
            app,
            address,
            listener,
            certificate,
            setup_token,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The one-time token with which the first administrator is created; `None` once there is one.
    pub fn setup_token(&self) -> Option<&Secret> {
        self.setup_token.as_ref()
    }

    /// Serves until the token is cancelled.
    pub async fn run(self, stop: CancellationToken) -> Result<()> {
        let app = self.app;
        let service = router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let runs_ended = CancellationToken::new();
        let runs = (app.clone(), runs_ended.clone().drop_guard());
        let runner = tokio::spawn(async move {
            let (app, _ended) = runs;
            essential(app.clone(), "runner", runner::work(app)).await;
        });
        let scheduler = scheduler::work(app.clone());
        let scheduler = tokio::spawn(essential(app.clone(), "scheduler", scheduler));
        let alerts = tokio::spawn(alerts::work(app.clone()));
        let retention = lasting(app.clone(), "removal of old runs", retention::work);
        let retention = tokio::spawn(retention);
        let address = self.address;
        let present = move |app| servers::work(app, address, runs_ended.clone());
        let present = tokio::spawn(lasting(app.clone(), "list of servers", present));
        let lineage = lasting(app.clone(), "delivery of lineage", deliver::work);
        let lineage = tokio::spawn(lineage);
        let handle = axum_server::Handle::new();
        let (ending, stopping) = (handle.clone(), app.stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => stopping.cancel(),
                () = stopping.cancelled() => {}
            }
            ending.graceful_shutdown(Some(LONGEST_GOODBYE));
        });
        let served = match (self.listener.into_std(), self.certificate) {
            (Ok(listener), None) => match axum_server::from_tcp(listener) {
                Ok(server) => server.handle(handle).serve(service).await,
                Err(error) => Err(error),
            },
            (Ok(listener), Some(certificate)) => {
                match axum_server::from_tcp_rustls(listener, certificate) {
                    Ok(server) => server.handle(handle).serve(service).await,
                    Err(error) => Err(error),
                }
            }
            (Err(error), _) => Err(error),
        };
        served.map_err(|error| Error::internal("the server stopped").source(error))?;
        for (name, work) in [
            ("scheduler", scheduler),
            ("runner", runner),
            ("retention", retention),
            ("list of servers", present),
            ("delivery of lineage", lineage),
            ("loop of alerts", alerts),
        ] {
            if let Err(error) = work.await {
                tracing::error!(%error, "the {name} did not come to its end");
            }
        }
        deliver::finish(&app).await;
        if let Err(error) = servers::leave(&app).await {
            tracing::warn!(?error, "the server could not say that it leaves");
        }
        app.store.close().await;
        Ok(())
    }
}

/// Does work without which a server is none: if it ends before the server, the server ends with it.
async fn essential(app: App, name: &'static str, work: impl Future<Output = ()>) {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    if done.is_err() || !app.stop.is_cancelled() {
        tracing::error!("the {name} came upon a defect and ended, so the server stops");
    }
    app.stop.cancel();
}

/// Does work that others need not end with: after a defect it begins again, a little later.
pub(crate) async fn lasting<W: Future<Output = ()>>(
    app: App,
    name: &'static str,
    work: impl Fn(App) -> W,
) {
    while AssertUnwindSafe(work(app.clone()))
        .catch_unwind()
        .await
        .is_err()
    {
        tracing::error!("the {name} came upon a defect and begins again");
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = sleep(BEFORE_AGAIN) => {}
        }
    }
}

fn networks(entries: &[String], title: &str) -> Result<Networks> {
    Networks::parse(entries).map_err(|problems| {
        let text: Vec<String> = problems.iter().map(|found| found.message.clone()).collect();
        let message = format!("{title} are not right: {}", text.join("; "));
        Error::new(Kind::Config, message)
    })
}

/// Chooses the cryptography of TLS for this process, which HTTP clients and the listener ask for.
pub fn use_tls() {
    // Whoever was first has set the same one.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
}

async fn certificate(tls: &Tls) -> Result<RustlsConfig> {
    use_tls();
    let loaded = RustlsConfig::from_pem_file(&tls.certificate, &tls.key).await;
    loaded.map_err(|error| {
        Error::new(
            Kind::Config,
            format!(
                "cannot use the certificate {} with the key {}: {error}",
                tls.certificate.display(),
                tls.key.display()
            ),
        )
        .hint("both must be PEM files that belong together")
    })
}

/// A new one-time token, as long as nobody can sign in.
async fn setup_token(app: &App) -> Result<Option<Secret>> {
    let failed =
        |error: StoreError| Error::internal(format!("the metadata store failed: {error:?}"));
    let mut t = app.store.begin().await.map_err(failed)?;
    if account::count(&mut t).await.map_err(failed)? > 0 {
        return Ok(None);
    }
    let token = token::token()?;
    let hash = token::hash(token.expose());
    setting::put(&mut t, SETUP, &hash, app.clock.micros())
        .await
        .map_err(failed)?;
    t.commit().await.map_err(|error| failed(error.into()))?;
    Ok(Some(token))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::scheduler::tests::{app, at, stores};

    #[tokio::test]
    async fn work_goes_on_after_a_defect() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = stores(&folder).await.remove(0);
        let app = app(&store, &folder, Clock::manual(at("2026-03-04T10:00:00Z"))).await;
        let (begun, done) = (AtomicU32::new(0), AtomicU32::new(0));
        lasting(app.clone(), "test", async |_| {
            assert!(begun.fetch_add(1, Ordering::SeqCst) > 1, "a defect");
            done.fetch_add(1, Ordering::SeqCst);
        })
        .await;
        assert_eq!(begun.into_inner(), 3);
        assert_eq!(done.into_inner(), 1);
        assert!(!app.stop.is_cancelled());
    }
}
