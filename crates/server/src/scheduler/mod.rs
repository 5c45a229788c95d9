//! Turns schedules into instances and instances into runs.
//!
//! Every server has this loop, and none leads: each step is a transaction whose conditions let one server win.
//! A server that is killed anywhere leaves rows that the next tick of any server goes on with.
//!
//! - `generate` makes the instances of the next day, `network` with what they wait for
//! - `catch_up` decides what becomes of instances that came due while no server ran
//! - `release` gives a run to each instance that is due and waits for nothing
//! - `blocked` keeps what cannot get one out of its way
//! - `backfill` makes the instances of a range of days at once

pub(crate) mod backfill;
mod blocked;
pub(crate) mod catch_up;
pub(crate) mod generate;
mod network;
mod release;

use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDateTime};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::api::error::{ApiError, ApiResult};
use crate::clock::MINUTE_MICROS;
use crate::runner;
use crate::schedule::calendar::Calendars;
use crate::schedule::occurrence;
use crate::schedule::rule::Schedule;
use crate::state::App;
use crate::store::instance::{self, Instance, Move};
use crate::store::run::{self, Run};
use crate::store::{self, Connection, StoreError, StoreResult, damaged, read_json, schedule};

/// The rows are looked at this often.
const TICK: Duration = Duration::from_secs(1);
/// Every so many ticks it is noted who is blocked.
const TICKS_A_REVIEW: u32 = 15;

/// Schedules until the server stops.
pub(crate) async fn work(app: App) {
    // It ends with this function, however that ends.
    let mut heart = JoinSet::new();
    heart.spawn(catch_up::stay_seen(app.clone()));
    let mut ticks = 0_u32;
    while !app.stop.is_cancelled() {
        let begun = Instant::now();
        let done = match ticks.is_multiple_of(TICKS_A_REVIEW) {
            true => blocked::review(&app, app.clock.micros()).await,
            false => Ok(()),
        };
        ticks = ticks.wrapping_add(1);
        match done.and(tick(&app).await) {
            Ok(()) => app.metrics.scheduled(begun.elapsed()),
            Err(error) => {
                tracing::error!(code = ?error.code(), "scheduling failed and is tried again: {}", error.message())
            }
        }
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = sleep(TICK) => {}
        }
    }
}

/// Does what is to be done now.
pub(crate) async fn tick(app: &App) -> ApiResult<()> {
    // Whatever a step takes, what came due later belongs to the next tick, which looks for an outage first.
    let now = app.clock.now();
    catch_up::be_seen(app, now.timestamp_micros()).await?;
    generate::generate(app, now).await?;
    let undecided = catch_up::look_back(app).await?;
    release::release(app, now.timestamp_micros(), undecided).await?;
    backfill::close(app).await?;
    Ok(())
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Succeeded,
    Failed,
    /// It took longer than it may; that is no reason to try again by itself.
    TimedOut,
    /// No server survives it; nor is that.
    GivenUp,
    Stopped,
}

impl Ended {
    /// What the state of an ended run stands for.
    pub(crate) fn of(state: &str) -> Self {
        match state {
            run::SUCCEEDED => Ended::Succeeded,
            run::STOPPED => Ended::Stopped,
            _ => Ended::Failed,
        }
    }
}

/// Takes note that a run was claimed, in the transaction that claims it.
pub(crate) async fn run_begun(c: &mut Connection, run: &Run, now: i64) -> StoreResult<()> {
    match &run.instance_id {
        Some(id) => instance::begun(c, id, &run.id, now).await,
        None => Ok(()),
    }
}

/// Takes note of the end of a run, in the transaction that ends it.
pub(crate) async fn run_ended(
    app: &App,
    c: &mut Connection,
    run: &Run,
    ended: Ended,
) -> StoreResult<()> {
    let Some(id) = &run.instance_id else {
        return Ok(());
    };
    // An instance that has a later run, or is gone, does not care.
    let Some(row) = instance::of_run(c, id, &run.id).await? else {
        return Ok(());
    };
    let now = app.clock.micros();
    if ended == Ended::Failed
        && let Some(rule) = readable_rule(c, &row.job_id).await?
        && row.retries < i64::from(rule.rerun.times)
    {
        let release_at = now + i64::from(rule.rerun.delay_minutes) * MINUTE_MICROS;
        let again = row.retries + 1;
        let message = format!(
            "its run failed; this is repetition {again} of {}",
            rule.rerun.times
        );
        return instance::retry(c, id, release_at, &message).await;
    }
    let (from, to, message): (&[&str], _, _) = match ended {
        Ended::Succeeded => (
            &[
                instance::QUEUED,
                instance::RUNNING,
                instance::FAILED,
                instance::STOPPED,
                instance::WAITING,
            ],
            instance::SUCCEEDED,
            "",
        ),
        Ended::Failed => (UNDER_WAY, instance::FAILED, "its run failed"),
        Ended::TimedOut => (UNDER_WAY, instance::FAILED, "its run took too long"),
        Ended::GivenUp => (
            UNDER_WAY,
            instance::FAILED,
            "its run was lost with its servers and given up",
        ),
        Ended::Stopped => (UNDER_WAY, instance::STOPPED, "its run was stopped"),
    };
    let step = Move {
        id,
        from,
        to,
        at: now,
        message,
    };
    instance::end(c, step).await?;
    if [instance::FAILED, instance::STOPPED].contains(&row.state.as_str()) {
        instance::blocked::clear_behind(c, id).await?;
    }
    if ended == Ended::Succeeded && !row.backfill_id.is_empty() {
        // Days after it may go on now.
        store::backfill::go_on(c, &row.backfill_id).await?;
    }
    Ok(())
}

