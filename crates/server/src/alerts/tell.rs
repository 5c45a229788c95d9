//! Notes events for the rules that tell them, in the transaction in which they happen: an event is lost or doubled
//! only if what it tells of is.

use chrono::{DateTime, SecondsFormat};
use serde_json::Value;

use super::message::{Event, EventKind, Named, RunFacts, first_line};
use super::overtime;
use super::rule::{Place, Spec, Then, Trigger};
use crate::api::time::new_id;
use crate::clock::MINUTE_MICROS;
use crate::runs::Kind;
use crate::scheduler::{Ended, wall_text};
use crate::state::App;
use crate::store::alert_event::{self, NewEvent};
use crate::store::alert_rule::{self, AlertRule};
use crate::store::instance::{self, Instance};
use crate::store::run::{End, Run};
use crate::store::{Connection, StoreResult};

/// Takes note of the end of a run, once its instance knows of it.
pub(crate) async fn run_ended(
    app: &App,
    c: &mut Connection,
    run: &Run,
    end: &End<'_>,
    ended: Ended,
) -> StoreResult<()> {
    if run.kind == Kind::Trial.name() {
        return Ok(());
    }
    let is_scheduled = run.kind == Kind::Scheduled.name();
    let rules = watching(c, &run.project_id, &run.job_id, is_scheduled).await?;
    if rules.is_empty() {
        return Ok(());
    }
    let has_failed = matches!(ended, Ended::Failed | Ended::TimedOut | Ended::GivenUp);
    let is_repeated = has_failed && is_repeated(c, run).await?;
    for (row, spec) in &rules {
        overtime::ended(app, c, (row, spec), run, end).await?;
        for trigger in &spec.triggers {
            let kind = match trigger {
                Trigger::Failed if has_failed && !is_repeated => EventKind::Failed,
                Trigger::Finished if ended == Ended::Succeeded => EventKind::Finished,
                Trigger::DirtyOver { rows } if end.figures.rows_dirty > i64::from(*rows) => {
                    EventKind::DirtyOver
                }
                _ => continue,
            };
            let mut event = run_event(app, run, end, kind);
            let word = match trigger {
                Trigger::DirtyOver { rows } => {
                    event.limit = Some(rows.to_string());
                    "dirtyOver"
                }
                Trigger::Finished => "finished",
                _ => "failed",
            };
            let key = format!("run/{}/{}/{word}", run.id, run.attempt);
            note(app, c, (row, spec), &key, &event).await?;
        }
    }
    Ok(())
}

/// Whether the instance of a run waits for its next repetition.
async fn is_repeated(c: &mut Connection, run: &Run) -> StoreResult<bool> {
    let Some(id) = &run.instance_id else {
        return Ok(false);
    };
    let row = instance::of_run(c, id, &run.id).await?;
    Ok(row.is_some_and(|row| row.state == instance::WAITING))
}

/// An event about a run, as it ended or as far as it is.
pub(super) fn run_event(app: &App, run: &Run, end: &End<'_>, kind: EventKind) -> Event {
    let error = end.error.and_then(|text| {
        let error: Value = serde_json::from_str(text).ok()?;
        Some(first_line(error.get("message")?.as_str()?))
    });
    Event {
        job: Some(Named {
            id: run.job_id.clone(),
            name: run.job_name.clone(),
        }),
        run: Some(RunFacts {
            id: run.id.clone(),
            number: run.number,
            kind: run.kind.clone(),
            rows_read: end.figures.rows_read,
            rows_written: end.figures.rows_written,
            rows_dirty: end.figures.rows_dirty,
        }),
        state: Some(end.state.to_string()),
        bizdate: Some(run.bizdate.clone()),
        cycle_at: Some(wall_text(run.cycle_at)),
        error,
        link: Some(link(app, &run.project_id, &format!("runs/{}", run.id))),
        ..Event::new(kind, time_text(end.at))
    }
}

