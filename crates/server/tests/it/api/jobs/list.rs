//! Jobs by name, folder and search.

use serde_json::json;

use super::{STREAM, names, project};
use crate::harness::{Kept, Running};

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
