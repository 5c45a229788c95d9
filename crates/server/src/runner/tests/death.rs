//! Servers that die at the named points of a run: while they claim it, from its beginning to its end, while its end is
//! noted, and while it is handed over. Each dies wherever it waits for something, and the next one makes up for it.

use super::*;
use crate::scheduler::tests::Dies;

const LONG_AFTER: Duration = Duration::from_secs(60);

/// Claims the only run, unless it has ended. What a dead server has locked in PostgreSQL is free again a little later.
async fn claimed_again(app: &App) -> Option<Run> {
    let begun = std::time::Instant::now();
    loop {
        let claimed = claim::claim(app, 1, &Live::new()).await.expect("a store");
        if let Some(run) = claimed.into_iter().next() {
            return Some(run);
        }
        let all = runs(app).await;
        if all.iter().all(|run| run.ended_at.is_some()) {
            return None;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{all:#?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Lets the lease of the dead end. A run is given up after a few deaths without a step, which is told elsewhere.
async fn move_on(app: &App, clock: &Clock) {
    clock.advance(LONG_AFTER);
    let begun = std::time::Instant::now();
    loop {
        let mut t = app.store.begin().await.expect("a transaction");
        let reset = sqlx::query("UPDATE run SET takeovers = 0");
        if reset.execute(&mut *t).await.is_ok() {
            return t.commit().await.expect("a commit");
        }
        drop(t);
        assert!(begun.elapsed() < Duration::from_secs(30), "locks stay");
    }
}

/// Whether the run has ended; it has one owner at most, and its instance knows of it.
async fn has_ended(app: &App) -> bool {
    let (mut runs, mut instances) = (runs(app).await, instances(app).await);
    assert_eq!((runs.len(), instances.len()), (1, 1));
    let (run, instance) = (runs.remove(0), instances.remove(0));
    assert_eq!(instance.attempts, 1);
    assert_eq!(instance.run_id.as_deref(), Some(run.id.as_str()));
    let known = match run.state.as_str() {
        // An instance whose run waits for another server is still under way.
        run::QUEUED => &["queued", "running"][..],
        run::RUNNING => &["running"],
        run::SUCCEEDED => &["succeeded"],
        _ => &["failed", "stopped", "waiting"],
    };
    assert!(
        known.contains(&instance.state.as_str()),
        "{run:?} {instance:?}"
    );
    run.ended_at.is_some()
}

/// How often a catalogue is told of an end.
async fn ends_told(app: &App) -> usize {
    let (_, lineage) = told(app).await;
    let goes_on = ["START", "RUNNING"];
    let ends = lineage
        .iter()
        .filter(|kind| !goes_on.contains(&kind.as_str()));
    ends.count()
}

/// Does a claimed run to its end.
async fn does(app: &App, run: Run, clock: &Clock) {
    let since = (Instant::now(), clock.micros());
    let done = Box::pin(execute::run(app, run, no_stops(), since)).await;
    done.expect("a store");
    assert!(has_ended(app).await);
    let row = runs(app).await.remove(0);
    assert_eq!((row.state.as_str(), row.rows_written), (run::SUCCEEDED, 1));
    let (alerts, _) = told(app).await;
    assert_eq!((alerts.len(), ends_told(app).await), (1, 1), "{alerts:?}");
}

#[tokio::test]
async fn a_claim_that_dies_anywhere_is_made_by_the_next_server() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = with_a_run(&store, &folder, &clock).await;
        watch_all(&app).await;
        let nothing = Live::new();
        let mut deaths = 0;
        let mut polls = 1;
        let run = loop {
            let dying = Dies {
                future: Box::pin(claim::claim(&app, 1, &nothing)),
                polls,
            };
            match dying.await {
                Some(claimed) => {
                    // Locks of the dead may be in the way of this one.
                    if let Some(run) = claimed.expect("a store").into_iter().next() {
                        break run;
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                None => {
                    deaths += 1;
                    polls += 1;
                    assert!(!has_ended(&app).await);
                    move_on(&app, &clock).await;
                }
            }
        };
        assert!(deaths > 0, "{deaths}");
        does(&app, run, &clock).await;
        app.store.close().await;
    }
}

#[tokio::test]
async fn a_run_whose_server_dies_anywhere_is_done_once() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = with_a_run(&store, &folder, &clock).await;
        watch_all(&app).await;
        let mut deaths = 0;
        for polls in 1.. {
            // The last word of the dead may have been on its way to the store, and then the next one has no say.
            let Some(run) = claimed_again(&app).await else {
                break;
            };
            let since = (Instant::now(), clock.micros());
            let dying = Dies {
                future: Box::pin(execute::run(&app, run, no_stops(), since)),
                polls,
            };
            let survived = dying.await;
            if let Some(done) = survived {
                done.expect("a store");
                break;
            }
            deaths += 1;
            has_ended(&app).await;
            move_on(&app, &clock).await;
        }
        assert!(deaths > 0, "{deaths}");
        assert!(has_ended(&app).await);
        let row = runs(&app).await.remove(0);
        assert_eq!((row.state.as_str(), row.rows_written), (run::SUCCEEDED, 1));
        let (alerts, _) = told(&app).await;
        assert_eq!((alerts.len(), ends_told(&app).await), (1, 1), "{alerts:?}");
        app.store.close().await;
    }
}

#[tokio::test]
async fn an_end_that_dies_anywhere_is_noted_once() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = with_a_run(&store, &folder, &clock).await;
        watch_all(&app).await;
        let mut deaths = 0;
        for polls in 1.. {
            let Some(row) = claimed_again(&app).await else {
                break;
            };
            let failed = Err(Error::new(Kind::Config, "no way"));
            let dying = Dies {
                future: Box::pin(ends(&app, &row, failed)),
                polls,
            };
            if let Some(done) = dying.await {
                done.expect("a store");
                break;
            }
            deaths += 1;
            has_ended(&app).await;
            move_on(&app, &clock).await;
        }
        // The store may have it although its server has died, so there may be no second death.
        assert!(deaths > 0, "{deaths}");
        assert!(has_ended(&app).await);
        assert_eq!(runs(&app).await.remove(0).state, run::FAILED);
        // The failure is repeated once, and the one repetition is not told as the end of the matter.
        let instance = instances(&app).await.remove(0);
        assert_eq!((instance.state.as_str(), instance.retries), ("waiting", 1));
        let (alerts, _) = told(&app).await;
        assert_eq!((alerts.len(), ends_told(&app).await), (0, 1), "{alerts:?}");
        app.store.close().await;
    }
}

