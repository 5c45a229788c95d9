//! Jobs of a server: documents in and out, versions, and a run that moves rows into a real PostgreSQL.

use super::{QUICK, Remote};
use crate::setup::example;

fn copy(condition: &str) -> String {
    format!(
        r#"{{"type": "job", "version": "1.0", "configuration": {{
    "reader": {{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "public.source", "column": ["id", "note"], "where": "{condition}"}}}},
    "writer": {{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "public.target", "column": ["id", "note"]}}}},
    "setting": {{"errorLimit": {{"record": 0}}}}}}}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_made_published_and_run_to_its_end() {
    let remote = Remote::signed_in().await;
    remote.register();
    let place = &remote.place;
    place
        .sql("CREATE TABLE source (id bigint, note text); INSERT INTO source SELECT i, 'n' || i FROM generate_series(1, 500) i;
              CREATE TABLE target (id bigint, note text)")
        .await;
    place.write("orders.json", &copy("id <= ${most}"));
    let create = [
        "job",
        "create",
        "orders",
        "orders.json",
        "--folder",
        "daily",
        "-p",
        "most=100",
        "--publish",
    ];
    let made = remote.ask(&create).ok();
    assert_eq!(made.output, "created and published job orders, version 1\n");
    remote.ask(&create).fails(1, &["orders"]);

    let ran = remote
        .ask(&["job", "run", "orders", "--wait", "--bizdate", "20260302"])
        .ok();
    assert!(
        ran.output.contains("succeeded") && ran.output.contains("2026-03-02"),
        "{}",
        ran.output
    );
    assert!(ran.messages.contains("run 1"), "{}", ran.messages);
    assert_eq!(place.value("SELECT count(*) FROM target").await, "100");
    let ended = remote.json(&["job", "run", "ORDERS", "-p", "most=7", "--wait"]);
    assert_eq!(
        (&ended["state"], &ended["rowsWritten"]),
        (&"succeeded".into(), &7.into())
    );
    assert_eq!(place.value("SELECT count(*) FROM target").await, "107");
    let used = remote.ask(&["source", "users", "l_PostGreSql"]).ok();
    assert!(used.output.contains("orders"), "{}", used.output);
    remote
        .ask(&["source", "delete", "l_PostGreSql", "--yes"])
        .fails(1, &["used by 1 job: `orders`"]);

    // One request, however often it is sent.
    let once = ["job", "run", "orders", "--idempotency-key", "nightly"];
    let (first, second) = (remote.json(&once), remote.json(&once));
    assert_eq!(first["number"], 3);
    assert_eq!(first, second);
    remote
        .ask(&[&once[..], &["-p", "most=8"]].concat())
        .fails(1, &["was used for another request"]);

    remote
        .ask(&["job", "run", "orders", "--bizdate", "never"])
        .fails(2, &["--bizdate", "never"]);
    remote
        .ask(&["job", "run", "orders", "--priority", "12"])
        .fails(2, &["/priority"]);
    remote
        .ask(&["job", "run", "ordres"])
        .fails(2, &["did you mean `orders`?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_compared_restored_and_guarded() {
    let remote = Remote::signed_in().await;
    let place = &remote.place;
    remote.job("quick", QUICK);
    place.write("new.json", &QUICK.replace("10", "20"));
    let update = [
        "job",
        "update",
        "quick",
        "--file",
        "new.json",
        "--note",
        "more rows",
        "--base",
        "1",
    ];
    let saved = remote.ask(&update).ok();
    assert_eq!(saved.output, "saved job quick, version 2\n");
    remote
        .ask(&update)
        .fails(1, &["is version 2, not 1", "job diff"]);
    let versions = remote.ask(&["job", "versions", "quick"]).ok();
    assert!(versions.output.contains("more rows"), "{}", versions.output);
    let differs = remote.ask(&["job", "diff", "quick", "1"]).ok();
    assert!(
        differs.output.contains("20") && differs.output.lines().any(|line| line.starts_with('-')),
        "{}",
        differs.output
    );
    let same = remote.ask(&["job", "diff", "quick", "2", "2"]).ok();
    assert_eq!(same.output, "nothing differs\n");
    remote.ask(&["job", "restore", "quick", "1"]).ok();
    let shown = remote.json(&["job", "show", "quick"]);
    assert_eq!(
        (&shown["draftVersion"], &shown["publishedVersion"]),
        (&3.into(), &1.into())
    );
    let published = remote
        .ask(&["job", "publish", "quick", "--version", "2"])
        .ok();
    assert!(
        published.output.starts_with("published job quick"),
        "{}",
        published.output
    );
    remote
        .ask(&[
            "job",
            "update",
            "quick",
            "-p",
            "region=north",
            "--rename",
            "slow",
            "--folder",
            "night/one",
        ])
        .ok();
    let variables = &remote.json(&["job", "show", "slow"])["draft"]["variables"];
    assert_eq!(
        *variables,
        serde_json::json!({"day": "$bizdate", "region": "north"})
    );
    let listed = remote.ask(&["job", "list", "--folder", "night"]).ok();
    assert!(listed.output.contains("slow"), "{}", listed.output);
    remote
        .ask(&["job", "update", "slow"])
        .fails(2, &["nothing to change"]);
    remote.ask(&["job", "delete", "slow", "--yes"]).ok();
    assert_eq!(
        remote.json(&["job", "list"])["items"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_checked_imported_and_exported() {
    let remote = Remote::signed_in().await;
    remote.register();
    let place = &remote.place;
    place.write("bad.json", "{\"type\": \"job\", \"version\": \"1.0\", \"configuration\": {\n \"reader\": {\"plugin\": \"odsp\", \"parameter\": {}}, \"writer\": {\"plugin\": \"stream\", \"parameter\": {}}}}");
    remote
        .ask(&["job", "validate", "bad.json"])
        .fails(2, &["error: bad.json:2:", "odsp", "did you mean `odps`?"]);
    place.write("quick.json", QUICK);
    let valid = remote
        .ask(&[
            "job",
            "validate",
            "quick.json",
            "-p",
            "day=$bizdate",
            "--bizdate",
            "20260302",
        ])
        .ok();
    assert!(
        valid.output.contains("20260302") && valid.output.contains("is valid"),
        "{}",
        valid.output
    );
    let report = remote.json(&["job", "validate", "quick.json", "-p", "day=x"]);
    assert_eq!(report["isValid"], true);

    let import = example("import.json");
    let import = import.to_str().unwrap();
    let made = remote
        .ask(&[
            "job",
            "import",
            import,
            "quick.json",
            "--folder",
            "imported",
        ])
        .ok();
    assert_eq!(made.output, "created job import\ncreated job quick\n");
    remote
        .ask(&["job", "import", "quick.json"])
        .fails(1, &["already a job `quick`", "rename"]);
    let renamed = remote
        .ask(&["job", "import", "quick.json", "--rename"])
        .ok();
    assert_eq!(renamed.output, "created job quick_2\n");
    let exported = remote.ask(&["job", "export", "quick"]).ok();
    assert_eq!(exported.output, QUICK);
    remote
        .ask(&[
            "job",
            "export",
            "import",
            "--format",
            "longshore",
            "-o",
            "out.json",
        ])
        .ok();
    remote.ask(&["job", "validate", "out.json"]).ok();
    remote
        .ask(&["job", "create", "x", "nowhere.json"])
        .fails(2, &["nowhere.json"]);
    remote.asked(&["job", "create", "piped", "-"], QUICK).ok();
}
