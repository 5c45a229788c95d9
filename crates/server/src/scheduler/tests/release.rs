//! One instance that cannot be started holds up no other, what was skipped has not succeeded, and what cannot run is not
//! looked at.

use super::*;

#[tokio::test]
async fn an_instance_that_cannot_be_written_stops_no_other() {
    const RULE: &str = r#"{"cycle": {"kind": "day", "at": "01:00"}, "zone": "UTC"}"#;
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = app(&store, &folder, clock.clone()).await;
        schedules(&app, 3, RULE, false).await;
        change(
            &app,
            r#"UPDATE job_version SET document = '{"type": "job", "version": "1.0", "configuration": {
                "reader": {"plugin": "postgresql", "parameter": {"datasource": "${ds}", "table": "a", "column": ["*"]}},
                "writer": {"plugin": "stream", "parameter": {}}}}', variables = '{"ds": "x\u0000"}'
             WHERE job_id = (SELECT min(job_id) FROM job_version)"#,
        )
        .await;
        clock.set(at("2026-03-05T00:59:00Z"));
        tick(&app).await.expect("a tick");
        tick_at(&app, &clock, "2026-03-05T01:00:00Z").await;
        let states: Vec<String> = instances(&app)
            .await
            .into_iter()
            .map(|one| one.state)
            .collect();
        // SQLite keeps such a text, and the run says what is wrong.
        let first = match store.starts_with("sqlite") {
            true => instance::QUEUED,
            false => instance::FAILED,
        };
        assert_eq!(states, [first, instance::QUEUED, instance::QUEUED]);
        check(&app).await;
        app.store.close().await;
    }
}

#[tokio::test]
async fn an_instance_that_cannot_be_read_stops_no_other() {
    const RULE: &str = r#"{"cycle": {"kind": "day", "at": "01:00"}, "zone": "UTC"}"#;
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = app(&store, &folder, clock.clone()).await;
        schedules(&app, 4, RULE, false).await;
        tick_at(&app, &clock, "2026-03-05T00:59:00Z").await;
        for damage in [
            "UPDATE schedule SET submitted_rule = '{' WHERE job_id = (SELECT min(job_id) FROM schedule)",
            "UPDATE job_version SET variables = '{' WHERE job_id = (SELECT max(job_id) FROM schedule)",
        ] {
            change(&app, damage).await;
        }
        // Not even what was missed in an outage.
        clock.set(at("2026-03-05T01:30:00Z"));
        tick(&app).await.expect("a tick");
        let instances = instances(&app).await;
        let states: Vec<&str> = instances.iter().map(|one| one.state.as_str()).collect();
        assert_eq!(
            states,
            [
                instance::FAILED,
                instance::QUEUED,
                instance::QUEUED,
                instance::FAILED
            ]
        );
        assert_eq!(
            instances[0].message,
            "it cannot run: the store holds what this version cannot read"
        );
        check(&app).await;
        app.store.close().await;
    }
}

#[tokio::test]
async fn what_was_skipped_holds_up_others_but_not_its_own_schedule() {
    const RULE: &str =
        r#"{"cycle": {"kind": "hours", "hours": [1, 2], "minute": 0}, "zone": "UTC"}"#;
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = app(&store, &folder, clock.clone()).await;
        schedules(&app, 2, RULE, true).await;
        change(
            &app,
            "INSERT INTO schedule_dependency (job_id, upstream_job_id, kind)
             SELECT min(job_id), min(job_id), 'previousCycle' FROM schedule",
        )
        .await;
        clock.set(at("2026-03-04T23:31:00Z"));
        tick(&app).await.expect("a tick");
        change(
            &app,
            "UPDATE instance SET state = 'skipped' WHERE job_id = (SELECT min(job_id) FROM schedule)
                AND cycle_at = (SELECT min(cycle_at) FROM instance)",
        )
        .await;
        tick_at(&app, &clock, "2026-03-05T02:00:00Z").await;
        let states: Vec<String> = instances(&app)
            .await
            .into_iter()
            .map(|one| one.state)
            .collect();
        let [own_first, own_second, other_first, other_second] = &states[..] else {
            panic!("{states:?}");
        };
        assert_eq!(
            [own_first, own_second],
            [instance::SKIPPED, instance::QUEUED]
        );
        assert_eq!([other_first, other_second], [instance::WAITING; 2]);
        app.store.close().await;
    }
}

