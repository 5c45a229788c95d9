//! Makes the instances of a range of business dates at once, in lanes that run side by side.

use std::collections::{BTreeMap, HashSet};

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::wall_micros;
use crate::api::time::new_id;
use crate::schedule::dependency::ScheduleNode;
use crate::schedule::occurrence::Occurrence;
use crate::schedule::plan::{self, Edge};
use crate::state::App;
use crate::store::instance::edge::{self, NewEdge};
use crate::store::instance::{self, Hold, NewInstance};
use crate::store::{Connection, StoreResult, backfill};

/// What a backfill was asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BackfillSpec)]
pub(crate) struct Spec {
    /// The ids of its jobs.
    pub(crate) jobs: Vec<String>,
    /// The first business date.
    pub(crate) from: NaiveDate,
    /// The last business date.
    pub(crate) to: NaiveDate,
    pub(crate) order: Order,
    /// How many pieces of the range run side by side; in each, a day waits for the one before.
    pub(crate) groups: u32,
    /// Expressions that win over those of schedule and job.
    pub(crate) variables: BTreeMap<String, String>,
}

/// Which day of a group comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Order {
    /// The oldest.
    #[default]
    Ascending,
    /// The newest.
    Descending,
}

/// An instance that a backfill makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    /// The place of the job in the list.
    pub(crate) job: usize,
    pub(crate) occurrence: Occurrence,
    pub(crate) lane: i64,
    pub(crate) step: i64,
    /// Its schedule keeps it from running.
    pub(crate) is_frozen: bool,
    /// What it waits for within the backfill.
    pub(crate) waits_for: Vec<Edge>,
}

/// The instances of a backfill; `nodes` are its jobs, in order. It ends with the first one that is above `most`.
pub(crate) fn plan(spec: &Spec, nodes: &[ScheduleNode], most: usize) -> Vec<Planned> {
    // A cycle's data is that of the day before it.
    let next = |date: NaiveDate| date.checked_add_days(Days::new(1)).unwrap_or(date);
    let days: Vec<NaiveDate> = spec
        .from
        .iter_days()
        .take_while(|day| *day <= spec.to)
        .map(next)
        .collect();
    let groups = usize::try_from(spec.groups)
        .unwrap_or(1)
        .clamp(1, days.len().max(1));
    let mut planned = Vec::new();
    for (lane, piece) in (0..).zip(days.chunks(days.len().div_ceil(groups).max(1))) {
        let mut piece = piece.to_vec();
        if spec.order == Order::Descending {
            piece.reverse();
        }
        let mut step = 0;
        for day in piece {
            let before = planned.len();
            let made = plan::generate(nodes, day..next(day)).map(|one| Planned {
                job: one.schedule,
                occurrence: one.occurrence,
                lane,
                step,
                is_frozen: false,
                waits_for: one.waits_for,
            });
            planned.extend(made.take(most + 1 - before));
            if planned.len() > most {
                return planned;
            }
            // Steps have no gaps, because each looks at the one before only.
            step += i64::from(planned.len() > before);
        }
    }
    let known: HashSet<Edge> = planned
        .iter()
        .map(|one| Edge {
            schedule: one.job,
            cycle_at: one.occurrence.cycle_at,
        })
        .collect();
    for one in &mut planned {
        one.waits_for.retain(|edge| known.contains(edge));
    }
    planned
}

/// A job that waits for a day that comes after it.
pub(crate) fn backwards(spec: &Spec, planned: &[Planned]) -> Option<usize> {
    if spec.order == Order::Ascending {
        return None;
    }
    let other_day =
        |one: &Planned, edge: &Edge| edge.cycle_at.date() != one.occurrence.cycle_at.date();
    let found = planned
        .iter()
        .find(|one| one.waits_for.iter().any(|edge| other_day(one, edge)));
    found.map(|one| one.job)
}

/// Writes the instances of a backfill, which are due at once.
pub(crate) async fn make(
    c: &mut Connection,
    row: &backfill::Backfill,
    spec: &Spec,
    planned: &[Planned],
) -> StoreResult<()> {
    let named: Vec<(String, String, &Planned)> = planned
        .iter()
        .map(|one| (new_id(), one.occurrence.bizdate.to_string(), one))
        .collect();
    let (mut new, mut edges) = (Vec::new(), Vec::new());
    for (id, bizdate, one) in &named {
        let Some(job_id) = spec.jobs.get(one.job) else {
            continue;
        };
        new.push(NewInstance {
            id,
            project_id: &row.project_id,
            job_id,
            backfill_id: &row.id,
            lane: one.lane,
            step: one.step,
            cycle_at: wall_micros(one.occurrence.cycle_at),
            bizdate,
            due_at: row.created_at,
            is_dry_run: one.occurrence.is_dry_run,
            is_frozen: one.is_frozen,
            held: Hold::Free,
            created_at: row.created_at,
        });
        for found in &one.waits_for {
            if let Some(upstream) = spec.jobs.get(found.schedule) {
                edges.push(NewEdge {
                    instance_id: id,
                    upstream_job_id: upstream,
                    upstream_cycle_at: wall_micros(found.cycle_at),
                });
            }
        }
    }
    instance::insert_all(c, &new).await?;
    edge::insert_all(c, &edges).await
}

/// Ends backfills that have nothing left to do, or cannot go on by themselves.
pub(super) async fn close(app: &App) -> StoreResult<()> {
    let mut c = app.store.read().await?;
    let done = backfill::done(&mut c, "").await?;
    drop(c);
    for id in done {
        let mut t = app.store.begin().await?;
        // Somebody may have let one of its instances run again.
        backfill::lock(&mut t, &id).await?;
        if !backfill::done(&mut t, &id).await?.is_empty() {
            backfill::close(&mut t, &id, app.clock.micros()).await?;
        }
        t.commit().await?;
    }
    Ok(())
}
