//! Tests the data sources that rules name, and tells once when one goes down and once when it is back.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use futures::future::join_all;

use super::message::{Event, EventKind, Named, first_line};
use super::tell::{link, note, read, time_text};
use crate::api::error::Code;
use crate::clock::MINUTE_MICROS;
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

/// A test that has ended.
struct Test {
    held: Watch,
    /// When it began.
    at: i64,
    /// Why it failed, if it did.
    problem: Option<String>,
}

async fn one(app: &App, seen: &Watch) -> StoreResult<()> {
    let mut t = app.store.begin().await?;
    let at = app.clock.micros();
    let until = at + LEASE_MICROS;
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
    let tested = probe::test_stored(app, &source, &source.resource_group);
    let problem = match AssertUnwindSafe(tested).catch_unwind().await {
        Ok(Ok(report)) => report.failure(),
        // That says nothing of the data source; it is tested again when this test's time is over.
        Ok(Err(error)) if error.code() == Code::Internal => return Ok(()),
        Ok(Err(error)) => Some(error.message().to_string()),
        // Nor does that, and the tests of others go on.
        Err(_) => {
            tracing::error!(
                datasource.id = source.id,
                connector.name = source.connector,
                "the test of a data source came upon a defect"
            );
            return Ok(());
        }
    };
    let test = Test { held, at, problem };
    record(app, &test, &rule, &source).await
}

/// Notes what a test found, with the event if that is news.
async fn record(app: &App, test: &Test, rule: &AlertRule, source: &Datasource) -> StoreResult<()> {
    let Some(spec) = read(rule) else {
        return Ok(());
    };
    // The rule may have stopped watching meanwhile; then its row is gone, too.
    let Some((_, minutes)) = spec.tests() else {
        return Ok(());
    };
    let is_down = test.problem.is_some();
    let next_at = test.at + i64::from(minutes) * MINUTE_MICROS;
    let mut t = app.store.begin().await?;
    if !alert_watch::record(&mut t, &test.held, is_down, next_at).await? {
        return Ok(());
    }
    if is_down != (test.held.is_down != 0) {
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
            error: test.problem.as_deref().map(first_line),
            link: Some(link(app, &rule.project_id, &place)),
            ..Event::new(kind, time_text(test.at))
        };
        // The count of tests begins anew when a rule stops watching for a while.
        let key = format!("source/{}/{}/{}", source.id, test.held.fence, test.at);
        note(app, &mut t, (rule, &spec), &key, &event).await?;
    }
    Ok(t.commit().await?)
}