/// How many waiting instances a tick looks at, whether they are due or not.
async fn looked_at(app: &App) -> i64 {
    let mut c = app.store.read().await.expect("a connection");
    let query = sqlx::query_scalar(
        "SELECT count(*) FROM instance
         WHERE state = 'waiting' AND is_frozen = 0 AND is_held = 0 AND is_blocked = 0",
    );
    query.fetch_one(&mut *c).await.expect("a count")
}

#[tokio::test]
async fn what_is_made_for_a_paused_schedule_is_not_looked_at_until_it_goes_on() {
    const RULE: &str =
        r#"{"cycle": {"kind": "hours", "hours": [1, 2], "minute": 0}, "zone": "UTC"}"#;
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = app(&store, &folder, clock.clone()).await;
        schedules(&app, 1, RULE, false).await;
        let set_state = async |state: &str| {
            let mut t = app.store.begin().await.expect("a transaction");
            let project_id: String = sqlx::query_scalar("SELECT project_id FROM schedule")
                .fetch_one(&mut *t)
                .await
                .expect("a project");
            let page = crate::store::Page {
                after: None,
                limit: 1,
            };
            let listed = schedule::list(&mut t, &project_id, ("", ""), 0, &page).await;
            let mut row = listed.expect("schedules").remove(0).schedule;
            row.state = state.to_string();
            let updated = schedule::update_state(&mut t, &row).await;
            updated.expect("another state");
            let held = match state {
                schedule::PAUSED => instance::Hold::Held,
                _ => instance::Hold::Free,
            };
            let done = instance::hold(&mut t, &row.job_id, held).await;
            done.expect("what waits");
            t.commit().await.expect("a commit");
        };
        set_state(schedule::PAUSED).await;
        for time in ["2026-03-04T23:31:00Z", "2026-03-05T23:31:00Z"] {
            tick_at(&app, &clock, time).await;
        }
        assert_eq!(instances(&app).await.len(), 4);
        assert_eq!(looked_at(&app).await, 0);
        assert_eq!(runs(&app).await.len(), 0);
        set_state(schedule::ACTIVE).await;
        assert_eq!(looked_at(&app).await, 4);
        tick_at(&app, &clock, "2026-03-05T23:32:00Z").await;
        assert_eq!(runs(&app).await.len(), 1);
        check(&app).await;
        app.store.close().await;
    }
}

#[tokio::test]
async fn what_waits_for_a_failure_is_not_looked_at_until_somebody_sees_to_it() {
    const RULE: &str = r#"{"cycle": {"kind": "day", "at": "01:00"}, "zone": "UTC"}"#;
    let folder = tempfile::tempdir().expect("a folder");
    for store in stores(&folder).await {
        let clock = Clock::manual(at("2026-03-04T23:29:00Z"));
        let app = app(&store, &folder, clock.clone()).await;
        schedules(&app, 4, RULE, true).await;
        tick_at(&app, &clock, "2026-03-04T23:31:00Z").await;
        let now = at("2026-03-05T01:00:00Z").timestamp_micros();
        blocked::review(&app, now).await.expect("a review");
        assert_eq!(looked_at(&app).await, 4, "nothing has failed");
        let fail_first = "UPDATE instance SET state = 'failed'
            WHERE job_id = (SELECT min(job_id) FROM schedule) AND state = 'waiting'";
        change(&app, fail_first).await;
        blocked::review(&app, now).await.expect("a review");
        assert_eq!(looked_at(&app).await, 0, "not even what waits for the next");

        // The next one may be looked at right away, the others once somebody finds out.
        let first = instances(&app).await.remove(0);
        let mut t = app.store.begin().await.expect("a transaction");
        assert!(
            instance::rerun(&mut t, &first.id, now)
                .await
                .expect("a rerun")
        );
        t.commit().await.expect("a commit");
        assert_eq!(looked_at(&app).await, 2);
        blocked::review(&app, now).await.expect("a review");
        assert_eq!(looked_at(&app).await, 4);

        // One that was deleted has not failed any more.
        change(&app, fail_first).await;
        blocked::review(&app, now).await.expect("a review");
        assert_eq!(looked_at(&app).await, 0);
        change(&app, "DELETE FROM instance WHERE state = 'failed'").await;
        blocked::review(&app, now).await.expect("a review");
        assert_eq!(looked_at(&app).await, 3);
        for left in [2, 1, 0] {
            tick_at(&app, &clock, "2026-03-05T01:00:00Z").await;
            assert_eq!(finish_runs(&app).await, 1);
            assert_eq!(looked_at(&app).await, left);
        }
        app.store.close().await;
    }
}
