//! One split placed by itself, as a cluster would: contexts that share a ledger and nothing else.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use engine::{
    DirtySink, DirtyTask, FileLedger, Ledger, PreparedJob, SplitContext, Throttle, run, run_split,
};
use futures::future::{BoxFuture, FutureExt, ready};
use sdk::{Result, TaskId};
use testkit::{Death, DyingLedger, Step, TestRun, run_job};
use tokio_util::sync::CancellationToken;

use crate::setup::{Bench, all_ids, plain};

/// Takes dirty rows away, as a worker does that has not got the folder of the run.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<String>>>);

struct Sending {
    sent: Sent,
    lines: Vec<String>,
}

impl DirtySink for Sent {
    fn begin(&self, _task: TaskId) -> Result<Box<dyn DirtyTask>> {
        Ok(Box::new(Sending {
            sent: self.clone(),
            lines: Vec::new(),
        }))
    }
}

impl DirtyTask for Sending {
    fn add(&mut self, line: &str) -> Result<()> {
        self.lines.push(line.to_string());
        Ok(())
    }

    fn sync(&mut self) -> BoxFuture<'_, Result<()>> {
        self.sent.0.lock().unwrap().append(&mut self.lines);
        ready(Ok(())).boxed()
    }
}

/// Counts the rows that ask to pass.
#[derive(Default)]
struct Passing(AtomicU64);

impl Throttle for Passing {
    fn pass(&self, _bytes: u64, records: u64) -> BoxFuture<'_, ()> {
        self.0.fetch_add(records, Ordering::SeqCst);
        ready(()).boxed()
    }

    fn batch_size(&self, rows: usize, bytes: usize) -> (usize, usize) {
        (rows, bytes)
    }
}

fn ledger_in(bench: &Bench) -> PathBuf {
    bench.folder.path().join("ledger.jsonl")
}

/// The run as a driver leaves it that dies after so many events, the next of them noted or not.
async fn driven(test: &TestRun<'_>, path: &Path, events: i64, death: Death) -> Arc<dyn Ledger> {
    let dying = Arc::new(DyingLedger::open(path, events, death).unwrap());
    run(test.plan().await.unwrap(), test.context_with(dying)).await;
    Arc::new(FileLedger::open(path).unwrap())
}

/// A worker: what it has of its own, besides the ledger that all of them share.
fn worker(ledger: &Arc<dyn Ledger>, sent: &Sent, passing: &Arc<Passing>) -> SplitContext {
    SplitContext {
        ledger: ledger.clone(),
        dirty: Arc::new(sent.clone()),
        limit: passing.clone(),
        meter: Arc::default(),
        limit_rows: None,
        cancel: CancellationToken::new(),
    }
}

#[tokio::test]
async fn splits_that_workers_planned_apart_are_whole_over_one_ledger() {
    let bench = Bench::new("placed").with_rows(2, 25);
    bench.target.refuse_above(47);
    let document = plain("");
    let test = bench.run(&document);
    let path = ledger_in(&bench);
    // The splits are planned and the target is prepared; no split was begun.
    let ledger = driven(&test, &path, 1, Death::AfterNoting).await;
    let splits = ledger.history().splits.unwrap();
    let (sent, passing) = (Sent::default(), Arc::new(Passing::default()));
    let place = async |task: u32| {
        let context = worker(&ledger, &sent, &passing);
        let job = PreparedJob::of_run(test.plan().await.unwrap(), &context).unwrap();
        let split = &splits[task as usize];
        let counts = run_split(&context, &job, TaskId(task), split, 1).await;
        assert_eq!(context.meter.progress().counts, *counts.as_ref().unwrap());
        counts.unwrap()
    };
    let (first, second) = futures::join!(place(0), place(1));
    assert_eq!((first.rows_written, second.rows_written), (25, 23));
    assert_eq!(bench.target.keys(), all_ids(48));
    assert_eq!(passing.0.load(Ordering::SeqCst), 50);
    let lines = sent.0.lock().unwrap().clone();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|line| line.contains("above the most")));

    drop(ledger);
    let ended = run_job(&test).await;
    assert!(ended.failure.is_none(), "{:?}", ended.failure);
    assert_eq!(
        (
            ended.report.counts.rows_written,
            ended.report.counts.rows_dirty
        ),
        (48, 2)
    );
    assert!(ended.report.splits.iter().all(|split| split.attempts == 0));
    assert_eq!(bench.target.keys(), all_ids(48));
    assert_eq!(bench.target.ends(), (1, 1, false));
}

#[tokio::test]
async fn an_attempt_that_another_process_published_is_settled_where_the_next_one_is_placed() {
    let bench = Bench::new("settled elsewhere").with_rows(1, 25);
    let document = plain("");
    let test = bench.run(&document);
    // Plan, prepare, claim and seal are noted; that it was published is not.
    let ledger = driven(&test, &ledger_in(&bench), 4, Death::BeforeNoting).await;
    assert_eq!(bench.target.keys(), all_ids(25));
    let written = bench.target.calls(Step::Write);
    let context = worker(&ledger, &Sent::default(), &Arc::default());
    let job = PreparedJob::of_run(test.plan().await.unwrap(), &context).unwrap();
    let split = &ledger.history().splits.unwrap()[0];
    let counts = run_split(&context, &job, TaskId(0), split, 2)
        .await
        .unwrap();
    assert_eq!(counts.rows_written, 25);
    assert_eq!(bench.target.calls(Step::Write), written);
    assert_eq!(bench.target.calls(Step::Recover), 1);
}

#[tokio::test]
async fn a_split_of_a_run_that_is_not_prepared_is_refused() {
    let bench = Bench::new("too early").with_rows(1, 5);
    let document = plain("");
    let test = bench.run(&document);
    let ledger = driven(&test, &ledger_in(&bench), 0, Death::AfterNoting).await;
    let context = worker(&ledger, &Sent::default(), &Arc::default());
    let refused = PreparedJob::of_run(test.plan().await.unwrap(), &context);
    assert_eq!(refused.err().unwrap().kind(), sdk::Kind::Internal);
}
