//! Makes the instances of the next day, for each schedule half an hour before that day begins in its zone.
//!
//! After an outage the days between are made, too, so that every cycle has an instance that tells what became of it.

use std::ops::Range;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{read_rule, wall, wall_micros};
use crate::api::time::new_id;
use crate::schedule::dependency::{Dependency, DependencyKind, ScheduleNode};
use crate::schedule::occurrence::Occurrence;
use crate::schedule::rule::{Kind, Schedule};
use crate::schedule::{plan, zone};
use crate::state::App;
use crate::store::instance::{self, Instance, NewInstance, edge};
use crate::store::schedule::{self, Schedule as Row};
use crate::store::{Connection, StoreResult, damaged, read_json};

/// The instances of a day are made so long before it begins.
const AHEAD: TimeDelta = TimeDelta::minutes(30);
/// Schedules in one transaction.
const SCHEDULES_AT_ONCE: i64 = 100;
/// When a transaction has made so many instances of a schedule, the next one goes on with it.
const INSTANCES_AT_ONCE: usize = 2_000;
/// A schedule whose rule cannot be read is looked at again after so long.
const LATER_MICROS: i64 = 3_600 * 1_000_000;

/// Makes the instances of all days that are to have some by now.
pub(super) async fn generate(app: &App) -> StoreResult<()> {
    loop {
        let now = app.clock.now();
        let mut c = app.store.read().await?;
        let piece =
            schedule::to_generate(&mut c, now.timestamp_micros(), SCHEDULES_AT_ONCE).await?;
        drop(c);
        if piece.is_empty() {
            return Ok(());
        }
        let mut t = app.store.begin().await?;
        for row in &piece {
            if schedule::take_turn(&mut t, row).await? {
                one(&mut t, row, now).await?;
            }
        }
        t.commit().await?;
    }
}

async fn one(c: &mut Connection, row: &Row, now: DateTime<Utc>) -> StoreResult<()> {
    let network = match Network::of(c, row).await {
        Ok(network) => network,
        Err(error) => {
            tracing::error!(
                job.id = row.job_id,
                ?error,
                "a schedule cannot be read and makes no instances"
            );
            let later = now.timestamp_micros() + LATER_MICROS;
            return schedule::generated(c, &row.job_id, row.generated_until, later).await;
        }
    };
    let zone = network.zone();
    let until = until(now, zone);
    let mut day = wall(row.generated_until).date();
    let mut made = 0;
    while day < until && made < INSTANCES_AT_ONCE {
        let next = day.succ_opt().unwrap_or(until);
        let span = Span {
            days: day..next,
            from: DateTime::<Utc>::MIN_UTC,
        };
        made += network.make(c, row, span, now).await?;
        day = next;
    }
    schedule::generated(c, &row.job_id, midnight(day), turn(zone, day)).await
}

/// The first day that is not to have instances yet.
fn until(now: DateTime<Utc>, zone: Tz) -> NaiveDate {
    let day = (now + AHEAD).with_timezone(&zone).date_naive();
    day.succ_opt().unwrap_or(day)
}

/// When a day is to get its instances.
fn turn(zone: Tz, day: NaiveDate) -> i64 {
    (zone::day_start(zone, day) - AHEAD).timestamp_micros()
}

fn midnight(day: NaiveDate) -> i64 {
    wall_micros(day.and_time(NaiveTime::MIN))
}

/// Starts a submitted schedule, or starts it anew: instances of the old rule that have not begun are replaced.
/// Sets which days have instances; the caller writes the row.
pub(crate) async fn restart(
    c: &mut Connection,
    row: &mut Row,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let network = Network::of(c, row).await?;
    let zone = network.zone();
    let first_due = network.document.generation.first_due(now, zone);
    instance::delete_ahead(c, &row.job_id, first_due.timestamp_micros()).await?;
    let first = first_due.with_timezone(&zone).date_naive();
    let until = until(now, zone).max(first);
    let span = Span {
        days: first..until,
        from: first_due,
    };
    network.make(c, row, span, now).await?;
    row.generated_until = midnight(until);
    row.generate_at = turn(zone, until);
    Ok(())
}

