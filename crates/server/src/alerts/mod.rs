//! Tells people what they asked to be told: runs that failed, are late, take too long, have finished or left dirty
//! rows, and data sources that cannot be reached.
//!
//! Every server has these loops, and none leads, as with the scheduler.
//!
//! - `rule` is what somebody wants to be told, `message` what is told
//! - `tell` notes events in the transaction in which they happen; `late`, `overtime` and `watch` find those that nobody
//!   does
//! - `group` makes messages of events, one for each channel
//! - `deliver` sends them; `channel` knows how

pub(crate) mod channel;
pub(crate) mod deliver;
mod group;
mod late;
pub(crate) mod message;
mod overtime;
pub(crate) mod rule;
pub(crate) mod tell;
mod watch;

use std::time::Duration;

use tokio::time::sleep;

use crate::clock::{DAY_MICROS, HOUR_MICROS};
use crate::serve::lasting;
use crate::state::App;
use crate::store::{StoreResult, alert, alert_event};

/// The rows are looked at this often.
const TICK: Duration = Duration::from_secs(1);
/// Cycles that are late and runs that take too long are looked for this often.
const LATE_MICROS: i64 = 15 * 1_000_000;
/// What is old is looked for this often.
const FORGET_MICROS: i64 = HOUR_MICROS;
/// Events are kept this long so that none is told twice, which is longer than `late` looks back.
const EVENT_DAYS: i64 = 8;
/// The history is kept this long.
pub(crate) const HISTORY_DAYS: i64 = 90;

/// Tells until the server stops. What takes its time does not hold up the rest, nor does a defect.
pub(crate) async fn work(app: App) {
    let look = async |app: App| {
        let (mut late_at, mut forget_at) = (i64::MIN, i64::MIN);
        while !app.stop.is_cancelled() {
            say(
                look(&app, &mut late_at, &mut forget_at).await,
                "looking for what is late",
            );
            pause(&app).await;
        }
    };
    let watch = async |app: App| {
        while !app.stop.is_cancelled() {
            say(watch::test(&app).await, "testing data sources for alerts");
            pause(&app).await;
        }
    };
    let deliver = async |app: App| {
        while !app.stop.is_cancelled() {
            say(group::close(&app).await, "making messages of events");
            say(deliver::deliver(&app).await, "sending alerts");
            pause(&app).await;
        }
    };
    tokio::join!(
        lasting(app.clone(), "search for what is late", look),
        lasting(app.clone(), "watch over data sources", watch),
        lasting(app, "delivery of alerts", deliver),
    );
}

async fn pause(app: &App) {
    tokio::select! {
        () = app.stop.cancelled() => {}
        () = sleep(TICK) => {}
    }
}

fn say(done: StoreResult<()>, what: &str) {
    if let Err(error) = done {
        tracing::error!(?error, "{what} failed and is tried again");
    }
}

async fn look(app: &App, late_at: &mut i64, forget_at: &mut i64) -> StoreResult<()> {
    let now = app.clock.micros();
    if now >= *late_at {
        late::look(app).await?;
        *late_at = now + LATE_MICROS;
    }
    if now >= *forget_at {
        let mut t = app.store.begin().await?;
        alert_event::forget(&mut t, now - EVENT_DAYS * DAY_MICROS).await?;
        alert::forget(&mut t, now - HISTORY_DAYS * DAY_MICROS).await?;
        t.commit().await?;
        *forget_at = now + FORGET_MICROS;
    }
    Ok(())
}
