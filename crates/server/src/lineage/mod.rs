//! What runs read and wrote, told to a catalogue in OpenLineage's words, <https://openlineage.io/spec>.
//!
//! `event` makes the events, `deliver` sends them. In between they are rows of the store, written in the transaction
//! of what they tell: a run that has ended has told so, whatever becomes of this process or of the catalogue. They
//! arrive at least once, and those of one run in order. An attempt of a run tells START once its columns are known,
//! RUNNING when another server goes on with it, then COMPLETE, FAIL, or ABORT if somebody stopped it. A run that is
//! resumed after its end is another attempt, and tells START again.

pub(crate) mod deliver;
pub(crate) mod event;

use self::event::{Datasets, Ending, Told};
use crate::config::Lineage;
use crate::state::App;
use crate::store::run::{self, Run};
use crate::store::{Connection, StoreResult, instance, lineage, project};

/// Tells that a run moves rows from now on, or again.
pub(crate) async fn begun(app: &App, row: &Run, datasets: &Datasets) -> StoreResult<()> {
    let Some(lineage) = &app.config.observe.lineage else {
        return Ok(());
    };
    let mut t = app.store.begin().await?;
    let told = told(&mut t, lineage, row, datasets).await?;
    let event = match lineage::start(&mut t, &row.id, row.attempt).await? {
        true => told.start(),
        false => told.running(app.clock.micros()),
    };
    add(app, &mut t, &event).await?;
    Ok(t.commit().await?)
}

/// Tells how a run ended, in the transaction that ends it. `datasets` is absent if it came to its end before they
/// were known, and then it may be that nothing was told of its beginning either.
pub(crate) async fn ended(
    app: &App,
    c: &mut Connection,
    row: &Run,
    end: &Ending<'_>,
    datasets: Option<&Datasets>,
) -> StoreResult<()> {
    let Some(lineage) = &app.config.observe.lineage else {
        return Ok(());
    };
    let none = Datasets::default();
    let told = told(c, lineage, row, datasets.unwrap_or(&none)).await?;
    if datasets.is_none() && lineage::start(c, &row.id, row.attempt).await? {
        add(app, c, &told.start()).await?;
    }
    add(app, c, &told.end(end)).await
}

async fn told<'a>(
    c: &mut Connection,
    lineage: &'a Lineage,
    row: &'a Run,
    datasets: &'a Datasets,
) -> StoreResult<Told<'a>> {
    let project = project::find(c, &row.project_id).await?;
    let nominal = match &row.instance_id {
        Some(id) => instance::of_run(c, id, &row.id).await?,
        None => None,
    };
    Ok(Told {
        namespace: &lineage.namespace,
        project: project.map_or_else(|| row.project_id.clone(), |project| project.name),
        run: row,
        nominal: nominal.map(|instance| instance.due_at),
        datasets,
    })
}

async fn add(app: &App, c: &mut Connection, event: &event::Event) -> StoreResult<()> {
    lineage::add(c, &event.run_id, &event.text, app.clock.micros()).await
}

/// The word for the state in which a run has ended.
pub(crate) fn word(state: &str) -> &'static str {
    match state {
        run::SUCCEEDED => "COMPLETE",
        run::STOPPED => "ABORT",
        _ => "FAIL",
    }
}