#[tokio::test]
async fn a_run_whose_hand_over_dies_anywhere_goes_on_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = with_a_run(&store, &folder, &clock).await;
        watch_all(&app).await;
        let mut deaths = 0;
        for polls in 1.. {
            let row = claimed_again(&app).await.expect("a run");
            let stops = no_stops();
            stops.server.cancel();
            let doing = Doing {
                app: &app,
                row: &row,
                log: &log::RunLog::open(&app.config.folder, &row.id),
                meter: &Arc::new(Meter::default()),
                stops: &stops,
                learnt: &Learnt::default(),
                servers: &splits::Servers::only(&app),
            };
            let held = held(&row);
            let stopped = Err(Error::new(Kind::Conflict, "the server stops"));
            let dying = Dies {
                future: Box::pin(record::record(&doing, &held, stopped)),
                polls,
            };
            if let Some(done) = dying.await {
                done.expect("a store");
                break;
            }
            deaths += 1;
            assert!(!has_ended(&app).await);
            move_on(&app, &clock).await;
        }
        assert!(deaths > 0, "{deaths}");
        let row = runs(&app).await.remove(0);
        assert_eq!((row.state.as_str(), row.owner), (run::QUEUED, None));
        let run = claimed_again(&app).await.expect("a run");
        does(&app, run, &clock).await;
        app.store.close().await;
    }
}
