//! A server on threads of its own, with an administrator and a project.

use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use server::{Clock, Equipment, KeyRing, Observe, Server, ServerConfig, Shutdown};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// Where metadata is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kept {
    Sqlite,
    PostgreSql,
}

impl Kept {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Kept::Sqlite => "SQLite",
            Kept::PostgreSql => "PostgreSQL",
        }
    }

    /// The address of an empty store.
    fn empty(self, runtime: &Runtime, folder: &Path) -> String {
        match self {
            Kept::Sqlite => format!("sqlite://{}?mode=rwc", folder.join("store.db").display()),
            Kept::PostgreSql => {
                let url = std::env::var("LONGSHORE_TEST_POSTGRESQL")
                    .expect("LONGSHORE_TEST_POSTGRESQL names a server; see CONTRIBUTING.md");
                let schema = format!("figures_{}", std::process::id());
                let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
                runtime.block_on(async {
                    let mut connection = crate::fill::connect(&url).await.unwrap();
                    sqlx::query(create).execute(&mut connection).await.unwrap();
                });
                format!("{url}?options[search_path]={schema}")
            }
        }
    }
}

pub(crate) struct Stage {
    /// Of the load and of the measurement; the server has another one.
    pub(crate) runtime: Runtime,
    pub(crate) address: String,
    pub(crate) store: String,
    pub(crate) clock: Clock,
    /// Of the administrator's session.
    pub(crate) cookie: String,
    pub(crate) account: String,
    pub(crate) project: String,
    stop: CancellationToken,
    server: Option<Runtime>,
    _folder: TempDir,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(server) = self.server.take() {
            server.shutdown_timeout(Duration::from_secs(10));
        }
    }
}

impl Stage {
    pub(crate) fn new(kept: Kept, clock: Clock) -> Stage {
        let (runtime, server) = (Runtime::new().unwrap(), Runtime::new().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let store = kept.empty(&runtime, folder.path());
        let config = ServerConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            store: store.clone(),
            folder: folder.path().join("runs"),
            address: "http://127.0.0.1".to_string(),
            trusted_proxies: Vec::new(),
            longest_body: 8 << 20,
            slots: 16,
            lease: Duration::from_secs(30),
            shutdown: Shutdown::HandOver,
            tls: None,
            observe: Observe::default(),
            oidc: None,
        };
        let keys = KeyRing::generate("figures").unwrap();
        let equipment = Equipment {
            registry: connectors::registry(),
            keys: KeyRing::parse(&keys).unwrap(),
            clock: clock.clone(),
            console: server::Console::Embedded,
        };
        let opened = server
            .block_on(server.spawn(Server::open(config, equipment)))
            .unwrap()
            .unwrap();
        let address = format!("http://{}", opened.address());
        let token = opened.setup_token().unwrap().expose().to_string();
        let stop = CancellationToken::new();
        server.spawn(opened.run(stop.clone()));
        let mut stage = Stage {
            runtime,
            address,
            store,
            clock,
            cookie: String::new(),
            account: String::new(),
            project: String::new(),
            stop,
            server: Some(server),
            _folder: folder,
        };
        stage.set_up(&token);
        stage
    }

    fn set_up(&mut self, token: &str) {
        while TcpStream::connect(self.address.trim_start_matches("http://")).is_err() {}
        let body = json!({"token": token, "name": "root", "password": "correct horse battery"});
        let (cookie, session) = self.post("/api/v1/setup", "", &body);
        self.cookie = cookie.unwrap();
        self.account = session["account"]["id"].as_str().unwrap().to_string();
        let csrf = session["csrfToken"].as_str().unwrap().to_string();
        let (_, project) = self.post("/api/v1/projects", &csrf, &json!({"name": "sales"}));
        self.project = project["id"].as_str().unwrap().to_string();
    }

    /// The cookie of the answer, if it sets one, and its body.
    fn post(&self, path: &str, csrf: &str, body: &Value) -> (Option<String>, Value) {
        let request = client()
            .post(format!("{}{path}", self.address))
            .header("cookie", &self.cookie)
            .header("x-csrf-token", csrf)
            .header("content-type", "application/json")
            .body(body.to_string());
        self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            assert!(answer.status().is_success(), "{path}: {answer:?}");
            let cookie = answer.headers().get("set-cookie");
            let cookie = cookie.map(|text| text.to_str().unwrap().split(';').next().unwrap());
            let cookie = cookie.map(str::to_string);
            let text = answer.text().await.unwrap();
            (cookie, serde_json::from_str(&text).unwrap())
        })
    }
}

pub(crate) fn client() -> reqwest::Client {
    // The HTTP client asks for one even where it speaks no TLS.
    server::use_tls();
    reqwest::Client::builder().no_proxy().build().unwrap()
}
