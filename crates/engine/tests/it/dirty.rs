//! Dirty rows: kept with their reasons, counted against the limits, and fed back.

use std::fs;
use std::sync::Arc;

use arrow_schema::{DataType, Field};
use engine::{DirtyRows, Failure, KeptRows, Outcome, Replay, Resolved, RowForm};
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

/// The runs that feed the rows of a file back.
fn runs(replay: &Replay<'_>, problems: &mut Problems) -> Vec<Resolved> {
    let forms = replay.rows.forms().unwrap().into_iter();
    forms
        .map(|form| replay.run(form, problems).unwrap())
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

#[tokio::test]
async fn rows_are_fed_back_with_every_value_or_not_at_all() {
    let bench = Bench::new("every value").with_rows(1, 1);
    let entries = DataType::Struct(
        vec![
            Field::new("keys", DataType::Utf8, false),
            Field::new("values", DataType::Int64, true),
        ]
        .into(),
    );
    let map = DataType::Map(Arc::new(Field::new("entries", entries, false)), false);
    let bytes = DataType::new_list(DataType::Binary, true);
    let columns = [
        testkit::id_column(),
        Column::new("map", map),
        Column::new("large", DataType::LargeBinary),
        Column::new("four", DataType::FixedSizeBinary(4)),
        Column::new("list", bytes),
    ];
    bench.source.offer(columns.to_vec(), Vec::new());
    let line = |id: i64, row: &str| {
        format!(
            r#"{{"time": "", "task": 0, "stage": "read", "column": null, "reason": "", "key": {{}}, "row": {{"id": {id}{row}}}}}"#
        )
    };
    let lines = [
        line(
            0,
            r#", "map": {"a": 1, "b": null}, "large": {"hex": "00ff"}, "four": {"hex": "00000001"}, "list": null"#,
        ),
        line(1, r#", "map": null, "large": null, "four": null"#),
        line(
            2,
            r#", "map": null, "large": null, "four": null, "list": [{"hex": "00"}]"#,
        ),
        line(
            3,
            r#", "map": null, "large": "00ff", "four": null, "list": null"#,
        ),
        line(
            4,
            r#", "map": null, "large": null, "four": null, "list": null, "fifth": "x""#,
        ),
    ];
    let file = bench.folder.path().join("mended.jsonl");
    fs::write(&file, lines.join("\n")).unwrap();
    let text = plain("");
    let test = bench.run(&text);
    let job = test.job().unwrap();
    let replay = Replay {
        job: &job,
        registry: test.registry,
        datasources: test.datasources,
        rows: &KeptRows {
            file,
            kept_by: RowForm::Source,
        },
    };
    let runs = runs(&replay, &mut Problems::new());
    let plan = engine::plan(runs.into_iter().next().unwrap())
        .await
        .unwrap();
    let ended = engine::run(plan, test.context().unwrap()).await;
    let shown: Vec<Value> = bench
        .target
        .rows()
        .iter()
        .map(|row| Value::Object(sdk::row_to_json(row, 0)))
        .collect();
    assert_eq!(
        shown,
        [
            serde_json::json!({"id": 0, "map": {"a": 1, "b": null}, "large": {"hex": "00ff"},
            "four": {"hex": "00000001"}, "list": null})
        ]
    );
    let reasons: Vec<Value> = self::lines(&ended)
        .into_iter()
        .map(|line| line["reason"].clone())
        .collect();
    assert_eq!(
        reasons,
        [
            "the row has no such column; add it, or null",
            "bytes inside another value cannot be fed back",
            r#"bytes are written as {"hex": "00ff"}"#,
            "there is no column `fifth`; take it out of the row",
        ]
    );
}

#[tokio::test]
async fn rows_with_two_columns_of_one_name_are_not_fed_back() {
    let bench = Bench::new("two of one name").with_rows(1, 1);
    let name = Column::new("name", DataType::Utf8);
    bench.source.offer(vec![name.clone(), name], Vec::new());
    let file = bench.folder.path().join("mended.jsonl");
    let line = r#"{"time": "", "task": 0, "stage": "convert", "column": null, "reason": "", "key": {}, "row": {"name": "x"}}"#;
    fs::write(&file, line).unwrap();
    let text = plain("");
    let test = bench.run(&text);
    let job = test.job().unwrap();
    let replay = Replay {
        job: &job,
        registry: test.registry,
        datasources: test.datasources,
        rows: &KeptRows {
            file,
            kept_by: RowForm::Source,
        },
    };
    let runs = runs(&replay, &mut Problems::new());
    let error = engine::plan(runs.into_iter().next().unwrap())
        .await
        .err()
        .unwrap();
    assert!(error.message().contains("two columns `name`"), "{error}");
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
        rows: &KeptRows {
            file,
            kept_by: RowForm::Source,
        },
    };
    let runs = runs(&replay, &mut problems);
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

#[tokio::test]
async fn what_a_replay_sets_aside_takes_the_same_way_again() {
    let bench = Bench::new("replay of a replay").with_rows(1, 1);
    let label = Column::new("label", DataType::Utf8);
    bench
        .target
        .offer(vec![testkit::id_column(), label], Vec::new());
    let text = document(r#"["id", "name"]"#, "", "{}");
    let test = bench.run(&text);
    let job = test.job().unwrap();
    let file = bench.folder.path().join("mended.jsonl");
    // A row that went straight to the target has its columns, although it did not get as far.
    let line = r#"{"time": "", "task": 0, "stage": "convert", "column": null, "reason": "", "key": {}, "row": {"id": 3, "label": "x"}}"#;
    fs::write(&file, line).unwrap();
    for (kept_by, written) in [(RowForm::Source, 0), (RowForm::Target, 1)] {
        let replay = Replay {
            job: &job,
            registry: test.registry,
            datasources: test.datasources,
            rows: &KeptRows {
                file: file.clone(),
                kept_by,
            },
        };
        assert_eq!(replay.rows.forms().unwrap(), [kept_by]);
        let folder = tempfile::tempdir().unwrap();
        for resolved in runs(&replay, &mut Problems::new()) {
            let test = testkit::TestRun {
                folder: folder.path(),
                ..test
            };
            let plan = engine::plan(resolved).await.unwrap();
            let ended = engine::run(plan, test.context().unwrap()).await;
            assert_eq!(ended.report.counts.rows_written, written);
        }
    }
}

/// Feeds lines of a file straight to the target of a job that copies every column. Returns what is visible
/// there, and the reasons of what is not.
async fn fed_to_the_target(bench: &Bench, rows: &[&str]) -> (Vec<Value>, Vec<String>) {
    let file = bench.folder.path().join("mended.jsonl");
    let written = rows.iter().map(|row| {
        format!(
            r#"{{"time": "", "task": 0, "stage": "write", "column": null, "reason": "", "key": {{}}, "row": {row}}}"#
        )
    });
    fs::write(&file, written.collect::<Vec<_>>().join("\n")).unwrap();
    let text = plain("");
    let test = bench.run(&text);
    let job = test.job().unwrap();
    let replay = Replay {
        job: &job,
        registry: test.registry,
        datasources: test.datasources,
        rows: &KeptRows {
            file,
            kept_by: RowForm::Source,
        },
    };
    let run = runs(&replay, &mut Problems::new()).remove(0);
    let plan = engine::plan(run).await.unwrap();
    let ended = engine::run(plan, test.context().unwrap()).await;
    assert!(ended.failure.is_none(), "{:?}", ended.failure);
    let rows = bench.target.rows();
    let shown = rows
        .iter()
        .map(|row| Value::Object(sdk::row_to_json(row, 0)));
    let dirty = match &ended.report.dirty_file {
        Some(_) => lines(&ended),
        None => Vec::new(),
    };
    let reasons = dirty.iter().map(|line| line["reason"].as_str().unwrap());
    (shown.collect(), reasons.map(str::to_string).collect())
}

#[tokio::test]
async fn values_go_to_the_columns_that_a_row_names_whatever_their_order() {
    let bench = Bench::new("by name").with_rows(1, 1);
    let text = |name: &str| Column::new(name, DataType::Utf8);
    let columns = vec![testkit::id_column(), text("b"), text("a")];
    bench.target.offer(columns, Vec::new());
    // As a tool leaves them that sorts the keys of objects.
    let (shown, reasons) = fed_to_the_target(
        &bench,
        &[
            r#"{"a": "A", "b": "B", "id": 1}"#,
            r#"{"id": 2, "a": "A", "b": "B"}"#,
            r#"{"a": "A", "c": "C", "id": 3}"#,
            r#"{"a": "A", "id": 4}"#,
        ],
    )
    .await;
    let row = |id: i64| serde_json::json!({"id": id, "b": "B", "a": "A"});
    assert_eq!(shown, [row(1), row(2)]);
    assert_eq!(
        reasons,
        [
            "there is no column `c`; take it out of the row",
            "the row has no such column; add it, or null",
        ]
    );
}

#[tokio::test]
async fn a_target_without_columns_of_its_own_has_those_of_the_job() {
    let bench = Bench::new("by name, derived").with_rows(1, 1);
    let columns = vec![
        testkit::id_column(),
        Column::new("b", DataType::Utf8),
        Column::new("a", DataType::Utf8),
    ];
    bench.source.offer(columns, Vec::new());
    let (shown, reasons) = fed_to_the_target(&bench, &[r#"{"a": "A", "b": "B", "id": 1}"#]).await;
    let keys: Vec<&String> = shown[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "b", "a"]);
    assert_eq!(shown, [serde_json::json!({"id": 1, "b": "B", "a": "A"})]);
    assert!(reasons.is_empty());
}
