//! A submitted schedule with those that it waits for: makes its instances, and connects them.

use std::ops::Range;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::generate::{occurrence, read_kind};
use super::{read_rule, wall, wall_micros};
use crate::api::time::new_id;
use crate::schedule::dependency::{
    Dependency, DependencyKind, ScheduleNode, is_by_day, previous_before, upstream_cycles,
};
use crate::schedule::occurrence::Occurrence;
use crate::schedule::rule::{Kind, Schedule};
use crate::store::instance::edge::{self, NewEdge};
use crate::store::instance::{self, Hold, Instance, NewInstance};
use crate::store::schedule::{self, Schedule as Row};
use crate::store::{Connection, StoreResult, damaged};

/// Which instances are to be made: those of some days that are not due earlier.
pub(super) struct Span {
    pub(super) days: Range<NaiveDate>,
    pub(super) from: DateTime<Utc>,
}

/// A submitted schedule, which comes first, with those that it waits for.
pub(super) struct Network {
    pub(super) document: Schedule,
    nodes: Vec<ScheduleNode>,
    /// The job of each node.
    jobs: Vec<String>,
    /// The wall time from which on the rule of each node makes its cycles. Earlier ones were made by an earlier
    /// rule, and the store knows them.
    begins: Vec<NaiveDateTime>,
}

impl Network {
    pub(super) async fn of(c: &mut Connection, row: &Row) -> StoreResult<Network> {
        let text = row.submitted_rule.as_deref();
        let text = text.ok_or_else(|| damaged("a schedule was never submitted"))?;
        let (document, rule) = read_rule(c, &row.project_id, text).await?;
        let mut begins = vec![begin(&document, rule.zone(), row.submitted_at)];
        let mut nodes = vec![ScheduleNode {
            name: row.job_id.clone(),
            rule,
            dependencies: Vec::new(),
        }];
        let mut jobs = vec![row.job_id.clone()];
        for upstream in schedule::upstream(c, &row.job_id).await? {
            let place = match jobs.iter().position(|job| *job == upstream.job_id) {
                Some(place) => place,
                None => {
                    let Some(text) = &upstream.submitted_rule else {
                        continue;
                    };
                    let (document, rule) = read_rule(c, &row.project_id, text).await?;
                    begins.push(begin(&document, rule.zone(), upstream.submitted_at));
                    nodes.push(ScheduleNode {
                        name: upstream.job_name,
                        rule,
                        dependencies: Vec::new(),
                    });
                    jobs.push(upstream.job_id);
                    nodes.len() - 1
                }
            };
            let kind = read_kind(&upstream.kind)?;
            if let Some(own) = nodes.first_mut() {
                own.dependencies.push(Dependency {
                    upstream: place,
                    kind,
                });
            }
        }
        Ok(Network {
            document,
            nodes,
            jobs,
            begins,
        })
    }

    pub(super) fn zone(&self) -> Tz {
        self.nodes.first().map_or(Tz::UTC, |own| own.rule.zone())
    }

    /// Makes instances; returns how many there are.
    pub(super) async fn make(
        &self,
        c: &mut Connection,
        row: &Row,
        span: Span,
        now: DateTime<Utc>,
    ) -> StoreResult<usize> {
        let occurrences = self.nodes.first().map(|own| own.rule.on_days(span.days));
        let made: Vec<(String, String, Occurrence)> = occurrences
            .into_iter()
            .flatten()
            .filter(|occurrence| occurrence.due_at >= span.from)
            .map(|occurrence| (new_id(), occurrence.bizdate.to_string(), occurrence))
            .collect();
        let new: Vec<NewInstance<'_>> = made
            .iter()
            .map(|(id, bizdate, occurrence)| NewInstance {
                id,
                project_id: &row.project_id,
                job_id: &row.job_id,
                backfill_id: "",
                lane: 0,
                step: 0,
                cycle_at: wall_micros(occurrence.cycle_at),
                bizdate,
                due_at: occurrence.due_at.timestamp_micros(),
                is_dry_run: occurrence.is_dry_run || self.document.kind == Kind::DryRun,
                is_frozen: self.document.kind == Kind::Frozen,
                held: match row.state.as_str() {
                    schedule::PAUSED => Hold::Held,
                    _ => Hold::Free,
                },
                created_at: now.timestamp_micros(),
            })
            .collect();
        let inserted = instance::insert_all(c, &new).await?;
        let mut edges = Vec::new();
        for (id, _, occurrence) in &made {
            if inserted.contains(id) {
                edges.extend(self.edges(c, id, occurrence, None).await?);
            }
        }
        edge::insert_all(c, &edges).await?;
        Ok(made.len())
    }

