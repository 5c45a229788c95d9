//! The loop without its clock: killed at every point where it waits, and measured with many instances.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::{AnyPool, AssertSqlSafe};
use tempfile::TempDir;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::access::allow_list::Networks;
use crate::access::vault::KeyRing;
use crate::api::caller::Uses;
use crate::api::time::new_id;
use crate::clock::Clock;
use crate::config::{Lineage, Observe, ServerConfig, Shutdown};
use crate::metrics::Metrics;
use crate::settings::SettingsCache;
use crate::state::Parts;
use crate::store::instance::Instance;
use crate::store::run::{End, Figures, Held, Lease};
use crate::store::{Store, job, job_version, project};

const DOCUMENT: &str = r#"{"type": "job", "version": "1.0", "configuration": {
    "reader": {"plugin": "stream", "parameter": {"rowCount": 1, "column": [{"name": "day", "value": "${bizdate}"}]}},
    "writer": {"plugin": "stream", "parameter": {}}}}"#;

/// Instances of the measurement; `LONGSHORE_TEST_INSTANCES` asks for others.
const MEASURED: usize = 1_000;

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect(text)
}

/// An empty store of each kind that there is a server for; the tests over HTTP insist on both.
pub(crate) async fn stores(folder: &TempDir) -> Vec<String> {
    sqlx::any::install_drivers(&[sqlx::sqlite::any::DRIVER, sqlx::postgres::any::DRIVER]).ok();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = folder.path().join(format!("{number}.db"));
    let mut stores = vec![format!("sqlite://{}?mode=rwc", path.display())];
    if let Ok(url) = std::env::var("LONGSHORE_TEST_POSTGRESQL") {
        let schema = format!("scheduler_{}_{number}", std::process::id());
        let pool = AnyPool::connect(&url).await.expect("a server");
        let create = AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
        sqlx::query(create).execute(&pool).await.expect("a schema");
        pool.close().await;
        stores.push(format!("{url}?options[search_path]={schema}"));
    }
    stores
}

pub(crate) async fn app(store: &str, folder: &TempDir, clock: Clock) -> App {
    let keys = KeyRing::generate("test").expect("a key");
    App::new(Parts {
        config: ServerConfig {
            listen: "127.0.0.1:0".parse().expect("an address"),
            store: store.to_string(),
            folder: folder.path().join("runs"),
            address: String::new(),
            trusted_proxies: Vec::new(),
            longest_body: 1,
            slots: 1,
            lease: Duration::from_secs(20),
            shutdown: Shutdown::HandOver,
            tls: None,
            observe: Observe {
                // Nobody delivers what is told it.
                lineage: Some(Lineage {
                    url: "http://127.0.0.1:9".to_string(),
                    api_key: None,
                    namespace: "test".to_string(),
                }),
                ..Observe::default()
            },
            oidc: None,
        },
        store: Store::open(store).await.expect("a store"),
        keys: KeyRing::parse(&keys).expect("keys"),
        clock,
        registry: connectors::registry(),
        console: crate::console::Console::Embedded,
        trusted_proxies: Networks::default(),
        metrics_networks: Networks::default(),
        metrics: Metrics::default(),
        settings: SettingsCache::default(),
        sign_on: None,
        hashing: Semaphore::new(1),
        uses: Uses::default(),
        server_id: new_id(),
        queued: Notify::new(),
        stop: CancellationToken::new(),
    })
}

