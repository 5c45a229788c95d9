//! Chooses runs from the queue: by priority, then in order, within the limits of project, resource group and
//! data source.

use std::collections::HashMap;

use crate::scheduler;
use crate::settings::ProjectSettings;
use crate::state::App;
use crate::store::run::{self, Lease, Run, Waiting};
use crate::store::{Alone, Connection, StoreResult, project, resource_group, server};

/// The queue is read in pieces of so many runs, because a long row of them may wait for one limit.
const PIECE: i64 = 200;

/// What is under way, and how much may be.
#[derive(Default)]
struct Usage {
    projects: HashMap<String, u32>,
    groups: HashMap<(String, String), u32>,
    datasources: HashMap<(String, String), u32>,
    settings: HashMap<String, ProjectSettings>,
    slots: HashMap<(String, String), u32>,
}

/// Claims at most `free` runs, abandoned ones first.
pub(super) async fn claim(app: &App, free: usize) -> StoreResult<Vec<Run>> {
    let mut claimed = Vec::new();
    if free == 0 {
        return Ok(claimed);
    }
    let now = app.clock.micros();
    // Only servers that find something wait for each other.
    let mut c = app.store.read().await?;
    let idle = run::queued(&mut c, None, 1).await?.is_empty()
        && run::abandoned(&mut c, now, 1).await?.is_empty();
    drop(c);
    if idle {
        return Ok(claimed);
    }
    let mut t = app.store.begin_alone(Alone::ClaimRuns).await?;
    if server::is_draining(&mut t, &app.server_id).await? {
        return Ok(claimed);
    }
    let lease = Lease {
        owner: &app.server_id,
        now,
        until: now + i64::try_from(app.config.lease.as_micros()).unwrap_or(i64::MAX),
    };
    for waiting in run::abandoned(&mut t, now, i64::try_from(free).unwrap_or(i64::MAX)).await? {
        claimed.extend(run::claim(&mut t, &waiting.id, waiting.fence, lease).await?);
    }
    let mut usage = Usage::read(&mut t).await?;
    let mut last: Option<Waiting> = None;
    while claimed.len() < free {
        let piece = run::queued(&mut t, last.as_ref(), PIECE).await?;
        for waiting in &piece {
            if claimed.len() >= free {
                break;
            }
            let datasources = run::datasources(&mut t, &waiting.id).await?;
            if usage.takes(&mut t, waiting, &datasources).await?
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
    Ok(claimed)
}

impl Usage {
    async fn read(c: &mut Connection) -> StoreResult<Usage> {
        let mut usage = Usage::default();
        for (project, group) in run::running(c).await? {
            *usage.projects.entry(project.clone()).or_default() += 1;
            *usage.groups.entry((project, group)).or_default() += 1;
        }
        for used in run::datasources_in_use(c).await? {
            *usage.datasources.entry(used).or_default() += 1;
        }
        Ok(usage)
    }

    /// Whether a run may begin now.
    async fn takes(
        &mut self,
        c: &mut Connection,
        waiting: &Waiting,
        datasources: &[String],
    ) -> StoreResult<bool> {
        let project = &waiting.project_id;
        if !self.settings.contains_key(project) {
            let row = project::find(c, project).await?;
            let settings = row.and_then(|row| serde_json::from_str(&row.settings).ok());
            let settings = settings.unwrap_or_default();
            self.settings.insert(project.clone(), settings);
        }
        let group = (project.clone(), waiting.resource_group.clone());
        if !self.slots.contains_key(&group) {
            let slots = resource_group::slots(c, &group.0, &group.1).await?;
            self.slots.insert(group.clone(), slots.unwrap_or(0));
        }
        let below = |count: Option<&u32>, most: u32| most == 0 || count.is_none_or(|n| *n < most);
        let settings = self.settings.get(project).cloned().unwrap_or_default();
        let slots = self.slots.get(&group).copied().unwrap_or(0);
        Ok(below(self.projects.get(project), settings.runs_at_once)
            && below(self.groups.get(&group), slots)
            && datasources.iter().all(|name| {
                let used = self.datasources.get(&(project.clone(), name.clone()));
                below(used, settings.runs_per_datasource)
            }))
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
