//! What a backfill is asked to do, checked as a whole.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::caller::Access;
use crate::api::error::{ApiError, ApiResult, Problem};
use crate::api::instances::Instance;
use crate::pointer;
use crate::runs::unfit_variables;
use crate::schedule::cycle::Cycle;
use crate::schedule::dependency::{Dependency, ScheduleNode};
use crate::schedule::rule::{Effective, Kind, Schedule as Rule};
use crate::scheduler::backfill::{self as rules, Order, Planned, Spec};
use crate::scheduler::generate::read_kind;
use crate::scheduler::sound_rule;
use crate::store::instance::ListedInstance;
use crate::store::job::Job;
use crate::store::{Connection, backfill, calendar, job, read_json, schedule};

const MOST_DAYS: i64 = 366;
const MOST_GROUPS: u32 = 5;
const MOST_INSTANCES: usize = 10_000;
const MOST_CONFLICTS: usize = 100;

/// What is to be made up for.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewBackfill {
    /// The ids of the jobs. Each has its schedule's cycles, or one a day if it has none.
    jobs: Vec<String>,
    #[serde(default)]
    downstream: Downstream,
    /// The ids of jobs that are left out of `downstream`, with whatever waits for them alone.
    #[serde(default)]
    except: Vec<String>,
    /// The first business date.
    from: NaiveDate,
    /// The last business date.
    to: NaiveDate,
    #[serde(default)]
    order: Order,
    /// The range is cut into so many pieces, which run side by side; 1 unless said, at most 5.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 5)]
    groups: u32,
    /// Expressions that win over those of schedule and job.
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

fn one() -> u32 {
    1
}

/// Which jobs take part besides those that are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Downstream {
    /// None; whoever chooses some names them.
    #[default]
    None,
    /// All that wait for a named one, near or far.
    All,
}

/// What a request means and would make, or all that is wrong with it.
pub(super) async fn plan(
    c: &mut Connection,
    access: &Access,
    body: &NewBackfill,
) -> ApiResult<(Spec, Vec<Planned>)> {
    let mut problems = check(body);
    let mut jobs: Vec<Job> = Vec::new();
    for (place, id) in body.jobs.iter().enumerate() {
        let pointer = format!("/jobs/{place}");
        match job::find(c, &access.project.id, id).await? {
            None => problems.push(Problem::at(pointer, format!("there is no job `{id}`"))),
            Some(job) if job.published_version.is_none() => problems.push(
                Problem::at(pointer, format!("job `{}` is not published", job.name))
                    .hint("publish it first"),
            ),
            Some(job) if jobs.iter().any(|known| known.id == job.id) => problems.push(
                Problem::at(pointer, format!("job `{}` stands here twice", job.name))
                    .hint("remove one"),
            ),
            Some(job) => jobs.push(job),
        }
    }
    if !problems.is_empty() {
        return Err(ApiError::invalid(problems));
    }
    if body.downstream == Downstream::All {
        add_downstream(c, access, body, &mut jobs).await?;
    }
    let (nodes, kinds) = nodes(c, &jobs).await?;
    let spec = Spec {
        jobs: jobs.iter().map(|job| job.id.clone()).collect(),
        from: body.from,
        to: body.to,
        order: body.order,
        groups: body.groups,
        variables: body.variables.clone(),
    };
    let mut planned = rules::plan(&spec, &nodes, MOST_INSTANCES);
    for one in &mut planned {
        let kind = kinds.get(one.job).copied().unwrap_or_default();
        one.occurrence.is_dry_run |= kind == Kind::DryRun;
        one.is_frozen = kind == Kind::Frozen;
    }
    let refuse = |pointer: &str, text: String, hint: &str| {
        Err(ApiError::invalid(vec![
            Problem::at(pointer, text).hint(hint),
        ]))
    };
    if planned.is_empty() {
        let text = "no job has a cycle in this range".to_string();
        return refuse("/from", text, "choose other days");
    }
    if planned.len() > MOST_INSTANCES {
        let text = format!("that would be more than {MOST_INSTANCES} instances");
        return refuse("/to", text, "choose fewer days or jobs");
    }
    if let Some(job) = rules::backwards(&spec, &planned).and_then(|place| jobs.get(place)) {
        let text = format!("job `{}` waits for an earlier day", job.name);
        return refuse("/order", text, "choose the ascending order");
    }
    Ok((spec, planned))
}

