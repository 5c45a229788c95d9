//! Chooses runs from the queue: by priority, then in order, within the limits of project, resource group and
//! data source.

use std::collections::{HashMap, HashSet};

use super::Live;
use super::log::{Level, RunLog, Stage};
use super::record::RunError;
use crate::alerts::tell;
use crate::lineage;
use crate::lineage::event::Ending;
use crate::scheduler::{self, Ended};
use crate::settings::ProjectSettings;
use crate::state::App;
use crate::store::run::takeover::{self, Abandoned};
use crate::store::run::waiting::{self, Waiting};
use crate::store::run::{self, End, Figures, Lease, Run};
use crate::store::{Alone, Connection, StoreResult, damaged, project, resource_group, server};

/// The queue is read in pieces of at most so many runs, because a long row of them may wait for one limit.
const PIECE: i64 = 200;
/// A run that has lost its server so often without getting any further would take down the next one, too.
const MOST_TAKEOVERS: i64 = 5;

/// What is under way, and how much may be.
#[derive(Default)]
struct Usage {
    projects: HashMap<String, u32>,
    groups: HashMap<(String, String), u32>,
    datasources: HashMap<(String, String), u32>,
    settings: HashMap<String, ProjectSettings>,
    slots: HashMap<(String, String), u32>,
}

/// Claims at most `free` runs, abandoned ones first. Those that this server works on are not abandoned, even if
/// it was too slow to renew its claim.
pub(super) async fn claim(app: &App, free: usize, live: &Live) -> StoreResult<Vec<Run>> {
    let mut claimed = Vec::new();
    if free == 0 {
        return Ok(claimed);
    }
    // Only servers that find something wait for each other.
    let mut c = app.store.read().await?;
    let shared = app.store.shared_time(&mut c, &app.clock).await?;
    let idle = waiting::queued(&mut c, None, 1).await?.is_empty()
        && takeover::abandoned(&mut c, shared, 1).await?.is_empty();
    drop(c);
    if idle {
        return Ok(claimed);
    }
    let Some(mut t) = app.store.try_alone(Alone::ClaimRuns).await? else {
        return Ok(claimed);
    };
    // The lease begins when nothing is waited for any more.
    let shared = app.store.shared_time(&mut t, &app.clock).await?;
    let now = app.clock.micros();
    if server::is_draining(&mut t, &app.server_id).await? {
        return Ok(claimed);
    }
    let lease = Lease {
        owner: &app.server_id,
        now,
        until: shared + i64::try_from(app.config.lease.as_micros()).unwrap_or(i64::MAX),
    };
    let most = i64::try_from(free + live.len()).unwrap_or(i64::MAX);
    let mut given_up = 0;
    for lost in takeover::abandoned(&mut t, shared, most).await? {
        if claimed.len() >= free || live.values().any(|id| *id == lost.id) {
            continue;
        }
        match takeover::count(&mut t, &lost, shared).await? {
            None => {}
            Some(count) if count > MOST_TAKEOVERS => {
                given_up += i32::from(give_up(app, &mut t, &lost, now).await?);
            }
            Some(_) => claimed.extend(run::claim(&mut t, &lost.id, lost.fence, lease).await?),
        }
    }
    let mut usage = Usage::read(&mut t).await?;
    // Where runs wait and more may begin; as soon as there is no such place, nobody looks further.
    let mut places = HashSet::new();
    for place in waiting::places(&mut t).await? {
        if usage.has_place(&mut t, &place).await? {
            places.insert(place);
        }
    }
    let mut last: Option<Waiting> = None;
    // Mostly the first ones may begin, so no more of them are looked at than that takes.
    let mut size = i64::try_from(2 * free).unwrap_or(PIECE).min(PIECE);
    while claimed.len() < free && !places.is_empty() {
        let piece = waiting::queued(&mut t, last.as_ref(), size).await?;
        size = PIECE;
        let mut used = match piece.last() {
            Some(end) => waiting::datasources(&mut t, last.as_ref(), end).await?,
            None => HashMap::new(),
        };
        for waiting in &piece {
            if claimed.len() >= free {
                break;
            }
            let place = (waiting.project_id.clone(), waiting.resource_group.clone());
            if !places.contains(&place) {
                continue;
            }
            if !usage.has_place(&mut t, &place).await? {
                places.remove(&place);
                continue;
            }
            let datasources = used.remove(&waiting.id).unwrap_or_default();
            if usage.takes(&place, &datasources)
                && let Some(run) = run::claim(&mut t, &waiting.id, waiting.fence, lease).await?
            {
                usage.add(waiting, datasources);
                claimed.push(run);
            }
        }
        match piece.last() {
            Some(waiting) => last = Some(waiting.clone()),
            None => break,
        }
    }
    for run in &claimed {
        scheduler::run_begun(&mut t, run, now).await?;
    }
    t.commit().await?;
    for _ in 0..given_up {
        app.metrics.run_ended(run::FAILED);
    }
    Ok(claimed)
}

