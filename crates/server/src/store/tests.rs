//! What several servers rely on: fences, locks that are not waited for, and revisions.

use std::time::Duration;

use super::run::{self, End, Figures, Held, Lease, Run};
use super::*;
use crate::clock::Clock;
use crate::scheduler::tests::{app, at, runs, schedules, stores, tick_at};
use crate::state::App;

#[test]
fn patterns_find_what_was_typed_and_nothing_else() {
    assert_eq!(containing("50%_\\A"), "%50\\%\\_\\\\a%");
}

/// The one run of a store, which waits.
async fn waiting_run(app: &App, clock: &Clock) -> Run {
    const RULE: &str = r#"{"cycle": {"kind": "day", "at": "01:00"}, "zone": "UTC"}"#;
    schedules(app, 1, RULE, false).await;
    tick_at(app, clock, "2026-03-04T23:59:00Z").await;
    tick_at(app, clock, "2026-03-05T01:00:00Z").await;
    runs(app).await.remove(0)
}

async fn claim(c: &mut Connection, run: &Run, owner: &str) -> StoreResult<Held> {
    let lease = Lease {
        owner,
        now: 1,
        until: 2,
    };
    let claimed = run::claim(c, &run.id, run.fence, lease).await?;
    let claimed = claimed.ok_or(StoreError::Changed)?;
    Ok(Held {
        id: claimed.id,
        fence: claimed.fence,
    })
}

#[tokio::test]
async fn a_stale_owner_neither_adds_nor_hides_an_event() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T10:00:00Z"));
        let app = app(&store, &folder, clock.clone()).await;
        let row = waiting_run(&app, &clock).await;
        let mut t = app.store.begin().await.expect("a transaction");
        let first = claim(&mut t, &row, "first").await.expect("a claim");
        run::add_event(&mut t, &first, 0, "one")
            .await
            .expect("an event");
        t.commit().await.expect("a commit");

        if app.store.engine == Engine::PostgreSql {
            // As long as an event is on its way, nobody takes the run over.
            let mut slow = app.store.begin().await.expect("a transaction");
            run::add_event(&mut slow, &first, 1, "two")
                .await
                .expect("an event");
            let mut t = app.store.begin().await.expect("a transaction");
            let wait = sqlx::query("SET LOCAL lock_timeout = '50ms'");
            wait.execute(&mut *t).await.expect("a setting");
            let taken = Run {
                fence: first.fence,
                ..row.clone()
            };
            claim(&mut t, &taken, "second").await.expect_err("no claim");
            slow.rollback().await.expect("a rollback");
        }

        let mut t = app.store.begin().await.expect("a transaction");
        let taken = Run {
            fence: first.fence,
            ..row.clone()
        };
        let second = claim(&mut t, &taken, "second").await.expect("a claim");
        t.commit().await.expect("a commit");
        let add = async |held: &Held, number, event| {
            let mut t = app.store.begin().await.expect("a transaction");
            let added = run::add_event(&mut t, held, number, event).await;
            t.commit().await.expect("a commit");
            added
        };
        assert!(matches!(
            add(&second, 0, "other").await,
            Err(StoreError::Changed)
        ));
        assert!(matches!(
            add(&first, 1, "two").await,
            Err(StoreError::Changed)
        ));
        add(&second, 0, "one").await.expect("the same event again");
        add(&second, 1, "three").await.expect("a new event");
        let mut c = app.store.read().await.expect("a connection");
        let events = run::events(&mut c, &row.id).await.expect("events");
        assert_eq!(events, ["one", "three"]);
        drop(c);
        app.store.close().await;
    }
}

#[tokio::test]
async fn a_run_that_fails_while_it_is_stopped_is_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T10:00:00Z"));
        let app = app(&store, &folder, clock.clone()).await;
        let row = waiting_run(&app, &clock).await;
        let mut t = app.store.begin().await.expect("a transaction");
        let held = claim(&mut t, &row, "first").await.expect("a claim");
        run::stop(&mut t, &row.id, 3).await.expect("a stop");
        let end = End {
            state: run::FAILED,
            at: 4,
            figures: Figures::default(),
            progress: None,
            report: None,
            error: None,
        };
        let state = run::finish(&mut t, &held, &end).await.expect("an end");
        assert_eq!(state, run::STOPPED);
        t.commit().await.expect("a commit");
        app.store.close().await;
    }
}

