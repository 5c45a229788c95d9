//! Limits of a whole job: its rate over all channels, and dirty rows while it runs.

use std::time::Duration;

use engine::{Counts, Failure, Outcome};
use testkit::{Step, run_job};
use tokio::time::Instant;

use crate::setup::{Bench, document};

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
