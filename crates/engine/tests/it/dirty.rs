//! Dirty rows: kept with their reasons, counted against the limits, and fed back.

use std::fs;

use arrow_schema::DataType;
use engine::{Failure, Outcome, Replay};
use job::Problems;
use sdk::Column;
use serde_json::Value;
use testkit::{Action, Fault, Step, run_job};

use crate::setup::{Bench, all_ids, document, plain};

fn lines(ended: &engine::Ended) -> Vec<Value> {
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
async fn mended_rows_are_fed_back_once() {
    let bench = Bench::new("replay").with_rows(1, 20);
    // Text in the file becomes what the target's columns are.
    let columns = vec![testkit::id_column(), Column::new("name", DataType::Utf8)];
    bench.target.offer(columns, Vec::new());
    bench.target.refuse_above(15);
    let text = document(r#"["id", "name"]"#, "", "{}");
    let test = bench.run(&text);
    let ended = run_job(&test).await;
    assert_eq!(bench.target.keys(), all_ids(16));
    let file = ended.report.dirty_file.unwrap();
    bench.target.refuse_above(100);
    let job = test.job().unwrap();
    let mut problems = Problems::new();
    let replay = Replay {
        job: &job,
        registry: test.registry,
        datasources: test.datasources,
        file: &file,
    };
    let runs = replay.runs(&mut problems).unwrap();
    assert_eq!(runs.len(), 1);
    let folder = tempfile::tempdir().unwrap();
    for resolved in runs {
        let test = testkit::TestRun {
            folder: folder.path(),
            ..test
        };
        let ended = engine::run(
            engine::plan(resolved).await.unwrap(),
            test.context().unwrap(),
        )
        .await;
        assert_eq!(ended.report.counts.rows_written, 4, "{:?}", ended.failure);
    }
    assert_eq!(bench.target.keys(), all_ids(20));
}
