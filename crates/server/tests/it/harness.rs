//! Starts servers of a test's own, on SQLite and on PostgreSQL.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sdk::{Registry, Secret};
use server::{Clock, Console, Equipment, KeyRing, Observe, Server, ServerConfig, Shutdown};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::captured;
use crate::client::Client;

pub(crate) const ADMIN: &str = "root";
pub(crate) const PASSWORD: &str = "correct horse hunter2";

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
    folder: Arc<TempDir>,
    registry: Registry,
    keys: Secret,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
    runtime: Option<Runtime>,
    /// With which the first administrator is made.
    pub(crate) setup_token: Option<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        captured::runs(&self.config.folder);
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
        Running::start_with(kept, |_| {}).await
    }

    /// The same with another set-up.
    pub(crate) async fn start_with(
        kept: Kept,
        change: impl FnOnce(&mut ServerConfig),
    ) -> (Running, Client) {
        let running = Running::start_without_admin(kept, change).await;
        running.set_up().await
    }

    /// The same with other connectors.
    pub(crate) async fn start_with_connectors(kept: Kept, registry: Registry) -> (Running, Client) {
        let running = Running::start_bare(kept, registry, |_| {}).await;
        running.set_up().await
    }

    /// Creates the administrator and signs them in.
    async fn set_up(self) -> (Running, Client) {
        let running = self;
        let mut client = Client::new(&running.address);
        let body = serde_json::json!({
            "token": running.setup_token, "name": ADMIN, "password": PASSWORD,
        });
        let answer = client.post("/api/v1/setup", body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        client.keep_session(&answer);
        (running, client)
    }

    /// A server that nobody can sign in to yet.
    pub(crate) async fn start_without_admin(
        kept: Kept,
        change: impl FnOnce(&mut ServerConfig),
    ) -> Running {
        Running::start_bare(kept, connectors::registry(), change).await
    }

    async fn start_bare(
        kept: Kept,
        registry: Registry,
        change: impl FnOnce(&mut ServerConfig),
    ) -> Running {
        captured::logs();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Running::config(kept, folder.path()).await;
        change(&mut config);
        let clock = Clock::manual(start_of_time());
        let keys = KeyRing::generate("test").unwrap();
        Running::open(Arc::new(folder), config, (registry, clock, keys)).await
    }

    /// The set-up of a server with an empty store.
    pub(crate) async fn config(kept: Kept, folder: &Path) -> ServerConfig {
        ServerConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            store: kept.empty(folder).await,
            folder: folder.join("runs"),
            address: "http://127.0.0.1".to_string(),
            trusted_proxies: Vec::new(),
            longest_body: 8 << 20,
            slots: 4,
            lease: Duration::from_secs(20),
            shutdown: Shutdown::HandOver,
            tls: None,
            observe: Observe::default(),
            oidc: None,
        }
    }

    async fn open(
        folder: Arc<TempDir>,
        config: ServerConfig,
        (registry, clock, keys): (Registry, Clock, Secret),
    ) -> Running {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let equipment = Equipment {
            registry: registry.clone(),
            keys: KeyRing::parse(&keys).unwrap(),
            clock: clock.clone(),
            console: Console::Folder(folder.path().join("console")),
        };
        let opening = config.clone();
        let opened = runtime.spawn(async move { Server::open(opening, equipment).await.unwrap() });
        let server = opened.await.unwrap();
        let address = format!("http://{}", server.address());
        let setup_token = server.setup_token().map(|token| token.expose().to_string());
        let stop = CancellationToken::new();
        let ended = stop.clone();
        let task = runtime.spawn(async move { server.run(ended).await.unwrap() });
        Running {
            address,
            clock,
            config,
            folder,
            registry,
            keys,
            stop,
            task: Some(task),
            runtime: Some(runtime),
            setup_token,
        }
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

    /// What a query over the server's store counts.
    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        sqlx::any::install_drivers(&[sqlx::sqlite::any::DRIVER, sqlx::postgres::any::DRIVER]).ok();
        let pool = sqlx::AnyPool::connect(&self.config.store).await.unwrap();
        let count = sqlx::query_scalar(query).fetch_one(&pool).await;
        pool.close().await;
        count.unwrap()
    }

    /// Kills the server where it is and starts another one on the same store.
    pub(crate) async fn die_and_restart(mut self) -> Running {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        self.again().await
    }

    /// Asks the server to stop, which it does when it has finished what it is to finish.
    pub(crate) fn begin_to_stop(&self) {
        self.stop.cancel();
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
        Running::open(folder, config, equipment).await
    }
}