const UNDER_WAY: &[&str] = &[instance::QUEUED, instance::RUNNING];

/// Keeps the backfill of a run, if it has one, from being ended while something is done with the run.
pub(crate) async fn lock_backfill(c: &mut Connection, run: &Run) -> StoreResult<()> {
    let Some(id) = &run.instance_id else {
        return Ok(());
    };
    match instance::of_run(c, id, &run.id).await? {
        Some(row) if !row.backfill_id.is_empty() => {
            store::backfill::lock(c, &row.backfill_id).await
        }
        _ => Ok(()),
    }
}

/// Takes note that a run goes on, in the transaction that resumes it.
pub(crate) async fn run_resumed(c: &mut Connection, run: &Run) -> ApiResult<()> {
    let Some(id) = &run.instance_id else {
        return Ok(());
    };
    if instance::resume(c, id, &run.id).await? {
        instance::blocked::clear_behind(c, id).await?;
        if let Some(row) = instance::of_run(c, id, &run.id).await? {
            store::backfill::reopen(c, &row.backfill_id).await?;
        }
        return Ok(());
    }
    Err(
        ApiError::conflict("the instance of this run has gone on without it")
            .hint("rerun the instance instead"),
    )
}

/// Asks the run of an instance to stop; one that waits in the queue stops at once.
pub(crate) async fn stop_run(app: &App, c: &mut Connection, row: &Instance) -> StoreResult<()> {
    let Some(run_id) = &row.run_id else {
        return Ok(());
    };
    match runner::stop(app, c, &row.project_id, run_id).await {
        // It has ended meanwhile.
        Err(StoreError::Changed) => Ok(()),
        other => other,
    }
}

/// What a job's schedule was submitted with.
pub(crate) async fn submitted_rule(
    c: &mut Connection,
    job_id: &str,
) -> StoreResult<Option<Schedule>> {
    let row = schedule::of_job(c, job_id).await?;
    let text = row.and_then(|row| row.submitted_rule);
    text.map(|text| read_json(&text)).transpose()
}

/// The same for what goes on without one: a rule that cannot be read is none.
pub(crate) async fn readable_rule(
    c: &mut Connection,
    job_id: &str,
) -> StoreResult<Option<Schedule>> {
    match submitted_rule(c, job_id).await {
        Err(error) if error.is_damage() => {
            tracing::error!(job.id = job_id, ?error, "a schedule cannot be read");
            Ok(None)
        }
        read => read,
    }
}

/// A rule of a project in the store, which was checked before it was stored.
pub(crate) async fn read_rule(
    c: &mut Connection,
    project_id: &str,
    text: &str,
) -> StoreResult<(Schedule, occurrence::Rule)> {
    let document: Schedule = read_json(text)?;
    let calendars = store::calendar::of_schedule(c, project_id, &document).await?;
    let rule = sound_rule(&document, &calendars)?;
    Ok((document, rule))
}

/// When a schedule of the store is due.
pub(crate) fn sound_rule(
    document: &Schedule,
    calendars: &Calendars,
) -> StoreResult<occurrence::Rule> {
    document.rule(calendars).map_err(|problems| {
        let first = problems.into_iter().next().map(|problem| problem.message);
        damaged(first.unwrap_or_default())
    })
}

/// A time on the wall, as the store keeps it.
pub(crate) fn wall_micros(wall: NaiveDateTime) -> i64 {
    wall.and_utc().timestamp_micros()
}

/// A time on the wall, as the store has it.
pub(crate) fn wall(micros: i64) -> NaiveDateTime {
    DateTime::from_timestamp_micros(micros)
        .unwrap_or_default()
        .naive_utc()
}

/// A time on the wall, as the API shows it.
pub(crate) fn wall_text(micros: i64) -> String {
    wall(micros).format("%Y-%m-%dT%H:%M:%S").to_string()
}

#[cfg(test)]
pub(crate) mod tests;
