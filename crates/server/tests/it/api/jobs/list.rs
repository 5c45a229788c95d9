//! Jobs by name, folder and search.

use serde_json::json;

use super::{STREAM, names, project};
use crate::harness::{Kept, Running};
use crate::scene::{ENDLESS, QUICK, Scene, WRONG};

#[tokio::test]
async fn jobs_are_listed_by_name_folder_and_search() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let jobs = format!("{project}/jobs");
        for (name, folder) in [
            ("orders", "daily"),
            ("Items", "daily/detail"),
            ("customers", ""),
            ("100%", "daily"),
            ("Äpfel", "daily2"),
        ] {
            let body =
                json!({"name": name, "folder": folder, "mode": "script", "document": STREAM});
            assert_eq!(admin.post(&jobs, body).await.status, 201);
        }
        for (query, wanted) in [
            ("?folder=daily", vec!["100%", "orders"]),
            (
                "?folder=/daily/&below=true",
                vec!["100%", "Items", "orders"],
            ),
            ("?folder=", vec!["customers"]),
            ("?search=ITEM", vec!["Items"]),
            ("?search=%25", vec!["100%"]),
            ("?search=%C3%A4p", vec!["Äpfel"]),
            ("?folder=daily&search=o", vec!["orders"]),
            ("?folder=nowhere", vec![]),
        ] {
            let listed = admin.get(&format!("{jobs}{query}")).await.ok();
            assert_eq!(names(&listed), wanted, "{query}");
        }
        let mut found = Vec::new();
        let mut path = format!("{jobs}?limit=2");
        loop {
            let page = admin.get(&path).await.ok();
            found.extend(names(&page).into_iter().map(str::to_string));
            let Some(cursor) = page["nextCursor"].as_str() else {
                break;
            };
            path = format!("{jobs}?limit=2&cursor={cursor}");
        }
        found.sort();
        assert_eq!(found, ["100%", "Items", "customers", "orders", "Äpfel"]);
        let listed = admin.get(&format!("{jobs}?search=orders")).await.ok();
        let item = &listed["items"][0];
        assert_eq!(item["source"]["connector"], "stream");
        assert_eq!(item["draftVersion"], 1);
        assert!(item.get("draft").is_none());
        assert_eq!(
            admin.get(&format!("{jobs}?folder=..")).await.refused(422),
            "invalid"
        );
        // Null characters are no reason to fail.
        let strange = admin.get(&format!("{jobs}?search=%00")).await;
        assert!([200, 400].contains(&strange.status), "{strange:?}");
        let strange = admin.get(&format!("{jobs}/%00")).await;
        assert!([400, 404].contains(&strange.status), "{strange:?}");
    }
}

#[tokio::test]
async fn jobs_tell_their_last_run_and_their_schedule() {
    for kept in Kept::BOTH {
        let scene = Scene::start(kept).await;
        let [good, bad, never] = [
            scene.job("good", QUICK).await,
            scene.job("bad", WRONG).await,
            scene.job("never", ENDLESS).await,
        ];
        let shop = crate::workshop::Workshop {
            owner: scene.admin.clone(),
            path: scene.path("").trim_end_matches('/').to_string(),
        };
        shop.ended(&shop.run(&good, json!({})).await).await;
        let latest = shop.ended(&shop.run(&good, json!({})).await).await;
        shop.ended(&shop.run(&bad, json!({})).await).await;
        let rule = json!({"cycle": {"kind": "day", "at": "02:30"}, "zone": "Europe/Berlin",
            "generation": "immediately"});
        scene.schedule(&good, rule, json!([])).await;
        let rule = json!({"cycle": {"kind": "day", "at": "03:00"}, "zone": "UTC"});
        let put = scene
            .admin
            .put(&scene.path(&format!("jobs/{never}/schedule")), rule)
            .await;
        assert_eq!(put.status, 200, "{put:?}");

        let list = async |query: &str| {
            let path = scene.path(&format!("jobs?{query}"));
            scene.admin.get(&path).await.ok()
        };
        let all = list("").await;
        assert_eq!(names(&all), ["bad", "good", "never"]);
        let item = &all["items"][1];
        assert_eq!(item["lastRun"]["id"], latest["id"]);
        assert_eq!(item["lastRun"]["state"], "succeeded");
        assert_eq!(item["lastRun"]["endedAt"], latest["endedAt"]);
        assert_eq!(item["schedule"]["id"], good.as_str());
        assert_eq!(item["schedule"]["state"], "active");
        assert_eq!(item["schedule"]["inWords"], "every day at 02:30");
        assert_eq!(item["schedule"]["cron"], "30 2 * * *");
        assert_eq!(item["schedule"]["nextDueAt"], "2026-03-05T01:30:00Z");
        assert_eq!(all["items"][0]["lastRun"]["state"], "failed");
        assert_eq!(all["items"][0]["schedule"], json!(null));
        assert_eq!(all["items"][2]["lastRun"], json!(null));
        assert_eq!(all["items"][2]["schedule"]["state"], "draft");
        assert_eq!(all["items"][2]["schedule"]["nextDueAt"], json!(null));

        let member = scene.server.account(&scene.admin, "dora").await;
        let path = scene.path("members/dora");
        scene.admin.put(&path, json!({"role": "developer"})).await;
        let document = super::IMPORT;
        let body = json!({"name": "import", "mode": "script", "document": document, "folder": "f"});
        assert_eq!(member.post(&scene.path("jobs"), body).await.status, 201);
        for (query, wanted) in [
            ("lastRun=failed", vec!["bad"]),
            ("folder=&lastRun=failed", vec!["bad"]),
            ("lastRun=succeeded", vec!["good"]),
            ("lastRun=never", vec!["import", "never"]),
            ("owner=dora", vec!["import"]),
            ("owner=root&limit=2", vec!["bad", "good"]),
            ("source=stream&lastRun=never", vec!["never"]),
            ("source=odps", vec!["import"]),
            ("target=postgresql", vec!["import"]),
            ("target=odps", vec![]),
            ("source=od_s", vec![]),
            ("folder=f&source=odps&owner=dora&search=MPO", vec!["import"]),
        ] {
            assert_eq!(names(&list(query).await), wanted, "{query}");
        }
    }
}
