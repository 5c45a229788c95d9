//! Data sources are made with everything that is wrong told at once.

use serde_json::json;

use super::{Place, pointers, somewhere};
use crate::harness::Kept;

#[tokio::test]
async fn a_datasource_is_made_and_listed() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let body = json!({
            "name": "orders_1", "connector": "Postgres", "description": "the shop's orders", "config": somewhere(),
        });
        let made = place.admin.post(&place.sources(), body).await;
        assert_eq!(made.status, 201, "{made:?}");
        assert_eq!(made.etag(), "\"1\"");
        let made = made.body;
        assert_eq!(made["connector"], "postgresql");
        assert_eq!(made["environment"], "prod");
        assert_eq!(made["resourceGroup"], "default");
        assert_eq!(made["state"], "untested");
        assert_eq!(made["address"], "db.example.org");
        assert_eq!(
            made["config"],
            json!({"jdbcUrl": ["jdbc:postgresql://db.example.org/sales"], "username": "etl", "password": null})
        );
        place.add("files_of_stream", "stream", json!({})).await;

        let list = |query: &str| format!("{}?{query}", place.sources());
        let names = async |query: &str| {
            let listed = place.admin.get(&list(query)).await.ok();
            let items = listed["items"].as_array().unwrap().clone();
            let name = |item: &serde_json::Value| item["name"].as_str().unwrap().to_string();
            items.iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(names("").await, ["orders_1", "files_of_stream"]);
        assert_eq!(names("connector=adbpg").await, ["orders_1"]);
        assert_eq!(names("connector=none").await, [""; 0]);
        assert_eq!(names("search=SHOP").await, ["orders_1"]);
        assert_eq!(names("search=s_1").await, ["orders_1"]);
        assert_eq!(names("search=%25").await, [""; 0]);
        assert_eq!(names("environment=dev").await, [""; 0]);
        let first = place.admin.get(&list("limit=1")).await.ok();
        assert!(first["items"][0].get("config").is_none(), "{first}");
        let next = first["nextCursor"].as_str().unwrap();
        assert_eq!(names(&format!("cursor={next}")).await, ["files_of_stream"]);
    }
}

#[tokio::test]
async fn every_problem_is_told_at_its_field() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let body = json!({
            "name": "1st source", "environment": "dev", "connector": "postgres", "resourceGroup": "far",
            "description": "x".repeat(81),
            "config": {"jdbcURL": "x", "sslMode": "never", "connectTimeoutSeconds": "soon"},
        });
        let refused = place.admin.post(&place.sources(), body).await;
        assert_eq!(
            pointers(&refused),
            [
                "/config/connectTimeoutSeconds",
                "/config/jdbcURL",
                "/config/jdbcUrl",
                "/config/sslMode",
                "/description",
                "/environment",
                "/name",
                "/resourceGroup"
            ]
        );
        let body = json!({"name": "a", "connector": "postgre", "config": {}});
        let refused = place.admin.post(&place.sources(), body).await;
        assert_eq!(pointers(&refused), ["/connector"]);
        assert_eq!(
            refused.body["error"]["problems"][0]["hint"],
            "did you mean `postgres`?"
        );
        let vague = json!({"jdbcUrl": "jdbc:postgresql://a#b/c", "username": "etl"});
        let body = json!({"name": "a", "connector": "postgresql", "config": vague});
        let refused = place.admin.post(&place.sources(), body).await;
        assert_eq!(pointers(&refused), ["/config/jdbcUrl"]);
        let long = json!({"jdbcUrl": format!("jdbc:postgresql://a/{}", "x".repeat(70_000))});
        let body = json!({"name": "a", "connector": "postgresql", "config": long});
        let refused = place.admin.post(&place.sources(), body).await;
        assert_eq!(pointers(&refused), ["/config"]);
        for name in ["", "a-b", "ä", &"a".repeat(61)] {
            let body = json!({"name": name, "connector": "stream"});
            let refused = place.admin.post(&place.sources(), body).await;
            assert_eq!(pointers(&refused), ["/name"], "{name}");
        }
        let listed = place.admin.get(&place.sources()).await.ok();
        assert_eq!(listed["items"], json!([]));
    }
}

#[tokio::test]
async fn a_name_is_taken_once_for_each_side() {
    for kept in Kept::BOTH {
        let place = Place::with_mode(kept, "standard").await;
        let body = |environment: &str| json!({"name": "orders", "environment": environment, "connector": "stream"});
        let sources = place.sources();
        for environment in ["prod", "dev"] {
            let made = place.admin.post(&sources, body(environment)).await;
            assert_eq!(made.status, 201, "{made:?}");
            let twice = place.admin.post(&sources, body(environment)).await;
            assert_eq!(twice.refused(409), "conflict");
        }
        let dev = place.admin.get(&format!("{sources}?environment=dev")).await;
        assert_eq!(dev.ok()["items"].as_array().unwrap().len(), 1);
    }
}