/// A project with as many daily schedules, all due at the same time; each but the first of ten waits for the one before it
/// if they are chained.
pub(crate) async fn schedules(app: &App, count: usize, rule: &str, chained: bool) {
    let now = app.clock.micros();
    let mut t = app.store.begin().await.expect("a transaction");
    let project_id = new_id();
    let row = project::Project {
        id: project_id.clone(),
        name: project_id.clone(),
        title: String::new(),
        description: String::new(),
        mode: "basic".to_string(),
        settings: "{}".to_string(),
        run_count: 0,
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    project::insert(&mut t, &row).await.expect("a project");
    let mut before: Option<String> = None;
    for number in 0..count {
        let row = job::Job {
            id: new_id(),
            project_id: project_id.clone(),
            name: format!("job{number}"),
            folder: String::new(),
            description: String::new(),
            owner_id: String::new(),
            mode: "script".to_string(),
            summary: "{}".to_string(),
            draft_version: 1,
            published_version: Some(1),
            created_at: now,
            updated_at: now,
            revision: 1,
        };
        job::insert(&mut t, &row).await.expect("a job");
        let version = job_version::JobVersion {
            job_id: row.id.clone(),
            number: 1,
            mode: row.mode.clone(),
            document: DOCUMENT.to_string(),
            variables: r#"{"bizdate": "$bizdate"}"#.to_string(),
            note: String::new(),
            author_id: String::new(),
            created_at: now,
            publication_note: String::new(),
            published_at: None,
        };
        job_version::insert(&mut t, &version)
            .await
            .expect("a version");
        let mut schedule = schedule::Schedule {
            submitted_dependencies: None,
            job_id: row.id.clone(),
            project_id: project_id.clone(),
            rule: rule.to_string(),
            dependencies: "[]".to_string(),
            submitted_rule: Some(rule.to_string()),
            submitted_by: Some("somebody".to_string()),
            submitted_at: Some(now),
            state: schedule::ACTIVE.to_string(),
            reason: String::new(),
            paused_at: None,
            generated_until: 0,
            generate_at: schedule::NEVER,
            created_by: String::new(),
            created_at: now,
            updated_at: now,
            revision: 1,
        };
        schedule::insert(&mut t, &schedule)
            .await
            .expect("a schedule");
        if let Some(before) = before.filter(|_| chained && number % 10 > 0) {
            let on = [(before, "sameCycle")];
            let set = schedule::set_dependencies(&mut t, &row.id, &on).await;
            set.expect("a dependency");
        }
        let restarted = generate::restart(&mut t, &mut schedule, app.clock.now()).await;
        restarted.expect("instances");
        schedule::submit(&mut t, &schedule)
            .await
            .expect("a submitted schedule");
        before = Some(row.id);
    }
    t.commit().await.expect("a commit");
}

/// A future that is dropped when it has been polled so often.
pub(crate) struct Dies<F> {
    pub(crate) future: Pin<Box<F>>,
    pub(crate) polls: u32,
}

impl<F: Future> Future for Dies<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        self.future.as_mut().poll(context).map(Some)
    }
}

/// Changes the store behind the server's back.
pub(crate) async fn change(app: &App, sql: &'static str) {
    let mut t = app.store.begin().await.expect("a transaction");
    sqlx::query(sql).execute(&mut *t).await.expect(sql);
    t.commit().await.expect("a commit");
}

/// A tick at a time, as if there had been others all the while.
pub(crate) async fn tick_at(app: &App, clock: &Clock, time: &str) {
    change(app, "DELETE FROM setting WHERE name = 'scheduler.seen'").await;
    clock.set(at(time));
    tick(app).await.expect("a tick");
}

pub(crate) async fn instances(app: &App) -> Vec<Instance> {
    let mut c = app.store.read().await.expect("a connection");
    let query = sqlx::query_as("SELECT * FROM instance ORDER BY job_id, cycle_at");
    query.fetch_all(&mut *c).await.expect("instances")
}

pub(crate) async fn runs(app: &App) -> Vec<Run> {
    let mut c = app.store.read().await.expect("a connection");
    let query = sqlx::query_as("SELECT * FROM run ORDER BY id");
    query.fetch_all(&mut *c).await.expect("runs")
}

/// Each instance has as many runs as attempts, and the latest is its own.
async fn check(app: &App) {
    let runs = runs(app).await;
    let instances = instances(app).await;
    for instance in &instances {
        let own: Vec<_> = runs
            .iter()
            .filter(|run| run.instance_id.as_ref() == Some(&instance.id))
            .collect();
        assert_eq!(own.len() as i64, instance.attempts, "{instance:?}");
        assert_eq!(own.last().map(|run| &run.id), instance.run_id.as_ref());
        let active = own.iter().filter(|run| run.ended_at.is_none()).count();
        let is_active = [instance::QUEUED, instance::RUNNING].contains(&instance.state.as_str());
        assert_eq!(active, usize::from(is_active), "{instance:?}");
    }
    let cycles: std::collections::HashSet<_> = instances
        .iter()
        .map(|one| (&one.job_id, one.cycle_at))
        .collect();
    assert_eq!(cycles.len(), instances.len());
}