/// Takes note of an instance that failed without a run.
pub(crate) async fn instance_failed(
    app: &App,
    c: &mut Connection,
    row: &Instance,
    job_name: &str,
    message: &str,
) -> StoreResult<()> {
    let is_scheduled = row.backfill_id.is_empty();
    for (rule, spec) in &watching(c, &row.project_id, &row.job_id, is_scheduled).await? {
        if !spec.triggers.contains(&Trigger::Failed) {
            continue;
        }
        let event = Event {
            job: Some(Named {
                id: row.job_id.clone(),
                name: job_name.to_string(),
            }),
            state: Some(instance::FAILED.to_string()),
            bizdate: Some(row.bizdate.clone()),
            cycle_at: Some(wall_text(row.cycle_at)),
            error: Some(first_line(message)),
            link: Some(link(app, &row.project_id, &format!("instances/{}", row.id))),
            ..Event::new(EventKind::Failed, time_text(app.clock.micros()))
        };
        let key = format!("instance/{}/{}/failed", row.id, row.attempts + 1);
        note(app, c, (rule, spec), &key, &event).await?;
    }
    Ok(())
}

/// The enabled rules of a project that watch a job.
async fn watching(
    c: &mut Connection,
    project_id: &str,
    job_id: &str,
    is_scheduled: bool,
) -> StoreResult<Vec<(AlertRule, Spec)>> {
    let mut rules = Vec::new();
    for row in alert_rule::of_project(c, project_id).await? {
        if row.is_enabled == 0 {
            continue;
        }
        if let Some(spec) = read(&row)
            && spec.watches(job_id, is_scheduled)
        {
            rules.push((row, spec));
        }
    }
    Ok(rules)
}

/// What a rule of the store says. One that cannot be read must not keep runs from ending, so it is passed over.
pub(super) fn read(row: &AlertRule) -> Option<Spec> {
    serde_json::from_str(&row.spec)
        .inspect_err(|error| {
            tracing::error!(rule.id = row.id, %error, "an alert rule cannot be read and tells nothing");
        })
        .ok()
}

/// Notes an event of a rule, in the group that it belongs to.
pub(super) async fn note(
    app: &App,
    c: &mut Connection,
    (row, spec): (&AlertRule, &Spec),
    key: &str,
    event: &Event,
) -> StoreResult<()> {
    let now = app.clock.now();
    let quiet = spec.quiet_hours.as_ref();
    let quiet = quiet.and_then(|hours| hours.read(&mut Vec::new()));
    let window = now.timestamp_micros() + i64::from(spec.group_minutes) * MINUTE_MICROS;
    // A message that has to wait for the one before takes what happens meanwhile with it.
    let has_groups = spec.group_minutes > 0 || spec.least_minutes > 0;
    let (is_grouped, is_dropped, ready_at) = match quiet.map(|quiet| (quiet.then, quiet.place(now)))
    {
        Some((Then::Hold, Place::Quiet(ends))) => (true, false, ends.timestamp_micros()),
        Some((Then::Drop, Place::Quiet(_))) => (has_groups, true, window),
        // What happened before the quiet hours is told before they begin.
        Some((_, Place::Loud(begins))) => {
            let ready_at = window.min(begins.timestamp_micros());
            (has_groups, false, ready_at)
        }
        None => (has_groups, false, window),
    };
    let id = new_id();
    let open = match is_grouped {
        true => alert_event::open_group(c, &row.id, now.timestamp_micros(), is_dropped).await?,
        false => None,
    };
    let (group_id, ready_at) = open.unwrap_or_else(|| (id.clone(), ready_at));
    let text =
        serde_json::to_string(event).map_err(|error| crate::store::damaged(error.to_string()))?;
    let new = NewEvent {
        id: &id,
        rule_id: &row.id,
        key,
        event: &text,
        group_id: &group_id,
        ready_at,
        noted_at: now.timestamp_micros(),
        is_dropped,
    };
    alert_event::insert(c, &new).await
}

/// Where the console shows something of a project.
pub(super) fn link(app: &App, project_id: &str, rest: &str) -> String {
    let address = app.config.address.trim_end_matches('/');
    format!("{address}/projects/{project_id}/{rest}")
}

pub(super) fn time_text(micros: i64) -> String {
    let time = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
