//! Writing, failing and going on: every row is in exactly one place at the end.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use arrow_schema::DataType;
use engine::{Ended, Failure, Report};
use sdk::{Column, Registry, State, TaskId, WritePlan, Writer};
use serde_json::Value;

use super::subject::{Cut, Misfit, ModeOutcome, Subject, Table};
use super::trial::{
    Copy, End, Jobs, Trial, Verdict, batch, check, memory, people, people_columns, same_ids,
    same_rows, text,
};
use crate::{Action, Death, DyingLedger, Fault, MemoryStore, Step, id_column};

/// A table holds rows 0 to 9, rows 5 to 14 are written: each mode does what its name says.
pub(super) async fn write_modes(subject: &Subject) -> Verdict {
    for mode in &subject.modes {
        let trial = Trial::new(subject)?;
        let table = trial.people_table().await;
        trial
            .fill(&table, &people_columns(), &people(0..10, "old"))
            .await?;
        let (source, from) = memory();
        source.offer(people_columns(), vec![vec![people(5..15, "new")]]);
        let into = trial.writing(&table, mode);
        // What is not a dirty row may be refused when the job is planned or while it runs.
        let ended = trial
            .jobs
            .run(&Copy::of(&from, &into).dirty_limit(10))
            .await;
        let report = match ended {
            Ok(ended) => match ended.failure {
                None => Some(ended.report),
                Some(_) if mode.outcome == ModeOutcome::Refused => None,
                Some(failure) => return Err(format!("{}: {failure}", mode.name)),
            },
            Err(_) if mode.outcome == ModeOutcome::Refused => None,
            Err(problem) => return Err(format!("{}: {problem}", mode.name)),
        };
        after_mode(&trial, &table, mode.outcome, report.as_ref())
            .await
            .map_err(|problem| format!("{}: {problem}", mode.name))?;
    }
    Ok(())
}

async fn after_mode(
    trial: &Trial<'_>,
    table: &Table,
    outcome: ModeOutcome,
    report: Option<&Report>,
) -> Verdict {
    let (rows, dirty) = match outcome {
        ModeOutcome::Appended => (both(people(0..10, "old"), people(5..15, "new"))?, 0),
        ModeOutcome::Replaced => (people(5..15, "new"), 0),
        ModeOutcome::KnownKeysDirty => (both(people(0..10, "old"), people(10..15, "new"))?, 5),
        ModeOutcome::KnownKeysUpdated => (both(people(0..5, "old"), people(5..15, "new"))?, 0),
        ModeOutcome::KnownKeysKept => (both(people(0..10, "old"), people(10..15, "new"))?, 0),
        ModeOutcome::Refused => (people(0..10, "old"), 0),
    };
    match (report, outcome) {
        (None, _) => {}
        (Some(_), ModeOutcome::Refused) => return Err("the job was not refused".to_string()),
        (Some(report), _) => check("dirty rows", &report.counts.rows_dirty, &dirty)?,
    }
    let ids = rows.column(0).to_data();
    let ids = Int64Array::from(ids).values().to_vec();
    trial.expect_ids(table, ids, "the table").await?;
    if outcome == ModeOutcome::Appended {
        // The names of doubled ids have no order to compare them in.
        return Ok(());
    }
    let seen = trial.read_back(table, &people_columns()).await?;
    same_rows(&rows, &seen)
}

fn both(first: RecordBatch, second: RecordBatch) -> Result<RecordBatch, String> {
    arrow_select::concat::concat_batches(&first.schema(), &[first, second]).map_err(text)
}

/// Ids 0 to 999 with a text; those of [`BAD`] get another one.
fn spoilt(good: &str, bad: &str) -> (Vec<Column>, RecordBatch) {
    let columns = vec![id_column(), Column::new("code", DataType::Utf8)];
    let codes: StringArray = (0..1_000)
        .map(|id| Some(if BAD.contains(&id) { bad } else { good }))
        .collect();
    let ids = Int64Array::from_iter_values(0..1_000);
    let rows = batch(&columns, vec![Arc::new(ids), Arc::new(codes)]);
    (columns, rows)
}

