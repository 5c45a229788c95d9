//! Many instances that come due at the same moment, from the clock's stroke to the end of the last run.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use server::Clock;
use sqlx::AssertSqlSafe;

use crate::fill::connect;
use crate::number;
use crate::stage::{Kept, Stage};

const LIMIT: Duration = Duration::from_secs(60);
/// It is given up after so long.
const LONGEST: Duration = Duration::from_secs(1_800);

/// Jobs that copy one row, each with a submitted schedule for every midnight.
const STATEMENTS: [&str; 3] = [
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {due})
     INSERT INTO job (id, project_id, name, name_key, folder, description, owner_id, mode, summary, draft_version,
        published_version, created_at, updated_at, revision)
     SELECT '01900000-0000-7000-8002-' || substr(CAST(1000000000000 + i AS TEXT), 2), '{project}', 'copy' || i,
        'copy' || i, '', '', '{account}', 'script', '{}', 1, 1, 0, 0, 1 FROM n",
    r#"INSERT INTO job_version (job_id, number, mode, document, variables, note, author_id, created_at)
     SELECT id, 1, 'script', '{"type": "job", "version": "1.0", "configuration": {"reader": {"plugin": "stream",
        "parameter": {"rowCount": 1, "column": [{"name": "id", "type": "long", "incr": "1,1"}]}},
        "writer": {"plugin": "stream", "parameter": {}}}}', '{}', '', '{account}', 0 FROM job"#,
    r#"INSERT INTO schedule (job_id, project_id, rule, dependencies, submitted_rule, submitted_by, submitted_at,
        state, reason, generated_until, generate_at, created_by, created_at, updated_at, revision)
     SELECT id, '{project}', '{"cycle": {"kind": "day", "at": "00:00"}, "zone": "UTC"}', '[]',
        '{"cycle": {"kind": "day", "at": "00:00"}, "zone": "UTC"}', '{account}', 0, 'active', '', {midnight},
        {midnight}, '{account}', 0, 0, 1 FROM job"#,
];

/// Prints what was measured; returns the limits that were not kept.
pub(crate) fn measure() -> Vec<String> {
    let due = number("--due", 10_000);
    let at = |text: &str| -> DateTime<Utc> { text.parse().unwrap() };
    let (evening, midnight) = (at("2026-03-04T23:59:00Z"), at("2026-03-05T00:00:00Z"));
    let stage = Stage::new(Kept::Sqlite, Clock::manual(evening));
    for statement in STATEMENTS {
        let statement = statement
            .replace("{due}", &due.to_string())
            .replace("{project}", &stage.project)
            .replace("{account}", &stage.account)
            .replace("{midnight}", &midnight.timestamp_micros().to_string());
        execute(&stage, &statement);
    }
    let begun = Instant::now();
    // The turn of the day before is now.
    execute(
        &stage,
        &format!(
            "UPDATE schedule SET generate_at = {}",
            evening.timestamp_micros()
        ),
    );
    until(&stage, "state = 'waiting'", due);
    let made = begun.elapsed();
    stage.clock.set(midnight);
    let begun = Instant::now();
    until(&stage, "state <> 'waiting'", due);
    let released = begun.elapsed();
    until(&stage, "state = 'succeeded'", due);
    let ended = begun.elapsed();
    println!(
        "\n| due instances on SQLite | made s | released s | all runs ended s | runs/s | limit s |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: |\n\
         | {due} | {:.1} | {:.1} | {:.1} | {:.0} | {} |",
        made.as_secs_f64(),
        released.as_secs_f64(),
        ended.as_secs_f64(),
        due as f64 / ended.as_secs_f64(),
        LIMIT.as_secs()
    );
    if ended > LIMIT {
        return vec![format!(
            "{due} due instances: {ended:.0?}, {LIMIT:.0?} is the limit"
        )];
    }
    Vec::new()
}

fn execute(stage: &Stage, statement: &str) {
    let statement = AssertSqlSafe(statement.to_string());
    stage.runtime.block_on(async {
        let mut connection = connect(&stage.store).await.unwrap();
        let pragma = sqlx::query("PRAGMA busy_timeout = 60000");
        pragma.execute(&mut connection).await.unwrap();
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap();
    });
}

/// Waits until so many instances are as wanted.
fn until(stage: &Stage, wanted: &str, count: u64) {
    let statement = format!("SELECT count(*) FROM instance WHERE {wanted}");
    let begun = Instant::now();
    stage.runtime.block_on(async {
        let mut connection = connect(&stage.store).await.unwrap();
        loop {
            let query = sqlx::query_scalar(AssertSqlSafe(statement.clone()));
            let found: i64 = query.fetch_one(&mut connection).await.unwrap();
            if u64::try_from(found).unwrap() >= count {
                return;
            }
            assert!(
                begun.elapsed() < LONGEST,
                "{found} of {count} instances have {wanted}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
}
