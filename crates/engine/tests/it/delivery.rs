//! No row is lost or doubled: retries, lost answers, panics, stops, and kills at every event.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampNanosecondType;
use engine::{Counts, Ended, Failure, Outcome, run};
use testkit::{Action, Death, DyingLedger, Fault, MemoryStore, Step, TestRun, run_job};

use crate::setup::{Bench, all_ids, document, plain};

fn assert_balanced(ended: &Ended, rows: u64) {
    let counts = ended.report.counts;
    assert_eq!(
        ended.report.outcome,
        Outcome::Succeeded,
        "{:?}",
        ended.failure
    );
    assert_eq!(counts.rows_read, rows);
    assert_eq!(
        counts.rows_read,
        counts.rows_filtered + counts.rows_dirty + counts.rows_written
    );
}

/// The end of a run that is stopped at the nth call of a step of its target.
async fn stopped_at(test: &TestRun<'_>, target: &MemoryStore, step: Step, nth: usize) -> Ended {
    let context = test.context().unwrap();
    let (cancel, target) = (context.cancel.clone(), target.clone());
    let stopping = tokio::spawn(async move {
        while target.calls(step) < nth {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    });
    let ended = run(test.plan().await.unwrap(), context).await;
    stopping.await.unwrap();
    assert_eq!(ended.report.outcome, Outcome::Interrupted);
    ended
}

#[tokio::test]
async fn every_row_arrives_once() {
    let bench = Bench::new("plain").with_rows(7, 25);
    let ended = run_job(&bench.run(&plain(""))).await;
    assert_balanced(&ended, 175);
    assert_eq!(bench.target.keys(), all_ids(175));
    assert_eq!(bench.target.ends(), (1, 1, false));
    assert_eq!(ended.report.splits.len(), 7);
    assert!(
        ended
            .report
            .splits
            .iter()
            .all(|split| split.counts.rows_written == 25 && split.attempts == 1)
    );
}

#[tokio::test]
async fn an_empty_source_is_committed() {
    let bench = Bench::new("empty").with_rows(0, 0);
    let ended = run_job(&bench.run(&plain(""))).await;
    assert_balanced(&ended, 0);
    assert_eq!(bench.target.ends(), (1, 1, false));
}

#[tokio::test]
async fn the_source_is_told_once_that_a_run_begins_and_that_it_ended() {
    let bench = Bench::new("told").with_rows(3, 10);
    let told = || [Step::ReadyToRead, Step::EndOfRead].map(|step| bench.source.calls(step));
    let document = plain("");
    let job = bench.run(&document);
    // Planning alone, which is what a check does, leaves the source as it is.
    let plan = job.plan().await.unwrap();
    plan.reader().splits(plan.wanted_splits()).await.unwrap();
    assert_eq!(told(), [0, 0]);

    let failure = |nth, action| Fault {
        step: Step::EndOfRead,
        nth,
        action,
    };
    bench
        .source
        .script(&[failure(1, Action::Break), failure(2, Action::Mistake)]);
    for times in 1..=2 {
        let ended = run_job(&job).await;
        let report = &ended.report;
        assert_eq!(report.outcome, Outcome::Failed);
        let message = report.error.as_ref().unwrap();
        assert!(
            message.starts_with("all rows are in the target: EndOfRead"),
            "{message}"
        );
        assert!(report.hint.as_ref().unwrap().contains("resume the run"));
        assert!(report.resumable, "whatever went wrong");
        assert_eq!(report.counts.rows_written, 30);
        assert_eq!(bench.target.keys(), all_ids(30));
        assert_eq!(told(), [1, times]);
    }
    // The resumed run knows its splits already, and only ends what it began.
    let ended = run_job(&job).await;
    assert_balanced(&ended, 30);
    assert_eq!(told(), [1, 3]);
    assert_eq!(bench.target.keys(), all_ids(30));
    assert_eq!(bench.target.ends(), (1, 1, false), "committed once");
}

#[tokio::test(start_paused = true)]
async fn each_step_may_fail_or_lose_its_answer() {
    for step in [
        Step::Read,
        Step::Write,
        Step::Seal,
        Step::Publish,
        Step::Commit,
    ] {
        for action in [Action::Refuse, Action::LoseAnswer] {
            let bench = Bench::new(&format!("faults {step:?} {action:?}")).with_rows(4, 30);
            let faults = [
                Fault {
                    step,
                    nth: 1,
                    action,
                },
                Fault {
                    step,
                    nth: 3,
                    action,
                },
            ];
            let store = if step == Step::Read {
                &bench.source
            } else {
                &bench.target
            };
            store.script(&faults);
            let ended = run_job(&bench.run(&plain(""))).await;
            assert_balanced(&ended, 120);
            assert_eq!(bench.target.keys(), all_ids(120), "{step:?} {action:?}");
            let retries = if step == Step::Commit { 1 } else { 2 };
            assert_eq!(ended.report.timing.retries, retries, "{step:?} {action:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_publication_is_settled_with_the_target_not_repeated() {
    let bench = Bench::new("lost publication").with_rows(1, 30);
    bench.target.script(&[
        Fault {
            step: Step::Publish,
            nth: 1,
            action: Action::LoseAnswer,
        },
        Fault {
            step: Step::Recover,
            nth: 1,
            action: Action::Refuse,
        },
    ]);
    let ended = run_job(&bench.run(&plain(""))).await;
    assert_balanced(&ended, 30);
    assert_eq!(
        (
            bench.target.calls(Step::Publish),
            bench.target.calls(Step::Recover)
        ),
        (1, 2)
    );
    assert_eq!(bench.target.keys(), all_ids(30));
}

#[tokio::test(start_paused = true)]
async fn retries_come_to_an_end() {
    let bench = Bench::new("no end").with_rows(1, 10);
    let faults: Vec<Fault> = (1..=10)
        .map(|nth| Fault {
            step: Step::Write,
            nth,
            action: Action::Refuse,
        })
        .collect();
    bench.target.script(&faults);
    let ended = run_job(&bench.run(&plain(r#", "retries": 2"#))).await;
    assert_eq!(ended.report.outcome, Outcome::Failed);
    let message = ended.report.error.unwrap();
    assert_eq!(message, "part 0: Write was refused");
    assert_eq!(bench.target.calls(Step::Write), 3);
    assert_eq!(ended.report.timing.retries, 2);
    assert!(ended.report.resumable);
    let again = run_job(&bench.run(&plain(r#", "retries": 9"#))).await;
    assert_balanced(&again, 10);
    assert_eq!(bench.target.keys(), all_ids(10));
}

#[tokio::test]
async fn a_panic_is_an_internal_error_of_its_task() {
    for (step, rows_there) in [(Step::Write, 0), (Step::Read, 0)] {
        let bench = Bench::new(&format!("panic {step:?}")).with_rows(1, 10);
        let store = if step == Step::Read {
            &bench.source
        } else {
            &bench.target
        };
        store.script(&[Fault {
            step,
            nth: 1,
            action: Action::Panic,
        }]);
        let ended = run_job(&bench.run(&plain(""))).await;
        assert!(
            matches!(&ended.failure, Some(Failure::Error(error)) if error.kind() == sdk::Kind::Internal)
        );
        assert_eq!(bench.target.keys().len(), rows_there);
        assert_eq!(ended.report.counts, Counts::default(), "{step:?}");
    }
}

#[tokio::test]
async fn a_stop_interrupts_even_a_hanging_target_and_can_be_continued() {
    let bench = Bench::new("stop").with_rows(5, 20);
    bench.target.script(&[Fault {
        step: Step::Write,
        nth: 4,
        action: Action::Hang,
    }]);
    let document = plain("");
    let test = bench.run(&document);
    let ended = stopped_at(&test, &bench.target, Step::Write, 4).await;
    assert!(ended.report.resumable);
    let again = run_job(&test).await;
    assert_balanced(&again, 100);
    assert_eq!(bench.target.keys(), all_ids(100));
}

#[tokio::test]
async fn a_run_killed_at_any_event_is_continued_exactly() {
    // 1 plan + 1 prepare + 4 × (claim, seal, done) + 3 for the commit.
    const EVENTS: i64 = 17;
    for (events, death) in (0..=EVENTS)
        .flat_map(|events| [(events, Death::BeforeNoting), (events, Death::AfterNoting)])
    {
        let name = format!("killed after {events}, {death:?}");
        let bench = Bench::new(&name).with_rows(4, 25);
        let document = plain("");
        let test = bench.run(&document);
        let path = bench.folder.path().join("ledger.jsonl");
        let ledger = Arc::new(DyingLedger::open(&path, events, death).unwrap());
        let ended = run(
            test.plan().await.unwrap(),
            test.context_with(ledger.clone()),
        )
        .await;
        assert_eq!(
            ledger.died(),
            events < EVENTS,
            "{name}: {:?}",
            ended.failure
        );
        drop(ledger);
        drop(ended);
        let again = run_job(&test).await;
        assert_balanced(&again, 100);
        assert_eq!(bench.target.keys(), all_ids(100), "{name}");
    }
}

#[tokio::test]
async fn the_clock_of_a_run_stands_still_until_it_is_finished() {
    let bench = Bench::new("clock").with_rows(4, 5);
    let text = document(
        r#"["id", {"expression": "now()", "name": "at"}]"#,
        r#""filter": "now() > to_timestamp('2024-01-01')","#,
        r#"{"speed": {"concurrent": 1}}"#,
    );
    let test = bench.run(&text);
    let path = bench.folder.path().join("ledger.jsonl");
    let before = chrono::Utc::now().timestamp_micros();
    let ledger = Arc::new(DyingLedger::open(&path, 7, Death::BeforeNoting).unwrap());
    let context = test.context_with(ledger);
    run(test.plan().await.unwrap(), context).await;
    let after = chrono::Utc::now().timestamp_micros();
    assert!((5..20).contains(&bench.target.keys().len()), "half-way");
    assert_balanced(&run_job(&test).await, 20);
    let moments: BTreeSet<i64> = bench
        .target
        .rows()
        .iter()
        .map(|row| {
            let nanos = row.column(1).as_primitive::<TimestampNanosecondType>();
            nanos.value(0) / 1000
        })
        .collect();
    assert_eq!(moments.len(), 1);
    assert!((before..=after).contains(moments.first().unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_stop_while_the_commit_is_tried_again_is_an_interruption() {
    let bench = Bench::new("stopped commit").with_rows(1, 5);
    let refused = |nth| Fault {
        step: Step::Commit,
        nth,
        action: Action::Refuse,
    };
    bench.target.script(&[refused(1), refused(2)]);
    let document = plain("");
    let test = bench.run(&document);
    stopped_at(&test, &bench.target, Step::Commit, 1).await;
    assert_eq!(bench.target.calls(Step::Commit), 1);
    bench.target.script(&[]);
    assert_balanced(&run_job(&test).await, 5);
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_a_target_that_does_not_answer() {
    let bench = Bench::new("no answer").with_rows(1, 5);
    let fault = |step, action| Fault {
        step,
        nth: 1,
        action,
    };
    bench.target.script(&[
        fault(Step::Publish, Action::LoseAnswer),
        fault(Step::Recover, Action::Hang),
    ]);
    let document = plain("");
    let test = bench.run(&document);
    let context = test.context().unwrap();
    let cancel = context.cancel.clone();
    let target = bench.target.clone();
    let stopping = tokio::spawn(async move {
        while target.calls(Step::Recover) < 1 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        cancel.cancel();
    });
    let ended = run(test.plan().await.unwrap(), context).await;
    stopping.await.unwrap();
    assert_eq!(ended.report.outcome, Outcome::Interrupted);
    bench.target.script(&[]);
    assert_balanced(&run_job(&test).await, 5);
    assert_eq!(bench.target.keys(), all_ids(5));
}

#[tokio::test]
async fn a_stop_does_not_wait_until_the_target_is_prepared() {
    let bench = Bench::new("stopped preparation").with_rows(1, 5);
    bench.target.script(&[Fault {
        step: Step::Prepare,
        nth: 1,
        action: Action::Hang,
    }]);
    let document = plain("");
    let test = bench.run(&document);
    let ended = stopped_at(&test, &bench.target, Step::Prepare, 1).await;
    assert!(ended.started, "nobody knows how far it came");
    assert!(!bench.target.ends().2, "not given up");
    assert_balanced(&run_job(&test).await, 5);
}

#[tokio::test]
async fn a_run_whose_preparation_broke_has_touched_the_target() {
    let bench = Bench::new("broken preparation").with_rows(1, 5);
    bench.target.script(&[Fault {
        step: Step::Prepare,
        nth: 1,
        action: Action::Break,
    }]);
    let ended = run_job(&bench.run(&plain(""))).await;
    assert!(ended.started);
    assert!(!ended.report.resumable);
}

#[tokio::test]
async fn whoever_cannot_note_the_commit_or_the_end_leaves_the_target_alone() {
    // 1 plan + 1 prepare + 1 × (claim, seal, done), then the ledger belongs to somebody else.
    let bench = Bench::new("lost before the commit").with_rows(1, 5);
    let document = plain("");
    let test = bench.run(&document);
    let path = bench.folder.path().join("ledger.jsonl");
    let ledger = Arc::new(DyingLedger::open(&path, 5, Death::BeforeNoting).unwrap());
    let ended = run(test.plan().await.unwrap(), test.context_with(ledger)).await;
    assert_eq!(ended.report.outcome, Outcome::Failed);
    assert_eq!(bench.target.calls(Step::Commit), 0);
    assert_eq!(bench.target.ends(), (1, 0, false));
    drop(ended);
    assert_balanced(&run_job(&test).await, 5);
    assert_eq!(bench.target.ends(), (1, 1, false));

    let bench = Bench::new("lost before the end").with_rows(1, 5);
    bench.target.refuse_above(1);
    let document = plain(r#", "errorLimit": {"record": 0}"#);
    let test = bench.run(&document);
    let path = bench.folder.path().join("ledger.jsonl");
    let ledger = Arc::new(DyingLedger::open(&path, 3, Death::BeforeNoting).unwrap());
    let ended = run(test.plan().await.unwrap(), test.context_with(ledger)).await;
    assert!(matches!(
        ended.failure,
        Some(Failure::TooManyDirtyRows { .. })
    ));
    assert_eq!(bench.target.ends(), (1, 0, false));
}

#[tokio::test]
async fn what_somebody_began_to_give_up_is_given_up_by_whoever_comes_next() {
    let bench = Bench::new("half given up").with_rows(1, 5);
    bench.target.refuse_above(1);
    let document = plain(r#", "errorLimit": {"record": 0}"#);
    let test = bench.run(&document);
    let path = bench.folder.path().join("ledger.jsonl");
    let ledger = Arc::new(DyingLedger::open(&path, 3, Death::AfterNoting).unwrap());
    run(test.plan().await.unwrap(), test.context_with(ledger)).await;
    assert_eq!(bench.target.ends(), (1, 0, false), "killed before it could");
    let again = run_job(&test).await;
    assert!(!again.report.resumable);
    assert_eq!(bench.target.ends(), (1, 0, true));
    assert_eq!(bench.target.keys(), all_ids(0));
}

#[tokio::test]
async fn a_finished_run_is_not_repeated() {
    let bench = Bench::new("finished").with_rows(2, 10);
    run_job(&bench.run(&plain(""))).await;
    let again = run_job(&bench.run(&plain(""))).await;
    assert_balanced(&again, 20);
    assert_eq!(bench.target.ends(), (1, 1, false));
    assert!(again.report.splits.iter().all(|split| split.attempts == 0));
}

#[tokio::test]
async fn two_processes_cannot_work_on_one_run() {
    let bench = Bench::new("two").with_rows(1, 10);
    let document = plain("");
    let test = bench.run(&document);
    let _held = test.context().unwrap();
    let error = test.context().err().unwrap();
    assert_eq!(error.kind(), sdk::Kind::Conflict);
}
