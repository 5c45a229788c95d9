//! What administrators set while the server runs: for the instance, and for each project.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use sdk::FieldProblem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::allow_list::Networks;
use crate::access::outbound::{Loopback, Outbound};
use crate::access::roots::Roots;
use crate::api::error::{ApiError, ApiResult, Problem};
use crate::state::App;
use crate::store::project::Project;
use crate::store::{Connection, StoreError, setting};

const INSTANCE: &str = "instance";
/// Other servers' changes are seen after so long.
const FRESH_MICROS: i64 = 5 * 1_000_000;

/// Settings of the whole instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct InstanceSettings {
    /// Addresses and networks that may call the API; empty admits all.
    pub(crate) allow_list: Vec<String>,
    /// Networks and host names that jobs may reach; if there are any, nothing else.
    pub(crate) outbound_allow: Vec<String>,
    /// Networks and host names that jobs may not reach.
    pub(crate) outbound_deny: Vec<String>,
    /// Whether jobs may reach this machine itself.
    pub(crate) outbound_loopback: bool,
    /// Folders that file data sources may read and write; none forbids them.
    pub(crate) file_roots: Vec<String>,
    /// Days after which ended runs, their logs and dirty rows are deleted; 0 keeps them.
    pub(crate) keep_runs_days: u32,
}

impl InstanceSettings {
    /// Names every wrong entry, and refuses settings that would lock out whoever makes them.
    pub(crate) fn check(&self, caller: IpAddr) -> ApiResult<()> {
        let mut problems = check_allow_list(&self.allow_list, "/allowList", caller);
        if let Err(found) = self.outbound() {
            problems.extend(found.into_iter().map(|problem| {
                let pointer = match problem.pointer.strip_prefix("/allow") {
                    Some(rest) => format!("/outboundAllow{rest}"),
                    None => problem.pointer.replacen("/deny", "/outboundDeny", 1),
                };
                Problem::field(pointer, &problem)
            }));
        }
        if let Err(found) = Roots::parse(&self.file_roots) {
            let place = |problem: &FieldProblem| format!("/fileRoots{}", problem.pointer);
            problems.extend(
                found
                    .iter()
                    .map(|problem| Problem::field(place(problem), problem)),
            );
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(ApiError::invalid(problems))
        }
    }

    /// What jobs may reach.
    pub(crate) fn outbound(&self) -> Result<Outbound, Vec<FieldProblem>> {
        let loopback = if self.outbound_loopback {
            Loopback::Allowed
        } else {
            Loopback::Denied
        };
        Outbound::parse(&self.outbound_allow, &self.outbound_deny, loopback)
    }
}

/// What is wrong with an allow-list that somebody at `caller` sets.
pub(crate) fn check_allow_list(list: &[String], pointer: &str, caller: IpAddr) -> Vec<Problem> {
    match Networks::parse(list) {
        Ok(networks) if networks.admit(caller) => Vec::new(),
        Ok(_) => vec![
            Problem::at(
                pointer,
                format!("the list does not admit your own address {caller}"),
            )
            .hint("add it, so that you can still take this change back"),
        ],
        Err(found) => found
            .iter()
            .map(|problem| Problem::field(format!("{pointer}{}", problem.pointer), problem))
            .collect(),
    }
}

/// Settings of one project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct ProjectSettings {
    /// Addresses and networks that may enter the project; empty admits all.
    pub(crate) allow_list: Vec<String>,
    /// Runs of the project at the same time; 0 sets no limit.
    pub(crate) runs_at_once: u32,
    /// Runs that use one data source at the same time; 0 sets no limit.
    pub(crate) runs_per_datasource: u32,
    /// Days after which ended runs, their logs and dirty rows are deleted; 0 keeps them, absent does as the instance.
    pub(crate) keep_runs_days: Option<u32>,
}

/// The instance's settings as they were last read.
#[derive(Default)]
pub(crate) struct SettingsCache(Mutex<Option<(i64, Arc<InstanceSettings>)>>);

impl App {
    /// The instance's settings, at most some seconds old.
    pub(crate) async fn instance_settings(&self) -> ApiResult<Arc<InstanceSettings>> {
        let now = self.clock.micros();
        if let Some((at, settings)) = &*lock(&self.settings)
            && (0..FRESH_MICROS).contains(&(now - at))
        {
            return Ok(settings.clone());
        }
        let (settings, _) = self.read_instance_settings().await?;
        let settings = Arc::new(settings);
        *lock(&self.settings) = Some((now, settings.clone()));
        Ok(settings)
    }

    /// The instance's settings from the store, with their revision.
    pub(crate) async fn read_instance_settings(&self) -> ApiResult<(InstanceSettings, i64)> {
        let mut c = self.store.read().await?;
        match setting::find(&mut c, INSTANCE).await? {
            None => Ok((InstanceSettings::default(), 0)),
            Some((text, revision)) => {
                let settings = serde_json::from_str(&text).map_err(|error| {
                    ApiError::internal("reading the instance's settings", error)
                })?;
                Ok((settings, revision))
            }
        }
    }

    /// Writes the instance's settings over those of a revision; returns what they were.
    pub(crate) async fn write_instance_settings(
        &self,
        c: &mut Connection,
        settings: &InstanceSettings,
        revision: i64,
    ) -> ApiResult<InstanceSettings> {
        let before = match setting::find(c, INSTANCE).await? {
            None if revision == 0 => InstanceSettings::default(),
            Some((text, found)) if found == revision => serde_json::from_str(&text)
                .map_err(|error| ApiError::internal("reading the instance's settings", error))?,
            _ => return Err(StoreError::Changed.into()),
        };
        let text = serde_json::to_string(settings)
            .map_err(|error| ApiError::internal("writing the instance's settings", error))?;
        setting::update(c, INSTANCE, &text, self.clock.micros(), revision).await?;
        Ok(before)
    }

    /// Forgets the cached settings, after they were changed here.
    pub(crate) fn forget_settings(&self) {
        *lock(&self.settings) = None;
    }

    pub(crate) fn project_settings(&self, project: &Project) -> ApiResult<ProjectSettings> {
        serde_json::from_str(&project.settings)
            .map_err(|error| ApiError::internal("reading a project's settings", error))
    }
}

/// A panic while the lock is held leaves a whole value behind.
fn lock(cache: &SettingsCache) -> std::sync::MutexGuard<'_, Option<(i64, Arc<InstanceSettings>)>> {
    cache
        .0
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
