//! Who sees what of a data source.

use serde_json::json;

use super::{Database, Place, somewhere};
use crate::client::Client;
use crate::harness::Kept;

#[tokio::test]
async fn people_use_what_they_cannot_read() {
    let database = Database::new();
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        place.settings(json!({"outboundLoopback": true})).await;
        let path = place.add("orders", "postgresql", database.config()).await;
        let administrator = place.member("administrator").await;
        let seen = administrator.get(&path).await.ok();
        assert_eq!(seen["config"]["username"], database.user);
        for role in ["developer", "operator", "deployer", "visitor"] {
            let member = place.member(role).await;
            let seen = member.get(&path).await.ok();
            assert_eq!(seen["name"], "orders");
            assert_eq!(seen["connector"], "postgresql");
            let listed = member.get(&place.sources()).await.ok();
            for shown in [&seen, &listed["items"][0]] {
                assert!(shown.get("config").is_none(), "{role}: {shown}");
                assert!(shown.get("address").is_none(), "{role}: {shown}");
            }
            refused_to_manage(&member, &place, &path).await;

            let tests = matches!(role, "developer" | "operator");
            let tested = member.post(&format!("{path}/test"), json!(null)).await;
            assert_eq!(tested.status, if tests { 200 } else { 403 }, "{role}");
            let seen = member.get(&path).await.ok();
            assert_eq!(seen["state"], "passed");
            assert_eq!(seen.get("lastTest").is_some(), tests, "{role}: {seen}");
            assert!(
                tests || !seen.to_string().contains("127.0.0.1"),
                "{role}: {seen}"
            );

            let previews = role == "developer";
            for (look, allowed) in [
                ("tables", tests),
                ("columns?table=pg_class", tests),
                ("ddl?table=pg_class", tests),
                ("preview?table=pg_class", previews),
            ] {
                let answer = member.get(&format!("{path}/{look}")).await;
                let wanted = if allowed { 200 } else { 403 };
                assert_eq!(answer.status, wanted, "{role} {look}");
            }
        }
    }
}

async fn refused_to_manage(member: &Client, place: &Place, path: &str) {
    let change = json!({"description": "mine"});
    let form = json!({"name": "b", "connector": "stream"});
    let unsaved = json!({"connector": "stream"});
    for answer in [
        member.edit("PATCH", path, "\"1\"", Some(change)).await,
        member.edit("DELETE", path, "\"1\"", None).await,
        member.post(&place.sources(), form).await,
        member
            .post(&format!("{}/test", place.sources()), unsaved)
            .await,
    ] {
        assert_eq!(answer.refused(403), "forbidden");
    }
}

async fn everything(client: &Client, path: &str) -> Vec<u16> {
    let edit = json!({"description": "x"});
    let mut answers = vec![
        client.get(path).await.status,
        client.edit("PATCH", path, "\"1\"", Some(edit)).await.status,
        client.edit("DELETE", path, "\"1\"", None).await.status,
        client
            .post(&format!("{path}/test"), json!(null))
            .await
            .status,
    ];
    for rest in [
        "users",
        "tables",
        "columns?table=t",
        "preview?table=t",
        "ddl?table=t",
    ] {
        answers.push(client.get(&format!("{path}/{rest}")).await.status);
    }
    answers
}

#[tokio::test]
async fn ids_of_other_projects_are_unknown() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let path = place.add("orders", "postgresql", somewhere()).await;
        let id = path.rsplit('/').next().unwrap();

        // Who is no member learns nothing, not even of the project.
        let stranger = place.server.account(&place.admin, "stranger").await;
        assert_eq!(everything(&stranger, &path).await, [404; 9]);
        assert_eq!(stranger.get(&place.sources()).await.status, 404);

        // Nor does the owner of another project.
        let other = json!({"name": "other"});
        let other = place.admin.post("/api/v1/projects", other).await.ok();
        let other = format!("/api/v1/projects/{}", other["id"].as_str().unwrap());
        let guessed = format!("{other}/datasources/{id}");
        assert_eq!(everything(&place.admin, &guessed).await, [404; 9]);
        let form = json!({"datasource": id, "connector": "postgresql", "config": somewhere()});
        let borrowed = place
            .admin
            .post(&format!("{other}/datasources/test"), form)
            .await;
        assert_eq!(borrowed.refused(404), "notFound");
        assert_eq!(place.admin.get(&path).await.status, 200);
    }
}