/// The first row, two neighbours in the middle, and the last row.
const BAD: [i64; 4] = [0, 500, 501, 999];

fn good_ids() -> impl Iterator<Item = i64> {
    (0..1_000).filter(|id| !BAD.contains(id))
}

/// A text that is no number, read from the store into a column of numbers.
pub(super) async fn rows_that_cannot_be_converted(subject: &Subject) -> Verdict {
    let trial = Trial::new(subject)?;
    let native = subject.store.native(&DataType::Utf8);
    let table = trial.table(&[("code", &native)]).await;
    let (columns, rows) = spoilt("17", "seventeen");
    trial.fill(&table, &columns, &rows).await?;
    let (target, into) = memory();
    let numbers = vec![id_column(), Column::new("code", DataType::Int64)];
    target.offer(numbers, Vec::new());
    let from = trial.reading(&table, Cut::AsUsual);
    let ended = trial
        .jobs
        .succeed(&Copy::of(&from, &into).dirty_limit(4))
        .await?;
    same_ids(&target.keys(), &good_ids().collect::<Vec<_>>())?;
    dirty_file(&ended.report, "convert", Some("seventeen"))
}

/// Good rows of the batch are kept, bad ones are in the dirty-row file with reason, column and row.
pub(super) async fn rows_that_the_target_refuses(subject: &Subject) -> Verdict {
    let trial = Trial::new(subject)?;
    let (table, from, into) = misfits(&trial, subject.misfit.as_ref()).await?;
    let ended = trial
        .jobs
        .succeed(&Copy::of(&from, &into).dirty_limit(4))
        .await?;
    trial.expect_ids(&table, good_ids(), "the table").await?;
    let value = subject.misfit.as_ref().map(|misfit| misfit.value.as_str());
    dirty_file(&ended.report, "write", value)
}

/// One dirty row more than the job tolerates: nothing of the job can be seen.
pub(super) async fn too_many_dirty_rows(subject: &Subject) -> Verdict {
    let trial = Trial::new(subject)?;
    let (table, from, into) = misfits(&trial, subject.misfit.as_ref()).await?;
    let ended = trial
        .jobs
        .run(&Copy::of(&from, &into).dirty_limit(3))
        .await?;
    if !matches!(ended.failure, Some(Failure::TooManyDirtyRows { .. })) {
        return Err(format!("the wrong end: {:?}", ended.failure));
    }
    trial.expect_ids(&table, [], "the table").await?;
    check("leftovers", &subject.store.leftovers(&table).await, &vec![])
}

async fn misfits(trial: &Trial<'_>, misfit: Option<&Misfit>) -> Result<(Table, End, End), String> {
    let misfit = misfit.ok_or("no misfit")?;
    let table = trial.table(&[("code", &misfit.native)]).await;
    let (columns, rows) = spoilt("fit", &misfit.value);
    let (source, from) = memory();
    let batches = (0..4).map(|part| rows.slice(part * 250, 250)).collect();
    source.offer(columns, vec![batches]);
    let into = trial.writing(&table, trial.mode()?).with(&misfit.parameter);
    Ok((table, from, into))
}

fn dirty_file(report: &Report, stage: &str, value: Option<&str>) -> Verdict {
    check("dirty rows", &report.counts.rows_dirty, &(BAD.len() as u64))?;
    let path = report.dirty_file.as_deref().ok_or("no dirty-row file")?;
    let lines = dirty_lines(path)?;
    let mut ids = Vec::new();
    for line in &lines {
        check("stage", &line["stage"].as_str(), &Some(stage))?;
        check("column", &line["column"].as_str(), &Some("code"))?;
        check("value", &line["row"]["code"].as_str(), &value)?;
        if line["reason"].as_str().is_none_or(str::is_empty) {
            return Err(format!("a dirty row without a reason: {line}"));
        }
        ids.extend(line["row"]["id"].as_i64());
    }
    ids.sort_unstable();
    check("ids of dirty rows", &ids, &BAD.to_vec())
}

