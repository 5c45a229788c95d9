//! Makes the instances of the next day, for each schedule half an hour before that day begins in its zone.
//!
//! After an outage the days between are made, too, so that every cycle has an instance that tells what became of it.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::network::{Network, Span};
use super::{submitted_rule, wall, wall_micros};
use crate::schedule::dependency::DependencyKind;
use crate::schedule::occurrence::Occurrence;
use crate::schedule::rule::Kind;
use crate::schedule::zone;
use crate::state::App;
use crate::store::instance::{self, Instance};
use crate::store::schedule::{self, Schedule as Row};
use crate::store::{Alone, Connection, StoreResult, damaged, read_json};

/// The instances of a day are made so long before it begins.
const AHEAD: TimeDelta = TimeDelta::minutes(30);
/// Schedules in one transaction.
const SCHEDULES_AT_ONCE: i64 = 100;
/// When a transaction has made so many instances, the next one goes on.
const INSTANCES_AT_ONCE: usize = 2_000;
/// When a tick has made so many instances, others have their turn, and the next tick goes on.
pub(super) const INSTANCES_A_TICK: usize = 10_000;
/// A schedule whose rule cannot be read is looked at again after so long.
const LATER_MICROS: i64 = 3_600 * 1_000_000;

/// Makes the instances of days that are to have some by now, as many as one tick may.
pub(super) async fn generate(app: &App, now: DateTime<Utc>) -> StoreResult<()> {
    let mut left = INSTANCES_A_TICK;
    while left > 0 {
        let mut c = app.store.read().await?;
        let piece =
            schedule::to_generate(&mut c, now.timestamp_micros(), SCHEDULES_AT_ONCE).await?;
        drop(c);
        if piece.is_empty() {
            return Ok(());
        }
        let Some(mut t) = app.store.try_alone(Alone::Schedules).await? else {
            return Ok(());
        };
        let mut made = 0;
        for row in &piece {
            if made >= INSTANCES_AT_ONCE {
                break;
            }
            if schedule::take_turn(&mut t, row).await? {
                made += one(&mut t, row, now).await?;
            }
        }
        t.commit().await?;
        left = left.saturating_sub(made.max(1));
    }
    Ok(())
}

/// Makes the next instances of a schedule; returns how many.
async fn one(c: &mut Connection, row: &Row, now: DateTime<Utc>) -> StoreResult<usize> {
    let network = match Network::of(c, row).await {
        Ok(network) => network,
        Err(error) => {
            tracing::error!(
                job.id = row.job_id,
                ?error,
                "a schedule cannot be read and makes no instances"
            );
            let later = now.timestamp_micros() + LATER_MICROS;
            schedule::generated(c, &row.job_id, row.generated_until, later).await?;
            return Ok(0);
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
    schedule::generated(c, &row.job_id, midnight(day), turn(zone, day)).await?;
    Ok(made)
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

/// Starts a submitted schedule, or starts it anew: instances of the old rule that have not begun are replaced, and
/// those that somebody froze stay frozen. Sets which days have instances; the caller writes the row.
pub(crate) async fn restart(
    c: &mut Connection,
    row: &mut Row,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let network = Network::of(c, row).await?;
    let zone = network.zone();
    let first_due = network.document.generation.first_due(now, zone);
    // The row of the store still has the old rule, which may have frozen them by itself.
    let frozen = match submitted_rule(c, &row.job_id).await? {
        Some(rule) if rule.kind == Kind::Frozen => Vec::new(),
        _ => instance::frozen_ahead(c, &row.job_id, first_due.timestamp_micros()).await?,
    };
    instance::delete_ahead(c, &row.job_id, first_due.timestamp_micros()).await?;
    let first = first_due.with_timezone(&zone).date_naive();
    let until = until(now, zone).max(first);
    let span = Span {
        days: first..until,
        from: first_due,
    };
    network.make(c, row, span, now).await?;
    for cycle_at in frozen {
        instance::freeze_cycle(c, &row.job_id, cycle_at).await?;
    }
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
            network.reconnect(c, &waiting, job_id).await?;
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

/// The kind of a dependency, as the store has it.
pub(crate) fn read_kind(text: &str) -> StoreResult<DependencyKind> {
    read_json(&format!("\"{text}\""))
}
