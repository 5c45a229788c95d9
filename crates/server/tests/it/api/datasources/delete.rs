//! What jobs use stays.

use serde_json::json;

use super::{Place, somewhere};
use crate::harness::Kept;

#[tokio::test]
async fn a_datasource_that_jobs_use_stays() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let path = place.add("orders", "postgresql", somewhere()).await;
        place.add("spare", "stream", json!({})).await;
        for statement in [
            "INSERT INTO job (id, project_id, name, name_key, folder, description, owner_id, mode, summary,
                draft_version, published_version, created_at, updated_at, revision)
             SELECT 'job-' || name, project_id, 'nightly_' || name, 'nightly_' || name, '', '', 'x', 'script',
                '{}', 1, NULL, 1, 1, 1
             FROM datasource",
            "INSERT INTO job_datasource (job_id, project_id, datasource)
             SELECT 'job-' || name, project_id, 'orders' FROM datasource",
        ] {
            place.server.execute(statement).await.unwrap();
        }
        let refused = place.admin.edit("DELETE", &path, "\"1\"", None).await;
        assert_eq!(refused.refused(409), "conflict");
        assert_eq!(
            refused.body["error"]["message"],
            "datasource `orders` is used by 2 jobs: `nightly_orders`, `nightly_spare`"
        );
        assert_eq!(place.admin.get(&path).await.ok()["jobCount"], 2);
        let listed = place.admin.get(&place.sources()).await.ok();
        assert_eq!(listed["items"][0]["jobCount"], 2);
        assert_eq!(listed["items"][1]["jobCount"], 0);
        let users = place.admin.get(&format!("{path}/users?limit=1")).await.ok();
        assert_eq!(
            users["items"],
            json!([{"jobId": "job-orders", "jobName": "nightly_orders"}])
        );
        let next = users["nextCursor"].as_str().unwrap();
        let users = place
            .admin
            .get(&format!("{path}/users?cursor={next}"))
            .await;
        assert_eq!(users.ok()["items"][0]["jobName"], "nightly_spare");

        place.server.execute("DELETE FROM job").await.unwrap();
        let gone = place.admin.edit("DELETE", &path, "\"1\"", None).await;
        assert_eq!(gone.status, 204, "{gone:?}");
    }
}
