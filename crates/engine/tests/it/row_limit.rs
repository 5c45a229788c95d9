//! A run that reads some of its source's rows.

use engine::{Ended, Outcome, run};
use testkit::{Action, Death, DyingLedger, Fault, Step, TestRun};

use crate::setup::{Bench, plain};

async fn limited(test: &TestRun<'_>, most: u64) -> Ended {
    let mut context = test.context().unwrap();
    context.limit_rows = Some(most);
    run(test.plan().await.unwrap(), context).await
}

fn assert_read(bench: &Bench, ended: &Ended, rows: u64) {
    assert_eq!(
        ended.report.outcome,
        Outcome::Succeeded,
        "{:?}",
        ended.failure
    );
    let counts = ended.report.counts;
    assert_eq!((counts.rows_read, counts.rows_written), (rows, rows));
    assert_eq!(bench.target.keys().len() as u64, rows);
    assert_eq!(bench.target.ends(), (1, 1, false));
    let told: u64 = ended
        .report
        .splits
        .iter()
        .map(|it| it.counts.rows_read)
        .sum();
    assert_eq!(told, rows);
}

#[tokio::test]
async fn a_limit_holds_over_all_splits_and_cuts_the_last_batch() {
    for most in [1, 42, 75] {
        let bench = Bench::new(&format!("limited to {most}")).with_rows(5, 25);
        let document = plain("");
        let ended = limited(&bench.run(&document), most).await;
        assert_read(&bench, &ended, most);
        assert_eq!(ended.report.limit_rows, Some(most));
        let notice = &ended.report.notices[0];
        assert!(
            notice.contains(&format!("first {most} rows were read")),
            "{notice}"
        );
    }
}

#[tokio::test]
async fn a_source_with_fewer_rows_is_read_as_a_whole() {
    let bench = Bench::new("limited beyond").with_rows(2, 25);
    let document = plain("");
    let ended = limited(&bench.run(&document), 1_000_000).await;
    assert_read(&bench, &ended, 50);
    assert!(ended.report.notices[0].contains("1,000,000"));
}

#[tokio::test]
async fn the_source_is_not_told_that_all_was_read() {
    let bench = Bench::new("limited and untold").with_rows(2, 25);
    let document = plain("");
    let ended = limited(&bench.run(&document), 30).await;
    assert_read(&bench, &ended, 30);
    assert_eq!(bench.source.calls(Step::EndOfRead), 0);
}

#[tokio::test]
async fn what_a_failed_attempt_has_read_may_be_read_again() {
    let bench = Bench::new("limited with a fault").with_rows(1, 100);
    bench.source.script(&[Fault {
        step: Step::Read,
        nth: 4,
        action: Action::Refuse,
    }]);
    let document = plain(r#", "retries": 2"#);
    let ended = limited(&bench.run(&document), 42).await;
    assert_read(&bench, &ended, 42);
    assert_eq!(ended.report.splits[0].attempts, 2);
}

#[tokio::test]
async fn a_killed_run_goes_on_within_its_limit() {
    let bench = Bench::new("limited and killed").with_rows(4, 25);
    let document = plain("");
    let test = bench.run(&document);
    let path = bench.folder.path().join("ledger.jsonl");
    for events in [5, 9] {
        let dying = DyingLedger::open(&path, events, Death::AfterNoting).unwrap();
        let mut context = test.context_with(std::sync::Arc::new(dying));
        context.limit_rows = Some(60);
        run(test.plan().await.unwrap(), context).await;
    }
    let ended = limited(&test, 60).await;
    assert_read(&bench, &ended, 60);
}
