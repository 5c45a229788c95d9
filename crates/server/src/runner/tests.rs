//! Runs that lose their server, and servers that lose their runs.

use tokio_util::sync::CancellationToken;

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

#[tokio::test]
async fn a_run_that_no_server_survives_is_given_up_and_not_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = with_a_run(&store, &folder, &clock).await;
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
        let since = Instant::now();
        let claimed = claim::claim(&app, 1, &Live::new()).await.expect("a store");
        let run = claimed.into_iter().next().expect("a run");
        let stops = Stops {
            server: CancellationToken::new(),
            run: CancellationToken::new(),
            late: CancellationToken::new(),
            lost: CancellationToken::new(),
        };
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
