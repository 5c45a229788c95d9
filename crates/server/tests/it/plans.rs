//! How the databases do every statement of the store: by an index, without sorting what they find.
//!
//! The statements are read from the sources of the store, so a new one is looked at without being named here.

use std::fs;
use std::path::Path;

use serde_json::json;
use sqlx::{AnyConnection, AssertSqlSafe, Executor, Row};

use crate::fill::{Fill, connect, fill};
use crate::harness::{Kept, Running, start_of_time};

/// Tables of a few rows; PostgreSQL reads such a one as a whole where it is joined.
const SMALL: [&str; 8] = [
    "account",
    "calendar",
    "folder",
    "member",
    "project",
    "resource_group",
    "server",
    "setting",
];

/// Statements that may scan or sort: the beginning of one, and how little it is.
#[rustfmt::skip]
const MAY: [(&str, &str); 19] = [
    ("SELECT count(*) FROM account", "the accounts, when one loses its rights or the first is made"),
    ("SELECT job_id, bizdate, state, count(*) AS count FROM instance WHERE backfill_id", "one backfill, at most 10,000"),
    ("SELECT job_id, is_missed, count(*) FROM instance WHERE state IN ('queued', 'running')", "what is under way"),
    ("SELECT m.account_id, a.name", "the members of one project"),
    ("SELECT DISTINCT i.job_id FROM instance i", "what came due in an outage"),
    ("SELECT cycle_at FROM instance", "what of one job came due in an outage"),
    ("SELECT DISTINCT j.id, j.name FROM schedule_dependency d", "the neighbours of one schedule"),
    ("SELECT s.job_id, j.name AS job_name, d.kind", "the neighbours of one schedule"),
    ("SELECT group_id, rule_id, min(ready_at) AS ready_at", "what is to be told now"),
    ("SELECT count(*) FROM lineage_event", "what is still to be sent, three days at most"),
    ("SELECT e.id, e.run_id, e.event, e.attempts FROM lineage_event", "what is still to be sent, three days at most"),
    ("SELECT j.name AS job_name, s.rule", "the schedules of one project, when a resource group or calendar is changed"),
    ("DELETE FROM server WHERE heartbeat_at", "the servers"),
    ("SELECT * FROM alert WHERE state IN ('waiting', 'sending')", "what is still to be sent"),
    ("SELECT b.id FROM backfill b WHERE b.state = 'running'", "the backfills under way"),
    ("SELECT id, fence FROM run", "the runs under way"),
    ("UPDATE run SET takeovers", "the events of one run"),
    ("SELECT page.*,", "a page that an index has found in its order"),
    ("SELECT r.id, r.ended_at, r.instance_id FROM run r", "the ids of all jobs, once for a hundred runs that are removed"),
];

/// Every statement that reads or changes rows, with the file it stands in.
fn statements() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.file_name().unwrap().to_string_lossy().to_string();
                let texts = literals(&fs::read_to_string(&path).unwrap());
                // The clock of PostgreSQL is asked without any table.
                let asks_clock = |text: &String| text.contains("clock_timestamp");
                let reads = |text: &String| {
                    text.starts_with("UPDATE ")
                        || !asks_clock(text)
                            && text.contains("FROM ")
                            && (text.starts_with("SELECT ") || text.starts_with("DELETE "))
                };
                found.extend(
                    texts
                        .into_iter()
                        .filter(reads)
                        .map(|text| (name.clone(), text)),
                );
            }
        }
    }
    found.sort();
    found
}

/// The texts in quotation marks of a source file.
fn literals(source: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let (mark, after) = rest[at..].split_at(1);
        rest = after;
        match mark {
            "/" if after.starts_with('/') => {
                rest = after.split_once('\n').map_or("", |(_, rest)| rest);
            }
            // A mark, or a backslash, as a single letter.
            "'" if after.starts_with("\"'") => rest = &after[2..],
            "'" if after.starts_with("\\") => rest = &after[2..],
            "\"" => {
                let (mut text, mut letters) = (String::new(), after.char_indices());
                while let Some((place, letter)) = letters.next() {
                    match letter {
                        '"' => {
                            rest = &after[place + 1..];
                            break;
                        }
                        '\\' => text.extend(letters.next().map(|(_, escaped)| escaped)),
                        other => text.push(other),
                    }
                }
                texts.push(text);
            }
            _ => {}
        }
    }
    texts
}