fn dirty_lines(path: &Path) -> Result<Vec<Value>, String> {
    let lines = std::fs::read_to_string(path).map_err(text)?;
    lines
        .lines()
        .map(|line| serde_json::from_str(line).map_err(text))
        .collect()
}

/// A writer as the engine would hold it, prepared for two tasks.
pub(super) struct Opened {
    pub(super) writer: Box<dyn Writer>,
    pub(super) prepared: State,
}

impl Opened {
    pub(super) async fn new(registry: &Registry, into: &End) -> Result<Self, String> {
        let (datasource, parameter) = into.opening();
        let connector = registry
            .find(&datasource.connector)
            .ok_or("the connector is gone")?;
        let config = Value::Object(datasource.config.clone());
        let opening = connector
            .open_writer(&config, parameter)
            .and_then(Result::ok)
            .ok_or("the writer cannot be opened")?;
        let writer = opening().await.map_err(text)?;
        let columns = writer.schema(&people_columns()).await.map_err(text)?;
        let plan = WritePlan {
            columns,
            task_count: 2,
            previous: None,
        };
        let prepared = writer.prepare(&plan).await.map_err(text)?;
        Ok(Opened { writer, prepared })
    }

    pub(super) async fn task(&self, task: u32) -> Result<Box<dyn sdk::TaskWriter>, String> {
        let task = self.writer.task(&self.prepared, TaskId(task)).await;
        task.map_err(text)
    }
}

/// One task sealed, one half-way, then the run is given up: the old rows are as they were.
pub(super) async fn abort(subject: &Subject) -> Verdict {
    for mode in &subject.modes {
        let trial = Trial::new(subject)?;
        let table = trial.people_table().await;
        let mut old: Vec<i64> = Vec::new();
        if mode.outcome != ModeOutcome::Refused {
            old.extend(0..10);
            let rows = people(old.iter().copied(), "old");
            trial.fill(&table, &people_columns(), &rows).await?;
        }
        let opened = Opened::new(&subject.registry, &trial.writing(&table, mode)).await?;
        let mut sealed = opened.task(0).await?;
        sealed.write(people(10..500, "new")).await.map_err(text)?;
        sealed.seal().await.map_err(text)?;
        let mut unfinished = opened.task(1).await?;
        unfinished
            .write(people(500..900, "new"))
            .await
            .map_err(text)?;
        drop((sealed, unfinished));
        opened.writer.abort(&opened.prepared).await.map_err(text)?;
        trial.expect_ids(&table, old, mode.name).await?;
        let left = subject.store.leftovers(&table).await;
        check("leftovers", &left, &vec![])?;
    }
    Ok(())
}

/// The source breaks half-way once; the second attempt must not double what the first one wrote.
pub(super) async fn task_tried_again(subject: &Subject) -> Verdict {
    let trial = Trial::new(subject)?;
    let table = trial.people_table().await;
    let (source, from) = two_splits();
    source.script(&[Fault {
        step: Step::Read,
        nth: 5,
        action: Action::Refuse,
    }]);
    let into = trial.writing(&table, trial.mode()?);
    let ended = trial
        .jobs
        .succeed(&Copy::of(&from, &into).retries(1))
        .await?;
    check("retries", &ended.report.timing.retries, &1)?;
    trial.expect_ids(&table, 0..800, "the table").await
}

/// Two splits of four batches each, ids 0 to 799.
pub(super) fn two_splits() -> (MemoryStore, End) {
    let (source, end) = memory();
    let split = |split: i64| {
        (0..4)
            .map(|part| {
                let start = split * 400 + part * 100;
                people(start..start + 100, "row")
            })
            .collect()
    };
    source.offer(people_columns(), vec![split(0), split(1)]);
    (source, end)
}

