//! `/api/v1/projects/{project}/alerts`: what becomes of what happens.

mod delivery;
mod quiet;
mod sources;
mod times;
mod triggers;

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::Kept;
use crate::listener::Listener;
use crate::scene::Scene;
use crate::workshop::{Workshop, counting};

/// A scene with a webhook that is listened to.
struct Alerts {
    scene: Scene,
    listener: Listener,
    /// Its id.
    channel: String,
}

impl Alerts {
    async fn start(kept: Kept) -> Alerts {
        let (scene, listener) = (Scene::start(kept).await, Listener::start().await);
        let etag = scene.admin.get("/api/v1/settings").await.etag();
        let settings = json!({"outboundLoopback": true});
        let put = scene
            .admin
            .edit("PUT", "/api/v1/settings", &etag, Some(settings))
            .await;
        assert_eq!(put.status, 200, "{put:?}");
        let body = json!({"name": "hook", "kind": "webhook", "config": {
            "url": listener.url("hook"), "secret": "hunter2-0123456789"}});
        let made = scene
            .admin
            .post(&scene.path("alert-channels"), body)
            .await
            .ok();
        Alerts {
            channel: made["id"].as_str().unwrap().to_string(),
            scene,
            listener,
        }
    }

    /// Makes a rule about everything in the project, unless `more` says otherwise; returns its path.
    async fn rule(&self, triggers: Value, more: Value) -> String {
        let mut body = json!({"name": "night", "object": {"kind": "project"}, "triggers": triggers,
            "channels": [self.channel]});
        for (field, value) in more.as_object().unwrap() {
            body[field] = value.clone();
        }
        let rules = self.scene.path("alert-rules");
        let made = self.scene.admin.post(&rules, body).await.ok();
        format!("{rules}/{}", made["id"].as_str().unwrap())
    }

    fn shop(&self) -> Workshop {
        Workshop {
            owner: self.scene.admin.clone(),
            path: format!("/api/v1/projects/{}", self.scene.project),
        }
    }

    /// Runs a job to its end; returns the run.
    async fn run(&self, job: &str) -> Value {
        let shop = self.shop();
        let run = shop.run(job, json!({})).await;
        shop.ended(&run).await
    }

    /// Waits until the alerts, latest first, are as wanted.
    #[track_caller]
    fn until<'a>(
        &'a self,
        query: &'a str,
        wanted: impl Fn(&[Value]) -> bool + 'a,
    ) -> impl Future<Output = Vec<Value>> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let path = self.scene.path(&format!("alerts?limit=100&{query}"));
            let mut seen = Vec::new();
            for _ in 0..1_200 {
                let list = self.scene.admin.get(&path).await.ok();
                seen = list["items"].as_array().unwrap().clone();
                if wanted(&seen) {
                    return seen;
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            panic!("{place}: {seen:#?}");
        }
    }
}

/// A job of three rows, all of them dirty, that allows so many.
fn dirty(allowed: u32) -> String {
    let setting = json!({"errorLimit": {"record": allowed}});
    counting(3, &setting).replace(
        r#""incr":"1,1"}"#,
        r#""incr":"1,1"},{"expression":"cast(concat('x', id) as bigint)","name":"bad"}"#,
    )
}

/// The kinds of the events of a message.
fn kinds(message: &Value) -> Vec<&str> {
    let events = message["events"].as_array().unwrap();
    events
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect()
}