#[tokio::test]
async fn one_of_two_editors_of_a_setting_wins() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let store = Store::open(&store).await.expect("a store");
        for revision in [0, 1] {
            let put = async || {
                let mut t = store.begin().await.expect("a transaction");
                let put = setting::update(&mut t, "x", "{}", 1, revision).await;
                t.commit().await.expect("a commit");
                put
            };
            put().await.expect("the first editor");
            let second = put().await;
            assert!(matches!(second, Err(StoreError::Changed)), "{revision}");
        }
        store.close().await;
    }
}

#[tokio::test]
async fn nobody_waits_for_a_server_that_is_cut_off() {
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let store = Store::open(&store).await.expect("a store");
        if store.engine == Engine::PostgreSql {
            let held = store.try_alone(Alone::ClaimRuns).await.expect("a store");
            assert!(held.is_some());
            let second =
                tokio::time::timeout(Duration::from_secs(5), store.try_alone(Alone::ClaimRuns));
            let second = second.await.expect("no wait").expect("a store");
            assert!(second.is_none());
            drop(held);
            let mut c = store.read().await.expect("a connection");
            for (name, expected) in [
                ("SHOW idle_in_transaction_session_timeout", "10s"),
                ("SHOW lock_timeout", "10s"),
            ] {
                let found: String = sqlx::query_scalar(name)
                    .fetch_one(&mut *c)
                    .await
                    .expect(name);
                assert_eq!(found, expected, "{name}");
            }
        }
        store.close().await;
    }
}

/// Puts a setting in a shared transaction; "refused" fails after it has written, "broken" breaks off.
async fn put_together(store: &Store, name: &'static str) -> StoreResult<&'static str> {
    let write = store.together(move |c| {
        Box::pin(async move {
            setting::put(c, name, "1", 1).await?;
            match name {
                "refused" => Err(StoreError::Changed),
                "broken" => panic!("a defect"),
                _ => Ok(name),
            }
        })
    });
    write.await
}

async fn has_setting(store: &Store, name: &str) -> bool {
    let mut c = store.read().await.expect("a connection");
    let found = setting::find(&mut c, name).await;
    found.expect("a setting").is_some()
}

#[tokio::test]
async fn writes_that_share_a_commit_fail_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    for address in stores(&folder).await {
        let store = Store::open(&address).await.expect("a store");
        // While somebody else writes into SQLite, all three wait for one transaction.
        let other = store.begin().await.expect("a transaction");
        let writes = async {
            tokio::join!(
                put_together(&store, "first"),
                put_together(&store, "refused"),
                put_together(&store, "last"),
            )
        };
        let ends = async {
            // The writes are polled first, so by now they have said what they want.
            let is_waiting = store.engine == Engine::Sqlite;
            assert!(!is_waiting || !has_setting(&store, "first").await);
            other.rollback().await.expect("a rollback");
        };
        let ((first, refused, last), ()) = tokio::join!(writes, ends);
        assert_eq!(first.expect("a write"), "first");
        assert!(matches!(refused, Err(StoreError::Changed)));
        assert_eq!(last.expect("a write"), "last");
        for (name, is_there) in [("first", true), ("refused", false), ("last", true)] {
            assert_eq!(has_setting(&store, name).await, is_there, "{name}");
        }
    }
}

#[tokio::test]
async fn a_write_that_breaks_off_holds_up_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("sqlite://{}/store.db?mode=rwc", folder.path().display());
    let store = Store::open(&address).await.expect("a store");
    let broken = put_together(&store, "broken").await;
    assert!(matches!(broken, Err(StoreError::Database(_))));
    put_together(&store, "next").await.expect("a write");
    assert!(!has_setting(&store, "broken").await);
    // Whoever gives up does not keep its write from being made, nor that of others. It cannot be made at once,
    // because somebody else writes.
    let other = store.begin().await.expect("a transaction");
    let given_up = tokio::time::timeout(Duration::ZERO, put_together(&store, "given up"));
    given_up.await.expect_err("no time");
    other.rollback().await.expect("a rollback");
    put_together(&store, "last").await.expect("a write");
    assert!(has_setting(&store, "last").await);
}