/// Attempts that end half-way or after their seal leave nothing once another one is published.
pub(super) async fn attempts_given_up(subject: &Subject) -> Verdict {
    let trial = Trial::new(subject)?;
    let table = trial.people_table().await;
    let opened = Opened::new(&subject.registry, &trial.writing(&table, trial.mode()?)).await?;
    let mut half_way = opened.task(0).await?;
    half_way.write(people(0..300, "row")).await.map_err(text)?;
    drop(half_way);
    let mut sealed = opened.task(0).await?;
    sealed.write(people(0..400, "row")).await.map_err(text)?;
    sealed.seal().await.map_err(text)?;
    drop(sealed);
    let (mut receipts, mut seals) = (Vec::new(), Vec::new());
    for (task, ids) in [(0, 0..400), (1, 400..800)] {
        let mut attempt = opened.task(task).await?;
        attempt.write(people(ids, "row")).await.map_err(text)?;
        seals.push(attempt.seal().await.map_err(text)?.state);
        receipts.push(attempt.publish().await.map_err(text)?);
    }
    for (receipt, seal) in receipts.iter().zip(&seals) {
        let recovered = opened
            .writer
            .recover(&opened.prepared, receipt.task, seal)
            .await
            .map_err(text)?;
        if recovered.as_ref() != Some(receipt) {
            return Err(format!("task {} is not recovered", receipt.task));
        }
    }
    let commit = || opened.writer.commit(&opened.prepared, &receipts);
    commit().await.map_err(text)?;
    commit().await.map_err(text)?;
    trial.expect_ids(&table, 0..800, "the table").await
}

/// The process dies at every single event of its ledger and another one goes on.
pub(super) async fn resume_as_target(subject: &Subject) -> Verdict {
    for death in [Death::BeforeNoting, Death::AfterNoting] {
        let mut events = 0;
        loop {
            let trial = Trial::new(subject)?;
            let table = trial.people_table().await;
            let (_source, from) = two_splits();
            let into = trial.writing(&table, trial.mode()?);
            let copy = Copy::of(&from, &into);
            let resumed = killed_and_resumed(&trial.jobs, &copy, events, death).await?;
            if resumed.is_none() {
                finished(events)?;
                break;
            }
            let what = format!("killed after {events} events, {death:?}");
            trial.expect_ids(&table, 0..800, &what).await?;
            let left = subject.store.leftovers(&table).await;
            check(&what, &left, &vec![])?;
            events += 1;
        }
    }
    Ok(())
}

/// The same with the store as the source.
pub(super) async fn resume_as_source(subject: &Subject) -> Verdict {
    let trial = Trial::new(subject)?;
    let table = trial.people_table().await;
    let rows = people(0..300, "row");
    trial.fill(&table, &people_columns(), &rows).await?;
    let from = trial.reading(&table, Cut::Fine);
    let mut events = 0;
    loop {
        let (target, into) = memory();
        target.offer(people_columns(), Vec::new());
        let copy = Copy::of(&from, &into);
        let resumed = killed_and_resumed(&trial.jobs, &copy, events, Death::BeforeNoting).await?;
        if resumed.is_none() {
            return finished(events);
        }
        same_rows(&rows, &target).map_err(|problem| format!("killed after {events}: {problem}"))?;
        events += 1;
    }
}

/// How the continued run ended; nothing if the first one ended before it could be killed.
pub(super) async fn killed_and_resumed(
    jobs: &Jobs,
    copy: &Copy<'_>,
    events: i64,
    death: Death,
) -> Result<Option<Ended>, String> {
    let folder = jobs.fresh_folder()?;
    let path = folder.join("ledger.jsonl");
    let ledger = Arc::new(DyingLedger::open(&path, events, death).map_err(text)?);
    let killed = jobs.run_with(&folder, copy, ledger.clone()).await?;
    let died = ledger.died();
    drop(ledger);
    match (died, killed.failure) {
        (true, _) => {}
        (false, None) => return Ok(None),
        (false, Some(failure)) => return Err(format!("the job failed by itself: {failure}")),
    }
    let resumed = jobs.run_in(&folder, copy).await?;
    match resumed.failure {
        None => Ok(Some(resumed)),
        Some(failure) => Err(format!("killed after {events} events, resumed: {failure}")),
    }
}

/// A run of this size has at least these events: planned, prepared, three of a task, committed.
pub(super) fn finished(events: i64) -> Verdict {
    if events < 6 {
        return Err(format!("the run ended after {events} events already"));
    }
    Ok(())
}
