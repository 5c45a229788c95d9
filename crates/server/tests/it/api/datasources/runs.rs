//! Runs get the data sources that their job names: with their secrets, on their side, and within the policy.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Database, Place, somewhere};
use crate::harness::Kept;
use crate::workshop::Workshop;

/// A job that reads a value from the datasource `here` and throws it away.
const NAMED: &str = "INSERT INTO job_version (job_id, number, mode, document, variables, note, author_id, created_at)
    VALUES ('job', 1, 'script', '{\"type\": \"job\", \"version\": \"1.0\", \"configuration\": {
        \"reader\": {\"plugin\": \"postgresql\", \"parameter\": {\"datasource\": \"here\", \"querySql\": \"select 1 as a\"}},
        \"writer\": {\"plugin\": \"stream\", \"parameter\": {}}}}', '{}', '', 'x', 1)";

/// A job that reads from an address of its own and writes files of its own. Saving it would be refused, because a
/// password is written down in it, so it does not have the mark of secrets that are kept.
const INLINE: &str = "INSERT INTO job_version (job_id, number, mode, document, variables, note, author_id, created_at)
    VALUES ('job', 1, 'script', '{\"type\": \"job\", \"version\": \"1.0\", \"configuration\": {
        \"reader\": {\"plugin\": \"postgresql\", \"parameter\": {\"querySql\": \"select 1 as a\",
            \"datasource\": {\"jdbcUrl\": \"jdbc:postgresql://169.254.169.254/x\", \"username\": \"u\", \"password\": \"written-down\"}}},
        \"writer\": {\"plugin\": \"file\", \"parameter\": {\"path\": \"/tmp\"}}}}', '{}', '', 'x', 1)";

/// A job that copies a file to a place outside of the root.
const FILES: &str = "INSERT INTO job_version (job_id, number, mode, document, variables, note, author_id, created_at)
    VALUES ('job', 1, 'script', '{\"type\": \"job\", \"version\": \"1.0\", \"configuration\": {
        \"reader\": {\"plugin\": \"file\", \"parameter\": {\"datasource\": \"files\", \"path\": \"a.csv\", \"column\": [\"*\"], \"header\": true}},
        \"writer\": {\"plugin\": \"file\", \"parameter\": {\"datasource\": \"files\", \"path\": \"${place}\", \"fileName\": \"b.csv\"}}}}',
        '{\"place\": \"out\"}', '', 'x', 1)";

impl Place {
    /// Makes a job of one version, published, behind the server's back.
    async fn job(&self, version: &'static str) {
        let job = "INSERT INTO job (id, project_id, name, name_key, folder, description, owner_id, mode, summary,
                draft_version, published_version, created_at, updated_at, revision)
             SELECT 'job', id, 'nightly', 'nightly', '', '', 'x', 'script', '{}', 1, 1, 1, 1, 1 FROM project";
        for statement in [job, version] {
            self.server.execute(statement).await.unwrap();
        }
    }

    /// Runs the job and waits for its end.
    async fn run(&self, body: Value) -> Value {
        let path = format!("{}/jobs/job/runs", self.project);
        let started = self.admin.post(&path, body).await.ok();
        let path = format!("{}/runs/{}", self.project, started["id"].as_str().unwrap());
        let ended = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            loop {
                ticks.tick().await;
                let run = self.admin.get(&path).await.ok();
                if !matches!(run["state"].as_str(), Some("queued" | "running")) {
                    return run;
                }
            }
        };
        let run = tokio::time::timeout(Duration::from_secs(60), ended).await;
        run.expect("the run does not end")
    }
}

fn failure(run: &Value) -> &str {
    assert_eq!(run["state"], "failed", "{run}");
    for secret in ["hunter2", "written-down"] {
        assert!(!run["error"].to_string().contains(secret), "{run}");
    }
    assert!(run["error"]["hint"].is_string(), "{run}");
    run["error"]["message"].as_str().unwrap()
}

