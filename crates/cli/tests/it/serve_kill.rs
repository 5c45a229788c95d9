//! SIGKILL of a whole server, the process, while runs are under way: the next one goes on with them, and every row is
//! there once.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::kill::CHECKSUM;
use crate::setup::Place;
use crate::story::api::Api;

const ROWS: u32 = 40_000;
/// Each has a target of its own.
const TARGETS: [&str; 2] = ["first", "second"];

/// A server as a process. It is killed when it is dropped, too.
struct Process {
    child: Child,
    address: String,
    said: Arc<Mutex<String>>,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        let said = self.said.lock().unwrap().clone();
        if let Some(folder) = std::env::var_os("LONGSHORE_TEST_OUTPUT") {
            let name = format!("serve-kill-{}.log", self.child.id());
            std::fs::write(std::path::Path::new(&folder).join(name), said).ok();
        }
    }
}

impl Process {
    async fn start(place: &Place, store: &str) -> Process {
        let mut child = place
            .longshore(&["serve", "--listen", "127.0.0.1:0", "--folder"])
            .arg(place.path("server"))
            .env("LONGSHORE_STORE", store)
            .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (lines, heard) = (BufReader::new(child.stderr.take().unwrap()), said.clone());
        // A server whose messages nobody reads would wait for that.
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut said = heard.lock().unwrap();
                said.push_str(&line);
                said.push('\n');
            }
        });
        let mut process = Process {
            child,
            address: String::new(),
            said,
        };
        process.address = process.word("listening on ").await;
        process
    }

    /// The word behind a text, once the server has said it.
    async fn word(&mut self, text: &str) -> String {
        let begun = Instant::now();
        loop {
            let said = self.said.lock().unwrap().clone();
            let found = said.lines().find_map(|line| line.split_once(text));
            if let Some((_, word)) = found {
                return word.trim().to_string();
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{said}");
            assert!(self.child.try_wait().unwrap().is_none(), "{said}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Neither the process nor anything in it does anything more.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_metadata_in_sqlite() {
    let place = Place::new().await;
    let store = format!("sqlite://{}?mode=rwc", place.path("store.db").display());
    under_fire(place, store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_metadata_in_postgresql() {
    let place = Place::new().await;
    place.sql("CREATE SCHEMA metadata").await;
    let store = format!("{}?options[search_path]=metadata", place.url());
    under_fire(place, store).await;
}

async fn under_fire(place: Place, store: String) {
    let targets = TARGETS.map(|name| format!("CREATE TABLE {name} (LIKE source INCLUDING ALL)"));
    place
        .sql(&format!(
            "CREATE TABLE source (id bigint PRIMARY KEY, name text, amount numeric(15,2));
             INSERT INTO source SELECT i, 'name ' || i, i * 0.37 FROM generate_series(1, {ROWS}) i; {}",
            targets.join("; ")
        ))
        .await;
    // The HTTP client asks for one even where it speaks no TLS, and no server of this process has chosen it.
    server::use_tls();
    let mut server = Process::start(&place, &store).await;
    let token = server.word("one-time token: ").await;
    let mut api = Api::set_up(&server.address, &token).await;
    let etag = api.get("/api/v1/settings").await.etag();
    let settings = json!({"outboundLoopback": true});
    let put = api.edit("PUT", "/api/v1/settings", &etag, settings);
    put.await.ok();
    let made = api.post("/api/v1/projects", json!({"name": "sales"}));
    let made = made.await.ok();
    let project = format!("/api/v1/projects/{}", made["id"].as_str().unwrap());
    let source = json!({"name": "here", "connector": "postgresql", "config": place.postgresql()});
    let sources = format!("{project}/datasources");
    api.post(&sources, source).await.ok();
    let mut runs = Vec::new();
    for target in TARGETS {
        let body = json!({"name": target, "mode": "script", "document": document(target)});
        let made = api.post(&format!("{project}/jobs"), body).await;
        let etag = made.etag();
        let job = format!("{project}/jobs/{}", made.ok()["id"].as_str().unwrap());
        let publish = format!("{job}/publish");
        api.edit("POST", &publish, &etag, json!({})).await.ok();
        let started = api.post(&format!("{job}/runs"), json!({})).await.ok();
        runs.push(format!(
            "{project}/runs/{}",
            started["id"].as_str().unwrap()
        ));
    }

    let mut moved = 0;
    for _ in 0..2 {
        // Both are in the middle, with rows that no earlier server had moved.
        for run in &runs {
            let further = |seen: &Value| seen["rowsRead"].as_i64() > Some(moved);
            let seen = api.until(run, further).await;
            assert_eq!(seen["state"], "running", "{seen}");
        }
        for run in &runs {
            let seen = api.get(run).await.ok();
            moved = moved.max(seen["rowsRead"].as_i64().unwrap());
        }
        server.kill();
        server = Process::start(&place, &store).await;
        api.at(&server.address);
    }
    let sum = async |table: &str| {
        let query = format!("SELECT {CHECKSUM} FROM {table} t");
        place.value(&query).await
    };
    let expected = sum("source").await;
    for (run, target) in runs.iter().zip(TARGETS) {
        api.until(run, |seen| seen["endedAt"].is_string()).await;
        let ended = api.get(run).await.ok();
        assert_eq!(ended["state"], "succeeded", "{ended}");
        assert_eq!(ended["rowsWritten"], ROWS, "{ended}");
        assert_eq!(sum(target).await, expected, "{target}");
        let log = api.get(&format!("{run}/log?search=has%20taken")).await.ok();
        let taken = log["lines"].as_array().unwrap().len();
        assert!(taken > 1, "nobody has continued it: {log}");
    }
    let listed = api.get(&format!("{project}/runs")).await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), TARGETS.len());
}

/// Some seconds in many splits.
fn document(target: &str) -> String {
    let side = |table: &str| {
        json!({"plugin": "postgresql", "parameter": {
            "datasource": "here", "column": ["*"], "table": format!("public.{table}")}})
    };
    let mut reader = side("source");
    reader["parameter"]["splitPk"] = json!("id");
    json!({"type": "job", "version": "1.0", "configuration": {
        "reader": reader,
        "writer": side(target),
        "setting": {"speed": {"concurrent": 2, "record": 5_000}, "errorLimit": {"record": 0}},
    }})
    .to_string()
}
