//! Runs of a server: followed, stopped, looked into, and their ends as exit codes.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use super::{ENDLESS, QUICK, Remote};

/// Waits until the server says so of a run.
async fn until_state(remote: &Remote, run: &str, state: &str) {
    let begun = Instant::now();
    loop {
        let shown = remote.json(&["runs", "show", run]);
        if shown["state"] == state {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{shown}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_followed_stopped_and_marked() {
    let remote = Remote::signed_in().await;
    remote.job("endless", ENDLESS);
    let waiting = remote.command(&["job", "run", "endless", "--wait"]);
    let log = {
        let mut waiting = waiting;
        let child = waiting
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while remote.json(&["runs", "list"])["items"]
            .as_array()
            .unwrap()
            .is_empty()
        {
            assert!(begun.elapsed() < Duration::from_secs(60));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        until_state(&remote, "1", "running").await;
        let follow = remote
            .command(&["runs", "log", "1", "--follow"])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let listed = remote
            .ask(&["runs", "list", "--state", "running", "--job", "endless"])
            .ok();
        assert!(listed.output.contains("endless"), "{}", listed.output);
        remote.ask(&["runs", "stop", "1"]).ok();
        let ran = remote.place.finished(child.wait_with_output().unwrap());
        // How far it was is told every few seconds, which may be never before it is stopped.
        let ran = ran.fails(5, &["run 1"]);
        assert!(ran.output.contains("stopped"), "{}", ran.output);
        remote
            .place
            .finished(follow.wait_with_output().unwrap())
            .ok()
            .output
    };
    assert!(
        log.contains("moving rows") && log.contains("stopped"),
        "{log}"
    );
    remote.ask(&["runs", "wait", "1"]).fails(5, &["error: "]);
    let errors = remote.ask(&["runs", "log", "1", "--level", "error"]).ok();
    assert_eq!(errors.output.lines().count(), 1, "{}", errors.output);
    remote.ask(&["runs", "resume", "1"]).ok();
    until_state(&remote, "1", "running").await;
    remote.ask(&["runs", "stop", "1"]).ok();
    until_state(&remote, "1", "stopped").await;
    remote.ask(&["runs", "mark", "1"]).ok();
    remote.ask(&["runs", "wait", "1"]).ok();
    remote
        .ask(&["runs", "mark", "1"])
        .fails(1, &["cannot be marked"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_run_is_the_exit_code_of_who_waits() {
    let remote = Remote::signed_in().await;
    remote.register();
    let place = &remote.place;
    place
        .sql("CREATE TABLE source (id text); INSERT INTO source VALUES ('1'), ('two'), ('three'); CREATE TABLE target (id int)")
        .await;
    let job = |table: &str| {
        format!(
            r#"{{"type": "job", "version": "1.0", "configuration": {{
    "reader": {{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "{table}", "column": ["id"]}}}},
    "writer": {{"plugin": "postgresql", "parameter": {{"datasource": "l_PostGreSql", "table": "public.target", "column": ["id"]}}}},
    "setting": {{"errorLimit": {{"record": 0}}}}}}}}"#
        )
    };
    remote.job("dirty", &job("public.source"));
    remote.job("missing", &job("public.nothing"));
    remote.job("quick", QUICK);
    let dirty = remote.ask(&["job", "run", "dirty", "--wait"]);
    dirty.fails(3, &["dirty"]);
    remote
        .ask(&["job", "run", "missing", "--wait"])
        .fails(2, &["nothing"]);
    remote.ask(&["job", "run", "quick", "--wait"]).ok();

    let rows = remote.ask(&["runs", "dirty", "1"]).ok();
    assert!(
        rows.output.contains("id") && rows.output.contains("two"),
        "{}",
        rows.output
    );
    remote
        .ask(&["runs", "dirty", "1", "--output", "dirty.jsonl"])
        .ok();
    assert_eq!(remote.mode("dirty.jsonl"), 0o600);
    let public = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(place.path("dirty.jsonl"), public).unwrap();
    remote
        .ask(&["runs", "dirty", "1", "--output", "dirty.jsonl"])
        .ok();
    assert_eq!(remote.mode("dirty.jsonl"), 0o600, "whatever was there");
    let saved = std::fs::read_to_string(place.path("dirty.jsonl")).unwrap();
    assert!(
        saved.lines().count() >= 1 && saved.contains("two"),
        "{saved}"
    );
    let none = remote.ask(&["runs", "dirty", "3"]).ok();
    assert_eq!(none.output, "no dirty rows\n");

    let help = remote.ask(&["runs", "rerun", "--help"]).ok();
    assert!(help.output.contains("[default: same]"), "{}", help.output);
    let again = remote.ask(&["runs", "rerun", "3", "--wait"]).ok();
    assert!(again.messages.contains("run 4"), "{}", again.messages);
    remote
        .ask(&["runs", "rerun", "1", "--wait", "--version", "same"])
        .fails(3, &["dirty"]);
    let failed = remote.json(&["runs", "list", "--state", "failed", "--all"]);
    assert_eq!(failed["items"].as_array().unwrap().len(), 3);
    let log = remote.json(&["runs", "log", "3", "--search", "succeeded"]);
    assert_eq!(log["message"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn mended_rows_go_back_on_their_way() {
    let remote = Remote::signed_in().await;
    remote.register();
    let place = &remote.place;
    place
        .sql("CREATE TABLE source (id text); INSERT INTO source VALUES ('1'), ('two'), ('three'); CREATE TABLE target (id int)")
        .await;
    let job = r#"{"type": "job", "version": "1.0", "configuration": {
    "reader": {"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "public.source", "column": ["id"]}},
    "writer": {"plugin": "postgresql", "parameter": {"datasource": "l_PostGreSql", "table": "public.target", "column": ["id"]}}}}"#;
    remote.job("dirty", job);
    remote.ask(&["job", "run", "dirty", "--wait"]).ok();
    remote
        .ask(&["runs", "dirty", "1", "--output", "dirty.jsonl"])
        .ok();
    let rows = std::fs::read_to_string(place.path("dirty.jsonl")).unwrap();
    let mended = rows.replace(r#""id":"two""#, r#""id":"2""#);
    std::fs::write(place.path("mended.jsonl"), &mended).unwrap();
    let replay = ["runs", "replay", "1", "--file", "mended.jsonl", "--wait"];
    let done = remote.ask(&replay).ok();
    assert!(done.messages.contains("run 2"), "{}", done.messages);
    assert_eq!(
        place
            .value("SELECT string_agg(id::text, ',' ORDER BY id) FROM target")
            .await,
        "1,2"
    );
    remote
        .ask(&replay)
        .fails(1, &["feeds the rows of run 1 back already"]);

    // What is wrong still can be fed back as it was kept, and is as wrong as before.
    remote.ask(&["runs", "replay", "2", "--wait"]).ok();
    let third = remote.json(&["runs", "show", "3"]);
    assert_eq!(
        (&third["rowsRead"], &third["rowsDirty"]),
        (&1.into(), &1.into()),
        "{third}"
    );
    std::fs::write(place.path("broken.jsonl"), "{}\n").unwrap();
    let again = ["runs", "replay", "1", "--file", "broken.jsonl", "--again"];
    remote.ask(&again).fails(2, &["line 1 is not a dirty row"]);
    let missing = ["runs", "replay", "1", "--file", "nowhere.jsonl"];
    remote
        .ask(&missing)
        .fails(2, &["cannot read nowhere.jsonl"]);
}
