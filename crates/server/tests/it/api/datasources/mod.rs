//! `/api/v1/projects/{project}/datasources`, and what its tests share.

mod browse;
mod change;
mod create;
mod creation;
mod delete;
mod files;
mod rotate;
mod runs;
mod show;
mod test;

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tokio_postgres::NoTls;

use crate::client::{Answer, Client};
use crate::harness::{Kept, Running, postgresql};

/// A server with a project.
pub(crate) struct Place {
    pub(crate) server: Running,
    /// Administers the instance and owns the project.
    pub(crate) admin: Client,
    /// `/api/v1/projects/<id>`
    pub(crate) project: String,
}

impl Place {
    pub(crate) async fn new(kept: Kept) -> Place {
        Place::with_mode(kept, "basic").await
    }

    pub(crate) async fn with_mode(kept: Kept, mode: &str) -> Place {
        let (server, admin) = Running::start(kept).await;
        let body = json!({"name": "sales", "mode": mode});
        let made = admin.post("/api/v1/projects", body).await.ok();
        Place {
            server,
            project: format!("/api/v1/projects/{}", made["id"].as_str().unwrap()),
            admin,
        }
    }

    /// Somebody with a role in the project.
    pub(crate) async fn member(&self, role: &str) -> Client {
        let client = self.server.account(&self.admin, role).await;
        let path = format!("{}/members/{role}", self.project);
        let answer = self.admin.put(&path, json!({"role": role})).await;
        assert_eq!(answer.status, 204, "{answer:?}");
        client
    }

    pub(crate) fn sources(&self) -> String {
        format!("{}/datasources", self.project)
    }

    /// Adds a data source and gives its path.
    pub(crate) async fn add(&self, name: &str, connector: &str, config: Value) -> String {
        let body = json!({"name": name, "connector": connector, "config": config});
        let made = self.admin.post(&self.sources(), body).await.ok();
        format!("{}/{}", self.sources(), made["id"].as_str().unwrap())
    }

    /// Changes the settings of the instance.
    pub(crate) async fn settings(&self, settings: Value) {
        let etag = self.admin.get("/api/v1/settings").await.etag();
        let path = "/api/v1/settings";
        let answer = self.admin.edit("PUT", path, &etag, Some(settings)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

/// The PostgreSQL server of the tests, as a data source reaches it.
pub(crate) struct Database {
    pub(crate) user: String,
    pub(crate) password: String,
    /// `127.0.0.1:5432/postgres`
    pub(crate) place: String,
}

impl Database {
    pub(crate) fn new() -> Database {
        let url = postgresql();
        let (_, rest) = url.split_once("://").unwrap();
        let (login, place) = rest.rsplit_once('@').unwrap();
        let (user, password) = login.split_once(':').unwrap();
        Database {
            user: user.to_string(),
            password: password.to_string(),
            place: place.to_string(),
        }
    }

    pub(crate) fn config(&self) -> Value {
        json!({
            "jdbcUrl": [format!("jdbc:postgresql://{}", self.place)],
            "username": self.user,
            "password": self.password,
        })
    }

    /// A schema of a test's own, in which these statements were run.
    pub(crate) async fn schema(&self, statements: &str) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let schema = format!("tables_{}_{number}", std::process::id());
        self.execute(&format!(
            "CREATE SCHEMA {schema}; SET search_path = {schema}; {statements}"
        ))
        .await;
        schema
    }

    /// The only value of a query.
    pub(crate) async fn value(&self, query: &str) -> String {
        let (client, connection) = tokio_postgres::connect(&postgresql(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client.query_one(query, &[]).await.unwrap().get(0)
    }

    /// Runs statements as the superuser.
    pub(crate) async fn execute(&self, statements: &str) {
        let (client, connection) = tokio_postgres::connect(&postgresql(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(statements).await.unwrap();
    }
}

/// The problems of a refused form: pointers, sorted.
pub(crate) fn pointers(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.refused(422), "invalid");
    let problems = answer.body["error"]["problems"].as_array().unwrap();
    let pointer = |problem: &Value| problem["pointer"].as_str().unwrap().to_string();
    let mut pointers: Vec<String> = problems.iter().map(pointer).collect();
    pointers.sort();
    pointers
}

/// The settings of a database that nobody asks.
pub(crate) fn somewhere() -> Value {
    json!({"jdbcUrl": ["jdbc:postgresql://db.example.org/sales"], "username": "etl", "password": "hunter2-a"})
}