/// The steps of a statement's plan, without knowing the values.
async fn plan(kept: Kept, c: &mut AnyConnection, statement: &str) -> Vec<String> {
    match kept {
        Kept::Sqlite => {
            let text = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
            let rows = sqlx::query(text).fetch_all(c).await;
            let rows = rows.unwrap_or_else(|error| panic!("{statement}: {error}"));
            rows.iter().map(|row| row.get("detail")).collect()
        }
        Kept::PostgreSql => {
            let prepare = AssertSqlSafe(format!("PREPARE it AS {statement}"));
            let prepared = sqlx::raw_sql(prepare).execute(&mut *c).await;
            prepared.unwrap_or_else(|error| panic!("{statement}: {error}"));
            let count = (1..20)
                .take_while(|number| statement.contains(&format!("${number}")))
                .count();
            let values = vec!["NULL"; count].join(", ");
            let values = if count == 0 {
                values
            } else {
                format!("({values})")
            };
            let explain = AssertSqlSafe(format!("EXPLAIN (COSTS OFF) EXECUTE it{values}"));
            let rows = sqlx::raw_sql(explain).fetch_all(&mut *c).await.unwrap();
            c.execute("DEALLOCATE it").await.unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        }
    }
}

/// What is bad about the plan of a statement.
fn reproaches(kept: Kept, statement: &str, steps: &[String]) -> Vec<&'static str> {
    let bare = |step: &String| step.trim().trim_start_matches("->").trim().to_string();
    let steps: Vec<String> = steps.iter().map(bare).collect();
    let mut found: Vec<_> = steps
        .iter()
        .filter_map(|step| reproach(kept, step))
        .collect();
    for (place, step) in steps.iter().enumerate() {
        // Nearly all instances are in no backfill.
        let finds_all = step.contains("backfill (backfill_id=?)");
        if finds_all && statement.contains("backfill_id = ''") {
            found.push("finds everything");
        }
        let index = step.contains("Index Scan") || step.contains("Index Only Scan");
        let is_bounded = steps
            .get(place + 1)
            .is_some_and(|next| next.starts_with("Index Cond"));
        if index && !is_bounded && !is_small(step) {
            found.push("reads a whole index");
        }
    }
    found
}

/// Whether a step of PostgreSQL is about a table of few rows.
fn is_small(step: &str) -> bool {
    let table = step.split_once(" on ").map_or("", |(_, table)| table);
    SMALL.contains(&table.split(' ').next().unwrap_or_default())
}

fn reproach(kept: Kept, step: &str) -> Option<&'static str> {
    match kept {
        Kept::Sqlite if step.contains("TEMP B-TREE") => Some("sorts"),
        Kept::Sqlite if step.starts_with("SCAN ") && step != "SCAN CONSTANT ROW" => Some("scans"),
        Kept::PostgreSql if step.starts_with("Sort") || step.starts_with("Incremental Sort") => {
            Some("sorts")
        }
        Kept::PostgreSql if step.contains("Seq Scan on ") && !is_small(step) => Some("scans"),
        Kept::Sqlite | Kept::PostgreSql => None,
    }
}

