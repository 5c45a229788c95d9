//! Removes what is kept for a while only: runs that ended long ago with their logs, dirty rows, ledgers and series,
//! instances and backfills likewise, what is left of deleted projects, and sessions and idempotency keys that are over.
//!
//! Every server has this loop. It goes in small pieces, and a server that is killed anywhere leaves rows that the
//! next pass of any server goes on with: a run's row goes first, and the name of its folder is kept until the folder
//! is gone. The audit log is not touched, since it only ever grows.

use std::io;
use std::time::Duration;

use tokio::time::sleep;

use crate::api::error::{ApiError, ApiResult};
use crate::clock::{DAY_MICROS, MINUTE_MICROS};
use crate::runner::log::folder;
use crate::state::App;
use crate::store::instance::old;
use crate::store::project::removal;
use crate::store::run::removed;
use crate::store::{Page, StoreError, StoreResult, idempotency, project, session};

/// The clock is looked at this often.
const TICK: Duration = Duration::from_secs(1);
/// Passes are so far apart.
const EVERY_MICROS: i64 = 10 * MINUTE_MICROS;
/// Rows in one transaction.
const PIECE: i64 = 100;

/// Removes until the server stops.
pub(crate) async fn work(app: App) {
    let mut next_at = i64::MIN;
    while !app.stop.is_cancelled() {
        let now = app.clock.micros();
        if now >= next_at {
            if let Err(error) = pass(&app, now).await {
                tracing::error!(code = ?error.code(), "removing old runs failed and is tried again: {}", error.message());
            }
            next_at = now + EVERY_MICROS;
        } else if let Err(error) = deleted_projects(&app).await {
            tracing::error!(
                ?error,
                "removing deleted projects failed and is tried again"
            );
        }
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = sleep(TICK) => {}
        }
    }
}

async fn pass(app: &App, now: i64) -> ApiResult<()> {
    deleted_projects(app).await?;
    let mut t = app.store.begin().await?;
    session::delete_ended(&mut t, now).await?;
    idempotency::delete_old(&mut t, now - DAY_MICROS).await?;
    t.commit().await.map_err(StoreError::from)?;
    let usual = app.instance_settings().await?.keep_runs_days;
    let mut page = Page {
        after: None,
        limit: PIECE,
    };
    loop {
        let mut c = app.store.read().await?;
        let projects = project::list(&mut c, &project::Wanted::default(), &page).await?;
        drop(c);
        let Some(last) = projects.last() else {
            break;
        };
        page.after = Some(last.name.clone());
        for project in &projects {
            let settings = match app.project_settings(project) {
                Ok(settings) => settings,
                // Nobody knows how long its runs are kept, so they stay; those of others need not.
                Err(error) => {
                    tracing::error!(
                        project.id = project.id,
                        "old runs of the project stay: {}",
                        error.message()
                    );
                    continue;
                }
            };
            let days = settings.keep_runs_days.unwrap_or(usual);
            if days > 0 {
                let before = now.saturating_sub(i64::from(days).saturating_mul(DAY_MICROS));
                runs(app, &project.id, before).await?;
                instances(app, &project.id, before).await?;
                backfills(app, &project.id, before).await?;
            }
        }
    }
    folders(app, now).await
}

/// Removes what is left of deleted projects.
async fn deleted_projects(app: &App) -> StoreResult<()> {
    let mut c = app.store.read().await?;
    let deleted = removal::deleted(&mut c).await?;
    drop(c);
    for project_id in deleted {
        let mut is_more = true;
        while is_more && !app.stop.is_cancelled() {
            let mut t = app.store.begin().await?;
            is_more = removal::remove_piece(&mut t, &project_id, PIECE).await?;
            t.commit().await?;
        }
    }
    Ok(())
}

/// Removes the runs of a project that ended before a time.
async fn runs(app: &App, project_id: &str, before: i64) -> StoreResult<()> {
    let mut last: Option<removed::Expired> = None;
    let mut count = 0;
    while !app.stop.is_cancelled() {
        let after = last
            .as_ref()
            .map_or((i64::MIN, ""), |run| (run.ended_at, run.id.as_str()));
        // Mostly there is nothing, and then nobody waits for this.
        let mut c = app.store.read().await?;
        let found = removed::expired(&mut c, project_id, before, after, 1).await?;
        drop(c);
        if found.is_empty() {
            break;
        }
        let mut t = app.store.begin().await?;
        let piece = removed::expired(&mut t, project_id, before, after, PIECE).await?;
        for run in &piece {
            if removed::remove(&mut t, run).await? {
                count += 1;
            }
        }
        t.commit().await?;
        match piece.into_iter().next_back() {
            Some(run) => last = Some(run),
            None => break,
        }
    }
    if count > 0 {
        tracing::info!(project.id = project_id, "{count} old runs were removed");
    }
    Ok(())
}

/// Removes the instances of a project that ended before a time, once their runs are gone.
async fn instances(app: &App, project_id: &str, before: i64) -> StoreResult<()> {
    let mut last: Option<old::Old> = None;
    while !app.stop.is_cancelled() {
        let after = last
            .as_ref()
            .map_or((i64::MIN, ""), |old| (old.ended_at, old.id.as_str()));
        let mut c = app.store.read().await?;
        let found = old::expired(&mut c, project_id, before, after, 1).await?;
        drop(c);
        if found.is_empty() {
            break;
        }
        let mut t = app.store.begin().await?;
        let piece = old::expired(&mut t, project_id, before, after, PIECE).await?;
        for instance in &piece {
            old::remove(&mut t, instance).await?;
        }
        t.commit().await?;
        match piece.into_iter().next_back() {
            Some(instance) => last = Some(instance),
            None => break,
        }
    }
    Ok(())
}

/// The same for backfills with all that belongs to them.
async fn backfills(app: &App, project_id: &str, before: i64) -> StoreResult<()> {
    let mut c = app.store.read().await?;
    let ended = old::backfills(&mut c, project_id, before).await?;
    drop(c);
    for id in ended {
        let mut is_more = true;
        while is_more && !app.stop.is_cancelled() {
            let mut t = app.store.begin().await?;
            is_more = old::remove_backfill_piece(&mut t, &id, before, PIECE).await?;
            t.commit().await?;
        }
    }
    Ok(())
}

/// Deletes the folders of runs that are removed.
async fn folders(app: &App, now: i64) -> ApiResult<()> {
    let mut after = String::new();
    while !app.stop.is_cancelled() {
        let mut c = app.store.read().await?;
        let ids = removed::folders(&mut c, now, &after, PIECE).await?;
        drop(c);
        let Some(last) = ids.last() else {
            break;
        };
        after.clone_from(last);
        let runs = app.config.folder.clone();
        let deleted = tokio::task::spawn_blocking(move || {
            let is_gone = |id: &String| match std::fs::remove_dir_all(folder(&runs, id)) {
                Ok(()) => true,
                Err(error) if error.kind() == io::ErrorKind::NotFound => true,
                Err(error) => {
                    tracing::warn!(run.id = id, %error, "the folder of a removed run cannot be deleted");
                    false
                }
            };
            ids.into_iter().filter(is_gone).collect::<Vec<_>>()
        });
        let deleted = deleted
            .await
            .map_err(|error| ApiError::internal("deleting the folders of runs", error))?;
        let mut t = app.store.begin().await?;
        for id in &deleted {
            removed::forget(&mut t, id).await?;
        }
        t.commit().await.map_err(StoreError::from)?;
    }
    Ok(())
}
