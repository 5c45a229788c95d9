//! Documents from elsewhere.

use serde_json::{Value, json};

use super::{EXPORT, IMPORT, names, pointers, project};
use crate::harness::{Kept, Running};

const DATAX: &str = r#"{
  "job": {
    "content": [{
      // from the shop
      "reader": {"name": "postgresqlreader", "parameter": {
        "username": "reader", "password": "hunter2", "column": ["*"],
        "connection": [{"jdbcUrl": ["jdbc:postgresql://127.0.0.1:5432/shop"], "table": ["orders"]}]
      }},
      "writer": {"name": "odpswriter", "parameter": {
        "accessId": "id", "accessKey": "hunter2", "project": "lake", "odpsServer": "http://127.0.0.1/api",
        "table": "orders", "column": ["*"], "truncate": true
      }}
    }],
    "setting": {"speed": {"channel": 3}}
  }
}"#;

#[tokio::test]
async fn the_seeds_documents_come_in_and_go_out_byte_for_byte() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let body = json!({"folder": "seed", "jobs": [
            {"name": "import", "document": IMPORT}, {"name": "export", "document": EXPORT},
        ]});
        let answer = admin.post(&format!("{project}/jobs/import"), body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let jobs = answer.ok()["jobs"].clone();
        for (job, document) in jobs.as_array().unwrap().iter().zip([IMPORT, EXPORT]) {
            assert_eq!(job["warnings"], json!([]));
            assert_eq!(job["problems"].as_array().unwrap().len(), 2);
            assert_eq!(job["job"]["mode"], "script");
            let path = format!("{project}/jobs/{}", job["job"]["id"].as_str().unwrap());
            for format in ["original", "longshore"] {
                let file = admin.get(&format!("{path}/export?format={format}")).await;
                assert_eq!(file.headers["content-type"], "text/plain; charset=utf-8");
                assert_eq!(file.body, document, "{format}");
            }
        }
        let listed = admin.get(&format!("{project}/jobs?folder=seed")).await.ok();
        assert_eq!(names(&listed), ["export", "import"]);
    }
}

#[tokio::test]
async fn datax_documents_are_converted_and_their_passwords_stay_outside() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let import = format!("{project}/jobs/import");
        let refused = admin
            .post(
                &import,
                json!({"jobs": [{"name": "shop", "document": DATAX}]}),
            )
            .await;
        assert_eq!(refused.refused(422), "invalid");
        assert_eq!(
            pointers(&refused.body),
            [
                "/jobs/0/document/job/content/0/reader/parameter/password",
                "/jobs/0/document/job/content/0/writer/parameter/accessKey",
            ]
        );
        let problem = &refused.body["error"]["problems"][0];
        assert_eq!(
            (&problem["line"], &problem["column"]),
            (&json!(6), &json!(43))
        );
        assert!(!refused.body.to_string().contains("hunter2"));

        let body = json!({"jobs": [{"name": "shop", "document": DATAX,
            "datasources": {"reader": "shop", "writer": "lake"}}]});
        let made = admin.post(&import, body).await.ok();
        let job = &made["jobs"][0];
        assert_eq!(
            job["job"]["source"],
            json!({"connector": "postgresql", "datasource": "shop", "table": "orders"})
        );
        assert_eq!(job["job"]["target"]["datasource"], "lake");
        let path = format!("{project}/jobs/{}", job["job"]["id"].as_str().unwrap());
        let file = admin.get(&format!("{path}/export")).await;
        let text = file.text();
        assert!(
            text.contains("// from the shop") && text.contains("\"concurrent\": 3"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
        let datax = admin.get(&format!("{path}/export?format=datax")).await;
        assert_eq!(datax.status, 200, "{datax:?}");
        let again = json!({"jobs": [{"name": "again", "document": datax.text(),
            "datasources": {"reader": "shop", "writer": "lake"}}]});
        let again = admin.post(&import, again).await.ok();
        let again = format!(
            "{project}/jobs/{}",
            again["jobs"][0]["job"]["id"].as_str().unwrap()
        );
        let meaning = async |path: &str| {
            let file = admin.get(&format!("{path}/export")).await;
            let text = file.text();
            let lines = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            serde_json::from_str::<Value>(&lines.collect::<String>()).unwrap()
        };
        assert_eq!(meaning(&again).await, meaning(&path).await);
    }
}

#[tokio::test]
async fn all_documents_come_in_or_none() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let import = format!("{project}/jobs/import");
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        let body = json!({"jobs": [
            {"name": "good", "document": IMPORT},
            {"name": "", "document": IMPORT},
            {"name": "broken", "document": "{\n  \"job\": }"},
            {"name": "deep", "document": deep},
            {"name": "nothing", "document": "{\"colour\": 1}"},
            {"name": "list", "document": "[1]"},
            {"name": "variables", "document": IMPORT, "variables": {"a": "$[x"}},
        ]});
        let refused = admin.post(&import, body).await;
        assert_eq!(refused.refused(422), "invalid");
        let found = pointers(&refused.body);
        for wanted in [
            "/jobs/1/name",
            "/jobs/2/document",
            "/jobs/3/document",
            "/jobs/4/document",
            "/jobs/5/document",
            "/jobs/6/variables/a",
        ] {
            assert!(found.contains(&wanted), "{wanted} is not in {found:?}");
        }
        assert!(
            !found.iter().any(|pointer| pointer.starts_with("/jobs/0")),
            "{found:?}"
        );
        let listed = admin.get(&format!("{project}/jobs")).await.ok();
        assert_eq!(listed["items"], json!([]));
        for wrong in [
            json!({"jobs": []}),
            json!({"jobs": [{"name": "x", "document": {"job": {}}}]}),
        ] {
            assert_eq!(admin.post(&import, wrong).await.refused(422), "invalid");
        }
        let many: Vec<Value> = (0..101)
            .map(|number| json!({"name": number.to_string(), "document": "{}"}))
            .collect();
        assert_eq!(
            admin
                .post(&import, json!({"jobs": many}))
                .await
                .refused(422),
            "invalid"
        );
    }
}

#[tokio::test]
async fn names_that_are_taken_are_numbered_only_when_asked() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let import = format!("{project}/jobs/import");
        let body = |rename: bool| {
            json!({"rename": rename, "jobs": [
                {"name": "Copy", "document": IMPORT}, {"name": "other", "document": IMPORT},
                {"name": "copy", "document": EXPORT},
            ]})
        };
        let twice = admin.post(&import, body(false)).await;
        assert_eq!(twice.refused(409), "conflict");
        assert_eq!(pointers(&twice.body), ["/jobs/2/name"]);
        admin.post(&import, body(true)).await.ok();
        let again = admin.post(&import, body(false)).await;
        assert_eq!(
            pointers(&again.body),
            ["/jobs/0/name", "/jobs/1/name", "/jobs/2/name"]
        );
        admin.post(&import, body(true)).await.ok();
        let listed = admin.get(&format!("{project}/jobs")).await.ok();
        let mut all = names(&listed);
        all.sort_unstable();
        assert_eq!(
            all,
            ["Copy", "Copy_3", "copy_2", "copy_4", "other", "other_2"]
        );
    }
}
