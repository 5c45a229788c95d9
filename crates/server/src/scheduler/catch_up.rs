//! After an outage: what becomes of the instances that came due while no server ran, or while a schedule was paused.
//!
//! The time of the last tick is kept in the store. A gap is an outage, and each schedule's policy parts what it
//! missed into what is skipped and what still runs, so that no outage ends with a stampede.

use crate::schedule::rule::CatchUpPolicy;
use crate::state::App;
use crate::store::instance::missed::{self, Interval};
use crate::store::{Alone, Connection, StoreResult, setting};

/// The setting with the time of the last tick.
const SEEN: &str = "scheduler.seen";
/// It is written this often.
const NOTED_MICROS: i64 = 10 * 1_000_000;
/// A longer silence is an outage.
const OUTAGE_MICROS: i64 = 120 * 1_000_000;

/// Notes that a server works; after an outage decides about what was missed.
pub(super) async fn look_back(app: &App) -> StoreResult<()> {
    let now = app.clock.micros();
    let mut c = app.store.read().await?;
    let seen = seen(&mut c).await?;
    drop(c);
    if seen.is_some_and(|seen| now - seen < NOTED_MICROS) {
        return Ok(());
    }
    let mut t = app.store.begin_alone(Alone::CatchUp).await?;
    // Another server may have looked meanwhile.
    let seen = self::seen(&mut t).await?;
    if let Some(from) = seen.filter(|seen| now - seen > OUTAGE_MICROS) {
        let interval = Interval { from, to: now };
        for job in missed::jobs(&mut t, interval).await? {
            split(&mut t, &job, interval, "it came due while no server ran").await?;
        }
        tracing::warn!(
            seconds = (now - from) / 1_000_000,
            "no server was there; missed instances were skipped or are caught up with"
        );
    }
    if seen.is_none_or(|seen| now - seen >= NOTED_MICROS) {
        setting::put(&mut t, SEEN, &now.to_string(), now).await?;
    }
    t.commit().await?;
    Ok(())
}

async fn seen(c: &mut Connection) -> StoreResult<Option<i64>> {
    let found = setting::find(c, SEEN).await?;
    Ok(found.and_then(|(text, _)| text.parse().ok()))
}

/// Parts what a job missed by the policy of its schedule.
pub(crate) async fn split(
    c: &mut Connection,
    job_id: &str,
    interval: Interval,
    reason: &str,
) -> StoreResult<()> {
    let Some(rule) = super::submitted_rule(c, job_id).await? else {
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
