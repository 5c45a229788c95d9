//! Runs that lose their server, and servers that lose their runs.

use tokio_util::sync::CancellationToken;

use std::sync::Arc;

use engine::{Ended, Event, Ledger, Meter};
use sdk::{Error, Kind, TaskId};

use super::execute::{Doing, Learnt};
use super::ledger::StoreLedger;
use super::*;
use crate::clock::Clock;
use crate::scheduler::tests::{app, at, change, instances, runs, schedules, stores, tick_at};
use crate::store::run::Held;
use crate::store::{job_version, run};

const RULE: &str = r#"{"cycle": {"kind": "day", "at": "01:00"}, "zone": "UTC",
    "rerun": {"policy": "always", "times": 3, "delayMinutes": 1}}"#;

const ENDLESS: &str = r#"{"type": "job", "version": "1.0", "configuration": {
    "reader": {"plugin": "stream", "parameter": {"rowCount": 1000000000, "column": [{"name": "id", "type": "long", "incr": "1,1"}]}},
    "writer": {"plugin": "stream", "parameter": {}},
    "setting": {"speed": {"concurrent": 1, "throttle": true, "mbps": 1}}}}"#;

/// A server with one run in its queue.
async fn with_a_run(store: &str, folder: &tempfile::TempDir, clock: &Clock) -> App {
    let app = app(store, folder, clock.clone()).await;
    schedules(&app, 1, RULE, false).await;
    tick_at(&app, clock, "2026-03-04T23:59:00Z").await;
    tick_at(&app, clock, "2026-03-05T01:00:00Z").await;
    app
}

/// Claims the only run.
async fn claimed(app: &App) -> Run {
    let claimed = claim::claim(app, 1, &Live::new()).await.expect("a store");
    claimed.into_iter().next().expect("a run")
}

fn held(run: &Run) -> Held {
    Held {
        id: run.id.clone(),
        fence: run.fence,
    }
}

fn no_stops() -> Stops {
    Stops {
        server: CancellationToken::new(),
        run: CancellationToken::new(),
        late: CancellationToken::new(),
        lost: CancellationToken::new(),
    }
}

/// Notes the end of a claimed run.
async fn ends(app: &App, row: &Run, done: Result<Ended, Error>) -> StoreResult<()> {
    let doing = Doing {
        app,
        row,
        log: &log::RunLog::open(&app.config.folder, &row.id),
        meter: &Arc::new(Meter::default()),
        stops: &no_stops(),
        learnt: &Learnt::default(),
        servers: &splits::Servers::of(app, &row.id).await,
    };
    record::record(&doing, &held(row), done).await
}

/// Whether the end of a run says that it can be continued, after these events and this failure.
async fn is_resumable(app: &App, events: &[&str], kind: Kind) -> bool {
    let row = claimed(app).await;
    let mut t = app.store.begin().await.expect("a transaction");
    for (number, event) in (0..).zip(events) {
        let added = run::add_event(&mut t, &held(&row), number, event).await;
        added.expect("an event");
    }
    t.commit().await.expect("a commit");
    let ended = ends(app, &row, Err(Error::new(kind, "no way"))).await;
    ended.expect("a store");
    let row = runs(app).await.remove(0);
    let mut t = app.store.begin().await.expect("a transaction");
    run::resume(&mut t, &row.id, 0).await.expect("a failed run");
    t.commit().await.expect("a commit");
    change(app, "DELETE FROM run_event").await;
    row.error.expect("an error").contains(r#""resumable":true"#)
}

#[tokio::test]
async fn a_run_that_fails_before_its_rows_can_be_continued_as_the_engine_says() {
    const PREPARED: &str = r#"{"event":"prepared","state":{}}"#;
    const GIVING_UP: &str = r#"{"event":"givingUp"}"#;
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = with_a_run(&store, &folder, &clock).await;
        for (events, kind, expected) in [
            (&[][..], Kind::Unreachable, true),
            (&[], Kind::Auth, true),
            (&[], Kind::Config, false),
            // Rows are with the target, whatever keeps the run from going on.
            (&[PREPARED], Kind::Auth, true),
            (&[PREPARED], Kind::Config, true),
            (&[PREPARED, GIVING_UP], Kind::Config, false),
        ] {
            let found = is_resumable(&app, events, kind).await;
            assert_eq!(found, expected, "{events:?} {kind:?}");
        }
        app.store.close().await;
    }
}

#[tokio::test]
async fn a_run_that_was_to_stop_before_its_server_went_does_not_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = with_a_run(&store, &folder, &clock).await;
        let id = claimed(&app).await.id;
        let mut t = app.store.begin().await.expect("a transaction");
        let asked = run::stop(&mut t, &id, clock.micros()).await;
        asked.expect("a run under way");
        t.commit().await.expect("a commit");
        clock.advance(Duration::from_secs(60));
        let since = (Instant::now(), clock.micros());
        let again = claimed(&app).await;
        let done = execute::run(&app, again, no_stops(), since).await;
        done.expect("a store");
        let row = runs(&app).await.remove(0);
        assert_eq!((row.state.as_str(), row.rows_read), (run::STOPPED, 0));
        app.store.close().await;
    }
}

