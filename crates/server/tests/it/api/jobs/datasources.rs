//! Jobs and the data sources that they name.

use serde_json::{Value, json};

use super::{STREAM, pointers};
use crate::api::datasources::Place;
use crate::harness::Kept;

/// A document that reads from a data source.
fn reading(name: &str) -> String {
    let named = format!("\"parameter\": {{\"datasource\": \"{name}\", \"column\"");
    STREAM.replacen("\"parameter\": {\"column\"", &named, 1)
}

async fn job_count(place: &Place, source: &str) -> Value {
    place.admin.get(source).await.ok()["jobCount"].clone()
}

#[tokio::test]
async fn what_draft_and_published_version_name_is_in_use() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let first = place.add("first", "stream", json!({})).await;
        let second = place.add("second", "stream", json!({})).await;
        let (path, etag) =
            super::job(&place.admin, &place.project, "copy", &reading("first")).await;
        assert_eq!(job_count(&place, &first).await, 1);
        let published = place
            .admin
            .edit("POST", &format!("{path}/publish"), &etag, Some(json!({})))
            .await;
        let etag = published.etag();
        assert_eq!(published.ok()["problems"], json!([]));

        // The draft leaves the first one, the published version stays with it.
        let body = json!({"document": reading("second")});
        let etag = place
            .admin
            .edit("PATCH", &path, &etag, Some(body))
            .await
            .etag();
        assert_eq!(job_count(&place, &first).await, 1);
        assert_eq!(job_count(&place, &second).await, 1);
        let kept = place.admin.edit("DELETE", &first, "\"1\"", None).await;
        assert_eq!(kept.refused(409), "conflict");

        let etag = place
            .admin
            .edit("POST", &format!("{path}/publish"), &etag, Some(json!({})))
            .await
            .etag();
        assert_eq!(job_count(&place, &first).await, 0);
        let gone = place.admin.edit("DELETE", &first, "\"1\"", None).await;
        assert_eq!(gone.status, 204, "{gone:?}");
        assert_eq!(
            place.admin.edit("DELETE", &path, &etag, None).await.status,
            204
        );
        assert_eq!(job_count(&place, &second).await, 0);
    }
}

#[tokio::test]
async fn drafts_are_tried_in_development_and_published_for_production() {
    for kept in Kept::BOTH {
        let place = Place::with_mode(kept, "standard").await;
        let dev =
            json!({"name": "rows", "environment": "dev", "connector": "stream", "config": {}});
        place.admin.post(&place.sources(), dev).await.ok();
        let body = json!({"name": "copy", "mode": "script", "document": reading("rows")});
        let made = place
            .admin
            .post(&format!("{}/jobs", place.project), body)
            .await;
        let etag = made.etag();
        let made = made.ok();
        assert_eq!(made["problems"], json!([]));
        let path = format!("{}/jobs/{}", place.project, made["id"].as_str().unwrap());
        let publish = format!("{path}/publish");
        let refused = place
            .admin
            .edit("POST", &publish, &etag, Some(json!({})))
            .await;
        assert_eq!(refused.refused(422), "invalid");
        assert_eq!(
            pointers(&refused.body),
            ["/configuration/reader/parameter/datasource"]
        );
        assert_eq!(
            refused.body["error"]["problems"][0]["message"],
            "datasource `rows` has no side for production"
        );
        let check = json!({"document": reading("rows"), "forProduction": true});
        let validate = format!("{}/jobs/validate", place.project);
        assert_eq!(
            place.admin.post(&validate, check).await.ok()["isValid"],
            false
        );

        place.add("rows", "stream", json!({})).await;
        let published = place
            .admin
            .edit("POST", &publish, &etag, Some(json!({})))
            .await;
        assert_eq!(published.ok()["publishedVersion"], 1);
    }
}

#[tokio::test]
async fn names_and_types_of_data_sources_are_compared() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        place.add("Rows_of_Today", "stream", json!({})).await;
        place.add("files", "file", json!({"root": "/tmp"})).await;
        let validate = format!("{}/jobs/validate", place.project);
        for (name, message, hint) in [
            (
                "rows_of_today",
                "there is no datasource `rows_of_today`",
                "did you mean `Rows_of_Today`?",
            ),
            (
                "files",
                "datasource `files` is of type `file`, the plugin is `stream`",
                "name a datasource of the plugin's type, or change the plugin",
            ),
            (
                "elsewhere",
                "there is no datasource `elsewhere`",
                "this project has `Rows_of_Today`, `files`",
            ),
        ] {
            let report = place
                .admin
                .post(&validate, json!({"document": reading(name)}))
                .await
                .ok();
            let problems = report["problems"].as_array().unwrap();
            assert_eq!(problems.len(), 1, "{report}");
            assert_eq!(problems[0]["message"], message);
            assert_eq!(problems[0]["hint"], hint);
            assert_eq!(problems[0]["line"], 6);
        }
        let report = place
            .admin
            .post(&validate, json!({"document": reading("Rows_of_Today")}))
            .await
            .ok();
        assert_eq!(report["isValid"], true, "{report}");
    }
}
