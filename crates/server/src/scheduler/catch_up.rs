//! After an outage: what becomes of the instances that came due while no server ran, or while a schedule was paused.
//!
//! Servers note in the store that they are there, however long a tick takes. A gap is an outage; it stays noted until
//! each schedule has all instances of it, and its policy has parted what it missed into what is skipped and what
//! still runs, so that no outage ends with a stampede.

use std::time::Duration;

use tokio::time::sleep;

use crate::schedule::rule::CatchUpPolicy;
use crate::state::App;
use crate::store::instance::missed::{self, Interval};
use crate::store::{Alone, Connection, StoreResult, damaged, read_json, schedule, setting};

/// The setting with the time at which a server was there last.
const SEEN: &str = "scheduler.seen";
/// The setting with an outage that is not caught up with.
const OUTAGE: &str = "scheduler.outage";
/// The time is written this often.
const NOTED_MICROS: i64 = 10 * 1_000_000;
/// A longer silence is an outage.
const OUTAGE_MICROS: i64 = 120 * 1_000_000;
/// The pause between two looks at whether it is to be written.
const BEAT: Duration = Duration::from_secs(5);

/// Notes that a server is there until it stops, beside the ticks, which may take long.
pub(super) async fn stay_seen(app: App) {
    loop {
        sleep(BEAT).await;
        if let Err(error) = be_seen(&app, app.clock.micros()).await {
            tracing::warn!(?error, "the store could not be told that a server is there");
        }
    }
}

/// Notes that a server is there now, and an outage if none was for long.
pub(super) async fn be_seen(app: &App, now: i64) -> StoreResult<()> {
    let is_fresh = |seen: Option<i64>| seen.is_some_and(|seen| now - seen < NOTED_MICROS);
    let mut c = app.store.read().await?;
    let seen = seen(&mut c).await?;
    drop(c);
    if is_fresh(seen) {
        return Ok(());
    }
    let mut t = app.store.begin_alone(Alone::CatchUp).await?;
    // Another server may have looked meanwhile.
    let seen = self::seen(&mut t).await?;
    if is_fresh(seen) {
        return Ok(());
    }
    if let Some(from) = seen.filter(|seen| now - seen > OUTAGE_MICROS) {
        let before = outage(&mut t).await?;
        let outage = Interval {
            from: before.map_or(from, |before| before.from.min(from)),
            to: now,
        };
        let text = serde_json::to_string(&outage).map_err(|error| damaged(error.to_string()))?;
        setting::put(&mut t, OUTAGE, &text, now).await?;
        tracing::warn!(
            seconds = (now - from) / 1_000_000,
            "no server was there; missed instances are skipped or caught up with"
        );
    }
    setting::put(&mut t, SEEN, &now.to_string(), now).await?;
    t.commit().await?;
    Ok(())
}

/// After an outage decides about what was missed, for schedules that have all instances of it; returns the outage
/// as long as there are others.
pub(super) async fn look_back(app: &App) -> StoreResult<Option<Interval>> {
    let mut c = app.store.read().await?;
    let found = outage(&mut c).await?;
    drop(c);
    if found.is_none() {
        return Ok(None);
    }
    let Some(mut t) = app.store.try_alone(Alone::CatchUp).await? else {
        return Ok(found);
    };
    let Some(interval) = outage(&mut t).await? else {
        return Ok(None);
    };
    for job in missed::jobs(&mut t, interval).await? {
        split(&mut t, &job, interval, "it came due while no server ran").await?;
    }
    let is_behind = schedule::is_behind(&mut t, interval.to).await?;
    if !is_behind {
        setting::delete(&mut t, OUTAGE).await?;
    }
    t.commit().await?;
    Ok(is_behind.then_some(interval))
}

async fn seen(c: &mut Connection) -> StoreResult<Option<i64>> {
    let found = setting::find(c, SEEN).await?;
    Ok(found.and_then(|(text, _)| text.parse().ok()))
}

async fn outage(c: &mut Connection) -> StoreResult<Option<Interval>> {
    let found = setting::find(c, OUTAGE).await?;
    found.map(|(text, _)| read_json(&text)).transpose()
}

/// Parts what a job missed by the policy of its schedule.
pub(crate) async fn split(
    c: &mut Connection,
    job_id: &str,
    interval: Interval,
    reason: &str,
) -> StoreResult<()> {
    let Some(rule) = super::readable_rule(c, job_id).await? else {
        return Ok(());
    };
    let policy = rule.catch_up.policy;
    let cycles = missed::cycles(c, job_id, interval).await?;
    let (skipped, kept) = policy.split(&cycles);
    if let Some(last) = skipped.last() {
        let rest = match policy {
            CatchUpPolicy::Latest => "the newest cycle runs instead",
            CatchUpPolicy::All | CatchUpPolicy::None => "missed cycles are left out",
        };
        let message = format!("{reason}, and {rest}");
        missed::skip(c, job_id, interval, *last, &message).await?;
    }
    if !kept.is_empty() {
        missed::mark(c, job_id, interval).await?;
    }
    Ok(())
}
