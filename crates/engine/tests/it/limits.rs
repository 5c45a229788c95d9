//! Limits of a whole job: its rate over all channels, and dirty rows while it runs.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::DataType;
use engine::{Counts, Failure, Outcome};
use sdk::Column;
use testkit::{Step, id_column, run_job, schema_of};
use tokio::time::Instant;

use crate::setup::{Bench, all_ids, document};

/// The timer's step, and the rounding of two of them.
const TIMER: Duration = Duration::from_millis(5);

/// Runs 8 splits of 1,000 rows in batches of 10 over so many channels, under a limit. Returns the time
/// that it took by the paused clock, and what it moved.
async fn run_limited(channels: u32, limit: &str) -> (Duration, Counts) {
    let bench = Bench::new(&format!("{limit} over {channels}")).with_rows(8, 1000);
    let setting = format!(r#"{{"speed": {{"concurrent": {channels}, {limit}}}}}"#);
    let text = document(r#"["*"]"#, "", &setting);
    let since = Instant::now();
    let ended = run_job(&bench.run(&text)).await;
    assert_eq!(ended.report.outcome, Outcome::Succeeded);
    assert_eq!(ended.report.counts.rows_written, 8000);
    (since.elapsed(), ended.report.counts)
}

#[tokio::test(start_paused = true)]
async fn bytes_per_second_are_one_exact_limit_however_many_channels_run() {
    for channels in [1, 4, 8] {
        // A rate at which the rows take some seconds.
        let (elapsed, counts) = run_limited(channels, r#""mbps": 0.05"#).await;
        let rate = 0.05 * f64::from(1 << 20);
        let exact = Duration::from_secs_f64(counts.bytes_read as f64 / rate);
        let batch = exact / 800;
        assert!(exact > Duration::from_secs(2), "{exact:?} tells little");
        assert!(
            elapsed + TIMER > exact && elapsed < exact + batch + TIMER,
            "{channels} channels took {elapsed:?} instead of {exact:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn rows_per_second_are_one_exact_limit_however_many_channels_run() {
    for channels in [1, 4, 8] {
        let (elapsed, _) = run_limited(channels, r#""record": 1000"#).await;
        let (exact, batch) = (Duration::from_secs(8), Duration::from_millis(10));
        assert!(
            elapsed + TIMER > exact && elapsed < exact + batch + TIMER,
            "{channels} channels took {elapsed:?} instead of {exact:?}"
        );
    }
}

/// One batch of rows that ask for texts of so many characters.
fn asking(lengths: &[i64]) -> (Vec<Column>, RecordBatch) {
    let columns = vec![id_column(), Column::new("n", DataType::Int64)];
    let ids = Int64Array::from_iter_values(0..lengths.len() as i64);
    let lengths = Int64Array::from(lengths.to_vec());
    let arrays: Vec<ArrayRef> = vec![Arc::new(ids), Arc::new(lengths)];
    let batch = RecordBatch::try_new(schema_of(&columns), arrays).unwrap();
    (columns, batch)
}

#[tokio::test]
async fn a_batch_is_cut_by_what_its_values_become() {
    let few_then_long: Vec<i64> = (0..100)
        .map(|row| if row < 90 { 1 } else { 10 << 20 })
        .collect();
    let cut_again =
        r#"{"name": "dx_substr", "parameter": {"columnIndex": 1, "paras": ["0", "1"]}}"#;
    let pad =
        r#"{"name": "dx_pad", "parameter": {"columnIndex": 1, "paras": ["l", "1048576", "0"]}},"#;
    let repeat = r#"["id", {"expression": "repeat('x', n)", "name": "text"}]"#;
    for (name, lengths, column_list, pad, parts) in [
        // 16 MiB are 16 rows.
        ("padded", vec![1; 160], r#"["id", "n"]"#, pad, 10),
        // 16 rows and 64 rows show nothing; of the last 20, ten are 100 MiB.
        ("repeated", few_then_long, repeat, "", 6),
    ] {
        let bench = Bench::new(&format!("cut when {name}"));
        let (columns, batch) = asking(&lengths);
        bench.source.offer(columns, vec![vec![batch]]);
        let transformers = format!(r#""transformer": [{pad}{cut_again}],"#);
        let ended = run_job(&bench.run(&document(column_list, &transformers, "{}"))).await;
        assert_eq!(
            ended.report.outcome,
            Outcome::Succeeded,
            "{:?}",
            ended.failure
        );
        assert_eq!(bench.target.keys(), all_ids(lengths.len() as i64));
        let written = bench.target.calls(Step::Write);
        assert!(written >= parts, "{name}: {written} parts");
    }
    // What does not grow stays whole.
    let bench = Bench::new("cut when nothing grows");
    let (columns, batch) = asking(&[1; 1000]);
    bench.source.offer(columns, vec![vec![batch]]);
    run_job(&bench.run(&document(r#"["*"]"#, "", "{}"))).await;
    assert_eq!(bench.target.calls(Step::Write), 1);
}

#[tokio::test]
async fn limits_of_dirty_rows_end_the_run_in_the_batch_that_passes_them() {
    // The first of 100 batches has ten bad rows and no other has any.
    let columns = r#"["id", {"expression": "10 / (id / 10)", "name": "share"}]"#;
    for limit in [
        r#""record": 0"#,
        r#""record": 9"#,
        r#""percentage": 0"#,
        r#""percentage": 0.009"#,
    ] {
        let bench = Bench::new(&format!("ended early {limit}")).with_rows(1, 1000);
        let setting = format!(r#"{{"errorLimit": {{{limit}}}}}"#);
        let ended = run_job(&bench.run(&document(columns, "", &setting))).await;
        assert!(
            matches!(
                ended.failure,
                Some(Failure::TooManyDirtyRows {
                    dirty: 10,
                    read: 10,
                    ..
                })
            ),
            "{limit}: {:?}",
            ended.failure
        );
        // Besides that batch, those that were read ahead.
        let read = bench.source.calls(Step::Read);
        assert!(read <= 5, "{limit}: {read} batches were read");
        assert!(bench.target.keys().is_empty(), "{limit}");
    }
    let bench = Bench::new("tolerated").with_rows(1, 1000);
    let setting = r#"{"errorLimit": {"record": 10, "percentage": 0.01}}"#;
    let ended = run_job(&bench.run(&document(columns, "", setting))).await;
    assert_eq!(ended.report.outcome, Outcome::Succeeded);
    assert_eq!(ended.report.counts.rows_dirty, 10);
}
