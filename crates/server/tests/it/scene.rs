//! A server with a project whose jobs are scheduled under a clock that tests move.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::client::Client;
use crate::harness::{ADMIN, Kept, Running};

/// A job that copies ten rows to nowhere.
pub(crate) const QUICK: &str = r#"{"type": "job", "version": "1.0", "configuration": {
    "reader": {"plugin": "stream", "parameter": {"rowCount": 10, "column": [{"name": "day", "value": "${bizdate}"}]}},
    "writer": {"plugin": "stream", "parameter": {}}}}"#;

/// A job that goes on until it is stopped.
pub(crate) const ENDLESS: &str = r#"{"type": "job", "version": "1.0", "configuration": {
    "reader": {"plugin": "stream", "parameter": {"rowCount": 1000000000, "column": [{"name": "id", "type": "long", "incr": "1,1"}]}},
    "writer": {"plugin": "stream", "parameter": {}},
    "setting": {"speed": {"concurrent": 1, "throttle": true, "mbps": 1}}}}"#;

/// A job that fails.
pub(crate) const WRONG: &str = r#"{"type": "job", "version": "1.0", "configuration": {
    "reader": {"plugin": "stream", "parameter": {"rowCount": 10, "column": [
        {"name": "id", "type": "long", "incr": "1,1"}, {"expression": "cast('x' as bigint)", "name": "bad"}]}},
    "writer": {"plugin": "stream", "parameter": {}},
    "setting": {"errorLimit": {"record": 0}}}}"#;

pub(crate) struct Scene {
    pub(crate) server: Running,
    pub(crate) admin: Client,
    pub(crate) project: String,
}

impl Scene {
    pub(crate) async fn start(kept: Kept) -> Scene {
        let (server, admin) = Running::start(kept).await;
        Scene::of(server, admin).await
    }

    /// A project on a server.
    pub(crate) async fn of(server: Running, admin: Client) -> Scene {
        let project = admin
            .post("/api/v1/projects", json!({"name": "sales"}))
            .await;
        Scene {
            project: project.ok()["id"].as_str().unwrap().to_string(),
            server,
            admin,
        }
    }

    /// A path in the project.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/v1/projects/{}/{rest}", self.project)
    }

    /// Moves the clock. Sessions end meanwhile, so the administrator signs in again.
    pub(crate) async fn at(&mut self, time: &str) {
        let time: DateTime<Utc> = time.parse().unwrap();
        self.server.clock.set(time);
        self.admin = self.server.sign_in(ADMIN).await;
    }

    /// A published job; returns its id.
    pub(crate) async fn job(&self, name: &str, document: &str) -> String {
        let body = json!({"name": name, "mode": "script", "document": document, "variables": {"bizdate": "$bizdate"}});
        let made = self.admin.post(&self.path("jobs"), body).await;
        assert_eq!(made.status, 201, "{made:?}");
        let id = made.body["id"].as_str().unwrap().to_string();
        let publish = self.path(&format!("jobs/{id}/publish"));
        let published = self
            .admin
            .edit("POST", &publish, &made.etag(), Some(json!({})))
            .await;
        assert_eq!(published.status, 200, "{published:?}");
        id
    }

    /// Puts and submits the schedule of a job.
    pub(crate) async fn schedule(&self, job: &str, rule: Value, dependencies: Value) -> Value {
        let path = self.path(&format!("jobs/{job}/schedule"));
        let put = match self.admin.get(&path).await {
            none if none.status == 404 => self.admin.put(&path, rule).await,
            other if other.status != 200 => panic!("{other:?}"),
            found => {
                self.admin
                    .edit("PUT", &path, &found.etag(), Some(rule))
                    .await
            }
        };
        assert_eq!(put.status, 200, "{put:?}");
        let mut etag = put.etag();
        if dependencies != json!([]) {
            let body = json!({"dependencies": dependencies});
            let put = self
                .admin
                .edit("PUT", &format!("{path}/dependencies"), &etag, Some(body))
                .await;
            etag = put.etag();
            put.ok();
        }
        self.admin
            .edit("POST", &format!("{path}/submit"), &etag, None)
            .await
            .ok()
    }

    /// Waits until the answer at a path is as wanted.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) {
        let begun = Instant::now();
        while !wanted(&self.admin.get(path).await.body) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{path}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Instances, latest first.
    pub(crate) async fn instances(&self, query: &str) -> Vec<Value> {
        let path = self.path(&format!("instances?limit=500&{query}"));
        let list = self.admin.get(&path).await.ok();
        list["items"].as_array().unwrap().clone()
    }

    /// The scheduled times and states of a job's instances, oldest first.
    pub(crate) async fn states(&self, job: &str) -> Vec<String> {
        let mut states: Vec<String> = self
            .instances(&format!("job={job}"))
            .await
            .iter()
            .map(|one| {
                let text = |field: &str| one[field].as_str().unwrap().to_string();
                format!("{} {}", &text("cycleAt")[5..16], text("state"))
            })
            .collect();
        states.sort();
        states
    }

    /// Waits until the states of a job's instances are these.
    #[track_caller]
    pub(crate) fn until_states<'a>(
        &'a self,
        job: &'a str,
        expected: &'a [&'a str],
    ) -> impl Future<Output = ()> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let begun = Instant::now();
            loop {
                let states = self.states(job).await;
                if states == expected {
                    return;
                }
                assert!(
                    begun.elapsed() < Duration::from_secs(60),
                    "{place}: {states:?} did not become {expected:?}: {:#?}",
                    self.instances(&format!("job={job}")).await
                );
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    /// One instance of a job.
    pub(crate) async fn instance(&self, job: &str, cycle_at: &str) -> Value {
        let all = self.instances(&format!("job={job}")).await;
        let found = all.into_iter().find(|one| one["cycleAt"] == cycle_at);
        let id = found.expect(cycle_at)["id"].as_str().unwrap().to_string();
        self.admin
            .get(&self.path(&format!("instances/{id}")))
            .await
            .ok()
    }

    /// Does something with an instance of a job.
    pub(crate) async fn act(
        &self,
        job: &str,
        cycle_at: &str,
        verb: &str,
        body: Value,
    ) -> crate::client::Answer {
        let id = self.instance(job, cycle_at).await["id"]
            .as_str()
            .unwrap()
            .to_string();
        self.admin
            .post(&self.path(&format!("instances/{id}/{verb}")), body)
            .await
    }
}
