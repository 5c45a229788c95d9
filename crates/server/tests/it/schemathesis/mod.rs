//! The whole API against requests that schemathesis makes up from its description.
//!
//! What it sends follows from the seed and the data below. It says in its output how to repeat what failed.

mod environment;

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::harness::Kept;
use crate::scene::{QUICK, Scene};

const SEED: &str = "20260304";
/// Requests of each route that are made up freely; those for the edges of its description come on top.
const EXAMPLES: &str = "8";
/// The stores share the work: what stands at the edges of the description, and what is made up freely.
const SHARES: [(Kept, &str); 2] = [
    (Kept::Sqlite, "examples,coverage"),
    (Kept::PostgreSql, "examples,fuzzing,stateful"),
];
/// One run of it takes a fraction of this, on a machine that does nothing else.
const LONGEST: Duration = Duration::from_secs(170);
/// How the tool is set up, but for what exists in the store.
const SETTINGS: &str = include_str!("schemathesis.toml");
/// How bodies are written that the tool does not know.
const MEDIA_TYPES: &str = include_str!("media_types.py");

/// A project with something of everything, by the names of path parameters.
async fn furnish(scene: &mut Scene) -> Vec<(&'static str, Vec<String>)> {
    let post = async |path: String, body: Value| {
        let answer = scene.admin.post(&path, body).await;
        assert!(answer.status < 300, "{path}: {answer:?}");
        answer.body
    };
    post(scene.path("folders"), json!({"path": "daily/orders"})).await;
    post(scene.path("resource-groups"), json!({"name": "nightly"})).await;
    let source = json!({"name": "files", "connector": "file", "config": {"root": "/nowhere"}});
    let source = post(scene.path("datasources"), source).await;
    let person = json!({"name": "ann", "password": "correct horse battery"});
    let person = post("/api/v1/accounts".to_string(), person).await;
    let key = post("/api/v1/access-keys".to_string(), json!({})).await;
    let member = scene.path("members/ann");
    assert_eq!(
        scene
            .admin
            .put(&member, json!({"role": "visitor"}))
            .await
            .status,
        204
    );
    let job = scene.job("orders", QUICK).await;
    let run = post(scene.path(&format!("jobs/{job}/runs")), json!({})).await;
    let run = run["id"].as_str().unwrap().to_string();
    let watched = scene.path(&format!("runs/{run}"));
    scene
        .until(&watched, |seen| seen["endedAt"].is_string())
        .await;
    let rule = json!({"cycle": {"kind": "day", "at": "02:00"}, "zone": "UTC",
        "parameters": {"bizdate": "$bizdate"}});
    scene.schedule(&job, rule, json!([])).await;
    let days = json!({"jobs": [job], "from": "2026-03-01", "to": "2026-03-02"});
    let backfill = post(scene.path("backfills"), days).await;
    let instances = scene.instances("").await;
    let text = |value: &Value| value.as_str().unwrap().to_string();
    vec![
        ("project", vec![scene.project.clone()]),
        ("job", vec![job]),
        ("run", vec![run]),
        (
            "instance",
            instances.iter().map(|one| text(&one["id"])).collect(),
        ),
        ("backfill", vec![text(&backfill["id"])]),
        ("datasource", vec![text(&source["id"])]),
        ("group", vec!["default".to_string(), "nightly".to_string()]),
        ("account", vec![text(&person["id"]), "ann".to_string()]),
        ("key", vec![text(&key["id"])]),
        ("connector", vec!["stream".to_string(), "file".to_string()]),
    ]
}

/// The settings, with what exists: nine of ten requests name it.
fn settings(known: &[(&str, Vec<String>)]) -> String {
    let mut text = SETTINGS.to_string();
    for (name, values) in known {
        text += &format!("\n[dictionaries.{name}]\nvalues = {}\n", json!(values));
    }
    text +=
        "\n[parameters]\n\"header.If-Match\" = { dictionary = \"revision\", probability = 0.9 }\n";
    for (name, _) in known {
        text += &format!("\"path.{name}\" = {{ dictionary = \"{name}\", probability = 0.9 }}\n");
    }
    text
}

/// The routes that did what was asked at least once: the others only told their refusals.
fn succeeded(report: &str) -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for line in report.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let recorder = &event["ScenarioFinished"]["recorder"];
        let interactions = recorder["interactions"].as_object();
        for (_, interaction) in interactions.into_iter().flatten() {
            let status = interaction["response"]["status_code"].as_u64();
            if status.is_some_and(|status| status < 300) {
                routes.insert(recorder["label"].as_str().unwrap().to_string());
            }
        }
    }
    routes
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_requests_get_answers_that_are_described() {
    let program = tokio::task::spawn_blocking(environment::program)
        .await
        .unwrap();
    let mut successes = BTreeSet::new();
    for (kept, phases) in SHARES {
        let mut scene = Scene::start(kept).await;
        let known = furnish(&mut scene).await;
        // A key, since a session would not outlive being signed out of.
        let key = scene
            .admin
            .post("/api/v1/access-keys", json!({}))
            .await
            .ok();
        let bearer = format!(
            "Bearer {}:{}",
            key["id"].as_str().unwrap(),
            key["secret"].as_str().unwrap()
        );
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        fs::write(file("schemathesis.toml"), settings(&known)).unwrap();
        let description = server::openapi().to_string();
        fs::write(file("openapi.json"), description).unwrap();
        fs::write(file("media_types.py"), MEDIA_TYPES).unwrap();
        let mut command = Command::new(&program);
        command
            .args(["run", "openapi.json", "--url", &scene.server.address])
            .args(["--header", &format!("Authorization: {bearer}")])
            .args(["--seed", SEED, "--max-examples", EXAMPLES])
            .args(["--phases", phases])
            .args([
                "--report",
                "ndjson",
                "--report-ndjson-path",
                "report.ndjson",
            ])
            .current_dir(folder.path())
            .kill_on_drop(true);
        let output = tokio::time::timeout(LONGEST, command.output()).await;
        let output = output.expect("it ends in time").unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{kept:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        successes.append(&mut succeeded(
            &fs::read_to_string(file("report.ndjson")).unwrap(),
        ));
        let administrator = scene.server.client().with_authorization(&bearer);
        let still = administrator.get(&scene.path("jobs")).await;
        assert_eq!(still.status, 200, "the key was lost on the way: {still:?}");
    }
    assert!(
        successes.len() > 60,
        "only these did anything: {successes:?}"
    );
}
