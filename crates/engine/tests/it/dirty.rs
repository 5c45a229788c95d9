//! Dirty rows: kept with their reasons and counted against the limits.

use std::fs;

use engine::{DirtyRows, Failure, Outcome};
use serde_json::Value;
use testkit::{Action, Fault, Step, run_job};

use crate::setup::{Bench, all_ids, document, plain};

pub(crate) fn lines(ended: &engine::Ended) -> Vec<Value> {
    let path = ended
        .report
        .dirty_file
        .as_ref()
        .expect("there are dirty rows");
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn refused_rows_are_kept_with_reason_key_and_row() {
    let bench = Bench::new("refused").with_rows(2, 20);
    bench.target.refuse_above(36);
    let before = chrono::Utc::now();
    let ended = run_job(&bench.run(&plain(""))).await;
    assert_eq!(ended.report.outcome, Outcome::Succeeded);
    assert_eq!(bench.target.keys(), all_ids(37));
    assert_eq!(ended.report.counts.rows_dirty, 3);
    let lines = lines(&ended);
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["column"], "id");
    assert_eq!(lines[0]["reason"], "above the most");
    assert_eq!(lines[0]["key"]["id"], 37);
    assert_eq!(lines[0]["row"]["name"], "name 37");
    assert_eq!(lines[0]["task"], 1);
    for line in &lines {
        let time = line["time"].as_str().unwrap();
        assert!(time.ends_with('Z'), "{time} is not in UTC");
        let time = chrono::DateTime::parse_from_rfc3339(time).unwrap();
        let (before, after) = (
            before.timestamp_millis(),
            chrono::Utc::now().timestamp_millis(),
        );
        assert!(
            (before..=after).contains(&time.timestamp_millis()),
            "{time}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_retried_task_lists_its_dirty_rows_once() {
    let bench = Bench::new("listed once").with_rows(1, 20);
    bench.target.refuse_above(17);
    bench.target.script(&[Fault {
        step: Step::Seal,
        nth: 1,
        action: Action::Refuse,
    }]);
    let ended = run_job(&bench.run(&plain(""))).await;
    assert_eq!(ended.report.counts.rows_dirty, 2);
    assert_eq!(lines(&ended).len(), 2);
}

#[tokio::test]
async fn the_record_limit_fails_the_run_as_soon_as_it_is_passed() {
    for (limit, dirty, fine) in [("0", 1, false), ("2", 2, true), ("2", 3, false)] {
        let bench = Bench::new(&format!("limit {limit} {dirty}")).with_rows(1, 50);
        bench.target.refuse_above(49 - dirty);
        let ended = run_job(&bench.run(&plain(&format!(
            r#", "errorLimit": {{"record": "{limit}"}}"#
        ))))
        .await;
        assert_eq!(
            ended.report.outcome == Outcome::Succeeded,
            fine,
            "{limit} {dirty}"
        );
        assert_eq!(
            matches!(ended.failure, Some(Failure::TooManyDirtyRows { .. })),
            !fine
        );
        assert_eq!(bench.target.keys().is_empty(), !fine);
        assert_eq!(bench.target.ends().2, !fine, "given up");
    }
}

#[tokio::test]
async fn the_share_is_taken_of_all_rows() {
    for (share, fine) in [("0.05", true), ("0.04", false)] {
        let bench = Bench::new(&format!("share {share}")).with_rows(2, 50);
        bench.target.refuse_above(94);
        let ended = run_job(&bench.run(&plain(&format!(
            r#", "errorLimit": {{"percentage": {share}}}"#
        ))))
        .await;
        assert_eq!(ended.report.outcome == Outcome::Succeeded, fine, "{share}");
    }
}

#[tokio::test]
async fn a_share_is_judged_before_a_lone_split_of_unknown_size_is_published() {
    let bench = Bench::new("lone split").with_rows(1, 50);
    bench.source.hide_sizes();
    bench.target.refuse_above(44);
    let limit = r#", "errorLimit": {"percentage": 0.09}"#;
    let ended = run_job(&bench.run(&plain(limit))).await;
    assert!(matches!(
        ended.failure,
        Some(Failure::TooManyDirtyRows { .. })
    ));
    assert_eq!(bench.target.keys(), all_ids(0));
}

#[tokio::test]
async fn a_run_that_was_given_up_is_not_offered_for_resuming() {
    let bench = Bench::new("given up").with_rows(1, 50);
    bench.target.refuse_above(48);
    let document = plain(r#", "errorLimit": {"record": 0}"#);
    let first = run_job(&bench.run(&document)).await;
    let again = run_job(&bench.run(&document)).await;
    assert!(
        matches!(&again.failure, Some(Failure::Error(error)) if error.kind() == sdk::Kind::Conflict)
    );
    assert!(!again.report.resumable);
    assert_eq!(again.report.dirty_file, first.report.dirty_file);
}

#[tokio::test]
async fn a_finished_run_leaves_mended_rows_as_they_are() {
    let bench = Bench::new("mended").with_rows(1, 20);
    bench.target.refuse_above(18);
    let first = run_job(&bench.run(&plain(""))).await;
    let path = first.report.dirty_file.unwrap();
    fs::write(&path, "mended").unwrap();
    let again = run_job(&bench.run(&plain(""))).await;
    assert_eq!(again.report.dirty_file.as_ref(), Some(&path));
    assert_eq!(fs::read_to_string(&path).unwrap(), "mended");
}

#[tokio::test]
async fn a_resumed_run_forgets_the_rows_that_were_set_aside_before() {
    let bench = Bench::new("set aside before").with_rows(1, 20);
    bench.target.refuse_above(16);
    bench.target.script(&[Fault {
        step: Step::Seal,
        nth: 1,
        action: Action::Break,
    }]);
    let first = run_job(&bench.run(&plain(""))).await;
    assert!(first.report.resumable);
    assert_eq!(lines(&first).len(), 3);
    bench.target.refuse_above(100);
    let again = run_job(&bench.run(&plain(""))).await;
    assert_eq!(bench.target.keys(), all_ids(20));
    assert_eq!(again.report.dirty_file, None);
    assert_eq!(DirtyRows::new(bench.folder.path()).joint_file(), None);
}

/// The names of the files of dirty rows.
fn files(bench: &Bench) -> Vec<String> {
    let entries = fs::read_dir(bench.folder.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("dirty")).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_run_that_died_while_it_joined_its_dirty_rows_has_each_of_them_once() {
    let bench = Bench::new("died joining").with_rows(2, 20);
    bench.target.refuse_above(17);
    let document = plain("");
    let test = bench.run(&document);
    let ended = run_job(&test).await;
    assert_eq!(ended.report.counts.rows_dirty, 22);
    let joint = ended.report.dirty_file.unwrap();
    let whole = fs::read_to_string(&joint).unwrap();
    assert_eq!(whole.lines().count(), 22);
    assert_eq!(files(&bench), ["dirty.jsonl"], "they are there once");

    // It died before the file was whole, when the tasks had theirs still.
    let (first, second) = whole.split_at(whole.match_indices('\n').nth(1).unwrap().0 + 1);
    let of_task = |task: u32| bench.folder.path().join(format!("dirty-00000{task}.jsonl"));
    fs::remove_file(&joint).unwrap();
    fs::write(bench.folder.path().join("dirty.jsonl.part"), first).unwrap();
    fs::write(of_task(0), first).unwrap();
    fs::write(of_task(1), second).unwrap();
    let again = run_job(&test).await;
    assert_eq!(again.report.dirty_file.as_ref(), Some(&joint));
    assert_eq!(fs::read_to_string(&joint).unwrap(), whole);
    assert_eq!(files(&bench), ["dirty.jsonl"]);

    // It died when one of them was removed, and then somebody mended the rows.
    fs::write(&joint, "mended").unwrap();
    fs::write(of_task(1), second).unwrap();
    let again = run_job(&test).await;
    assert_eq!(again.report.dirty_file.as_ref(), Some(&joint));
    assert_eq!(fs::read_to_string(&joint).unwrap(), "mended");
    assert_eq!(files(&bench), ["dirty.jsonl"]);
    assert_eq!(bench.target.keys(), all_ids(18));
}

#[tokio::test]
async fn a_full_disk_under_the_dirty_rows_does_not_give_the_run_up() {
    let bench = Bench::new("no room").with_rows(1, 20);
    bench.target.refuse_above(18);
    let (document, folder) = (plain(""), bench.folder.path());
    let test = bench.run(&document);
    let context = test.context().unwrap();
    // A folder that is gone stands for a full disk.
    fs::remove_dir_all(folder).unwrap();
    let ended = engine::run(test.plan().await.unwrap(), context).await;
    fs::create_dir(folder).unwrap();
    let failure = ended.failure.unwrap();
    assert!(
        failure.to_string().contains("cannot keep dirty rows"),
        "{failure}"
    );
    assert!(ended.report.resumable);
    assert!(!bench.target.ends().2, "not given up");
}

#[tokio::test]
async fn a_row_that_failed_in_a_transformer_is_not_judged_by_the_next() {
    let bench = Bench::new("failed and filtered").with_rows(1, 12);
    // `name 0` to `name 9` have six characters, two names have seven.
    let text = document(
        r#"["id", "name"]"#,
        r#""transformer": [
            {"name": "dx_substr", "parameter": {"columnIndex": 1, "paras": ["7", "1"]}},
            {"name": "dx_filter", "parameter": {"columnIndex": 1, "paras": ["=", "null"]}}],"#,
        "{}",
    );
    let ended = run_job(&bench.run(&text)).await;
    assert_eq!(bench.target.keys(), [10, 11]);
    let counts = ended.report.counts;
    assert_eq!((counts.rows_dirty, counts.rows_filtered), (10, 0));
}
