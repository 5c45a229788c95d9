//! `/api/v1/projects/{project}/calendars`, and schedules that go by them.

use serde_json::{Value, json};

use super::datasources::pointers;
use crate::harness::Kept;
use crate::scene::{QUICK, Scene};

fn daily(off_cycle: &str) -> Value {
    json!({"cycle": {"kind": "hours", "hours": [2, 14], "minute": 0}, "zone": "Europe/Berlin",
        "calendar": "holidays", "offCycle": off_cycle})
}

#[tokio::test]
async fn calendars_are_made_changed_and_deleted() {
    for kept in Kept::BOTH {
        let scene = Scene::start(kept).await;
        let calendars = scene.path("calendars");
        assert_eq!(scene.admin.get(&calendars).await.ok()["items"], json!([]));

        let wrong = json!({"name": "bank holidays", "description": "x".repeat(201),
            "daysOff": ["2026-02-29", "2026-05-01", "soon"]});
        let refused = scene.admin.post(&calendars, wrong).await;
        assert_eq!(
            pointers(&refused),
            ["/daysOff/0", "/daysOff/2", "/description", "/name"]
        );
        let many = json!({"name": "many", "daysOff": vec!["2026-05-01"; 1501]});
        let refused = scene.admin.post(&calendars, many).await;
        assert_eq!(pointers(&refused), ["/daysOff"]);

        let body = json!({"name": "holidays", "daysOff": ["20260501", "2026-01-01", "2026-05-01"]});
        let made = scene.admin.post(&calendars, body.clone()).await;
        assert_eq!(
            (made.status, made.etag().as_str()),
            (201, "\"1\""),
            "{made:?}"
        );
        assert_eq!(made.body["daysOff"], json!(["2026-01-01", "2026-05-01"]));
        assert_eq!(made.body.get("openFrom"), None);
        let again = scene.admin.post(&calendars, body).await;
        assert_eq!(again.refused(409), "conflict");

        let path = format!("{calendars}/holidays");
        let change = json!({"daysOff": ["2026-12-25"]});
        let changed = scene
            .admin
            .edit("PATCH", &path, "\"1\"", Some(change.clone()))
            .await;
        assert_eq!(changed.etag(), "\"2\"");
        assert_eq!(changed.ok()["daysOff"], json!(["2026-12-25"]));
        let late = scene
            .admin
            .edit("PATCH", &path, "\"1\"", Some(change))
            .await;
        assert_eq!(late.refused(412), "changed");
        let listed = scene.admin.get(&calendars).await.ok();
        assert_eq!(listed["items"][0]["daysOff"], json!(["2026-12-25"]));
        let deleted = scene.admin.edit("DELETE", &path, "\"2\"", None).await;
        assert_eq!(deleted.status, 204);
        assert_eq!(scene.admin.get(&path).await.refused(404), "notFound");
    }
}

#[tokio::test]
async fn a_schedule_rests_on_the_days_off_of_its_calendar() {
    for kept in Kept::BOTH {
        // It is 10:00 on 4 March 2026.
        let mut scene = Scene::start(kept).await;
        let calendars = scene.path("calendars");
        let (dry, none) = (
            scene.job("dry", QUICK).await,
            scene.job("none", QUICK).await,
        );
        let put = scene.path(&format!("jobs/{dry}/schedule"));
        let body = json!({"name": "holiday", "daysOff": ["2026-03-05", "2026-03-07"]});
        scene.admin.post(&calendars, body).await.ok();
        let wrong = scene.admin.put(&put, daily("dryRun")).await;
        assert_eq!(pointers(&wrong), ["/calendar"]);
        assert_eq!(
            wrong.body["error"]["problems"][0]["hint"],
            "did you mean `holiday`?"
        );
        let body = json!({"name": "holidays", "daysOff": ["2026-03-05", "2026-03-07"]});
        scene.admin.post(&calendars, body).await.ok();

        // A preview of what is not saved knows the calendar, too.
        let preview = json!({"rule": daily("nothing"), "count": 3});
        let preview = scene.admin.post(&format!("{put}/preview"), preview).await;
        let cycles: Vec<Value> = preview.ok()["cycles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["cycleAt"].clone())
            .collect();
        assert_eq!(
            cycles,
            [
                "2026-03-04T14:00:00",
                "2026-03-06T02:00:00",
                "2026-03-06T14:00:00"
            ]
        );

        // A variable of that name and value names no calendar.
        let variable = scene.job("variable", QUICK).await;
        let rule = json!({"cycle": {"kind": "day", "at": "02:00"}, "zone": "UTC",
            "parameters": {"calendar": "holiday"}});
        scene.schedule(&variable, rule, json!([])).await;

        scene.schedule(&dry, daily("dryRun"), json!([])).await;
        let submitted = scene.schedule(&none, daily("nothing"), json!([])).await;
        assert_eq!(submitted["nextDueAt"], "2026-03-06T01:00:00Z");
        let listed = scene.admin.get(&scene.path("jobs?search=none")).await.ok();
        assert_eq!(
            listed["items"][0]["schedule"]["nextDueAt"],
            "2026-03-06T01:00:00Z"
        );

        // Nobody names the other one.
        let other = format!("{calendars}/holiday");
        let deleted = scene.admin.edit("DELETE", &other, "\"1\"", None).await;
        assert_eq!(deleted.status, 204);
        let path = format!("{calendars}/holidays");
        let refused = scene.admin.edit("DELETE", &path, "\"1\"", None).await;
        assert_eq!(
            refused.body["error"]["message"],
            "calendar `holidays` is named by the schedules of the jobs `dry`, `none`"
        );

        // 5 March has its instances when it is made; 7 March can still become a working day.
        scene.at("2026-03-04T23:00:00Z").await;
        scene.until_states(&dry, &["03-05T02:00 waiting"]).await;
        assert_eq!(scene.states(&none).await, Vec::<String>::new());
        scene
            .until(&path, |calendar| calendar["openFrom"] == "2026-03-06")
            .await;
        let body = json!({"daysOff": ["2026-03-04", "2026-03-08"]});
        let settled = scene.admin.edit("PATCH", &path, "\"1\"", Some(body)).await;
        assert_eq!(pointers(&settled), ["/daysOff"]);
        assert_eq!(
            settled.body["error"]["problems"][0]["message"],
            "schedules that name this calendar have their instances of `2026-03-04`, `2026-03-05` already"
        );
        let body = json!({"daysOff": ["2026-03-05", "2026-03-08"]});
        let changed = scene.admin.edit("PATCH", &path, "\"1\"", Some(body)).await;
        assert_eq!(changed.status, 200, "{changed:?}");

        scene.at("2026-03-05T12:00:00Z").await;
        scene.until_states(&dry, &["03-05T02:00 succeeded"]).await;
        let instances = scene.instances(&format!("job={dry}")).await;
        assert_eq!(instances[0]["isDryRun"], true);
        assert_eq!(instances[0]["runId"], json!(null));
        scene.at("2026-03-05T23:30:00Z").await;
        scene
            .until_states(&none, &["03-06T02:00 waiting", "03-06T14:00 waiting"])
            .await;
        scene.at("2026-03-06T23:30:00Z").await;
        let made = scene.path(&format!("instances?job={none}"));
        scene
            .until(&made, |list| {
                list["items"][0]["cycleAt"] == "2026-03-07T14:00:00"
            })
            .await;
        let last = scene.instance(&none, "2026-03-07T14:00:00").await;
        assert_eq!(last["isDryRun"], false, "it is no day off any more");
    }
}
