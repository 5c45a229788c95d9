//! From the row of a run to opened connectors.

use chrono::{DateTime, NaiveDate};
use engine::{KeptRows, Replay, Resolved};
use job::{Document, Options, Parameters, Problems};
use sdk::{Error, Kind, Result};

use super::execute::{Doing, no_store};
use super::log::{Level, Stage};
use crate::state::App;
use crate::store::job_version;
use crate::store::run::{self, Run};
use crate::{datasources, runs};

/// From the stored version to opened connectors; every problem is told in one error.
pub(super) async fn resolve(doing: &Doing<'_>) -> Result<Resolved> {
    let Doing { app, row, log, .. } = *doing;
    let mut c = app.store.read().await.map_err(no_store)?;
    let version = job_version::find(&mut c, &row.job_id, row.job_version)
        .await
        .map_err(no_store)?
        .ok_or_else(|| {
            Error::new(
                Kind::NotFound,
                format!("version {} of the job is gone", row.job_version),
            )
            .hint("run the job's current version")
        })?;
    drop(c);
    let refuse = |problems: &Problems| {
        Error::new(Kind::Config, "the job's document is not right")
            .hint(problems.render(job::Colour::Plain).trim_end())
    };
    let document = Document::parse(&row.job_name, &version.document).map_err(|p| refuse(&p))?;
    let strictness = document.spelling().strictness();
    let options = Options {
        strictness: Some(strictness),
        parameters: parameters(row)?,
    };
    let (job, mut problems) = job::normalise(&document, &options).map_err(|p| refuse(&p))?;
    let sources = datasources::of_run(app, &row.project_id, &row.environment, &job).await?;
    let secrets = datasources::secrets_of(app, &job, &sources);
    doing.learnt.secrets.set(secrets).ok();
    let resolved = match &row.origin_id {
        None => engine::resolve(&job, &app.registry, &sources, strictness, &mut problems),
        Some(origin_id) => {
            let mut c = app.store.read().await.map_err(no_store)?;
            let origin = run::find(&mut c, &row.project_id, origin_id).await;
            drop(c);
            let rows = rows_to_feed(app, row, origin_id, origin.map_err(no_store)?)?;
            let replay = Replay {
                job: &job,
                registry: &app.registry,
                datasources: &sources,
                rows: &rows,
            };
            replay.run(runs::form_of(row), &mut problems)
        }
    };
    let resolved = resolved.ok_or_else(|| refuse(&problems))?;
    if !problems.is_empty() {
        let text = problems.render(job::Colour::Plain);
        log.say(Level::Warning, Stage::Wait, text.trim_end());
    }
    Ok(resolved)
}

/// The values that the run's document refers to: its dates, and its variables as they were resolved.
fn parameters(row: &Run) -> Result<Parameters> {
    let damaged = || Error::internal("a run of the store has no dates");
    let bizdate: NaiveDate = row.bizdate.parse().map_err(|_| damaged())?;
    let cycle = DateTime::from_timestamp_micros(row.cycle_at).ok_or_else(damaged)?;
    let values = serde_json::from_str(&row.variables).map_err(|_| damaged())?;
    runs::constants(bizdate, cycle.naive_utc(), &values)
        .map_err(|error| Error::new(Kind::Config, error.to_string()))
}

/// The rows that a replay feeds back.
fn rows_to_feed(app: &App, replay: &Run, origin_id: &str, origin: Option<Run>) -> Result<KeptRows> {
    let rows = origin.and_then(|origin| runs::rows_to_feed(app, replay, &origin));
    rows.ok_or_else(|| {
        Error::new(
            Kind::NotFound,
            format!("the dirty rows of run `{origin_id}` are gone"),
        )
        .hint("all servers must share the folder of runs")
    })
}
