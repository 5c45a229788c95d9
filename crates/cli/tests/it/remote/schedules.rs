//! Schedules, instances and backfills of a server.

use super::{QUICK, Remote};

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_made_previewed_submitted_paused_and_taken_away() {
    let remote = Remote::signed_in().await;
    remote.job("first", QUICK);
    remote.job("second", QUICK);
    remote
        .ask(&[
            "schedule",
            "create",
            "first",
            "--daily",
            "00:15",
            "--zone",
            "Europe/Vienna",
            "--submit",
        ])
        .ok();
    let made = remote
        .ask(&[
            "schedule",
            "create",
            "second",
            "--cron",
            "0 30 1 * * ?",
            "--after",
            "FIRST",
            "--submit",
        ])
        .ok();
    for part in ["second", "active", "UTC", "first (sameCycle)"] {
        assert!(
            made.output.contains(part),
            "{part} is not in {}",
            made.output
        );
    }
    remote
        .ask(&["schedule", "create", "first", "--daily", "01:00"])
        .fails(2, &["schedule already", "schedule update"]);
    remote
        .ask(&["schedule", "create", "third", "--daily", "01:00"])
        .fails(2, &["no job `third`"]);
    remote
        .ask(&["schedule", "update", "first", "--daily", "25:00"])
        .fails(2, &["/cycle"]);
    let update = ["schedule", "update", "first", "--calendar"];
    remote
        .ask(&[&update[..], &["holidays"]].concat())
        .fails(2, &["/calendar", "there is no calendar `holidays`"]);
    remote.ask(&[&update[..], &[""]].concat()).ok();
    let preview = remote
        .ask(&[
            "schedule",
            "preview",
            "first",
            "--count",
            "2",
            "-p",
            "day=$[yyyymmdd]",
        ])
        .ok();
    assert_eq!(preview.output.lines().count(), 4, "{}", preview.output);
    assert!(preview.output.contains("${day}="), "{}", preview.output);
    remote
        .ask(&[
            "schedule",
            "update",
            "first",
            "--kind",
            "frozen",
            "--priority",
            "9",
            "--reruns",
            "2",
        ])
        .ok();
    let shown = remote.json(&["schedule", "show", "first"]);
    assert_eq!(
        (&shown["rule"]["kind"], &shown["rule"]["priority"]),
        (&"frozen".into(), &9.into())
    );
    assert_eq!(
        (&shown["rule"]["rerun"]["times"], &shown["isChanged"]),
        (&2.into(), &true.into())
    );
    assert_eq!(shown["rule"]["cycle"]["at"], "00:15");
    let submitted = remote.json(&["schedule", "submit", "first"]);
    assert_eq!(submitted["isChanged"], false);
    let paused = remote
        .ask(&["schedule", "pause", "first", "--reason", "the shop moves"])
        .ok();
    assert!(
        paused.output.contains("the shop moves"),
        "{}",
        paused.output
    );
    remote
        .ask(&["schedule", "pause", "first", "--reason", "again"])
        .fails(1, &["cannot be paused"]);
    remote.ask(&["schedule", "resume", "first"]).ok();
    let listed = remote.ask(&["schedule", "list"]).ok();
    assert!(
        listed.output.contains("first") && listed.output.contains("second"),
        "{}",
        listed.output
    );
    remote
        .ask(&["schedule", "update", "second", "--after-nothing"])
        .ok();
    remote.ask(&["schedule", "delete", "second", "--yes"]).ok();
    remote
        .ask(&["schedule", "show", "second"])
        .fails(2, &["schedule"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_is_previewed_done_and_its_instances_are_seen() {
    let remote = Remote::signed_in().await;
    remote.job("quick", QUICK);
    let what = [
        "quick",
        "--from",
        "20260301",
        "--to",
        "2026-03-03",
        "--groups",
        "2",
    ];
    let preview = remote
        .ask(&[&["backfill", "preview"][..], &what].concat())
        .ok();
    assert!(preview.output.contains("3 instances"), "{}", preview.output);
    let done = remote
        .ask(&[&["backfill", "create"][..], &what, &["--wait"]].concat())
        .ok();
    assert!(done.output.contains("succeeded"), "{}", done.output);
    let listed = remote.json(&["backfill", "list"]);
    let backfill = listed["items"][0]["id"].as_str().unwrap();
    let instances = remote.json(&["instance", "list", "--backfill", backfill, "--job", "quick"]);
    let instances = instances["items"].as_array().unwrap();
    assert_eq!(instances.len(), 3);
    let id = instances[0]["id"].as_str().unwrap();
    let shown = remote.ask(&["instance", "show", id]).ok();
    assert!(shown.output.contains("succeeded"), "{}", shown.output);
    for verb in ["upstream", "downstream"] {
        remote.ask(&["instance", verb, id]).ok();
    }
    remote
        .ask(&["instance", "freeze", id])
        .fails(1, &["cannot be"]);
    remote
        .ask(&["backfill", "stop", backfill])
        .fails(1, &["succeeded"]);
    remote.ask(&["instance", "rerun", id]).ok();
    remote
        .ask(&["instance", "show", "quick"])
        .fails(2, &["`quick` is not an id", "longshore instance list"]);
    remote
        .ask(&[
            "backfill", "create", "quick", "--from", "20260303", "--to", "20260301",
        ])
        .fails(2, &["/to"]);
}