fn check(body: &NewBackfill) -> Vec<Problem> {
    let mut problems = Vec::new();
    if body.jobs.is_empty() {
        problems.push(Problem::at("/jobs", "no job is named").hint("name at least one"));
    }
    let days = (body.to - body.from).num_days() + 1;
    if days < 1 {
        let text = format!(
            "the range from {} to {} ends before it begins",
            body.from, body.to
        );
        problems.push(Problem::at("/to", text).hint("write the first day in `from`"));
    } else if days > MOST_DAYS {
        let text = format!("{days} days are too many");
        problems.push(Problem::at("/to", text).hint(format!("choose at most {MOST_DAYS}")));
    }
    if !(1..=MOST_GROUPS).contains(&body.groups) {
        let text = format!("there must be 1 to {MOST_GROUPS} groups");
        problems.push(Problem::at("/groups", text));
    }
    problems.extend(unfit_variables("/variables", &body.variables));
    let cycle = body.from.and_time(chrono::NaiveTime::MIN);
    let mut parameters = ::job::Parameters::new(body.from, cycle);
    for (name, expression) in &body.variables {
        if let Err(error) = parameters.set(name, expression) {
            let pointer = pointer::child("/variables", name);
            problems.push(Problem::at(pointer, error.to_string()));
        }
    }
    problems
}

/// Adds whatever waits for the jobs, near or far, unless it is left out or not published.
async fn add_downstream(
    c: &mut Connection,
    access: &Access,
    body: &NewBackfill,
    jobs: &mut Vec<Job>,
) -> ApiResult<()> {
    let mut place = 0;
    while let Some(id) = jobs.get(place).map(|job| job.id.clone()) {
        for (downstream, _) in schedule::dependents(c, &id).await? {
            if body.except.contains(&downstream) || jobs.iter().any(|job| job.id == downstream) {
                continue;
            }
            let found = job::find(c, &access.project.id, &downstream).await?;
            jobs.extend(found.filter(|job| job.published_version.is_some()));
        }
        place += 1;
    }
    Ok(())
}

/// The jobs with the dependencies among them, and what becomes of the instances of each. Effective periods do not
/// matter, because somebody asks for the days.
async fn nodes(c: &mut Connection, jobs: &[Job]) -> ApiResult<(Vec<ScheduleNode>, Vec<Kind>)> {
    let (mut nodes, mut kinds) = (Vec::new(), Vec::new());
    for job in jobs {
        let row = schedule::of_job(c, &job.id).await?;
        let document = match row.and_then(|row| row.submitted_rule) {
            Some(text) => Rule {
                effective: Effective::default(),
                ..read_json(&text)?
            },
            None => every_day()?,
        };
        let mut dependencies = Vec::new();
        for upstream in schedule::upstream(c, &job.id).await? {
            let place = jobs.iter().position(|job| job.id == upstream.job_id);
            if let Some(place) = place {
                dependencies.push(Dependency {
                    upstream: place,
                    kind: read_kind(&upstream.kind)?,
                });
            }
        }
        let calendars = calendar::of_schedule(c, &job.project_id, &document).await?;
        nodes.push(ScheduleNode {
            name: job.name.clone(),
            rule: sound_rule(&document, &calendars)?,
            dependencies,
        });
        kinds.push(document.kind);
    }
    Ok((nodes, kinds))
}

/// The rule of a job that has none.
fn every_day() -> ApiResult<Rule> {
    let cycle = Cycle::Day {
        at: "00:00".to_string(),
    };
    serde_json::from_value(serde_json::json!({"cycle": cycle, "zone": "UTC"}))
        .map_err(|error| ApiError::internal("writing a daily rule", error))
}

/// Instances elsewhere of the same jobs and days that wait or are under way.
pub(super) async fn conflicts(c: &mut Connection, spec: &Spec) -> ApiResult<Vec<Instance>> {
    let mut conflicts = Vec::new();
    let (from, to) = (spec.from.to_string(), spec.to.to_string());
    for job in &spec.jobs {
        let left = MOST_CONFLICTS.saturating_sub(conflicts.len());
        let limit = i64::try_from(left).unwrap_or(0);
        let found: Vec<ListedInstance> = backfill::conflicts(c, job, (&from, &to), limit).await?;
        conflicts.extend(found.into_iter().map(Instance::from));
    }
    Ok(conflicts)
}
