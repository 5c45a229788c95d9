//! New jobs: what they keep, what is wrong with them, who may make and see them.

use serde_json::json;

use super::{IMPORT, STREAM, job, pointers, project};
use crate::harness::{ADMIN, Kept, Running};

#[tokio::test]
async fn a_job_keeps_its_document_and_tells_what_is_wrong_with_it() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let answer = admin
            .post(
                &format!("{project}/jobs"),
                json!({
                    "name": "Person in", "folder": "/daily/ orders/", "description": "the seed",
                    "mode": "wizard", "document": IMPORT, "variables": {"day": "${yyyymmdd-1}"}, "note": "first",
                }),
            )
            .await;
        assert_eq!((answer.status, answer.etag().as_str()), (201, "\"1\""));
        let made = answer.ok();
        let places: Vec<(&str, u64)> = pointers(&made)
            .into_iter()
            .zip(
                made["problems"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|p| p["line"].as_u64().unwrap_or(0)),
            )
            .collect();
        assert_eq!(
            places,
            [
                ("", 0),
                ("/configuration/reader/parameter/datasource", 7),
                ("/configuration/writer/parameter/datasource", 24),
            ]
        );
        assert_eq!(made["problems"][0]["severity"], "warning");
        assert_eq!(made["problems"][1]["column"], 23);

        let path = format!("{project}/jobs/{}", made["id"].as_str().unwrap());
        let shown = admin.get(&path).await;
        assert_eq!(shown.etag(), "\"1\"");
        let shown = shown.ok();
        assert_eq!(shown["draft"]["document"], IMPORT);
        assert_eq!(shown["draft"]["number"], 1);
        assert_eq!(shown["draft"]["variables"], json!({"day": "${yyyymmdd-1}"}));
        assert_eq!(shown["draft"]["author"]["name"], ADMIN);
        assert_eq!(shown["folder"], "daily/orders");
        assert_eq!(
            shown["source"],
            json!({"connector": "odps", "datasource": "odps_first", "table": "hpg"})
        );
        assert_eq!(shown["target"]["table"], "public.person");
        assert_eq!(shown["publishedVersion"], json!(null));

        let audit = admin.get(&format!("{project}/audit")).await.ok();
        assert_eq!(audit["items"][0]["action"], "job.create");
        assert_eq!(audit["items"][0]["after"]["name"], "Person in");
    }
}

#[tokio::test]
async fn everything_wrong_with_a_form_is_told_at_once() {
    let (_server, admin) = Running::start(Kept::Sqlite).await;
    let project = project(&admin, "sales").await;
    let document = r#"{"configuration": {"reader": {"plugin": "odps", "parameter": {"accessKey": "hunter2"}}}}"#;
    let body = json!({
        "name": "a/b", "folder": "../x", "mode": "script", "document": document, "note": "\u{0}",
        "variables": {"1st": "x", "wrong": "$[yyyy", "db_password": "'hunter2'"},
    });
    let answer = admin.post(&format!("{project}/jobs"), body).await;
    assert_eq!(answer.refused(422), "invalid");
    assert_eq!(
        pointers(&answer.body),
        [
            "/name",
            "/folder",
            "/note",
            "/document/configuration/reader/parameter/accessKey",
            "/variables/1st",
            "/variables/db_password",
            "/variables/wrong",
        ]
    );
    assert_eq!(answer.body["error"]["problems"][3]["line"], 1);
    assert!(!answer.body.to_string().contains("hunter2"));
    let unknown = json!({"name": "a", "mode": "magic", "document": "{}"});
    assert_eq!(
        admin
            .post(&format!("{project}/jobs"), unknown)
            .await
            .refused(422),
        "invalid"
    );
}

