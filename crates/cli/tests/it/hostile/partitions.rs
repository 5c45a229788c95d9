//! Two jobs on one partition at the same time: appends both stay, of two replacements the one that
//! commits last stands alone, and a replacement takes an append away that was committed before it.
//! Neither sees rows of the other within its own commit.

use super::{job, postgresql};
use crate::setup::Place;

const ROWS: u32 = 20_000;

fn writer(truncate: bool) -> String {
    format!(
        r#"{{"plugin": "odps", "parameter": {{"datasource": "odps_first", "table": "t", "partition": "pt=1", "column": ["id", "who"], "truncate": {truncate}}}}}"#
    )
}

/// Runs both jobs side by side, slowed so that they overlap, and returns what the partition holds:
/// rows, different ids and the sum of ids, per job.
async fn both(place: &Place, truncate: [bool; 2]) -> String {
    for (who, truncate) in ["a", "b"].into_iter().zip(truncate) {
        place
            .sql(&format!("CREATE TABLE IF NOT EXISTS {who} AS SELECT i::bigint AS id, '{who}'::text AS who FROM generate_series(1, {ROWS}) i"))
            .await;
        let setting =
            r#"{"errorLimit": {"record": 0}, "speed": {"concurrent": 2, "record": 20000}}"#;
        place.write(
            &format!("{who}.json"),
            &job(&postgresql(who), &writer(truncate), setting),
        );
    }
    let jobs = ["a.json", "b.json"].map(|name| place.start(&["run", name, "--quiet"]));
    for child in jobs {
        place.finished(child.wait_with_output().unwrap()).ok();
    }
    place
        .sql("DROP TABLE IF EXISTS back; CREATE TABLE back (id bigint, who text)")
        .await;
    let reader = r#"{"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "t", "partition": "pt=1", "column": ["id", "who"]}}"#;
    let (ran, _) = place.run_job(&job(reader, &postgresql("back"), super::STRICT));
    ran.ok();
    place
        .value("SELECT string_agg(line, ', ' ORDER BY line) FROM (SELECT who || ' ' || count(*) || ' ' || count(DISTINCT id) || ' ' || sum(id) AS line FROM back GROUP BY who) t")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn appends_add_up_and_of_replacements_the_last_one_stays() {
    let place = Place::new().await;
    place
        .maxcompute_sql("CREATE TABLE t (id BIGINT, who STRING) PARTITIONED BY (pt STRING)")
        .await;
    let whole = format!(
        "{ROWS} {ROWS} {}",
        u64::from(ROWS) * u64::from(ROWS + 1) / 2
    );
    assert_eq!(
        both(&place, [false, false]).await,
        format!("a {whole}, b {whole}"),
        "appends add up"
    );
    let left = both(&place, [true, true]).await;
    assert!(
        left == format!("a {whole}") || left == format!("b {whole}"),
        "one job's rows, all of them and nothing else: {left}"
    );
    let left = both(&place, [false, true]).await;
    assert!(
        left == format!("b {whole}") || left == format!("a {whole}, b {whole}"),
        "the rows that replace, and those that were added after them or none: {left}"
    );
}