/// A rule that tells of every end of a run in every project.
async fn watch_all(app: &App) {
    change(
        app,
        r#"INSERT INTO alert_rule (id, project_id, name, spec, is_enabled, created_at, updated_at, revision)
           SELECT id, id, 'all', '{"object": {"kind": "project"}, "channels": [],
            "triggers": [{"kind": "failed"}, {"kind": "finished"}]}', 1, 1, 1, 1 FROM project"#,
    )
    .await;
}

/// The texts that a query finds.
async fn texts(app: &App, query: &'static str) -> Vec<String> {
    let mut c = app.store.read().await.expect("a connection");
    let query = sqlx::query_scalar(query);
    query.fetch_all(&mut *c).await.expect("texts")
}

/// What the rules have to tell, and the kinds of the OpenLineage events that are to be delivered.
async fn told(app: &App) -> (Vec<String>, Vec<String>) {
    let alerts = texts(app, "SELECT event FROM alert_event ORDER BY id").await;
    let lineage = texts(app, "SELECT event FROM lineage_event ORDER BY number").await;
    let kind = |event: String| {
        let event: serde_json::Value = serde_json::from_str(&event).expect("JSON");
        event["eventType"].as_str().expect("a kind").to_string()
    };
    (alerts, lineage.into_iter().map(kind).collect())
}

#[tokio::test]
async fn a_run_that_fails_while_it_is_to_stop_is_told_as_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = with_a_run(&store, &folder, &clock).await;
        watch_all(&app).await;
        let row = claimed(&app).await;
        change(&app, "UPDATE run SET stop_requested = 1").await;
        let ended = ends(&app, &row, Err(Error::internal("no way"))).await;
        ended.expect("a store");
        assert_eq!(runs(&app).await.remove(0).state, run::STOPPED);
        assert_eq!(instances(&app).await.remove(0).state, "stopped");
        let (alerts, lineage) = told(&app).await;
        assert_eq!(alerts.len(), 0, "{alerts:?}");
        assert_eq!(lineage, ["START", "ABORT"]);
        app.store.close().await;
    }
}

#[tokio::test]
async fn a_run_ends_whatever_its_schedule_says() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = with_a_run(&store, &folder, &clock).await;
        let row = claimed(&app).await;
        change(&app, "UPDATE schedule SET submitted_rule = '{'").await;
        let ended = ends(&app, &row, Err(Error::new(Kind::Config, "no way"))).await;
        ended.expect("an end that is stored");
        assert_eq!(instances(&app).await.remove(0).state, "failed");
        app.store.close().await;
    }
}

/// The server asks a second time when it did not hear that the first time succeeded.
#[tokio::test]
async fn a_run_whose_end_is_stored_is_not_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = with_a_run(&store, &folder, &clock).await;
        watch_all(&app).await;
        let row = claimed(&app).await;
        for _ in 0..2 {
            let ended = ends(&app, &row, Err(Error::new(Kind::Config, "no way"))).await;
            ended.expect("an end that is stored");
        }
        assert_eq!(told(&app).await.1, ["START", "FAIL"], "it is told once");
        // The run goes on elsewhere and comes to another end.
        let mut t = app.store.begin().await.expect("a transaction");
        run::resume(&mut t, &row.id, 0).await.expect("a failed run");
        t.commit().await.expect("a commit");
        let again = claimed(&app).await;
        let ended = ends(&app, &again, Err(Error::new(Kind::Config, "no way"))).await;
        ended.expect("a store");
        let ended = ends(&app, &row, Err(Error::new(Kind::Config, "no way"))).await;
        assert!(matches!(ended, Err(StoreError::Changed)), "{ended:?}");
        app.store.close().await;
    }
}

#[tokio::test]
async fn a_run_that_no_server_survives_is_given_up_and_not_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = with_a_run(&store, &folder, &clock).await;
        watch_all(&app).await;
        let nothing = Live::new();
        let mut claims = 0;
        let mut last = None;
        loop {
            let claimed = claim::claim(&app, 4, &nothing).await.expect("a store");
            let Some(run) = claimed.into_iter().next() else {
                break;
            };
            claims += 1;
            let held = Held {
                id: run.id.clone(),
                fence: run.fence,
            };
            // Each server claims a task, and the third one gets a step further.
            let mut t = app.store.begin().await.expect("a transaction");
            let step = match claims {
                3 => r#"{"event":"planned"}"#,
                _ => r#"{"event":"claimed"}"#,
            };
            let number = i64::from(claims);
            run::add_event(&mut t, &held, number, step)
                .await
                .expect("an event");
            t.commit().await.expect("a commit");
            last = Some(held);
            clock.advance(Duration::from_secs(60));
        }
        // Two without a step, then the step, then as many as a run may take.
        assert_eq!(claims, 2 + 1 + 5);
        let row = runs(&app).await.remove(0);
        assert_eq!(row.state, run::FAILED);
        let error = row.error.expect("an error");
        assert!(error.contains("lost with its server"), "{error}");
        let instance = instances(&app).await.remove(0);
        assert_eq!((instance.state.as_str(), instance.retries), ("failed", 0));
        let (alerts, lineage) = told(&app).await;
        assert_eq!(alerts.len(), 1, "{alerts:?}");
        assert!(alerts[0].contains("lost with its server"), "{alerts:?}");
        assert_eq!(lineage, ["START", "FAIL"]);
        let mut t = app.store.begin().await.expect("a transaction");
        let late = run::add_event(&mut t, &last.expect("a claim"), 99, "late").await;
        assert!(matches!(late, Err(StoreError::Changed)));
        drop(t);
        app.store.close().await;
    }
}