#[tokio::test]
async fn names_in_another_case_are_the_same_name() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let (first, second) = (project(&admin, "one").await, project(&admin, "two").await);
        let (path, etag) = job(&admin, &first, "Übersicht", STREAM).await;
        let body = |name: &str| json!({"name": name, "mode": "script", "document": STREAM});
        let twice = admin
            .post(&format!("{first}/jobs"), body("übersicht"))
            .await;
        assert_eq!(twice.refused(409), "conflict");
        assert_eq!(
            admin
                .post(&format!("{second}/jobs"), body("übersicht"))
                .await
                .status,
            201
        );
        let renamed = json!({"name": "ÜBERSICHT"});
        let renamed = admin.edit("PATCH", &path, &etag, Some(renamed)).await.ok();
        assert_eq!(renamed["name"], "ÜBERSICHT");
    }
}

#[tokio::test]
async fn who_may_not_edit_may_look() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let (path, etag) = job(&admin, &project, "copy", STREAM).await;
        for role in ["visitor", "operator", "developer"] {
            let client = server.account(&admin, role).await;
            let member = format!("{project}/members/{role}");
            assert_eq!(admin.put(&member, json!({"role": role})).await.status, 204);
            client.get(&path).await.ok();
            let body = json!({"name": role, "mode": "script", "document": STREAM});
            let made = client.post(&format!("{project}/jobs"), body).await;
            let checked = client
                .post(
                    &format!("{project}/jobs/validate"),
                    json!({"document": "{}"}),
                )
                .await;
            let published = client
                .edit("POST", &format!("{path}/publish"), "\"9\"", Some(json!({})))
                .await;
            let folder = client
                .post(&format!("{project}/folders"), json!({"path": role}))
                .await;
            let statuses = [made.status, checked.status, published.status, folder.status];
            match role {
                "visitor" => assert_eq!(statuses, [403, 403, 403, 403]),
                "developer" => assert_eq!(statuses, [201, 200, 403, 201]),
                _ => assert_eq!(statuses, [403, 403, 412, 403]),
            }
            let deleted = client.edit("DELETE", &path, &etag, None).await;
            assert_eq!(deleted.status, if role == "developer" { 204 } else { 403 });
        }
    }
}

#[tokio::test]
async fn jobs_of_another_project_are_not_there() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let (mine, other) = (
            project(&admin, "mine").await,
            project(&admin, "other").await,
        );
        let (path, etag) = job(&admin, &mine, "copy", STREAM).await;
        let guessed = path.replace(&mine, &other);
        for tail in ["", "/versions", "/versions/1", "/diff?from=1", "/export"] {
            let answer = admin.get(&format!("{guessed}{tail}")).await;
            assert_eq!(answer.refused(404), "notFound", "{tail}");
        }
        for (method, tail, body) in [
            ("PATCH", "", Some(json!({"name": "x"}))),
            ("DELETE", "", None),
            ("POST", "/publish", Some(json!({}))),
            ("POST", "/versions/1/restore", None),
        ] {
            let answer = admin
                .edit(method, &format!("{guessed}{tail}"), &etag, body)
                .await;
            assert_eq!(answer.refused(404), "notFound", "{method} {tail}");
        }
        assert_eq!(admin.get(&path).await.etag(), etag);
    }
}

#[tokio::test]
async fn long_and_deep_documents_do_no_harm() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let project = project(&admin, "sales").await;
        let jobs = format!("{project}/jobs");
        let body = |document: &str| json!({"name": "long", "mode": "script", "document": document});
        let long = admin
            .post(&jobs, body(&"x".repeat(4 * 1024 * 1024 + 1)))
            .await;
        assert_eq!(long.refused(422), "invalid");
        assert_eq!(pointers(&long.body), ["/document"]);
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        let saved = admin.post(&jobs, body(&deep)).await.ok();
        assert_eq!(saved["problems"].as_array().unwrap().len(), 1);
        let path = format!("{jobs}/{}", saved["id"].as_str().unwrap());
        let refused = admin
            .edit("POST", &format!("{path}/publish"), "\"1\"", Some(json!({})))
            .await;
        assert_eq!(refused.refused(422), "invalid");
        let longest = format!("{{\"a\": \"{}\"}}", "x".repeat(4 * 1024 * 1024 - 9));
        let body = json!({"name": "longest", "mode": "script", "document": longest});
        assert_eq!(admin.post(&jobs, body).await.status, 201);
    }
}
