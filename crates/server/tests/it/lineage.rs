//! What a catalogue is told of runs, checked with the official client's own types.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use sdk::Secret;
use serde_json::{Value, json};
use server::Lineage;
use tokio::process::Command;

use crate::api::datasources::{Database, somewhere};
use crate::client::Client;
use crate::harness::{Kept, Running};
use crate::scene::{ENDLESS, QUICK, Scene};
use crate::workshop::{Workshop, counting};

/// The official client, whose types take only what the specification allows.
const OFFICIAL: &str = "openlineage-python==1.54.0";

/// A catalogue that keeps what it is told.
#[derive(Clone)]
struct Catalogue {
    url: String,
    events: Arc<Mutex<Vec<Value>>>,
    /// What it answers.
    status: Arc<AtomicU16>,
}

async fn take(State(catalogue): State<Catalogue>, headers: HeaderMap, body: String) -> StatusCode {
    assert_eq!(headers["authorization"], "Bearer hunter2-catalogue");
    assert_eq!(headers["content-type"], "application/json");
    let status = catalogue.status.load(Ordering::SeqCst);
    if status < 300 {
        let event = serde_json::from_str(&body).unwrap();
        catalogue.events.lock().unwrap().push(event);
    }
    StatusCode::from_u16(status).unwrap()
}

impl Catalogue {
    async fn start() -> Catalogue {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let catalogue = Catalogue {
            url: format!("http://{address}/api/v1/lineage"),
            events: Arc::default(),
            status: Arc::new(AtomicU16::new(201)),
        };
        let routes = Router::new().route("/api/v1/lineage", post(take));
        let service = routes.with_state(catalogue.clone());
        tokio::spawn(async move { axum::serve(listener, service).await });
        catalogue
    }

    async fn server(&self, kept: Kept) -> (Running, Client) {
        Running::start_with(kept, |config| config.observe.lineage = Some(self.lineage())).await
    }

    fn lineage(&self) -> Lineage {
        Lineage {
            url: self.url.clone(),
            api_key: Some(Secret::new("hunter2-catalogue")),
            namespace: "yard".to_string(),
        }
    }

    /// Waits for so many events.
    async fn until(&self, count: usize) -> Vec<Value> {
        for _ in 0..1_200 {
            let events = self.events.lock().unwrap().clone();
            if events.len() >= count {
                return events;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{:#?}", self.events.lock().unwrap());
    }
}

fn words(events: &[Value]) -> Vec<&str> {
    let words = events.iter().map(|event| event["eventType"].as_str());
    words.map(Option::unwrap).collect()
}

/// Fails unless the official client's types take the events as they are.
async fn check_officially(events: &[Value]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.json");
    fs::write(&file, json!(events).to_string()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/lineage.py");
    let mut command = Command::new(python().await);
    run(command.arg(script).arg(&file)).await;
}

/// The interpreter of an environment beside the build, made once and kept.
async fn python() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("openlineage-venv");
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock));
    let lock = lock.await.unwrap().unwrap();
    let (interpreter, mark) = (folder.join("bin/python3"), folder.join("packages"));
    if !fs::read_to_string(&mark).is_ok_and(|text| text == OFFICIAL) {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder)).await;
        let mut install = Command::new(&interpreter);
        install.args(["-m", "pip", "install", "--quiet"]);
        run(install.args(["--disable-pip-version-check", OFFICIAL])).await;
        fs::write(&mark, OFFICIAL).unwrap();
    }
    drop(lock);
    interpreter
}

async fn run(command: &mut Command) {
    let output = command.output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{text}");
}

/// A job from a table to another one of the test's own schema.
fn copy(schema: &str) -> String {
    json!({
        "type": "job", "version": "1.0",
        "configuration": {
            "reader": {"plugin": "postgresql", "parameter": {
                "datasource": "here", "table": [format!("{schema}.orders")],
                "column": ["id", "name", {"expression": "upper(name)", "name": "loud"}, "'x'"]}},
            "writer": {"plugin": "postgresql", "parameter": {
                "datasource": "here", "table": [format!("{schema}.copies")],
                "column": ["id", "title", "loud", "mark"]}},
        }
    })
    .to_string()
}

