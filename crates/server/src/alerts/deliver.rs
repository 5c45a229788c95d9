//! Sends messages: each attempt is claimed for a while, and after the last one the message is given up.
//!
//! A message is sent at least once: a server that dies after the other side has taken a message, and before that is
//! noted, leaves it to be sent again. Its id stays the same.

use std::time::Duration;

use futures::future::join_all;
use sdk::{Error, Kind, Result};

use super::channel::{self, Parcel};
use super::message::{Message, first_line};
use crate::state::App;
use crate::store::alert::{self, Alert, Outcome};
use crate::store::{StoreError, StoreResult, alert_channel, read_json};

/// Messages that are sent at the same time.
const AT_ONCE: i64 = 16;
/// An attempt whose server has died is lost after so long, which is longer than sending takes.
const LEASE_MICROS: i64 = 60 * 1_000_000;
/// Attempts before a message is given up; all of them take an hour.
pub(crate) const MOST_ATTEMPTS: i64 = 8;
/// Before the second attempt; twice as long before each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(30);

/// Sends what is to be sent now.
pub(super) async fn deliver(app: &App) -> StoreResult<()> {
    loop {
        let now = app.clock.micros();
        let mut c = app.store.read().await?;
        let due = alert::due(&mut c, now, AT_ONCE).await?;
        drop(c);
        if due.is_empty() {
            return Ok(());
        }
        let mut t = app.store.begin().await?;
        let mut claimed = Vec::new();
        for row in due {
            if alert::claim(&mut t, &row, now + LEASE_MICROS).await? {
                claimed.push(row);
            }
        }
        t.commit().await?;
        for ended in join_all(claimed.iter().map(|row| one(app, row))).await {
            ended?;
        }
        if app.stop.is_cancelled() {
            return Ok(());
        }
    }
}

async fn one(app: &App, row: &Alert) -> StoreResult<()> {
    let sent = send(app, row).await;
    let attempt = row.attempts + 1;
    let now = app.clock.micros();
    let error = sent
        .as_ref()
        .err()
        .map(|error| first_line(&error.to_string()));
    let (state, at) = match &sent {
        Ok(()) => (alert::SENT, now),
        Err(_) if attempt >= MOST_ATTEMPTS => (alert::FAILED, now),
        Err(_) => (alert::WAITING, now + pause(attempt)),
    };
    if let Some(error) = &error {
        tracing::warn!(
            alert.id = row.id,
            attempt,
            error,
            "an alert could not be sent"
        );
    }
    let outcome = Outcome {
        state,
        at,
        error: error.as_deref(),
    };
    let mut t = app.store.begin().await?;
    if !alert::record(&mut t, &row.id, attempt, &outcome).await? {
        tracing::warn!(
            alert.id = row.id,
            "another server has sent the alert meanwhile"
        );
    }
    Ok(t.commit().await?)
}

/// Microseconds between a failed attempt and the next one.
fn pause(attempt: i64) -> i64 {
    let doubled = u32::try_from(attempt - 1).unwrap_or(0).min(16);
    let pause = FIRST_PAUSE.saturating_mul(1 << doubled);
    i64::try_from(pause.as_micros()).unwrap_or(i64::MAX)
}

async fn send(app: &App, row: &Alert) -> Result<()> {
    let failed = |error: StoreError| {
        tracing::error!(
            alert.id = row.id,
            ?error,
            "the channel of an alert cannot be read"
        );
        Error::new(Kind::Unreachable, "the metadata store did not answer")
    };
    let message: Message = read_json(&row.message).map_err(failed)?;
    let mut c = app.store.read().await.map_err(failed)?;
    let channel = alert_channel::find(&mut c, &row.project_id, &row.channel_id).await;
    drop(c);
    let Some(channel) = channel.map_err(failed)? else {
        return Err(Error::new(Kind::NotFound, "the channel is gone"));
    };
    let parcel = Parcel {
        id: &row.id,
        message: &message,
    };
    channel::send(app, &channel, &parcel).await
}
