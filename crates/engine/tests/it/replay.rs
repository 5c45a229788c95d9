//! Dirty rows that are fed back.

use std::fs;
use std::sync::Arc;

use arrow_schema::{DataType, Field};
use engine::{KeptRows, Replay, Resolved, RowForm};
use job::Problems;
use sdk::Column;
use serde_json::Value;
use testkit::run_job;

use crate::dirty::lines;
use crate::setup::{Bench, all_ids, document, plain};

/// The runs that feed the rows of a file back.
fn runs(replay: &Replay<'_>, problems: &mut Problems) -> Vec<Resolved> {
    let forms = replay.rows.forms().unwrap().into_iter();
    forms
        .map(|form| replay.run(form, problems).unwrap())
        .collect()
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
