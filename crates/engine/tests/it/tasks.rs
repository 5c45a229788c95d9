//! What is told of each task while a run is under way and afterwards.

use engine::{Outcome, TaskPhase, TaskReport, run};
use testkit::{Action, Fault, Step, run_job};

use crate::setup::{Bench, plain};

fn fault(step: Step, nth: u32, action: Action) -> Fault {
    Fault { step, nth, action }
}

#[tokio::test]
async fn a_run_under_way_tells_what_runs_and_what_is_done() {
    let bench = Bench::new("told live").with_rows(3, 20);
    // Six batches of three tasks, of which one never comes to the target.
    bench.target.script(&[fault(Step::Write, 1, Action::Hang)]);
    let document = plain("");
    let test = bench.run(&document);
    let context = test.context().unwrap();
    let (meter, cancel) = (context.meter.clone(), context.cancel.clone());
    let plan = test.plan().await.unwrap();
    let running = tokio::spawn(run(plan, context));
    let told = loop {
        let (told, left_out) = meter.tasks();
        assert_eq!(left_out, 0);
        let done = |it: &&TaskReport| it.state == TaskPhase::Done;
        if told.iter().filter(done).count() == 2 && told.len() == 3 {
            break told;
        }
        tokio::task::yield_now().await;
    };
    assert!(told.is_sorted_by_key(|it| it.task));
    for it in &told {
        let rows = match it.state {
            TaskPhase::Done => (20, 20),
            _ => (10, 0),
        };
        assert_eq!(
            (it.counts.rows_read, it.counts.rows_written),
            rows,
            "{it:?}"
        );
        assert_eq!(
            (it.attempts, it.split.as_str()),
            (1, format!("part {}", it.task.0).as_str())
        );
    }
    let progress = meter.progress();
    assert!(
        progress.wait_writer > std::time::Duration::ZERO,
        "it waits for the target"
    );
    assert!(progress.wait_writer + progress.wait_reader <= progress.task_time);
    cancel.cancel();
    let ended = running.await.unwrap();
    assert_eq!(ended.report.outcome, Outcome::Interrupted);
    assert_eq!(
        ended.report.splits.len(),
        2,
        "the interrupted one waits again"
    );
    assert_eq!(meter.tasks().0.len(), 2);
}

#[tokio::test]
async fn a_task_that_ends_the_run_is_told_with_what_it_had_read() {
    for action in [Action::Break, Action::Panic] {
        let bench = Bench::new(&format!("told failed {action:?}")).with_rows(1, 30);
        bench.source.script(&[fault(Step::Read, 3, action)]);
        let ended = run_job(&bench.run(&plain(""))).await;
        assert_eq!(ended.report.outcome, Outcome::Failed);
        let told = &ended.report.splits;
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].state, told[0].attempts), (TaskPhase::Failed, 1));
        assert_eq!(
            (told[0].counts.rows_read, told[0].counts.rows_written),
            (20, 0)
        );
        assert_eq!(ended.report.counts.rows_read, 0, "it is not in the sums");
    }
}