async fn allow_loopback(admin: &Client) {
    let etag = admin.get("/api/v1/settings").await.etag();
    let settings = json!({"outboundLoopback": true});
    let path = "/api/v1/settings";
    let put = admin.edit("PUT", path, &etag, Some(settings)).await;
    assert_eq!(put.status, 200, "{put:?}");
}

#[tokio::test]
async fn a_run_tells_its_tables_columns_and_rows() {
    let database = Database::new();
    for kept in Kept::BOTH {
        let catalogue = Catalogue::start().await;
        let (server, admin) = catalogue.server(kept).await;
        let schema = format!("lineage_{}_{kept:?}", std::process::id()).to_lowercase();
        database
            .execute(&format!(
                "CREATE SCHEMA {schema};
                 CREATE TABLE {schema}.orders (id bigint, name text);
                 INSERT INTO {schema}.orders SELECT n, 'n' || n FROM generate_series(1, 7) AS n;
                 CREATE TABLE {schema}.copies (id bigint, title text, loud text, mark text)"
            ))
            .await;
        let shop = Workshop::new(&admin, "sales").await;
        allow_loopback(&admin).await;
        let source =
            json!({"name": "here", "connector": "postgresql", "config": database.config()});
        let path = format!("{}/datasources", shop.path);
        admin.post(&path, source).await.ok();
        let job = shop.job("copy", &copy(&schema)).await;
        let run = shop.run(&job, json!({})).await;
        let ended = shop.ended(&run).await;
        assert_eq!(ended["state"], "succeeded", "{ended}");
        database
            .execute(&format!("DROP SCHEMA {schema} CASCADE"))
            .await;

        let events = catalogue.until(2).await;
        assert_eq!(words(&events), ["START", "COMPLETE"]);
        let (place, database) = database.place.split_once('/').unwrap();
        let end = &events[1];
        assert_eq!(end["job"]["namespace"], "yard");
        assert_eq!(end["job"]["name"], "sales.copy");
        assert_eq!(end["run"]["runId"], ended["id"]);
        assert_eq!(events[0]["run"]["runId"], ended["id"]);
        assert_eq!(end["run"]["facets"]["nominalTime"], Value::Null);
        for (side, table) in [("inputs", "orders"), ("outputs", "copies")] {
            for event in &events {
                let dataset = &event[side][0];
                assert_eq!(dataset["namespace"], format!("postgres://{place}"));
                assert_eq!(dataset["name"], format!("{database}.{schema}.{table}"));
            }
        }
        let output = &end["outputs"][0];
        assert_eq!(output["outputFacets"]["outputStatistics"]["rowCount"], 7);
        let schema = &output["facets"]["schema"]["fields"];
        assert_eq!(schema[0], json!({"name": "id", "type": "bigint"}));
        let fields = &output["facets"]["columnLineage"]["fields"];
        let made_of = |column: &str| {
            let input = &fields[column]["inputFields"];
            assert_eq!(input.as_array().unwrap().len(), 1, "{column}");
            let how = &input[0]["transformations"][0]["subtype"];
            (input[0]["field"].clone(), how.clone())
        };
        assert_eq!(made_of("id"), (json!("id"), json!("IDENTITY")));
        assert_eq!(made_of("title"), (json!("name"), json!("IDENTITY")));
        assert_eq!(made_of("loud"), (json!("name"), json!("TRANSFORMATION")));
        assert_eq!(fields["mark"], Value::Null, "it is made of no column");
        check_officially(&events).await;
        drop(server);
    }
}

