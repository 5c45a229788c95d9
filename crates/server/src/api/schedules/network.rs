//! Whether what a schedule waits for exists, and whether schedules would wait for each other in a circle.

use super::Dependency;
use crate::api::error::{ApiError, ApiResult, Problem};
use crate::schedule::dependency::{self, DependencyKind, ScheduleNode};
use crate::schedule::rule::Schedule as Rule;
use crate::scheduler::generate::read_kind;
use crate::scheduler::read_rule;
use crate::store::job::Job;
use crate::store::{Connection, calendar, job, schedule};

/// Refuses what a schedule cannot wait for, naming every wrong dependency at once.
pub(super) async fn check(
    c: &mut Connection,
    own: &Job,
    rule: &Rule,
    dependencies: &[Dependency],
) -> ApiResult<()> {
    let mut problems = Vec::new();
    for (place, wanted) in dependencies.iter().enumerate() {
        let pointer = format!("/dependencies/{place}");
        if dependencies[..place].contains(wanted) {
            problems
                .push(Problem::at(pointer, "this dependency stands here twice").hint("remove one"));
            continue;
        }
        if wanted.job == own.id {
            if wanted.kind == DependencyKind::SameCycle {
                problems.push(
                    Problem::at(
                        format!("{pointer}/kind"),
                        format!(
                            "job `{}` cannot wait for itself in the same cycle",
                            own.name
                        ),
                    )
                    .hint("wait for its previous cycle"),
                );
            }
            continue;
        }
        let pointer = format!("{pointer}/job");
        let Some(upstream) = job::find(c, &own.project_id, &wanted.job).await? else {
            problems.push(Problem::at(
                pointer,
                format!("there is no job `{}`", wanted.job),
            ));
            continue;
        };
        let submitted = schedule::of_job(c, &upstream.id).await?;
        if submitted.and_then(|row| row.submitted_rule).is_none() {
            problems.push(
                Problem::at(
                    pointer,
                    format!("the schedule of job `{}` is not submitted", upstream.name),
                )
                .hint("submit it first"),
            );
        }
    }
    if !problems.is_empty() {
        return Err(ApiError::invalid(problems));
    }
    let nodes = upstream(c, own, rule, dependencies).await?;
    dependency::check(&nodes).map_err(|circle| super::problems(vec![circle], ""))
}

/// A schedule with everything that it waits for, near or far.
async fn upstream(
    c: &mut Connection,
    own: &Job,
    rule: &Rule,
    dependencies: &[Dependency],
) -> ApiResult<Vec<ScheduleNode>> {
    let calendars = calendar::of_schedule(c, &own.project_id, rule).await?;
    let own_rule = rule.rule(&calendars);
    let mut jobs = vec![own.id.clone()];
    let mut nodes = vec![ScheduleNode {
        name: own.name.clone(),
        rule: own_rule.map_err(|found| super::problems(found, ""))?,
        dependencies: Vec::new(),
    }];
    let mut place = 0;
    while let Some(id) = jobs.get(place).cloned() {
        let waits_for: Vec<(String, DependencyKind)> = if place == 0 {
            let pair = |one: &Dependency| (one.job.clone(), one.kind);
            dependencies.iter().map(pair).collect()
        } else {
            let mut found = Vec::new();
            for one in schedule::upstream(c, &id).await? {
                found.push((one.job_id, read_kind(&one.kind)?));
            }
            found
        };
        for (upstream, kind) in waits_for {
            let known = jobs.iter().position(|job| *job == upstream);
            let at = match known {
                Some(at) => at,
                None => {
                    let Some(node) = node(c, own, &upstream).await? else {
                        continue;
                    };
                    jobs.push(upstream);
                    nodes.push(node);
                    nodes.len() - 1
                }
            };
            if let Some(node) = nodes.get_mut(place) {
                node.dependencies
                    .push(dependency::Dependency { upstream: at, kind });
            }
        }
        place += 1;
    }
    Ok(nodes)
}

async fn node(c: &mut Connection, own: &Job, id: &str) -> ApiResult<Option<ScheduleNode>> {
    let row = schedule::of_job(c, id).await?;
    let job = job::find(c, &own.project_id, id).await?;
    let (Some(text), Some(job)) = (row.and_then(|row| row.submitted_rule), job) else {
        return Ok(None);
    };
    let (_, rule) = read_rule(c, &own.project_id, &text).await?;
    Ok(Some(ScheduleNode {
        name: job.name,
        rule,
        dependencies: Vec::new(),
    }))
}