#[tokio::test]
async fn every_statement_has_an_index() {
    let statements = statements();
    let lists = statements
        .iter()
        .filter(|(_, text)| text.contains("LIMIT $"))
        .count();
    assert!(statements.len() > 100 && lists > 30, "{lists} lists");
    let mut excused = [false; MAY.len()];
    let mut bad = Vec::new();
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let project = admin
            .post("/api/v1/projects", json!({"name": "sales"}))
            .await
            .ok();
        let session = admin.get("/api/v1/session").await.ok();
        let what = Fill {
            project: project["id"].as_str().unwrap(),
            account: session["account"]["id"].as_str().unwrap(),
            jobs: 1_000,
            runs: 20_000,
            now_micros: start_of_time().timestamp_micros(),
        };
        fill(&server.config.store, &what).await.unwrap();
        let mut c = connect(&server.config.store).await.unwrap();
        if matches!(kept, Kept::PostgreSql) {
            // What is dear is left out where there is any other way, however few rows a table has here.
            for setting in [
                "SET plan_cache_mode = force_generic_plan",
                "SET enable_seqscan = off",
                "SET enable_bitmapscan = off",
                "SET enable_sort = off",
                "SET enable_hashjoin = off",
                "SET enable_mergejoin = off",
            ] {
                c.execute(setting).await.unwrap();
            }
        }
        for (file, statement) in &statements {
            let steps = plan(kept, &mut c, statement).await;
            let reproaches = reproaches(kept, statement, &steps);
            if reproaches.is_empty() {
                continue;
            }
            let words = statement.split_whitespace().collect::<Vec<_>>().join(" ");
            let may = MAY.iter().position(|(start, _)| words.starts_with(start));
            match may {
                Some(place) => excused[place] = true,
                None => bad.push(format!(
                    "{kept:?}, {file}: it {}:\n{statement}\n    {}",
                    reproaches.join(" and "),
                    steps.join("\n    ")
                )),
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n\n"));
    for ((start, _), excused) in MAY.iter().zip(excused) {
        assert!(excused, "nothing has to be excused any more: {start}");
    }
}

/// Whose turn it is, is found in an index of those that may take one, however many others wait.
#[tokio::test]
async fn what_is_held_costs_a_tick_nothing() {
    const HELD: &str = "INSERT INTO instance (id, project_id, job_id, backfill_id, lane, step, cycle_at, bizdate,
            due_at, release_at, state, is_dry_run, is_frozen, is_missed, attempts, retries, message, created_at, is_held)
        SELECT 'held' || id, project_id, job_id, '', 0, 0, number, bizdate, queued_at, queued_at, 'waiting', 0,
            0, 0, 0, 0, '', queued_at, 1 FROM run";
    let mut found = statements().into_iter().map(|(_, text)| text);
    let turn = found
        .find(|text| text.contains("i.is_held = 0"))
        .expect("a statement of ticks");
    for kept in Kept::BOTH {
        let (server, admin) = Running::start(kept).await;
        let body = json!({"name": "sales"});
        let project = admin.post("/api/v1/projects", body).await.ok();
        let session = admin.get("/api/v1/session").await.ok();
        let what = Fill {
            project: project["id"].as_str().unwrap(),
            account: session["account"]["id"].as_str().unwrap(),
            jobs: 1_000,
            runs: 20_000,
            now_micros: start_of_time().timestamp_micros(),
        };
        fill(&server.config.store, &what).await.unwrap();
        let mut c = connect(&server.config.store).await.unwrap();
        c.execute(HELD).await.unwrap();
        if matches!(kept, Kept::PostgreSql) {
            c.execute("ANALYZE instance").await.unwrap();
            c.execute("SET plan_cache_mode = force_generic_plan")
                .await
                .unwrap();
        }
        let steps = plan(kept, &mut c, &turn).await.join("\n");
        assert!(steps.contains("instance_by_turn"), "{kept:?}:\n{steps}");
        assert!(!steps.contains("instance_by_state"), "{kept:?}:\n{steps}");
    }
}

#[test]
fn texts_are_found_in_sources() {
    let source =
        "let a = \"SELECT 1\"; // \"not this\"\nlet b = '\"'; let c = \"x '\\\\' \\\" y\";";
    assert_eq!(literals(source), ["SELECT 1", "x '\\' \" y"]);
}
