//! One place to work in per test: a folder, a database, a MaxCompute, and the executable.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use maxcompute_emulator::{Access, KeyPair, Options, Server, serve};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// The password of every data source here; no output may hold it.
pub(crate) const KEY: &str = "emulator-key-hunter2";

pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) client: Client,
    pub(crate) emulator: Server,
    database: String,
    password: String,
}

impl Place {
    pub(crate) async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let config = server();
        let database = format!(
            "cli_{}_{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        connect(&config)
            .await
            .batch_execute(&format!("CREATE DATABASE {database}"))
            .await
            .unwrap();
        let mut own = config.clone();
        own.dbname(&database);
        let client = connect(&own).await;
        let folder = tempfile::tempdir().unwrap();
        let emulator = serve(Options {
            data: folder.path().join("maxcompute"),
            listen: "127.0.0.1:0".parse().unwrap(),
            project: "demo".to_string(),
            access: Access::Keys(KeyPair::new("id", KEY)),
        })
        .await
        .unwrap();
        let password =
            String::from_utf8(config.get_password().unwrap_or_default().to_vec()).unwrap();
        let place = Place {
            folder,
            client,
            emulator,
            database,
            password,
        };
        place.write("datasources.toml", &place.datasources(&config));
        std::fs::write(place.path("pg.secret"), &place.password).unwrap();
        std::fs::write(place.path("mc.secret"), KEY).unwrap();
        for secret in ["pg.secret", "mc.secret"] {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(place.path(secret), std::fs::Permissions::from_mode(0o600))
                .unwrap();
        }
        place
    }

    fn datasources(&self, config: &tokio_postgres::Config) -> String {
        format!(
            "[l_PostGreSql]\ntype = \"postgresql\"\njdbcUrl = \"jdbc:postgresql://{}\"\nusername = \"{}\"\npassword = \"${{file:pg.secret}}\"\n\n\
             [odps_first]\ntype = \"odps\"\nendpoint = \"{}\"\nproject = \"demo\"\naccessId = \"id\"\naccessKey = \"${{file:mc.secret}}\"\n",
            self.host_and_database(config),
            config.get_user().unwrap_or_default(),
            self.emulator.endpoint(),
        )
    }

    fn host_and_database(&self, config: &tokio_postgres::Config) -> String {
        let host = match &config.get_hosts()[0] {
            tokio_postgres::config::Host::Tcp(host) => host.clone(),
            tokio_postgres::config::Host::Unix(path) => {
                panic!("a TCP address is needed, not {}", path.display())
            }
        };
        format!("{host}:{}/{}", config.get_ports()[0], self.database)
    }

    /// The settings of the PostgreSQL of this place, as the API takes them.
    pub(crate) fn postgresql(&self) -> serde_json::Value {
        let config = server();
        serde_json::json!({
            "jdbcUrl": [format!("jdbc:postgresql://{}", self.host_and_database(&config))],
            "username": config.get_user().unwrap_or_default(),
            "password": self.password,
        })
    }

    /// The same for the MaxCompute emulator.
    pub(crate) fn maxcompute(&self) -> serde_json::Value {
        serde_json::json!({
            "endpoint": self.emulator.endpoint(), "project": "demo", "accessId": "id", "accessKey": KEY,
        })
    }

    /// The address of this place's database, for a server's store.
    pub(crate) fn url(&self) -> String {
        let config = server();
        let user = config.get_user().unwrap_or_default();
        let place = self.host_and_database(&config);
        format!("postgres://{user}:{}@{place}", self.password)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// The executable with its files in the folder.
    pub(crate) fn longshore(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_longshore"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("LONGSHORE_STATE", self.path("state"))
            .env("LONGSHORE_DATASOURCES", self.path("datasources.toml"))
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end; panics if a secret shows anywhere.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.finished(self.longshore(arguments).output().unwrap())
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.longshore(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs the document to its good end and returns the peak of resident memory in KiB, as the kernel
    /// counts it.
    pub(crate) async fn peak_of(&self, document: &str) -> u64 {
        self.write("job.json", document);
        let mut child = self.start(&["run", "job.json", "--quiet"]);
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        while child.try_wait().unwrap().is_none() {
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            peak = line
                .and_then(|line| line.trim().split(' ').next()?.parse().ok())
                .unwrap_or(peak);
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        self.finished(child.wait_with_output().unwrap()).ok();
        peak
    }

    pub(crate) fn finished(&self, output: Output) -> Ran {
        let ran = Ran {
            code: output.status.code(),
            output: String::from_utf8(output.stdout).unwrap(),
            messages: String::from_utf8(output.stderr).unwrap(),
        };
        for secret in [KEY, self.password.as_str()]
            .into_iter()
            .filter(|secret| secret.len() > 3)
        {
            assert!(
                !ran.output.contains(secret) && !ran.messages.contains(secret),
                "a secret was printed: {ran:?}"
            );
        }
        ran
    }

    /// A connection to another database of the same server.
    pub(crate) async fn client_of(&self, database: &str) -> Client {
        let mut config = server();
        config.dbname(database);
        connect(&config).await
    }

    pub(crate) async fn sql(&self, statement: &str) {
        self.client.batch_execute(statement).await.unwrap();
    }

    /// The first column of the first row, as text.
    pub(crate) async fn value(&self, query: &str) -> String {
        let rows = self
            .client
            .query(&format!("SELECT ({query})::text"), &[])
            .await
            .unwrap();
        rows[0].get(0)
    }

    /// The id of the latest run.
    pub(crate) fn latest_run(&self) -> Option<String> {
        let entries = std::fs::read_dir(self.path("state").join("runs")).ok()?;
        entries
            .flatten()
            .filter(|entry| entry.path().join("run.json").is_file())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .max()
    }
}

/// The server that all tests share.
fn server() -> tokio_postgres::Config {
    let url = std::env::var("LONGSHORE_TEST_POSTGRESQL").expect(
        "these tests need a PostgreSQL: run `cargo xtask test`, or set LONGSHORE_TEST_POSTGRESQL as `cargo xtask services postgresql` prints it",
    );
    url.parse().unwrap()
}

async fn connect(config: &tokio_postgres::Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A finished process.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) messages: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.output, self.messages);
        self
    }

    #[track_caller]
    pub(crate) fn fails(self, code: i32, parts: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.output, self.messages);
        for part in parts {
            assert!(
                self.messages.contains(part),
                "`{part}` is not in\n{}",
                self.messages
            );
        }
        self
    }
}

/// The examples of the repository.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(name)
}
