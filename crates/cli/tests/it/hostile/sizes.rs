//! Tables of as many columns as PostgreSQL allows, and cells of a size that nobody should have.

use std::fmt::Write;

use super::{STRICT, TOLERANT, from_file, job, postgresql, to_file};
use crate::setup::Place;

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_hundred_columns() {
    let place = Place::new().await;
    let mut columns = String::new();
    for number in 0..1600 {
        let _ = write!(
            columns,
            "{}c{number} int",
            if number == 0 { "" } else { ", " }
        );
    }
    place
        .sql(&format!(
            "CREATE TABLE wide ({columns}); INSERT INTO wide (c0, c7, c1599) SELECT i, NULL, -i FROM generate_series(1, 300) i;
             CREATE TABLE target (LIKE wide)"
        ))
        .await;
    let arrived =
        "SELECT count(*) || ' ' || sum(c0) || ' ' || sum(c1599) || ' ' || count(c7) FROM target";
    place.moves(
        &job(&postgresql("wide"), &postgresql("target"), STRICT),
        300,
        0,
    );
    assert_eq!(place.value(arrived).await, "300 45150 -45150 0");
    for name in ["wide.parquet", "wide.csv"] {
        place.moves(&job(&postgresql("wide"), &to_file(name), STRICT), 300, 0);
        place.sql("TRUNCATE target").await;
        let back = from_file(&format!("out/{name}"), r#"["*"]"#);
        place.moves(&job(&back, &postgresql("target"), STRICT), 300, 0);
        assert_eq!(place.value(arrived).await, "300 45150 -45150 0", "{name}");
    }
    // A table of MaxCompute has 1,200 columns at most: all 1,600 are refused, wherever they are listed,
    // and as many as there is room for arrive.
    let columns: Vec<String> = (400..1600).map(|number| format!("c{number} INT")).collect();
    let columns = columns.join(", ");
    place
        .maxcompute_sql(&format!("CREATE TABLE wide ({columns})"))
        .await;
    let maxcompute = |list: &str| {
        format!(
            r#"{{"plugin": "odps", "parameter": {{"datasource": "odps_first", "table": "wide", "column": {list}, "truncate": true}}}}"#
        )
    };
    let list = |numbers: std::ops::Range<usize>| {
        let names: Vec<String> = numbers.map(|number| format!("\"c{number}\"")).collect();
        format!("[{}]", names.join(", "))
    };
    let refused = place.refuses(
        &job(&postgresql("wide"), &maxcompute(r#"["*"]"#), STRICT),
        2,
        &[
            "the reader has 1600 columns (c0, c1, ",
            "the writer has 1200 (c400, c401, ",
            "hint: list as many columns on one side",
        ],
    );
    assert!(refused.messages.len() < 2_000, "{}", refused.messages);
    let refused = place.refuses(
        &job(&postgresql("wide"), &maxcompute(&list(0..1600)), STRICT),
        2,
        &[
            "columns `c0`, `c1`, ",
            "and 370 more do not exist in table `wide`",
            "hint:",
        ],
    );
    assert!(refused.messages.len() < 4_000, "{}", refused.messages);
    let some = postgresql("wide").replace(r#"["*"]"#, &list(400..1600));
    place.moves(&job(&some, &maxcompute(&list(400..1600)), STRICT), 300, 0);
    place.sql("TRUNCATE target").await;
    let back = maxcompute(&list(400..1600)).replace(r#", "truncate": true"#, "");
    let into = postgresql("target").replace(r#"["*"]"#, &list(400..1600));
    place.moves(&job(&back, &into, STRICT), 300, 0);
    let arrived = "SELECT count(*) || ' ' || sum(c1599) || ' ' || count(c0) FROM target";
    assert_eq!(place.value(arrived).await, "300 -45150 0");
}

/// How many of the three rows arrived unchanged.
const SAME: &str =
    "SELECT count(*) FROM big b JOIN target t USING (id) WHERE b.note IS NOT DISTINCT FROM t.note";

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_of_a_hundred_mebibytes() {
    let place = Place::new().await;
    place
        .sql(
            "CREATE TABLE big (id int, note text); ALTER TABLE big ALTER note SET STORAGE EXTERNAL;
             INSERT INTO big VALUES (1, repeat('0123456789abcde\n', 100 * 1024 * 1024 / 16)), (2, NULL), (3, 'small');
             CREATE TABLE target (LIKE big INCLUDING ALL)",
        )
        .await;
    let limit = 1 << 20;
    let out = place
        .peak_of(&job(&postgresql("big"), &to_file("big.parquet"), STRICT))
        .await;
    assert!(out < limit, "reading took {out} KiB");
    let back = from_file("out/big.parquet", r#"["*"]"#);
    let peak = place
        .peak_of(&job(&back, &postgresql("target"), STRICT))
        .await;
    assert!(peak < limit, "writing took {peak} KiB");
    assert_eq!(place.value(SAME).await, "3");
    let out = place
        .peak_of(&job(&postgresql("big"), &to_file("big.csv"), STRICT))
        .await;
    assert!(out < limit, "writing CSV took {out} KiB");
    place.sql("TRUNCATE target").await;
    let peak = place
        .peak_of(&job(
            &from_file("out/big.csv", r#"["*"]"#),
            &postgresql("target"),
            STRICT,
        ))
        .await;
    assert!(peak < limit, "reading CSV took {peak} KiB");
    assert_eq!(place.value(SAME).await, "3");
    // MaxCompute takes cells of 8 MiB; the row is set aside with the reason, the others arrive.
    place
        .maxcompute_sql("CREATE TABLE big (id BIGINT, note STRING)")
        .await;
    let to_maxcompute = r#"{"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "big", "column": ["*"], "truncate": true}}"#;
    let document = job(&postgresql("big"), to_maxcompute, STRICT);
    place.refuses(&document, 3, &["rows are dirty, the job tolerates none"]);
    let dirty = place.moves(&document.replace(STRICT, TOLERANT), 2, 1);
    assert_eq!(dirty[0]["column"], "note");
    let reason = dirty[0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("more bytes than a field may have"),
        "{reason}"
    );
    let note = dirty[0]["row"]["note"].as_str().unwrap();
    assert_eq!(note.len(), 100 << 20, "the value is kept whole");
    place.sql("TRUNCATE target").await;
    let from_maxcompute = r#"{"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "big", "column": ["*"]}}"#;
    place.moves(&job(from_maxcompute, &postgresql("target"), STRICT), 2, 0);
    assert_eq!(
        place
            .value("SELECT string_agg(id || coalesce(note, '-'), ' ' ORDER BY id) FROM target")
            .await,
        "2- 3small"
    );
}