/// Lets instances that wait for a job wait for the cycles that it has now. Called once its new rule is written.
pub(crate) async fn reconnect(
    c: &mut Connection,
    job_id: &str,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let yesterday = now.naive_utc() - TimeDelta::days(1);
    for (downstream, _) in schedule::dependents(c, job_id).await? {
        let Some(row) = schedule::of_job(c, &downstream).await? else {
            continue;
        };
        let network = Network::of(c, &row).await?;
        for waiting in instance::waiting_from(c, &downstream, wall_micros(yesterday)).await? {
            edge::delete(c, &waiting.id, job_id).await?;
            let occurrence = occurrence(&waiting)?;
            network
                .connect(c, &waiting.id, &occurrence, Some(job_id))
                .await?;
        }
    }
    Ok(())
}

/// The cycle of an instance.
pub(crate) fn occurrence(row: &Instance) -> StoreResult<Occurrence> {
    Ok(Occurrence {
        due_at: DateTime::from_timestamp_micros(row.due_at).unwrap_or_default(),
        cycle_at: wall(row.cycle_at),
        bizdate: row
            .bizdate
            .parse()
            .map_err(|_| damaged(format!("instance {} has no business date", row.id)))?,
        is_dry_run: row.is_dry_run != 0,
    })
}

/// Which instances are to be made: those of some days that are not due earlier.
struct Span {
    days: Range<NaiveDate>,
    from: DateTime<Utc>,
}

/// A submitted schedule, which comes first, with those that it waits for.
struct Network {
    document: Schedule,
    nodes: Vec<ScheduleNode>,
    /// The job of each node.
    jobs: Vec<String>,
}

impl Network {
    async fn of(c: &mut Connection, row: &Row) -> StoreResult<Network> {
        let text = row.submitted_rule.as_deref();
        let text = text.ok_or_else(|| damaged("a schedule was never submitted"))?;
        let (document, rule) = read_rule(text)?;
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
                    nodes.push(ScheduleNode {
                        name: upstream.job_name,
                        rule: read_rule(text)?.1,
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
        })
    }

    fn zone(&self) -> Tz {
        self.nodes.first().map_or(Tz::UTC, |own| own.rule.zone())
    }

    /// Makes instances; returns how many there are.
    async fn make(
        &self,
        c: &mut Connection,
        row: &Row,
        span: Span,
        now: DateTime<Utc>,
    ) -> StoreResult<usize> {
        let mut count = 0;
        let occurrences = self.nodes.first().map(|own| own.rule.on_days(span.days));
        for occurrence in occurrences.into_iter().flatten() {
            if occurrence.due_at < span.from {
                continue;
            }
            count += 1;
            let id = new_id();
            let new = NewInstance {
                id: &id,
                project_id: &row.project_id,
                job_id: &row.job_id,
                backfill_id: "",
                lane: 0,
                step: 0,
                cycle_at: wall_micros(occurrence.cycle_at),
                bizdate: &occurrence.bizdate.to_string(),
                due_at: occurrence.due_at.timestamp_micros(),
                is_dry_run: occurrence.is_dry_run || self.document.kind == Kind::DryRun,
                is_frozen: self.document.kind == Kind::Frozen,
                created_at: now.timestamp_micros(),
            };
            if instance::insert(c, &new).await? {
                self.connect(c, &id, &occurrence, None).await?;
            }
        }
        Ok(count)
    }

    /// Writes what an instance waits for: all, or the cycles of one job.
    async fn connect(
        &self,
        c: &mut Connection,
        id: &str,
        occurrence: &Occurrence,
        only: Option<&str>,
    ) -> StoreResult<()> {
        for found in plan::edges(&self.nodes, 0, occurrence) {
            let Some(job) = self.jobs.get(found.schedule) else {
                continue;
            };
            if only.is_none_or(|only| only == job) {
                edge::insert(c, id, job, wall_micros(found.cycle_at)).await?;
            }
        }
        Ok(())
    }
}

/// The kind of a dependency, as the store has it.
pub(crate) fn read_kind(text: &str) -> StoreResult<DependencyKind> {
    read_json(&format!("\"{text}\""))
}
