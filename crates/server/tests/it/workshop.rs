//! A project with jobs to run, and what tests wait for.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;

/// A project and somebody who may do everything in it.
pub(crate) struct Workshop {
    pub(crate) owner: Client,
    /// `/api/v1/projects/…`
    pub(crate) path: String,
}

/// Rows of one number from 1 on, thrown away at the end; `setting` is the job's.
pub(crate) fn counting(rows: u32, setting: &Value) -> String {
    json!({
        "type": "job", "version": "1.0",
        "configuration": {
            "reader": {"plugin": "stream", "parameter": {"rowCount": rows, "column": [
                {"name": "id", "type": "long", "incr": "1,1"}]}},
            "writer": {"plugin": "stream", "parameter": {}},
            "setting": setting,
        }
    })
    .to_string()
}

impl Workshop {
    pub(crate) async fn new(owner: &Client, name: &str) -> Workshop {
        let made = owner
            .post("/api/v1/projects", json!({"name": name}))
            .await
            .ok();
        Workshop {
            owner: owner.clone(),
            path: format!("/api/v1/projects/{}", made["id"].as_str().unwrap()),
        }
    }

    /// The same workshop at another server of its store.
    pub(crate) fn at(&self, address: &str) -> Workshop {
        Workshop {
            owner: self.owner.at(address),
            path: self.path.clone(),
        }
    }

    /// Creates and publishes a job; returns its id.
    pub(crate) async fn job(&self, name: &str, document: &str) -> String {
        let body = json!({"name": name, "mode": "script", "document": document});
        let made = self.owner.post(&format!("{}/jobs", self.path), body).await;
        let etag = made.etag();
        let made = made.ok();
        let id = made["id"].as_str().unwrap().to_string();
        let path = format!("{}/jobs/{id}/publish", self.path);
        let published = self.owner.edit("POST", &path, &etag, Some(json!({}))).await;
        assert_eq!(published.status, 200, "{published:?}");
        id
    }

    /// Asks for a run; returns its path.
    pub(crate) async fn run(&self, job: &str, body: Value) -> String {
        let path = format!("{}/jobs/{job}/runs", self.path);
        let started = self.owner.post(&path, body).await;
        assert_eq!(started.status, 202, "{started:?}");
        let id = started.body["id"].as_str().unwrap();
        format!("{}/runs/{id}", self.path)
    }

    /// Waits until a run is as wanted.
    pub(crate) async fn until(&self, run: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..1_200 {
            let seen = self.owner.get(run).await.ok();
            if wanted(&seen) {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{}", self.owner.get(run).await.ok());
    }

    /// Waits until a run has ended.
    pub(crate) async fn ended(&self, run: &str) -> Value {
        self.until(run, |seen| seen["endedAt"].is_string()).await
    }
}
