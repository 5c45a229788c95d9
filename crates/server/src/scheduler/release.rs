//! Gives a run to each instance that is due and waits for nothing, a piece of them in each transaction.
//!
//! One server at a time does so, because overlap and catching up are limits on what is under way; which server
//! it is matters to nobody, and it may be another one for the next piece.

use std::collections::{BTreeMap, HashMap};

use ::job::{ParameterError, Parameters, RunNumber};

use super::backfill::Spec;
use super::generate::occurrence;
use super::stop_run;
use crate::alerts::tell;
use crate::api::error::{ApiError, ApiResult, Code};
use crate::runs::{self, Environment, Kind, Request, RunOptions};
use crate::schedule::occurrence::Occurrence;
use crate::schedule::rule::{Overlap, Schedule};
use crate::state::App;
use crate::store::instance::missed::Interval;
use crate::store::instance::{self, Instance, Move};
use crate::store::job::{self, Job};
use crate::store::{
    Alone, Connection, StoreError, StoreResult, backfill, job_version, read_json, savepoint,
    schedule,
};

/// Instances in one transaction.
const PIECE: i64 = 500;
/// Of jobs that have no schedule of their own.
const USUAL_PRIORITY: u32 = 5;

/// Releases whatever is due, except for what was missed and is undecided.
pub(super) async fn release(app: &App, now: i64, undecided: Option<Interval>) -> ApiResult<()> {
    // What succeeds at once, as dry runs do, lets others go on.
    while pass(app, now, undecided).await? == Passed::More {}
    Ok(())
}

/// Whether there may be more to release right away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passed {
    More,
    All,
}

async fn pass(app: &App, now: i64, undecided: Option<Interval>) -> ApiResult<Passed> {
    // Only servers that find something wait for each other.
    let mut c = app.store.read().await?;
    let due = instance::due(&mut c, now, undecided, None, 1).await?;
    let idle = due.is_empty();
    drop(c);
    let mut passed = Passed::All;
    if idle {
        return Ok(passed);
    }
    let mut last: Option<Instance> = None;
    loop {
        let Some(mut t) = app.store.try_alone(Alone::ReleaseInstances).await? else {
            return Ok(passed);
        };
        let mut piece = Piece::read(&mut t, now).await?;
        let due = instance::due(&mut t, now, undecided, last.as_ref(), PIECE).await?;
        for row in &due {
            if piece.turn(app, &mut t, row).await? == Passed::More {
                passed = Passed::More;
            }
        }
        t.commit().await.map_err(StoreError::from)?;
        app.metrics.released(piece.released);
        app.wake();
        last = due.into_iter().next_back();
        if last.is_none() {
            return Ok(passed);
        }
    }
}

/// What is under way of a job outside of backfills.
#[derive(Clone, Copy, Default)]
struct Active {
    usual: i64,
    /// Of those that are caught up with.
    missed: i64,
}

/// A job with what its runs are made of.
struct Ready {
    job: Job,
    /// The published version with its declared parameters; nothing if there is none.
    version: Option<(i64, BTreeMap<String, String>)>,
    rule: Option<Schedule>,
    submitted_by: String,
}

/// What becomes of an instance now.
enum Turn {
    Run,
    Later,
    Skip,
}

/// Who has started an instance.
enum Started {
    Here,
    /// It does not wait any more.
    Elsewhere,
}

struct Piece {
    now: i64,
    active: HashMap<String, Active>,
    jobs: HashMap<String, Option<Ready>>,
    backfills: HashMap<String, (Spec, String)>,
    released: u64,
}

impl Piece {
    async fn read(c: &mut Connection, now: i64) -> StoreResult<Piece> {
        let mut active: HashMap<String, Active> = HashMap::new();
        for (job, is_missed, count) in instance::active(c).await? {
            let of_job = active.entry(job).or_default();
            match is_missed {
                0 => of_job.usual += count,
                _ => of_job.missed += count,
            }
        }
        Ok(Piece {
            now,
            active,
            jobs: HashMap::new(),
            backfills: HashMap::new(),
            released: 0,
        })
    }

