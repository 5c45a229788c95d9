//! Finds cycles that have not succeeded by the time that a rule names; `overtime` finds runs that take too long.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::message::{Event, EventKind, Named, first_line};
use super::overtime;
use super::rule::{Deadlines, Spec, Watched};
use super::tell::{link, note, read, time_text};
use crate::schedule::occurrence::Rule;
use crate::scheduler::{self, wall, wall_text};
use crate::state::App;
use crate::store::alert_rule::{self, AlertRule};
use crate::store::instance::late::{self, Unfinished, Wanted};
use crate::store::{Connection, StoreResult, calendar};

/// A deadline lies at most two days behind the day of its cycle; the rest is for servers that were away.
const LOOK_BACK: TimeDelta = TimeDelta::days(4);
/// So many rows are read at a time.
const PIECE: i64 = 500;

/// Tells of every cycle that has become late, and of every run that takes too long.
pub(super) async fn look(app: &App) -> StoreResult<()> {
    let now = app.clock.now();
    let mut schedules = Schedules::default();
    let mut after = String::new();
    loop {
        let mut c = app.store.read().await?;
        let rules = alert_rule::enabled(&mut c, &after, PIECE).await?;
        let Some(last) = rules.last() else {
            return Ok(());
        };
        after.clone_from(&last.id);
        for row in &rules {
            let Some(spec) = read(row) else {
                continue;
            };
            overtime::look(app, &mut c, (row, &spec)).await?;
            let found = late_cycles(&mut c, &mut schedules, (row, &spec), now).await?;
            for (cycle, at) in found {
                tell(app, (row, &spec), &cycle, at).await?;
            }
        }
    }
}

/// What jobs were submitted with.
#[derive(Default)]
struct Schedules(HashMap<String, Option<Rule>>);

impl Schedules {
    async fn of(
        &mut self,
        c: &mut Connection,
        (project_id, job_id): (&str, &str),
    ) -> StoreResult<Option<&Rule>> {
        if !self.0.contains_key(job_id) {
            let found = match scheduler::readable_rule(c, job_id).await? {
                Some(document) => {
                    let calendars = calendar::of_schedule(c, project_id, &document).await?;
                    document.rule(&calendars).ok()
                }
                None => None,
            };
            self.0.insert(job_id.to_string(), found);
        }
        Ok(self.0.get(job_id).and_then(Option::as_ref))
    }
}

async fn late_cycles(
    c: &mut Connection,
    schedules: &mut Schedules,
    (row, spec): (&AlertRule, &Spec),
    now: DateTime<Utc>,
) -> StoreResult<Vec<(Unfinished, DateTime<Utc>)>> {
    let Some(deadlines) = spec.late() else {
        return Ok(Vec::new());
    };
    let whole = [String::new()];
    let jobs = match &spec.object {
        Watched::Project => &whole[..],
        Watched::Jobs { jobs } | Watched::Schedules { jobs } => jobs,
        Watched::Datasources { .. } => &[],
    };
    let mut found = Vec::new();
    for job_id in jobs {
        let wanted = Wanted {
            project_id: &row.project_id,
            job_id,
            rule_id: &row.id,
            due_from: (now - LOOK_BACK).timestamp_micros(),
            due_to: now.timestamp_micros(),
        };
        let mut after = String::new();
        loop {
            let piece = late::unfinished(c, &wanted, &after, PIECE).await?;
            let Some(last) = piece.last() else {
                break;
            };
            after.clone_from(&last.id);
            for cycle in piece {
                let Some(at) = deadline(c, schedules, &deadlines, (row, &cycle)).await? else {
                    continue;
                };
                // Cycles that come due only after the deadline cannot keep it.
                let counts = cycle.due_at < at.timestamp_micros()
                    && at.timestamp_micros() >= row.watched_from;
                if counts && at <= now {
                    found.push((cycle, at));
                }
            }
        }
    }
    Ok(found)
}

/// When a cycle is late, if anybody wants to know.
async fn deadline(
    c: &mut Connection,
    schedules: &mut Schedules,
    deadlines: &Deadlines,
    (row, cycle): (&AlertRule, &Unfinished),
) -> StoreResult<Option<DateTime<Utc>>> {
    let Some(rule) = schedules.of(c, (&row.project_id, &cycle.job_id)).await? else {
        return Ok(None);
    };
    let cycle_at = wall(cycle.cycle_at);
    let found = deadlines.of(cycle_at.time(), rule.times());
    Ok(found.map(|deadline| deadline.of(cycle_at.date(), rule.zone())))
}

async fn tell(
    app: &App,
    rule: (&AlertRule, &Spec),
    cycle: &Unfinished,
    deadline: DateTime<Utc>,
) -> StoreResult<()> {
    let project_id = &rule.0.project_id;
    let place = match &cycle.run_id {
        Some(run_id) => format!("runs/{run_id}"),
        None => format!("instances/{}", cycle.id),
    };
    let message = first_line(&cycle.message);
    let event = Event {
        job: Some(Named {
            id: cycle.job_id.clone(),
            name: cycle.job_name.clone(),
        }),
        state: Some(cycle.state.clone()),
        bizdate: Some(cycle.bizdate.clone()),
        cycle_at: Some(wall_text(cycle.cycle_at)),
        limit: Some(time_text(deadline.timestamp_micros())),
        error: Some(message).filter(|message| !message.is_empty()),
        link: Some(link(app, project_id, &place)),
        ..Event::new(EventKind::Late, time_text(app.clock.micros()))
    };
    let mut t = app.store.begin().await?;
    note(app, &mut t, rule, &format!("late/{}", cycle.id), &event).await?;
    Ok(t.commit().await?)
}
