//! Tests the data sources that rules name, and tells once when one goes down and once when it is back.

use futures::future::join_all;

use super::message::{Event, EventKind, Named, first_line};
use super::tell::{link, note, read, time_text};
use crate::datasources::probe;
use crate::state::App;
use crate::store::StoreResult;
use crate::store::alert_rule::{self, AlertRule};
use crate::store::alert_watch::{self, Watch};
use crate::store::datasource::{self, Datasource};

/// Tests at the same time.
const AT_ONCE: i64 = 8;
/// A test whose server has died is repeated after so long, which is longer than a test takes.
const LEASE_MICROS: i64 = 60 * 1_000_000;
const MINUTE_MICROS: i64 = 60 * 1_000_000;

/// Does the tests whose time has come.
pub(super) async fn test(app: &App) -> StoreResult<()> {
    let mut c = app.store.read().await?;
    let due = alert_watch::due(&mut c, app.clock.micros(), AT_ONCE).await?;
    drop(c);
    for ended in join_all(due.iter().map(|seen| one(app, seen))).await {
        ended?;
    }
    Ok(())
}

async fn one(app: &App, seen: &Watch) -> StoreResult<()> {
    let mut t = app.store.begin().await?;
    let until = app.clock.micros() + LEASE_MICROS;
    let held = alert_watch::claim(&mut t, seen, until).await?;
    let rule = alert_rule::by_id(&mut t, &seen.rule_id).await?;
    let source = match &rule {
        Some(rule) => datasource::find(&mut t, &rule.project_id, &seen.datasource_id).await?,
        None => None,
    };
    t.commit().await?;
    let (Some(held), Some(rule), Some(source)) = (held, rule, source) else {
        return Ok(());
    };
    let problem = match probe::test_stored(app, &source).await {
        Ok(report) => report.failure(),
        Err(error) => Some(error.message().to_string()),
    };
    record(app, &held, &rule, &source, problem).await
}

/// Notes what a test found, with the event if that is news.
async fn record(
    app: &App,
    held: &Watch,
    rule: &AlertRule,
    source: &Datasource,
    problem: Option<String>,
) -> StoreResult<()> {
    let Some(spec) = read(rule) else {
        return Ok(());
    };
    // The rule may have stopped watching meanwhile; then its row is gone, too.
    let Some((_, minutes)) = spec.tests() else {
        return Ok(());
    };
    let is_down = problem.is_some();
    let next_at = app.clock.micros() + i64::from(minutes) * MINUTE_MICROS;
    let mut t = app.store.begin().await?;
    if !alert_watch::record(&mut t, held, is_down, next_at).await? {
        return Ok(());
    }
    if is_down != (held.is_down != 0) {
        let kind = match is_down {
            true => EventKind::SourceDown,
            false => EventKind::SourceUp,
        };
        let place = format!("datasources/{}", source.id);
        let event = Event {
            datasource: Some(Named {
                id: source.id.clone(),
                name: source.name.clone(),
            }),
            error: problem.map(|problem| first_line(&problem)),
            link: Some(link(app, &rule.project_id, &place)),
            ..Event::new(kind, time_text(app.clock.micros()))
        };
        let key = format!("source/{}/{}/{}", source.id, held.fence, app.clock.micros());
        note(app, &mut t, (rule, &spec), &key, &event).await?;
    }
    Ok(t.commit().await?)
}