    /// Decides about one instance, and does it.
    async fn turn(&mut self, app: &App, c: &mut Connection, row: &Instance) -> ApiResult<Passed> {
        if row.is_dry_run != 0 {
            let message = "a dry run succeeds without running";
            self.end(c, row, instance::SUCCEEDED, message).await?;
            return Ok(Passed::More);
        }
        self.learn(c, row).await?;
        let Some(Some(ready)) = self.jobs.get(&row.job_id) else {
            return Ok(Passed::All);
        };
        match self.allowed(row, ready) {
            Turn::Run => {}
            Turn::Later => {
                if overlap(row, ready) == Overlap::StopOld {
                    for old in instance::active_of_job(c, &row.job_id).await? {
                        stop_run(app, c, &old).await?;
                    }
                }
                return Ok(Passed::All);
            }
            Turn::Skip => {
                let message = "the run of an earlier cycle was still under way";
                self.end(c, row, instance::SKIPPED, message).await?;
                return Ok(Passed::More);
            }
        }
        // What fails for one instance is undone alone, so that the others go on.
        let mut point = savepoint(c).await?;
        match self.start(app, &mut point, row, ready).await {
            Ok(Started::Elsewhere) => point.commit().await.map_err(StoreError::from)?,
            Ok(Started::Here) => {
                point.commit().await.map_err(StoreError::from)?;
                self.released += 1;
                if row.backfill_id.is_empty() {
                    let active = self.active.entry(row.job_id.clone()).or_default();
                    match row.is_missed {
                        0 => active.usual += 1,
                        _ => active.missed += 1,
                    }
                }
            }
            // The store did not do it; another time it may.
            Err(error) if error.code() == Code::Internal => {
                point.rollback().await.map_err(StoreError::from)?;
            }
            Err(error) => {
                point.rollback().await.map_err(StoreError::from)?;
                let message = format!("it cannot run: {}", error.message());
                self.end(c, row, instance::FAILED, &message).await?;
                tell::instance_failed(app, c, row, &ready.job.name, &message).await?;
            }
        }
        Ok(Passed::All)
    }

    async fn end(
        &self,
        c: &mut Connection,
        row: &Instance,
        to: &'static str,
        message: &str,
    ) -> StoreResult<()> {
        let step = Move {
            id: &row.id,
            from: &[instance::WAITING, instance::QUEUED],
            to,
            at: self.now,
            message,
        };
        instance::end(c, step).await?;
        Ok(())
    }

    /// Reads what is not known yet of an instance's job and backfill.
    async fn learn(&mut self, c: &mut Connection, row: &Instance) -> StoreResult<()> {
        if !self.jobs.contains_key(&row.job_id) {
            let ready = match job::find(c, &row.project_id, &row.job_id).await? {
                Some(job) => Some(Ready::read(c, job).await?),
                None => None,
            };
            self.jobs.insert(row.job_id.clone(), ready);
        }
        let id = &row.backfill_id;
        if !id.is_empty()
            && !self.backfills.contains_key(id)
            && let Some(found) = backfill::find(c, &row.project_id, id).await?
        {
            let spec = read_json(&found.spec)?;
            self.backfills.insert(id.clone(), (spec, found.created_by));
        }
        Ok(())
    }

    /// Whether what is under way lets an instance run.
    fn allowed(&self, row: &Instance, ready: &Ready) -> Turn {
        let Some(active) = self.active.get(&row.job_id) else {
            return Turn::Run;
        };
        if !row.backfill_id.is_empty() || active.usual + active.missed == 0 {
            return Turn::Run;
        }
        if row.is_missed != 0 {
            let parallel = ready.rule.as_ref().map_or(1, |rule| rule.catch_up.parallel);
            return match active.usual == 0 && active.missed < i64::from(parallel) {
                true => Turn::Run,
                false => Turn::Later,
            };
        }
        match overlap(row, ready) {
            Overlap::Skip => Turn::Skip,
            Overlap::Wait | Overlap::StopOld => Turn::Later,
        }
    }

