//! Starts servers of a test's own, on SQLite and on PostgreSQL.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sdk::{Registry, Secret};
use server::{Clock, Equipment, KeyRing, Server, ServerConfig, Shutdown};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::client::Client;

pub(crate) const ADMIN: &str = "root";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Where metadata is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kept {
    Sqlite,
    PostgreSql,
}

impl Kept {
    pub(crate) const BOTH: [Kept; 2] = [Kept::Sqlite, Kept::PostgreSql];

    /// The address of an empty store.
    async fn empty(self, folder: &Path) -> String {
        match self {
            Kept::Sqlite => format!("sqlite://{}?mode=rwc", folder.join("store.db").display()),
            Kept::PostgreSql => {
                static NUMBER: AtomicU32 = AtomicU32::new(0);
                let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                let schema = format!("server_{}_{number}", std::process::id());
                let url = postgresql();
                let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
                    .await
                    .unwrap();
                tokio::spawn(connection);
                client
                    .batch_execute(&format!("CREATE SCHEMA {schema}"))
                    .await
                    .unwrap();
                format!("{url}?options[search_path]={schema}")
            }
        }
    }
}

/// The PostgreSQL server of the tests, from the environment.
pub(crate) fn postgresql() -> String {
    std::env::var("LONGSHORE_TEST_POSTGRESQL").unwrap_or_else(|_| {
        panic!(
            "LONGSHORE_TEST_POSTGRESQL is not set: run `cargo xtask test`, or start a server with \
             `cargo xtask services postgresql` and set what it prints"
        )
    })
}

/// A running server with an administrator, on threads of its own.
pub(crate) struct Running {
    pub(crate) address: String,
    pub(crate) clock: Clock,
    pub(crate) config: ServerConfig,
    registry: Registry,
    folder: Arc<TempDir>,
    keys: Secret,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
    runtime: Option<Runtime>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whatever the server has spawned dies with its runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The moment at which tests begin: a Wednesday, ten in the morning in UTC.
pub(crate) fn start_of_time() -> DateTime<Utc> {
    "2026-03-04T10:00:00Z".parse().unwrap()
}

impl Running {
    /// Starts a server and creates its administrator, who is signed in.
    pub(crate) async fn start(kept: Kept) -> (Running, Client) {
        Running::start_with(kept, connectors::registry()).await
    }

    /// The same with other connectors.
    pub(crate) async fn start_with(kept: Kept, registry: Registry) -> (Running, Client) {
        let folder = tempfile::tempdir().unwrap();
        let config = ServerConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            store: kept.empty(folder.path()).await,
            folder: folder.path().join("runs"),
            address: "http://127.0.0.1".to_string(),
            trusted_proxies: Vec::new(),
            longest_body: 8 << 20,
            slots: 4,
            lease: Duration::from_secs(20),
            shutdown: Shutdown::HandOver,
            tls: None,
        };
        let clock = Clock::manual(start_of_time());
        let keys = KeyRing::generate("test").unwrap();
        let equipment = (registry, clock, keys);
        let (running, token) = Running::open(Arc::new(folder), config, equipment).await;
        let mut client = Client::new(&running.address);
        let body = serde_json::json!({
            "token": token.unwrap(), "name": ADMIN, "password": PASSWORD,
        });
        let answer = client.post("/api/v1/setup", body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        client.keep_session(&answer);
        (running, client)
    }

    async fn open(
        folder: Arc<TempDir>,
        config: ServerConfig,
        (registry, clock, keys): (Registry, Clock, Secret),
    ) -> (Running, Option<String>) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let equipment = Equipment {
            registry: registry.clone(),
            keys: KeyRing::parse(&keys).unwrap(),
            clock: clock.clone(),
        };
        let opening = config.clone();
        let opened = runtime.spawn(async move { Server::open(opening, equipment).await.unwrap() });
        let server = opened.await.unwrap();
        let address = format!("http://{}", server.address());
        let token = server.setup_token().map(|token| token.expose().to_string());
        let stop = CancellationToken::new();
        let ended = stop.clone();
        let task = runtime.spawn(async move { server.run(ended).await.unwrap() });
        let running = Running {
            address,
            clock,
            config,
            registry,
            folder,
            keys,
            stop,
            task: Some(task),
            runtime: Some(runtime),
        };
        (running, token)
    }

    /// A client that is nobody yet.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.address)
    }

    /// Creates an account and signs it in.
    pub(crate) async fn account(&self, admin: &Client, name: &str) -> Client {
        let body = serde_json::json!({"name": name, "password": PASSWORD});
        let answer = admin.post("/api/v1/accounts", body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        self.sign_in(name).await
    }

    pub(crate) async fn sign_in(&self, name: &str) -> Client {
        let mut client = self.client();
        let body = serde_json::json!({"name": name, "password": PASSWORD});
        let answer = client.post("/api/v1/session", body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        client.keep_session(&answer);
        client
    }

    /// Runs a statement on the server's store behind its back.
    pub(crate) async fn execute(&self, statement: &'static str) -> Result<(), String> {
        sqlx::any::install_drivers(&[sqlx::sqlite::any::DRIVER, sqlx::postgres::any::DRIVER]).ok();
        let pool = sqlx::AnyPool::connect(&self.config.store).await.unwrap();
        let done = sqlx::query(statement).execute(&pool).await;
        pool.close().await;
        done.map(drop).map_err(|error| error.to_string())
    }

    /// Kills the server where it is and starts another one on the same store.
    pub(crate) async fn die_and_restart(mut self) -> Running {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        self.again().await
    }

    /// Stops the server and starts another one on the same store.
    pub(crate) async fn restart(mut self) -> Running {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            task.await.unwrap();
        }
        self.again().await
    }

    /// The same with other keys, `id:key` in each line.
    pub(crate) async fn restart_with(mut self, keys: &str) -> Running {
        self.keys = Secret::new(keys);
        self.restart().await
    }

    /// Another server on the same store, beside this one or after it.
    pub(crate) async fn again(&self) -> Running {
        let (folder, config) = (self.folder.clone(), self.config.clone());
        let equipment = (self.registry.clone(), self.clock.clone(), self.keys.clone());
        Running::open(folder, config, equipment).await.0
    }
}
