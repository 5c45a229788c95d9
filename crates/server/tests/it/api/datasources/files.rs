//! Files are reached below the folders of the administrator and nowhere else.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use super::{Place, pointers};
use crate::harness::Kept;

#[tokio::test]
async fn files_stay_below_their_root() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let disk = tempfile::tempdir().unwrap();
        let top = disk.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("data/in")).unwrap();
        fs::create_dir_all(top.join("other")).unwrap();
        fs::write(top.join("data/in/a.csv"), "id,name\n1,ann\n").unwrap();
        fs::write(top.join("other/secret.csv"), "hunter2\n").unwrap();
        symlink(top.join("other/secret.csv"), top.join("data/in/link.csv")).unwrap();
        symlink(top.join("other"), top.join("data/out")).unwrap();
        let shown = |part: &str| top.join(part).display().to_string();

        let body = json!({"name": "files", "connector": "file", "config": {}});
        let refused = place.admin.post(&place.sources(), body).await;
        assert_eq!(pointers(&refused), ["/config/root"]);

        let path = place
            .add("files", "file", json!({"root": shown("data")}))
            .await;
        let test = format!("{path}/test");
        let report = place.admin.post(&test, json!(null)).await.ok();
        assert_eq!(report["stages"][0]["name"], "policy");
        assert_eq!(report["stages"][0]["failure"]["kind"], "denied");

        place.settings(json!({"fileRoots": [shown("data")]})).await;
        let report = place.admin.post(&test, json!(null)).await.ok();
        assert_eq!(report["passed"], true, "{report}");
        let tables = place.admin.get(&format!("{path}/tables")).await.ok();
        let tables = tables["items"].to_string();
        assert!(tables.contains("in/a.csv"), "{tables}");
        let preview = place
            .admin
            .get(&format!("{path}/preview?table=in/a.csv"))
            .await
            .ok();
        assert_eq!(preview["rows"][0]["name"], "ann");
        for table in [
            "../other/secret.csv",
            "in/../../other/secret.csv",
            "in/link.csv",
            "in/l*.csv",
            "out/secret.csv",
            &shown("other/secret.csv"),
            "/etc/passwd",
        ] {
            for look in ["columns", "preview", "ddl"] {
                let answer = place
                    .admin
                    .get(&format!("{path}/{look}?table={table}"))
                    .await;
                assert_eq!(answer.refused(403), "forbidden", "{look} {table}");
                assert!(!answer.body.to_string().contains("hunter2"));
            }
        }

        for (name, root) in [
            ("elsewhere", shown("other")),
            ("climbing", shown("data/../other")),
            ("linked", shown("data/out")),
            ("everything", "/".to_string()),
            ("relative", "data".to_string()),
        ] {
            let path = place.add(name, "file", json!({"root": root})).await;
            let report = place
                .admin
                .post(&format!("{path}/test"), json!(null))
                .await
                .ok();
            assert_eq!(report["passed"], false, "{name} {report}");
            assert_eq!(
                report["stages"].as_array().unwrap().len(),
                1,
                "{name} {report}"
            );
            let tables = place.admin.get(&format!("{path}/tables")).await;
            assert!(matches!(tables.status, 403 | 422), "{name} {tables:?}");
        }

        // Keys of certificates are files too.
        let config = json!({
            "jdbcUrl": "jdbc:postgresql://192.0.2.1/x", "username": "u", "sslKey": shown("other/secret.csv"),
        });
        let body = json!({"connector": "postgresql", "config": config});
        let report = place
            .admin
            .post(&format!("{}/test", place.sources()), body)
            .await
            .ok();
        assert_eq!(report["stages"][0]["failure"]["kind"], "denied", "{report}");
    }
}