#[tokio::test]
async fn a_run_uses_its_side_within_the_policy() {
    let database = Database::new();
    for kept in Kept::BOTH {
        let place = Place::with_mode(kept, "standard").await;
        place.job(NAMED).await;
        let run = place.run(json!({})).await;
        assert_eq!(
            failure(&run),
            "there is no datasource `here` in the project"
        );

        place.add("here", "postgresql", database.config()).await;
        let run = place.run(json!({})).await;
        assert_eq!(
            failure(&run),
            "datasource `here`: host \"127.0.0.1\" may not be reached: it is the server itself"
        );
        place.settings(json!({"outboundLoopback": true})).await;
        let run = place.run(json!({})).await;
        assert_eq!(
            (&run["state"], &run["rowsWritten"]),
            (&json!("succeeded"), &json!(1))
        );

        let run = place.run(json!({"kind": "trial"})).await;
        assert_eq!(
            failure(&run),
            "datasource `here` has no side for development"
        );
        let dev = json!({
            "name": "here", "environment": "dev", "connector": "postgresql", "config": database.config(),
        });
        place.admin.post(&place.sources(), dev).await.ok();
        let run = place.run(json!({"kind": "trial"})).await;
        assert_eq!(run["state"], "succeeded", "{run}");
    }
}

/// Members who may look at a run may not see the passwords of its data sources.
#[tokio::test]
async fn no_secret_stands_in_the_report_or_the_log_of_a_run() {
    let database = Database::new();
    let schema = database
        .schema(&format!(
            "CREATE TABLE words (id bigint PRIMARY KEY, word text); INSERT INTO words VALUES (1, '{}'); \
             CREATE FUNCTION number(word text) RETURNS bigint LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'cannot use %', word; END $$",
            database.password
        ))
        .await;
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        place.settings(json!({"outboundLoopback": true})).await;
        place.add("here", "postgresql", database.config()).await;
        let shop = Workshop {
            owner: place.admin.clone(),
            path: place.project.clone(),
        };
        // The database says whatever a function of its own lets it say, once rows are on their way.
        let query = format!("select {schema}.number(word) as number from {schema}.words");
        let document = json!({"type": "job", "version": "1.0", "configuration": {
            "reader": {"plugin": "postgresql", "parameter": {"datasource": "here", "querySql": query}},
            "writer": {"plugin": "stream", "parameter": {}}}});
        let job = shop.job("quote", &document.to_string()).await;
        let run = shop.run(&job, json!({})).await;
        let ended = shop.ended(&run).await;
        assert_eq!(ended["state"], "failed", "{ended}");
        let told = ended["report"]["error"].as_str().unwrap();
        assert!(told.contains("***"), "{told}");
        assert!(!ended.to_string().contains(&database.password), "{ended}");
        let log = place.admin.get(&format!("{run}/log")).await.ok();
        assert!(!log.to_string().contains(&database.password), "{log}");
    }
}

#[tokio::test]
async fn projects_with_one_environment_have_one_side() {
    let database = Database::new();
    let place = Place::new(Kept::Sqlite).await;
    place.settings(json!({"outboundLoopback": true})).await;
    place.add("here", "postgresql", database.config()).await;
    place.job(NAMED).await;
    let run = place.run(json!({"kind": "trial"})).await;
    assert_eq!(run["state"], "succeeded", "{run}");
    // A source of another kind has the name now.
    let path = place.sources();
    let listed = place.admin.get(&path).await.ok();
    let path = format!("{path}/{}", listed["items"][0]["id"].as_str().unwrap());
    let gone = place.admin.edit("DELETE", &path, "\"1\"", None).await;
    assert_eq!(gone.status, 204, "{gone:?}");
    place.add("hare", "postgresql", somewhere()).await;
    let run = place.run(json!({"kind": "trial"})).await;
    assert_eq!(
        failure(&run),
        "there is no datasource `here` in the project"
    );
    assert_eq!(run["error"]["hint"], "did you mean `hare`?");
}