#[tokio::test]
async fn a_server_does_not_take_its_own_runs_over() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = with_a_run(&store, &folder, &clock).await;
        let claimed = claim::claim(&app, 4, &Live::new()).await.expect("a store");
        clock.advance(Duration::from_secs(60));
        let task = tokio::spawn(async {});
        let live = Live::from([(task.id(), claimed[0].id.clone())]);
        assert!(
            claim::claim(&app, 4, &live)
                .await
                .expect("a store")
                .is_empty()
        );
        let again = claim::claim(&app, 4, &Live::new()).await.expect("a store");
        assert_eq!(again.len(), 1, "but somebody else does");
        app.store.close().await;
    }
}

#[tokio::test]
async fn a_server_that_cannot_renew_its_claim_lets_go_of_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = with_a_run(&store, &folder, &clock).await;
        let row = runs(&app).await.remove(0);
        let mut t = app.store.begin().await.expect("a transaction");
        let version = job_version::JobVersion {
            job_id: row.job_id.clone(),
            number: 2,
            mode: "script".to_string(),
            document: ENDLESS.to_string(),
            variables: "{}".to_string(),
            note: String::new(),
            author_id: String::new(),
            created_at: 0,
            publication_note: String::new(),
            published_at: None,
        };
        job_version::insert(&mut t, &version)
            .await
            .expect("a version");
        t.commit().await.expect("a commit");
        change(&app, "UPDATE run SET job_version = 2").await;
        let since = (Instant::now(), clock.micros());
        let run = claimed(&app).await;
        let stops = no_stops();
        let doing = tokio::spawn({
            let (app, stops) = (app.clone(), stops.clone());
            async move { execute::run(&app, run, stops, since).await }
        });
        loop {
            let mut c = app.store.read().await.expect("a connection");
            if run::events(&mut c, &row.id).await.expect("events").len() > 2 {
                break;
            }
            drop(c);
            tokio::task::yield_now().await;
        }
        app.store.close().await;
        clock.advance(Duration::from_secs(60));
        let ended = tokio::time::timeout(Duration::from_secs(15), doing).await;
        let ended = ended.expect("it lets go").expect("no panic");
        assert!(matches!(ended, Err(StoreError::Changed)), "{ended:?}");
    }
}

/// The names of the events that are in the store.
async fn noted(app: &App, row: &Run) -> Vec<String> {
    let mut c = app.store.read().await.expect("a connection");
    let events = run::events(&mut c, &row.id).await.expect("events");
    let name = |text: String| {
        let event: serde_json::Value = serde_json::from_str(&text).expect("an event");
        event["event"].as_str().expect("a name").to_string()
    };
    events.into_iter().map(name).collect()
}

#[tokio::test]
async fn claims_are_stored_with_the_next_step_or_soon() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = with_a_run(&store, &folder, &clock).await;
        let row = claimed(&app).await;
        let held = held(&row);
        let open = StoreLedger::open(&app, &held);
        let ledger = open.await.expect("a ledger");
        let claim = |attempt| Event::Claimed {
            task: TaskId(0),
            attempt,
        };
        ledger.record(claim(1)).await.expect("a claim");
        ledger
            .record(Event::Committing)
            .await
            .expect("the next step");
        assert_eq!(noted(&app, &row).await, ["claimed", "committing"]);
        ledger.record(claim(2)).await.expect("a claim");
        while noted(&app, &row).await.len() < 3 {
            tokio::task::yield_now().await;
        }
        // Whoever has lost the run learns it by the next step at the latest, and leaves nothing behind.
        change(&app, "UPDATE run SET fence = fence + 1").await;
        ledger.record(claim(3)).await.expect("a claim");
        let late = ledger.record(Event::Loaded).await;
        assert_eq!(late.expect_err("a late step").kind(), Kind::Conflict);
        let all = ["claimed", "committing", "claimed"];
        assert_eq!(noted(&app, &row).await, all);
        app.store.close().await;
    }
}

mod death;