#[tokio::test]
async fn a_failure_says_why_without_secrets_and_a_stop_is_an_abort() {
    for kept in Kept::BOTH {
        let catalogue = Catalogue::start().await;
        let (_server, admin) = catalogue.server(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let path = format!("{}/datasources", shop.path);
        let source = json!({"name": "here", "connector": "postgresql", "config": somewhere()});
        admin.post(&path, source).await.ok();
        let job = shop.job("copy", &copy("public")).await;
        let run = shop.run(&job, json!({})).await;
        assert_eq!(shop.ended(&run).await["state"], "failed");
        let events = catalogue.until(2).await;
        assert_eq!(words(&events), ["START", "FAIL"]);
        let why = &events[1]["run"]["facets"]["errorMessage"]["message"];
        assert!(why.as_str().unwrap().contains("db.example.org"), "{why}");
        assert!(!json!(events).to_string().contains("hunter2"));

        let endless = shop.job("endless", ENDLESS).await;
        let run = shop.run(&endless, json!({})).await;
        shop.until(&run, |seen| seen["rowsRead"].as_i64() > Some(0))
            .await;
        admin.post(&format!("{run}/stop"), json!({})).await;
        shop.ended(&run).await;
        let events = catalogue.until(4).await;
        assert_eq!(words(&events[2..]), ["START", "ABORT"]);
        check_officially(&events).await;
    }
}

#[tokio::test]
async fn a_run_that_is_stopped_after_it_was_handed_over_ends_for_everybody() {
    for kept in Kept::BOTH {
        let catalogue = Catalogue::start().await;
        let (mut server, admin) = catalogue.server(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let endless = shop.job("endless", ENDLESS).await;
        let run = shop.run(&endless, json!({})).await;
        shop.until(&run, |seen| seen["rowsRead"].as_i64() > Some(0))
            .await;
        // The next server takes no runs, so the run waits.
        server.config.slots = 0;
        let server = server.restart().await;
        let shop = shop.at(&server.address);
        assert_eq!(shop.owner.get(&run).await.ok()["state"], "queued");
        let stop = shop.owner.post(&format!("{run}/stop"), json!({})).await;
        assert_eq!(stop.status, 202, "{stop:?}");
        assert_eq!(shop.owner.get(&run).await.ok()["state"], "stopped");
        let events = catalogue.until(2).await;
        assert_eq!(words(&events), ["START", "ABORT"]);
        check_officially(&events).await;
        let log = shop.owner.get(&format!("{run}/log")).await.ok();
        let last = log["lines"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(
            (&last["stage"], &last["message"]),
            (&json!("end"), &json!("stopped while it waited"))
        );
        let figures = shop.owner.get("/metrics").await.text();
        let counted = r#"longshore_runs_ended_total{state="stopped"} 1"#;
        assert!(figures.contains(counted), "{figures}");
        // Of one that never began there is nothing to tell.
        let other = shop.run(&endless, json!({})).await;
        shop.owner.post(&format!("{other}/stop"), json!({})).await;
        let told = "SELECT count(*) FROM lineage_event";
        assert_eq!(server.count(told).await, 0);
        assert_eq!(catalogue.events.lock().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_run_that_is_taken_up_again_has_begun_once() {
    for kept in Kept::BOTH {
        let catalogue = Catalogue::start().await;
        let (server, admin) = catalogue.server(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let endless = shop.job("endless", ENDLESS).await;
        let run = shop.run(&endless, json!({})).await;
        shop.until(&run, |seen| seen["rowsRead"].as_i64() > Some(0))
            .await;
        let server = server.restart().await;
        let shop = shop.at(&server.address);
        let events = catalogue.until(2).await;
        assert_eq!(words(&events), ["START", "RUNNING"]);
        shop.owner.post(&format!("{run}/stop"), json!({})).await;
        shop.ended(&run).await;
        // What is resumed after its end begins anew.
        let resumed = shop.owner.post(&format!("{run}/resume"), json!({})).await;
        assert_eq!(resumed.status, 202, "{resumed:?}");
        let events = catalogue.until(4).await;
        assert_eq!(words(&events), ["START", "RUNNING", "ABORT", "START"]);
        let [begun, running] = &events[..2] else {
            panic!("{events:?}");
        };
        assert_eq!(begun["outputs"], running["outputs"]);
        check_officially(&events).await;
        shop.owner.post(&format!("{run}/stop"), json!({})).await;
        shop.ended(&run).await;
    }
}

#[tokio::test]
async fn events_outlive_an_outage_of_the_catalogue_and_of_the_server() {
    for kept in Kept::BOTH {
        let catalogue = Catalogue::start().await;
        catalogue.status.store(503, Ordering::SeqCst);
        let (server, admin) = catalogue.server(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let job = shop.job("quick", &counting(10, &json!({}))).await;
        let mut ids = Vec::new();
        for _ in 0..2 {
            let run = shop.run(&job, json!({})).await;
            assert_eq!(shop.ended(&run).await["state"], "succeeded");
            ids.push(run.rsplit('/').next().unwrap().to_string());
        }
        let waiting = admin.get("/metrics").await.ok();
        let waiting = waiting.as_str().unwrap();
        assert!(waiting.contains("lineage_events_waiting 4"), "{waiting}");
        assert!(catalogue.events.lock().unwrap().is_empty());
        let server = server.die_and_restart().await;
        catalogue.status.store(201, Ordering::SeqCst);
        // Longer than any wait between two attempts.
        server.clock.advance(Duration::from_secs(600));
        let events = catalogue.until(4).await;
        for id in ids {
            let of_run = events.iter().filter(|event| event["run"]["runId"] == id);
            let of_run: Vec<Value> = of_run.cloned().collect();
            assert_eq!(words(&of_run), ["START", "COMPLETE"]);
        }
    }
}

#[tokio::test]
async fn an_event_that_is_refused_does_not_hold_up_others() {
    let catalogue = Catalogue::start().await;
    catalogue.status.store(422, Ordering::SeqCst);
    let (_server, admin) = catalogue.server(Kept::Sqlite).await;
    let shop = Workshop::new(&admin, "sales").await;
    let job = shop.job("quick", &counting(10, &json!({}))).await;
    let run = shop.run(&job, json!({})).await;
    shop.ended(&run).await;
    for _ in 0..1_200 {
        let text = admin.get("/metrics").await.ok();
        if text.as_str().unwrap().contains("lineage_events_waiting 0") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    catalogue.status.store(200, Ordering::SeqCst);
    let run = shop.run(&job, json!({})).await;
    shop.ended(&run).await;
    let events = catalogue.until(2).await;
    let id = run.rsplit('/').next().unwrap();
    assert!(events.iter().all(|event| event["run"]["runId"] == id));
}

#[tokio::test]
async fn a_scheduled_run_tells_when_it_was_due() {
    for kept in Kept::BOTH {
        let catalogue = Catalogue::start().await;
        let (server, admin) = catalogue.server(kept).await;
        let mut scene = Scene::of(server, admin).await;
        let job = scene.job("orders", QUICK).await;
        let rule = json!({"cycle": {"kind": "day", "at": "02:30"}, "zone": "Europe/Berlin",
            "parameters": {"bizdate": "$bizdate"}});
        scene.schedule(&job, rule, json!([])).await;
        scene.at("2026-03-04T22:30:00Z").await;
        scene.until_states(&job, &["03-05T02:30 waiting"]).await;
        // The server is late by ten minutes.
        scene.at("2026-03-05T01:40:00Z").await;
        scene.until_states(&job, &["03-05T02:30 succeeded"]).await;
        let events = catalogue.until(2).await;
        assert_eq!(words(&events), ["START", "COMPLETE"]);
        for event in &events {
            let nominal = &event["run"]["facets"]["nominalTime"]["nominalStartTime"];
            assert_eq!(nominal, "2026-03-05T01:30:00.000000Z");
        }
        check_officially(&events).await;
    }
}