#[tokio::test]
async fn what_stands_in_the_job_is_held_to_the_same_policy() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        place.job(INLINE).await;
        let run = place.run(json!({})).await;
        let message = failure(&run);
        // Both sides are told at once.
        assert!(
            message.contains("the reader: host \"169.254.169.254\""),
            "{message}"
        );
        assert!(
            message.contains("the writer: files are reached only below"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn files_of_a_job_stay_below_the_root() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let disk = tempfile::tempdir().unwrap();
        let top = disk.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("data")).unwrap();
        fs::write(top.join("data/a.csv"), "id,name\n1,ann\n").unwrap();
        let root = top.join("data").display().to_string();
        place.add("files", "file", json!({"root": root})).await;
        place.job(FILES).await;
        let run = place.run(json!({})).await;
        assert!(failure(&run).contains("lies outside the folders"), "{run}");
        place.settings(json!({"fileRoots": [root]})).await;
        for outside in ["../out", "/tmp/longshore-out", "out/../../x"] {
            let run = place.run(json!({"variables": {"place": outside}})).await;
            let message = failure(&run);
            assert!(message.starts_with("datasource `files`: path"), "{message}");
        }
        let run = place.run(json!({})).await;
        assert_eq!(run["state"], "succeeded", "{run}");
        let written = fs::read_to_string(top.join("data/out/b.csv")).unwrap();
        assert!(written.contains("1,ann"), "{written}");
    }
}

#[tokio::test]
async fn rows_that_failed_on_their_way_and_rows_that_were_refused_are_fed_back_apart() {
    let database = Database::new();
    for (kept, schema) in [
        (Kept::Sqlite, "fed_sqlite"),
        (Kept::PostgreSql, "fed_postgresql"),
    ] {
        let schema = format!("{schema}_{}", std::process::id());
        database
            .execute(&format!(
                "CREATE SCHEMA {schema};
                 CREATE TABLE {schema}.t (id bigint PRIMARY KEY, n text);
                 INSERT INTO {schema}.t VALUES (1, '1'), (2, 'two'), (3, '3');
                 CREATE TABLE {schema}.u (key bigint PRIMARY KEY, m int);
                 INSERT INTO {schema}.u VALUES (3, 0)"
            ))
            .await;
        let place = Place::new(kept).await;
        place.settings(json!({"outboundLoopback": true})).await;
        place.add("here", "postgresql", database.config()).await;
        let shop = Workshop {
            owner: place.admin.clone(),
            path: place.project.clone(),
        };
        let side = |table: &str, columns: Value| {
            let table = format!("{schema}.{table}");
            json!({"plugin": "postgresql", "parameter": {"datasource": "here", "table": table, "column": columns}})
        };
        let document = json!({"type": "job", "version": "1.0", "configuration": {
            "reader": side("t", json!(["id", "n"])), "writer": side("u", json!(["key", "m"]))}});
        let job = shop.job("copy", &document.to_string()).await;
        let run = shop.run(&job, json!({})).await;
        let ended = shop.ended(&run).await;
        assert_eq!(
            (&ended["state"], &ended["rowsDirty"]),
            (&json!("succeeded"), &json!(2)),
            "{ended}"
        );

        // The row that the target refused is still refused, and keeps the target's columns in the next round.
        database
            .execute(&format!("ALTER TABLE {schema}.u ALTER m TYPE text"))
            .await;
        let feed = async |run: &str| {
            let started = place
                .admin
                .post(&format!("{run}/replay"), json!({}))
                .await
                .ok();
            let mut fed = Vec::new();
            for run in started["runs"].as_array().unwrap() {
                let run = format!("{}/runs/{}", shop.path, run["id"].as_str().unwrap());
                let ended = shop.ended(&run).await;
                assert_eq!(ended["state"], "succeeded", "{ended}");
                fed.push((run, ended));
            }
            fed
        };
        let fed = feed(&run).await;
        let figures: Vec<_> = fed
            .iter()
            .map(|(_, run)| (run["rowsWritten"].clone(), run["rowsDirty"].clone()))
            .collect();
        assert_eq!(figures, [(json!(1), json!(0)), (json!(0), json!(1))]);
        database
            .execute(&format!("DELETE FROM {schema}.u WHERE key = 3"))
            .await;
        let fed = feed(&fed[1].0).await;
        assert_eq!(fed.len(), 1);
        assert_eq!(fed[0].1["rowsWritten"], 1);
        let all = format!(
            "DO $$ BEGIN ASSERT (SELECT string_agg(key || m, ' ' ORDER BY key) FROM {schema}.u) = '11 2two 33'; END $$;
             DROP SCHEMA {schema} CASCADE"
        );
        database.execute(&all).await;
    }
}
