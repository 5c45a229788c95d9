//! The servers that share the store: each says that it is there, and those that are silent are forgotten.

use std::net::SocketAddr;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::state::App;
use crate::store::{StoreResult, server};

/// A server says so often that it is there.
const BEAT: Duration = Duration::from_secs(5);
/// One that is silent for so long counts as gone; its runs are taken over when their leases end.
pub(crate) const SILENT_MICROS: i64 = 30 * 1_000_000;
/// It is forgotten after an hour, so that people can see what is missing.
const FORGOTTEN_MICROS: i64 = 3_600 * 1_000_000;

/// Says that this server is there, until its runs have ended: it may finish them long after it was to stop.
pub(crate) async fn work(app: App, address: SocketAddr, runs_ended: CancellationToken) {
    let started_at = app.clock.micros();
    while !runs_ended.is_cancelled() {
        if let Err(error) = beat(&app, address, started_at).await {
            tracing::warn!(?error, "the server could not say that it is there");
        }
        tokio::select! {
            () = runs_ended.cancelled() => {}
            () = tokio::time::sleep(BEAT) => {}
        }
    }
}

/// Takes the server off the list.
pub(crate) async fn leave(app: &App) -> StoreResult<()> {
    let mut t = app.store.begin().await?;
    server::delete(&mut t, &app.server_id).await?;
    Ok(t.commit().await?)
}

async fn beat(app: &App, address: SocketAddr, started_at: i64) -> StoreResult<()> {
    let now = app.clock.micros();
    let row = server::Server {
        id: app.server_id.clone(),
        address: address.to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        slots: i64::from(app.config.slots),
        is_draining: 0,
        started_at,
        heartbeat_at: now,
    };
    let mut t = app.store.begin().await?;
    server::beat(&mut t, &row).await?;
    server::delete_silent(&mut t, now - FORGOTTEN_MICROS).await?;
    Ok(t.commit().await?)
}
