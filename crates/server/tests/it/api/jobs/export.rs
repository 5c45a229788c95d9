//! Documents on their way out.

use serde_json::json;

use super::{STREAM, job, project};
use crate::harness::{Kept, Running};

#[tokio::test]
async fn any_version_is_exported_as_it_was_written() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let (path, etag) = job(&admin, &project, "Äpfel \"1\"", STREAM).await;
        let datax = r#"{"job": {"content": [{"reader": {"name": "streamreader", "parameter":
            {"column": [{"type": "long"}], "sliceRecordCount": 1}}, "writer": {"name": "streamwriter", "parameter": {}}}],
            "setting": {"speed": {"channel": 2}}}} # the end"#;
        let changed = admin
            .edit("PATCH", &path, &etag, Some(json!({"document": datax})))
            .await;
        assert_eq!(changed.status, 200);

        let first = admin
            .get(&format!("{path}/export?format=original&version=1"))
            .await;
        assert_eq!(first.body, STREAM);
        let disposition = first.headers["content-disposition"].to_str().unwrap();
        assert_eq!(
            disposition,
            "attachment; filename=\"_pfel__1_.json\"; filename*=UTF-8''%C3%84pfel%20%221%22.json"
        );
        let original = admin.get(&format!("{path}/export?format=original")).await;
        assert_eq!(original.body, datax);
        let converted = admin.get(&format!("{path}/export")).await;
        let text = converted.body.as_str().unwrap();
        assert!(
            text.contains("\"configuration\"") && text.contains("# the end"),
            "{text}"
        );
        assert_eq!(
            admin
                .get(&format!("{path}/export?version=5"))
                .await
                .refused(404),
            "notFound"
        );
        assert_eq!(
            admin
                .get(&format!("{path}/export?format=zip"))
                .await
                .refused(400),
            "badRequest"
        );

        let (path, _) = job(&admin, &project, "broken", "{").await;
        assert_eq!(
            admin.get(&format!("{path}/export")).await.refused(422),
            "invalid"
        );
        assert_eq!(
            admin
                .get(&format!("{path}/export?format=original"))
                .await
                .body,
            "{"
        );
    }
}
