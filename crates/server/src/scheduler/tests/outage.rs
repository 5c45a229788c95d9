//! Silence and slowness are told apart, and after a silence nothing runs before it is decided about.

use super::*;
use crate::scheduler::generate::INSTANCES_A_TICK;

#[tokio::test]
async fn a_slow_tick_is_no_outage() {
    const RULE: &str =
        r#"{"cycle": {"kind": "hours", "hours": [1, 2, 3], "minute": 0}, "zone": "UTC"}"#;
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:40:00Z"));
        let app = app(&store, &folder, clock.clone()).await;
        schedules(&app, 1, RULE, false).await;
        tick(&app).await.expect("a tick");
        // The next tick takes four hours, and the server is there all the time.
        while clock.now() < at("2026-03-05T03:10:00Z") {
            clock.advance(Duration::from_secs(60));
            let seen = catch_up::be_seen(&app, clock.micros()).await;
            seen.expect("a beat");
        }
        tick(&app).await.expect("a tick");
        while finish_runs(&app).await > 0 {
            tick(&app).await.expect("a tick");
        }
        let states: Vec<String> = instances(&app)
            .await
            .into_iter()
            .map(|one| one.state)
            .collect();
        assert_eq!(states, [instance::SUCCEEDED; 3]);
        app.store.close().await;
    }
}

#[tokio::test]
async fn a_long_outage_is_made_up_for_in_pieces_and_decided_as_a_whole() {
    const MINUTES: &str = r#"{"cycle": {"kind": "minute", "every": 1}, "zone": "UTC"}"#;
    const DAILY: &str = r#"{"cycle": {"kind": "day", "at": "02:00"}, "zone": "UTC"}"#;
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T10:00:00Z"));
        let app = app(&store, &folder, clock.clone()).await;
        schedules(&app, 1, MINUTES, false).await;
        schedules(&app, 1, DAILY, false).await;
        tick(&app).await.expect("a tick");
        clock.set(at("2026-03-14T12:00:30Z"));
        tick(&app).await.expect("a tick");
        let made = instances(&app).await;
        assert!(made.len() < INSTANCES_A_TICK + 4_000, "{}", made.len());
        let jobs: std::collections::BTreeSet<&String> =
            made.iter().map(|one| &one.job_id).collect();
        let count = |job: &String| made.iter().filter(|one| one.job_id == *job).count();
        let daily = jobs.iter().min_by_key(|job| count(job)).expect("two jobs");
        assert_eq!(count(daily), 10);
        // The daily one is decided already; of the other one nothing runs before it is.
        for one in &made {
            match one.job_id == **daily {
                true => assert_ne!(one.state, instance::WAITING, "{one:?}"),
                false => assert_eq!(one.state, instance::WAITING, "{one:?}"),
            }
        }
        assert_eq!(runs(&app).await.len(), 1);
        for _ in 0..3 {
            tick(&app).await.expect("a tick");
        }
        let made = instances(&app).await;
        let now = clock.micros();
        let due = made
            .iter()
            .filter(|one| one.due_at <= now && one.job_id != **daily);
        let (skipped, ran): (Vec<_>, Vec<_>) = due.partition(|one| one.state == instance::SKIPPED);
        assert_eq!(skipped.len(), 9 * 1_440 + 720);
        assert_eq!(ran.len(), 1);
        assert_eq!(
            ran[0].cycle_at,
            wall_micros(at("2026-03-14T12:00:00Z").naive_utc())
        );
        assert_eq!(ran[0].state, instance::QUEUED);
        app.store.close().await;
    }
}

/// What was missed is caught up with in order, `parallel` at a time, however many servers look at once.
#[tokio::test]
async fn as_many_missed_cycles_run_at_a_time_as_the_rule_says() {
    let folder = tempfile::tempdir().expect("a folder");
    for parallel in [1, 2, 3] {
        let rule = format!(
            r#"{{"cycle": {{"kind": "hours", "hours": [1, 2, 3, 4, 5, 6, 7], "minute": 0}}, "zone": "UTC",
                "catchUp": {{"policy": "all", "parallel": {parallel}}}}}"#
        );
        for store in stores(&folder).await {
            let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
            let one = app(&store, &folder, clock.clone()).await;
            let other = app(&store, &folder, clock.clone()).await;
            schedules(&one, 1, &rule, false).await;
            clock.set(at("2026-03-04T23:31:00Z"));
            tick(&one).await.expect("a tick");
            // Nobody is there until all seven are missed.
            clock.set(at("2026-03-05T12:00:00Z"));
            let mut left: usize = 7;
            while left > 0 {
                // A store in SQLite has one server.
                if store.starts_with("postgres") {
                    let (first, second) = tokio::join!(tick(&one), tick(&other));
                    first.expect("a tick");
                    second.expect("a tick");
                }
                // Who came second may have found the other one's locks.
                tick(&one).await.expect("a tick");
                let states: Vec<String> = instances(&one)
                    .await
                    .into_iter()
                    .filter(|it| it.due_at <= clock.micros())
                    .map(|it| it.state)
                    .collect();
                let under_way = parallel.min(left);
                let mut wanted = vec![instance::SUCCEEDED; 7 - left];
                wanted.extend(vec![instance::QUEUED; under_way]);
                wanted.extend(vec![instance::WAITING; left - under_way]);
                assert_eq!(states, wanted, "{parallel} at a time");
                check(&one).await;
                left -= finish_runs(&one).await;
            }
            one.store.close().await;
            other.store.close().await;
        }
    }
}