/// Ends a run that no server survives; tells whether it was still to be ended.
async fn give_up(app: &App, c: &mut Connection, lost: &Abandoned, now: i64) -> StoreResult<bool> {
    let error = RunError::no_server_survives(MOST_TAKEOVERS + 1);
    let text = serde_json::to_string(&error).map_err(|error| damaged(error.to_string()))?;
    let Some(run) = takeover::fail(c, lost, now, &text).await? else {
        return Ok(false);
    };
    let log = RunLog::open(&app.config.folder, &run.id);
    log.say(
        Level::Error,
        Stage::End,
        format!("failed: {}", error.message),
    );
    tracing::error!(run.id = run.id, "{}", error.message);
    let end = End {
        state: run::FAILED,
        at: now,
        figures: Figures {
            rows_read: run.rows_read,
            rows_written: run.rows_written,
            rows_dirty: run.rows_dirty,
            bytes: run.bytes,
            ..Figures::default()
        },
        progress: None,
        report: None,
        error: Some(&text),
    };
    scheduler::run_ended(app, c, &run, Ended::GivenUp).await?;
    tell::run_ended(app, c, &run, &end, Ended::GivenUp).await?;
    let told = Ending {
        word: lineage::word(end.state),
        at: end.at,
        figures: end.figures,
        message: Some(&error.message),
    };
    lineage::ended(app, c, &run, &told, None).await?;
    Ok(true)
}

/// Whether a count is below its limit; 0 is none.
fn below(count: Option<&u32>, most: u32) -> bool {
    most == 0 || count.is_none_or(|count| *count < most)
}

impl Usage {
    async fn read(c: &mut Connection) -> StoreResult<Usage> {
        let mut usage = Usage::default();
        for (project, group) in waiting::running(c).await? {
            *usage.projects.entry(project.clone()).or_default() += 1;
            *usage.groups.entry((project, group)).or_default() += 1;
        }
        for used in waiting::datasources_in_use(c).await? {
            *usage.datasources.entry(used).or_default() += 1;
        }
        Ok(usage)
    }

    /// Whether the limits of a project and a resource group of it let one more run begin.
    async fn has_place(
        &mut self,
        c: &mut Connection,
        place: &(String, String),
    ) -> StoreResult<bool> {
        let (project, group) = place;
        if !self.settings.contains_key(project) {
            let row = project::find(c, project).await?;
            let settings = row.and_then(|row| serde_json::from_str(&row.settings).ok());
            let settings = settings.unwrap_or_default();
            self.settings.insert(project.clone(), settings);
        }
        if !self.slots.contains_key(place) {
            let mut slots = resource_group::slots(c, project, group).await?;
            if slots.is_none() {
                // The group was deleted while runs waited for it.
                slots = resource_group::slots(c, project, resource_group::DEFAULT).await?;
            }
            self.slots.insert(place.clone(), slots.unwrap_or(0));
        }
        let runs_at_once = self.settings.get(project).map_or(0, |it| it.runs_at_once);
        let slots = self.slots.get(place).copied().unwrap_or(0);
        Ok(below(self.projects.get(project), runs_at_once) && below(self.groups.get(place), slots))
    }

    /// Whether the limits of its data sources let a run begin.
    fn takes(&self, (project, _): &(String, String), datasources: &[String]) -> bool {
        let settings = self.settings.get(project);
        let most = settings.map_or(0, |it| it.runs_per_datasource);
        datasources.iter().all(|name| {
            let used = self.datasources.get(&(project.clone(), name.clone()));
            below(used, most)
        })
    }

    fn add(&mut self, waiting: &Waiting, datasources: Vec<String>) {
        let project = &waiting.project_id;
        *self.projects.entry(project.clone()).or_default() += 1;
        let group = (project.clone(), waiting.resource_group.clone());
        *self.groups.entry(group).or_default() += 1;
        for name in datasources {
            *self.datasources.entry((project.clone(), name)).or_default() += 1;
        }
    }
}
