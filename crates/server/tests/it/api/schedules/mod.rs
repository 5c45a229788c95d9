//! `/api/v1/projects/{project}/jobs/{job}/schedule`, and the list of schedules.

use serde_json::json;

use crate::harness::Kept;
use crate::scene::{QUICK, Scene};

fn daily() -> serde_json::Value {
    json!({"cycle": {"kind": "day", "at": "02:30"}, "zone": "Europe/Berlin", "parameters": {"bizdate": "$bizdate"}})
}

#[tokio::test]
async fn a_draft_is_edited_submitted_and_listed() {
    for kept in Kept::BOTH {
        let scene = Scene::start(kept).await;
        let job = scene.job("orders", QUICK).await;
        let path = scene.path(&format!("jobs/{job}/schedule"));
        assert_eq!(scene.admin.get(&path).await.refused(404), "notFound");
        let wrong =
            json!({"cycle": {"kind": "day", "at": "25:00"}, "zone": "Berlin", "priority": 12});
        let refused = scene.admin.put(&path, wrong).await;
        assert_eq!(refused.refused(422), "invalid");
        let problems = refused.body["error"]["problems"].as_array().unwrap();
        let pointers: Vec<&str> = problems
            .iter()
            .map(|one| one["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(pointers, ["/cycle/at", "/zone", "/priority"]);

        let put = scene.admin.put(&path, daily()).await;
        let etag = put.etag();
        let draft = put.ok();
        assert_eq!(draft["state"], "draft");
        assert_eq!(draft["inWords"], "every day at 02:30");
        assert_eq!(draft["cron"], "30 2 * * *");
        assert_eq!(draft["nextDueAt"], json!(null));
        assert_eq!(
            scene.admin.put(&path, daily()).await.refused(428),
            "revisionRequired"
        );
        let bare = scene.admin.edit("PUT", &path, "1", Some(daily())).await;
        assert_eq!(bare.refused(400), "badRequest", "as everywhere else");
        let late = scene.admin.edit("PUT", &path, "\"7\"", Some(daily())).await;
        assert_eq!(late.refused(412), "changed");

        let submitted = scene
            .admin
            .edit("POST", &format!("{path}/submit"), &etag, None)
            .await;
        let etag = submitted.etag();
        let active = submitted.ok();
        assert_eq!(active["state"], "active");
        assert_eq!(active["nextDueAt"], "2026-03-05T01:30:00Z");
        assert_eq!(active["isChanged"], false);

        let hourly = json!({"cycle": {"kind": "hour", "every": 1}, "zone": "UTC"});
        let changed = scene.admin.edit("PUT", &path, &etag, Some(hourly)).await;
        let etag = changed.etag();
        assert_eq!(changed.ok()["isChanged"], true);
        let list = scene
            .admin
            .get(&scene.path("schedules?state=active&search=ORD"))
            .await
            .ok();
        assert_eq!(list["items"][0]["jobName"], "orders");
        assert_eq!(list["items"][0]["nextDueAt"], "2026-03-05T01:30:00Z");
        assert_eq!(list["items"][0]["last"], json!(null));

        assert_eq!(
            scene.admin.edit("DELETE", &path, &etag, None).await.status,
            204
        );
        assert_eq!(scene.admin.get(&path).await.status, 404);
    }
}

#[tokio::test]
async fn what_waits_for_what_is_checked() {
    for kept in Kept::BOTH {
        let scene = Scene::start(kept).await;
        let (first, second) = (
            scene.job("first", QUICK).await,
            scene.job("second", QUICK).await,
        );
        scene.schedule(&first, daily(), json!([])).await;
        let on_first = json!([{"job": first, "kind": "sameCycle"}]);
        scene.schedule(&second, daily(), on_first).await;

        let path = scene.path(&format!("jobs/{first}/schedule"));
        let etag = scene.admin.get(&path).await.etag();
        let circle = json!({"dependencies": [{"job": second, "kind": "sameCycle"}]});
        let refused = scene
            .admin
            .edit("PUT", &format!("{path}/dependencies"), &etag, Some(circle))
            .await;
        assert_eq!(refused.refused(422), "invalid");
        assert_eq!(
            refused.body["error"]["message"],
            "`first` waits for itself: first → second → first"
        );
        let wrong = json!({"dependencies": [
            {"job": "nobody", "kind": "sameCycle"}, {"job": first, "kind": "sameCycle"}]});
        let refused = scene
            .admin
            .edit("PUT", &format!("{path}/dependencies"), &etag, Some(wrong))
            .await;
        assert_eq!(
            refused.body["error"]["problems"].as_array().unwrap().len(),
            2
        );

        let refused = scene.admin.edit("DELETE", &path, &etag, None).await;
        assert_eq!(refused.refused(409), "conflict");
        assert!(
            refused.body["error"]["message"]
                .as_str()
                .unwrap()
                .ends_with(": second")
        );
    }
}

#[tokio::test]
async fn a_preview_shows_every_value_before_anything_is_saved() {
    for kept in Kept::BOTH {
        let scene = Scene::start(kept).await;
        let job = scene.job("orders", QUICK).await;
        let path = scene.path(&format!("jobs/{job}/schedule/preview"));
        let body = json!({"rule": daily(), "count": 2, "from": "2026-03-28T12:00:00Z"});
        let preview = scene.admin.post(&path, body).await.ok();
        assert_eq!(preview["inWords"], "every day at 02:30");
        // 02:30 does not exist on this day in Berlin.
        let first = &preview["cycles"][0];
        assert_eq!(first["dueAt"], "2026-03-29T01:00:00Z");
        assert_eq!(first["cycleAt"], "2026-03-29T02:30:00");
        assert_eq!(first["bizdate"], "2026-03-28");
        assert_eq!(first["parameters"][0]["reference"], "${bizdate}");
        assert_eq!(first["parameters"][0]["value"], "20260328");
        assert_eq!(preview["cycles"][1]["dueAt"], "2026-03-30T00:30:00Z");
        let nothing = scene
            .admin
            .post(&path, json!({"count": 0, "rule": daily()}))
            .await;
        assert_eq!(nothing.refused(422), "invalid");
    }
}

#[tokio::test]
async fn a_paused_schedule_releases_nothing_and_says_why() {
    for kept in Kept::BOTH {
        let mut scene = Scene::start(kept).await;
        let (job, witness) = (
            scene.job("orders", QUICK).await,
            scene.job("witness", QUICK).await,
        );
        let rule = json!({"cycle": {"kind": "hours", "hours": [11, 12, 13], "minute": 0}, "zone": "UTC",
            "generation": "immediately", "parameters": {"bizdate": "$bizdate"}});
        scene.schedule(&job, rule.clone(), json!([])).await;
        let path = scene.path(&format!("jobs/{job}/schedule"));
        let etag = scene.admin.get(&path).await.etag();
        let pause = format!("{path}/pause");
        let no_reason = scene
            .admin
            .edit("POST", &pause, &etag, Some(json!({"reason": " "})))
            .await;
        assert_eq!(no_reason.refused(422), "invalid");
        let body = json!({"reason": "the source moves house"});
        let paused = scene.admin.edit("POST", &pause, &etag, Some(body)).await;
        let etag = paused.etag();
        assert_eq!(paused.ok()["reason"], "the source moves house");

        scene.schedule(&witness, rule, json!([])).await;
        scene.at("2026-03-04T12:00:00Z").await;
        scene
            .until_states(
                &witness,
                &[
                    "03-04T11:00 skipped",
                    "03-04T12:00 succeeded",
                    "03-04T13:00 waiting",
                ],
            )
            .await;
        assert_eq!(
            scene.states(&job).await,
            [
                "03-04T11:00 waiting",
                "03-04T12:00 waiting",
                "03-04T13:00 waiting"
            ]
        );
        let held = scene.instance(&job, "2026-03-04T12:00:00").await;
        assert_eq!(
            held["waitsFor"],
            json!([{"kind": "paused", "reason": "the source moves house"}])
        );
        let free = "SELECT count(*) FROM instance WHERE state = 'waiting' AND is_held = 0
            AND job_id IN (SELECT job_id FROM schedule WHERE state = 'paused')";
        assert_eq!(scene.server.count(free).await, 0);
        let resumed = scene
            .admin
            .edit("POST", &format!("{path}/resume"), &etag, None)
            .await;
        assert_eq!(resumed.ok()["state"], "active");
        let held = "SELECT count(*) FROM instance WHERE is_held = 1";
        assert_eq!(scene.server.count(held).await, 0);
        // What came due meanwhile is caught up with by the rule's policy, which runs the newest.
        scene
            .until_states(
                &job,
                &[
                    "03-04T11:00 skipped",
                    "03-04T12:00 succeeded",
                    "03-04T13:00 waiting",
                ],
            )
            .await;
    }
}

#[tokio::test]
async fn other_dependencies_are_a_change_until_they_are_submitted() {
    for kept in Kept::BOTH {
        let scene = Scene::start(kept).await;
        let first = scene.job("first", QUICK).await;
        scene.schedule(&first, daily(), json!([])).await;
        let second = scene.job("second", QUICK).await;
        let path = scene.path(&format!("jobs/{second}/schedule"));
        let submitted = scene.schedule(&second, daily(), json!([])).await;
        assert_eq!(submitted["isChanged"], false);
        assert_eq!(submitted["submittedDependencies"], json!([]));
        let listed = async || {
            let list = scene
                .admin
                .get(&scene.path("schedules?search=second"))
                .await
                .ok();
            list["items"][0]["isChanged"].clone()
        };
        let dependencies = json!([{"job": first, "kind": "sameCycle"}]);
        let put = async |dependencies: &serde_json::Value| {
            let etag = scene.admin.get(&path).await.etag();
            let body = json!({"dependencies": dependencies});
            let path = format!("{path}/dependencies");
            scene.admin.edit("PUT", &path, &etag, Some(body)).await.ok()
        };
        assert_eq!(put(&dependencies).await["isChanged"], true);
        assert_eq!(listed().await, true);
        assert_eq!(put(&json!([])).await["isChanged"], false, "taken back");
        assert_eq!(put(&dependencies).await["isChanged"], true);
        let etag = scene.admin.get(&path).await.etag();
        let submit = format!("{path}/submit");
        let submitted = scene.admin.edit("POST", &submit, &etag, None).await.ok();
        assert_eq!(submitted["isChanged"], false);
        assert_eq!(submitted["submittedDependencies"], dependencies);
        assert_eq!(listed().await, false);
    }
}

#[tokio::test]
async fn a_submission_with_a_key_is_done_once() {
    for kept in Kept::BOTH {
        let scene = Scene::start(kept).await;
        let job = scene.job("orders", QUICK).await;
        let other = scene.job("items", QUICK).await;
        let rule = json!({"cycle": {"kind": "day", "at": "02:00"}, "zone": "UTC"});
        let path = scene.path(&format!("jobs/{job}/schedule"));
        let put = scene.admin.put(&path, rule.clone()).await;
        let (before, submit) = (put.etag(), format!("{path}/submit"));
        let keyed = scene.admin.with_idempotency_key("nightly");
        let first = keyed.edit("POST", &submit, &before, None).await;
        assert_eq!(first.status, 200, "{first:?}");
        // Whoever lost the answer asks as before, or with what they have read since.
        for etag in [before.clone(), first.etag()] {
            let again = keyed.edit("POST", &submit, &etag, None).await;
            assert_eq!(again.status, 200, "{again:?}");
            assert_eq!((again.etag(), &again.body), (first.etag(), &first.body));
        }
        let late = scene.admin.edit("POST", &submit, &before, None).await;
        assert_eq!(late.status, 412, "{late:?}");
        let audit = format!("audit?object={job}");
        let noted = scene.admin.get(&scene.path(&audit)).await.ok();
        let items = noted["items"].as_array().unwrap();
        let submitted = items
            .iter()
            .filter(|one| one["action"] == "schedule.submit");
        assert_eq!(submitted.count(), 1, "{noted}");
        // The key was for that job.
        let path = scene.path(&format!("jobs/{other}/schedule"));
        let put = scene.admin.put(&path, rule).await;
        let submit = format!("{path}/submit");
        let refused = keyed.edit("POST", &submit, &put.etag(), None).await;
        assert_eq!(refused.refused(409), "conflict");
    }
}

#[tokio::test]
async fn a_day_without_a_time_gets_one_that_stays() {
    for kept in Kept::BOTH {
        let scene = Scene::start(kept).await;
        let job = scene.job("orders", QUICK).await;
        let path = scene.path(&format!("jobs/{job}/schedule"));
        let rule = json!({"cycle": {"kind": "day"}, "zone": "UTC"});
        let put = scene.admin.put(&path, rule.clone()).await;
        let etag = put.etag();
        let at = put.ok()["rule"]["cycle"]["at"].clone();
        assert!(("00:00"..="00:30").contains(&at.as_str().unwrap()), "{at}");
        let again = scene.admin.edit("PUT", &path, &etag, Some(rule)).await.ok();
        assert_eq!(again["rule"]["cycle"]["at"], at);
    }
}