/// Ends every run that waits, as a runner would, each in a transaction of its own; returns how many.
async fn finish_runs(app: &App) -> usize {
    let mut c = app.store.read().await.expect("a connection");
    let queued = run::waiting::queued(&mut c, None, i64::MAX)
        .await
        .expect("runs");
    drop(c);
    for waiting in &queued {
        let now = app.clock.micros();
        let lease = Lease {
            owner: &app.server_id,
            now,
            until: now + 1,
        };
        let mut t = app.store.begin().await.expect("a transaction");
        let claimed = run::claim(&mut t, &waiting.id, waiting.fence, lease).await;
        let claimed = claimed.expect("a claim").expect("a run");
        run_begun(&mut t, &claimed, now).await.expect("a beginning");
        let held = Held {
            id: claimed.id.clone(),
            fence: claimed.fence,
        };
        let end = End {
            state: run::SUCCEEDED,
            at: now,
            figures: Figures::default(),
            progress: None,
            report: None,
            error: None,
        };
        run::finish(&mut t, &held, &end).await.expect("an end");
        let ended = run_ended(app, &mut t, &claimed, Ended::Succeeded).await;
        ended.expect("an outcome");
        t.commit().await.expect("a commit");
    }
    queued.len()
}

#[tokio::test]
async fn a_tick_that_dies_anywhere_is_made_up_for_by_the_next_one() {
    const RULE: &str = r#"{"cycle": {"kind": "hours", "hours": [1, 2, 3], "minute": 0}, "zone": "UTC",
        "catchUp": {"policy": "all", "parallel": 2}}"#;
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T10:00:00Z"));
        let app = app(&store, &folder, clock.clone()).await;
        schedules(&app, 4, RULE, true).await;
        tick(&app).await.expect("a tick");
        let (mut deaths, mut rounds) = (0, 0);
        // The next day's instances are made, then missed, then released one after the other.
        for time in ["2026-03-04T23:30:00Z", "2026-03-05T12:00:00Z"] {
            clock.set(at(time));
            loop {
                for polls in 1.. {
                    let dying = Dies {
                        future: Box::pin(tick(&app)),
                        polls,
                    };
                    let survived = dying.await;
                    check(&app).await;
                    match survived {
                        Some(done) => {
                            done.expect("a tick");
                            break;
                        }
                        None => deaths += 1,
                    }
                }
                // A tick may find the locks of a dead one, which are free again a little later.
                let now = clock.micros();
                let ended = finish_runs(&app).await;
                let instances = instances(&app).await;
                let mut due = instances.iter().filter(|one| one.due_at <= now);
                if ended == 0 && due.all(|one| one.state == instance::SUCCEEDED) {
                    break;
                }
                rounds += 1;
                assert!(rounds < 500, "{instances:#?}");
            }
        }
        let instances = instances(&app).await;
        assert_eq!(instances.len(), 12);
        for one in &instances {
            assert_eq!(
                (one.state.as_str(), one.attempts),
                (instance::SUCCEEDED, 1),
                "{one:?}"
            );
        }
        assert!(deaths > 50, "{deaths}");
        app.store.close().await;
    }
}

#[tokio::test]
async fn many_due_instances_are_all_released_and_ended() {
    const RULE: &str = r#"{"cycle": {"kind": "day", "at": "00:00"}, "zone": "UTC"}"#;
    let count = std::env::var("LONGSHORE_TEST_INSTANCES").ok();
    let count = count.and_then(|text| text.parse().ok()).unwrap_or(MEASURED);
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = app(&store, &folder, clock.clone()).await;
        schedules(&app, count, RULE, false).await;
        let seconds = |begun: Instant| begun.elapsed().as_secs_f64();
        clock.set(at("2026-03-04T23:59:00Z"));
        let begun = Instant::now();
        tick(&app).await.expect("a tick");
        let generated = seconds(begun);
        clock.set(at("2026-03-05T00:00:00Z"));
        let begun = Instant::now();
        tick(&app).await.expect("a tick");
        let released = seconds(begun);
        let begun = Instant::now();
        assert_eq!(finish_runs(&app).await, count);
        let ended = seconds(begun);
        assert!(
            instances(&app)
                .await
                .iter()
                .all(|one| one.state == instance::SUCCEEDED)
        );
        app.store.close().await;
        let engine = store.split(':').next().unwrap_or_default();
        println!(
            "{engine}: {count} instances made in {generated:.1} s, released in {released:.1} s ({:.0}/s), \
             claimed and ended one by one in {ended:.1} s",
            count as f64 / released
        );
    }
}

mod outage;
mod release;
