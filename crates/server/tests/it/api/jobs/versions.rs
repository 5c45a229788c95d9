//! Versions: differences, restoring, publishing.

use serde_json::{Value, json};

use super::{IMPORT, STREAM, job, pointers, project};
use crate::harness::{Kept, Running};

#[tokio::test]
async fn versions_are_compared_and_restored() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let (path, etag) = job(&admin, &project, "copy", STREAM).await;
        let changed = STREAM.replace("\"rowCount\": 10", "\"rowCount\": 20");
        let body = json!({"document": changed, "variables": {"day": "$bizdate"}, "note": "more"});
        let etag = admin.edit("PATCH", &path, &etag, Some(body)).await.etag();

        let diff = admin.get(&format!("{path}/diff?from=1")).await.ok();
        assert_eq!((&diff["from"], &diff["to"]), (&json!(1), &json!(2)));
        let text = diff["text"].as_str().unwrap();
        assert!(text.starts_with("--- version 1\n+++ version 2\n"), "{text}");
        assert_eq!(
            text.lines().filter(|line| line.starts_with("+ ")).count(),
            1,
            "{text}"
        );
        assert_eq!(
            diff["variables"],
            json!([{"name": "day", "before": null, "after": "$bizdate"}])
        );

        let restored = admin
            .edit("POST", &format!("{path}/versions/1/restore"), &etag, None)
            .await;
        let etag = restored.etag();
        let restored = restored.ok();
        assert_eq!(restored["draft"]["number"], 3);
        assert_eq!(restored["draft"]["document"], STREAM);
        assert_eq!(restored["draft"]["note"], "version 1 restored");
        let same = admin.get(&format!("{path}/diff?from=1&to=3")).await.ok();
        assert_eq!(
            (&same["text"], &same["variables"]),
            (&json!(""), &json!([]))
        );

        let listed = admin.get(&format!("{path}/versions?limit=2")).await.ok();
        let numbers = |list: &Value| -> Vec<i64> {
            let items = list["items"].as_array().unwrap();
            items
                .iter()
                .map(|item| item["number"].as_i64().unwrap())
                .collect()
        };
        assert_eq!(numbers(&listed), [3, 2]);
        let cursor = listed["nextCursor"].as_str().unwrap();
        let listed = admin
            .get(&format!("{path}/versions?limit=2&cursor={cursor}"))
            .await
            .ok();
        assert_eq!(numbers(&listed), [1]);
        let second = admin.get(&format!("{path}/versions/2")).await.ok();
        assert_eq!(
            (&second["document"], &second["note"]),
            (&json!(changed), &json!("more"))
        );
        for wrong in ["versions/4", "versions/x", "diff?from=4"] {
            assert_eq!(
                admin.get(&format!("{path}/{wrong}")).await.refused(404),
                "notFound"
            );
        }
        let stale = admin
            .edit("POST", &format!("{path}/versions/1/restore"), "\"1\"", None)
            .await;
        assert_eq!(stale.refused(412), "changed");
        assert_eq!(etag, "\"3\"");
    }
}

#[tokio::test]
async fn only_a_sound_version_is_published() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let (path, etag) = job(&admin, &project, "copy", STREAM).await;
        let publish = format!("{path}/publish");
        let body = json!({"document": IMPORT});
        let etag = {
            let changed = admin.edit("PATCH", &path, &etag, Some(body)).await;
            changed.etag()
        };
        let refused = admin.edit("POST", &publish, &etag, Some(json!({}))).await;
        assert_eq!(refused.refused(422), "invalid");
        assert_eq!(
            pointers(&refused.body),
            [
                "/configuration/reader/parameter/datasource",
                "/configuration/writer/parameter/datasource"
            ]
        );
        let problem = &refused.body["error"]["problems"][0];
        assert_eq!(
            (&problem["line"], &problem["column"]),
            (&json!(7), &json!(23))
        );

        let published = admin
            .edit("POST", &publish, &etag, Some(json!({"version": 1})))
            .await;
        let etag = published.etag();
        let published = published.ok();
        assert_eq!(
            (&published["publishedVersion"], &published["draftVersion"]),
            (&json!(1), &json!(2))
        );
        let missing = admin
            .edit("POST", &publish, &etag, Some(json!({"version": 9})))
            .await;
        assert_eq!(missing.refused(404), "notFound");
        let stale = admin
            .edit("POST", &publish, "\"1\"", Some(json!({"version": 1})))
            .await;
        assert_eq!(stale.refused(412), "changed");
        let audit = admin.get(&format!("{project}/audit")).await.ok();
        assert_eq!(audit["items"][0]["action"], "job.publish");
        assert_eq!(audit["items"][0]["before"]["publishedVersion"], json!(null));
    }
}

#[tokio::test]
async fn what_is_said_at_a_publication_stays_with_the_version() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let (path, etag) = job(&admin, &project, "copy", STREAM).await;
        let publish = format!("{path}/publish");
        let body = json!({"note": "for the night of the move"});
        let published = admin.edit("POST", &publish, &etag, Some(body)).await;
        let etag = published.etag();
        let draft = &published.ok()["draft"];
        assert_eq!(draft["publicationNote"], "for the night of the move");
        assert!(draft["publishedAt"].is_string());
        let listed = admin.get(&format!("{path}/versions")).await.ok();
        assert_eq!(
            listed["items"][0]["publicationNote"],
            "for the night of the move"
        );
        let one = admin.get(&format!("{path}/versions/1")).await.ok();
        assert_eq!(one["publishedAt"], listed["items"][0]["publishedAt"]);
        // A later version has not been published, and says so.
        let body = json!({"document": STREAM.replace("\"rowCount\": 10", "\"rowCount\": 20")});
        let changed = admin.edit("PATCH", &path, &etag, Some(body)).await;
        let etag = changed.etag();
        let draft = &changed.ok()["draft"];
        assert_eq!(
            (&draft["publicationNote"], &draft["publishedAt"]),
            (&json!(""), &Value::Null)
        );
        let long = json!({"note": "x".repeat(1_001)});
        let refused = admin.edit("POST", &publish, &etag, Some(long)).await;
        assert_eq!(refused.refused(422), "invalid");
        assert_eq!(pointers(&refused.body), ["/note"]);
        let again = admin
            .edit("POST", &publish, &etag, Some(json!({"version": 1})))
            .await
            .ok();
        assert_eq!(again["publishedVersion"], 1);
        let one = admin.get(&format!("{path}/versions/1")).await.ok();
        assert_eq!(one["publicationNote"], "", "the last publication counts");
    }
}