    /// Puts the run of an instance into the queue.
    async fn start(
        &self,
        app: &App,
        c: &mut Connection,
        row: &Instance,
        ready: &Ready,
    ) -> ApiResult<Started> {
        if !instance::queue(c, &row.id).await? {
            return Ok(Started::Elsewhere);
        }
        let job = &ready.job;
        let Some((version, declared)) = &ready.version else {
            return Err(ApiError::conflict(format!(
                "job `{}` is not published",
                job.name
            )));
        };
        let backfill = self.backfills.get(&row.backfill_id);
        let occurrence = occurrence(row)?;
        let source = Values {
            declared,
            rule: ready.rule.as_ref(),
            given: backfill.map(|(spec, _)| &spec.variables),
        };
        let variables = source
            .resolve(row, &occurrence)
            .map_err(|error| ApiError::conflict(error.to_string()))?;
        let rule = ready.rule.as_ref();
        let (kind, created_by) = match backfill {
            Some((_, created_by)) => (Kind::Backfill, created_by),
            None => (Kind::Scheduled, &ready.submitted_by),
        };
        let request = Request {
            job,
            version: *version,
            kind,
            environment: Environment::Prod,
            bizdate: occurrence.bizdate,
            cycle_at: occurrence.cycle_at,
            variables,
            options: RunOptions {
                timeout_minutes: rule.and_then(|rule| rule.timeout_minutes).unwrap_or(0),
            },
            resource_group: rule.and_then(|rule| rule.resource_group.as_deref()),
            priority: i64::from(rule.map_or(USUAL_PRIORITY, |rule| rule.priority)),
            instance_id: Some(&row.id),
            attempt: row.attempts + 1,
            created_by,
            origin: None,
            limit_rows: None,
        };
        let (run_id, _) = runs::create(app, c, &request).await?;
        instance::set_run(c, &row.id, &run_id).await?;
        Ok(Started::Here)
    }
}

/// How an instance behaves towards those before it. One that runs again is not the newest, so it waits.
fn overlap(row: &Instance, ready: &Ready) -> Overlap {
    match &ready.rule {
        Some(rule) if row.attempts == 0 && row.is_missed == 0 => rule.overlap,
        _ => Overlap::Wait,
    }
}

impl Ready {
    async fn read(c: &mut Connection, job: Job) -> StoreResult<Ready> {
        let row = schedule::of_job(c, &job.id).await?;
        let text = row.as_ref().and_then(|row| row.submitted_rule.as_deref());
        let rule = text.map(read_json).transpose()?;
        let version = match job.published_version {
            Some(number) => job_version::find(c, &job.id, number).await?,
            None => None,
        };
        let version = match version {
            Some(version) => Some((version.number, read_json(&version.variables)?)),
            None => None,
        };
        Ok(Ready {
            submitted_by: row.and_then(|row| row.submitted_by).unwrap_or_default(),
            job,
            version,
            rule,
        })
    }
}

/// Where the values of a run's variables come from; the last one that knows a name wins.
struct Values<'a> {
    declared: &'a BTreeMap<String, String>,
    rule: Option<&'a Schedule>,
    given: Option<&'a BTreeMap<String, String>>,
}

impl Values<'_> {
    fn resolve(
        &self,
        row: &Instance,
        occurrence: &Occurrence,
    ) -> Result<BTreeMap<String, String>, ParameterError> {
        let mut expressions = self.declared.clone();
        let scheduled = self.rule.map(|rule| &rule.parameters);
        for more in [scheduled, self.given].into_iter().flatten() {
            expressions.extend(more.clone());
        }
        let mut parameters = Parameters::new(occurrence.bizdate, occurrence.cycle_at);
        parameters.set_number(RunNumber::Job, &row.job_id);
        parameters.set_number(RunNumber::Node, &row.job_id);
        parameters.set_number(RunNumber::Task, &row.id);
        for (name, expression) in &expressions {
            parameters.set(name, expression)?;
        }
        let mut values = BTreeMap::new();
        for name in expressions.into_keys() {
            let value = parameters.value(&name)?;
            values.insert(name, value);
        }
        Ok(values)
    }
}