    /// Lets an instance that waits for a job wait for the cycles that this one has now. What was made before its
    /// rule began stays.
    pub(super) async fn reconnect(
        &self,
        c: &mut Connection,
        waiting: &Instance,
        job_id: &str,
    ) -> StoreResult<()> {
        let place = self.jobs.iter().position(|job| job == job_id);
        let begins = place.and_then(|place| self.begins.get(place));
        let begins = begins.copied().unwrap_or_default();
        edge::delete_unmade(c, &waiting.id, job_id, wall_micros(begins)).await?;
        let edges = self
            .edges(c, &waiting.id, &occurrence(waiting)?, Some(job_id))
            .await?;
        edge::insert_all(c, &edges).await
    }

    /// What an instance waits for: all, or the cycles of one job.
    async fn edges<'a>(
        &'a self,
        c: &mut Connection,
        id: &'a str,
        occurrence: &Occurrence,
        only: Option<&str>,
    ) -> StoreResult<Vec<NewEdge<'a>>> {
        let mut edges = Vec::new();
        let dependencies = self.nodes.first().map(|own| &own.dependencies);
        for one in dependencies.into_iter().flatten() {
            let Some(job) = self.jobs.get(one.upstream) else {
                continue;
            };
            if only.is_some_and(|only| only != job) {
                continue;
            }
            for cycle_at in self.cycles(c, *one, occurrence).await? {
                edges.push(NewEdge {
                    instance_id: id,
                    upstream_job_id: job,
                    upstream_cycle_at: wall_micros(cycle_at),
                });
            }
        }
        Ok(edges)
    }

    /// The cycles that an occurrence waits for. Those before the rule of the other schedule began are such as were
    /// made.
    async fn cycles(
        &self,
        c: &mut Connection,
        dependency: Dependency,
        occurrence: &Occurrence,
    ) -> StoreResult<Vec<NaiveDateTime>> {
        let place = dependency.upstream;
        let (Some(own), Some(upstream), Some(job), Some(begins)) = (
            self.nodes.first(),
            self.nodes.get(place),
            self.jobs.get(place),
            self.begins.get(place).copied(),
        ) else {
            return Ok(Vec::new());
        };
        let (down, up) = (&own.rule, &upstream.rule);
        let mut cycles = upstream_cycles(dependency.kind, down, occurrence, up);
        if cycles.first().is_some_and(|first| *first >= begins) {
            return Ok(cycles);
        }
        let day = |date: NaiveDate| {
            let midnight = date.and_time(NaiveTime::MIN);
            midnight..(midnight + TimeDelta::days(1)).min(begins)
        };
        let by_day = is_by_day(down, up);
        match (dependency.kind, by_day) {
            (DependencyKind::SameCycle, _) => {
                let made = made(c, job, day(occurrence.cycle_at.date())).await?;
                cycles.retain(|cycle| *cycle >= begins || made.contains(cycle));
                if by_day {
                    cycles.extend(made);
                }
                Ok(cycles)
            }
            (DependencyKind::PreviousCycle, _) => {
                let before = wall_micros(previous_before(down, occurrence, up).min(begins));
                let Some(last) = instance::last_cycle(c, job, before).await?.map(wall) else {
                    return Ok(Vec::new());
                };
                match by_day {
                    true => made(c, job, day(last.date())).await,
                    false => Ok(vec![last]),
                }
            }
        }
    }
}

/// The cycles of a job that have instances.
async fn made(
    c: &mut Connection,
    job_id: &str,
    range: Range<NaiveDateTime>,
) -> StoreResult<Vec<NaiveDateTime>> {
    let range = wall_micros(range.start)..wall_micros(range.end);
    let found = instance::cycles(c, job_id, range).await?;
    Ok(found.into_iter().map(wall).collect())
}

/// From which wall time on a rule makes cycles that was submitted then.
fn begin(document: &Schedule, zone: Tz, submitted_at: Option<i64>) -> NaiveDateTime {
    let submitted = submitted_at.and_then(DateTime::from_timestamp_micros);
    let first = document
        .generation
        .first_due(submitted.unwrap_or_default(), zone);
    first.with_timezone(&zone).naive_local()
}
