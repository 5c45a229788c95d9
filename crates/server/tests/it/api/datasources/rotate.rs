//! `POST /api/v1/settings/rotate-secrets`: a new key takes over without a pause.

use serde_json::json;
use server::KeyRing;

use super::{Database, Place};
use crate::harness::Kept;

#[tokio::test]
async fn secrets_are_sealed_anew() {
    let database = Database::new();
    for kept in Kept::BOTH {
        let old = KeyRing::generate("old").unwrap();
        let new = KeyRing::generate("new").unwrap();
        let both = format!("{}\n{}", old.expose(), new.expose());
        let place = Place::new(kept).await;
        let Place {
            server,
            admin,
            project,
        } = place;
        let server = server.restart_with(old.expose()).await;
        let place = Place {
            admin: admin.at(&server.address),
            server,
            project,
        };
        place.settings(json!({"outboundLoopback": true})).await;
        let path = place.add("here", "postgresql", database.config()).await;
        place.add("made_up", "stream", json!({})).await;
        let channel = json!({"name": "chat", "kind": "slack", "config": {"url": "https://hooks.example.org/hunter2"}});
        let channels = format!("{}/alert-channels", place.project);
        place.admin.post(&channels, channel).await.ok();
        let key = json!({"description": "for the nightly export"});
        let key = place.admin.post("/api/v1/access-keys", key).await.ok();
        let bearer = format!(
            "Bearer {}:{}",
            key["id"].as_str().unwrap(),
            key["secret"].as_str().unwrap()
        );
        let rotate = "/api/v1/settings/rotate-secrets";
        let nothing =
            json!({"accessKeys": 0, "datasources": 0, "alertChannels": 0, "unreadable": []});
        assert_eq!(place.admin.post(rotate, json!(null)).await.ok(), nothing);
        let developer = place.member("developer").await;
        assert_eq!(
            developer.post(rotate, json!(null)).await.refused(403),
            "forbidden"
        );

        let (place, program) = restarted(place, &both, &bearer).await;
        assert_eq!(program.get(&path).await.status, 200);
        let done = place.admin.post(rotate, json!(null)).await.ok();
        assert_eq!(
            done,
            json!({"accessKeys": 1, "datasources": 2, "alertChannels": 1, "unreadable": []})
        );
        assert_eq!(place.admin.post(rotate, json!(null)).await.ok(), nothing);
        assert_eq!(
            place.admin.get(&path).await.etag(),
            "\"1\"",
            "a rotation is no change"
        );

        // The old key is not needed any more, for data sources as for programs.
        let (place, program) = restarted(place, new.expose(), &bearer).await;
        assert_eq!(program.get(&path).await.status, 200);
        let report = place
            .admin
            .post(&format!("{path}/test"), json!(null))
            .await
            .ok();
        assert_eq!(report["passed"], true, "{report}");

        // With a wrong key everything else goes on, and what is lost is said.
        let (place, _) = restarted(place, old.expose(), &bearer).await;
        let done = place.admin.post(rotate, json!(null)).await.ok();
        assert_eq!(done["unreadable"].as_array().unwrap().len(), 4);
        let shown = place.admin.get(&path).await;
        let etag = shown.etag();
        let shown = shown.ok();
        assert!(
            shown["problem"].as_str().unwrap().contains("\"new\""),
            "{shown}"
        );
        let test = format!("{path}/test");
        let refused = place.admin.post(&test, json!(null)).await;
        assert_eq!(refused.refused(409), "conflict");
        let tables = place.admin.get(&format!("{path}/tables")).await;
        assert_eq!(tables.refused(409), "conflict");
        let again = json!({"config": database.config()});
        place
            .admin
            .edit("PATCH", &path, &etag, Some(again))
            .await
            .ok();
        assert_eq!(
            place.admin.post(&test, json!(null)).await.ok()["passed"],
            true
        );
    }
}

/// The same place with other keys, and a program with an access key.
async fn restarted(place: Place, keys: &str, bearer: &str) -> (Place, crate::client::Client) {
    let server = place.server.restart_with(keys).await;
    let admin = place.admin.at(&server.address);
    let program = server.client().with_authorization(bearer);
    let place = Place {
        server,
        admin,
        project: place.project,
    };
    (place, program)
}
