//! The promises of targets that keep nothing: there are no rows to look at, so the run's own counts say
//! whether every row was taken once.

use engine::{Counts, Datasource, Ended};
use sdk::Registry;
use serde_json::Value;

use super::delivery::{Opened, finished, killed_and_resumed, two_splits};
use super::trial::{Copy, End, Jobs, Verdict, check, memory, people, people_columns, text};
use crate::{Action, Death, Fault, Step};

/// A target without a memory.
pub struct Sink {
    /// Its name in failure messages.
    pub name: &'static str,
    /// The connectors of the build.
    pub registry: Registry,
    /// How jobs reach it.
    pub datasource: Datasource,
    /// The writer's parameters.
    pub parameter: Value,
}

/// Writes nothing, two splits over several channels, with a source that fails once, with a process
/// that dies at every event, and by hand up to commit and abort; panics if a count is wrong.
pub async fn keeps_sink_promises(sink: &Sink) {
    if let Err(problem) = keeps(sink).await {
        panic!("{}: {problem}", sink.name);
    }
}

async fn keeps(sink: &Sink) -> Verdict {
    let jobs = Jobs::new(&sink.registry)?;
    let into = End::new(sink.datasource.clone(), sink.parameter.clone());
    empty(&jobs, &into).await?;
    for channels in [1, 2] {
        let (_source, from) = two_splits();
        let copy = Copy::of(&from, &into).channels(channels);
        took(&jobs.succeed(&copy).await?, 800)?;
    }
    tried_again(&jobs, &into).await?;
    resumed(&jobs, &into).await?;
    by_hand(&sink.registry, &into).await
}

/// Every row was read and taken, and none twice.
fn took(ended: &Ended, rows: u64) -> Verdict {
    let Counts {
        rows_read,
        rows_written,
        rows_dirty,
        ..
    } = ended.report.counts;
    check(
        "rows read, written and dirty",
        &(rows_read, rows_written, rows_dirty),
        &(rows, rows, 0),
    )
}

async fn empty(jobs: &Jobs, into: &End) -> Verdict {
    let (source, from) = memory();
    source.offer(people_columns(), vec![vec![people([], "")]]);
    took(&jobs.succeed(&Copy::of(&from, into)).await?, 0)
}

/// What the attempt that failed had written does not count.
async fn tried_again(jobs: &Jobs, into: &End) -> Verdict {
    let (source, from) = two_splits();
    source.script(&[Fault {
        step: Step::Read,
        nth: 5,
        action: Action::Refuse,
    }]);
    let ended = jobs.succeed(&Copy::of(&from, into).retries(1)).await?;
    check("retries", &ended.report.timing.retries, &1)?;
    took(&ended, 800)
}

/// The process dies at every single event of its ledger and another one goes on.
async fn resumed(jobs: &Jobs, into: &End) -> Verdict {
    for death in [Death::BeforeNoting, Death::AfterNoting] {
        let mut events = 0;
        loop {
            let (_source, from) = two_splits();
            let copy = Copy::of(&from, into);
            let Some(ended) = killed_and_resumed(jobs, &copy, events, death).await? else {
                finished(events)?;
                break;
            };
            took(&ended, 800)
                .map_err(|problem| format!("killed after {events} events, {death:?}: {problem}"))?;
            events += 1;
        }
    }
    Ok(())
}

/// Attempts that are given up, a commit that is repeated, and a run that is aborted.
async fn by_hand(registry: &Registry, into: &End) -> Verdict {
    let opened = Opened::new(registry, into).await?;
    let mut half_way = opened.task(0).await?;
    half_way.write(people(0..300, "row")).await.map_err(text)?;
    drop(half_way);
    let mut receipts = Vec::new();
    for (task, ids) in [(0, 0..400), (1, 400..800)] {
        let mut attempt = opened.task(task).await?;
        let written = attempt.write(people(ids, "row")).await.map_err(text)?;
        let sealed = attempt.seal().await.map_err(text)?;
        let count = written.row_count + sealed.written.row_count;
        check("rows of a task", &count, &400)?;
        receipts.push(attempt.publish().await.map_err(text)?);
    }
    for _ in 0..2 {
        let commit = opened.writer.commit(&opened.prepared, &receipts);
        commit.await.map_err(text)?;
    }
    let opened = Opened::new(registry, into).await?;
    let mut sealed = opened.task(0).await?;
    sealed.write(people(0..10, "row")).await.map_err(text)?;
    sealed.seal().await.map_err(text)?;
    drop(sealed);
    for _ in 0..2 {
        opened.writer.abort(&opened.prepared).await.map_err(text)?;
    }
    Ok(())
}
