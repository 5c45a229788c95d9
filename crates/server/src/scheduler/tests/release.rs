//! One instance that cannot be started holds up no other, and what was skipped has not succeeded.

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
